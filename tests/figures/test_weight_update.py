"""Lesson 1's figures: one layer before and after, and its ΔW as a product."""

import re

import numpy as np
import pytest

from figures import update_by_hand, weight_update
from figures.kit.figure import READABLE, SMALLEST
from snippets.pencil import pencil_network, pencil_task
from tests.figures.drawing import arrangement, numbers, parse, ruled, texts_apart

W0, X = pencil_network()["W1"], pencil_task()[0]
T = np.array([[1.0, -1], [1, 0], [-1, 2], [-1, 2]])
DELTA = W0 @ X - T
RATE = 0.25
CHANGE = -RATE * DELTA @ X.T
W1 = W0 + CHANGE
RNG = np.random.default_rng(0)
LARGE = RNG.normal(size=(40, 30))
LARGE_X = RNG.normal(size=(30, 12))

FIGURES = {
    "pencil": weight_update(W0, W1, X),
    "pencil, nothing moved": weight_update(W0, W0, X),
    "full": weight_update(LARGE, LARGE + 0.01, LARGE_X),
    "by hand": update_by_hand(DELTA, X, CHANGE, row=2, column=1, learning_rate=RATE),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_arrangements = pytest.mark.parametrize("name", ["wide", "narrow"])


def read(grid):
    return [[float(cell.replace("−", "-")) for cell in row] for row in grid]


@both_arrangements
def test_the_numbers_in_the_drawing_are_the_arrays(name):
    drawn = numbers(arrangement(FIGURES["pencil"], name))
    expected = {"X": X, "W0": W0, "F0": W0 @ X, "ΔW": CHANGE, "W1": W1, "F1": W1 @ X}
    assert drawn.keys() == expected.keys()
    for label, grids in drawn.items():
        for grid in grids:
            assert read(grid) == expected[label].tolist(), label


@both_arrangements
def test_a_product_shows_its_factors_and_its_result(name):
    drawn = numbers(arrangement(FIGURES["by hand"], name))
    expected = {"δ": DELTA, "XT": X.T, "δ XT": DELTA @ X.T, "ΔW": CHANGE}
    assert drawn.keys() == expected.keys()
    for label, (grid,) in drawn.items():
        assert read(grid) == expected[label].tolist(), label


def test_captions_and_alternative_texts_say_what_the_arrays_have():
    one, none, all_of_it, by_hand = FIGURES.values()
    assert one.caption == (
        "Six of the twelve numbers of W0 change. W1 is 4×3 like W0, and X is the same X."
    )
    assert one.alt == (
        "One layer before and after one update. W0 (4×3) gets a ΔW: 6 of 12 numbers change, by −1"
        " to +1. Row 1 of W0 goes from −1, 1, 0 to −1, 0, −0.5; row 1 of the output goes from"
        " −1, 1 to −1, −1.5."
    )
    assert none.alt.endswith("all zero, so that W1 is W0 and F1 is F0.")
    assert none.caption.startswith("None of the twelve numbers of W0 change.")
    assert all_of_it.caption.startswith("All 1200 numbers of W0 change.")
    assert "1200 of 1200 numbers change, by +0.010 to +0.010" in all_of_it.alt
    assert by_hand.alt.endswith("Cell (2, 1) of ΔW is +0.5.")


def test_each_changed_cell_has_a_box_and_no_other():
    svg = arrangement(FIGURES["pencil"], "wide")
    new = next(group for group in svg.iter("g") if group.get("class") == "new")
    boxes = next(path for path in new.iter("path") if path.get("class") == "box")
    assert boxes.get("d").count("M") == int((W0 != W1).sum())


@every_figure
def test_texts_are_apart_on_the_sheet_and_readable(figure):
    for name in ("wide", "narrow"):
        svg = arrangement(figure, name)
        width = float(svg.get("viewBox").split()[2])
        texts_apart(svg)
    assert SMALLEST * (300 - 2) / width >= READABLE  # the narrow one


@every_figure
def test_every_class_has_a_rule(figure):
    parse(figure)
    names = " ".join(re.findall('class="(.*?)"', figure._repr_html_())).split()
    assert set(names) <= ruled()


def test_a_figure_shown_twice_has_ids_of_its_own():
    ids = [
        {element.get("id") for element in parse(figure).iter() if element.get("id")}
        for figure in (FIGURES["full"], weight_update(LARGE, LARGE + 0.01, LARGE_X, copy=2))
    ]
    assert len(ids[0]) == len(ids[1]) == 6 and not ids[0] & ids[1]
    assert "X and F" in FIGURES["full"]._repr_html_()


BAD = [
    (lambda: weight_update(W0, W1.T, X), "W1 must be 4×3 like W0, got 3×4"),
    (lambda: weight_update(W0, W1, X.T), "X must have 3 rows to fit W0, got 2×3"),
    (lambda: weight_update(W0 * np.nan, W1, X), "W0 must hold finite numbers only"),
    (
        lambda: update_by_hand(DELTA, X, CHANGE, row=5, column=1, learning_rate=RATE),
        "row and column must be a cell of 4×3, got (5, 1)",
    ),
    (
        lambda: update_by_hand(DELTA, X[:, :1], CHANGE, row=1, column=1, learning_rate=RATE),
        "X must have 2 columns like delta, got 3×1",
    ),
    (
        lambda: update_by_hand(DELTA, X, CHANGE, row=1, column=1, learning_rate=0.5),
        "delta_weight must be −learning_rate × delta Xᵀ, got other numbers",
    ),
    (
        lambda: update_by_hand(DELTA, X, CHANGE.T, row=1, column=1, learning_rate=RATE),
        "delta_weight must be 4×3 like delta Xᵀ, got 3×4",
    ),
    (
        lambda: update_by_hand(DELTA, X, CHANGE, row=1, column=1, learning_rate=-1),
        "learning_rate must be a finite number, 0 or more, got -1",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
