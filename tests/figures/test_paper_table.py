"""paper_table.py: each row shows what the paper prints and what its formula gives."""

import re
from html import unescape

import pytest

from experiments.paper_figures import recompute
from figures import paper_table
from figures.paper_table import HEAD, digits, grouped, typeset, with_unit

FIGURES = recompute()


def cells(html):
    texts = re.findall(r"<td[^>]*>(.*?)</td>", html)
    return [unescape(re.sub(r"<[^>]*>", " ", text)).strip() for text in texts]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.id)
def test_a_row_holds_the_figure_its_formula_and_the_verdict(figure):
    what, printed, formula, gives, verdict, *note = cells(
        paper_table([figure], "one")._repr_html_()
    )
    assert what.startswith(figure.what) and what.endswith(figure.where)
    number = float(printed.replace(figure.bound, "").strip(" ×%MGBbits\xa0").replace(",", ""))
    assert number == float(figure.printed)
    assert formula == typeset(figure.formula)
    shown = float(gives.strip(" ×%MGBbits\xa0").replace(",", ""))
    assert shown == pytest.approx(figure.value, abs=0.5 * 10.0 ** -_decimals(gives))
    assert verdict == figure.verdict
    assert note == ([figure.note] if figure.note else [])


def _decimals(text):
    return len(re.match(r"[\d,]*\.?(\d*)", text)[1])


def test_a_table_has_a_row_for_each_figure_and_named_columns():
    html = paper_table(FIGURES, "all")._repr_html_()
    noted = sum(bool(figure.note) for figure in FIGURES)
    assert html.count("<tr") == 1 + len(FIGURES) + noted
    assert re.findall(r'<th[^>]* scope="col">([^<]*)</th>', html) == list(HEAD)


def test_numbers_are_written_as_on_all_pages():
    assert [grouped(text) for text in ("1500.0", "10000", "175255.8")] == [
        "1500.0",
        "10,000",
        "175,255.8",
    ]
    assert [with_unit("3", unit) for unit in ("x", "%", "", "M")] == ["3×", "3%", "3", "3\xa0M"]
    assert typeset("2L*(12d^2+13d)") == "2L·(12d²+13d)"
    by_id = {figure.id: figure for figure in FIGURES}
    assert digits(by_id["gpt3_lora_qv_r4"]) == "18.87"
    assert digits(by_id["nf4_const"]) == "0.5"


@pytest.mark.parametrize("rows", [[], [1], "ab"])
def test_bad_input_is_refused(rows):
    with pytest.raises(ValueError, match="rows must list Recomputed figures, one or more, got"):
        paper_table(rows, "none")
