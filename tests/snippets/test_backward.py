"""Gradients against finite differences; and the pass stops where nothing below trains."""

from itertools import combinations

import numpy as np
import pytest

from snippets.forward import forward
from snippets.loss import (
    cross_entropy,
    cross_entropy_gradient,
    squared_error,
    squared_error_gradient,
)
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import pencil_network, pencil_task
from tests.snippets.second_ways import backward

NAMES = ("W1", "W2", "W3")
SUBSETS = [set(names) for n in range(4) for names in combinations(NAMES, n)]
STEP = 1e-6


def task(sizes, columns, seed):
    """Return a network and inputs that put no Z so near zero that STEP could cross it.

    A Z of exactly zero comes from a column that the layer below silenced, and stays zero.
    """
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    X = rng.normal(size=(sizes[0], columns))
    trace = forward(weights, X)
    Z = np.concatenate([trace[f"Z{k}"].ravel() for k in range(1, len(sizes))])
    nearest = abs(Z[Z != 0]).min()
    assert nearest > 20 * STEP * max(abs(value).max() for value in trace.values())
    return weights, X, rng


def slow_gradient(weights, X, name, loss):
    gradient = np.zeros_like(weights[name])
    for index in np.ndindex(gradient.shape):
        sides = []
        for sign in (1, -1):
            moved = weights[name].copy()
            moved[index] += sign * STEP
            trace = forward({**weights, name: moved}, X)
            sides.append(loss(list(trace.values())[-1]))
        gradient[index] = (sides[0] - sides[1]) / (2 * STEP)
    return gradient


@pytest.mark.parametrize("kind", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("sizes", "columns"), [((3, 4, 4, 4), 2), ((2, 3), 1), ((5, 7, 2, 6, 3), 4), ((1, 1, 1), 1)]
)
def test_every_gradient_matches_finite_differences(sizes, columns, seed, kind):
    weights, X, rng = task(sizes, columns, seed)
    output = list(forward(weights, X).values())[-1]
    if kind == "squared error":
        T = rng.normal(size=output.shape)
        loss, slope = (lambda H: squared_error(H, T)), squared_error_gradient(output, T)
    else:
        labels = rng.integers(sizes[-1], size=columns)
        loss, slope = (lambda H: cross_entropy(H, labels)), cross_entropy_gradient(output, labels)
    _, gradients = backward(weights, forward(weights, X), slope, set(weights))
    assert set(gradients) == set(weights)
    for name, gradient in gradients.items():
        # Rounding of a loss of about 10 gives 1e-15 / 1e-6; the loss is smooth within a step.
        slow = slow_gradient(weights, X, name, loss)
        np.testing.assert_allclose(gradient, slow, rtol=1e-6, atol=2e-8)


def test_a_sample_of_the_full_network_matches_finite_differences():
    rng = np.random.default_rng(0)
    weights, X = new_network(FULL_SIZES, rng), rng.normal(size=(30, 12))
    T = rng.normal(size=(40, 12))
    trace = forward(weights, X)
    _, gradients = backward(weights, trace, squared_error_gradient(trace["H3"], T), NAMES)
    for name in NAMES:
        for index in [(0, 0), (3, 17), (39, 29)]:
            sides = []
            for sign in (1, -1):
                moved = weights[name].copy()
                moved[index] += sign * 1e-7
                sides.append(squared_error(forward({**weights, name: moved}, X)["H3"], T))
            # A loss of about 1000, rounded to 1e-13, over 2e-7.
            slow = (sides[0] - sides[1]) / 2e-7
            assert gradients[name][index] == pytest.approx(slow, rel=1e-5, abs=1e-4)


def test_the_deltas_match_finite_differences_in_z():
    weights, (X, T) = pencil_network(), pencil_task()
    trace = forward(weights, X)
    deltas, _ = backward(weights, trace, squared_error_gradient(trace["H3"], T), NAMES)
    for k in (1, 2, 3):
        for index in np.ndindex(4, 2):
            sides = []
            for sign in (1, -1):
                H = trace[f"Z{k}"].copy()
                H[index] += sign * STEP
                H = np.maximum(H, 0)
                for above in range(k + 1, 4):
                    H = np.maximum(weights[f"W{above}"] @ H, 0)
                sides.append(squared_error(H, T))
            # Quadratic between the kinks, and no Z of the pencil network is within 1 of a kink.
            slow = (sides[0] - sides[1]) / (2 * STEP)
            assert deltas[f"Z{k}"][index] == pytest.approx(slow, abs=1e-8)


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_the_pass_goes_down_to_the_lowest_trainable_layer_and_no_further(trainable):
    weights, (X, T) = pencil_network(), pencil_task()
    trace = forward(weights, X)
    slope = squared_error_gradient(trace["H3"], T)
    deltas, gradients = backward(weights, trace, slope, trainable)
    lowest = min((int(name[1]) for name in trainable), default=4)
    assert list(deltas) == [f"Z{k}" for k in (3, 2, 1) if k >= lowest]
    assert set(gradients) == trainable
    # What is computed is what full training computes, to the bit.
    all_deltas, all_gradients = backward(weights, trace, slope, NAMES)
    for part, whole in ((deltas, all_deltas), (gradients, all_gradients)):
        for name in part:
            assert part[name].tobytes() == whole[name].tobytes()


def test_nothing_trains_means_nothing_is_computed():
    weights, (X, T) = pencil_network(), pencil_task()
    trace = forward(weights, X)
    assert backward(weights, trace, squared_error_gradient(trace["H3"], T), ()) == ({}, {})


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_the_trace_below_the_lowest_trainable_layer_is_not_needed(trainable):
    weights, (X, T) = pencil_network(), pencil_task()
    trace = forward(weights, X)
    slope = squared_error_gradient(trace["H3"], T)
    lowest = min((int(name[1]) for name in trainable), default=4)
    thin = {f"H{k}": trace[f"H{k}"] for k in range(lowest - 1, 4)}
    _, gradients = backward(weights, thin, slope, trainable)
    _, expected = backward(weights, trace, slope, trainable)
    assert all(np.array_equal(gradients[name], expected[name]) for name in trainable)
    if trainable:
        del thin[f"H{lowest - 1}"]
        with pytest.raises(KeyError, match=f"H{lowest - 1}"):
            backward(weights, thin, slope, trainable)


def test_the_derivative_of_relu_at_zero_is_taken_as_zero():
    weights, X = {"W1": [[1.0, -1.0]]}, [[2.0], [2.0]]
    trace = forward(weights, X)
    assert trace["Z1"].tolist() == [[0]]
    deltas, gradients = backward(weights, trace, [[5.0]], {"W1"})
    assert deltas["Z1"].tolist() == [[0]] and gradients["W1"].tolist() == [[0, 0]]


def test_a_layer_alone_gets_the_gradient_it_has_in_the_whole_network():
    weights, (X, T) = pencil_network(), pencil_task()
    whole = forward(weights, X)
    top = {"W3": weights["W3"]}
    trace = forward(top, whole["H2"])
    slope = squared_error_gradient(trace["H3"], T)
    deltas, gradients = backward(top, trace, slope, {"W3"})
    _, expected = backward(weights, whole, slope, {"W3"})
    assert list(deltas) == ["Z3"]
    assert gradients["W3"].tobytes() == expected["W3"].tobytes()
