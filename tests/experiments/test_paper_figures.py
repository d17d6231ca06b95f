"""Each figure that a paper prints is computed here, and comes out as the oracle has it."""

import pytest

from experiments import paper_figures
from experiments.oracles import oracle
from experiments.paper_figures import (
    LLAMA_7B,
    LLAMA_13B,
    NOTES,
    PLACES,
    UNITS,
    VALUES,
    adapters,
    gpt,
    judge,
    lora,
    recompute,
)

ROWS = {row["id"]: row for row in oracle("paper_figures")["rows"]}


@pytest.mark.parametrize("name", ROWS)
def test_the_expression_gives_what_the_oracle_computed(name):
    assert VALUES[name] == pytest.approx(ROWS[name]["computed"], rel=1e-12)


@pytest.mark.parametrize("figure", recompute(), ids=lambda f: f.id)
def test_the_verdict_is_the_oracles(figure):
    assert figure.verdict == ROWS[figure.id]["reproduces"].partition(" ")[0]


def test_there_is_an_expression_for_each_row_and_none_besides():
    assert set(VALUES) == set(ROWS)
    assert {row["reported_unit"] for row in ROWS.values()} <= set(UNITS)


def test_what_is_said_otherwise_is_said_of_rows_that_are_there():
    said = {figure.id: figure for figure in recompute("LoRA, arXiv")}
    assert {name: said[name].where for name in PLACES} == PLACES
    assert all(ROWS[name]["where"] != place for name, place in PLACES.items())
    assert {name: said[name].note for name in NOTES} == NOTES
    assert lora(2 * 48, 1536, 8) == VALUES["deberta_lora"] / 2


def test_formulas_of_whole_models_agree_with_frameworks():
    assert gpt(1280, 36) == oracle("gpt2-large")["counts"]["total"]
    assert gpt(768, 12) == oracle("gpt2-small")["counts"]["total"]
    assert gpt(12288, 96, positions=2048) == oracle("gpt3-175b-shape")["counts"]["total"]
    assert LLAMA_7B.total == oracle("llama-2-7b")["counts"]["total"]
    assert 2 * LLAMA_13B.total == 26_031_728_640


def test_lora_and_adapters_are_counted_as_their_matrices():
    assert lora(1, 5, 2) == 2 * 5 + 5 * 2
    assert adapters(1, 64, 8) == (8 * 64 + 8) + (64 * 8 + 64)


@pytest.mark.parametrize(
    ("printed", "value", "bound", "verdict"),
    [
        ("18.9", 18.874, "", "yes"),
        ("18.8", 18.874, "", "truncated"),
        ("18.7", 18.874, "", "no"),
        ("354", 353.5, "", "yes"),
        ("0.4", 0.4000000001, "", "yes"),
        ("48", 47.2, "at most", "consistent"),
        ("48", 48.2, "at most", "no"),
        ("780", 780.0, "more than", "consistent"),
        ("780", 779.0, "more than", "no"),
    ],
)
def test_a_figure_is_judged_by_its_own_digits(printed, value, bound, verdict):
    assert judge(printed, value, bound) == verdict


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="bound must be 'at most', 'more than' or '', got 'near'"):
        judge("1", 1, "near")
    with pytest.raises(ValueError, match="source must be part of a source's name in .*, got 'nob"):
        recompute("nobody")


def test_a_row_without_an_expression_is_refused(monkeypatch):
    row = dict(ROWS["zero_3"], id="new")
    monkeypatch.setattr(paper_figures, "oracle", lambda name: {"rows": [row]})
    with pytest.raises(ValueError, match="row new of the oracle has no expression in VALUES"):
        recompute()
