"""Matrices side by side, and a gradient as a product."""

import numpy as np
import pytest

from figures.kit.by_hand import gradient_by_hand, matrices, signal_by_hand
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from snippets.pencil_methods import pencil_probe, pencil_probe_task
from snippets.probe import probe_step
from tests.figures.drawing import arrangement, parse, texts

STEP = train_step(pencil_network(), *pencil_task(), {"W1", "W2", "W3"}, LEARNING_RATE)


def numbers(figure, name):
    words = [text.words for text in texts(arrangement(figure, name))]
    return sorted(float(w.replace("−", "-")) for w in words if w.strip("+−")[:1].isdigit())


@pytest.mark.parametrize("form", ["wide", "narrow"])
@pytest.mark.parametrize("name", ["W1", "W2", "W3"])
def test_a_gradient_shows_the_numbers_of_its_factors_and_its_change(name, form):
    k = int(name[1])
    figure = gradient_by_hand(STEP, name, row=1, column=2, learning_rate=LEARNING_RATE)
    arrays = [
        STEP.deltas[f"Z{k}"],
        STEP.trace[f"H{k - 1}"],
        STEP.gradients[name],
        STEP.delta_weights[name],
    ]
    assert numbers(figure, form) == sorted(np.concatenate([a.ravel() for a in arrays]).tolist())


def test_the_drawn_gradient_is_the_product_of_the_drawn_factors():
    H2, delta3 = STEP.trace["H2"], STEP.deltas["Z3"]
    assert (delta3 @ H2.T == STEP.gradients["W3"]).all()


def test_the_gradient_of_a_probe_takes_its_delta_from_the_output():
    X, T = pencil_probe_task()
    H3 = forward(pencil_network(), X)["H3"]
    step = probe_step(pencil_probe(), H3, T, LEARNING_RATE)
    figure = gradient_by_hand(step, "W4", row=1, column=2, learning_rate=LEARNING_RATE)
    arrays = [step.deltas["Y"], H3, step.gradients["W4"], step.delta_weights["W4"]]
    expected = sorted(np.concatenate([a.ravel() for a in arrays]).tolist())
    assert numbers(figure, "wide") == numbers(figure, "narrow") == expected
    labels = [text.words for text in texts(arrangement(figure, "wide")) if text.name == "symbol"]
    assert sorted(labels) == sorted(["H3T", "δ", "δ H3T", "ΔW4"])


@pytest.mark.parametrize("form", ["wide", "narrow"])
@pytest.mark.parametrize("name", ["Z2", "Z1"])
def test_a_signal_shows_the_product_and_what_passes_the_relu(name, form):
    k, weights = int(name[1]), pencil_network()
    figure = signal_by_hand(STEP, weights, name)
    above, Z, delta = STEP.deltas[f"Z{k + 1}"], STEP.trace[name], STEP.deltas[name]
    signal = weights[f"W{k + 1}"].T @ above
    assert np.array_equal(np.where(Z > 0, signal, 0), delta)
    arrays = [above, weights[f"W{k + 1}"], signal, Z, delta]
    assert numbers(figure, form) == sorted(np.concatenate([a.ravel() for a in arrays]).tolist())
    placed = texts(arrangement(figure, form))
    assert len([text for text in placed if text.name == "changed"]) == 3 * int((Z > 0).sum())


def test_the_caption_of_a_signal_names_its_delta():
    caption = signal_by_hand(STEP, pencil_network(), "Z2").caption
    assert caption == "Boxed: Z2 is above 0. There δ2 is W3ᵀ δ3; elsewhere it is 0."


def test_matrices_are_drawn_whole_in_both_forms():
    named = {"H2": STEP.trace["H2"], "Z3": STEP.trace["Z3"], "δ3": STEP.deltas["Z3"]}
    figure = matrices(named)
    expected = sorted(np.concatenate([a.ravel() for a in named.values()]).tolist())
    assert numbers(figure, "wide") == numbers(figure, "narrow") == expected


def test_the_alternative_text_carries_every_number():
    figure = matrices({"Z3": np.array([[1.0, -2.0], [0.5, 3.0]])})
    assert figure.alt == "Z3 is 2×2: 1, −2; 0.5, 3."


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: matrices({}), "named must hold one matrix or more, got none"),
        (lambda: matrices({"H": [[np.nan]]}), "named H must hold finite numbers only"),
        (
            lambda: gradient_by_hand(STEP, "W4", row=1, column=1, learning_rate=0.5),
            "name must be a layer that trains (W3, W2, W1), got 'W4'",
        ),
        (
            lambda: gradient_by_hand(STEP, "W3", row=5, column=1, learning_rate=0.5),
            "row and column must be a cell of 4×4, got (5, 1)",
        ),
        (
            lambda: signal_by_hand(STEP, pencil_network(), "Z3"),
            "name must be a Z that the signal came down to (Z2, Z1), got 'Z3'",
        ),
        (
            lambda: signal_by_hand(STEP, {"W1": np.ones((4, 3))}, "Z1"),
            "weights must hold W2, got W1",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


def test_drawings_are_well_formed():
    parse(gradient_by_hand(STEP, "W1", row=4, column=3, learning_rate=LEARNING_RATE))
