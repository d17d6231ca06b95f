"""Sizes become shapes, and a seed becomes the same network every time."""

import numpy as np
import pytest

from snippets.network import FULL_SIZES, layer_shapes, new_network


def test_the_full_network_has_the_shapes_of_the_lessons():
    assert FULL_SIZES == (30, 40, 40, 40)
    assert layer_shapes() == {"W1": (40, 30), "W2": (40, 40), "W3": (40, 40)}


@pytest.mark.parametrize("sizes", [(1, 1), (3, 4, 4, 4), [2, 5, 1], (7,) * 13])
def test_each_layer_takes_in_what_the_one_below_puts_out(sizes):
    shapes = layer_shapes(sizes)
    assert list(shapes) == [f"W{k}" for k in range(1, len(sizes))]
    signal = np.zeros((sizes[0], 1))
    for k, size in enumerate(sizes[1:], start=1):
        signal = np.zeros(shapes[f"W{k}"]) @ signal
        assert signal.shape == (size, 1)


BAD_SIZES = [
    ((), "sizes must hold the inputs and one layer or more, got ()"),
    ((3,), "sizes must hold the inputs and one layer or more, got (3,)"),
    ((3, 0), "each of sizes must be a whole number, 1 or more, got 0"),
    ((3, -4), "each of sizes must be a whole number, 1 or more, got -4"),
    ((3, 4.0), "each of sizes must be a whole number, 1 or more, got 4.0"),
    ((True, 4), "each of sizes must be a whole number, 1 or more, got True"),
    ("34", "sizes must list whole numbers such as (30, 40, 40, 40), got '34'"),
    (30, "sizes must list whole numbers such as (30, 40, 40, 40), got 30"),
]


@pytest.mark.parametrize(("sizes", "message"), BAD_SIZES)
def test_sizes_that_make_no_network_are_refused(sizes, message):
    for make in (layer_shapes, lambda sizes: new_network(sizes, np.random.default_rng(0))):
        with pytest.raises(ValueError) as error:
            make(sizes)
        assert str(error.value) == message


def test_a_new_network_has_the_shapes_asked_for():
    weights = new_network(FULL_SIZES, np.random.default_rng(0))
    assert {name: W.shape for name, W in weights.items()} == layer_shapes()
    assert all(W.dtype == np.float64 for W in weights.values())


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    one, same, other = (new_network((3, 4, 4), np.random.default_rng(s)) for s in (1, 1, 2))
    for name in one:
        assert one[name].tobytes() == same[name].tobytes() != other[name].tobytes()


def test_the_global_random_state_is_neither_read_nor_moved():
    np.random.seed(0)
    before = np.random.get_state()[1].tobytes()
    new_network((3, 4), np.random.default_rng(0))
    assert np.random.get_state()[1].tobytes() == before


@pytest.mark.parametrize("in_features", [10, 50, 400])
def test_weights_have_mean_zero_and_he_variance(in_features):
    # 200,000 draws or more: 5 standard errors of the mean, and 5 of the variance (√(2/n) of it).
    W = new_network((in_features, 200_000 // in_features), np.random.default_rng(3))["W1"]
    variance = 2 / in_features
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)
    assert abs(W.var() / variance - 1) < 5 * np.sqrt(2 / W.size)


@pytest.mark.parametrize("rng", [None, 0, np.random.RandomState(0), np.random])
def test_only_a_generator_is_taken_as_rng(rng):
    with pytest.raises(ValueError, match="rng must be a NumPy Generator, got "):
        new_network((3, 4), rng)
