"""What lessons say in words of one seed, tried on others too."""

import numpy as np
import pytest

from experiments.experiment import (
    answer,
    measure,
    new_task,
    new_way,
    new_world,
    relative_error,
    train,
)
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.loss import squared_error
from snippets.pencil import pencil_network, pencil_old_task, pencil_task
from snippets.pencil_methods import pencil_probe_task
from snippets.probe import best_probe, steepest_safe_rate, train_probe

SEEDS = (0, 1, 7)
EVERY = {"W1", "W2", "W3"}


@pytest.fixture(scope="module", params=SEEDS)
def seed_and_world(request):
    return request.param, new_world(request.param)


def test_a_rate_too_high_learns_its_columns_and_is_worse_than_not_training(seed_and_world):
    seed, world = seed_and_world
    task, way = new_task(world, "W3", seed), new_way(world, "full", seed)
    start = measure(world, task, way, way.start, 0)
    weights = train(way, task.train, 3e-2)
    end = measure(world, task, way, weights, 3e-2)
    learned = relative_error(answer(way, weights, task.train.X), task.train.T)
    assert learned < 0.03 < start.new_error < end.new_error
    assert end.old_error > 5 * start.old_error


def test_adam_moves_nearly_every_weight_by_the_full_rate_in_its_first_step(seed_and_world):
    seed, world = seed_and_world
    task, way = new_task(world, "W3", seed), new_way(world, "full", seed)
    after = train(way, task.train, 1e-1, 1)
    moves = np.concatenate([abs(after[n] - way.start[n]).ravel() for n in after])
    assert np.mean(np.isclose(moves, 1e-1, rtol=1e-3)) > 0.6  # the rest: silent units
    assert np.all(np.isclose(moves, 1e-1, rtol=1e-3) | (moves < 1e-12) | (moves < 1e-1))
    assert measure(world, task, way, after, 1e-1).old_error > 1


def losses(trainable, learning_rate, steps):
    weights, (X, T) = pencil_network(), pencil_task()
    for _ in range(steps):
        weights = train_step(weights, X, T, trainable, learning_rate).weights
        yield squared_error(forward(weights, X)["H3"], T)


def test_the_pencil_step_overshoots_when_repeated_and_ends_in_silence():
    expected = [0.625, 0.78125, 1.1328125, 1.923828125, 3.75244140625, 5, 5]
    assert list(losses({"W3"}, 0.5, 7)) == expected
    _, T = pencil_task()
    assert expected[-1] == squared_error(0 * T, T)
    assert list(losses(EVERY, 0.05, 60))[-1] == pytest.approx(0.5, abs=1e-6)


def test_after_the_full_pencil_step_no_gradient_is_left_and_example_two_is_silent():
    X, T = pencil_task()
    after = train_step(pencil_network(), X, T, EVERY, 0.5).weights
    again = train_step(after, X, T, EVERY, 0.5)
    assert again.loss == 0.5 and not any(g.any() for g in again.gradients.values())
    assert not any(again.trace[f"H{k}"][:, 1].any() for k in (1, 2, 3))
    old_X, old_T = pencil_old_task()
    assert squared_error(forward(after, old_X)["H3"], old_T) == 2.25


def test_a_probe_reads_pretrained_features_best_and_the_top_worst_where_the_bottom_changed(
    seed_and_world,
):
    seed, world = seed_and_world
    task = new_task(world, "W1", seed)

    def read(weights, fit, test):
        return [
            relative_error(
                best_probe(forward(weights, fit.X)[H], fit.T) @ forward(weights, test.X)[H], test.T
            )
            for H in ("H0", "H1", "H2", "H3")
        ]

    pretrained = read(world.pretrained, world.old.train, world.old.test)
    random = read(world.start, world.old.train, world.old.test)
    turned = read(world.pretrained, task.pick, task.test)
    assert max(pretrained[2:]) < pretrained[1] + 0.05 < 0.2 < pretrained[0]
    assert random[1] < random[2] < random[3] < random[0]
    assert all(p < r for p, r in zip(pretrained[1:], random[1:]))
    assert turned[3] == max(turned[1:])


def test_above_its_safe_rate_a_probe_from_another_start_diverges_but_not_from_zero():
    X, T = pencil_probe_task()
    H3 = forward(pencil_network(), X)["H3"]
    assert steepest_safe_rate(H3) == pytest.approx(2 / 7)
    start = np.random.default_rng(0).normal(size=(2, 4))
    assert train_probe(start, H3, T, 0.5, 20)[1][-1] > 1e6
    assert train_probe(start, H3, T, 0.25, 100)[1][-1] < 1e-12
    assert train_probe(0 * start, H3, T, 0.5, 20)[1][-1] < 1e-10
