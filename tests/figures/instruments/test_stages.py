"""The stages of one step are the step that snippets/ takes, matrix by matrix."""

import re
from itertools import combinations

import numpy as np
import pytest

from figures.instruments.stages import (
    PARTS,
    evaluate,
    needed,
    parts_of,
    stages_of_adapters,
    stages_of_head,
    stages_of_layers,
    stages_of_lora,
)
from snippets.adapter import adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.lora import lora_step, merge
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

LIVE = {
    "zeros",
    "size",
    "changed",
    "loss",
    "rate",
    "rows",
    "s",
}  # what figures/instruments/stepper.py fills in
LAYERS = ("W1", "W2", "W3")
SUBSETS = [set(names) for n in range(4) for names in combinations(LAYERS, n)]


def chain(rng, count, first=1):
    """Random weights of so many layers, sizes 1 to 6, and inputs for them."""
    sizes = rng.integers(1, 7, count + 1)
    pairs = enumerate(zip(sizes[1:], sizes, strict=False), start=first)
    weights = {f"W{k}": rng.normal(size=shape) for k, shape in pairs}
    return weights, rng.normal(size=(sizes[0], rng.integers(1, 7)))


def some_layers(rng, weights):
    """One layer's number or more, in order."""
    numbers = [int(name[1:]) for name in weights]
    return sorted(rng.choice(numbers, rng.integers(1, len(numbers) + 1), replace=False).tolist())


def values_of(step, signals):
    """What a step of snippets/ found, under the names of the stages; `signals` renames δ."""
    _, *trace = step.trace.items()  # without X
    found = {re.sub(r"(\d+)'", r"'\1", name): value for name, value in trace}
    found |= {signals[name[0]] + name[1:]: value for name, value in step.deltas.items()}
    found |= {f"dL/d{name}": value for name, value in step.gradients.items()}
    found |= {f"Δ{name}": value for name, value in step.delta_weights.items()}
    found |= {
        f"{name[0]}'{name[1:]}": value
        for name, value in step.weights.items()
        if name in step.delta_weights
    }
    return found


def assert_same(values, found):
    missing = set(found) - set(values)
    assert missing == set()
    for name, value in found.items():
        np.testing.assert_allclose(values[name], value, rtol=1e-12, atol=1e-12, err_msg=name)
        assert not np.signbit(values[name][values[name] == 0]).any(), f"{name} holds −0"


def check_layers(weights, X, T, trainable, rate):
    stages = stages_of_layers([int(name[1:]) for name in weights])
    wanted = needed(stages, trainable)
    step = train_step(weights, X, T, trainable, rate)
    live = [stage for stage in stages if stage.name in wanted]
    values = evaluate(live, {"X": X, "T": T, **weights}, {"−η": -rate})
    assert_same(values, values_of(step, {"Z": "δ"}))
    assert set(values) == {"X", "T", "E", *weights, *values_of(step, {"Z": "δ"})}


def check_head(weights, head, X, T, rate):
    below = [int(name[1:]) for name in weights]
    stages = stages_of_head(below, [int(name[1:]) for name in head])
    trace = forward(weights, X) if weights else {"H0": X}
    step = head_step(head, list(trace.values())[-1], T, rate)
    values = evaluate(stages, {"X": X, "T": T, **weights, **head}, {"−η": -rate})
    _, *features = trace.items()
    assert_same(values, values_of(step, {"Y": "E", "Z": "δ"}) | dict(features))
    assert needed(stages, head) == {stage.name for stage in stages}


def check_adapters(weights, adapters, X, T, rate):
    layers = [int(name[1:]) for name in weights]
    pairs = sorted({int(name[1:]) for name in adapters})
    stages = stages_of_adapters(layers, pairs)
    step = adapter_step(weights, adapters, X, T, rate)
    values = evaluate(stages, {"X": X, "T": T, **weights, **adapters}, {"−η": -rate})
    found = values_of(step, {"S": "γ", "Z": "δ"})
    known = {n: v for n, v in found.items() if n[:2] != "H'" or int(n[2:]) in pairs}
    assert_same(values, known)
    assert needed(stages, adapters) == {stage.name for stage in stages}


def check_lora(weights, lora, X, T, rate, alpha):
    layers = [int(name[1:]) for name in weights]
    pairs = sorted({int(name[1:]) for name in lora})
    stages = stages_of_lora(layers, pairs)
    step = lora_step(weights, lora, X, T, rate, alpha)
    rank = lora[f"A{pairs[0]}"].shape[0]
    numbers = {"−η": -rate, "α/r": alpha / rank}
    values = evaluate(stages, {"X": X, "T": T, **weights, **lora}, numbers)
    merged = merge(weights, step.weights, alpha)
    found = values_of(step, {"S": "σ", "Z": "δ"})
    assert_same(values, found | {f"W'{k}": merged[f"W{k}"] for k in pairs})
    assert needed(stages, lora) == {stage.name for stage in stages}


# The pencil


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda names: "+".join(sorted(names)) or "none")
def test_stages_of_the_pencil_network_are_its_step(trainable):
    check_layers(pencil_network(), *pencil_task(), trainable, LEARNING_RATE)


def test_stages_of_the_pencil_probe_and_head_are_their_steps():
    check_head(pencil_network(), {"W4": pencil_probe()}, *pencil_probe_task(), LEARNING_RATE)
    check_head(pencil_network(), pencil_head(), *pencil_either_or(), LEARNING_RATE)


@pytest.mark.parametrize("adapter", [pencil_adapter, pencil_lower_adapter])
def test_stages_of_the_pencil_adapters_are_their_steps(adapter):
    check_adapters(pencil_network(), adapter(), *pencil_task(), LEARNING_RATE)


def test_stages_of_the_pencil_lora_are_its_step():
    check_lora(pencil_network(), pencil_lora(), *pencil_task(), LEARNING_RATE, PENCIL_ALPHA)


# At random

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_of_random_layers_are_their_step(seed):
    rng = np.random.default_rng(seed)
    weights, X = chain(rng, rng.integers(1, 5), first=int(rng.integers(1, 4)))
    T = rng.normal(size=(list(weights.values())[-1].shape[0], X.shape[1]))
    trainable = set(np.array(list(weights))[rng.random(len(weights)) < 0.5].tolist())
    check_layers(weights, X, T, trainable, rng.random())


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_of_random_heads_are_their_step(seed):
    rng = np.random.default_rng(seed)
    below, above = int(rng.integers(0, 4)), int(rng.integers(1, 4))
    weights, X = chain(rng, below + above)
    names = list(weights)
    head = {name: weights.pop(name) for name in names[below:]}
    T = rng.normal(size=(head[names[-1]].shape[0], X.shape[1]))
    check_head(weights, head, X, T, rng.random())


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_of_random_adapters_are_their_step(seed):
    rng = np.random.default_rng(seed)
    weights, X = chain(rng, rng.integers(1, 5))
    T = rng.normal(size=(list(weights.values())[-1].shape[0], X.shape[1]))
    adapters = {}
    for k in some_layers(rng, weights):
        width, out = rng.integers(1, 4), weights[f"W{k}"].shape[0]
        adapters[f"D{k}"] = rng.normal(size=(width, out))
        adapters[f"U{k}"] = rng.normal(size=(out, width))
    check_adapters(weights, adapters, X, T, rng.random())


@pytest.mark.parametrize("seed", SEEDS)
def test_stages_of_random_lora_are_their_step(seed):
    rng = np.random.default_rng(seed)
    weights, X = chain(rng, rng.integers(1, 5))
    T = rng.normal(size=(list(weights.values())[-1].shape[0], X.shape[1]))
    rank = int(rng.integers(1, 4))
    lora = {}
    for k in some_layers(rng, weights):
        out, into = weights[f"W{k}"].shape
        lora |= {f"A{k}": rng.normal(size=(rank, into)), f"B{k}": rng.normal(size=(out, rank))}
    check_lora(weights, lora, X, T, rng.random(), 3 * rng.random())


# What a step needs


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda names: "+".join(sorted(names)) or "none")
def test_the_backward_pass_stops_at_the_lowest_layer_that_trains(trainable):
    stages = stages_of_layers([1, 2, 3])
    lowest = min((int(name[1:]) for name in trainable), default=4)
    expected = {f"{letter}{k}" for letter in "ZH" for k in (1, 2, 3)} | {"E"}
    expected |= {f"δ{k}" for k in range(lowest, 4)}
    for name in trainable:
        expected |= {f"dL/d{name}", f"Δ{name}", f"W'{name[1:]}"}
    assert needed(stages, trainable) == expected


def all_stages():
    yield from stages_of_layers([1, 2, 3])
    for head in ([4], [4, 5], [4, 5, 6]):
        yield from stages_of_head([1, 2, 3], head)
    yield from stages_of_head([], [1])
    yield from stages_of_adapters([1, 2, 3], [1, 3])
    yield from stages_of_lora([1, 2, 3], [1, 3])


def test_sentences_and_reasons_hold_no_placeholder_that_nobody_fills():
    for stage in all_stages():
        assert stage.says
        assert set(re.findall(r"\{(.*?)\}", stage.says)) <= LIVE, stage
        assert re.findall(r"[{}]", stage.idle) == [], stage


def test_every_stage_is_made_of_what_is_given_or_came_before():
    for stages in (
        stages_of_layers([1, 2, 3]),
        stages_of_head([1, 2], [3, 4, 5]),
        stages_of_adapters([1, 2, 3], [1, 2, 3]),
        stages_of_lora([1, 2, 3], [1, 2, 3]),
    ):
        known = {f"{letter}{k}" for letter in "WDUAB" for k in range(1, 6)} | {"X", "T"}
        for stage in stages:
            assert {name.rstrip("ᵀ") for name in parts_of(stage)} <= known, stage
            assert stage.name not in known
            known.add(stage.name)
        order = [PARTS.index(stage.part) for stage in stages]
        assert order == sorted(order)


def test_frozen_layers_alone_have_a_forward_pass_and_nothing_more():
    stages = stages_of_layers([1, 2], frozen=True)
    assert [stage.name for stage in stages] == ["Z1", "H1", "Z2", "H2"]
