"""Costs against counted products, kept arrays, frameworks and formulas."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.oracles import oracle
from snippets import check
from snippets.adapter import adapter_step, new_adapters
from snippets.backward import pass_back
from snippets.cost import (
    Costs,
    cost_words,
    costs_of,
    mergeable,
    plain_layers,
    six_methods,
)
from snippets.forward import forward, run
from snippets.freeze import frozen_below, train_step
from snippets.head import HIDDEN, head_step, new_head
from snippets.lora import lora_step, merge, new_lora
from snippets.method import Line, alone, product
from snippets.network import FULL_SIZES, new_network
from snippets.probe import CLASSES

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)
NAMES = ("W1", "W2", "W3")
SUBSETS = [set(names) for n in range(4) for names in combinations(NAMES, n)]
METHODS = ("full", "freeze", "probe", "head", "adapters", "lora")
SHAPES = [FULL_SIZES, (3, 4, 4, 4), (5, 2, 7, 3)]
ORACLE = oracle("freezing_80_percent")
COLUMNS = 12


def costs(sizes, trainable, columns, stored=False, tasks=10):
    return costs_of(plain_layers(sizes, trainable, stored), columns, tasks)


class Counting(np.ndarray):
    """An array that notes the multiply-adds of every matrix product it takes part in."""

    done = []

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = [np.asarray(value) for value in inputs]
        if ufunc is np.matmul:
            (rows, inner), (_, columns) = inputs[0].shape, inputs[1].shape
            Counting.done.append(rows * inner * columns)
        if "out" in options:
            options["out"] = tuple(np.asarray(value) for value in options["out"])
        return np.asarray(getattr(ufunc, method)(*inputs, **options)).view(Counting)


@pytest.fixture
def multiply_adds(monkeypatch):
    """Count the products of every snippet: each gets its arrays from check.matrix."""
    plain = check.matrix
    monkeypatch.setattr(check, "matrix", lambda value, name: plain(value, name).view(Counting))
    monkeypatch.setattr(Counting, "done", [])
    return Counting.done


def task(sizes=FULL_SIZES, columns=COLUMNS):
    rng = np.random.default_rng(0)
    weights = new_network(sizes, rng)
    return weights, rng.normal(size=(sizes[0], columns)), rng.normal(size=(sizes[-1], columns))


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_multiply_adds_are_those_of_the_products_that_really_run(sizes, trainable, multiply_adds):
    weights, X, T = task(sizes)
    train_step(weights, X, T, trainable, 1e-3)
    assert sum(multiply_adds) == costs(sizes, trainable, COLUMNS).multiply_adds * COLUMNS
    crossed = 3 - len(frozen_below(weights, trainable)) - 1 if trainable else 0
    assert len(multiply_adds) == 3 + len(trainable) + crossed


@pytest.mark.parametrize("trainable", [{"W2"}, {"W3"}, {"W2", "W3"}])
def test_multiply_adds_from_stored_outputs_are_those_that_really_run(trainable, multiply_adds):
    weights, X, T = task()
    below = frozen_below(weights, trainable)
    stored = forward(weights, X)[f"H{len(below)}"]
    rest = {name: W for name, W in weights.items() if name not in below}
    multiply_adds.clear()
    train_step(rest, stored, T, trainable, 1e-3)
    found = costs(FULL_SIZES, trainable, COLUMNS, stored=True)
    assert sum(multiply_adds) == found.multiply_adds * COLUMNS
    assert found.weights_in_memory == sum(W.size for W in rest.values())
    assert found.stored_outputs == stored.size
    assert found.multiply_adds == costs(FULL_SIZES, trainable, COLUMNS).multiply_adds_stored


def parts(name, sizes, rank=4, bottleneck=4):
    """Return (all trainable arrays, a function that takes one step) of the real snippets."""
    rng, (weights, X, T) = np.random.default_rng(0), task(sizes)
    top = len(sizes) - 1
    if name in ("full", "freeze"):
        trainable = set(weights) if name == "full" else {f"W{top}"}
        return {n: weights[n] for n in trainable}, lambda: train_step(weights, X, T, trainable, 0.1)
    if name in ("probe", "head"):
        hidden = () if name == "probe" else (HIDDEN,)
        head = new_head((sizes[-1], *hidden, CLASSES), rng, first=top + 1)

        def step():
            H = forward(weights, X)[f"H{top}"]
            return head_step(head, H, [0] * COLUMNS, 0.1, "cross-entropy")

        return head, step
    if name == "adapters":
        adapters = new_adapters(weights, bottleneck, rng)
        return adapters, lambda: adapter_step(weights, adapters, X, T, 0.1)
    lora = new_lora(weights, rank, rng)
    return lora, lambda: lora_step(weights, lora, X, T, 0.1)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("name", METHODS)
def test_multiply_adds_of_a_method_are_those_that_really_run(name, sizes, multiply_adds):
    trained, step = parts(name, sizes)
    multiply_adds.clear()
    step()
    found = costs_of(six_methods(sizes)[name], COLUMNS)
    assert sum(multiply_adds) == found.multiply_adds * COLUMNS
    assert found.trainable == sum(value.size for value in trained.values())


@pytest.mark.parametrize(("name", "sizes"), [("probe", (40, 10)), ("head", (40, 20, 10))])
def test_multiply_adds_on_stored_features_are_those_that_really_run(name, sizes, multiply_adds):
    weights, X, _ = task()
    H3, head = forward(weights, X)["H3"], new_head(sizes, np.random.default_rng(0))
    multiply_adds.clear()
    head_step(head, H3, [0] * COLUMNS, 1e-3, "cross-entropy")
    stored = costs_of(six_methods()[name]).multiply_adds_stored
    assert sum(multiply_adds) == stored * COLUMNS


@pytest.mark.parametrize(("name", "spared"), [("full", 0), ("adapters", 1200), ("lora", 1200)])
def test_where_the_bottom_changes_storing_spares_at_most_the_product_of_w1(name, spared):
    found = costs_of(six_methods()[name])
    assert found.multiply_adds - found.multiply_adds_stored == spared


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("name", METHODS)
def test_activations_kept_are_those_that_the_backward_pass_needs(name, sizes):
    """Leave out one array of the trace after the other: a kept one is missed, another is not."""
    method, rng = six_methods(sizes)[name], np.random.default_rng(0)
    shapes = method.pretrained | method.added
    matrices = {n: rng.normal(size=shape) for n, shape in shapes.items()}
    numbers = {"α/r": 1.0}
    trace = run(method.lines, matrices, rng.normal(size=(sizes[0], COLUMNS)), numbers)
    slope = np.ones_like(list(trace.values())[-1])
    needed = 0
    for left_out, value in trace.items():
        rest = {n: v for n, v in trace.items() if n != left_out}
        try:
            pass_back(method.lines, {**matrices, **rest}, slope, method.trainable, numbers)
        except KeyError:
            needed += value.size
    assert costs_of(method, COLUMNS).activations_kept == needed > 0


def test_nothing_is_kept_where_nothing_trains():
    assert costs(FULL_SIZES, (), COLUMNS) == Costs(
        trainable=0,
        gradient_and_optimizer=0,
        activations_kept=0,
        multiply_adds=4400,
        stored_for_tasks=4400,
        held_with_adam=4400,
        weights_in_memory=4400,
        multiply_adds_stored=0,
        stored_outputs=0,
        multiply_adds_at_use=4400,
        mergeable=None,
    )


# The comparison that closes the series: trainable, ten tasks stored, numbers held with Adam,
# multiply-adds per column per step, the same from stored outputs, those at use, mergeable.
CLOSING = {
    "full": (4400, 44_000, 17_600, 12_000, 12_000, 4400, None),
    "freeze": (1600, 18_800, 9200, 6000, 3200, 4400, None),
    "probe": (400, 8400, 6000, 5200, 800, 4800, False),
    "head": (1000, 14_400, 8400, 6600, 2200, 5400, False),
    "adapters": (960, 14_000, 8240, 10_320, 9120, 5360, False),
    "lora": (920, 13_600, 8080, 10_240, 9040, 4400, True),
}


def test_the_closing_comparison_comes_out_by_counting():
    assert list(six_methods()) == list(CLOSING) == list(METHODS)
    for name, method in six_methods().items():
        found = costs_of(method)
        row = (found.trainable, found.stored_for_tasks, found.held_with_adam, found.multiply_adds)
        rest = (found.multiply_adds_stored, found.multiply_adds_at_use, found.mergeable)
        assert (*row, *rest) == CLOSING[name]


TABLE = [
    # trainable, stored, parameters, gradient + Adam, kept, multiply-adds, ten tasks, in memory,
    # stored outputs
    (NAMES, False, 4400, 13_200, 150 * 12, 12_000, 44_000, 4400, 0),
    (("W2", "W3"), False, 3200, 9600, 120 * 12, 9200, 33_200, 4400, 0),
    (("W3",), False, 1600, 4800, 80 * 12, 6000, 18_800, 4400, 0),
    (("W3",), True, 1600, 4800, 80 * 12, 3200, 18_800, 1600, 480),
    (("W2", "W3"), True, 3200, 9600, 120 * 12, 8000, 33_200, 3200, 480),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "+".join(row[0]) + " stored" * row[1])
def test_the_full_network_costs_what_the_lessons_say(row):
    trainable, stored, *expected = row
    found = costs(FULL_SIZES, trainable, 12, stored)
    assert [*found[:5], found.weights_in_memory, found.stored_outputs] == expected
    assert found.held_with_adam == found.weights_in_memory + found.gradient_and_optimizer


@FIXED
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=7),
    columns=st.integers(1, 50),
    tasks=st.integers(1, 20),
    data=st.data(),
)
def test_freezing_never_raises_a_cost_and_columns_only_scale_activations(
    sizes, columns, tasks, data
):
    names = [f"W{k}" for k in range(1, len(sizes))]
    trainable = data.draw(st.sets(st.sampled_from(names)))
    found = costs(sizes, trainable, columns, tasks=tasks)
    full = costs(sizes, names, columns, tasks=tasks)
    assert all(one <= other for one, other in zip(found[:-1], full[:-1]))
    assert full.multiply_adds <= 3 * found.multiply_adds
    one = costs(sizes, trainable, 1, tasks=tasks)
    assert found == one._replace(activations_kept=columns * one.activations_kept)
    # Ten copies, spelt out: each task keeps its own version of what trains.
    shapes = dict(zip(names, zip(sizes[1:], sizes)))
    copies = [np.zeros(shapes[name]) for name in names if name not in trainable]
    copies += [np.zeros(shapes[name]) for name in trainable for _ in range(tasks)]
    assert found.stored_for_tasks == sum(copy.size for copy in copies)


@FIXED
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    rank=st.integers(1, 6),
    bottleneck=st.integers(1, 6),
    name=st.sampled_from(METHODS),
)
def test_any_size_is_followed(sizes, rank, bottleneck, name):
    found = costs_of(six_methods(sizes, rank, bottleneck)[name])
    trained, _ = parts(name, sizes, rank, bottleneck)
    assert found.trainable == sum(value.size for value in trained.values())
    total = sum(out * into for into, out in zip(sizes, sizes[1:]))
    new = 0 if name in ("full", "freeze") else found.trainable
    assert found.held_with_adam == total + new + 3 * found.trainable
    assert found.multiply_adds_stored <= found.multiply_adds


def test_adapters_and_lora_save_memory_but_hardly_any_arithmetic():
    found = {name: costs_of(method) for name, method in six_methods().items()}
    full = found["full"]
    for name in ("adapters", "lora"):
        assert full.trainable > 4.5 * found[name].trainable
        assert full.held_with_adam > 2 * found[name].held_with_adam
        assert full.multiply_adds < 1.2 * found[name].multiply_adds
    assert full.multiply_adds == 2 * found["freeze"].multiply_adds
    # LoRA keeps more for its backward pass than full fine-tuning: every S besides every H.
    assert found["lora"].activations_kept == full.activations_kept + 3 * 4 * 12


def test_merged_lora_costs_at_use_what_the_network_does():
    weights, rng = new_network(FULL_SIZES, np.random.default_rng(0)), np.random.default_rng(1)
    lora = {name: rng.normal(size=value.shape) for name, value in new_lora(weights, 4, rng).items()}
    merged = sum(W.size for W in merge(weights, lora).values())
    assert merged == costs_of(six_methods()["lora"]).multiply_adds_at_use


MERGING = [
    # W H + B (A H) is (W + B A) H.
    ([Line("S", product("A", "H")), Line("Z", product("W", "H") + product("B", "S"))], True),
    # A is fed something else than W.
    ([Line("S", product("A", "T")), Line("Z", product("W", "H") + product("B", "S"))], False),
    # A ReLU lies between A and B.
    (
        [Line("S", product("A", "H"), "relu"), Line("Z", product("W", "H") + product("B", "S"))],
        False,
    ),
    # After the ReLU of W there is no matrix to be merged into.
    ([Line("S", product("A", "H")), Line("H'", alone("H") + product("B", "S"))], False),
    # A matrix on top has a product of its own.
    (
        [Line("Z", product("W", "H")), Line("Y", product("A", "Z")), Line("X", product("B", "Y"))],
        False,
    ),
]


@pytest.mark.parametrize(("lines", "expected"), MERGING)
def test_what_lies_beside_a_matrix_merges_and_nothing_else(lines, expected):
    assert mergeable(lines, ("A", "B")) is expected


def test_every_cost_has_a_name_and_says_how_many():
    assert tuple(cost_words()) == Costs._fields
    assert cost_words("all examples", "all tasks")["activations_kept"].endswith(", all examples")
    assert cost_words()["stored_for_tasks"] == "Weights stored for ten tasks"


SEED = ORACLE["seed_network"]
SEED_ROWS = [
    ("forward", (), False),
    ("full", NAMES, False),
    ("freeze1", ("W2", "W3"), False),
    ("freeze2", ("W3",), False),
    ("freeze1_cached_features", ("W2", "W3"), True),
    ("freeze2_cached_features", ("W3",), True),
]


@pytest.mark.parametrize(("key", "trainable", "stored"), SEED_ROWS)
def test_two_flops_a_multiply_add_give_what_the_framework_counts(key, trainable, stored):
    assert set(SEED) == {"note"} | {row[0] for row in SEED_ROWS}
    assert 2 * costs(FULL_SIZES, trainable, 1, stored).multiply_adds == SEED[key]


# A network of 10 equal layers and 10 outputs, measured in a framework on 64 columns.
DEEP_SIZES = (2048,) * 11 + (10,)
DEEP = {row["mode"]: row for row in ORACLE["measured_memory"]["rows"] if row["kind"] == "mlp"}
DEEP_ROWS = [
    ("full", 0, False),
    ("freeze8", 8, False),
    ("freeze9", 9, False),
    ("probe", 10, False),
    ("cached8", 8, True),
    ("cached9", 9, True),
    ("probe_cached", 10, True),
]


@pytest.mark.parametrize(("mode", "frozen", "stored"), DEEP_ROWS)
def test_a_deep_network_costs_what_a_framework_measured(mode, frozen, stored):
    trainable = [f"W{k}" for k in range(frozen + 1, 12)]
    found, measured = costs(DEEP_SIZES, trainable, 64, stored), DEEP[mode]
    assert 2 * 64 * found.multiply_adds == measured["flops"]
    biases = sum(DEEP_SIZES[frozen + 1 :])  # the framework's layers have them, ours do not
    assert found.trainable + biases == measured["trainable"]
    # 4 bytes a number. The framework's loss also keeps 64 labels of 8 bytes and one number of 4.
    assert 4 * found.activations_kept + 64 * 8 + 4 == measured["activation_bytes"]


BAD = [
    (
        {"stored": True, "trainable": NAMES},
        "trainable must leave out W1: outputs can be stored only of layers frozen from the"
        " bottom up, got W1, W2, W3",
    ),
    (
        {"stored": True, "trainable": ()},
        "trainable must name a layer, else no step uses a stored output; got none",
    ),
    ({"stored": "yes"}, "stored must be True or False, got 'yes'"),
    ({"columns": 0}, "columns must be a whole number, 1 or more, got 0"),
    ({"columns": 1.5}, "columns must be a whole number, 1 or more, got 1.5"),
    ({"tasks": -1}, "tasks must be a whole number, 1 or more, got -1"),
    ({"sizes": (30,)}, "sizes must hold the inputs and one layer or more, got (30,)"),
    (
        {"trainable": "W3"},
        "trainable must be a collection of layer names such as {\"W3\"}, got 'W3'",
    ),
    ({"trainable": {"W4"}}, "trainable must name layers among W1, W2, W3, got 'W4'"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_step_that_cannot_be_costed_is_refused(change, message):
    good = {"sizes": FULL_SIZES, "trainable": {"W3"}, "columns": 12}
    with pytest.raises(ValueError) as error:
        costs(**{**good, **change})
    assert str(error.value) == message


BAD_METHODS = [
    ({"rank": 0}, "rank must be a whole number, 1 or more, got 0"),
    ({"bottleneck": 2.5}, "bottleneck must be a whole number, 1 or more, got 2.5"),
    ({"sizes": (30,)}, "sizes must hold the inputs and one layer or more, got (30,)"),
]


@pytest.mark.parametrize(("change", "message"), BAD_METHODS)
def test_methods_that_cannot_be_are_refused(change, message):
    with pytest.raises(ValueError) as error:
        six_methods(**change)
    assert str(error.value) == message
