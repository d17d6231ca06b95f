"""What stands in a line of Markdown: code, formulas, values, claims, links. The only tokenizer.

    tokens("Of {{ n:,}} in `W`, $x_3$ [@key].")   value, code, formula, mark

Values, typed numbers, links and claims are all read from these tokens, so that what is code for
one is code for all.
"""

from __future__ import annotations

import ast
import contextlib
import re
import warnings
from typing import NamedTuple

from weave.formulas import MACROS

# Woven pieces travel through Markdown as private characters, which it leaves alone.
PRIVATE = re.compile("[\ue000-\ue01f]")

BLANK_LINE = re.compile(r"\n[ \t>]*\n")
START = re.compile(r"\\|`+|<|\$|\{|\[|\](?=[(\[])|&|\bhttps?://", re.S)
TAG = re.compile(
    r"""</?(?P<name>[a-zA-Z][\w:-]*)(?:\{\{.*?\}\}|"[^"]*"|'[^']*'|[^<>"'{]|\{(?!\{))*>""", re.S
)
OPEN_COMMENT = "SyntaxError: <!-- is never closed"
RAW = {"code", "kbd", "pre", "samp", "script", "style", "textarea", "tt"}  # no prose in these
AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^>\s]*>")
ADDRESS = re.compile(r"https?://\S+")
ENTITY = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|[a-zA-Z]\w*);")
ATTRIBUTES = re.compile(
    r"""\{:?[ ]*(?:(?:[#.][\w:-]+|[\w:-]+=(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}]+))[ ]*)+\}"""
)
MARK = re.compile(r"\[@[^\[\]]*\]")
DEFINITION = re.compile(r"\[(\^?[^\]\n]+)\]:")
LABEL = re.compile(r"[ ]*<?([^\s>]+)")
REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")
COMPUTED = re.compile(r"\[\^[^\]\n]*\{\{.*?\}\}[^\]\n]*\]")
NAMED = re.compile(r"\]\[([^\]\n^]*)\]")
TARGET = re.compile(
    r"""\]\(\s*<?(?P<target>(?:\{\{.*?\}\}|[^()\s>])+(?:\([^()\s]*\)[^()\s>]*)*)>?"""
    r"""(?P<title>\s+(?:"[^"]*"|'[^']*'))?\s*\)""",
    re.S,
)
FIELD = re.compile(r"""\s(?:href|src)=["']([^"']+)["']""")
WRITTEN_TEX = re.compile(r"\\begin\{[a-z]+\*?\}|\\([A-Za-z]+)(?=([{_^]?))")
WORDS = re.compile(r"(?=.*[a-z]{3})[\s\w.,;:!?’'“”\"–-]*", re.S)  # \[sic\]: an escape, no formula
NO_FORMULA_WORDS = re.compile(r"[_\d]|\b[A-Za-z]\b|[a-z][A-Z]")


class ExpressionError(SyntaxError):
    """Braces that hold no Python expression."""


class Value(NamedTuple):
    """An expression between double braces, with the format that follows it."""

    start: int
    end: int
    source: str  # as it is typed
    expression: str = ""
    specification: str = ""
    problem: str = ""  # if it is none

    @property
    def kind(self):
        return "value"


class Token(NamedTuple):
    """A stretch of a text.

    `kind` is one of code, comment, formula, mark, link, title, tag, raw (what stands in <code> and
    its like), reference, definition, attributes, entity, escape, problem. `text` is what counts in
    it: the TeX of a formula, where a link leads, what a reference names, the words of a problem.
    `parts` are the strings and Values of a formula.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    parts: tuple = ()
    display: bool = False
    named: tuple = ()  # of a tag: where its href and src lead


def tokens(text, code=()):
    """Return the Tokens and Values of a text, in order; what stands between them is prose.

    Args:
        text: some Markdown, without fences.
        code: pairs (start, end) of stretches that are indented code.
    """
    return tuple(_Scanner(text, code).scan())


def parse_quietly(source, **options):
    """As ast.parse, without its warnings: whoever runs the code says them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, **options)


def split_expression(source):
    """Split `expression:format` at the first colon that leaves a whole expression before it.

    Raises:
        ExpressionError: it is empty, or no Python.
    """
    source = source.strip()
    if not source:
        raise ExpressionError("{{ }} holds no expression")
    cuts = [len(source), *(i for i, character in enumerate(source) if character == ":")]
    for cut in cuts:
        if re.search(r"[{}]", source[cut + 1 :]):
            continue
        with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
            parse_quietly(source[:cut].strip(), mode="eval")
            return source[:cut].strip(), source[cut + 1 :]
    raise ExpressionError(f"{{{{ {source} }}}} is not a Python expression")


def values_in(text, start=0, end=None):
    """Return the Values in a stretch that is otherwise left alone: a tag, a link's address."""
    found, end = [], len(text) if end is None else end
    while (start := text.find("{{", start, end)) >= 0:
        value = _read_value(text, start)
        found.append(value)
        start = max(value.end, start + 2)
    return found


def _read_value(text, start):
    """Read the Value that opens at `start`: it ends at the first }} that leaves an expression.

    Three braces are one of the text (TeX has many) and two of ours, if that can be.
    """
    first = None
    for opening in (start + 1, start) if text.startswith("{{{", start) else (start,):
        blank = BLANK_LINE.search(text, opening)
        limit = blank.start() if blank else len(text)
        close = text.find("}}", opening + 2, limit)
        while close >= 0:
            source = text[opening + 2 : close]
            try:
                return Value(opening, close + 2, source, *split_expression(source))
            except ExpressionError as error:
                wrong = Value(opening, close + 2, source, problem=f"SyntaxError: {error}")
                first = first or wrong
            close = text.find("}}", close + 1, limit)
    return first or Value(start, start + 2, "", problem="SyntaxError: {{ is never closed")


class _Scanner:
    def __init__(self, text, code):
        self.text, self.code = text, [*code, (len(text), len(text))]
        self.found = []

    def scan(self):
        at = 0
        for start, end in self.code:
            while at < start:
                match = START.search(self.text, at, start)
                if not match:
                    break
                at = self._read(match) or match.end()
            if end > start and at <= start:
                self.found.append(Token("code", start, end, self.text[start:end]))
            at = max(at, end)
        return self.found

    def _read(self, match):
        """Add what begins at a match; return where it ends, or None if nothing does."""
        sign, start = match[0][0], match.start()
        if sign in "&h":
            kind, pattern = ("entity", ENTITY) if sign == "&" else ("link", ADDRESS)
            simple = pattern.match(self.text, start)
            return simple and self._add(kind, start, simple.end())
        read = {
            "\\": self._backslash,
            "`": self._code,
            "<": self._angle,
            "$": self._dollar,
            "{": self._brace,
            "[": self._bracket,
            "]": self._target,
        }
        return read[sign](start, match[0])

    def _add(self, kind, start, end, text="", **more):
        self.found.append(Token(kind, start, end, text, **more))
        return end

    def _problem(self, start, end, message):
        return self._add("problem", start, end, message)

    def _limit(self, start):
        """Where the paragraph ends."""
        blank = BLANK_LINE.search(self.text, start)
        return blank.start() if blank else len(self.text)

    # ---- what each sign may begin -----------------------------------------------------------

    def _backslash(self, start, _):
        following = self.text[start + 1 : start + 3]
        if following == "{{":
            return self._add("escape", start, start + 3, "{{")
        if following[:1] == "$":
            return self._add("escape", start, start + 2, "$")
        if following[:1] in "([" and following:
            return self._tex_brackets(start, following[0])
        tex = WRITTEN_TEX.match(self.text, start)
        if tex and (tex[1] is None or tex[2] or f"\\{tex[1]}" in MACROS):
            message = f"{tex[0]} stands outside a formula: put it between dollars"
            return self._problem(start, tex.end(), message)
        return start + 2

    def _tex_brackets(self, start, opening):
        closing = {"(": r"\)", "[": r"\]"}[opening]
        end = self.text.find(closing, start + 2, self._limit(start))
        inside = self.text[start + 2 : end]
        if end < 0 or (WORDS.fullmatch(inside) and not NO_FORMULA_WORDS.search(inside)):
            return start + 2
        dollars = "$…$" if opening == "(" else "$$…$$"
        message = rf"\{opening}…{closing} is no formula here: write {dollars}"
        return self._problem(start, end + 2, message)

    def _code(self, start, ticks):
        closing = re.compile(rf"(?<!`){ticks}(?!`)")
        end = closing.search(self.text, start + len(ticks), self._limit(start))
        if not end:
            return start + len(ticks)
        return self._add("code", start, end.end(), self.text[start + len(ticks) : end.start()])

    def _angle(self, start, _):
        if self.text.startswith("<!--", start):
            end = self.text.find("-->", start + 4)
            if end < 0:
                return self._problem(start, start + 4, OPEN_COMMENT)
            return self._add("comment", start, end + 3)
        if autolink := AUTOLINK.match(self.text, start):
            return self._add("link", start, autolink.end(), autolink[0][1:-1])
        if tag := TAG.match(self.text, start):
            return self._tag(tag)
        return None

    def _tag(self, tag):
        name, end = tag["name"].lower(), tag.end()
        inside = self._shown(tag.start() + 1, end)
        self._region("tag", tag.start(), end, inside, named=tuple(FIELD.findall(tag[0])))
        if name in RAW and not tag[0].startswith("</") and not tag[0].endswith("/>"):
            closing = re.compile(rf"</{name}\s*>", re.I).search(self.text, end)
            if closing:
                inside = values_in(self.text, end, closing.start())
                end = self._region("raw", end, closing.start(), inside)
        return end

    def _region(self, kind, start, end, inside, text="", **more):
        """Add a stretch of which nothing but the tokens inside it counts."""
        at = start
        for token in inside:
            if token.start > at:
                self._add(kind, at, token.start, text, **more)
                text, more = "", {}
            self.found.append(token)
            at = token.end
        if at < end:
            self._add(kind, at, end, text, **more)
        return max(at, end)

    def _dollar(self, start, _):
        if self.text.startswith("$$", start):
            return self._formula(start, 2)
        return self._formula(start, 1) or self._lone_dollar(start)

    def _lone_dollar(self, start):
        before, after = self.text[:start], self.text[start + 1 :]
        if re.match(r"[ ]?\d", after) or re.search(r"\d[ ]?$", before):
            return None  # money
        message = "a lone $: close the formula, with no space inside its dollars, or write \\$"
        return self._problem(start, start + 1, message)

    def _formula(self, start, count):
        """Read to the dollars that close; values may hold any sign."""
        dollars, at, parts, piece = "$" * count, start + count, [], start + count
        limit = len(self.text) if count == 2 else self._limit(start)
        if count == 1 and (at >= limit or self.text[at] in " \t\n$"):
            return None
        while at < limit:
            if self.text.startswith("{{", at):
                value = _read_value(self.text, at)
                parts += [self.text[piece : value.start], value]
                at = piece = value.end
            elif self.text[at] == "\\":
                at += 2
            elif self.text.startswith(dollars, at):
                break
            elif self.text[at] == "$" and count == 1:
                break
            else:
                at += 1
        else:
            at = limit
        if at >= limit:
            if count == 1:
                return None
            return self._problem(start, start + 2, "SyntaxError: $$ is never closed")
        end = at + count
        if count == 1 and (
            self.text[at - 1] in " \t\n" or self.text[end : end + 1].isdigit() or at == start + 1
        ):
            return None
        parts.append(self.text[piece:at])
        tex = self.text[start + count : at]
        return self._add(
            "formula", start, end, tex, parts=tuple(filter(None, parts)), display=count == 2
        )

    def _brace(self, start, _):
        if self.text.startswith("{{", start):
            value = _read_value(self.text, start)
            self.found.append(value)
            return value.end
        if attributes := ATTRIBUTES.match(self.text, start):
            inside = values_in(self.text, start, attributes.end())
            return self._region("attributes", start, attributes.end(), inside)
        return None

    def _bracket(self, start, _):
        if mark := MARK.match(self.text, start):
            space = start > 0 and self.text[start - 1] == " "
            return self._add("mark", start - space, mark.end(), mark[0])
        if computed := COMPUTED.match(self.text, start):
            message = f"{computed[0]}: type the name of a note, no value can stand in it"
            return self._problem(start, computed.end(), message)
        line_start = self.text.rfind("\n", 0, start) + 1
        at_start = re.fullmatch(r"[ ]{0,3}", self.text[line_start:start])
        if at_start and (definition := DEFINITION.match(self.text, start)):
            self._add("definition", start, definition.end(), definition[1])
            label = LABEL.match(self.text, definition.end())
            if definition[1].startswith("^") or not label:
                return definition.end()
            inside = values_in(self.text, label.start(), label.end())
            return self._region("link", label.start(), label.end(), inside, label[1])
        if reference := REFERENCE.match(self.text, start):
            return self._add("reference", start, reference.end(), f"^{reference[1]}")
        return None

    def _target(self, start, _):
        if named := NAMED.match(self.text, start):
            text = re.search(r"\[([^\[\]\n]+)$", self.text[:start])
            return text and self._add("reference", start, named.end(), named[1] or text[1])
        target = TARGET.match(self.text, start)
        if not target:
            return None
        at, link = target.end("target"), target["target"]
        self._region("link", start, at, values_in(self.text, start, at), link)
        return self._region("title", at, target.end(), self._shown(at, target.end()))

    def _shown(self, start, end):
        """The values and formulas in a stretch that holds texts a reader may see: alt, title."""
        return [
            token._replace(start=start + token.start, end=start + token.end)
            for token in tokens(self.text[start:end])
            if token.kind in ("value", "formula")
        ]
