"""inline.py: what stands in a text is found once, and as Markdown has it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weave.inline import split_expression, tokens


def kinds(text, **options):
    """(kind, what is typed) of each token."""
    return [(token.kind, text[token.start : token.end]) for token in tokens(text, **options)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Of {{ n:,}} in `W`.", [("value", "{{ n:,}}"), ("code", "`W`")]),
        ("a `{{ n }}` `` ` {{ n }} ``", [("code", "`{{ n }}`"), ("code", "`` ` {{ n }} ``")]),
        ("a ` {{ n }}", [("value", "{{ n }}")]),
        (r"\` {{ n }} \`", [("value", "{{ n }}")]),
        ("`a\n\nb`{{ n }}", [("value", "{{ n }}")]),
        (r"\{{ n }} \$", [("escape", r"\{{"), ("escape", r"\$")]),
        ("$x_3$, $$y$$", [("formula", "$x_3$"), ("formula", "$$y$$")]),
        ("the $i$th row", [("formula", "$i$")]),
        ("$a$$b$", [("formula", "$a$"), ("formula", "$b$")]),
        ("costs $5 and $10", []),
        ("costs $5, not 6$.", [("formula", "$5, not 6$")]),
        ("Both [@a; @b, page 3].", [("mark", " [@a; @b, page 3]")]),
        ("a <!-- {{ n }} --> b", [("comment", "<!-- {{ n }} -->")]),
        ("[t](x.md)", [("link", "](x.md"), ("title", ")")]),
        ('[t](x(1).md "T")', [("link", "](x(1).md"), ("title", ' "T")')]),
        ("![a](y.png){ width=300 }", [("link", "](y.png"), ("title", ")"), ("attributes", "{ width=300 }")]),
        ("# T {#id .wide}", [("attributes", "{#id .wide}")]),
        ("a set {1, 2}", []),
        ("[^100] and [t][r]", [("reference", "[^100]"), ("reference", "][r]")]),
        ("[r]: x.md", [("definition", "[r]:"), ("link", " x.md")]),
        ("[^1]: Note {{ n }}", [("definition", "[^1]:"), ("value", "{{ n }}")]),
        ("&#124; &amp; R&D", [("entity", "&#124;"), ("entity", "&amp;")]),
        ("https://a.b/$x$ <https://c.d>", [("link", "https://a.b/$x$"), ("link", "<https://c.d>")]),
        ("<code>4400</code>", [("tag", "<code>"), ("raw", "4400"), ("tag", "</code>")]),
        ("<kbd>$a$</kbd>", [("tag", "<kbd>"), ("raw", "$a$"), ("tag", "</kbd>")]),
        ('<a title="{{ n }} > 3">', [("tag", '<a title="'), ("value", "{{ n }}"), ("tag", ' > 3">')]),
        ("1 < {{ n }} > 2", [("value", "{{ n }}")]),
        ("    {{ n }}\n", [("value", "{{ n }}")]),
    ],
)  # fmt: skip
def test_each_kind_is_found_where_it_stands(text, found):
    assert kinds(text) == found


def test_indented_code_is_code():
    text = "a\n\n    {{ n }} $x$\n\n{{ m }}"
    assert kinds(text, code=[(3, 18)]) == [("code", "    {{ n }} $x$"), ("value", "{{ m }}")]


@pytest.mark.parametrize(
    ("text", "expression", "specification"),
    [
        ('{{ {"a": {"b": 1}}["a"]["b"] }}', '{"a": {"b": 1}}["a"]["b"]', ""),
        ("{{ {1: 2}[1]:>4}}", "{1: 2}[1]", ">4"),
        ("{{{1: 2}[1]}}", "{1: 2}[1]", ""),
        ("{{ '}}' }}", "'}}'", ""),
        ("{{ '{{' + \"}}\" }}", "'{{' + \"}}\"", ""),
        ("{{ f'{n}' }}", "f'{n}'", ""),
        ("{{ {n for n in [1]} }}", "{n for n in [1]}", ""),
        ("{{ dict(a={})['a'] }}", "dict(a={})['a']", ""),
        ("{{{ n }}}", "n", ""),
        ("{{ (n\n) }}", "(n\n)", ""),
        ("{{ x[1:2]:,}}", "x[1:2]", ","),
        ('{{ "a`b" }}', '"a`b"', ""),
        ('{{ "$" }}', '"$"', ""),
    ],
)
def test_a_value_ends_where_its_expression_does(text, expression, specification):
    (value,) = (token for token in tokens(text) if token.kind == "value")
    assert (value.expression, value.specification, value.problem) == (expression, specification, "")


def test_a_formula_keeps_its_braces_and_gives_its_values():
    (formula,) = tokens(r"$10^{{{ n }}} \frac{{ {1: 2}[1] }}{{ '$'[0:0] or 3 }}$")
    assert [p if isinstance(p, str) else p.expression for p in formula.parts] == [
        "10^{",
        "n",
        r"} \frac",
        "{1: 2}[1]",
        "'$'[0:0] or 3",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ n }", "SyntaxError: {{ is never closed"),
        ("{{ n\n\n}}", "SyntaxError: {{ is never closed"),
        ("{{ }}", "SyntaxError: {{ }} holds no expression"),
        ("{{ 1 + }} and {{ 2 }}", "SyntaxError: {{ 1 + }} is not a Python expression"),
        ("{{ n!r }}", "SyntaxError: {{ n!r }} is not a Python expression"),
        ("{{ x:{w} }}", "SyntaxError: {{ x:{w} }} is not a Python expression"),
        ("<!-- a", "SyntaxError: <!-- is never closed"),
        ("$$ a", "SyntaxError: $$ is never closed"),
        ("a $ b", r"a lone $: close the formula, with no space inside its dollars, or write \$"),
        ("$ x $ b", r"a lone $: close the formula, with no space inside its dollars, or write \$"),
        ("$x\n\ny$", r"a lone $: close the formula, with no space inside its dollars, or write \$"),
        ("the $HOME folder", r"a lone $: close the formula, with no space inside its dollars, or write \$"),
        ("$i$2", r"a lone $: close the formula, with no space inside its dollars, or write \$"),
        (r"so \(y = Wx\) is", r"\(…\) is no formula here: write $…$"),
        (r"so \(x\) is", r"\(…\) is no formula here: write $…$"),
        (r"so \(Wx\) is", r"\(…\) is no formula here: write $…$"),
        ("\\[\ny = Wx\n\\]", r"\[…\] is no formula here: write $$…$$"),
        (r"\begin{align} a &= b \end{align}", r"\begin{align} stands outside a formula: put it between dollars"),
        (r"\begin{equation*}", r"\begin{equation*} stands outside a formula: put it between dollars"),
        (r"the \alpha of it", r"\alpha stands outside a formula: put it between dollars"),
        (r"\frac{1}{2}", r"\frac stands outside a formula: put it between dollars"),
        (r"\mathfrak{g}", r"\mathfrak stands outside a formula: put it between dollars"),
        (r"\unknown_3", r"\unknown stands outside a formula: put it between dollars"),
    ],
)  # fmt: skip
def test_what_would_stand_raw_on_the_page_is_a_problem(text, problem):
    found = [t.problem if t.kind == "value" else t.text for t in tokens(text)]
    assert problem in found


@pytest.mark.parametrize(
    "text",
    [r"\[sic\]", r"\(see below\)", r"\[x](y.md)", r"C:\temp", r"\*a\*", r"a\_b", "\\\\", "a \\\nb"],
)
def test_escapes_of_markdown_stay(text):
    assert [t for t in tokens(text) if t.kind == "problem"] == []


@pytest.mark.parametrize(
    ("source", "specification"),
    [
        ("x", ""),
        ("x:.2f", ".2f"),
        ("x:>10", ">10"),
        ('x["a:b"]:g', "g"),
        ("x[1:2]", ""),
        ("x[1:2]:>5", ">5"),
        ("{1: 2}[1]:d", "d"),
        ("(lambda a: a)(3):03d", "03d"),
        ("lambda: 3", ""),
        ("x if y else z:,", ","),
        ('"::":>4', ">4"),
        ("when:%H:%M", "%H:%M"),
    ],
)
def test_an_expression_ends_at_the_colon_that_is_not_its_own(source, specification):
    assert split_expression(source)[1] == specification


@pytest.mark.parametrize("source", ["x!r", "x y", "x =", "}", "for", "(" * 1000])
def test_what_is_no_expression_is_said_to_be_none(source):
    with pytest.raises(SyntaxError, match="is not a Python expression"):
        split_expression(source)


SCRAPS = st.sampled_from(
    ["{{", "}}", " 1 ", "x", "$", "$$", "\\", "`", "``", "<!--", "-->", "\n\n", "\n", "<p>", '<a b="', '">', "[", "](", ")", "][", "]", "[^1]: ", "[@a]", "&#1;", "{.b}", "<code>", "</code>", "https://a.b", " ", "'"]
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.lists(SCRAPS, max_size=14).map("".join))
def test_tokens_stand_in_order_and_apart(text):
    end = 0
    for token in tokens(text):
        assert end <= token.start < token.end <= len(text)
        end = token.end
