"""Adapters: gradients, loops, U = 0 to the bit, counts of real models, and no merging."""

import numpy as np
import pytest

from snippets.adapter import (
    BOTTLENECK,
    adapter_forward,
    adapter_shapes,
    adapter_step,
    block_adapter_parameters,
    new_adapters,
)
from snippets.count import count_parameters
from snippets.forward import forward, relu
from snippets.loss import cross_entropy, squared_error, squared_error_gradient
from snippets.network import FULL_SIZES, layer_shapes, new_network
from snippets.pencil import pencil_network, pencil_task
from tests.snippets.second_ways import MODELS, backward, slow_gradients

SIZES = (5, 4, 6, 3)
CHOICES = [(1, 2, 3), (3,), (1,), (2,), (1, 3)]


def task(sizes=SIZES, columns=4, seed=0, layers=(1, 2, 3), zero=False):
    """Return a network, adapters after some layers (U random unless zero), inputs, targets."""
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    adapters = new_adapters(weights, 2, rng)
    adapters = {name: value for name, value in adapters.items() if int(name[1:]) in layers}
    if not zero:
        adapters = {name: rng.normal(size=value.shape) for name, value in adapters.items()}
    X = rng.normal(size=(sizes[0], columns))
    return weights, adapters, X, rng.normal(size=(sizes[-1], columns))


def slow_output(weights, adapters, X):
    """Run one column at a time, one number at a time."""
    outputs = []
    for column in X.T:
        h = list(column)
        for k, W in enumerate(weights.values(), start=1):
            h = [max(sum(w * x for w, x in zip(row, h)), 0.0) for row in W]
            if f"D{k}" in adapters:
                s = [max(sum(d * x for d, x in zip(row, h)), 0.0) for row in adapters[f"D{k}"]]
                up = [sum(u * x for u, x in zip(row, s)) for row in adapters[f"U{k}"]]
                h = [x + y for x, y in zip(h, up)]
        outputs.append(h)
    return np.array(outputs).T


@pytest.mark.parametrize("sizes", [SIZES, (3, 4, 4, 4), FULL_SIZES])
def test_with_u_zero_the_output_is_the_pretrained_one_to_the_bit(sizes):
    weights, adapters, X, _ = task(sizes, columns=12, zero=True)
    assert all(adapters[f"D{k}"].any() and not adapters[f"U{k}"].any() for k in (1, 2, 3))
    trace, plain = adapter_forward(weights, adapters, X), forward(weights, X)
    for k in (1, 2, 3):
        assert trace[f"Z{k}"].tobytes() == plain[f"Z{k}"].tobytes()
        assert trace[f"H{k}'"].tobytes() == plain[f"H{k}"].tobytes()


def test_without_adapters_it_is_the_network_to_the_bit():
    weights, _, X, _ = task()
    trace = adapter_forward(weights, {}, X)
    assert trace["H3'"].tobytes() == forward(weights, X)["H3"].tobytes()
    step = adapter_step(weights, {}, X, np.ones((3, 4)), 0.1)
    assert (step.weights, step.deltas, step.gradients) == ({}, {}, {})


@pytest.mark.parametrize("layers", CHOICES)
def test_the_output_is_computed_number_by_number(layers):
    weights, adapters, X, _ = task(layers=layers)
    output = adapter_forward(weights, adapters, X)["H3'"]
    np.testing.assert_allclose(output, slow_output(weights, adapters, X), atol=1e-12)


@pytest.mark.parametrize("layers", CHOICES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_gradient_matches_finite_differences(layers, seed):
    weights, adapters, X, T = task(seed=seed, layers=layers)
    slow = slow_gradients(
        adapters, lambda p: squared_error(adapter_forward(weights, p, X)["H3'"], T)
    )
    step = adapter_step(weights, adapters, X, T, 0.1)
    assert set(step.gradients) == set(adapters)
    for name, gradient in step.gradients.items():
        # Rounding of a loss of about 1000 gives 1e-13 / 1e-6.
        np.testing.assert_allclose(gradient, slow[name], rtol=1e-5, atol=1e-6)
        assert np.array_equal(step.weights[name], adapters[name] - 0.1 * gradient)


@pytest.mark.parametrize("layers", CHOICES)
def test_the_gradients_of_cross_entropy_match_finite_differences(layers):
    weights, adapters, X, _ = task(seed=1, layers=layers)
    labels = [0, 2, 1, 2]
    slow = slow_gradients(
        adapters, lambda p: cross_entropy(adapter_forward(weights, p, X)["H3'"], labels)
    )
    step = adapter_step(weights, adapters, X, labels, 0.1, "cross-entropy")
    assert step.loss == cross_entropy(step.trace["H3'"], labels)
    for name, gradient in step.gradients.items():
        # Rounding of a loss of about 10 gives 1e-15 / 1e-6.
        np.testing.assert_allclose(gradient, slow[name], rtol=1e-5, atol=1e-8)
        assert np.array_equal(step.weights[name], adapters[name] - 0.1 * gradient)


def test_the_gradient_crosses_frozen_layers_as_in_the_plain_backward_pass():
    """With U = 0, dL/dU1 is dL/dH1 times S1ᵀ, and dL/dH1 is what backward passes down."""
    weights, adapters, X, T = task(zero=True)
    step = adapter_step(weights, adapters, X, T, 0.1)
    trace, deltas, gradients = step.trace, step.deltas, step.gradients
    slope = squared_error_gradient(trace["H3'"], T)
    plain, _ = backward(weights, forward(weights, X), slope, {"W1", "W2", "W3"})
    for k in (2, 3):
        assert deltas[f"Z{k}"].tobytes() == plain[f"Z{k}"].tobytes()
        signal = weights[f"W{k}"].T @ plain[f"Z{k}"]
        assert np.array_equal(gradients[f"U{k - 1}"], signal @ trace[f"S{k - 1}"].T)
    assert "Z1" not in deltas  # nothing below the lowest adapter is asked for


def test_the_first_step_moves_u_alone_and_the_second_both():
    weights, adapters, X, T = task(zero=True)
    first = adapter_step(weights, adapters, X, T, 0.1)
    for k in (1, 2, 3):
        assert not first.gradients[f"D{k}"].any()
        assert first.weights[f"D{k}"].tobytes() == adapters[f"D{k}"].tobytes()
    assert any(first.gradients[f"U{k}"].any() for k in (1, 2, 3))
    second = adapter_step(weights, first.weights, X, T, 0.1)
    assert any(second.gradients[f"D{k}"].any() for k in (1, 2, 3))


def test_with_d_and_u_both_zero_nothing_ever_moves():
    weights, adapters, X, T = task()
    zeros = {name: 0 * value for name, value in adapters.items()}
    step = adapter_step(weights, zeros, X, T, 0.1)
    assert not any(gradient.any() for gradient in step.gradients.values())


def test_small_steps_bring_the_loss_down_and_leave_the_network_alone():
    weights, adapters, X, T = task(FULL_SIZES, columns=12, zero=True)
    before = {name: W.tobytes() for name, W in weights.items()}
    losses = []
    for _ in range(30):
        step = adapter_step(weights, adapters, X, T, 1e-4)
        adapters, losses = step.weights, [*losses, step.loss]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 0.95 * losses[0]
    assert all(W.tobytes() == before[name] for name, W in weights.items())


def test_an_adapter_reaches_a_silent_unit_that_no_weight_before_the_relu_can():
    weights, (X, T) = pencil_network(), pencil_task()
    trace = adapter_forward(weights, new_adapters(weights, 2, np.random.default_rng(0)), X)
    slope = squared_error_gradient(trace["H3'"], T)
    _, plain = backward(weights, forward(weights, X), slope, {"W3"})
    adapters = {"D3": np.array([[1.0, 0, 0, 0]]), "U3": np.zeros((4, 1))}
    step = adapter_step(weights, adapters, X, T, 0.5)
    assert slope[3, 0] == -1 and not plain["W3"][3].any()
    assert step.gradients["U3"][3].any()


def test_the_relu_forbids_merging_and_without_it_an_adapter_merges():
    weights, adapters, _, _ = task(layers=(3,))
    D, U = adapters["D3"], adapters["U3"]
    rng = np.random.default_rng(5)
    H = abs(rng.normal(size=(3, 50)))
    detour = H + U @ relu(D @ H)
    # The one matrix that comes closest over all 50 columns is still far off.
    best = np.linalg.lstsq(H.T, detour.T)[0].T
    assert np.linalg.norm(best @ H - detour) > 0.01 * np.linalg.norm(detour)
    # Without the ReLU the matrix is I + U D, exactly.
    straight = H + U @ (D @ H)
    np.testing.assert_allclose((np.eye(3) + U @ D) @ H, straight, atol=1e-13)


def test_the_full_network_gets_320_weights_a_layer():
    shapes = adapter_shapes(layer_shapes(), BOTTLENECK)
    assert BOTTLENECK == 4 and list(shapes) == ["D1", "U1", "D2", "U2", "D3", "U3"]
    for k in (1, 2, 3):
        assert count_parameters([shapes[f"D{k}"], shapes[f"U{k}"]]) == 320
    rng = np.random.default_rng(0)
    adapters = new_adapters(new_network(FULL_SIZES, rng), BOTTLENECK, rng)
    assert {name: value.shape for name, value in adapters.items()} == shapes
    assert sum(value.size for value in adapters.values()) == 960


def test_a_block_of_real_models_has_two_adapters_in_the_first_design():
    assert block_adapter_parameters(64, 8) == 2 * (64 * 8 + 8 + 8 * 64 + 64) == 2192
    weights = [(8, 64), (64, 8)]
    assert 2 * count_parameters(weights) == 2048  # without biases: not 1024, which is one


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_counts_are_those_of_real_models(model):
    d, layers = model["config"]["hidden"], model["config"]["layers"]
    assert len(model["adapters"]) == 3
    for row in model["adapters"]:
        m = row["bottleneck"]
        assert block_adapter_parameters(d, m, 1) == row["one_adapter"]
        assert layers * block_adapter_parameters(d, m, 2) == row["houlsby_two_per_block"]
        assert layers * block_adapter_parameters(d, m, 1) == row["pfeiffer_one_per_block"]


def test_steps_share_no_memory_with_their_arguments():
    weights, adapters, X, T = task()
    kept = {name: value.copy() for name, value in adapters.items()}
    step = adapter_step(weights, adapters, X, T, 0.1)
    for value in [*step.weights.values(), *step.trace.values()]:
        value[:] = 99
    assert all(np.array_equal(adapters[name], kept[name]) for name in kept)
    assert np.array_equal(X, task()[2])


WEIGHTS, ADAPTERS, X, T = task()
BAD = [
    (
        lambda: adapter_forward(WEIGHTS, {"D3": ADAPTERS["D3"]}, X),
        "adapters must hold D3 and U3, got no U3",
    ),
    (
        lambda: adapter_forward(WEIGHTS, {"D4": np.ones((2, 3))}, X),
        "adapters must be named among D1, U1, D2, U2, D3, U3, got 'D4'",
    ),
    (
        lambda: adapter_forward(WEIGHTS, {**ADAPTERS, "U3": np.ones((3, 5))}, X),
        "adapters U3 must be 3×2, got 3×5",
    ),
    (
        lambda: adapter_forward(WEIGHTS, {**ADAPTERS, "D3": np.ones((2, 4))}, X),
        "adapters D3 must be 2×3, got 2×4",
    ),
    (
        lambda: adapter_forward(WEIGHTS, 5, X),
        'adapters must be a dict such as {"D3": ...}, got 5',
    ),
    (lambda: adapter_forward(WEIGHTS, ADAPTERS, T), "X must have 5 rows to fit W1, got 3×4"),
    (lambda: adapter_step(WEIGHTS, ADAPTERS, X, X, 0.1), "T must be 3×4 like H, got 5×4"),
    (
        lambda: adapter_step(WEIGHTS, ADAPTERS, X, T, 0.1, "hinge"),
        "loss must be 'squared error' or 'cross-entropy', got 'hinge'",
    ),
    (
        lambda: new_adapters(WEIGHTS, 0, np.random.default_rng(0)),
        "bottleneck must be a whole number, 1 or more, got 0",
    ),
    (lambda: new_adapters(WEIGHTS, 2, 7), "rng must be a NumPy Generator, got 7"),
    (
        lambda: adapter_shapes({"W1": (4, 3)}, 1.5),
        "bottleneck must be a whole number, 1 or more, got 1.5",
    ),
    (
        lambda: block_adapter_parameters(64, 8, 0),
        "adapters_per_block must be a whole number, 1 or more, got 0",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_overflow_on_the_way_is_reported_not_passed_on():
    adapters = {"D1": [[1e200]], "U1": [[1.0]]}
    with pytest.raises(ValueError, match="S1 must hold finite numbers only, got inf"):
        adapter_forward({"W1": [[1e150]]}, adapters, [[1.0]])
