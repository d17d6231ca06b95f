"""Numbers in prose: how a computed one is written, and which typed ones are refused."""

from __future__ import annotations

import contextlib
import re
from decimal import Decimal
from html import unescape
from numbers import Integral, Number

from weave.inline import tokens

DIGITS = 3  # a typed number of so many digits must be computed on its page
NUMBER = re.compile(
    r"(?<![^\W_])(?<!\w\.)(?:(?>\d+(?:,\d{3})*(?:\.\d+)?)(?![^\W_])"  # between spaces, marks or _
    r"|\d+(?:,\d{3})*(?:\.\d+)?(?=(?:[A-Za-zµ%]{1,3}|[eE][-+]?\d+)\b))"  # 100ms, 4.40e3
)
IN_OUTPUT = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
# A year follows a word of time, a month or a name with two capitals, or stands in brackets:
# "in 2023", "the 2017 paper", "May 2027", "(ICLR 2023)". A number of things is no year.
YEAR = re.compile(
    r"(?:\b(?:[Ii]n|since|until|before|after|between|and|the|to|from)\s+|\bal\.,?\s+|[(\[]\s*|©\s*"
    r"|[(\[][^()\[\]\n]*\s"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+|\b\w*[A-Z]\w*[A-Z]\w*\s+)"
    r"(?:19|20)\d\ds?(?=\s*[)\].,;:–-]|\s+[a-z(]|\s*$)(?!\s*(?:[×%]|(?:\w+ )?\w+s\b))"
    r"|\b(?:19|20)\d\d-\d\d-\d\d\b",
    re.M,
)
NOT_PROSE = re.compile(
    r"""^[ ]{0,3}\[[^\]]+\]:                             # names of links and of footnotes
    |\b\d+(?:\.\d+){2,}                                 # versions
    |\b(?:pages?|pp\.)\s+\d+(?:[–-]\d+)?
    |\b(?:arXiv|doi|ISBN|RFC|ISO|DOI)[:\s]*[\w./-]*\d[\w./-]*""",
    re.X | re.M,
)


SAID = re.compile(  # attributes that are read or heard
    r"[\s{](?:alt|title|label|placeholder|start|value"
    r"|aria-(?:label|description|placeholder|roledescription|value(?:text|now|min|max)))\s*=\s*"
    r"""("[^"]*"|'[^']*'|[^\s"'<>{}]+)"""
)
JOINED = re.compile(r"</?(?:b|big|em|i|mark|small|span|strong|u|wbr)\b|<!--", re.I)  # no gap
EMPHASIS = re.compile(r"(\*{1,3})(\d[\d.,]*)\1(?=\d)|(?<=\d)(\*{1,3})(\d[\d.,]*)\3|\xad")
QUOTES = re.compile("[\"']")


def blank(text, pattern):
    """Put spaces for what `pattern` matches, so that lines stay."""
    return pattern.sub(lambda match: _spaces(match[0]), text)


def _spaces(text):
    return re.sub(r"[^\n]", " ", text)


def prose_of(text, found):
    """Return the prose of a text, given its tokens: spaces for all else, and as many lines.

    The TeX of formulas stays, and so does what a tag or a link says to those who read or hear it.
    """
    kept, at, said = [], 0, _said(text, found)
    for token in found:
        stretch = text[token.start : token.end]
        match token.kind:
            case "formula":
                parts = (p if isinstance(p, str) else _spaces(p.source) for p in token.parts)
                shown = "$".join(["$" * token.display, *parts, "$" * token.display])
            case "definition" | "escape" | "problem":
                shown = stretch
            case "title":
                shown = QUOTES.sub(" ", stretch)
            case "tag" | "comment" | "attributes":
                shown = said[token.start : token.end]
                if JOINED.match(stretch) and not shown.strip():
                    shown = "\n" * shown.count("\n")
            case "entity":
                shown = unescape(stretch)
            case _:
                shown = _spaces(stretch)
        kept += [text[at : token.start], shown]
        at = token.end
    return "".join([*kept, text[at:]])


def _said(text, found):
    """What attributes say, where they say it; spaces for all else."""
    for value in [token for token in found if token.kind == "value"]:
        text = text[: value.start] + _spaces(text[value.start : value.end]) + text[value.end :]
    kept, at = [], 0
    for attribute in SAID.finditer(text):
        kept += [_spaces(text[at : attribute.start(1)]), QUOTES.sub(" ", attribute[1])]
        at = attribute.end()
    return "".join([*kept, _spaces(text[at:])])


def typed_numbers(text, found=None):
    """Yield (how many lines stand above it, number as typed) of each long number in prose.

    Years, citations and code are free. `found` are the tokens of the text, if they are known.
    """
    prose = EMPHASIS.sub(r"\2\4", prose_of(text, tokens(text) if found is None else found))
    prose = blank(blank(prose, NOT_PROSE), YEAR)
    for match in NUMBER.finditer(prose):
        if sum(character.isdigit() for character in match[0]) >= DIGITS:
            yield prose.count("\n", 0, match.start()), match[0]


def canonical(number):
    """4400, 4,400 and 4400.0 are one number."""
    return Decimal(number.replace(",", ""))


def numbers_in(text):
    """All numbers that a text shows, in canonical form."""
    return {canonical(number) for number in IN_OUTPUT.findall(text)}


def numbers_of(namespace):
    """All single numbers that a namespace holds, in canonical form."""
    found = set()
    for value in list(namespace.values()):
        if isinstance(value, Number) and not isinstance(value, (bool, complex)):
            with contextlib.suppress(Exception):  # a number of some class that can't be written
                written = str(value).removeprefix("-")
                if IN_OUTPUT.fullmatch(written):
                    found.add(canonical(written))
    return found


def write(value, specification=""):
    """Write a value as prose shows it: commas from 10,000 up, a real minus sign."""
    if not specification and not isinstance(value, bool) and isinstance(value, Integral):
        specification = "," if abs(int(value)) >= 10_000 else "d"
    return re.sub(r"(?<![\w.])-(?=[\d.∞])", "−", format(value, specification))
