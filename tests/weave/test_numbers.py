"""numbers.py: what a page did not compute may not be typed, and nothing else is refused."""

from decimal import Decimal

import numpy as np
import pytest

from tests.weave.pages import TYPED, block, problems, weave
from weave.front_matter import read_source
from weave.numbers import canonical, numbers_in, numbers_of, typed_numbers, write
from weave.runner import weave_sources


def typed(text):
    return [number for _, number in typed_numbers(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It has 4400 weights.", ["4400"]),
        ("It has 4,400 weights.", ["4,400"]),
        ("4400", ["4400"]),
        ("(4400)", ["4400"]),
        ("**4400**", ["4400"]),
        ("_4400 weights_ and __4401__", ["4400", "4401"]),
        ("*4400 weights*", ["4400"]),
        ("0.125 of it", ["0.125"]),
        ("12.5% of it", ["12.5"]),
        ("100%", ["100"]),
        ("1600 + 2800 = 4400", ["1600", "2800", "4400"]),
        ("40×100", ["100"]),
        ("100× fewer", ["100"]),
        ("−100 and -200", ["100", "200"]),
        ("a 640kB, 100 ms, 100ms, 128MB step", ["640", "100", "100", "128"]),
        ("the 1,000,000th", ["1,000,000"]),
        ("## All 4400 weights", ["4400"]),
        ("| 4400 | 4401 |", ["4400", "4401"]),
        ("$40 \\times 40 = 1600$", ["1600"]),
        ("$\\frac{1600}{4400}$", ["1600", "4400"]),
        ("![All 4400](a.png)", ["4400"]),
        ("[All 4400](page.md)", ["4400"]),
        ("[^1] says 4400", ["4400"]),
        ('[text](page.md "Title 4400")', ["4400"]),
        ("![a](a.png 'Of 4400')", ["4400"]),
        ('<span title="4400">x</span>', ["4400"]),
        ("<i aria-label='All 4400' data-n='4401'>x</i>", ["4400"]),
        ('<img width="640" alt="4400\nof 4401">', ["4400", "4401"]),
        ("<img alt=4400 width=640>", ["4400"]),
        ('<i title="{{ f("a") }} of 4400" id="n4401">4402</i>', ["4400", "4402"]),
        ('![a](a.png){ title="4400" width=640 }', ["4400"]),
        ('<input placeholder="4400" value="4401">', ["4400", "4401"]),
        ('<i aria-valuenow="4400" aria-labelledby="n4401">x</i>', ["4400"]),
        ('<ol start="4400"><li value="4401">x</li></ol>', ["4400", "4401"]),
        ("4.401e3, 4401E-2 and 1e6", ["4.401", "4401"]),
        (".4401 and ...4402", ["4401", "4402"]),
        ("44**01** and **44**01 and *4*40*1*", ["4401", "4401", "4401"]),
        ("44<b>01</b> and <i>4</i>402 and 4<!-- -->403", ["4401", "4402", "4403"]),
        ("4&#52;01 and &#52;&#52;&#48;&#50;", ["4401", "4402"]),
        ("44\xad01", ["4401"]),
        ('[r]: a.md "4401 weights"', ["4401"]),
        ("2000 weights", ["2000"]),
        ("one of 2000 trainable weights", ["2000"]),
        ("In 2000 careful steps", ["2000"]),
        ("Layer 2000.", ["2000"]),
        ("one of 2000 weights", ["2000"]),
        ("Freezing 2000 weights", ["2000"]),
        ("in 2000 steps", ["2000"]),
        ("a factor of 2000×", ["2000"]),
        ("in 2100, in 1776", ["2100", "1776"]),
        ("first 4400\nthen 4401", ["4400", "4401"]),
        ("[^4400]: A note of 4401.\n    More of it, 4402.", ["4401", "4402"]),
    ],
)
def test_a_number_of_three_digits_or_more_is_a_typed_one(text, numbers):
    assert typed(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "3 layers of 40 units, 99%, 2.5, 1/2, W3, H2, δ3",
        "In 2023 the paper said so.",
        "the 2017 paper",
        "between 2014 and 2017",
        "the 1990s.",
        "on 2025-11-23 at night",
        "PyTorch 2.13.1",
        "see pages 109–165",
        "since 1989, until 2014; from 2012 to now",
        "(ICLR 2023)",
        "(Yosinski et al., 2014)",
        "Yosinski et al. (2014)",
        "Yosinski et al. 2014.",
        "[2014]",
        "NeurIPS 2014.",
        "23 November 2025, at night",
        "© 2026",
        "`4400` and ``4400 ` 4401``",
        "<!-- 4400 -->",
        "[text](page-4400.md)",
        "[text](https://example.org/4400(1)/400)",
        "<https://example.org/4400>",
        "See https://example.org/4400.",
        "[name]: https://example.org/4400",
        '[^hu]: E. Hu, "LoRA", pages 109–165 (2021).',
        "arXiv:1411.1792, arXiv 2106.09685v2",
        "[arXiv:1411.1792](https://arxiv.org/abs/1411.1792)",
        "doi:10.1016/S0079-7421(08)60536-8".replace("(08)", ""),
        "DOI 10.1000/182, ISBN 978-3-16-148410-0, RFC 2119, ISO 8601",
        "[@hu2021]",
        "![Network](a.png){: width=640 }",
        '![Network](a.png){ width="640" }',
        "## Title { #part-4400 .wide }",
        '<img src="a.png" width="640">',
        '<i title="in 2023" class="title=4400" data-alt="4400">x</i>',
        '<i title="{{ 4400 + n }}">x</i>',
        "conv2d4400, x4400",
        "2*10 and 10<sup>10</sup> and <td>44</td><td>01</td>",
        "a &#124; b &#x2014;",
        "![Network](a.png){ width=300 }",
        "![Network](a.png){: width=300 height=200 .wide }",
        "## Title {#part-4400}",
        "as said.[^100]",
        "[text][4400]",
        "[^100]: E. Hu.",
        "<code>4400</code>, <kbd>4400</kbd>, <samp>4400</samp>",
        "<pre>\n4400\n</pre>",
        "<!-- 4400\n\n4401 -->",
        "{{ 4400 + n }}",
        "<svg width=640><path d='M 100 200'/></svg>",
        "https://example.org/4400, http://example.org/?a=4400",
    ],
)
def test_small_numbers_years_citations_addresses_and_code_are_free(text):
    assert typed(text) == []


@pytest.mark.parametrize(
    ("computed", "written"),
    [
        ("print(2800)", "2800"),
        ("print(2800)", "2,800"),
        ("print('2,800 in all')", "2800"),
        ("2800.0", "2800"),
        ("x = 2800", "2800"),
        ("x = -2800", "−2800"),
        ("import numpy as np\nx = np.int64(2800)", "2800"),
        ("import numpy as np\nx = np.float64(0.125)", "0.125"),
        ("x = 1 / 8", "0.125"),
        (
            "class F:\n    def _repr_svg_(self):\n        return '<text>2800</text>'\nF()",
            "2800",
        ),
    ],
)
@pytest.mark.parametrize("flags", ["", "hide"])
def test_a_number_that_the_page_computes_may_be_typed(computed, written, flags):
    assert problems(block(computed, flags) + f"\nThat is {written} in all.") == []


def test_a_number_that_a_value_shows_may_be_typed_before_and_after_it():
    page = "So 123.4 first.\n\n" + block("x = 123.39") + "\n{{ x:.1f}}\n\nAnd 123.4 again."
    assert problems(page) == []


@pytest.mark.parametrize(
    "computed",
    [
        "x = [2800]",
        "print(28000)",
        "print(2801)",
        "# 2800",
        "def f():\n    return 2800",
        "x = '2800'",
        "x = True",
    ],
)
def test_a_number_that_is_nowhere_computed_may_not(computed):
    assert problems(block(computed) + "\nThat is 2800 in all.")[0].startswith(
        f"page.md:{4 + computed.count(chr(10)) + 1}: the number 2800 is typed"
    )


def test_a_number_in_the_code_or_in_an_expression_is_no_typed_one():
    assert (
        problems(block("x = 4400") + "\n{{ x - 4000 }} and {{ x:05d}}\n\n```text\n4400 4401\n```")
        == []
    )


def test_the_description_is_checked_and_may_hold_values():
    page = weave(block("x = 4400"), description="All {{ x }} of 4401.")
    assert page.description == "All 4400 of 4401."
    assert [problem.message for problem in page.problems] == ["the number 4401 " + TYPED]


@pytest.mark.parametrize(
    ("first", "second"),
    [("4400", "4,400"), ("4400", "4400.0"), ("0.50", "0.5"), ("1,000,000", "1000000")],
)
def test_ways_to_write_a_number_are_one_number(first, second):
    assert canonical(first) == canonical(second)


def test_numbers_are_read_from_text_and_from_names():
    assert numbers_in("1,200 of 3.50; x2") == {Decimal(1200), Decimal("3.5"), Decimal(2)}
    names = {
        "a": 5,
        "b": -0.5,
        "c": True,
        "d": 1j,
        "e": "7",
        "f": np.float32(2),
        "g": float("nan"),
        "h": 1e-9,
    }
    assert numbers_of(names) == {Decimal(5), Decimal("0.5"), Decimal(2)}


@pytest.mark.parametrize(
    ("value", "specification", "text"),
    [
        (9999, "", "9999"),
        (10_000, "", "10,000"),
        (-10_000, "", "−10,000"),
        (np.int64(44000), "", "44,000"),
        (True, "", "True"),
        (0.5, "", "0.5"),
        (-0.5, "+.1f", "−0.5"),
        (float("-inf"), "", "-inf"),
        (1e-5, "", "1e-05"),
        ("2021-03", "", "2021-03"),
        (-1, ">4", "  −1"),
        (44000, "d", "44000"),
    ],
)
def test_a_number_is_written_as_prose_writes_it(value, specification, text):
    assert write(value, specification) == text


@pytest.mark.parametrize(
    "text",
    [
        "Shown:\n\n    x = 4400  # {{ nobody }} $x\n\nEnd.\n",
        "- item\n\n        4400 {{ nobody }}\n",
        "> Said:\n>\n>     4400 {{ nobody }}\n",
        "Shown:\n\n\t4400\n\n\t{{ nobody }}\n",
    ],
)
def test_indented_code_is_free(text):
    page = weave(text)
    assert (page.problems, page.text) == ([], text)


@pytest.mark.parametrize("text", ["- item\n\n    It has 4400.\n", "Text\n    of 4400.\n"])
def test_what_is_indented_and_no_code_is_not(text):
    assert len(problems(text)) == 1


def test_a_typed_number_is_said_on_its_line_in_prose_title_and_description():
    text = "a &#52;4\n<b>x</b> 44**01**\n"
    assert problems(text) == [f"page.md:2: the number 4401 {TYPED}"]
    front = "---\ndescription: Of 4402\ntitle: Of 4403\n---\n"
    (page,) = weave_sources([read_source(front, "page.md")])
    assert [str(problem) for problem in page.problems] == [
        f"page.md:2: the number 4402 {TYPED}",
        f"page.md:3: the number 4403 {TYPED}",
    ]
