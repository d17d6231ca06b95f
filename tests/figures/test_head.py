"""The figure of lesson 6: the frozen network and the head, against the arrays."""

import numpy as np
import pytest

from figures import head_on_top
from figures.kit.figure import READABLE, SMALLEST
from snippets.forward import forward
from snippets.head import head_forward, head_step, new_head
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import LEARNING_RATE, pencil_network
from snippets.pencil_methods import pencil_either_or, pencil_head
from tests.figures.drawing import arrangement, numbers, parse, texts, texts_apart

PRIME = "\N{PRIME}"
WEIGHTS, (X, T) = pencil_network(), pencil_either_or()
H3 = forward(WEIGHTS, X)["H3"]
HEAD = pencil_head()
STEP = head_step(HEAD, H3, T, LEARNING_RATE)


def full():
    rng = np.random.default_rng(4)
    weights, X = new_network(FULL_SIZES, rng), rng.normal(size=(30, 12))
    head = new_head((40, 20, 10), rng)
    step = head_step(head, forward(weights, X)["H3"], rng.normal(size=(10, 12)), 0.001)
    return head_on_top(weights, head, step.weights, X)


FIGURES = {"pencil": head_on_top(WEIGHTS, HEAD, STEP.weights, X), "full": full()}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_arrangements = pytest.mark.parametrize("name", ["wide", "narrow"])


@both_arrangements
def test_the_numbers_in_the_drawing_are_the_arrays(name):
    drawn = numbers(arrangement(FIGURES["pencil"], name))
    below, after = forward(WEIGHTS, X), head_forward(STEP.weights, H3)
    expected = {"X": [X], **{f"W{k}": [WEIGHTS[f"W{k}"]] for k in (1, 2, 3)}}
    expected |= {"H1": [below["H1"]], "H2": [below["H2"]], "H3": [H3, H3]}
    for k in (4, 5):
        expected[f"W{k}"] = [HEAD[f"W{k}"]]
        expected[f"ΔW{k}"] = [STEP.delta_weights[f"W{k}"]]
        expected[f"W{PRIME}{k}"] = [STEP.weights[f"W{k}"]]
    expected |= {"H4": [STEP.trace["H4"]], f"H{PRIME}4": [after["H4"]]}
    expected |= {"Y": [STEP.trace["Y"]], f"Y{PRIME}": [after["Y"]]}
    assert drawn.keys() == expected.keys()
    for label, grids in drawn.items():
        shown = [[[float(cell.replace("−", "-")) for cell in row] for row in g] for g in grids]
        assert shown == [array.tolist() for array in expected[label]], label


def test_the_frozen_part_stands_left_of_the_head_on_a_screen_and_above_it_on_a_phone():
    places = {
        name: {text.words: text for text in texts(arrangement(FIGURES["pencil"], name))}
        for name in ("wide", "narrow")
    }
    frozen, head = "Frozen: runs once", "The head: runs in every step"
    assert places["wide"][frozen].right < places["wide"][head].left
    assert places["wide"][frozen].top == places["wide"][head].top
    assert places["narrow"][frozen].bottom < places["narrow"][head].top


@every_figure
@both_arrangements
def test_no_text_lies_on_another_or_leaves_the_sheet(figure, name):
    svg = arrangement(figure, name)
    texts_apart(svg)


@every_figure
def test_text_is_readable_and_the_wide_form_fits_a_page_between_two_sidebars(figure):
    assert parse(figure).get("class") == "figure"  # not roomy, not never
    narrow = float(arrangement(figure, "narrow").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / narrow >= READABLE


def test_the_caption_counts_what_changed_and_can_be_given():
    caption = FIGURES["pencil"].caption
    assert "W1, W2 and W3 get no ΔW." in caption
    assert "Two of the eight numbers of W4 and one of the two numbers of W5 change." in caption


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: head_on_top(WEIGHTS, {"W5": [[1.0]]}, HEAD, X), "added must go on with W4"),
        (
            lambda: head_on_top(WEIGHTS, HEAD, {"W4": HEAD["W4"]}, X),
            "added_after must hold W4, W5 like added, got W4",
        ),
        (lambda: head_on_top(WEIGHTS, HEAD, HEAD, T), "X must have 3 rows to fit W1"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()
