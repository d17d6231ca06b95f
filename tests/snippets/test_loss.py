"""Losses by slow loops, their gradients by finite differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.loss import (
    cross_entropy,
    cross_entropy_gradient,
    squared_error,
    squared_error_gradient,
)

FIXED = settings(derandomize=True, deadline=None, max_examples=40, database=None)
SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 6))


def finite_differences(loss, A, step=1e-5):
    gradient = np.zeros_like(A)
    for index in np.ndindex(A.shape):
        change = np.zeros_like(A)
        change[index] = step
        gradient[index] = (loss(A + change) - loss(A - change)) / (2 * step)
    return gradient


@FIXED
@given(shape=SHAPES, seed=st.integers(0, 10**6))
def test_squared_error_is_half_the_sum_of_squares(shape, seed):
    rng = np.random.default_rng(seed)
    H, T = rng.normal(size=shape), rng.normal(size=shape)
    total = 0.0
    for i, j in np.ndindex(shape):
        total += (H[i, j] - T[i, j]) ** 2 / 2
    assert squared_error(H, T) == pytest.approx(total, rel=1e-12)
    assert squared_error(H, H) == 0
    # Quadratic, so central differences are exact up to rounding (about 1e-16 × 100 / 1e-5).
    slow = finite_differences(lambda A: squared_error(A, T), H)
    np.testing.assert_allclose(squared_error_gradient(H, T), slow, atol=1e-8)


@FIXED
@given(shape=SHAPES, seed=st.integers(0, 10**6))
def test_cross_entropy_is_the_mean_surprise_at_the_right_class(shape, seed):
    rng = np.random.default_rng(seed)
    Y, labels = 3 * rng.normal(size=shape), rng.integers(shape[0], size=shape[1])
    total = 0.0
    for j, label in enumerate(labels):
        total -= math.log(math.exp(Y[label, j]) / sum(math.exp(y) for y in Y[:, j]))
    # Absolute too: the logarithm of a probability near 1 loses digits in the slow version.
    assert cross_entropy(Y, labels) == pytest.approx(total / shape[1], rel=1e-9, abs=1e-12)
    slow = finite_differences(lambda A: cross_entropy(A, labels), Y)
    np.testing.assert_allclose(cross_entropy_gradient(Y, labels), slow, atol=1e-8)


@FIXED
@given(shape=SHAPES, seed=st.integers(0, 10**6), shift=st.floats(-1e6, 1e6))
def test_a_constant_added_to_a_column_changes_no_cross_entropy(shape, seed, shift):
    rng = np.random.default_rng(seed)
    Y, labels = rng.normal(size=shape), rng.integers(shape[0], size=shape[1])
    # Y + shift is rounded to about 1e-10 at 1e6.
    assert cross_entropy(Y + shift, labels) == pytest.approx(cross_entropy(Y, labels), abs=1e-8)


@FIXED
@given(shape=SHAPES, seed=st.integers(0, 10**6))
def test_each_column_of_the_cross_entropy_gradient_sums_to_zero(shape, seed):
    rng = np.random.default_rng(seed)
    gradient = cross_entropy_gradient(rng.normal(size=shape), rng.integers(shape[0], size=shape[1]))
    np.testing.assert_allclose(gradient.sum(axis=0), 0, atol=1e-14)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    assert cross_entropy(np.zeros((10, 12)), [3] * 12) == pytest.approx(math.log(10), rel=1e-15)


@pytest.mark.parametrize("size", [1e3, 1e6, 1e300])
def test_huge_scores_neither_overflow_nor_become_nan(size):
    with np.errstate(over="raise", invalid="raise"):
        right, wrong = cross_entropy([[size], [0]], [0]), cross_entropy([[size], [0]], [1])
        gradient = cross_entropy_gradient([[size], [0]], [1])
    assert (right, wrong) == (0, size)
    assert gradient.tolist() == [[1], [-1]]


def test_columns_of_very_different_size_do_not_disturb_each_other():
    # Each column is stable by its own largest score, not by the largest of all.
    assert cross_entropy([[0, 1e6], [0, 0]], [1, 0]) == pytest.approx(math.log(2) / 2, rel=1e-15)


@pytest.mark.parametrize("loss", [squared_error, squared_error_gradient])
def test_targets_of_another_shape_are_refused_even_where_numpy_would_stretch_them(loss):
    with pytest.raises(ValueError) as error:
        loss(np.ones((4, 2)), np.ones((4, 1)))
    assert str(error.value) == "T must be 4×2 like H, got 4×1"
    with pytest.raises(ValueError, match="H must hold finite numbers only, got nan"):
        loss([[np.nan]], [[1]])
    with pytest.raises(ValueError, match="T must hold finite numbers only, got inf"):
        loss([[1]], [[np.inf]])


BAD_LABELS = [
    ([0, 4, 1], "labels must be from 0 to 3, got 4"),
    ([0, -1, 1], "labels must be from 0 to 3, got -1"),
    ([0, 1], "labels must be 3 whole numbers, one for a column of Y, got int64 of shape (2,)"),
    ([], "labels must be 3 whole numbers, one for a column of Y, got float64 of shape (0,)"),
    (
        [0.0, 1.0, 2.0],
        "labels must be 3 whole numbers, one for a column of Y, got float64 of shape (3,)",
    ),
    (
        [True, False, True],
        "labels must be 3 whole numbers, one for a column of Y, got bool of shape (3,)",
    ),
    ([[0], [1, 2], 3], "labels must be a list of whole numbers, one for a column"),
]


@pytest.mark.parametrize("loss", [cross_entropy, cross_entropy_gradient])
@pytest.mark.parametrize(("labels", "message"), BAD_LABELS)
def test_labels_that_do_not_fit_are_refused(loss, labels, message):
    with pytest.raises(ValueError) as error:
        loss(np.zeros((4, 3)), labels)
    assert str(error.value) == message
