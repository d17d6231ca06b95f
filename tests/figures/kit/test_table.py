"""Tables of pages and notebooks."""

from xml.etree import ElementTree

import numpy as np
import pytest

from figures.kit.table import mean_and_spread, table


def read(made):
    """Return a table as a tree: its box, with the table in it."""
    return ElementTree.fromstring(made._repr_html_())


def test_a_table_has_headings_for_columns_and_rows():
    tree = read(table(["Way", "Error <"], [["full & whole", "0.136"], ["lora", "0.146"]]))
    assert [th.text for th in tree.iter("th")] == ["Way", "Error <", "full & whole", "lora"]
    assert [th.get("scope") for th in tree.iter("th")] == ["col", "col", "row", "row"]
    assert [(td.text, td.get("class")) for td in tree.iter("td")] == [
        ("0.136", "right"),
        ("0.146", "right"),
    ]


def test_a_table_scrolls_in_a_box_of_its_own_under_its_own_name():
    box = read(table(["Rank", 1, 2], [["*r* <", 10, 20]], name='A "name" <'))
    assert box.attrib == {
        "class": "table-scroll",
        "tabindex": "0",
        "role": "region",
        "aria-label": 'Table: A "name" <',
    }
    assert [child.tag for child in box] == ["table"]
    named = read(table(["Rank, *r*", 1, 2], [["a", 10, 20]]))
    assert named.get("aria-label") == "Table: Rank, r, 1, 2"
    for element in box.iter():
        role = element.get("role"), element.get("aria-label")
        assert element is box or role == (None, None)


def test_numbers_are_written_as_on_all_pages():
    row = ["Freeze 1–2", 9999, 10_000, np.int64(12_345), "-0.005", "10-fold", "–"]
    made = table(list("abcdefg"), [row])
    assert made.rows == (
        ("Freeze 1–\N{WORD JOINER}2", "9999", "10,000", "12,345", "−0.005", "10-fold", "–"),
    )


def test_words_are_set_left_and_a_column_with_numbers_right():
    tree = read(table(["Way", "Numbers", "Mergeable"], [["a", "–", "–"], ["b", 5, "no"]]))
    sides = [cell.get("class") for cell in tree.iter() if cell.tag in ("td", "th")]
    assert sides == [None, "right", None, None, "right", None, None, "right", None]


def test_bold_and_italic_are_set():
    (strong,), (em,) = (
        list(read(table(["LoRA, *r* = 4", "x"], [["a", "**920**"]])).iter(tag))
        for tag in ("strong", "em")
    )
    assert (strong.text, em.text, em.tail) == ("920", "r", " = 4")


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        ([], [], "head must name a column or more"),
        (["a", "b"], [["only one"]], "each of rows must have 2 texts"),
        (["a", "b"], [["x", 0.5]], "each cell of rows must be a text or a whole number, got 0.5"),
        (["a", "b"], [["x", True]], "each cell of rows must be a text or a whole number, got True"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(head, rows, message):
    with pytest.raises(ValueError, match=message):
        table(head, rows)


def test_mean_and_spread_stay_on_one_line():
    assert mean_and_spread([1, 2, 3]) == "2.000\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}1.000"
    with pytest.raises(ValueError, match="values must hold two numbers or more"):
        mean_and_spread([1])
