"""Finds the fenced code of a page, wherever a reader sees it: the only fence finder there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

OPENING = re.compile(r"^(?P<prefix>[ \t>]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
IN_LIST_LINE = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+(?:`{3,}|~{3,})[^`]*$")
FLAGS = "continuation, hide and raises=NameOfError"
LOOKS_LIKE_PYTHON = {"py", "python2", "python3", "ipython", "ipython3"}


@dataclass
class Problem:
    """Something wrong on a page: `line` counts from 1 in the page's file."""

    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


@dataclass
class Text:
    """Lines outside fences; `line` is the first one, counted from 1 in the file."""

    line: int
    lines: list[str]

    @property
    def source(self):
        return "\n".join(self.lines)

    @property
    def last(self):
        return self.line + len(self.lines) - 1


@dataclass
class Fence:
    """One fenced block; `line` is that of its opening ticks, `last` that of its closing ones."""

    line: int
    last: int
    prefix: str
    info: str
    lines: list[str]
    source: str
    flags: frozenset[str] = frozenset()
    raises: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def language(self):
        return self.info.split()[0] if self.info.split() else ""

    @property
    def is_python(self):
        return self.language == "python"


def find_parts(text, offset=0):
    """Cut a page into Text and Fence parts, in order, nothing left out.

    Args:
        text: the Markdown of the page.
        offset: how many lines of the file stand before `text` (its front matter).

    HTML comments stay inside Text: what nobody sees is not run.
    """
    lines = text.split("\n")
    parts, pending, index, in_comment = [], [], 0, False

    def flush():
        if pending:
            parts.append(Text(offset + index - len(pending) + 1, list(pending)))
            pending.clear()

    while index < len(lines):
        line = lines[index]
        opening = None if in_comment else OPENING.match(line)
        if not opening:
            if not in_comment and IN_LIST_LINE.match(line):
                flush()
                parts.append(_list_line_fence(line, offset + index + 1))
            else:
                in_comment = _comment_goes_on(line, in_comment)
                pending.append(line)
            index += 1
            continue
        flush()
        fence, index = _read_fence(lines, index, opening, offset)
        parts.append(fence)
    flush()
    return parts


def _comment_goes_on(line, in_comment):
    if "<!--" in line and not in_comment:
        outside_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        in_comment = "<!--" in outside_code
        line = line.rpartition("<!--")[2]
    return in_comment and "-->" not in line


def _read_fence(lines, index, opening, offset):
    ticks, prefix = opening["ticks"], opening["prefix"]
    closing = re.compile(rf"^[ \t>]*{re.escape(ticks[0])}{{{len(ticks)},}}[ \t]*$")
    last = next((k for k in range(index + 1, len(lines)) if closing.match(lines[k])), None)
    end = len(lines) if last is None else last
    body = [
        s[len(prefix) :] if s.startswith(prefix) else s.lstrip(" \t>")
        for s in lines[index + 1 : end]
    ]
    fence = Fence(
        line=offset + index + 1,
        last=offset + end + (last is not None),
        prefix=prefix,
        info=opening["info"].strip(),
        lines=lines[index : end + 1],
        source="\n".join(body) + "\n",
    )
    if last is None:
        fence.problems.append(f"this block is opened with {ticks} and never closed")
    _read_flags(fence)
    return fence, end + 1


def _list_line_fence(line, number):
    problem = "start the fence on a line of its own below the list item, indented by four spaces"
    return Fence(number, number, "", "", [line], "", problems=[problem])


def _read_flags(fence):
    if not fence.is_python:
        _check_language(fence)
        return
    flags = set()
    for word in fence.info.split()[1:]:
        name, equals, value = word.partition("=")
        if word in ("continuation", "hide"):
            flags.add(word)
        elif name == "raises" and value.isidentifier():
            fence.raises = value
        else:
            fence.problems.append(f"unknown flag {word!r} after python: there are {FLAGS}")
    fence.flags = frozenset(flags)


def _check_language(fence):
    language = fence.language
    if "python" in fence.info.lower() or language.lower() in LOOKS_LIKE_PYTHON:
        fence.problems.append(
            f"a block opened with {fence.info!r} would be shown but not run: "
            f"write python, then {FLAGS}"
        )
    elif language:
        try:
            get_lexer_by_name(language.lstrip("{.").rstrip("}"))
        except ClassNotFound:
            fence.problems.append(
                f"unknown language {language!r}: write python, or for example text"
            )
