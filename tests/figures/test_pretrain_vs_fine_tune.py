"""Lesson 2's figure: two updates of one matrix on one scale."""

import re

import numpy as np
import pytest

from figures import pretrain_vs_fine_tune
from figures.kit.figure import READABLE, SMALLEST
from snippets.pencil import pencil_network
from tests.figures.drawing import arrangement, numbers, parse, ruled, texts_apart

START, PRETRAINED = np.zeros((4, 4)), pencil_network()["W3"]
FINETUNED = PRETRAINED + np.array([[0, 0, 0, 0], [0, -1, 0, -1], [0] * 4, [0] * 4])
RNG = np.random.default_rng(0)
LARGE = [RNG.normal(size=(40, 40))]
LARGE += [LARGE[0] + RNG.normal(size=(40, 40))]
LARGE += [LARGE[1] + 0.01 * RNG.normal(size=(40, 40))]

FIGURES = {
    "pencil": pretrain_vs_fine_tune(START, PRETRAINED, FINETUNED),
    "full": pretrain_vs_fine_tune(*LARGE),
    "nothing moved": pretrain_vs_fine_tune(START, PRETRAINED, PRETRAINED),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_the_numbers_in_the_drawing_are_the_arrays(name):
    drawn = numbers(arrangement(FIGURES["pencil"], name))
    expected = {
        "W0": [START],
        "ΔW": [PRETRAINED, FINETUNED - PRETRAINED],
        "W": [PRETRAINED, PRETRAINED],
        "W′": [FINETUNED],
    }
    assert drawn.keys() == expected.keys()
    for label, grids in drawn.items():
        got = [[[float(cell.replace("−", "-")) for cell in row] for row in grid] for grid in grids]
        assert got == [values.tolist() for values in expected[label]], label


def test_captions_compare_the_lengths():
    assert FIGURES["pencil"].caption == (
        "In pretraining ΔW has length 3.7, and W0 is all 0. In fine-tuning ΔW has length 1.4, 38%"
        " of that of W."
    )
    assert np.linalg.norm(FINETUNED - PRETRAINED) == pytest.approx(2**0.5)
    lengths = [np.linalg.norm(W) for W in (*LARGE, LARGE[1] - LARGE[0], LARGE[2] - LARGE[1])]
    full = FIGURES["full"].caption
    assert f"{lengths[3] / lengths[0]:.0%} of that of W0" in full
    assert f"length {lengths[4]:.2f}, {lengths[4] / lengths[1]:.0%} of that of W" in full
    most = np.abs(LARGE[2] - LARGE[1]).max()
    assert f"There it looks blank, but 1600 of 1600 numbers move, by {most:.3f} at most." in full


def test_a_small_change_is_blank_and_a_large_one_is_not():
    stored = {
        group.get("id"): len(list(group))
        for group in parse(FIGURES["full"]).iter("g")
        if group.get("id")
    }
    assert sorted(stored.values()) == [0, 4, 4, 4, 4]  # W0, ΔW, W, W'; the second ΔW is empty


@every_figure
def test_texts_are_apart_on_the_sheet_and_readable(figure):
    for name in ("wide", "narrow"):
        svg = arrangement(figure, name)
        width = float(svg.get("viewBox").split()[2])
        texts_apart(svg)
    assert SMALLEST * (300 - 2) / width >= READABLE  # the narrow one
    assert 15 <= len(figure.alt.split()) <= 60


@every_figure
def test_every_class_has_a_rule(figure):
    names = " ".join(re.findall('class="(.*?)"', figure._repr_html_())).split()
    assert set(names) <= ruled()


def test_a_figure_shown_twice_has_ids_of_its_own():
    ids = [
        {element.get("id") for element in parse(figure).iter() if element.get("id")}
        for figure in (FIGURES["full"], pretrain_vs_fine_tune(*LARGE, copy=2))
    ]
    assert len(ids[0]) == len(ids[1]) == 5 and not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((START, PRETRAINED[:3], FINETUNED), "pretrained must be 4×4 like start, got 3×4"),
        ((START, PRETRAINED, FINETUNED[:, :2]), "finetuned must be 4×4 like start, got 4×2"),
        ((START, PRETRAINED - np.inf, FINETUNED), "pretrained must hold finite numbers only"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError) as error:
        pretrain_vs_fine_tune(*arguments)
    assert message in str(error.value)
