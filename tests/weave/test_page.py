"""page.py: what a page shows, and the exact words in which it is refused."""

import re
import xml.etree.ElementTree as ElementTree
from html import escape
from pathlib import Path

import markdown
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.docs.pages import PAGES, every_page
from tests.weave.pages import (
    AGAIN,
    ENVIRONMENT_NAMES,
    FLAGS,
    TYPED,
    block,
    problems,
    prose,
    weave,
    words,
)
from weave import runner
from weave.page import read_page
from weave.pytest_adapter import woven
from weave.runner import weave_file


def span(text, expression, number=1):
    source = f'data-expression="{escape(expression)}" data-block="block-{number}"'
    return f'<span class="value" {source}>{text}</span>'


# ---- what is broken, and how it is said ------------------------------------------------------

BROKEN = {
    "typed value": (
        "x {{ 4400 }}",
        ["page.md:1: ValueError: {{ 4400 }} is typed: name what a block computed"],
    ),
    "assert": (
        "# Title\n\n" + block("weights = 4400\nassert weights == 4401"),
        ["page.md:5: AssertionError: 4400 != 4401"],
    ),
    "exception": (block("x = {}\nx['a']"), ["page.md:3: KeyError: 'a'"]),
    "exception without words": (block("raise ValueError"), ["page.md:2: ValueError"]),
    "exception in what it calls": (
        block("from fractions import Fraction\n\nFraction(1, 0)"),
        ["page.md:4: ZeroDivisionError: Fraction(1, 0)"],
    ),
    "syntax": (block("x = (1,\nprint(x)"), ["page.md:2: SyntaxError: '(' was never closed"]),
    "syntax, found late": (
        block("x = 1\nreturn x"),
        ["page.md:3: SyntaxError: 'return' outside function"],
    ),
    "name in a value": (
        block("trained = 3") + "\n\nOf {{ trianed }}.\n",
        ["page.md:6: NameError: name 'trianed' is not defined"],
    ),
    "format of a value": (
        block("trained = 3") + "\n{{ trained:q }}\n",
        ["page.md:5: ValueError: Unknown format code 'q' for object of type 'int'"],
    ),
    "no expression": ("{{ }}", ["page.md:1: SyntaxError: {{ }} holds no expression"]),
    "half an expression": (
        "{{ 1 + }}",
        ["page.md:1: SyntaxError: {{ 1 + }} is not a Python expression"],
    ),
    "open braces": ("a\n\n{{ 1 }\n", ["page.md:3: SyntaxError: {{ is never closed"]),
    "open formula": ("a\n\n$$ x\n", ["page.md:3: SyntaxError: $$ is never closed"]),
    "open comment": (
        "a\n\n<!-- b\n\n" + block("1 / 0"),
        ["page.md:3: SyntaxError: <!-- is never closed"],
    ),
    "a value that ends the program": ("{{ exit(3) }}", ["page.md:1: SystemExit: 3"]),
    "figure": (
        block("from figures import freezing_layer"),
        [
            "page.md:2: ImportError: cannot import name 'freezing_layer' from 'figures' "
            f"({Path('figures', '__init__.py')})"
        ],
    ),
    "flag": (
        block("x = 1", "contination"),
        ["page.md:1: unknown flag 'contination' after python: " + FLAGS],
    ),
    "typed number": (
        "a\n\nIt has 4400 weights.\n",
        ["page.md:3: the number 4400 " + TYPED],
    ),
    "macro": ("a\n\n$\\foo_3$", [r"page.md:3: unknown macro \foo in '\\foo_3'"]),
    "macro beside a value": (
        block("n = 1234") + "\n$\\foo {{ n }}$",
        [r"page.md:5: unknown macro \foo in '\\foo {{ n }}'"],
    ),
    "argument": ("$\\frac{1}$", [r"page.md:1: \frac needs 2 arguments in '\\frac{1}'"]),
    "brace": ("$x^{2$", ["page.md:1: a brace is not closed in 'x^{2'"]),
    "environment": (
        "$$\\begin{tikz}x\\end{tikz}$$",
        [
            r"page.md:1: unknown environment 'tikz' in '\\begin{tikz}x\\end{tikz}': "
            + ENVIRONMENT_NAMES
        ],
    ),
    "text in a formula": (
        block("name = 'W'") + "\n$x = {{ name }}$",
        ["page.md:5: {{ name }} in a formula must be a number, not 'W'"],
    ),
    "value in words of a formula": (
        block("n = 12") + "\n$\\text{ {{ n }} weights}$",
        [r"page.md:5: only plain words in braces may follow \text in '\\text{ {{ n }} weights}'"],
    ),
    "bold value": (
        block("n = 12") + "\n$\\mathbf{ {{ n }} }$",
        [r"page.md:5: in '\\mathbf{ {{ n }} }' a value stands where only typed text can"],
    ),
    "second run": (
        "a\n\n" + block("import random\nrandom.random()"),
        ["page.md:3: the block shows something else " + AGAIN],
    ),
    "second value": (
        "a\n\n" + block("import random") + "\n{{ random.random() }}\n",
        ["page.md:7: the value is another one " + AGAIN],
    ),
    "second run fails": (
        block("import os\nassert os.environ['PYTHONHASHSEED'] == '0'"),
        ["page.md:3: AssertionError: '188' != '0'"],
    ),
    "nothing raised": (
        block("x = 1", "raises=ValueError"),
        ["page.md:1: AssertionError: this block should raise ValueError; it raises nothing"],
    ),
    "another error": (
        block("1 / 0", "raises=ValueError"),
        ["page.md:2: ZeroDivisionError: division by zero"],
    ),
    "continuation first": (
        block("x = 1", "continuation"),
        ["page.md:1: continuation, but no block stands before this one"],
    ),
    "much output": (
        block("print('x' * 200_000)"),
        ["page.md:2: ValueError: a block may print 100000 characters; this one prints more"],
    ),
    "warning": (
        block("import numpy as np\nnp.float64(1) / np.float64(0)"),
        ["page.md:3: RuntimeWarning: divide by zero encountered in scalar divide"],
    ),
    "never closed": (
        "a\n\n```python\nx\n",
        ["page.md:3: this block is opened with ``` and never closed"],
    ),
    "in a list": (
        "a\n\n- item\n\n    ```python\n    x = 1\n    1 / 0\n    ```\n",
        ["page.md:7: ZeroDivisionError: division by zero"],
    ),
    "in a quote": (
        "> ```python\n> 1 / 0\n> ```\n",
        ["page.md:2: ZeroDivisionError: division by zero"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_page_says_file_line_and_cause(name):
    text, messages = BROKEN[name]
    assert problems(text) == messages


def test_a_block_that_never_ends_says_so(monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 0.2)
    assert problems("a\n\n" + block("x = 1\nwhile True: pass")) == [
        "page.md:5: the block still ran after 0.2 s and was stopped"
    ]


def test_a_value_that_never_ends_says_so(monkeypatch):
    monkeypatch.setattr(runner, "SECONDS", 0.2)
    assert problems("a\n\n{{ [0 for _ in iter(int, 1)] }}") == [
        "page.md:3: the block still ran after 0.2 s and was stopped"
    ]


def test_all_that_is_wrong_is_listed_in_order_of_lines():
    page = "It has 4400.\n\n{{ nobody }}\n\n" + block("1 / 0") + "\n$\\foo$\n"
    lines = [int(re.search(r":(\d+):", problem)[1]) for problem in problems(page)]
    assert lines == [1, 3, 6, 9]


@pytest.mark.parametrize(
    "first", [block("y = 1 / 0"), block("y = 2", "hidde"), block("x = 1\ny = x.nothing\nz = y")]
)
def test_what_follows_from_a_block_that_failed_is_not_said_again(first):
    page = first + "\n" + block("print(y)", "continuation") + "\n{{ y }} and ${{ y }}$\n"
    assert len(problems(page)) == 1


def test_a_name_that_the_failed_block_would_not_have_set_is_still_an_error():
    page = block("y = 1 / 0") + "\n" + block("print(other)", "continuation")
    assert problems(page)[1:] == ["page.md:6: NameError: name 'other' is not defined"]


def test_a_new_chain_knows_nothing_of_the_one_before():
    assert problems(block("x = 1") + "\n" + block("x")) == [
        "page.md:6: NameError: name 'x' is not defined"
    ]


def test_lines_count_from_the_top_of_the_file(tmp_path):
    file = tmp_path / "page.md"
    file.write_text(
        "---\ntitle: T\ndescription: D\n---\n\n# T\n\n" + block("1 / 0") + "\n{{ no }}\n"
    )
    assert [problem.line for problem in weave_file(file).problems] == [9, 12]


def test_front_matter_that_cannot_be_read_is_an_error_with_its_line(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("---\ntitle: T\ndescription: a: b\n---\n# T\n")
    (problem,) = weave_file(file).problems
    assert (problem.line, problem.message) == (
        3,
        "the front matter can't be read: mapping values are not allowed here",
    )


def test_files_from_other_systems_read_the_same(tmp_path):
    file = tmp_path / "page.md"
    file.write_bytes(
        "\ufeff---\r\ndescription: D {{ x }}\r\n---\r\n\r\n```python\r\nx = 'ä'\r\n```\r\n".encode()
    )
    source = read_page(file)
    assert (source.offset, source.meta["description"]) == (3, "D {{ x }}")
    page = weave_file(file)
    assert (page.problems, page.description, page.blocks[0].fence.line) == ([], "D ä", 5)


# ---- what a page shows ----------------------------------------------------------------------

SETUP = block("n, share, neg, big, name = 2800, 0.125, -3, 4_400_000, 'LoRA'\nd = {'a:b': 7}")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ n }}", "2800"),
        ("{{n}}", "2800"),
        ("{{ n:,}}", "2,800"),
        ("{{ big }}", "4,400,000"),
        ("{{ -big }}", "−4,400,000"),
        ("{{ n + 7199 }} {{ n + 7200 }}", "9999 10,000"),
        ("{{ neg }}", "−3"),
        ("{{ neg:+g}}", "−3"),
        ("{{ -share:.0%}}", "−12%"),
        ("{{ share:.1%}}", "12.5%"),
        ("{{ share }}", "0.125"),
        ("{{ 1e-5:.0e}}", "1e-05"),
        ("{{ 1 / 3:.3f}}", "0.333"),
        ("{{ name }}", "LoRA"),
        ("{{ name:>6}}", "  LoRA"),
        ('{{ d["a:b"] }}', "7"),
        ('{{ d["a:b"]:03d}}', "007"),
        ("{{ 'abcd'[1:3] }}", "bc"),
        ("{{ (lambda k: k + 1)(2):.1f}}", "3.0"),
        ("{{ {1: 5}[1] }}", "5"),
        ("{{ True }}", "True"),
        ("{{ n }}{{ neg }}", "2800−3"),
        ("{{ (n\n) }}", "2800"),
        ("{{ 'x-1' }}", "x-1"),
    ],
)
def test_a_value_is_written_as_prose_writes_it(source, shown):
    assert words(prose(SETUP + "\n<<" + source + ">>").partition("<<")[2]) == shown + ">>"


PLACES = {
    "sentence": ("A {{ n }} b.", "<p>A {} b.</p>"),
    "bold": ("**{{ n }}**", "<strong>{}</strong>"),
    "heading": ("## The {{ n }} weights", ">The {} weights</h2>"),
    "table": ("| a | b |\n| --- | ---: |\n| {{ n }} | c |", "<td>{}</td>"),
    "link": ("[all {{ n }}](https://example.org)", ">all {}</a>"),
    "list": ("- {{ n }}\n- b", "<li>{}</li>"),
    "quote": ("> {{ n }}", "<p>{}</p>"),
    "html": ('<p class="x">{{ n }}</p>', '<p class="x">{}</p>'),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_value_stands_in_every_place_with_where_it_came_from(place):
    source, expected = PLACES[place]
    page = weave(SETUP + "\n" + source)
    html = page.resolve(markdown.markdown(page.text, extensions=["tables"]))
    assert expected.replace("{}", span("2800", "n")) in html
    assert page.problems == []


def test_an_attribute_gets_the_plain_value():
    page = weave(SETUP + "\n![All {{ n }} of $\\Delta W_3$ & {{ '\"<' }}](a.png 'T {{ n }}')")
    html = page.resolve(markdown.markdown(page.text))
    assert 'alt="All 2800 of ΔW3 &amp; &quot;&lt;"' in html
    assert 'title="T 2800"' in html


def test_a_heading_gives_its_anchor_and_its_entry_in_the_contents_the_value():
    page = weave(SETUP + "\n## The {{ n }} weights")

    class Resolve(markdown.postprocessors.Postprocessor):
        def run(self, text):
            return page.resolve(text)

    md = markdown.Markdown(extensions=["toc"])
    md.postprocessors.register(Resolve(), "resolve", -100)
    assert 'id="the-2800-weights"' in md.convert(page.text)
    assert md.toc_tokens[0]["name"] == "The 2800 weights"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\{{ n }}", "{{ n }}"),
        ("`{{ n }}`", "`{{ n }}`"),
        ("`` a`{{ n }} ``", "`` a`{{ n }} ``"),
        ("<!-- {{ nobody }} -->", "<!-- {{ nobody }} -->"),
        (r"\$5 and \$6", "$5 and $6"),
        ("It costs $5 and $6.", "It costs $5 and $6."),
        ("`$x$`", "`$x$`"),
        ("```text\n{{ n }} $x$\n```", "```text\n{{ n }} $x$\n```"),
    ],
)
def test_code_comments_and_escaped_marks_are_left_alone(source, shown):
    assert prose(source) == shown


def test_special_characters_are_escaped_wherever_they_land():
    page = weave(block("print('<b>&')\n'a<b'", "") + "\n{{ '<i>' if 1 < 2 else \"'\" }}\n")
    html = page.resolve(page.text)
    assert "<samp>&lt;b&gt;&amp;\n'a&lt;b'</samp>" in html
    source = "&#x27;&lt;i&gt;&#x27; if 1 &lt; 2 else &quot;&#x27;&quot;"
    assert f'<span class="value" data-expression="{source}">&lt;i&gt;</span>' in html


@pytest.mark.parametrize(
    ("expression", "number"),
    [("a", 1), ("b", 3), ("a + b", 3), ("c", 3), ("f()", 2), ("sum([a for q in range(2)])", 1)],
)
def test_a_value_names_the_last_block_that_set_what_it_uses(expression, number):
    page = (
        block("a, b, c = 1, 2, [0]")
        + "\n"
        + block("def f():\n    a = 5\n    return a", "continuation")
        + "\n"
        + block("b = 4\nc[0] = 1\nx = [q for q in range(a)]", "continuation")
    )
    assert (
        f'data-block="block-{number}"'
        in prose(page + "\n{{ " + expression + " }}").rpartition("<span")[2]
    )


def test_a_value_of_no_block_names_none():
    assert prose("{{ 1 + 1 }}") == '<span class="value" data-expression="1 + 1">2</span>'


def test_a_value_that_draws_itself_is_drawn():
    setup = block("class F:\n    def _repr_svg_(self):\n        return '<svg/>'")
    assert prose(setup + "\na {{ F() }} b").endswith("a <svg/> b")


def test_blocks_in_a_note_stay_in_it_with_the_text_between():
    fence = "".join(f"    {line}\n" for line in ["```python", "x = 1", "```"])
    again = fence.replace("python", "python continuation").replace("x = 1", "x + 1")
    page = weave(f"A[^1].\n\n[^1]: Note.\n\n{fence}\n    Between.\n\n{again}\nEnd.\n")
    html = page.resolve(markdown.markdown(page.text, extensions=["footnotes"]))
    body = ElementTree.fromstring(f"<body>{html}</body>")
    (note,) = body.findall("div[@class='footnote']/ol/li")
    assert [e.get("id") for e in note.iter("div") if e.get("id")] == ["block-1", "block-2"]
    assert "Between." in "".join(note.itertext())
    assert body.find(".//p/div") is None


def test_a_drawing_in_a_sentence_does_not_stand_in_its_paragraph():
    setup = block("class F:\n    def _repr_html_(self):\n        return '<figure>f</figure>'")
    page = weave(setup + "\nOne {{ F() }} two *three* {{ F() }}\n\n{{ F() }}\n")
    html = page.resolve(markdown.markdown(page.text)).partition("</div>\n")[2]
    figure = "<figure>f</figure>"
    assert html == f"<p>One</p>{figure}<p>two <em>three</em></p>{figure}\n{figure}"


NARROW = {
    "*all {{ f }} of it*": "<em>",
    "**all\n{{ f }}**": "<strong>",
    "# The {{ f }}": "<h1>",
    "The {{ f }}\n---": "<h2>",
    "- ### {{ f }}": "<h3>",
    "[see {{ f }}](a.md)": "<a>",
    "> <kbd>{{ f }}</kbd>": "<kbd>",
    "![a {{ f }}](a.png)": "an attribute",
    '<i title="{{ f }}">x</i>': "an attribute",
    "*so $$x$$ is*": "<em>",
    "The XY.\n\n*[XY]: a {{ f }}": "an attribute",
    "## A {: title='{{ f }}' }": "an attribute",
    '=== "a {{ f }}"\n    b': "<label>",
}
FIGURE = block("class F:\n    def _repr_html_(self):\n        return '<figure>4</figure>'\nf = F()")


@pytest.mark.parametrize("source", NARROW)
def test_a_drawing_is_refused_where_no_block_can_stand(source):
    shown = "$$…$$" if "$$" in source else "{{ f }}"
    line = 8 + source[: source.find("{{ f")].count("\n")
    assert problems(f"{FIGURE}\n{source}\n") == [
        f"page.md:{line}: {shown} can't stand in {NARROW[source]}: "
        "put it into a paragraph of its own"
    ]


def test_a_drawing_is_refused_in_a_title():
    page = weave(FIGURE, description="Of {{ f }}")
    assert [str(problem) for problem in page.problems] == [
        "page.md:1: {{ f }} can't stand in the front matter: put it into a paragraph of its own"
    ]


@pytest.mark.parametrize(
    "source",
    ["- {{ f }} b", "| a |\n| - |\n| {{ f }} |", "> {{ f }} b", "<div markdown>\n{{ f }} b\n</div>"]
    + ["a *b* {{ f }} *c*", "**a** $$x$$ **b**", '!!! note "{{ 1 }}"\n    a {{ f }}'],
)
def test_a_drawing_may_stand_beside_words(source):
    assert problems(f"{FIGURE}\n{source}\n") == []


def test_small_drawings_may_stand_in_a_heading():
    small = FIGURE.replace("figure>", "svg>")
    assert problems(f"{small}\n## A {{{{ f }}}} *b {{{{ f }}}}*\n") == []


def test_a_paragraph_that_is_cut_at_a_drawing_keeps_its_attributes():
    page = weave(FIGURE + '\n<p class="by-hand">a {{ f }} b</p>\n')
    assert page.resolve(page.text).endswith(
        '<p class="by-hand">a</p><figure>4</figure><p class="by-hand">b</p>\n'
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('{{ {"a": {"b": 1}}["a"]["b"] }}', "1"),
        ("{{ '}}' }}", "}}"),
        ("{{{ n }}}", "{2800}"),
        ("<code>{{ n }}</code>", "2800"),
        ('<b title="$x$ {{ n }}">{{ n }}</b>', "2800"),
        ("{{ '\\x1b[1mbold\\x1b[m' }}", "bold"),
    ],
)
def test_values_with_braces_and_signs_are_read_to_their_end(source, shown):
    assert words(prose(SETUP + "\n<<" + source + ">>").partition("<<")[2]) == shown + ">>"


def test_a_formula_may_hold_a_value_in_braces():
    assert "<msup><mn>10</mn>" in prose(SETUP + "\n$10^{{{ n }}}$")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n\nb\x1b[31m", "page.md:3: the page holds the control character U+001B: take it out"),
        ("a\0", "page.md:1: the page holds the control character U+0000: take it out"),
        ("a\x85b", "page.md:1: the page holds the control character U+0085: take it out"),
        ("a\n\\alpha", "page.md:2: \\alpha stands outside a formula: put it between dollars"),
        ("a\n\\(x\\)", "page.md:2: \\(…\\) is no formula here: write $…$"),
        (
            "In $50%$ of cases",
            "page.md:1: % begins a comment in '50%': write \\% for a percent sign",
        ),
    ],
)
def test_what_would_stand_wrong_on_the_page_is_said_with_its_line(text, message):
    assert problems(text) == [message]


@pytest.mark.parametrize(
    ("flags", "order"), [("", ["<code>", "Output"]), ("hide", ["Output", "<details", "<code>"])]
)
def test_a_block_shows_its_code_and_below_it_its_output(flags, order):
    html = prose(block("print('hello')", flags))
    places = [html.index(mark) for mark in order]
    assert places == sorted(places)
    assert 'id="block-1"' in html
    assert ("<details" in html) == (flags == "hide")


def test_a_block_that_should_fail_shows_the_message():
    assert "<samp>ValueError: no &lt;</samp>" in prose(
        block("raise ValueError('no <')", "raises=ValueError")
    )


def test_a_chain_goes_on_and_numbers_count_through_the_page():
    page = weave(block("x = 1") + "\n" + block("x += 1\nx", "continuation") + "\n" + block("3"))
    assert [b.number for b in page.blocks] == [1, 2, 3]
    assert [b.outcome.printed for b in page.blocks] == ["", "2\n", "3\n"]


@pytest.mark.parametrize(
    ("before", "prefix", "after", "around"),
    [
        ("- item\n\n", "    ", "", "li"),
        ("> Said:\n>\n", "> ", "", "blockquote"),
        ("!!! note\n\n", "    ", "", "div[@class='admonition note']"),
        ('=== "One"\n\n', "    ", "", "div[@class='tabbed-block']"),
        ("A[^1]\n\n[^1]: Note.\n\n", "    ", "", "div[@class='footnote']/ol/li"),
        ("A[^1]\n\n[^1]:\n", "    ", "", "div[@class='footnote']/ol/li"),
        ("T\n:   It is.\n\n", "    ", "", "dd"),
        ("- a\n\n    - b\n", "        ", "", "li/ul/li"),
        ("<details markdown>\n<summary>s</summary>\n\n", "", "\n</details>\n", "details"),
    ],
)
def test_a_block_stays_inside_what_it_stands_in(before, prefix, after, around):
    fence = "".join(f"{prefix}{line}\n" for line in ["```python", "40 + 2", "```"])
    page = weave(f"{before}{fence}{after}\nAfter.\n")
    html = markdown.markdown(
        page.text,
        extensions=["admonition", "def_list", "footnotes", "md_in_html", "pymdownx.tabbed"],
        extension_configs={"pymdownx.tabbed": {"alternate_style": True}},
    )
    body = ElementTree.fromstring(f"<body>{page.resolve(html)}</body>")
    assert [samp.text for samp in body.findall(f".//{around}//samp")] == ["42"]
    assert [p for p in body.findall("p") if p.text == "After."]
    assert body.find(".//p/div") is None
    assert page.problems == []


# ---- the whole of it ------------------------------------------------------------------------


@every_page
def test_every_page_of_the_site_is_without_problems_and_the_same_each_time(file):
    first, second = woven(file), weave_file(file)
    assert first.problems == []
    assert (first.text, first.pieces, first.description) == (
        second.text,
        second.pieces,
        second.description,
    )


def test_there_are_pages():
    assert len(PAGES) >= 10


SCRAPS = st.sampled_from(
    [
        "{{",
        "}}",
        "{{ 1 }}",
        "{{ x }}",
        "$",
        "$$",
        "\\$",
        "\\{{",
        "`",
        "``",
        "```",
        "```python\n",
        "\n```\n",
        "<!--",
        "-->",
        "\n\n",
        "1234",
        " 2,800 ",
        "\\frac",
        "{",
        "}",
        "_",
        "^",
        "W'_3",
        "<p>",
        '<a b="',
        '">',
        "[a](b)",
        "[^1]: ",
        "> ",
        "- ",
        "    ",
        "| a |",
        "# ",
        "é",
        "\ue000",
        "\ue010",
        "\ue001",
        "\ue000\ue019\ue001",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=250)
@example(["\ue000\ue015\ue001", "{{ 1 }}"])
@given(st.lists(SCRAPS | st.text(max_size=6), max_size=14))
def test_no_text_makes_weaving_raise(scraps):
    page = weave("".join(scraps), description="".join(scraps[:3]), twice=False)
    page.resolve(page.text)
    assert all(problem.line >= 1 and problem.message for problem in page.problems)


PLAIN = st.text(
    st.characters(
        exclude_characters="{}$`~\\<\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
        exclude_categories=["Cs", "Co"],
    )
)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(PLAIN)
def test_plain_markdown_passes_unchanged(text):
    page = weave(text)
    assert (page.text, page.pieces, page.resolve(text)) == (text, [], text)


@pytest.mark.parametrize("sign", "\u200b\u202e\u2060\u2066\ufeff")
def test_signs_that_hide_or_turn_what_stands_beside_them_are_refused(sign):
    message = f"the page holds the control character U+{ord(sign):04X}: take it out"
    assert problems(f"a\n4{sign}4{sign}01\n") == [f"page.md:2: {message}"]


def test_the_name_of_a_note_is_typed():
    message = "type the name of a note, no value can stand in it"
    assert problems("x[^{{ n }}]\n\n[^{{ n }}]: y\n") == [
        f"page.md:1: [^{{{{ n }}}}]: {message}",
        f"page.md:3: [^{{{{ n }}}}]: {message}",
    ]


def test_values_in_the_attributes_of_markdown_are_put_in():
    page = weave(SETUP + "\n## A {: title='Of {{ n }}' data-x=\"{{ n }}\" }\n")
    html = page.resolve(markdown.markdown(page.text, extensions=["attr_list"]))
    assert page.problems == [] and '<h2 data-x="2800" title="Of 2800">A</h2>' in html
