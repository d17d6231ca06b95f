"""Lines against finite differences, and against the steps that snippets take, to the bit."""

from itertools import combinations

import numpy as np
import pytest

from snippets.adapter import adapter_shapes, adapter_step
from snippets.cost import six_methods
from snippets.derive import backward_lines, evaluate, shapes, steady_lines, step_lines
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.lora import lora_shapes, lora_step, merge
from snippets.method import (
    Line,
    adapter_lines,
    alone,
    head_lines,
    lora_lines,
    merge_lines,
    network_lines,
    new_name,
    product,
)
from snippets.network import FULL_SIZES, layer_shapes, new_network
from tests.snippets.second_ways import slow_gradients

LAYERS = (1, 2, 3)
METHODS = ("full", "freeze", "probe", "head", "adapters", "lora")
SIZES = [(5, 6, 7, 4), (3, 4, 4, 4), (1, 1, 1, 1), (9, 2, 8, 5)]
SUBSETS = [set(names) for n in range(4) for names in combinations(("W1", "W2", "W3"), n)]
RATE = 0.3


def random_case(sizes):
    rng = np.random.default_rng(sum(sizes))
    weights = new_network(sizes, rng)
    X, T = rng.normal(size=(sizes[0], 3)), rng.normal(size=(sizes[-1], 3))
    return rng, weights, X, T


def check(step, lines, trainable, given):
    values = evaluate(step_lines(lines, trainable), given, {"−η": -RATE, "α/r": 1.5})
    assert set(step.gradients) == set(trainable)
    for name, gradient in step.gradients.items():
        assert np.array_equal(values[f"dL/d{name}"], gradient)
        assert np.array_equal(values[f"Δ{name}"], step.delta_weights[name])
        assert np.array_equal(values[new_name(name)], step.weights[name])
    return values


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda names: "+".join(sorted(names)) or "none")
def test_a_step_of_plain_layers(sizes, trainable):
    _, weights, X, T = random_case(sizes)
    step = train_step(weights, X, T, trainable, RATE)
    values = check(step, network_lines(LAYERS), trainable, {**weights, "X": X, "T": T})
    deltas = {name: value for name, value in values.items() if name[0] == "δ"}
    assert len(deltas) == len(step.deltas)
    for name, delta in step.deltas.items():
        assert np.array_equal(deltas[f"δ{name[1:]}"], delta)


@pytest.mark.parametrize("sizes", SIZES)
def test_a_step_of_a_head_and_of_a_probe(sizes):
    rng, _, H3, T = random_case(sizes)
    head = {"W4": rng.normal(size=(5, sizes[0])), "W5": rng.normal(size=(sizes[-1], 5))}
    step = head_step(head, H3, T, RATE)
    check(step, head_lines((4, 5), "H3"), set(head), {**head, "H3": H3, "T": T})
    probe = {"W4": rng.normal(size=(sizes[-1], sizes[0]))}
    step = head_step(probe, H3, T, RATE)
    check(step, head_lines((4,), "H3"), set(probe), {**probe, "H3": H3, "T": T})


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("adapted", [(1, 2, 3), (3,), (2,), (1, 3)])
def test_a_step_of_adapters(sizes, adapted):
    rng, weights, X, T = random_case(sizes)
    thin = {
        n: s for n, s in adapter_shapes(layer_shapes(sizes), 2).items() if int(n[1:]) in adapted
    }
    adapters = {name: rng.normal(size=shape) for name, shape in thin.items()}
    step = adapter_step(weights, adapters, X, T, RATE)
    given = {**weights, **adapters, "X": X, "T": T}
    check(step, adapter_lines(LAYERS, adapted), set(adapters), given)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("tutored", [(1, 2, 3), (3,), (2,), (1, 3)])
def test_a_step_of_lora(sizes, tutored):
    rng, weights, X, T = random_case(sizes)
    thin = {n: s for n, s in lora_shapes(layer_shapes(sizes), 2).items() if int(n[1:]) in tutored}
    lora = {name: rng.normal(size=shape) for name, shape in thin.items()}
    step = lora_step(weights, lora, X, T, RATE, lora_alpha=3)
    given = {**weights, **lora, "X": X, "T": T}
    check(step, lora_lines(LAYERS, tutored), set(lora), given)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", METHODS)
def test_whatever_trains_gets_the_gradient_of_finite_differences(name, seed):
    """Any choice among all matrices of a method, W1 beside A2 too, not only what it trains."""
    rng = np.random.default_rng(seed)
    lines, pretrained, added, _ = six_methods((5, 4, 6, 3), 2, 3)[name]
    matrices = {n: rng.normal(size=shape) / 2 for n, shape in (pretrained | added).items()}
    trainable = {n for n in matrices if rng.random() < 0.5} or {"W2"}
    X, numbers, output = rng.normal(size=(5, 4)), {"α/r": 1.5}, lines[-1].name
    values = evaluate(lines, {**matrices, "X": X}, numbers)
    T = rng.normal(size=values[output].shape)

    def loss(moved):
        return 0.5 * np.sum(
            (evaluate(lines, {**matrices, **moved, "X": X}, numbers)[output] - T) ** 2
        )

    slow = slow_gradients({n: matrices[n] for n in trainable}, loss)
    found = evaluate(backward_lines(lines, trainable), values | {"E": values[output] - T}, numbers)
    for n in trainable:
        # Rounding of a loss of about 100 gives 1e-14 / 1e-6.
        np.testing.assert_allclose(found[f"dL/d{n}"], slow[n], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", [FULL_SIZES, *SIZES])
@pytest.mark.parametrize("name", METHODS)
def test_a_gradient_has_the_shape_of_its_matrix(name, sizes):
    lines, pretrained, added, trainable = six_methods(sizes)[name]
    given = pretrained | added | {"X": (sizes[0], 2)}
    known = shapes(step_lines(lines, trainable), given)
    for name in trainable:
        assert known[f"dL/d{name}"] == known[new_name(name)] == given[name]


@pytest.mark.parametrize("ranks", [(1, 2, 4), (3, 1, 1)])
def test_ranks_may_differ_from_layer_to_layer(ranks):
    rng, weights, X, T = random_case((5, 6, 7, 4))
    lora = {}
    for (name, W), r in zip(weights.items(), ranks):
        lora[f"A{name[1:]}"] = rng.normal(size=(r, W.shape[1]))
        lora[f"B{name[1:]}"] = rng.normal(size=(len(W), r))
    step = lora_step(weights, lora, X, T, RATE, lora_alpha=3)
    numbers = {"−η": -RATE} | {f"α/r{k}": 3 / r for k, r in enumerate(ranks, 1)}
    lines = step_lines(lora_lines(LAYERS, LAYERS, scaling="α/r{k}"), set(lora))
    lines += merge_lines(LAYERS, "α/r{k}")
    values = evaluate(lines, {**weights, **lora, "X": X, "T": T}, numbers)
    merged = merge(weights, step.weights, lora_alpha=3)
    assert all(np.array_equal(values[new_name(name)], W) for name, W in merged.items())
    for name, gradient in step.gradients.items():
        assert np.array_equal(values[f"dL/d{name}"], gradient)


def test_cross_entropy_is_lines_too():
    rng, weights, X, _ = random_case((5, 6, 7, 4))
    labels = [3, 0, 1]
    T = np.eye(4)[:, labels]
    lines = step_lines(network_lines(LAYERS), {"W3", "W1"}, "cross-entropy")
    numbers = {"−η": -RATE, "1/n": 1 / 3, "−1/n": -1 / 3}
    values = evaluate(lines, {**weights, "X": X, "T": T}, numbers)
    powers = np.exp(values["H3"])
    assert np.allclose(values["P"], powers / powers.sum(axis=0), rtol=1e-14, atol=0)
    step = train_step(weights, X, labels, {"W3", "W1"}, RATE, "cross-entropy")
    for name, gradient in step.gradients.items():
        assert np.allclose(values[f"dL/d{name}"], gradient, rtol=1e-12, atol=1e-15)


def test_a_gradient_of_zero_asks_for_a_plain_zero():
    values = evaluate([Line("ΔW", alone("dL/dW", "−η"))], {"dL/dW": np.zeros((1, 1))}, {"−η": -1.0})
    assert not np.signbit(values["ΔW"]).any()


def test_what_never_changes_is_steady():
    steady = steady_lines(network_lines(LAYERS), {"W3"})
    assert steady == network_lines((1, 2))
    assert steady_lines(network_lines(LAYERS), {"W1"}) == []
    first = steady_lines(lora_lines(LAYERS, LAYERS), {"A1", "B1"})
    assert first == [Line("Z1", product("W1", "X"), slope="δ1")]
