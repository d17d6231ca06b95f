"""What a figure of blocks tells the browser of each block."""

import json

import numpy as np
import pytest

from figures import adapter_network, freezing_layers, lora_layers, on_top, pretrain_vs_fine_tune
from figures.kit.blocks import CORNER, STATES, BlockStore, corner
from figures.kit.numbers import MINUS, format_number, format_rounded
from figures.kit.primitives import KINDS
from snippets.adapter import new_adapters
from snippets.lora import new_lora
from snippets.network import FULL_SIZES, new_network
from tests.figures.drawing import parse


def full():
    rng = np.random.default_rng(3)
    return new_network(FULL_SIZES, rng), rng.normal(size=(30, 12)), rng


def figures():
    W, X, rng = full()
    moved = {**W, "W3": W["W3"] + 0.001 * rng.normal(size=(40, 40))}
    head = rng.normal(size=(10, 40))
    yield "freezing", freezing_layers(W, moved, X, {"W3"})
    yield "on top", on_top(W, {"W4": head}, {"W4": head + 1}, X)
    yield "adapters", adapter_network(W, new_adapters(W, 4, rng), X)
    yield "lora", lora_layers(W, {"": new_lora(W, 4, rng)})
    yield "two", pretrain_vs_fine_tune(W["W2"], W["W3"], moved["W3"])


FIGURES = dict(figures())
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())


def told(figure):
    return json.loads(next(parse(figure).iter("script")).text)


@every_figure
def test_every_block_of_both_arrangements_is_told_of(figure):
    data = told(figure)
    seen = 0
    for group in parse(figure).iter("g"):
        for use in group.findall("g/use"):
            seen += 1
            rows, columns, count, text = data["blocks"][use.get("href")[1:]]
            assert group.get("class") in data["states"]
            outline = next(group.iter("rect"))
            assert float(outline.get("width")) / float(outline.get("height")) == pytest.approx(
                columns / rows, rel=0.01
            )
            assert count == f"{rows * columns} numbers"
            lines = [line.split(" ") for line in text.split(";")]
            assert len(lines) == min(CORNER, rows)
            assert {len(line) for line in lines} == {min(CORNER, columns)}
    assert seen >= 6


def test_the_corner_is_that_of_the_array():
    W, X, _ = full()
    data = told(freezing_layers(W, {**W, "W3": W["W3"] + 1}, X, {"W3"}))
    corners = [text for *_, text in data["blocks"].values()]
    for values in (*W.values(), X):
        rows = [" ".join(map(format_number, row)) for row in values[:5, :5]]
        assert ";".join(rows) in corners


def test_small_numbers_keep_two_digits_and_a_change_its_sign():
    values = np.array([[0.00123, -0.045], [0, 1e-5]])
    assert corner(values, 0.02) == f"0.0012 {MINUS}0.045;0 0.00001"
    assert corner(values, 0.02, signed=True).startswith(f"+0.0012 {MINUS}0.045;0")
    assert corner(values, 0.02).split(";")[0] == " ".join(map(format_rounded, values[0]))


def test_equal_matrices_are_told_of_once():
    store = BlockStore()
    one = store.add(np.eye(8), 1.0, "frozen")
    assert store.add(np.eye(8), 1.0, "new") == one
    assert len(store.blocks) == 1 and set(store.states) == {"frozen", "new"}


def test_there_are_words_for_every_kind():
    assert STATES.keys() == KINDS.keys()


def test_a_figure_of_numbers_has_nothing_to_look_up():
    assert (
        "by-hand-blocks"
        not in freezing_layers({"W1": np.eye(2)}, {"W1": np.eye(2)}, np.eye(2), set())._repr_html_()
    )


@every_figure
def test_what_is_told_adds_little(figure):
    assert len(json.dumps(told(figure))) < 5500
