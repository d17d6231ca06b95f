"""formulas.py: a formula comes out right, or not at all."""

import html
import re
import xml.etree.ElementTree as ElementTree
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weave.pages import ENVIRONMENT_NAMES, block, prose, weave
from weave.formulas import (
    ENVIRONMENTS,
    ONE_ARGUMENT,
    SYMBOLS,
    TWO_ARGUMENTS,
    FormulaError,
    to_mathml,
)

MATH = "{http://www.w3.org/1998/Math/MathML}"


def outline(node):
    """MathML as nested text: msub(W 3)."""
    name = node.tag.replace(MATH, "")
    inner = " ".join(outline(child) for child in node) or normalize("NFKC", node.text or "").strip()
    return inner if name in {"math", "mrow", "mi", "mn", "mo", "mtext"} else f"{name}({inner})"


def shape(tex, **options):
    return outline(
        ElementTree.fromstring(html.unescape(to_mathml(tex, **options)).replace("&", "&amp;"))
    )


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("W_3", "msub(W 3)"),
        ("W'_3", "msubsup(W 3 ′)"),
        ("W_3'", "msubsup(W 3 ′)"),
        ("W'", "msup(W ′)"),
        ("W''_3", "msubsup(W 3 ′′)"),
        ("W'^2", "msup(W ′ 2)"),
        ("x^2_i", "msubsup(x i 2)"),
        (r"\frac{1}{2}", "mfrac(1 2)"),
        (r"\frac12", "mfrac(1 2)"),
        (r"\sqrt{x}", "msqrt(x)"),
        (r"\Delta W", "Δ W"),
        ("a - b", "a − b"),
        ("-1", "− 1"),
        (r"40 \times 30", "40 × 30"),
        ("1600", "1600"),
        ("0.125", "0.125"),
        (r"\text{all weights}", "all weights"),
        (r"H_2^\top", "msubsup(H 2 ⊤)"),
        (r"\sum_{i=1}^n x_i", "msubsup(∑ i = 1 n) msub(x i)"),
        (
            r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
            "[ mtable(mtr(mtd(1) mtd(2)) mtr(mtd(3) mtd(4))) ]",
        ),
        (
            r"\begin{pmatrix} a \\ b \end{pmatrix}^{-1}",
            "msup(( mtable(mtr(mtd(a)) mtr(mtd(b))) ) − 1)",
        ),
        (r"\begin{bmatrix} a \end{bmatrix}_2^\top", "msubsup([ mtable(mtr(mtd(a))) ] 2 ⊤)"),
        (r"\begin{matrix} a \end{matrix}'", "msup(mtable(mtr(mtd(a))) ′)"),
        (r"A \begin{pmatrix} a \end{pmatrix} ^2 B", "A msup(( mtable(mtr(mtd(a))) ) 2) B"),
        (r"\left( \begin{matrix} a \end{matrix} \right)^2", "msup(( mtable(mtr(mtd(a))) ) 2)"),
        (r"{\binom{n}{k}}^2", "msup(( mfrac(n k) ) 2)"),
        (r"\left. x \right|_0", "msub( x | 0)"),
        (r"\sqrt[3]{x}", "mroot(x 3)"),
        (r"50\%", "50 %"),
        ("10,000", "10,000"),
        ("1{,}234{,}567", "1,234,567"),
        ("x_{1,2}", "msub(x 1 , 2)"),
        ("x'^2", "msup(x ′ 2)"),
        ("x^{a'}_b", "msubsup(x b msup(a ′))"),
        ("x^{2^3}", "msup(x msup(2 3))"),
        ("x := y", "x : = y"),
    ],
)
def test_a_formula_has_the_structure_that_it_says(tex, expected):
    assert shape(tex) == expected


@pytest.mark.parametrize(
    "tex", ["-x", "a = -x", "(-x)", "a, -x", "x^{-1}", r"\begin{matrix} -1 \end{matrix}"]
)
def test_a_minus_with_nothing_before_it_is_a_sign(tex):
    assert '<mo form="prefix">&#x02212;</mo>' in to_mathml(tex)


def test_a_minus_between_two_is_an_operation():
    assert "prefix" not in to_mathml("a - b")


@pytest.mark.parametrize(
    ("display", "word"), [(True, 'display="block"'), (False, 'display="inline"')]
)
def test_a_formula_knows_whether_it_stands_alone(display, word):
    assert word in to_mathml("x", display)


def test_a_sum_on_its_own_line_has_its_limits_below_and_above():
    assert shape(r"\sum_{i=1}^n x_i", display=True) == "munderover(∑ i = 1 n) msub(x i)"


# How each symbol must come out; a new one in the list needs its line here.
MEANING = dict(
    pair.split("=")
    for pair in r"""
    \alpha=α \beta=β \gamma=γ \delta=δ \epsilon=ε \varepsilon=ε \eta=η \theta=θ \lambda=λ \mu=μ
    \pi=π \rho=ρ \sigma=σ \tau=τ \phi=φ \varphi=φ \omega=ω \Delta=Δ \Gamma=Γ \Theta=Θ \Lambda=Λ
    \Sigma=Σ \Phi=Φ \Psi=Ψ \Omega=Ω \times=× \cdot=· \odot=⊙ \circ=∘ \pm=± \le=≤ \leq=≤ \ge=≥
    \geq=≥ \ne=≠ \neq=≠ \approx=≈ \equiv=≡ \in=∈ \notin=∉ \subset=⊂ \to=→ \rightarrow=→
    \leftarrow=← \mapsto=↦ \Rightarrow=⇒ \infty=∞ \partial=∂ \nabla=∇ \sum=∑ \prod=∏ \top=⊤
    \prime=′ \ldots=... \cdots=⋯ \vdots=⋮ \ddots=⋱ \{={ \}=} \|=‖ \%=% \langle=⟨ \rangle=⟩
    \max=max \min=min \exp=exp \log=log \ln=ln \mid=∣ \forall=∀ \exists=∃
    """.split()
)
SPACES = {r"\quad", r"\qquad", r"\,", r"\;", r"\:", r"\!", "\\ ", r"\\"}
BRACKETS = {r"\left", r"\right", r"\lVert", r"\rVert", r"\lvert", r"\rvert"}


@pytest.mark.parametrize("macro", MEANING)
def test_every_symbol_comes_out_as_itself(macro):
    assert shape(macro) == MEANING[macro]


def test_every_symbol_that_is_allowed_is_tested():
    assert set(MEANING) | SPACES | BRACKETS == SYMBOLS


@pytest.mark.parametrize("macro", sorted(ONE_ARGUMENT))
def test_every_macro_with_one_argument_leaves_no_backslash(macro):
    assert "x" in shape(f"{macro}{{x}}")
    assert "\\" not in to_mathml(f"{macro}{{x}}")


@pytest.mark.parametrize("macro", sorted(TWO_ARGUMENTS))
def test_every_macro_with_two_arguments_shows_both(macro):
    assert re.sub(r"[^ab]", "", shape(f"{macro}{{a}}{{b}}").replace("mfrac", "")) == "ab"


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_every_environment_makes_a_table(name):
    assert "mtable" in shape(rf"\begin{{{name}}} a & b \\ c & d \end{{{name}}}")


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        ("", "the formula is empty"),
        (r"\foo", r"unknown macro \foo in '\\foo'"),
        (r"\Alpha", r"unknown macro \Alpha in '\\Alpha'"),
        (r"\frac{1}", r"\frac needs 2 arguments in '\\frac{1}'"),
        (r"\frac{1}{}", r"\frac has an empty argument in '\\frac{1}{}'"),
        (r"\frac", r"\frac needs 2 arguments in '\\frac'"),
        (r"\sqrt", r"\sqrt needs 1 argument in '\\sqrt'"),
        ("x^", "^ needs 1 argument in 'x^'"),
        ("x_{}", "_ has an empty argument in 'x_{}'"),
        (r"x_\frac{1}{2}", r"put braces round the argument of _ in 'x_\\frac{1}{2}'"),
        ("{x", "a brace is not closed in '{x'"),
        ("x}", "a closing brace too many in 'x}'"),
        (
            r"\begin{array}x\end{array}",
            r"unknown environment 'array' in '\\begin{array}x\\end{array}': " + ENVIRONMENT_NAMES,
        ),
        (r"\begin{matrix}x", r"\begin{matrix} is not ended in '\\begin{matrix}x'"),
        (r"x\end{matrix}", r"\end{matrix} without its begin in 'x\\end{matrix}'"),
        (
            r"\begin{matrix}x\end{bmatrix}",
            r"\end{bmatrix} without its begin in '\\begin{matrix}x\\end{bmatrix}'",
        ),
        ("a & b", "& outside an environment in 'a & b'"),
        (r"a \\ b", r"\\ outside an environment in 'a \\\\ b'"),
        (r"\left( x", r"\left and \right must come in pairs in '\\left( x'"),
        (r"\text x", r"only plain words in braces may follow \text in '\\text x'"),
        (r"\text{a < b}", r"only plain words may stand in '\\text{a < b}'"),
        (r"\text{a \& b}", r"only plain words may stand in '\\text{a \\& b}'"),
        (r"\operatorname{arg max}", r"only plain words may stand in '\\operatorname{arg max}'"),
        ("50%", r"% begins a comment in '50%': write \% for a percent sign"),
        ("x % y\n+ 1", r"% begins a comment in 'x % y\n+ 1': write \% for a percent sign"),
        ("x^2^3", "two exponents on one base in 'x^2^3': put braces round one of them"),
        ("x_1_2", "two indices on one base in 'x_1_2': put braces round one of them"),
        ("x^2_i^3", "two exponents on one base in 'x^2_i^3': put braces round one of them"),
        ("x^2'", 'two exponents on one base in "x^2\'": put braces round one of them'),
        ("W'_3^2", 'two exponents on one base in "W\'_3^2": put braces round one of them'),
        ("W'_3'", "two exponents on one base in \"W'_3'\": put braces round one of them"),
        ("x^10", "only 1 would be raised or lowered in 'x^10': write ^{…}"),
        ("x_12", "only 1 would be raised or lowered in 'x_12': write _{…}"),
        ("10^-3", "only - would be raised or lowered in '10^-3': write ^{…}"),
        ("2 3", "two numbers side by side would read as one in '2 3'"),
        ("1 000", "two numbers side by side would read as one in '1 000'"),
        ("{2}{3}", "two numbers side by side would read as one in '{2}{3}'"),
        ("2 3^2", "two numbers side by side would read as one in '2 3^2'"),
        (
            r"\begin{matrix} 2 3 & 4 \end{matrix}",
            r"two numbers side by side would read as one in '\\begin{matrix} 2 3 & 4 \\end{matrix}'",
        ),
        (
            "5 or 6",
            r"the word or in '5 or 6' would be set as a product of letters: write \text{or}, or \$ if the dollars are money",
        ),
        (
            "max(x)",
            r"the word max in 'max(x)' would be set as a product of letters: write \text{max}, or \$ if the dollars are money",
        ),
        ("a × b", r"write \times for × in 'a × b'"),
        ("a − b", "write - for − in 'a − b'"),
        ("a ⟹ b", "the sign ⟹ can't stand in the formula 'a ⟹ b'"),
        ("a # b", "the sign # can't stand in the formula 'a # b'"),
        (r"\left x \right)", r"\left needs a bracket in '\\left x \\right)'"),
        (
            r"\begin{matrix} a \\[2pt] b \end{matrix}",
            r"\\ takes no height in brackets in '\\begin{matrix} a \\\\[2pt] b \\end{matrix}'",
        ),
        (
            r"\binom{n}{k}^2",
            r"the formula '\\binom{n}{k}^2' can't be converted: an <msup> would hold 4 parts; put braces round what belongs together",
        ),
    ],
)
def test_what_would_come_out_wrong_is_refused_with_its_cause(tex, message):
    with pytest.raises(FormulaError) as caught:
        to_mathml(tex)
    assert str(caught.value) == message


VALUES = block("n, neg, big, half, words = 12, -3, 44000, 0.5, 'a'")


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("{{ n }}", "12"),
        ("x = {{ neg }}", "x = − 3"),
        ("{{ big }}", "44,000"),
        ("{{ half:.2f}}", "0.50"),
        ("10^{{ n }}", "msup(10 12)"),
        ("W_{{ n }}", "msub(W 12)"),
        ("x^{{ neg }}", "msup(x − 3)"),
        (r"\frac{{ n }}{{ big }}", "mfrac(12 44,000)"),
        (r"\frac{ {{ n }} }{2}", "mfrac(12 2)"),
        (r"{{ n }} \times {{ n }}", "12 × 12"),
        (r"\begin{pmatrix} {{ n }} & {{ neg }} \end{pmatrix}", "( mtable(mtr(mtd(12) mtd(− 3))) )"),
    ],
)
def test_a_value_stands_in_a_formula_where_it_was_put(tex, expected):
    mathml = prose(VALUES + f"\n${tex}$").rpartition("<math")
    assert outline(ElementTree.fromstring(html.unescape("<math" + mathml[2]))) == expected
    assert 'data-expression="' in mathml[2] and 'data-block="block-1"' in mathml[2]


@pytest.mark.parametrize(
    "tex", ["{{ words }}", r"\text{ {{ n }} }", r"\mathbf{ {{ n }} }", "{{ n:e}}"]
)
def test_a_value_that_a_formula_cannot_show_is_refused(tex):
    assert len(weave(VALUES + f"\n${tex}$").problems) == 1


@pytest.mark.parametrize("tex", ["2{{ n }}", "{{ n }} {{ n }}", "{{ n }}3", "x^2 {{ n }}{{ n }}"])
def test_values_that_would_read_as_one_number_are_refused(tex):
    (problem,) = weave(VALUES + f"\n${tex}$").problems
    assert problem.message == f"two numbers side by side would read as one in {tex!r}"


@pytest.mark.parametrize(
    ("source", "inside"),
    [
        ("the $x$th row", "x"),
        ("($x$)", "x"),
        ("a $x$ b", "x"),
        ("$x$, $y$", "x"),
        ("$$x$$", "x"),
        ("$$\nx\n$$", "x"),
        ("> $$\n> x\n> $$", "x"),
        ("| a |\n| - |\n| $x$ |", "x"),
    ],
)
def test_dollars_make_a_formula(source, inside):
    assert f"<mi>{inside}</mi>" in prose(source)


@pytest.mark.parametrize(
    "source",
    ["$5 or $6", "`$x$`", r"\$x\$", "5$", "costs $5 and $10", "US$ 5 to $7", "<code>$x$</code>"],
)
def test_money_and_code_do_not(source):
    assert "<math" not in prose(source)


TEX = st.lists(
    st.sampled_from(
        [
            "x",
            "W",
            "3",
            "40",
            "'",
            "_",
            "^",
            "{",
            "}",
            "&",
            r"\\",
            r"\frac",
            r"\sqrt",
            r"\text",
            r"\left",
            r"\right",
            "(",
            ")",
            r"\begin{matrix}",
            r"\end{matrix}",
            r"\Delta",
            " ",
            "-",
            "=",
            "|",
            r"\{",
            "\\",
            "<",
            '"',
        ]
    ),
    max_size=10,
).map("".join)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(TEX)
def test_any_formula_is_well_formed_mathml_without_tex_in_it_or_is_refused(tex):
    try:
        mathml = to_mathml(tex)
    except FormulaError as error:
        assert str(error)
        return
    text = "".join(ElementTree.fromstring(mathml).itertext())
    assert not re.search(r"\\[A-Za-z]|[&^_]", text), mathml
