"""Finds the fenced code of a page, wherever a reader sees it: the only fence finder there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import markdown
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from weave.inline import OPEN_COMMENT, tokens

OPENING = re.compile(r"^(?P<prefix>[ \t>]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
IN_LIST_LINE = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+(?:`{3,}|~{3,})[^`]*$")
FLAGS = "continuation, hide and raises=NameOfError"
LIST_ITEM = re.compile(r"[ ]*(?:[-*+]|\d+[.)])[ \t]")
QUOTE = re.compile(r"[ ]{0,3}>[ ]?")
CONTROL = re.compile(  # what no reader sees; from U+200B on it hides or turns what stands beside it
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
PRE = re.compile(r"^(?:[ ]{0,3}>)*[ ]{0,3}<pre\b(?!.*</pre)|(?P<end></pre)", re.I)
LOOKS_LIKE_PYTHON = {"py", "python2", "python3", "ipython", "ipython3"}


@dataclass
class Problem:
    """Something wrong on a page: `line` counts from 1 in the page's file."""

    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


def read_utf8(file, path):
    """Return (the text of a file, Problems); what is no UTF-8 in it comes as U+FFFD."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        return content.decode("utf-8", "replace"), [Problem(path, line, "the file is not UTF-8")]


@dataclass
class Text:
    """Lines outside fences; `line` is the first one, counted from 1 in the file."""

    line: int
    lines: list[str]
    code: frozenset = frozenset()  # indices of the lines that are indented code

    @property
    def source(self):
        return "\n".join(self.lines)

    @property
    def last(self):
        return self.line + len(self.lines) - 1

    @cached_property
    def tokens(self):
        """What stands in the text beside prose: see inline.py."""
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return tokens(self.source, [(starts[i], starts[i + 1] - 1) for i in sorted(self.code)])


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

    HTML comments stay inside Text: what nobody sees is not run. So does what is indented as code,
    where Markdown takes it for code.
    """
    return _Cutter(text.split("\n"), offset).cut()


class _Cutter:
    def __init__(self, lines, offset):
        self.lines, self.offset = lines, offset
        self.parts, self.pending, self.code = [], [], set()
        self.before = []  # the lines so far, each fence one line: what Markdown makes of the next

    def cut(self):
        index, in_comment = 0, False
        while index < len(self.lines):
            line = self.lines[index]
            opening = None if in_comment else OPENING.match(line)
            is_code = not in_comment and self._is_code(line)
            problem = "" if is_code or in_comment else self._problem(line, opening)
            if problem == LIST_LINE:
                self._flush(index)
                number = self.offset + index + 1
                self.parts.append(Fence(number, number, "", "", [line], "", problems=[problem]))
            elif opening and not is_code:
                self._flush(index)
                fence, index = _read_fence(self.lines, index, opening, self.offset)
                fence.problems[:0] = [problem] if problem else []
                self.parts.append(fence)
                self.before.append(fence.prefix + "x")
                continue
            else:
                if is_code:
                    self.code.add(len(self.pending))
                else:
                    in_comment = _comment_goes_on(line, in_comment)
                self.pending.append(line)
            self.before.append(line)
            index += 1
        self._flush(index)
        return self.parts

    def _flush(self, index):
        if self.pending:
            first = self.offset + index - len(self.pending) + 1
            self.parts.append(Text(first, self.pending, frozenset(self.code)))
            self.pending, self.code = [], set()

    def _is_code(self, line):
        """Whether Markdown takes a line for indented code."""
        depth, indent = _indentation(line)
        if indent < 4 or not line.strip(" \t>"):
            return False
        above = self.before[-1] if self.before else ""
        if above.strip(" \t>"):
            return bool(self.code) and max(self.code) == len(self.pending) - 1
        return _is_indented_code(_last_block(self.before, depth), indent)

    def _problem(self, line, opening):
        """What is wrong with the place of a fence."""
        if IN_LIST_LINE.match(line):
            return LIST_LINE
        if not opening:
            return ""
        html = next((m for m in map(PRE.search, reversed(self.before)) if m), None)
        if html and not html["end"]:
            return IN_PRE
        depth, indent = _indentation(line)
        if indent >= 4 and _is_indented_code(_last_block(self.before, depth), indent):
            return NOT_IN_LIST
        if indent % 4:
            above = (_indentation(b) + (b,) for b in reversed(self.before) if b.strip(" \t>"))
            outer = next((b for d, i, b in above if d != depth or i < indent), "")
            if LIST_ITEM.match(QUOTE.sub("", outer, count=depth)):
                return IN_LIST
        return ""


LIST_LINE = "start the fence on a line of its own below the list item, indented by four spaces"
IN_LIST = "indent the fence, and what follows in its list item, by four spaces for each list"
IN_PRE = "a fence in <pre> is no code there: show it in a longer fence, such as ````text"
NOT_IN_LIST = (
    "a fence that is indented by four spaces right below a paragraph is neither code nor run: "
    "take the spaces away"
)


def _indentation(line):
    """(how many quotes a line stands in, by how many columns it is indented there)."""
    depth = 0
    while quote := QUOTE.match(line):
        line, depth = line[quote.end() :], depth + 1
    line = line.expandtabs(4)
    return depth, len(line) - len(line.lstrip(" "))


def _last_block(lines, depth):
    """The lines above from the last block on that is not indented, in as many quotes."""
    block: list[str] = []
    for line in reversed(lines):
        inner = line
        for _ in range(depth):
            if not QUOTE.match(inner):
                return tuple(reversed(block))
            inner = QUOTE.sub("", inner, count=1)
        if block and not inner.strip() and _indentation(block[-1])[1] < 4 and block[-1].strip():
            break
        block.append(inner)
    return tuple(reversed(block))


@lru_cache(maxsize=4096)
def _is_indented_code(above, indent):
    """Ask Markdown what it takes a line for that is indented so far, and stands below others."""
    mark = "\ue01f"
    space = [""] if above and above[-1].strip() else []
    lines = [*above, *space, " " * indent + mark]
    parser = markdown_parser().reset()
    for preprocessor in parser.preprocessors:
        lines = preprocessor.run(lines)
    root = parser.parser.parseDocument(lines).getroot()
    return any(mark in "".join(pre.itertext()) for pre in root.iter("pre"))


@lru_cache(maxsize=1)
def markdown_parser():
    """Python-Markdown with what decides on the blocks of a page."""
    return markdown.Markdown(
        extensions=[
            "abbr",
            "admonition",
            "attr_list",
            "def_list",
            "footnotes",
            "md_in_html",
            "tables",
        ]
        + ["pymdownx.details", "pymdownx.tabbed"],
        extension_configs={"pymdownx.tabbed": {"alternate_style": True}},
    )


def _comment_goes_on(line, in_comment):
    if in_comment:
        closed, line = "-->" in line, line.partition("-->")[2]
        if not closed:
            return True
    return "<!--" in line and any(
        t.text == OPEN_COMMENT for t in tokens(line) if t.kind == "problem"
    )


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
