"""Formulas: TeX in, MathML out. What the converter can't do is an error, never a wrong formula."""

from __future__ import annotations

import re
from functools import lru_cache

from latex2mathml.converter import convert

# Checked by eye and by test; anything else is refused, because the converter prints it unread.
ONE_ARGUMENT = {
    r"\mathrm",
    r"\mathbf",
    r"\mathit",
    r"\text",
    r"\operatorname",
    r"\sqrt",
    r"\hat",
    r"\bar",
    r"\tilde",
    r"\vec",
    r"\dot",
    r"\mathbb",
    r"\mathcal",
    r"\overline",
    r"\underline",
}
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
TOKEN = re.compile(
    r"\\begin\{([^}]*)\}|\\end\{([^}]*)\}|\\[A-Za-z]+|\\.|[{}&^_]|[^\\{}&^_\s]|\s+", re.S
)
TEXT_ARGUMENT = re.compile(r"\\(?:text|operatorname)\s*\{[^{}]*\}")


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
    _check(tex)
    try:
        mathml = convert(tex, display="block" if display else "inline")
    except Exception as error:
        message = str(error) or type(error).__name__
        raise FormulaError(f"the formula {tex!r} can't be converted: {message}") from error
    unread = re.search(r"<m[a-z]+>(\\\w+|&amp;|&#x00026;|&)</m[a-z]+>", mathml)
    if unread:
        raise FormulaError(f"the formula {tex!r} can't be converted: {unread[1]} is not understood")
    return _mend(mathml)


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
    if tex.count(r"\left") - tex.count(r"\leftarrow") != tex.count(r"\right") - tex.count(
        r"\rightarrow"
    ):
        raise FormulaError(f"\\left and \\right must come in pairs in {tex!r}")


def _check_text(match):
    """Words inside \\text{…} are not read as a formula."""
    if re.search(r"[\\&$<>]", match[0].partition("{")[2]):
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
