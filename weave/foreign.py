"""What no page may hold: the finished site loads nothing from elsewhere, and runs its own scripts.

A browser refuses all of it on the site and says so to nobody, so it is refused where it is written.
"""

from __future__ import annotations

import re

SCHEMES = {"", "http", "https", "mailto", "tel"}  # that a reader may be led to
HERE = "put it below docs/, the site loads nothing from elsewhere"
TAG = re.compile(r"""<([a-zA-Z][\w-]*)((?:"[^"]*"|'[^']*'|[^<>"'])*)>""")
ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
LOADS = {"audio", "embed", "iframe", "image", "img", "input", "object", "source", "track", "video"}
ADDRESSES = {"data", "href", "poster", "src", "srcset", "xlink:href"}
REFUSED = {"base", "embed", "frame", "iframe", "link", "meta", "object", "script", "style"}
DATA = re.compile(r"""\btype=["']?application/(?:ld\+)?json\b""")  # a script that is none


def why_not(html):
    """Return why the tags of some HTML can't stand on a page, or "" if they can."""
    for name, attributes in TAG.findall(html):
        if name.lower() in REFUSED and not DATA.search(attributes):
            return f"<{name}> does nothing here: pages hold no code, frame or style of their own"
        for attribute, value in ATTRIBUTE.findall(attributes):
            attribute, value = attribute.lower(), value.strip("\"' ")
            if attribute == "style" or attribute.startswith("on"):
                return f"{attribute}= does nothing here: pages hold no code or style of their own"
            if attribute in ADDRESSES and name.lower() in LOADS and is_elsewhere(value):
                return f"{value} lies elsewhere: {HERE}"
    return ""


def is_elsewhere(address):
    """Whether an address leads away from the site."""
    return re.match(r"\s*(?:\w+:)?//", address) is not None
