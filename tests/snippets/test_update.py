"""ΔW = −η · gradient, W′ = W + ΔW, entry by entry; the rest stays the same to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.network import new_network
from snippets.pencil import pencil_network
from snippets.update import add_delta, delta_weights

FIXED = settings(derandomize=True, deadline=None, max_examples=40, database=None)


@FIXED
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    rate=st.floats(0, 1e3),
    seed=st.integers(0, 10**6),
)
def test_a_delta_is_minus_the_rate_times_the_gradient_entry_by_entry(shape, rate, seed):
    gradient = np.random.default_rng(seed).normal(size=shape)
    delta = delta_weights({"W2": gradient}, rate)["W2"]
    for index in np.ndindex(shape):
        assert delta[index] == -rate * gradient[index]  # exact: one product, no sum


def test_no_gradient_gives_a_plain_zero_not_minus_zero():
    delta = delta_weights({"W1": [[0.0, -0.0]]}, 0.5)["W1"]
    assert delta.tolist() == [[0, 0]] and not np.signbit(delta).any()


def test_a_rate_of_zero_moves_nothing():
    assert not delta_weights({"W1": [[3.0, -2.0]]}, 0)["W1"].any()


def test_no_gradients_give_no_deltas():
    assert delta_weights({}, 0.5) == {}


@pytest.mark.parametrize("rate", [-1e-9, -1, np.nan, np.inf, "0.5", None, True])
def test_a_rate_that_is_no_finite_number_of_zero_or_more_is_refused(rate):
    with pytest.raises(ValueError) as error:
        delta_weights({}, rate)
    wish = "learning_rate must be a finite number, 0 or more"
    assert str(error.value) == f"{wish}, got {rate!r}"


def test_a_gradient_that_is_no_finite_matrix_is_named():
    with pytest.raises(ValueError, match="gradients W2 must hold finite numbers only, got nan"):
        delta_weights({"W2": [[np.nan]]}, 0.5)
    with pytest.raises(ValueError, match='gradients must be a dict such as {"W3": ...}, got 3'):
        delta_weights(3, 0.5)


@pytest.mark.parametrize("changed", [set(), {"W2"}, {"W1", "W3"}, {"W1", "W2", "W3"}])
def test_layers_with_a_delta_move_by_it_and_the_rest_stay_the_same_to_the_bit(changed):
    rng = np.random.default_rng(5)
    weights = new_network((3, 4, 5, 2), rng)
    deltas = {name: rng.normal(size=weights[name].shape) for name in changed}
    moved = add_delta(weights, deltas)
    assert list(moved) == list(weights)
    for name, W in weights.items():
        if name in changed:
            for index in np.ndindex(W.shape):
                assert moved[name][index] == W[index] + deltas[name][index]
        else:
            assert moved[name].tobytes() == W.tobytes()


def test_even_the_sign_of_a_zero_survives_in_a_layer_without_a_delta():
    moved = add_delta({"W1": [[-0.0, 1.0]]}, {})
    assert np.signbit(moved["W1"]).tolist() == [[True, False]]


def test_new_weights_share_no_memory_with_the_old():
    weights = pencil_network()
    moved = add_delta(weights, {"W3": np.ones((4, 4))})
    for name in weights:
        assert not np.shares_memory(moved[name], weights[name])
        moved[name][:] = 99
        assert np.array_equal(weights[name], pencil_network()[name])


def test_adding_a_delta_and_then_its_opposite_gives_the_weights_back():
    weights = pencil_network()
    delta = np.arange(16).reshape(4, 4) / 2  # halves: sums are exact
    back = add_delta(add_delta(weights, {"W2": delta}), {"W2": -delta})
    assert all(back[name].tobytes() == W.tobytes() for name, W in weights.items())


BAD_DELTAS = [
    ({"W4": np.ones((4, 4))}, "deltas must name layers among W1, W2, W3, got 'W4'"),
    ({"W1": np.ones((3, 4))}, "deltas W1 must be 4×3 like W1, got 3×4"),
    ({"W1": np.ones((1, 3))}, "deltas W1 must be 4×3 like W1, got 1×3"),
    ({"W3": 1.0}, "deltas W3 must be a matrix (rows, columns), got shape ()"),
    (None, 'deltas must be a dict such as {"W3": ...}, got None'),
]


@pytest.mark.parametrize(("deltas", "message"), BAD_DELTAS)
def test_deltas_that_do_not_fit_are_refused(deltas, message):
    with pytest.raises(ValueError) as error:
        add_delta(pencil_network(), deltas)
    assert str(error.value) == message
