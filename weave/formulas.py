"""Formulas: TeX in, MathML out. What the converter can't do is an error, never a wrong formula."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from xml.etree import ElementTree

# Checked by eye and by test; anything else is refused, because the converter prints it unread.
ONE_ARGUMENT = set(
    r"\mathrm \mathbf \mathit \text \operatorname \sqrt \hat \bar \tilde \vec \dot \mathbb \mathcal"
    r" \overline \underline".split()
)
TWO_ARGUMENTS = {r"\frac", r"\dfrac", r"\tfrac", r"\binom"}
SYMBOLS = set(
    r"""
    \alpha \beta \gamma \delta \epsilon \varepsilon \eta \theta \lambda \mu \pi \rho \sigma \tau
    \phi \varphi \omega \Delta \Gamma \Theta \Lambda \Sigma \Phi \Psi \Omega
    \times \cdot \odot \circ \pm \le \leq \ge \geq \ne \neq \approx \equiv \in \notin \subset
    \to \rightarrow \leftarrow \mapsto \Rightarrow \infty \partial \nabla \sum \prod \top \prime
    \ldots \cdots \vdots \ddots \quad \qquad \, \; \: \! \{ \} \| \% \\ \left \right \lVert
    \rVert \lvert \rvert \langle \rangle \max \min \exp \log \ln \mid \forall \exists
""".split()
) | {"\\ "}
ENVIRONMENTS = {"bmatrix", "pmatrix", "matrix", "cases", "align*"}
MACROS = ONE_ARGUMENT | TWO_ARGUMENTS | SYMBOLS | {r"\begin", r"\end"}
BRACKETS = set("()[]|./<>") | {r"\{", r"\}", r"\|", r"\langle", r"\rangle"}
BRACKETS |= {r"\lvert", r"\rvert", r"\lVert", r"\rVert"}  # what may follow \left and \right
# How many parts each element holds, by the MathML standard; the others hold any number.
PARTS = {"msup": 2, "msub": 2, "msubsup": 3, "mfrac": 2, "mroot": 2, "munder": 2, "mover": 2}
PARTS |= {"munderover": 3}
HELD = {"mtable": {"mtr"}, "mtr": {"mtd"}}
ROWS = {"mrow", "math", "mtd", "mstyle"}  # their parts stand side by side
# Typed signs that the converter would set as if they were letters.
SIGNS = dict(
    pair.split()
    for pair in (
        r"× \times, · \cdot, − -, ≤ \le, ≥ \ge, ≠ \ne, ≈ \approx, → \to, ∈ \in, ∑ \sum, "
        r"∂ \partial, ∞ \infty, ± \pm, ⊤ \top, ∇ \nabla, √ \sqrt, ′ ', … \ldots, ⊙ \odot"
    ).split(", ")
)
WORDS = re.compile(
    r"(?<![A-Za-z\\])(?:[a-z]{3,}|(?<=\s)(?:or|to|of|in|is|if|at|by|as)(?=\s))(?![A-Za-z])"
)
LOOSE = re.compile(r"[\^_]\s*(\d(?=\.?\d)|[-+](?=[\w\\{(]))")  # x^10 is x¹0
NAMED = re.compile(r"\\(?:text|operatorname|math[a-z]+|begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+")
TOKEN = re.compile(
    r"\\begin\{([^}]*)\}|\\end\{([^}]*)\}|\\[A-Za-z]+|\\.|[{}&^_]|[^\\{}&^_\s]|\s+", re.S
)
TEXT_ARGUMENT = re.compile(r"\\(?:text|operatorname)\s*\{[^{}]*\}")


ENVIRONMENT = re.compile(
    r"\\begin\{([a-z]+\*?)\}(?:(?!\\begin\{).)*?\\end\{\1\}(?=\s*[\^_'])", re.S
)


class FormulaError(ValueError):
    """A formula that would not come out right."""


def to_mathml(tex, display=False, numbers=()):
    """Return MathML for a TeX formula.

    Args:
        tex: the formula, without its dollars.
        display: on a line of its own.
        numbers: pairs (placeholder digits in `tex`, MathML to put for that number).

    Raises:
        FormulaError: a macro, environment or argument that would come out wrong; it says which.
    """
    mathml = _convert(tex.strip(), display)
    for digits, replacement in numbers:
        if f"<mn>{digits}</mn>" not in mathml:
            raise FormulaError(f"in {tex!r} a value stands where only typed text can")
        mathml = mathml.replace(f"<mn>{digits}</mn>", replacement)
    return mathml


@lru_cache(maxsize=4096)
def _convert(tex, display):
    if not tex:
        raise FormulaError("the formula is empty")
    from latex2mathml.converter import convert  # slow to load, and pages' processes need none

    _check(tex)
    ready = ENVIRONMENT.sub(r"{\g<0>}", re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "{,}", tex))
    try:
        mathml = convert(ready, display="block" if display else "inline")
    except Exception as error:
        message = str(error) or type(error).__name__
        raise FormulaError(f"the formula {tex!r} can't be converted: {message}") from error
    unread = re.search(r"<m[a-z]+>(\\\w+|&amp;|&#x00026;|&)</m[a-z]+>", mathml)
    if unread:
        raise FormulaError(f"the formula {tex!r} can't be converted: {unread[1]} is not understood")
    _check_parts(mathml, tex)
    return _mend(mathml)


def _check_parts(mathml, tex):
    """Refuse MathML in which an element holds what it may not: browsers draw that somehow."""
    for element in ElementTree.fromstring(mathml).iter():
        name, parts = _name(element), [_name(child) for child in element]
        if len(parts) != PARTS.get(name, len(parts)) or not set(parts) <= HELD.get(name, {*parts}):
            raise FormulaError(
                f"the formula {tex!r} can't be converted: an <{name}> would hold {len(parts)} "
                "parts; put braces round what belongs together"
            )
        if name in ROWS and any(
            _name(_leaf(left, -1)) == _name(_leaf(right, 0)) == "mn"
            for left, right in zip(element, element[1:])
        ):
            raise FormulaError(f"two numbers side by side would read as one in {tex!r}")


def _name(element):
    return element.tag.rpartition("}")[2]


def _leaf(element, side):
    """What stands at the left (0) or right (-1) edge of an element."""
    through = ROWS if side else ROWS | {"msup", "msub", "msubsup"}
    while len(element) and _name(element) in through:
        element = element[side]
    return element


def _mend(mathml):
    # Capital Greek stands upright; a minus with nothing before it is a sign, not an operation.
    mathml = re.sub(
        r"<mi>(&#x0039[0-9A-F];|&#x003A[0-9];)</mi>", r'<mi mathvariant="normal">\1</mi>', mathml
    )
    mathml = re.sub(
        r'(?:<mi mathvariant="normal">[A-Za-z]</mi>){2,}',
        lambda m: f"<mi>{re.sub('<[^>]*>', '', m[0])}</mi>",
        mathml,
    )
    mathml = re.sub(r"<mi>([:;?])</mi>", r"<mo>\1</mo>", mathml)
    mathml = re.sub(r"</mn><mrow><mo>&#x0002C;</mo></mrow><mn>(?=\d{3}(?!\d))", ",", mathml)
    minus = r"<mo>(?:&#x02212;|−|-)</mo>"
    before = (
        r"(<mo[^>]*>(?:=|&#x0003D;|\(|&#x00028;|\[|&#x0005B;|,|&#x0002C;)</mo>"
        r"|<mtd>|<mrow>|<math[^>]*>(?:<mrow>)?)"
    )
    return re.sub(before + minus, r'\1<mo form="prefix">&#x02212;</mo>', mathml)


def _check(tex):
    tokens = [
        m[0]
        for m in TOKEN.finditer(TEXT_ARGUMENT.sub(_check_text, tex))
        if m[0].strip() or m[0] == "\\ "
    ]
    _check_scripts(tokens, tex)
    depth, environments = 0, []
    for index, token in enumerate(tokens):
        if token.startswith(r"\begin"):
            environments.append(token[7:-1])
            if environments[-1] not in ENVIRONMENTS:
                known = ", ".join(sorted(ENVIRONMENTS))
                unknown = f"unknown environment {environments[-1]!r} in {tex!r}"
                raise FormulaError(f"{unknown}: there are {known}")
        elif token.startswith(r"\end"):
            if not environments or environments.pop() != token[5:-1]:
                raise FormulaError(f"{token} without its begin in {tex!r}")
        elif token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if depth < 0:
                raise FormulaError(f"a closing brace too many in {tex!r}")
        elif token in ("&", r"\\"):
            if not environments:
                raise FormulaError(f"{token} outside an environment in {tex!r}")
            if tokens[index + 1 : index + 2] == ["["]:
                raise FormulaError(f"\\\\ takes no height in brackets in {tex!r}")
        elif token in (r"\left", r"\right"):
            if not set(tokens[index + 1 : index + 2]) & BRACKETS:
                raise FormulaError(f"{token} needs a bracket in {tex!r}")
        elif token in TWO_ARGUMENTS:
            _arguments(tokens, index + 1, 2, token, tex)
        elif token in (r"\text", r"\operatorname"):
            raise FormulaError(f"only plain words in braces may follow {token} in {tex!r}")
        elif token in ONE_ARGUMENT or token in "^_":
            _arguments(tokens, index + 1, 1, token, tex)
        elif token.startswith("\\") and token not in SYMBOLS:
            raise FormulaError(f"unknown macro {token} in {tex!r}")
    if depth:
        raise FormulaError(f"a brace is not closed in {tex!r}")
    if environments:
        raise FormulaError(f"\\begin{{{environments[-1]}}} is not ended in {tex!r}")
    if tokens.count(r"\left") != tokens.count(r"\right"):
        raise FormulaError(f"\\left and \\right must come in pairs in {tex!r}")
    _check_signs(tex)


def _check_signs(tex):
    """Refuse what TeX or the converter would swallow, or set as letters."""
    bare = NAMED.sub(" ", tex)
    if re.search(r"(?<!\\)%", tex):
        raise FormulaError(f"% begins a comment in {tex!r}: write \\% for a percent sign")
    for sign in re.findall(r"[^\x00-\x7f]", bare):
        if sign in SIGNS:
            raise FormulaError(f"write {SIGNS[sign]} for {sign} in {tex!r}")
        if unicodedata.category(sign)[0] not in "LMN":
            raise FormulaError(f"the sign {sign} can't stand in the formula {tex!r}")
    if sign := re.search(r"(?<!\\)[#\"`@$]", bare):
        raise FormulaError(f"the sign {sign[0]} can't stand in the formula {tex!r}")
    if loose := LOOSE.search(bare):
        raise FormulaError(
            f"only {loose[1]} would be raised or lowered in {tex!r}: write {loose[0][0]}{{…}}"
        )
    if word := WORDS.search(bare):
        raise FormulaError(
            f"the word {word[0]} in {tex!r} would be set as a product of letters: "
            f"write \\text{{{word[0]}}}, or \\$ if the dollars are money"
        )


def _check_scripts(tokens, tex):
    """Refuse a second index or exponent on one base; the converter piles some of them up."""
    seen, argument, outer = "", False, []
    for index, token in enumerate(tokens):
        if token in ("^", "_", "'"):
            kind = "_" if token == "_" else "^"
            goes_on = index and tokens[index - 1] == "'"
            if argument or (kind in seen and not (kind == "^" and goes_on)):
                two = "two indices" if kind == "_" else "two exponents"
                raise FormulaError(f"{two} on one base in {tex!r}: put braces round one of them")
            seen, argument = seen + kind, token != "'"
        elif token == "{":
            outer.append((seen, argument))
            seen, argument = "", False
        elif token == "}" and outer:
            seen, argument = outer.pop()
            seen, argument = (seen if argument else ""), False
        else:
            seen, argument = (seen if argument else ""), False


def _check_text(match):
    """Words inside \\text{…} are not read as a formula."""
    name, _, words = match[0].partition("{")
    if re.search(r"[\\&$<>]", words) or (name.strip() == r"\operatorname" and " " in words.strip()):
        raise FormulaError(f"only plain words may stand in {match[0]!r}")
    return r"\mathrm{x}"


def _arguments(tokens, start, count, name, tex):
    for _ in range(count):
        if start >= len(tokens) or tokens[start] in ("}", "&", r"\\", "^", "_"):
            raise FormulaError(f"{name} needs {count} argument{'s' * (count > 1)} in {tex!r}")
        if tokens[start] == "{":
            if start + 1 < len(tokens) and tokens[start + 1] == "}":
                raise FormulaError(f"{name} has an empty argument in {tex!r}")
            start = _closing(tokens, start, tex)
        elif tokens[start] in TWO_ARGUMENTS | ONE_ARGUMENT:
            raise FormulaError(f"put braces round the argument of {name} in {tex!r}")
        start += 1


def _closing(tokens, start, tex):
    depth = 0
    for index in range(start, len(tokens)):
        depth += (tokens[index] == "{") - (tokens[index] == "}")
        if depth == 0:
            return index
    raise FormulaError(f"a brace is not closed in {tex!r}")
