"""The closing comparison draws every number, to scale."""

import re

import pytest

from figures.comparison import BAR, comparison
from figures.kit.layout import SQUARE
from figures.kit.numbers import format_count
from snippets.cost import costs_of, six_methods
from tests.figures.drawing import arrangement, parse, texts

COSTS = {name: costs_of(method) for name, method in six_methods().items()}
NAMES = {method: method for method in COSTS}
CHOSEN = {"trainable": "Train", "multiply_adds": "Multiply-adds", "held_with_adam": "Held"}


@pytest.mark.parametrize("form", ["wide", "narrow"])
def test_every_number_is_written(form):
    words = [text.words for text in texts(arrangement(comparison(COSTS, NAMES, CHOSEN), form))]
    for cost in CHOSEN:
        for entry in COSTS.values():
            assert format_count(getattr(entry, cost)) in words


def test_a_bar_is_as_long_as_its_number():
    figure = comparison(COSTS, NAMES, {"trainable": "Train"})
    widths = [float(rect.get("width")) for rect in arrangement(figure, "wide").iter("rect")]
    expected = [BAR * SQUARE * entry.trainable / 4400 for entry in COSTS.values()]
    assert widths == pytest.approx(expected, abs=0.06)


def test_the_alternative_text_has_the_numbers():
    alt = comparison(COSTS, NAMES, {"trainable": "Train"}).alt
    assert alt == "Train: full 4400, freeze 1600, probe 400, head 1000, adapters 960, lora 920."


def test_it_is_well_formed():
    parse(comparison(COSTS, NAMES, CHOSEN, caption="W'3 < W3"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({}, NAMES, CHOSEN), "costs and chosen must hold one entry or more"),
        ((COSTS, {"full": "f"}, CHOSEN), "names must name every method, got none for freeze"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        comparison(*arguments)
