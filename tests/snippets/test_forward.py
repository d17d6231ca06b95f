"""The forward pass, checked by slow loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.forward import forward, relu
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import pencil_network, pencil_task

FIXED = settings(derandomize=True, deadline=None, max_examples=40, database=None)


def slow_layer(W, H):
    Z = [[sum(w * h for w, h in zip(row, column)) for column in H.T] for row in W]
    return np.array(Z), np.array([[max(0.0, z) for z in row] for row in Z])


@FIXED
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    columns=st.integers(1, 5),
    seed=st.integers(0, 10**6),
)
def test_forward_matches_loops_over_every_entry(sizes, columns, seed):
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    X = rng.normal(size=(sizes[0], columns))
    trace = forward(weights, X)
    H = X
    for k in range(1, len(sizes)):
        Z, H = slow_layer(weights[f"W{k}"], H)
        # Sums of at most six products in another order: a few units in the last place.
        np.testing.assert_allclose(trace[f"Z{k}"], Z, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(trace[f"H{k}"], H, rtol=1e-12, atol=1e-12)


def test_a_trace_holds_every_result_in_the_order_of_computing():
    trace = forward(pencil_network(), pencil_task()[0])
    assert list(trace) == ["H0", "Z1", "H1", "Z2", "H2", "Z3", "H3"]


def test_the_full_network_makes_the_shapes_of_the_lessons():
    rng = np.random.default_rng(0)
    trace = forward(new_network(FULL_SIZES, rng), rng.normal(size=(30, 12)))
    assert trace.pop("H0").shape == (30, 12)
    assert {value.shape for value in trace.values()} == {(40, 12)}


def test_each_column_passes_alone():
    weights, (X, _) = pencil_network(), pencil_task()
    together = forward(weights, X)["H3"]
    for column in range(X.shape[1]):
        alone = forward(weights, X[:, [column]])["H3"]
        assert np.array_equal(alone, together[:, [column]])


def test_the_order_of_the_dict_does_not_matter():
    weights, (X, _) = pencil_network(), pencil_task()
    backwards = dict(reversed(weights.items()))
    assert list(forward(backwards, X)) == list(forward(weights, X))
    assert np.array_equal(forward(backwards, X)["H3"], forward(weights, X)["H3"])


@pytest.mark.parametrize("first", [2, 3])
def test_the_top_of_a_network_goes_on_from_a_stored_output(first):
    weights, (X, _) = pencil_network(), pencil_task()
    whole = forward(weights, X)
    top = {f"W{k}": weights[f"W{k}"] for k in range(first, 4)}
    trace = forward(top, whole[f"H{first - 1}"])
    assert list(trace) == list(whole)[-len(trace) :]
    for name, value in trace.items():
        assert value.tobytes() == whole[name].tobytes()


def test_forward_neither_changes_nor_shares_its_arguments():
    weights, (X, _) = pencil_network(), pencil_task()
    trace = forward(weights, X)
    for value in trace.values():
        value += 1
    assert np.array_equal(X, pencil_task()[0])
    assert all(np.array_equal(weights[name], W) for name, W in pencil_network().items())


def test_relu_keeps_positive_numbers_and_makes_the_rest_a_plain_zero():
    H = relu([[-2, -0.0, 0.0], [1e-300, 3, -1e300]])
    assert H.tolist() == [[0, 0, 0], [1e-300, 3, 0]]
    assert not np.signbit(H).any()


def test_relu_twice_is_relu_once():
    Z = np.random.default_rng(0).normal(size=(5, 7))
    assert np.array_equal(relu(relu(Z)), relu(Z))


BAD_INPUTS = [
    (np.ones((2, 4)), "X must have 3 rows to fit W1, got 2×4"),
    (np.ones((3, 0)), "X must have at least one row and one column, got 3×0"),
    (np.ones(3), "X must be a matrix (rows, columns), got shape (3,)"),
    ([[1], [2], [np.inf]], "X must hold finite numbers only, got inf in row 3, column 1"),
]


@pytest.mark.parametrize(("X", "message"), BAD_INPUTS)
def test_inputs_that_do_not_fit_are_refused(X, message):
    with pytest.raises(ValueError) as error:
        forward(pencil_network(), X)
    assert str(error.value) == message


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_overflow_on_the_way_is_reported_not_passed_on():
    with pytest.raises(ValueError, match="Z1 must hold finite numbers only, got inf"):
        forward({"W1": [[1e200]]}, [[1e200]])
