"""A page from its text to what it shows: cut into parts, its code run elsewhere, its values put in.

Draft(source).steps  ->  runner.py runs them  ->  Draft.fill(outcomes)  ->  Page
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from html import escape, unescape
from pathlib import Path

from weave import citations, numbers, render
from weave.citations import CitationError
from weave.execute import NOT_RUN, ROOT_VARIABLE, Outcome, Step
from weave.fences import CONTROL, Fence, Problem, find_parts, read_utf8
from weave.formulas import FormulaError, to_mathml
from weave.front_matter import TEXTS, Source, read_source
from weave.inline import PRIVATE, Value, parse_quietly, tokens
from weave.placing import places

ROOT = Path(os.environ.get(ROOT_VARIABLE) or Path(__file__).resolve().parent.parent)

# Woven pieces travel through Markdown as private characters, which it leaves alone.
_OPEN, _CLOSE, _DIGITS = "\ue000", "\ue001", 0xE010
TOKEN = re.compile(f"{_OPEN}([{chr(_DIGITS)}-{chr(_DIGITS + 9)}]+){_CLOSE}")
IN_TAG = re.compile(f"<[a-zA-Z][^<>]*{_OPEN}[^<>]*>")
# May not stand in a <p>.
BLOCK = re.compile(
    r"\s*<(?:article|aside|blockquote|by-hand|center|details|div|dl|fieldset|figure|form|h[1-6r]|nav"
    r'|ol|p|pre|section|style|table|ul)\b|<math[^>]* display="block"'
)
PARAGRAPH = re.compile(
    rf"<p(?P<attributes>\s[^<>]*)?>(?P<inside>(?:(?!</?p[\s>]).)*?{_OPEN}(?:(?!</?p[\s>]).)*?)</p>",
    re.S,
)
ALONE = r"(?:\A|\n[ \t>]*\n)[ \t>]*{}[ \t]*(?:\n[ \t>]*\n|\n?\Z)"
AGAIN = "when it runs again: take random numbers from np.random.default_rng(seed), and no clock"


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
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    parts: list = field(default_factory=list)
    title: str = ""
    description: str = ""
    formulas: dict[str, str] = field(default_factory=dict)  # HTML -> TeX with its values, in $
    claims: list[citations.Claim] = field(default_factory=list)

    def report(self, line, message):
        """Add a problem, once, and return it."""
        problem = Problem(self.path, line, message)
        if problem not in self.problems:
            self.problems.append(problem)
        return problem

    def piece(self, digits):
        """Return (HTML, plain text) of a piece, given what TOKEN finds."""
        return self.pieces[_index(digits)]

    def resolve(self, html):
        """Put the woven pieces into rendered HTML: whole in text, as plain text in attributes."""
        if _OPEN not in html:
            return html
        html = IN_TAG.sub(lambda match: self.plain(match[0]), html)
        html = PARAGRAPH.sub(self._without_blocks, html)
        return TOKEN.sub(lambda match: self.piece(match[1])[0], html)

    def _without_blocks(self, paragraph):
        """Cut a paragraph where a piece stands that a paragraph can't hold."""
        parts, start, inside = [], 0, paragraph["inside"]
        attributes = paragraph["attributes"] or ""
        for match in TOKEN.finditer(inside):
            if BLOCK.match(self.piece(match[1])[0]):
                parts += [_paragraph(inside[start : match.start()], attributes), match[0]]
                start = match.end()
        return "".join([*parts, _paragraph(inside[start:], attributes)]) if parts else paragraph[0]

    def in_prose(self, html):
        """Put the pieces into another page: formulas whole, all else as plain text."""

        def put(match):
            html, plain = self.piece(match[1])
            return html if html.startswith("<math") else escape(plain)

        return TOKEN.sub(put, html)

    def plain(self, text):
        """Put the plain text of the woven pieces in, escaped for an attribute."""
        return TOKEN.sub(lambda match: escape(self.piece(match[1])[1]), text)


def token(index):
    """Return what stands in a page's Markdown for the piece of that number."""
    return _OPEN + "".join(chr(_DIGITS + int(digit)) for digit in str(index)) + _CLOSE


def _index(token):
    return int("".join(str(ord(character) - _DIGITS) for character in token))


def _paragraph(html, attributes):
    return f"<p{attributes}>{html.strip()}</p>" if html.strip() else ""


def read_page(file):
    """Read a page's file and return its Source; front matter that can't be read is a problem."""
    path = os.path.relpath(file, ROOT).replace(os.sep, "/")
    text, problems = read_utf8(Path(file), path)
    return Source(path, "", problems=tuple(problems)) if problems else read_source(text, path)


class Draft:
    """A page before its code has run: `steps` is what it asks for, in order."""

    def __init__(self, source):
        self.source = source
        self.parts = find_parts(PRIVATE.sub("\ufffd", source.text), source.offset)
        self.front = [  # (text, its line) of what the front matter shows: title, description
            (PRIVATE.sub("\ufffd", source.meta.get(name, "")), source.lines.get(name, 1))
            for name in TEXTS
        ]
        fences = [part for part in self.parts if isinstance(part, Fence) and part.is_python]
        if fences and "continuation" in fences[0].flags:
            fences[0].problems.append("continuation, but no block stands before this one")
        self.steps = tuple(self._steps())

    def _steps(self):
        for part in self.parts:
            if not isinstance(part, Fence):
                yield from _values(part.source, part.line, part.tokens)
            elif part.is_python:
                kind = "skip" if part.problems else "block"
                continues = "continuation" in part.flags
                yield Step(kind, part.source, part.line, continues, part.raises)
        for text, line in self.front:
            yield from _values(text, line, tokens(text))

    @cached_property
    def _trees(self):
        """The code of its steps, as far as it can be read."""
        trees = []
        for step in self.steps:
            with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
                trees.append(parse_quietly(step.source))
        return trees

    @property
    def imports(self):
        """Names of the modules that its code imports."""
        nodes = [node for tree in self._trees for node in tree.body]
        whole = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        parts = (node for node in nodes if isinstance(node, ast.ImportFrom) and not node.level)
        return whole | {node.module for node in parts}

    @property
    def has_sets(self):
        """Whether its code makes sets, or takes hashes: then more may differ from run to run."""
        return any(
            (isinstance(node, ast.Set) and len(node.elts) > 1)
            or isinstance(node, ast.SetComp)
            or (isinstance(node, ast.Name) and node.id in ("set", "frozenset", "hash"))
            or (isinstance(node, ast.Attribute) and node.attr == "keys")
            for tree in self._trees
            for node in ast.walk(tree)
        )

    def fill(self, runs):
        """Return the Page, given the Outcomes of each run of the steps.

        What came out different in a later run than in the first is a problem.
        """
        outcomes = runs[0] if runs else []
        page = _Filler(self, outcomes).fill()
        for again in runs[1:]:
            self._compare(page, outcomes, again)
        page.problems.sort(key=lambda problem: problem.line)
        page.problems[:0] = self.source.problems
        return page

    def _compare(self, page, outcomes, again):
        for step, first, second in zip(self.steps, outcomes, again):
            if second.error and not first.error:
                if not second.follows:
                    page.report(second.error_line, second.error)
            elif _shown(first) != _shown(second) and not any(o.error for o in again):
                kind = "the block shows something else"
                what = kind if step.kind == "block" else "the value is another one"
                page.report(step.line, f"{what} {AGAIN}")


def _values(text, line, found):
    """The steps of the values in a text, in order."""
    for token in found:
        for value in token.parts if token.kind == "formula" else [token]:
            if isinstance(value, Value) and not _wrong(value):
                at = line + text.count("\n", 0, value.start)
                yield Step("value", value.expression, at, specification=value.specification)


def _wrong(value):
    """What is wrong with a value before anything runs."""
    if value.problem:
        return value.problem
    tree = parse_quietly(value.expression, mode="eval")
    if isinstance(tree.body, ast.Constant) and any(numbers.typed_numbers(str(tree.body.value))):
        shown = value.source.strip()
        return f"ValueError: {{{{ {shown} }}}} is typed: name what a block computed"
    return ""


def _shown(outcome):
    return outcome.printed, outcome.value, outcome.drawing, outcome.raised


def _is_blank(lines):
    return not lines or not lines[0].strip(" \t>")


class _Told(Exception):
    """Something is wrong here; the message says it all."""


class _Follows(Exception):
    """Something is wrong only because of what was reported before."""


class _Filler:
    """Puts what came of the steps into the parts of a draft."""

    def __init__(self, draft, outcomes):
        self.draft, self.outcomes = draft, iter(outcomes)
        self.page = Page(draft.source.path, parts=draft.parts)
        self.line = 1  # what is filled now
        self.lines, self.apart = [], None  # of the page's text; what keeps a piece apart
        self.shown = set()  # numbers that the page computed, in canonical form
        self.sources = citations.read_sources(ROOT)[0]
        self.notes = {}  # label of a source's note -> the token that stands for its reference
        self.marks = {}  # label -> how often it was cited
        self.displayed = 0  # formulas on a line of their own
        self.drawn = {}  # number of a piece that is a drawing -> (its line, what is typed there)
        self.is_whole = not any(outcome.error == NOT_RUN for outcome in outcomes)

    def fill(self):
        page, source = self.page, self.draft.source
        for part in self.draft.parts:
            if isinstance(part, Fence):
                self._fence(part)
            else:
                self._add(self._text(part).split("\n"))
        before = len(page.pieces)
        page.title, page.description = (
            page.plain(self._inline(text, line, tokens(text))) for text, line in self.draft.front
        )
        in_front = [(number, "the front matter") for number in self.drawn if number >= before]
        notes = [f"[^{label}]: {noted}" for label, noted in self.notes.items()]
        page.text = "\n".join([*self.lines, "", *notes] if notes else self.lines)
        if self.is_whole:
            self._check_typed_numbers()
        self._check_places(in_front)
        self._check_signs(source)
        return page

    def _piece(self, html, plain=""):
        self.page.pieces.append((PRIVATE.sub("\ufffd", html), PRIVATE.sub("\ufffd", plain)))
        return token(len(self.page.pieces) - 1)

    # ---- blocks -----------------------------------------------------------------------------

    def _add(self, lines, apart=None):
        """Add lines; those with `apart` get an empty line before and after, unless one is there."""
        blank = self.apart if apart is None else apart
        if blank is not None and _is_blank(self.lines[-1:]) is _is_blank(lines[:1]) is False:
            self.lines.append(blank)
        self.lines += lines
        self.apart = apart

    def _fence(self, fence):
        """Add a fence: a block becomes a piece on a line of its own, others stay as they are."""
        self.line = fence.line
        outcome = next(self.outcomes) if fence.is_python else None
        if fence.problems:
            html = render.error_box([self.page.report(fence.line, m) for m in fence.problems])
        elif outcome:
            html = self._block(fence, outcome)
        else:
            self._add(fence.lines)
            return
        self._add([fence.prefix + self._piece(html)], apart=fence.prefix.rstrip(" \t"))

    def _block(self, fence, outcome):
        block = Block(len(self.page.blocks) + 1, fence, outcome)
        self.page.blocks.append(block)
        drawn = re.sub(r"<[^>]*>", " ", outcome.drawing)
        self.shown |= numbers.numbers_in(f"{outcome.printed} {drawn}") | outcome.numbers
        html = render.block(fence, outcome, block.number)
        if not outcome.error:
            return html
        if not outcome.follows:
            html += render.error_box([self.page.report(outcome.error_line, outcome.error)])
        return f"<div>{html}</div>"

    # ---- text -------------------------------------------------------------------------------

    def _text(self, part):
        """Fill a part of the text; each claim marked in it gets its sentence."""
        known = len(self.page.claims)
        text = self._inline(part.source, part.line, part.tokens)
        marks = citations.MARK.finditer(text)
        for claim, mark in zip(self.page.claims[known:], marks, strict=True):
            claim.text = citations.sentence_at(text, mark.start())
        return citations.MARK.sub(r"\1", text)

    def _inline(self, source, first_line, found):
        filled, at = [], 0
        for token in found:
            filled.append(source[at : token.start])
            self.line = first_line + source.count("\n", 0, token.start)
            filled.append(self._put(token, source[token.start : token.end]))
            at = token.end
        return "".join([*filled, source[at:]])

    def _put(self, token, typed):
        """What stands for a token in the Markdown."""
        try:
            if token.kind == "value":
                return self._value(token)
            if token.kind == "formula":
                return self._formula(token)
            if token.kind == "mark":
                return self._cite(token.text)
            if token.kind == "problem":
                raise _Told(token.text)
        except _Follows:
            return "?"
        except (_Told, FormulaError, CitationError) as error:
            return self._piece(render.error_mark(self.page.report(self.line, str(error))), "?")
        return token.text if token.kind == "escape" else typed

    def _outcome(self, value):
        """What came of a value; raises _Told or _Follows if nothing did."""
        if wrong := _wrong(value):
            raise _Told(wrong)
        outcome = next(self.outcomes)
        if outcome.follows:
            raise _Follows
        if outcome.error:
            raise _Told(outcome.error)
        self.shown |= numbers.numbers_in(outcome.value)
        return outcome

    def _value(self, value):
        outcome = self._outcome(value)
        source = value.source.strip()
        html = outcome.drawing or render.value(outcome.value, source, outcome.blocks)
        if outcome.drawing:
            self.drawn[len(self.page.pieces)] = self.line, f"{{{{ {source} }}}}"
        return self._piece(html, outcome.value)

    def _formula(self, token):
        placed: list[tuple[str, str]] = []  # digits that stand for a value, and its MathML
        written, typed, tex = {}, {}, []
        errors: list[Exception] = []
        for part in token.parts:
            if not isinstance(part, Value):
                tex.append(re.sub(r"\n[ \t]*>[ \t]?", "\n", part))  # the marks of a quote
                continue
            try:
                outcome = self._outcome(part)
            except (_Told, _Follows) as error:  # the values after it have outcomes too
                errors.append(error)
                continue
            text, digits = outcome.value, f"7319{len(placed):04d}5824"
            sign = "-" if text.startswith("−") else ""
            if not re.fullmatch(r"[\d.,]+", text.lstrip("−")):
                shown = f"{{{{{part.source}}}}}"
                errors.append(FormulaError(f"{shown} in a formula must be a number, not {text!r}"))
                continue
            marked = render.value(text.lstrip("−"), part.source.strip(), outcome.blocks)
            placed.append((digits, marked.replace("<span", "<mn").replace("</span", "</mn")))
            tex.append(f"{{{sign}{digits}}}")
            written[tex[-1]] = f"{{{{{part.source}}}}}"
            typed[digits] = text.lstrip("−").replace(",", "{,}")
        if errors:
            raise errors[0]
        return self._set_formula("".join(tex), token.display, placed, written, typed)

    def _set_formula(self, tex, display, placed, written, typed):
        try:
            mathml = to_mathml(tex, display, placed)
        except FormulaError as error:
            message = str(error)
            for standing, expression in written.items():
                message = message.replace(standing, expression)
            raise FormulaError(message) from error
        for digits, text in typed.items():
            tex = tex.replace(digits, text)
        dollars, plain = "$$" if display else "$", unescape(re.sub(r"<[^>]*>", "", mathml))
        if display:
            self.displayed += 1
            self.drawn[len(self.page.pieces)] = self.line, "$$…$$"
            mathml = render.formula(mathml, self.displayed)
        self.page.formulas[mathml] = f"{dollars}{tex.strip()}{dollars}"
        return self._piece(mathml, plain)

    def _cite(self, mark):
        """Put the numbers of notes, or a link to the block above, where a claim is marked."""
        named = citations.parse_mark(mark)
        if named == [(citations.BLOCK, "")]:
            shown, claim = self._point_to_block()
        else:
            shown = " ".join(self._note(key, place) for key, place in named)
            label = citations.label(*named[0])
            count = "" if self.marks[label] == 1 else self.marks[label]
            claim = citations.Claim(self.line, f"fnref{count}:{label}", named)
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

    def _point_to_block(self):
        if not self.page.blocks:
            raise CitationError(f"[@{citations.BLOCK}] leads nowhere: no block stands above it")
        number, anchor = self.page.blocks[-1].number, f"claim-{len(self.page.claims) + 1}"
        shown = self._piece(render.block_mark(number, anchor), "")
        return shown, citations.Claim(self.line, anchor, block=number)

    # ---- checks -----------------------------------------------------------------------------

    def _check_typed_numbers(self):
        texts = [(p.source, p.line, p.tokens) for p in self.page.parts if not isinstance(p, Fence)]
        title, described = ((text, line, tokens(text)) for text, line in self.draft.front)
        texts += [described] if numbers.NUMBER.fullmatch(title[0]) else [title, described]  # 404
        for source, first, found in texts:
            for above, number in numbers.typed_numbers(source, found):
                if numbers.canonical(number) not in self.shown:
                    self.page.report(
                        first + above,
                        f"the number {number} is typed, and no block on this page computes it: "
                        "write {{ expression }} instead",
                    )

    def _check_places(self, narrow):
        """Refuse a drawing where there is room for a word or two."""
        page = self.page
        if not all(re.search(ALONE.format(token(number)), page.text) for number in self.drawn):
            narrow = [*narrow, *((_index(d), where) for d, where in places(page.text, TOKEN))]
        for number, where in narrow:
            is_block = BLOCK.match(page.pieces[number][0]) or not where.startswith("<")
            if number in self.drawn and is_block:
                line, typed = self.drawn[number]
                message = f"{typed} can't stand in {where}: put it into a paragraph of its own"
                self.page.report(line, message)

    def _check_signs(self, source):
        for line, text in enumerate(source.text.split("\n"), source.offset + 1):
            if found := CONTROL.search(text):
                name = f"U+{ord(found[0]):04X}"
                self.page.report(line, f"the page holds the control character {name}: take it out")
