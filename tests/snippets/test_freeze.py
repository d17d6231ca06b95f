"""A step with frozen layers, and the same step from stored outputs."""

from itertools import combinations

import numpy as np
import pytest

from snippets.forward import forward
from snippets.freeze import Step, frozen_below, storable_below, train_step
from snippets.loss import cross_entropy, squared_error, squared_error_gradient
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import pencil_network, pencil_task
from tests.snippets.second_ways import backward, slow_gradients

NAMES = ("W1", "W2", "W3")
SUBSETS = [set(names) for n in range(4) for names in combinations(NAMES, n)]
SIZES = [(3, 4, 4, 4), FULL_SIZES]


def task(sizes, seed=0, columns=12):
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    return weights, rng.normal(size=(sizes[0], columns)), rng.normal(size=(sizes[-1], columns))


def store(weights, X, trainable):
    """Run the frozen bottom once; return its output and the layers above it."""
    frozen = storable_below(weights, trainable)
    output = list(forward({name: weights[name] for name in frozen}, X).values())[-1]
    return output, {name: W for name, W in weights.items() if name not in frozen}


def same_bytes(one, other):
    return one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_frozen_layers_are_the_same_to_the_bit_after_many_steps(sizes, trainable):
    weights, X, T = task(sizes)
    start = {name: W.tobytes() for name, W in weights.items()}
    for _ in range(5):
        step = train_step(weights, X, T, trainable, 1e-3)
        weights = step.weights
    for name in NAMES:
        assert (weights[name].tobytes() == start[name]) == (name not in trainable)
    assert set(step.delta_weights) == set(step.gradients) == trainable


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_a_step_is_its_parts_put_together_by_hand(trainable):
    weights, (X, T) = pencil_network(), pencil_task()
    step = train_step(weights, X, T, trainable, 0.5)
    trace = forward(weights, X)
    slope = squared_error_gradient(trace["H3"], T)
    deltas, gradients = backward(weights, trace, slope, trainable)
    assert isinstance(step, Step)
    assert step.loss == squared_error(trace["H3"], T) == 4
    assert list(step.trace) == list(trace) and list(step.deltas) == list(deltas)
    for name in trainable:
        assert np.array_equal(step.delta_weights[name], -0.5 * gradients[name])
        assert np.array_equal(step.weights[name], weights[name] - 0.5 * gradients[name])


@pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)) or "none")
def test_a_step_on_cross_entropy_matches_finite_differences(trainable):
    weights, X, _ = task((3, 4, 4, 5), seed=1, columns=4)
    labels = [0, 2, 1, 4]
    slow = slow_gradients(weights, lambda p: cross_entropy(forward(p, X)["H3"], labels))
    step = train_step(weights, X, labels, trainable, 0.5, "cross-entropy")
    assert step.loss == cross_entropy(step.trace["H3"], labels)
    assert set(step.gradients) == trainable
    for name, W in step.weights.items():
        moved = weights[name] - 0.5 * slow[name] * (name in trainable)
        # Rounding of a loss of about 1 gives 1e-16 / 1e-6.
        np.testing.assert_allclose(W, moved, rtol=0, atol=1e-9)


def test_a_step_leaves_its_arguments_alone():
    weights, (X, T) = pencil_network(), pencil_task()
    step = train_step(weights, X, T, NAMES, 0.5)
    for array in step.weights.values():
        array[:] = 99
    assert all(np.array_equal(weights[name], W) for name, W in pencil_network().items())
    assert np.array_equal(X, pencil_task()[0]) and np.array_equal(T, pencil_task()[1])


def test_the_same_step_twice_gives_the_same_bits():
    weights, X, T = task(FULL_SIZES)
    one, two = (train_step(weights, X, T, NAMES, 1e-3) for _ in range(2))
    assert one.loss == two.loss
    assert all(same_bytes(one.weights[name], two.weights[name]) for name in NAMES)


@pytest.mark.parametrize("trainable", SUBSETS[1:], ids=lambda s: "+".join(sorted(s)))
def test_small_steps_bring_the_loss_down(trainable):
    weights, X, T = task(FULL_SIZES)
    losses = []
    for _ in range(10):
        step = train_step(weights, X, T, trainable, 1e-4)
        losses.append(step.loss)
        weights = step.weights
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0]


RUNS = [
    (set(), ("W1", "W2", "W3")),
    ({"W1"}, ()),
    ({"W2"}, ("W1",)),
    ({"W3"}, ("W1", "W2")),
    ({"W1", "W3"}, ()),
    (["W3", "W2"], ("W1",)),
    (NAMES, ()),
]


@pytest.mark.parametrize(("trainable", "run"), RUNS)
def test_the_frozen_run_ends_at_the_lowest_trainable_layer(trainable, run):
    assert frozen_below(pencil_network(), trainable) == run
    assert frozen_below(dict.fromkeys(reversed(NAMES)), trainable) == run


def test_the_frozen_run_counts_layers_by_number_not_by_name():
    names = dict.fromkeys(f"W{k}" for k in range(1, 13))
    assert frozen_below(names, {"W11"}) == tuple(f"W{k}" for k in range(1, 11))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("trainable", [{"W3"}, {"W2"}, {"W2", "W3"}])
def test_steps_from_stored_outputs_are_the_same_to_the_bit(sizes, trainable):
    weights, X, T = task(sizes, seed=4)
    stored, rest = store(weights, X, trainable)
    frozen = frozen_below(weights, trainable)
    assert set(rest) == set(NAMES) - set(frozen)
    assert same_bytes(stored, forward(weights, X)[f"H{len(frozen)}"])
    for _ in range(4):
        whole = train_step(weights, X, T, trainable, 1e-3)
        top = train_step(rest, stored, T, trainable, 1e-3)
        assert top.loss == whole.loss
        assert list(top.trace) == list(whole.trace)[-len(top.trace) :]
        for part, full in zip(top[:4], whole[:4]):
            assert all(same_bytes(part[name], full[name]) for name in part)
        assert set(top.gradients) == set(whole.gradients)
        assert list(top.deltas) == list(whole.deltas)
        weights, rest = whole.weights, top.weights
    joined = {**weights, **rest}
    assert all(same_bytes(joined[name], weights[name]) for name in NAMES)


def test_the_trace_from_stored_outputs_keeps_the_names_of_the_whole_network():
    weights, (X, T) = pencil_network(), pencil_task()
    stored, rest = store(weights, X, {"W3"})
    assert list(rest) == ["W3"]
    assert list(train_step(rest, stored, T, {"W3"}, 0.5).trace) == ["H2", "Z3", "H3"]


NOT_STORABLE = [
    ((), "trainable must name a layer, else no step uses a stored output; got none"),
    (
        {"W3", "W1"},
        "trainable must leave out W1: outputs can be stored only of layers frozen from the"
        " bottom up, got W1, W3",
    ),
    (
        NAMES,
        "trainable must leave out W1: outputs can be stored only of layers frozen from the"
        " bottom up, got W1, W2, W3",
    ),
]


@pytest.mark.parametrize(("trainable", "message"), NOT_STORABLE)
def test_storing_is_refused_where_it_serves_no_purpose(trainable, message):
    with pytest.raises(ValueError) as error:
        storable_below(pencil_network(), trainable)
    assert str(error.value) == message


BAD = [
    ("X", np.ones((4, 2)), "X must have 3 rows to fit W1, got 4×2"),
    ("X", np.ones((3, 0)), "X must have at least one row and one column, got 3×0"),
    ("T", np.ones((4, 1)), "T must be 4×2 like H, got 4×1"),
    (
        "trainable",
        "W3",
        "trainable must be a collection of layer names such as {\"W3\"}, got 'W3'",
    ),
    ("trainable", ["W3", "W4"], "trainable must name layers among W1, W2, W3, got 'W4'"),
    ("loss", "hinge", "loss must be 'squared error' or 'cross-entropy', got 'hinge'"),
    ("learning_rate", -0.5, "learning_rate must be a finite number, 0 or more, got -0.5"),
]


@pytest.mark.parametrize(("argument", "value", "message"), BAD)
def test_a_step_refuses_what_does_not_fit(argument, value, message):
    X, T = pencil_task()
    good = {"X": X, "T": T, "trainable": {"W3"}, "learning_rate": 0.5}
    with pytest.raises(ValueError) as error:
        train_step(pencil_network(), **{**good, argument: value})
    assert str(error.value) == message
