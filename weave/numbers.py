"""Numbers in prose: how a computed one is written, and which typed ones are refused."""

from __future__ import annotations

import re
from decimal import Decimal
from numbers import Integral, Number

DIGITS = 3  # a typed number of so many digits must be computed on its page
NUMBER = re.compile(
    r"(?<![^\W_])(?<!\.)(?:(?>\d+(?:,\d{3})*(?:\.\d+)?)(?![^\W_])"  # between spaces, marks or _
    r"|\d+(?:,\d{3})*(?:\.\d+)?(?=[A-Za-zµ%]{1,3}\b))"  # with a unit: 100ms, 64kB
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
    r"""(`+)(?!`)(?:(?!\n\s*\n).)*?(?<!`)\1(?!`)      # inline code
    |<!--.*?-->                                        # comments
    |<(?:https?|mailto)[^>\s]*>|</?[a-zA-Z][^<>]*>     # addresses and tags
    |\bhttps?://\S+
    |\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+"[^"]*")?\)   # where a link leads
    |^[ ]{0,3}\[[^\]]+\]:.*(?:\n[ ]{4}.*)*            # footnotes and link definitions: citations
    |\[@[^\]]+\]
    |\{(?:[:#.]|[ ]+[:#.]|[ ]*[\w-]+=["'])[^{}\n]*\}   # attribute lists
    |\b\d+(?:\.\d+){2,}                                 # versions
    |\b(?:pages?|pp\.)\s+\d+(?:[–-]\d+)?
    |\b(?:arXiv|doi|ISBN|RFC|ISO|DOI)[:\s]*[\w./-]*\d[\w./-]*""",
    re.X | re.S | re.M,
)


def blank(text, pattern):
    """Put spaces for what `pattern` matches, so that lines and columns stay."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def typed_numbers(text):
    """Yield (index, number as typed) of each long number in prose: no year, citation or code."""
    prose = blank(blank(text, NOT_PROSE), YEAR)
    for match in NUMBER.finditer(prose):
        if sum(character.isdigit() for character in match[0]) >= DIGITS:
            yield match.start(), match[0]


def canonical(number):
    """4400, 4,400 and 4400.0 are one number."""
    return Decimal(number.replace(",", ""))


def numbers_in(text):
    """All numbers that a text shows, in canonical form."""
    return {canonical(number) for number in IN_OUTPUT.findall(text)}


def numbers_of(namespace):
    """All single numbers that a namespace holds, in canonical form."""
    return {
        canonical(str(abs(value)))
        for value in namespace.values()
        if isinstance(value, Number)
        and not isinstance(value, (bool, complex))
        and IN_OUTPUT.fullmatch(str(abs(value)))
    }


def write(value, specification=""):
    """Write a value as prose shows it: commas from 10,000 up, a real minus sign."""
    if not specification and isinstance(value, Integral) and not isinstance(value, bool):
        specification = "," if abs(value) >= 10_000 else "d"
    return re.sub(r"(?<![\w.])-(?=[\d.∞])", "−", format(value, specification))
