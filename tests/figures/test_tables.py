"""Tables of costs and of results: each cell is the number, each row has its words."""

import pytest

from experiments.experiment import Result
from figures import costs_table, results_table, ways_table
from figures.tables import FIVE, WAYS
from snippets.cost import cost_words, costs_of, six_methods

FULL, LORA = (costs_of(six_methods()[name]) for name in ("full", "lora"))


def test_a_row_is_a_cost_and_a_column_a_way():
    made = costs_table({"All train": FULL, "LoRA": LORA})
    assert made.head == ("Cost, in numbers", "All train", "LoRA")
    assert [row[0] for row in made.rows] == [cost_words()[cost] for cost in FIVE]
    for cost, (_, full, lora) in zip(FIVE, made.rows):
        read = [int(text.replace(",", "")) for text in (full, lora)]
        assert read == [getattr(FULL, cost), getattr(LORA, cost)]


def test_what_is_saved_is_the_first_over_the_second():
    made = costs_table({"a": FULL, "b": LORA, "c": LORA}, ("trainable",), saved=True)
    assert list(made.head[1:]) == ["a", "b", "Saved", "c"]
    assert made.rows[0] == ("Weights that train", "4400", "920", f"{4400 / 920:.2f}×", "920")
    with pytest.raises(ValueError, match="columns must hold two or more to compare, got a"):
        costs_table({"a": FULL}, saved=True)


def test_a_page_may_call_a_cost_otherwise_and_leave_one_out():
    column = LORA._replace(multiply_adds="–")
    made = costs_table({"a": column}, ("multiply_adds",), words={"multiply_adds": "Work"})
    assert made.rows == (("Work", "–"),)


def test_results_have_three_decimals_and_what_trained():
    result = Result(trained=920, rate=0.1, new_error=0.12345, old_error=1.5, old_drift=0)
    assert results_table("Way", {"LoRA": result}).rows == (("LoRA", "0.123", "1.500", "920"),)
    made = ways_table({"W3": {"full": result}, "W1": dict.fromkeys(WAYS, result)})
    names = [row[0] for row in made.rows]
    assert names == ["W3: full fine-tuning", *(f"W1: {words}" for words in WAYS.values())]
