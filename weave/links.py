"""Checks that each link of a page leads somewhere on the site."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

from weave.fences import Fence, Problem
from weave.numbers import blank

CODE = re.compile(r"(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\1(?!`)|<!--.*?-->|\{\{.+?\}\}", re.S)
TARGET = re.compile(
    r"""\]\(\s*<?([^()\s>]+(?:\([^()\s]*\)[^()\s>]*)*)>?(?:\s+["'][^)]*)?\)   # [text](target)
    |^[ ]{0,3}\[[^\]^][^\]]*\]:[ ]*<?([^\s>]+)                                # [name]: target
    |\s(?:href|src)=["']([^"']+)["']""",
    re.X | re.M,
)


REFERENCE = re.compile(r"\[\^([^\]\s]+)\](?!:)|\[[^\[\]\n]+\]\[([^\]\n^]+)\]")
DEFINITION = re.compile(r"^[ ]{0,3}\[\^?([^\]]+)\]:", re.M)


def undefined_references(parts):
    """Yield (line, name) of each [^note] and [text][name] that the page never defines."""
    texts = [(blank(p.source, CODE), p.line) for p in parts if not isinstance(p, Fence)]
    defined = {name.lower() for source, _ in texts for name in DEFINITION.findall(source)}
    for source, first in texts:
        for match in REFERENCE.finditer(source):
            name = match[1] or match[2]
            if name.lower() not in defined:
                yield first + source.count("\n", 0, match.start()), match[0]


def links_of(parts):
    """Yield (line, target, whether it is HTML) of each link and picture outside code."""
    for part in parts:
        if isinstance(part, Fence):
            continue
        source = blank(part.source, CODE)
        for match in TARGET.finditer(source):
            target = match[1] or match[2] or match[3]
            line = part.line + source.count("\n", 0, match.start(match.lastindex))
            yield line, target, bool(match[3])


def check_links(page, source_uri, anchors, files):
    """Return the Problems of a page's links.

    Args:
        page: a woven Page.
        source_uri: its file below docs/, with forward slashes.
        anchors: source_uri of each page -> the set of ids in its HTML.
        files: source_uris and built addresses of all files of the site.
    """
    problems = []
    for line, target, is_html in links_of(page.parts):
        message = _message(target, is_html, source_uri, anchors, files)
        if message:
            problems.append(Problem(page.path, line, message))
    for line, reference in undefined_references(page.parts):
        problems.append(Problem(page.path, line, f"{reference} leads nowhere: nothing defines it"))
    return problems


def _message(target, is_html, source_uri, anchors, files):
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return ""
    if target.startswith("/"):
        return f"the link {target} starts with a slash: write it relative to the page"
    if parts.path and is_html:  # MkDocs rewrites Markdown's links only
        return f"the link {target} stands in HTML: write it in Markdown, where it follows the page"
    where = source_uri
    if parts.path:
        where = posixpath.normpath(
            posixpath.join(posixpath.dirname(source_uri), unquote(parts.path))
        )
        if where not in files:
            return f"the link {target} leads nowhere: there is no {where} below docs/"
    if parts.fragment and where in anchors and unquote(parts.fragment) not in anchors[where]:
        return f"the link {target} leads nowhere: {where} has no heading or block #{parts.fragment}"
    return ""
