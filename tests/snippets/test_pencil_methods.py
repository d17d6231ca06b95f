"""Every property that the pencil examples of the later lessons were chosen for."""

import numpy as np
import pytest

from snippets.adapter import adapter_forward, adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_forward, head_step
from snippets.lora import lora_forward, lora_step, merge
from snippets.loss import squared_error
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from snippets.pencil_methods import (
    PENCIL_ALPHA,
    pencil_adapter,
    pencil_either_or,
    pencil_head,
    pencil_lora,
    pencil_lower_adapter,
    pencil_probe,
    pencil_probe_task,
)
from snippets.probe import best_probe, probe_gradient, probe_step, train_probe

WEIGHTS = pencil_network()
X, T = pencil_task()


def features(inputs):
    return forward(WEIGHTS, inputs)["H3"]


def steps():
    """One step of each method, at the pencil rate."""
    probe_X, probe_T = pencil_probe_task()
    either_X, either_T = pencil_either_or()
    return {
        "probe": probe_step(pencil_probe(), features(probe_X), probe_T, LEARNING_RATE),
        "head": head_step(pencil_head(), features(either_X), either_T, LEARNING_RATE),
        "adapter": adapter_step(WEIGHTS, pencil_adapter(), X, T, LEARNING_RATE),
        "lower adapter": adapter_step(WEIGHTS, pencil_lower_adapter(), X, T, LEARNING_RATE),
        "lora": lora_step(WEIGHTS, pencil_lora(), X, T, LEARNING_RATE, PENCIL_ALPHA),
    }


NAMES = ("probe", "head", "adapter", "lower adapter", "lora")


@pytest.mark.parametrize("name", NAMES)
def test_a_step_meets_small_integers_and_then_halves(name):
    step = steps()[name]
    whole = [*step.trace.values(), *step.deltas.values(), *step.gradients.values()]
    halves = [*step.delta_weights.values(), *step.weights.values()]
    for array in whole:
        assert np.array_equal(array, np.round(array)) and abs(array).max() <= 5
    for array in halves:
        assert np.array_equal(2 * array, np.round(2 * array)) and abs(array).max() <= 3
    # A reader never meets −0.
    assert not any(np.signbit(array[array == 0]).any() for array in halves)


@pytest.mark.parametrize("name", NAMES)
def test_no_z_is_zero_so_no_derivative_is_a_convention(name):
    trace = steps()[name].trace
    assert all(value.all() for key, value in trace.items() if key.startswith("Z"))


def test_no_z_is_zero_on_the_way_to_the_stored_features_either():
    for inputs in (pencil_probe_task()[0], pencil_either_or()[0]):
        trace = forward(WEIGHTS, inputs)
        for k in (1, 2, 3):
            assert trace[f"Z{k}"].all() and abs(trace[f"Z{k}"]).max() <= 9


def test_what_goes_into_the_relu_of_an_adapter_is_not_zero():
    for adapters, k in ((pencil_adapter(), 3), (pencil_lower_adapter(), 2)):
        H = forward(WEIGHTS, X)[f"H{k}"]
        assert (adapters[f"D{k}"] @ H).all()


def test_one_step_after_another_quarters_the_loss_of_the_probe():
    inputs, targets = pencil_probe_task()
    assert np.array_equal(inputs, X)
    H3 = features(inputs)
    assert H3.tolist() == [[1, 0], [0, 2], [2, 1], [0, 0]]
    W4, losses = train_probe(pencil_probe(), H3, targets, LEARNING_RATE, 4)
    assert losses == [2, 0.5, 0.125, 0.03125, 0.0078125]
    step = steps()["probe"]
    assert step.gradients["W4"].tolist() == [[-1, 2, -1, 0], [1, -2, 1, 0]]
    assert step.weights["W4"].tolist() == [[0.5, -1, 0.5, 0], [-0.5, 1, -0.5, 0]]


def test_the_first_gradient_of_cross_entropy_is_a_quarter_of_it():
    H3 = features(pencil_probe_task()[0])
    entropy = probe_step(pencil_probe(), H3, [0, 1], LEARNING_RATE, "cross-entropy")
    assert np.array_equal(4 * entropy.gradients["W4"], steps()["probe"].gradients["W4"])


def test_the_four_examples_are_either_or():
    H3 = features(pencil_either_or()[0])
    assert H3.tolist() == [[0, 1, 1, 0], [2, 0, 0, 2], [1, 5, 4, 2], [0, 0, 0, 0]]
    assert (H3[:, 0] + H3[:, 1]).tolist() == (H3[:, 2] + H3[:, 3]).tolist()
    assert pencil_either_or()[1].tolist() == [[0, 0, 1, 1]]


def test_the_best_probe_answers_one_half_to_all_four():
    inputs, targets = pencil_either_or()
    H3 = features(inputs)
    best = np.array([[0.5, 0.25, 0, 0]])
    assert (best @ H3).tolist() == [[0.5, 0.5, 0.5, 0.5]]
    assert squared_error(best @ H3, targets) == 0.5
    # The gradient is exactly 0, and the loss is convex: there is no better one.
    assert not probe_gradient(H3, best @ H3 - targets).any()
    np.testing.assert_allclose(best_probe(H3, targets), best, atol=1e-12)
    # Nor does any of many others put all four on the right side of any threshold.
    for W4 in np.random.default_rng(0).normal(size=(2000, 1, 4)):
        Y = (W4 @ H3)[0]
        assert min(Y[2:]) <= max(Y[:2])


def test_one_step_brings_the_head_below_any_probe_and_more_steps_solve_the_case():
    inputs, targets = pencil_either_or()
    H3, step = features(inputs), steps()["head"]
    assert step.trace["Z4"].tolist() == [[3, -2, -1, 2], [2, -1, -1, 2]]
    assert step.trace["Y"].tolist() == [[1, 0, 0, 0]]
    assert step.gradients["W5"].tolist() == [[1, 0]]
    assert step.gradients["W4"].tolist() == [[0, 0, -1, 0], [0, 0, 1, 0]]
    after = head_forward(step.weights, H3)
    assert after["Y"].tolist() == [[0.25, 0.25, 0.5, 0.5]] and after["Z4"].all()
    assert (step.loss, squared_error(after["Y"], targets)) == (1.5, 0.3125)
    head = pencil_head()
    for _ in range(2000):
        head = head_step(head, H3, targets, 0.02).weights
    assert squared_error(head_forward(head, H3)["Y"], targets) < 1e-12


def test_the_adapter_halves_every_error_that_of_the_silent_unit_too():
    step = steps()["adapter"]
    assert step.trace["S3"].tolist() == [[1, 0], [0, 1]]
    wrong = step.trace["H3'"] - T
    assert np.array_equal(step.gradients["U3"], wrong)
    after = adapter_forward(WEIGHTS, step.weights, X)["H3'"]
    assert np.array_equal(after - T, wrong / 2)
    assert (step.loss, squared_error(after, T)) == (4, 1)
    # Row 4 of column 1 should be 1. No step on any W moves it, this one does.
    assert (T[3, 0], step.trace["H3"][3, 0], after[3, 0]) == (1, 0, 0.5)
    full = train_step(WEIGHTS, X, T, {"W1", "W2", "W3"}, LEARNING_RATE).weights
    assert forward(full, X)["H3"][3, 0] == 0


def test_smaller_steps_of_the_adapter_go_below_what_the_silent_unit_costs_without():
    adapters = pencil_adapter()
    for _ in range(200):
        adapters = adapter_step(WEIGHTS, adapters, X, T, 0.05).weights
    assert squared_error(adapter_forward(WEIGHTS, adapters, X)["H3'"], T) < 1e-6


def test_the_lower_adapter_learns_through_the_frozen_w3():
    step = steps()["lower adapter"]
    assert list(step.deltas) == ["Z3", "S2"]
    signal = WEIGHTS["W3"].T @ step.deltas["Z3"]
    assert signal.tolist() == [[-1, 1], [0, 5], [1, -2], [-1, 2]]
    assert step.trace["S2"].tolist() == [[0, 1]]
    assert step.gradients["U2"].tolist() == [[1], [5], [-2], [2]]
    after = adapter_forward(WEIGHTS, step.weights, X)
    assert (step.loss, squared_error(after["H3'"], T)) == (4, 2)
    assert after["Z3"].all()


@pytest.mark.parametrize("adapters", [pencil_adapter(), pencil_lower_adapter()])
def test_before_its_first_step_an_adapter_changes_no_bit(adapters):
    assert adapter_forward(WEIGHTS, adapters, X)["H3'"].tobytes() == features(X).tobytes()


def test_the_lora_step_is_the_one_of_the_record_of_the_search():
    step = steps()["lora"]
    assert step.weights["B3"].tolist() == [[-0.5], [1], [1], [0]]
    assert step.weights["A3"].tolist() == pencil_lora()["A3"].tolist() == [[1, 0, -1, -1]]
    after = lora_forward(WEIGHTS, step.weights, X, PENCIL_ALPHA)
    assert (step.loss, squared_error(after["H3"], T)) == (4, 1.125)
    # On paper sums are exact, so merged and unmerged are the same.
    merged = forward(merge(WEIGHTS, step.weights, PENCIL_ALPHA), X)
    assert merged["Z3"].tolist() == after["Z3"].tolist()


@pytest.mark.parametrize(("zero", "moves"), [("A3", "A3"), ("B3", "B3"), (None, None)])
def test_of_a_and_b_the_one_that_is_zero_moves_first_and_both_zero_never_move(zero, moves):
    start = pencil_lora()
    values = {"A3": start["A3"], "B3": np.ones((4, 1))}
    lora = {name: 0 * value if zero in (name, None) else value for name, value in values.items()}
    step = lora_step(WEIGHTS, lora, X, T, LEARNING_RATE, PENCIL_ALPHA)
    assert [name for name in lora if step.gradients[name].any()] == [moves] * (moves is not None)


def test_each_call_gives_fresh_arrays():
    for make in (pencil_head, pencil_adapter, pencil_lower_adapter, pencil_lora):
        for value in make().values():
            value[:] = 99
        assert all(abs(value).max() < 99 for value in make().values())
    pencil_probe()[:] = 99
    pencil_probe_task()[0][:] = 99
    pencil_either_or()[1][:] = 99
    assert not pencil_probe().any()
    assert abs(pencil_probe_task()[0]).max() < 99 and abs(pencil_either_or()[1]).max() < 99
