"""A step read off the lines is the step that snippets take, to the bit; so are its counts."""

from itertools import combinations

import numpy as np
import pytest

from snippets.adapter import adapter_shapes, adapter_step
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.lora import lora_shapes, lora_step
from snippets.method import (
    adapter_lines,
    backward_lines,
    evaluate,
    head_lines,
    kept,
    lora_lines,
    multiply_adds,
    network_lines,
    new_name,
    shapes,
    step_lines,
)
from snippets.method_cost import METHODS, method_costs
from snippets.network import FULL_SIZES, layer_shapes, new_network

LAYERS = (1, 2, 3)
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


def lines_of(method, sizes):
    weights = layer_shapes(sizes)
    head = {"W4": (20, sizes[-1]), "W5": (10, 20)}
    probe = {"W4": (10, sizes[-1])}
    adapters, lora = adapter_shapes(weights, 4), lora_shapes(weights, 4)
    plain = network_lines(LAYERS)
    return {
        "full": (plain, {}, set(weights)),
        "freeze": (plain, {}, {"W3"}),
        "probe": ([*plain, *head_lines((4,), "H3")], probe, set(probe)),
        "head": ([*plain, *head_lines((4, 5), "H3")], head, set(head)),
        "adapters": (adapter_lines(LAYERS, LAYERS), adapters, set(adapters)),
        "lora": (lora_lines(LAYERS, LAYERS), lora, set(lora)),
    }[method]


@pytest.mark.parametrize("sizes", [FULL_SIZES, *SIZES])
@pytest.mark.parametrize("method", METHODS)
def test_counts_follow_from_the_lines(method, sizes):
    lines, added, trainable = lines_of(method, sizes)
    known = shapes(lines, layer_shapes(sizes) | added | {"X": (sizes[0], 1)})
    known["E"] = known[lines[-1].name]
    backward = backward_lines(lines, trainable)
    known = shapes(backward, known)
    costs = method_costs(method, sizes, columns=1)
    assert multiply_adds([*lines, *backward], known) == costs["multiply_adds"]
    assert sum(known[name][0] for name in kept(lines, trainable)) == costs["activations_kept"]
    for name in trainable:
        assert known[f"dL/d{name}"] == known[name]
