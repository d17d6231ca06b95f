"""The index that the search reads, in the form of Material's: the words of each section of a page.

Drawings, figures one can touch and marks are left out: what is found are words and numbers.
"""

from __future__ import annotations

import json
import re
from html import escape, unescape

TOUCHED = re.compile(  # a figure one can touch, and what any figure keeps for a script
    r'<(by-hand-(?!blocks)[a-z-]+)\b.*?</\1>|<script type="application/json">.*?</script>', re.S
)
DRAWING = re.compile(r"<svg\b|</svg>")
PERMALINK = re.compile(r'<a [^>]*class="headerlink".*?</a>', re.S)
PASSED_OVER = re.compile(r"</?(?!(?:p|code|pre|li|ol|ul|sub|sup|h[1-6])\b)[a-zA-Z][^<>]*>")
HEADING = re.compile(r'<h[1-6][^>]*?\sid="([^"]+)"[^>]*>(.*?)</h[1-6]>', re.S)
ATTRIBUTES = re.compile(r"<(/?[a-z]+)\b[^>]*>")
UNNAMED = re.compile(r"</?h[1-6][^>]*>")  # headings that no link can lead to
REFERENCE = re.compile(r"&#?\w+;")
LISTING = re.compile(r"(<pre>.*?</pre>)", re.S)
EMPTY = re.compile(r"<(p|code|pre|li|ol|ul|sub|sup)>\s*</\1>")
SETTINGS = {
    "lang": ["en"],
    # Words end at spaces and punctuation, but 10,800 and 2.75 stay whole.
    "separator": r'[\s\-‐–—!?"“”()\[\]{}=:;…·/]+|[.,](?!\d)',
    "pipeline": ["stopWordFilter"],
    "fields": {"title": {"boost": 1000.0}, "text": {"boost": 1.0}, "tags": {"boost": 1000000.0}},
}


def make_index(pages):
    """Return the index as JSON.

    Args:
        pages: (address below the site's root, title, HTML of the content) of each page.
    """
    docs = [section for page in pages for section in sections(*page)]
    return json.dumps({"config": SETTINGS, "docs": docs}, separators=(",", ":"))


def sections(address, title, html):
    """Yield each section of a page as {location, title, text}; the first stands for the page."""
    before, *rest = HEADING.split(searchable(html))
    before = _tidy(before)
    if before or not rest:
        yield {"location": address, "title": title, "text": before}
    for number, (anchor, heading, text) in enumerate(zip(rest[::3], rest[1::3], rest[2::3])):
        location = f"{address}#{anchor}" if number or before else address
        yield {"location": location, "title": _tidy(heading), "text": _tidy(text)}


def searchable(html):
    """Return the HTML of a page without drawings, and with the tags alone that search keeps."""
    return PASSED_OVER.sub("", PERMALINK.sub("", _without_drawings(TOUCHED.sub("", html))))


def _without_drawings(html):
    kept, start, depth = [], 0, 0
    for tag in DRAWING.finditer(html):
        if tag[0] == "</svg>":
            depth -= 1
            if depth == 0:
                start = tag.end()
        else:
            if depth == 0:
                kept.append(html[start : tag.start()])
            depth += 1
    return " ".join([*kept, html[start:]])


def _tidy(html):
    """Return some HTML without attributes, with single spaces outside of listings."""
    html = ATTRIBUTES.sub(r"<\1>", UNNAMED.sub("", html))
    html = REFERENCE.sub(lambda match: escape(unescape(match[0]), quote=False), html)
    parts = LISTING.split(html)
    parts[::2] = [EMPTY.sub("", re.sub(r"\s+", " ", part)) for part in parts[::2]]
    return "".join(parts).strip()
