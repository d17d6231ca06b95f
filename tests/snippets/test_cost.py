"""Costs against counted products, kept arrays, frameworks and formulas."""

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import check
from snippets.backward import backward
from snippets.cost import costs_of_step, even_network_savings
from snippets.forward import forward
from snippets.freeze import frozen_below, store_frozen_output, train_step
from snippets.network import FULL_SIZES, new_network

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)
NAMES = ("W1", "W2", "W3")
SUBSETS = [set(names) for n in range(4) for names in combinations(NAMES, n)]
ORACLE = json.loads(
    (Path(__file__).parents[2] / "data" / "oracles" / "freezing_80_percent.json").read_text(
        encoding="utf-8"
    )
)
COLUMNS = 12


class Counting(np.ndarray):
    """An array that notes the multiply-adds of every matrix product it takes part in."""

    done = []

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = [np.asarray(value) for value in inputs]
        if ufunc is np.matmul:
            (rows, inner), (_, columns) = inputs[0].shape, inputs[1].shape
            Counting.done.append(rows * inner * columns)
        return getattr(ufunc, method)(*inputs, **options)


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


@pytest.mark.parametrize("sizes", [FULL_SIZES, (3, 4, 4, 4), (5, 2, 7, 3)])
@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_multiply_adds_are_those_of_the_products_that_really_run(sizes, trainable, multiply_adds):
    weights, X, T = task(sizes)
    train_step(weights, X, T, trainable, 1e-3)
    per_column = costs_of_step(sizes, trainable, COLUMNS)["multiply_adds"]
    assert sum(multiply_adds) == per_column * COLUMNS
    crossed = 3 - len(frozen_below(weights, trainable)) - 1 if trainable else 0
    assert len(multiply_adds) == 3 + len(trainable) + crossed


@pytest.mark.parametrize("trainable", [{"W2"}, {"W3"}, {"W2", "W3"}])
def test_multiply_adds_from_stored_outputs_are_those_that_really_run(trainable, multiply_adds):
    weights, X, T = task()
    stored, rest = store_frozen_output(weights, X, trainable)
    multiply_adds.clear()
    train_step(rest, stored, T, trainable, 1e-3)
    costs = costs_of_step(FULL_SIZES, trainable, COLUMNS, stored=True)
    assert sum(multiply_adds) == costs["multiply_adds"] * COLUMNS
    assert costs["weights_in_memory"] == sum(W.size for W in rest.values())
    assert costs["stored_outputs"] == stored.size


class Watched(dict):
    """A trace that notes which of its arrays are read."""

    def __init__(self, trace):
        super().__init__(trace)
        self.read = set()

    def __getitem__(self, name):
        self.read.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("trainable", SUBSETS[1:], ids=lambda s: "+".join(sorted(s)))
@pytest.mark.parametrize("sizes", [FULL_SIZES, (5, 2, 7, 3)])
def test_activations_kept_are_those_that_the_backward_pass_reads(sizes, trainable):
    weights, X, _ = task(sizes)
    trace = Watched(forward(weights, X))
    backward(weights, trace, np.ones((sizes[-1], COLUMNS)), trainable)
    read = sum(dict(trace)[name].size for name in trace.read)
    assert costs_of_step(sizes, trainable, COLUMNS)["activations_kept"] == read


def test_nothing_is_kept_where_nothing_trains():
    costs = costs_of_step(FULL_SIZES, (), COLUMNS)
    assert costs == {
        "trainable": 0,
        "gradient_and_optimizer": 0,
        "activations_kept": 0,
        "multiply_adds": 4400,
        "stored_for_tasks": 4400,
        "weights_in_memory": 4400,
        "stored_outputs": 0,
    }


TABLE = [
    # trainable, stored, parameters, gradient + Adam, kept, multiply-adds, ten tasks, in memory
    (NAMES, False, 4400, 13_200, 150 * 12, 12_000, 44_000, 4400, 0),
    (("W2", "W3"), False, 3200, 9600, 120 * 12, 9200, 33_200, 4400, 0),
    (("W3",), False, 1600, 4800, 80 * 12, 6000, 18_800, 4400, 0),
    (("W3",), True, 1600, 4800, 80 * 12, 3200, 18_800, 1600, 480),
    (("W2", "W3"), True, 3200, 9600, 120 * 12, 8000, 33_200, 3200, 480),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: "+".join(row[0]) + " stored" * row[1])
def test_the_full_network_costs_what_the_lessons_say(row):
    trainable, stored, *expected = row
    assert list(costs_of_step(FULL_SIZES, trainable, 12, stored).values()) == expected


def test_numbers_held_with_adam_are_those_of_the_closing_comparison():
    for trainable, held in ((NAMES, 17_600), ({"W3"}, 9200)):
        costs = costs_of_step(FULL_SIZES, trainable, 12)
        assert costs["weights_in_memory"] + costs["gradient_and_optimizer"] == held


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
    costs = costs_of_step(sizes, trainable, columns, tasks=tasks)
    full = costs_of_step(sizes, names, columns, tasks=tasks)
    assert all(costs[key] <= full[key] for key in costs)
    assert full["multiply_adds"] <= 3 * costs["multiply_adds"]
    one = costs_of_step(sizes, trainable, 1, tasks=tasks)
    one["activations_kept"] *= columns
    assert costs == one
    # Ten copies, spelt out: each task keeps its own version of what trains.
    shapes = dict(zip(names, zip(sizes[1:], sizes)))
    copies = [np.zeros(shapes[name]) for name in names if name not in trainable]
    copies += [np.zeros(shapes[name]) for name in trainable for _ in range(tasks)]
    assert costs["stored_for_tasks"] == sum(copy.size for copy in copies)


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
    assert 2 * costs_of_step(FULL_SIZES, trainable, 1, stored)["multiply_adds"] == SEED[key]


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
    costs, measured = costs_of_step(DEEP_SIZES, trainable, 64, stored), DEEP[mode]
    assert 2 * 64 * costs["multiply_adds"] == measured["flops"]
    biases = sum(DEEP_SIZES[frozen + 1 :])  # the framework's layers have them, ours do not
    assert costs["trainable"] + biases == measured["trainable"]
    # 4 bytes a number. The framework's loss also keeps 64 labels of 8 bytes and one number of 4.
    assert 4 * costs["activations_kept"] + 64 * 8 + 4 == measured["activation_bytes"]


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
        costs_of_step(**{**good, **change})
    assert str(error.value) == message


# Keys of the oracle, and ours with the number of epochs they mean.
EVEN_KEYS = {
    "trainable": ("trainable", 10),
    "gradients": ("gradient_and_optimizer", 10),
    "adam_states": ("gradient_and_optimizer", 10),
    "checkpoint_of_changed_weights": ("saved_change", 10),
    "activations_kept": ("activations_kept", 10),
    "flops_per_step": ("multiply_adds", 10),
    "model_states_mixed_16_bytes": ("memory_mixed", 10),
    "model_states_fp32_adam": ("memory_float32", 10),
    "flops_cached_features": ("multiply_adds_stored", 10),
    "flops_cached_3_epochs": ("multiply_adds_stored_epochs", 3),
    "flops_cached_10_epochs": ("multiply_adds_stored_epochs", 10),
    "model_states_cached_prefix_not_loaded": ("memory_stored", 10),
}


@pytest.mark.parametrize(
    "row", ORACLE["even_network"]["rows"], ids=lambda row: str(row["frozen_fraction"])
)
def test_savings_of_an_even_network_are_those_of_the_oracle(row):
    assert set(row) == {"frozen_fraction", *EVEN_KEYS}
    for key, (ours, epochs) in EVEN_KEYS.items():
        ratio = even_network_savings(row["frozen_fraction"], epochs)[ours]
        if row[key] is None:
            assert ratio == math.inf
        else:
            assert ratio == pytest.approx(row[key], abs=5.1e-5)  # given to four decimals


@pytest.mark.parametrize("frozen", [0, 1, 50, 80, 99])
def test_a_really_deep_even_network_comes_near_the_formula(frozen):
    sizes = (10,) * 101  # 100 layers; the formula leaves out the one layer at the edge
    names = [f"W{k}" for k in range(1, 101)]
    full = costs_of_step(sizes, names, 8)
    costs = costs_of_step(sizes, names[frozen:], 8)
    formula = even_network_savings(frozen / 100)
    for key in ("trainable", "gradient_and_optimizer"):
        assert full[key] / costs[key] == pytest.approx(formula[key], rel=1e-12)
    # One layer in 100 more or less: within 1 % for products.
    ratio = full["multiply_adds"] / costs["multiply_adds"]
    assert ratio == pytest.approx(formula["multiply_adds"], rel=0.01)
    # Kept are the H of 100 − frozen layers and one input more.
    kept = costs["activations_kept"] / full["activations_kept"]
    assert kept == pytest.approx(1 / formula["activations_kept"], abs=0.01)


@FIXED
@given(st.floats(0, 1), st.integers(1, 1000))
def test_savings_stay_within_their_limits(share, epochs):
    savings = even_network_savings(share, epochs)
    assert all(ratio >= 1 for ratio in savings.values())
    # Rounding may pass a limit by a unit in the last place.
    assert savings["multiply_adds"] <= 3 * (1 + 1e-15)
    assert savings["memory_mixed"] <= 8 * (1 + 1e-15)
    assert savings["memory_float32"] <= 4 * (1 + 1e-15)
    assert savings["multiply_adds_stored_epochs"] <= savings["multiply_adds_stored"] * (1 + 1e-12)


def test_freezing_nothing_saves_nothing():
    assert set(even_network_savings(0).values()) == {1}


@pytest.mark.parametrize("share", [-0.1, 1.01, 80, math.nan, math.inf, "0.8", None, True])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(ValueError) as error:
        even_network_savings(share)
    assert str(error.value) == f"frozen_share must be a number from 0 to 1, got {share!r}"


def test_epochs_below_one_are_refused():
    with pytest.raises(ValueError, match="epochs must be a whole number, 1 or more, got 0"):
        even_network_savings(0.8, epochs=0)
