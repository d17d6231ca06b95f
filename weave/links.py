"""Checks that each link of a page leads somewhere on the site."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit

from weave.fences import Fence, Problem
from weave.foreign import HERE, SCHEMES, is_elsewhere, why_not


def _tokens(parts):
    """Yield (token, its line) of what stands in the text of a page."""
    return ((token, line) for token, line, _ in _placed(parts))


def _placed(parts):
    """Yield (token, its line, its text with what stands before it)."""
    for part in parts:
        if not isinstance(part, Fence):
            for token in part.tokens:
                line = part.line + part.source.count("\n", 0, token.start)
                yield token, line, part.source[: token.end]


def _foreign(parts):
    """Yield (line, message) of what pages may not hold, or may not load."""
    for token, line, text in _placed(parts):
        if token.kind == "tag" and (message := why_not(text[token.start :])):
            yield line, message
        elif token.kind == "link" and is_elsewhere(token.text) and _is_picture(text, token.start):
            yield line, f"the picture {token.text} lies elsewhere: {HERE}"


def _is_picture(text, end):
    """Whether the bracket that closes at `end` is opened after an exclamation mark."""
    depth = 0
    for at in range(end, -1, -1):
        if text[at] in "[]" and text[at - 1 : at] != "\\":
            depth += 1 if text[at] == "]" else -1
            if depth == 0:
                return text[at - 1 : at] == "!"
    return False


def half_references(parts):
    """Yield (line, message) of each [^note] and [text][name] of which a page has one half only."""
    names: dict[str, set[str]] = {"definition": set(), "reference": set()}
    found = [(token, line) for token, line in _tokens(parts) if token.kind in names]
    for token, _ in found:
        names[token.kind].add(token.text.lower())
    for token, line in found:
        name = token.text.lower()
        if token.kind == "reference" and name not in names["definition"]:
            yield line, f"[{token.text}] leads nowhere: nothing defines it"
        elif token.kind == "definition" and name[:1] == "^" and name not in names["reference"]:
            yield line, f"nothing leads to the note [{token.text}]"


def links_of(parts):
    """Yield (line, target, whether it is HTML) of each link and picture outside code."""
    for token, line in _tokens(parts):
        if token.kind == "link" and token.text:
            yield line, token.text, False
        elif token.kind == "tag":
            for target in token.named:
                yield line, target, True


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
    for line, message in (*_foreign(page.parts), *half_references(page.parts)):
        problems.append(Problem(page.path, line, message))
    return problems


def _message(target, is_html, source_uri, anchors, files):
    parts = urlsplit(target)
    if parts.scheme.lower() not in SCHEMES and "{{" not in target:
        return f"the link {target} leads nowhere: write http, https, mailto or tel"
    if parts.scheme or parts.netloc or (target.startswith("{{") and ".md" not in target):
        return ""
    if "{{" in target:
        return f"the link {target} holds a value: type where it leads, so that it can be checked"
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
