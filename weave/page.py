"""Puts a page together: runs its blocks in order, fills in its values, checks its numbers."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple

import yaml

from weave import citations, numbers, render
from weave.citations import CitationError
from weave.execute import Chain, Outcome, last_resort
from weave.fences import Fence, Problem, find_parts
from weave.formulas import FormulaError, to_mathml

ROOT = Path(__file__).resolve().parent.parent

# Woven pieces travel through Markdown as private characters, which it leaves alone.
_OPEN, _CLOSE, _DIGITS = "\ue000", "\ue001", 0xE010
PRIVATE = re.compile(
    f"[{_OPEN}{_CLOSE}{citations.OPEN}{citations.CLOSE}{chr(_DIGITS)}-{chr(_DIGITS + 9)}]"
)
TOKEN = re.compile(f"{_OPEN}([{chr(_DIGITS)}-{chr(_DIGITS + 9)}]+){_CLOSE}")
# `code` is left alone; $$…$$ and $…$ are formulas; {{ … }} is an expression; [@…] marks a claim;
# \{{ and \$ are typed.
INLINE = re.compile(
    r"""(?P<code>(?P<ticks>`+)(?!`)(?:(?!\n[ \t>]*\n).)*?(?<!`)(?P=ticks)(?!`))
    |(?P<comment><!--.*?-->)
    |\\(?P<escaped>\{\{|\$)
    |(?P<block>\$\$(?P<display>.+?)\$\$)
    |\$(?P<inline>(?![\s$])(?:[^$\\\n]|\\.|\{\{.*?\}\}|\n(?![ \t>]*\n))+?(?<![\s\\]))\$(?!\w)
    |\{\{(?P<expression>.+?)\}\}
    |[ ]?(?P<mark>\[@[^\[\]]*\])
    |(?P<open>\{\{|\$\$|<!--)""",
    re.X | re.S,
)
BLOCK = re.compile(r'<div|<figure|<math[^>]* display="block"')  # stands on its own, not in a <p>
EXPRESSION = re.compile(r"\{\{(.+?)\}\}", re.S)
PLAIN = (FormulaError, CitationError)  # errors whose message says it all
FRONT_MATTER = re.compile(r"\A---\n(.*?\n)---\n", re.S)


@dataclass
class Block:
    """A Python fence and what came of it."""

    number: int
    fence: Fence
    outcome: Outcome


@dataclass
class Page:
    """A woven page: Markdown with tokens, the HTML that they stand for, and what was wrong."""

    path: str
    text: str = ""
    pieces: list[tuple[str, str]] = field(default_factory=list)  # (HTML, plain text) of each token
    lines: list[int] = field(default_factory=list)  # where each token stands in the file
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    parts: list = field(default_factory=list)
    description: str = ""
    formulas: dict[str, str] = field(default_factory=dict)  # HTML -> TeX with its values, in $
    claims: list[citations.Claim] = field(default_factory=list)

    def piece(self, digits):
        """Return (HTML, plain text) of a piece, given what TOKEN finds."""
        return self.pieces[_index(digits)]

    def resolve(self, html):
        """Put the woven pieces into rendered HTML: whole in text, as plain text in attributes."""
        if _OPEN not in html:
            return html
        html = re.sub(
            rf"<p>\s*({TOKEN.pattern})\s*</p>",
            lambda m: m[1] if BLOCK.match(self.pieces[_index(m[2])][0]) else m[0],
            html,
        )
        pattern = re.compile(f"<[a-zA-Z][^<>]*{_OPEN}[^<>]*>|{TOKEN.pattern}")
        return pattern.sub(self._resolve_match, html)

    def _resolve_match(self, match):
        if match[0][0] == "<":
            return self.plain(match[0])
        return self.pieces[_index(match[1])][0]

    def in_prose(self, html):
        """Put the pieces into another page: formulas whole, all else as plain text."""
        return TOKEN.sub(lambda m: self._in_prose(*self.pieces[_index(m[1])]), html)

    def _in_prose(self, html, plain):
        return html if html.startswith("<math") else escape(plain)

    def plain(self, text):
        """Put the plain text of the woven pieces in, escaped for an attribute."""
        return TOKEN.sub(lambda m: escape(self.pieces[_index(m[1])][1]), text)


def token(index):
    """Return what stands in a page's Markdown for the piece of that number."""
    return _OPEN + "".join(chr(_DIGITS + int(digit)) for digit in str(index)) + _CLOSE


def _index(token):
    return int("".join(str(ord(character) - _DIGITS) for character in token))


class Source(NamedTuple):
    """A page's file: its Markdown, the lines before that, and what its front matter says."""

    path: str
    text: str
    offset: int = 0
    description: str = ""
    description_line: int = 1
    problems: tuple[Problem, ...] = ()
    meta: dict = {}  # all that its front matter says


def read_page(file):
    """Read a page's file and return its Source; front matter that is no YAML is a problem."""
    path = os.path.relpath(file, ROOT).replace(os.sep, "/")
    return read_source(Path(file).read_text(encoding="utf-8-sig"), path)


def read_source(text, path):
    """Read the text of a page's file as read_page does; `path` is its file, as messages name it."""
    text = text.replace("\r\n", "\n")
    front = FRONT_MATTER.match(text)
    if not front:
        return Source(path, text)
    body, offset = text[front.end() :], front[0].count("\n")
    try:
        meta = yaml.safe_load(front[1]) or {}
        if not isinstance(meta, dict):
            raise yaml.YAMLError("it is not a list of names and values")
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 2 + (mark.line if mark else 0)
        message = getattr(error, "problem", None) or str(error)
        problem = Problem(path, line, f"the front matter can't be read: {message}")
        return Source(path, body, offset, problems=(problem,))
    before = re.match(r"(?s)(.*?)^description:", front[0], re.M)
    line = 1 + (before[1].count("\n") if before else 0)
    return Source(path, body, offset, str(meta.get("description", "")), line, meta=meta)


def weave_file(file):
    """Run the page in a file; the same as weave_page, with the front matter read too."""
    source = read_page(file)
    page = weave_page(
        source.text, source.path, source.offset, source.description, source.description_line
    )
    page.problems[:0] = source.problems
    return page


def weave_page(text, path, offset=0, description="", description_line=1, twice=True):
    """Run a page and return it as a Page; never raises for what is wrong on the page.

    Args:
        text: its Markdown, without front matter.
        path: its file, as messages name it.
        offset: how many lines of the file stand before `text`.
        description: the sentence of its front matter; may hold {{ }}.
        description_line: where that stands in the file.
        twice: run it a second time, and refuse what comes out different.
    """
    page = _Weaver(path, offset, description, description_line).weave(text)
    if twice and not page.problems:
        again = _Weaver(path, offset, description, description_line).weave(text)
        _compare(page, again)
    return page


def _compare(page, again):
    page.problems += again.problems
    blocks = {block.fence.line for block in page.blocks}
    for line, first, second in zip(page.lines, page.pieces, again.pieces):
        if first != second and not again.problems:
            what = (
                "the block shows something else" if line in blocks else "the value is another one"
            )
            page.problems.append(
                Problem(
                    page.path,
                    line,
                    f"{what} when it runs again: "
                    "take random numbers from np.random.default_rng(seed), and no clock",
                )
            )


class _Weaver:
    def __init__(self, path, offset, description, description_line):
        self.path, self.offset = path, offset
        self.description, self.description_line = description, description_line
        self.page = Page(path)
        self.chain = Chain()
        self.started = False
        self.line = 1  # what is woven now
        self.shown = set()  # numbers that the page computed, in canonical form
        self.sources = citations.read_sources(ROOT)[0]
        self.notes = {}  # label of a source's note -> the token that stands for its reference
        self.displayed = 0  # formulas on a line of their own
        self.marks = {}  # label -> how often it was cited

    def weave(self, text):
        page = self.page
        page.parts = find_parts(PRIVATE.sub("\ufffd", text), self.offset)
        if str(ROOT) not in sys.path:
            sys.path.insert(0, str(ROOT))
        with contextlib.chdir(ROOT), last_resort():
            woven = [self._fence(p) if isinstance(p, Fence) else self._text(p) for p in page.parts]
            page.description = self._inline(
                PRIVATE.sub("\ufffd", self.description), self.description_line
            )
            page.description = page.plain(page.description)
        notes = [f"[^{label}]: {noted}" for label, noted in self.notes.items()]
        page.text = "\n".join([*woven, "", *notes] if notes else woven)
        self._check_typed_numbers()
        page.problems.sort(key=lambda problem: problem.line)
        return page

    def _problem(self, line, message):
        self.page.problems.append(Problem(self.path, line, message))
        return self.page.problems[-1]

    def _piece(self, html, plain=""):
        self.page.pieces.append((html, plain))
        self.page.lines.append(self.line)
        return token(len(self.page.pieces) - 1)

    def _fence(self, fence):
        self.line = fence.line
        broken = [self._problem(fence.line, message) for message in fence.problems]
        if broken:
            self.started = True
            self.chain.skip(fence.source)
            return self._own_line(fence.prefix, render.error_box(broken))
        if not fence.is_python:
            return "\n".join(fence.lines)
        if "continuation" not in fence.flags:
            self.chain = Chain()
        elif not self.started:
            broken = self._problem(fence.line, "continuation, but no block stands before this one")
        self.started = True
        number = len(self.page.blocks) + 1
        outcome = self.chain.run(fence, self.path, number)
        block = Block(number, fence, outcome)
        self.page.blocks.append(block)
        html = self._show(block)
        if outcome.error is not None and not self.chain.follows(outcome.error):
            message = _describe(outcome.error)
            html += render.error_box([self._problem(outcome.error_line, message)])
        return self._own_line(fence.prefix, f"<div>{html}</div>" if outcome.error else html)

    def _show(self, block):
        drawn = re.sub(r"<[^>]*>", " ", block.outcome.drawing)
        self.shown |= numbers.numbers_in(f"{block.outcome.printed} {drawn}")
        self.shown |= numbers.numbers_of(self.chain.namespace)
        return render.block(block.fence, block.outcome, block.number)

    def _own_line(self, prefix, html):
        blank = prefix.rstrip(" \t")
        return "\n".join([blank, prefix + self._piece(html), blank])

    def _text(self, part):
        """Weave a part of the text; each claim marked in it gets its sentence."""
        known = len(self.page.claims)
        text = self._inline(part.source, part.line)
        marks = citations.MARK.finditer(text)
        for claim, mark in zip(self.page.claims[known:], marks, strict=True):
            claim.text = citations.sentence_at(text, mark.start())
        return citations.MARK.sub(r"\1", text)

    def _inline(self, source, first_line):
        def put(match):
            self.line = line = first_line + source.count("\n", 0, match.start())
            try:
                return self._inline_piece(match, line)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                if self.chain.follows(error):
                    return "?"
                message = str(error) if isinstance(error, PLAIN) else _describe(error)
                return self._piece(render.error_mark(self._problem(line, message)), "?")

        return INLINE.sub(put, source)

    def _inline_piece(self, match, line):
        if match["expression"]:
            text, blocks, drawing = self._evaluate(match["expression"], line)
            if drawing:
                return self._piece(drawing, text)
            return self._piece(render.value(text, match["expression"].strip(), blocks), text)
        tex = match["display"] or match["inline"]
        if tex:
            return self._formula(tex, line, display=bool(match["display"]))
        if match["mark"]:
            return self._cite(match["mark"], line)
        if match["open"]:
            raise SyntaxError(f"{match['open']} is never closed")
        return match["escaped"] or match[0]

    def _cite(self, mark, line):
        """Put the numbers of notes, or a link to the block above, where a claim is marked."""
        named = citations.parse_mark(mark)
        if named == [(citations.BLOCK, "")]:
            shown, claim = self._point_to_block(line)
        else:
            shown = " ".join(self._note(key, place) for key, place in named)
            label = citations.label(*named[0])
            count = "" if self.marks[label] == 1 else self.marks[label]
            claim = citations.Claim(line, f"fnref{count}:{label}", named)
        self.page.claims.append(claim)
        return f"{citations.OPEN}{shown}{citations.CLOSE}"

    def _note(self, key, place):
        if key not in self.sources:
            raise CitationError(f"[@{key}] leads nowhere: {citations.FILE} has no entry {key}")
        label, source = citations.label(key, place), self.sources[key]
        if label not in self.notes:
            self.notes[label] = self._piece(source.html(place), source.text(place))
        self.marks[label] = self.marks.get(label, 0) + 1
        return f"[^{label}]"

    def _point_to_block(self, line):
        if not self.page.blocks:
            raise CitationError(f"[@{citations.BLOCK}] leads nowhere: no block stands above it")
        number, anchor = self.page.blocks[-1].number, f"claim-{len(self.page.claims) + 1}"
        shown = self._piece(render.block_mark(number, anchor), "")
        return shown, citations.Claim(line, anchor, block=number)

    def _evaluate(self, expression, line):
        value, specification, blocks = self.chain.evaluate(expression, self.path, line)
        drawing = "" if specification else render.rich(value)
        text = numbers.write(value, specification) if not drawing else ""
        self.shown |= numbers.numbers_in(text)
        return text, blocks, drawing

    def _formula(self, tex, line, display):
        tex = re.sub(r"\n[ \t]*>[ \t]?", "\n", tex)  # the marks of a quote are not part of it
        placed, written, typed = [], {}, {}

        def put(match):
            text, blocks, _ = self._evaluate(match[1], line)
            digits = f"7319{len(placed):04d}5824"
            sign = "-" if text.startswith("−") else ""
            if not re.fullmatch(r"[\d.,]+", text.lstrip("−")):
                raise FormulaError(
                    f"{{{{{match[1]}}}}} in a formula must be a number, not {text!r}"
                )
            marked = render.value(text.lstrip("−"), match[1].strip(), blocks)
            placed.append((digits, marked.replace("<span", "<mn").replace("</span", "</mn")))
            written[f"{{{sign}{digits}}}"] = match[0]
            typed[digits] = text.lstrip("−").replace(",", "{,}")
            return f"{{{sign}{digits}}}"

        filled = EXPRESSION.sub(put, tex)
        try:
            mathml = to_mathml(filled, display, placed)
        except FormulaError as error:
            message = str(error)
            for standing, expression in written.items():
                message = message.replace(standing, expression)
            raise FormulaError(message) from error
        for digits, text in typed.items():
            filled = filled.replace(digits, text)
        dollars = "$$" if display else "$"
        plain = unescape(re.sub(r"<[^>]*>", "", mathml))
        if display:
            self.displayed += 1
            mathml = render.formula(mathml, self.displayed)
        self.page.formulas[mathml] = f"{dollars}{filled.strip()}{dollars}"
        return self._piece(mathml, plain)

    def _check_typed_numbers(self):
        texts = [
            (part.source, part.line) for part in self.page.parts if not isinstance(part, Fence)
        ]
        for source, line in (*texts, (self.description, self.description_line)):
            prose = numbers.blank(source, EXPRESSION)
            for index, number in numbers.typed_numbers(prose):
                if numbers.canonical(number) not in self.shown:
                    self._problem(
                        line + source.count("\n", 0, index),
                        f"the number {number} is typed, and no block on this page computes it: "
                        "write {{ expression }} instead",
                    )


def _describe(error):
    name = type(error).__name__
    if name == "BlockStopped":
        return str(error)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    message = message.replace(str(ROOT) + os.sep, "")
    return f"{name}: {message}" if message else name
