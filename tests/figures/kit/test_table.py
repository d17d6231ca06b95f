"""Tables of notebooks."""

from xml.etree import ElementTree

import pytest

from figures.kit.table import mean_and_spread, table


def test_a_table_has_headings_for_columns_and_rows():
    made = table(["Way", "Error <"], [["full & whole", "0.136"], ["lora", "0.146"]])
    tree = ElementTree.fromstring(made._repr_html_())
    assert [th.text for th in tree.iter("th")] == ["Way", "Error <", "full & whole", "lora"]
    assert [th.get("scope") for th in tree.iter("th")] == ["col", "col", "row", "row"]
    assert [(td.text, td.get("class")) for td in tree.iter("td")] == [
        ("0.136", "right"),
        ("0.146", "right"),
    ]


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        ([], [], "head must name a column or more"),
        (["a", "b"], [["only one"]], "each of rows must have 2 texts"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(head, rows, message):
    with pytest.raises(ValueError, match=message):
        table(head, rows)


def test_mean_and_spread_stay_on_one_line():
    assert mean_and_spread([1, 2, 3]) == "2.000\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}1.000"
    with pytest.raises(ValueError, match="values must hold two numbers or more"):
        mean_and_spread([1])
