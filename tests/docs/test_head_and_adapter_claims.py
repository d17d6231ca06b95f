"""What lessons 6 and 7 say in words, tried on other seeds, and what they compute, a second way."""

import numpy as np
import pytest

from experiments.experiment import answer, new_task, new_way, new_world, relative_error, train
from experiments.runs import learn
from snippets.adapter import adapter_forward, adapter_shapes
from snippets.forward import forward, relu
from snippets.head import new_head
from snippets.network import FULL_SIZES, layer_shapes
from snippets.pencil import pencil_network
from snippets.pencil_methods import pencil_either_or
from tests.snippets.second_ways import slow_product

SEEDS = (0, 2, 9)


@pytest.mark.parametrize("turned", ["W3", "W1"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_with_a_random_start_fits_its_columns_and_loses_to_the_untouched_network(
    seed, turned
):
    world = new_world(seed)
    task = new_task(world, turned, seed)
    start = new_head((40, 20, 10), np.random.default_rng(seed))
    way = new_way(world, "head", seed)._replace(start=start)
    learned = train(way, task.train, 3e-3)
    on_twelve, on_new = (
        relative_error(answer(way, learned, X), T) for X, T in (task.train, task.test)
    )
    assert on_twelve < 0.1 and on_new > learn(seed, turned, "untouched").result.new_error


@pytest.mark.parametrize("turned", ["W3", "W1"])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_matrix_does_what_a_trained_adapter_does(seed, turned):
    world, adapters = new_world(seed), learn(seed, turned, "adapters").parameters
    trace = adapter_forward(world.pretrained, adapters, new_task(world, turned, seed).test.X)
    offs = []
    for k in (1, 2, 3):
        H, out = trace[f"H{k}"], trace[f"H{k}'"]
        M = np.linalg.lstsq(H.T, out.T)[0].T
        offs.append(np.linalg.norm(M @ H - out) / np.linalg.norm(out - H))
        straight = H + adapters[f"U{k}"] @ (adapters[f"D{k}"] @ H)
        merged = np.eye(40) + adapters[f"U{k}"] @ adapters[f"D{k}"]
        np.testing.assert_allclose(merged @ H, straight, atol=1e-12)
    assert max(offs) > 0.02


def test_two_inputs_that_differ_are_the_same_after_layer_one():
    X = np.array([[0.0, 1], [-2, 0], [1, 0]])
    Z1 = np.array(slow_product(pencil_network()["W1"], X))
    assert Z1.tolist() == [[-2, -1], [1, 1], [-1, -1], [1, 1]]
    trace = forward(pencil_network(), X)
    assert all((trace[f"H{k}"][:, 0] == trace[f"H{k}"][:, 1]).all() for k in (1, 2, 3))


def test_the_head_that_answers_the_four_examples_exactly_does():
    H3 = forward(pencil_network(), pencil_either_or()[0])["H3"]
    Z4 = np.array(slow_product(np.array([[-5, -0.5, 1, 0], [5, 0, -1, 0]]), H3))
    assert Z4.tolist() == [[0, 0, -1, 1], [-1, 0, 1, -2]]
    assert relu(Z4).sum(axis=0).tolist() == [0, 0, 1, 1]


def test_the_arithmetic_of_a_step_with_adapters_adds_up_product_by_product():
    size = {name: out * into for name, (out, into) in layer_shapes(FULL_SIZES).items()}
    thin = {name: out * into for name, (out, into) in adapter_shapes(layer_shapes(), 4).items()}
    forward_pass = sum(size.values()) + sum(thin.values())
    gradients = sum(thin.values())
    # γ of every adapter through U; past D to what lies below it, and through W3 and W2.
    signal = thin["U3"] + thin["U2"] + thin["U1"] + thin["D3"] + thin["D2"]
    signal += size["W3"] + size["W2"]
    assert (forward_pass, gradients, signal) == (5360, 960, 4000)
    assert forward_pass + gradients + signal == 10_320
