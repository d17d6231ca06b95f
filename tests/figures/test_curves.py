"""Curves: each point where its number says, each line named."""

import re
from itertools import combinations

import pytest

from figures import error_curves
from figures.curves import HEIGHT, NARROW, WIDE
from figures.kit.figure import READABLE, SMALLEST
from figures.kit.layout import SQUARE
from tests.figures.drawing import STYLES, arrangement, texts

STEPS = [0, 10, 300]
RUNS = {"tuned": ([0.4, 0.1, 0.0], [0.4, 0.3, 0.25]), "scratch": ([0.8, 0.2, 0.0], [0.8, 0.6, 0.7])}
FIGURE = error_curves(STEPS, RUNS, caption="Errors.")


def lines(name):
    found = {}
    for group in arrangement(FIGURE, name).iter("g"):
        for path in group.findall("path"):
            if path.get("class", "").startswith("curve"):
                points = re.findall(r"([\d.]+) ([\d.]+)", path.get("d"))
                if len(points) == len(STEPS):
                    key = group.get("class"), path.get("class")
                    found[key] = [(float(x), float(y)) for x, y in points]
    return found


@pytest.mark.parametrize(("name", "width"), [("wide", WIDE), ("narrow", NARROW)])
def test_every_point_is_where_its_number_says(name, width):
    drawn = lines(name)
    for kind, (seen, held_out) in zip(("new", "trainable"), RUNS.values()):
        for line, values in (("curve seen", seen), ("curve", held_out)):
            x, y = zip(*drawn[kind, line])
            assert x == pytest.approx([0, width * SQUARE / 2, width * SQUARE])
            down = [HEIGHT * SQUARE * (1 - value / 1.0) for value in values]  # the axis ends at 1
            assert y == pytest.approx(down, abs=0.05)


@pytest.mark.parametrize("name", ["wide", "narrow"])
def test_lines_are_named_and_texts_are_apart(name):
    svg = arrangement(FIGURE, name)
    left, top, width, height = map(float, svg.get("viewBox").split())
    placed = texts(svg)
    words = {text.words for text in placed}
    assert {"tuned, seen", "tuned, held out", "scratch, seen", "scratch, held out"} <= words
    assert {"0", "0.25", "0.5", "0.75", "1", "10", "300", "steps"} <= words
    for one in placed:
        assert left <= one.left and one.right <= left + width, one
        assert top <= one.top and one.bottom <= top + height, one
    for one, two in combinations(placed, 2):
        across = one.right <= two.left or two.right <= one.left
        assert across or one.bottom <= two.top + 3 or two.bottom <= one.top + 3, (one, two)


def test_text_is_readable_from_300_pixels_on():
    narrow = float(arrangement(FIGURE, "narrow").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / narrow >= READABLE


def test_the_alternative_text_has_first_and_last_of_each():
    assert FIGURE.alt == (
        "Errors from step 0 to step 300. tuned, seen: from 0.4 to 0; tuned, held out: from 0.4 to"
        " 0.25; scratch, seen: from 0.8 to 0; scratch, held out: from 0.8 to 0.7."
    )
    assert FIGURE.title == "Errors of tuned and scratch while training"


def test_the_axis_ends_at_a_number_whose_quarters_are_short():
    for largest, top in [(0.31, "0.4"), (1.0, "1"), (1.1, "2"), (0.19, "0.2"), (5, "10"), (0, "1")]:
        figure = error_curves([0, 1], {"run": ([largest, 0], [0, 0])})
        labels = [t.words for t in texts(arrangement(figure, "wide")) if t.name == "size"]
        assert labels[-1] == top


def test_every_class_has_a_rule():
    ruled = set(re.findall(r"\.([a-z]+)", (STYLES / "figures.css").read_text()))
    names = " ".join(re.findall('class="(.*?)"', FIGURE._repr_html_())).split()
    assert set(names) <= ruled


@pytest.mark.parametrize(
    ("steps", "runs", "message"),
    [
        ([0], RUNS, "steps must be two or more rising numbers, got [0]"),
        ([0, 3, 3], RUNS, "steps must be two or more rising numbers, got [0, 3, 3]"),
        ([0, 1.5, 3], RUNS, "each of steps must be a whole number, 0 or more, got 1.5"),
        (STEPS, {}, "runs must hold 1 to 4 runs, got 0"),
        (STEPS, {"a": ([1, 2], [1, 2])}, "runs 'a' must be 2×3, got 2×2"),
        (STEPS, {"a": ([1, 2, 3], [1, -2, 3])}, "runs 'a' must be 0 or more, got -2"),
        (STEPS, {"a": ([1, 2, 3], [1, float("nan"), 3])}, "runs 'a' must hold finite numbers only"),
    ],
)
def test_bad_input_is_named(steps, runs, message):
    with pytest.raises(ValueError) as error:
        error_curves(steps, runs)
    assert message in str(error.value)
