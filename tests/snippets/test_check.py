"""Wrong input is refused with a message that names the argument, the wish and the value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import check

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)

BAD_MATRICES = [
    ("text", "X must be a matrix of real numbers, got str of <U4"),
    (None, "X must be a matrix of real numbers, got NoneType of object"),
    ([[True, False]], "X must be a matrix of real numbers, got list of bool"),
    ([[1j]], "X must be a matrix of real numbers, got list of complex128"),
    ([[1, 2], [3]], "X must be a matrix with rows of equal length"),
    ([1.0, 2.0], "X must be a matrix (rows, columns), got shape (2,)"),
    (3.0, "X must be a matrix (rows, columns), got shape ()"),
    (np.ones((2, 2, 2)), "X must be a matrix (rows, columns), got shape (2, 2, 2)"),
    (np.ones((3, 0)), "X must have at least one row and one column, got 3×0"),
    (np.ones((0, 3)), "X must have at least one row and one column, got 0×3"),
    ([[1, np.nan]], "X must hold finite numbers only, got nan in row 1, column 2"),
    ([[1], [-np.inf]], "X must hold finite numbers only, got -inf in row 2, column 1"),
]


@pytest.mark.parametrize(("value", "message"), BAD_MATRICES)
def test_what_is_no_matrix_of_finite_numbers_is_named(value, message):
    with pytest.raises(ValueError) as error:
        check.matrix(value, "X")
    assert str(error.value) == message


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float32, np.float64])
def test_a_matrix_comes_back_as_an_equal_copy_of_its_own(dtype):
    given_array = np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype))
    array = check.matrix(given_array, "X")
    assert array.dtype == np.float64 and array.flags.c_contiguous
    assert np.array_equal(array, given_array)
    assert not np.shares_memory(array, given_array)


@FIXED
@given(st.sampled_from([0, -1, 1.0, 2.5, "3", None, True, False, float("nan")]))
def test_what_is_no_whole_number_of_one_or_more_is_refused(value):
    with pytest.raises(ValueError, match="columns must be a whole number, 1 or more, got "):
        check.whole_number(value, "columns")


def test_a_numpy_whole_number_counts_as_one():
    assert check.whole_number(np.int64(7), "columns") == 7


@pytest.mark.parametrize("value", [-0.5, np.nan, np.inf, -np.inf, "1", None, True, 10**400, 1j])
def test_what_is_no_finite_number_of_zero_or_more_is_refused(value):
    with pytest.raises(ValueError) as error:
        check.real_number(value, "learning_rate")
    wish = "learning_rate must be a finite number, 0 or more"
    assert str(error.value) == f"{wish}, got {value!r}"


BAD_CHAINS = [
    ({}, 'weights must be a dict such as {"W1": ..., "W2": ...}, got {}'),
    ([1], 'weights must be a dict such as {"W1": ..., "W2": ...}, got [1]'),
    ({"V1": [[1]]}, "weights must be named W1, W2, W3 and so on, got 'V1'"),
    ({"W0": [[1]]}, "weights must be named W1, W2, W3 and so on, got 'W0'"),
    ({"W1\n": [[1]]}, "weights must be named W1, W2, W3 and so on, got 'W1\\n'"),
    ({1: [[1]]}, "weights must be named W1, W2, W3 and so on, got 1"),
    ({"W1": [[1]], "W3": [[1]]}, "weights must be a chain without a gap, got W1, W3"),
    ({"W1": [[1], [1]], "W2": [[1]]}, "W2 must have 2 columns to fit W1, got 1×1"),
    ({"W1": [[np.nan]]}, "W1 must hold finite numbers only, got nan in row 1, column 1"),
    ({"W1": [1]}, "W1 must be a matrix (rows, columns), got shape (1,)"),
]


@pytest.mark.parametrize(("weights", "message"), BAD_CHAINS)
def test_weights_that_are_no_chain_are_refused(weights, message):
    with pytest.raises(ValueError) as error:
        check.layers(weights)
    assert str(error.value) == message


def test_layers_come_in_the_order_of_their_numbers_not_of_their_names():
    weights = {f"W{k}": np.full((1, 1), k) for k in (10, 9, 11, 8)}
    assert list(check.layers(weights)) == [8, 9, 10, 11]


BAD_TRAINABLE = [
    ("W3", "trainable must be a collection of layer names such as {\"W3\"}, got 'W3'"),
    (b"W3", "trainable must be a collection of layer names such as {\"W3\"}, got b'W3'"),
    (None, 'trainable must be a collection of layer names such as {"W3"}, got None'),
    (3, 'trainable must be a collection of layer names such as {"W3"}, got 3'),
    ({"W4"}, "trainable must name layers among W1, W2, got 'W4'"),
    (["w1"], "trainable must name layers among W1, W2, got 'w1'"),
    ((1,), "trainable must name layers among W1, W2, got 1"),
    ([["W1"]], "trainable must name layers among W1, W2, got ['W1']"),
]


@pytest.mark.parametrize(("trainable", "message"), BAD_TRAINABLE)
def test_names_that_are_no_layers_are_refused(trainable, message):
    with pytest.raises(ValueError) as error:
        check.trainable_names(trainable, {"W1": None, "W2": None})
    assert str(error.value) == message


@pytest.mark.parametrize("kind", [set, frozenset, list, tuple, dict.fromkeys, np.array])
def test_any_collection_of_layer_names_will_do(kind):
    names = check.trainable_names(kind(["W2", "W1"]), {"W1": None, "W2": None})
    assert names == {"W1", "W2"}
