"""Adam against a loop over single numbers, and what follows from its formula."""

import math

import numpy as np
import pytest

from snippets.adam import BETA1, BETA2, EPSILON, adam_start, adam_step
from snippets.pencil import pencil_network

NAMES = ("W1", "W2", "W3")


def slow_adam(gradients, rate):
    """Run one number through algorithm 1 of the paper, spelt as there."""
    theta = m = v = 0.0
    path = []
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g * g
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta -= rate * m_hat / (math.sqrt(v_hat) + 1e-8)
        path.append(theta)
    return path


def test_the_constants_are_those_of_the_paper():
    assert (BETA1, BETA2, EPSILON) == (0.9, 0.999, 1e-8)


def test_every_entry_goes_the_way_of_the_algorithm_of_the_paper():
    rng = np.random.default_rng(0)
    gradients = [{"W3": rng.normal(size=(3, 2)), "A1": rng.normal(size=(1, 4))} for _ in range(20)]
    state = adam_start(gradients[0])
    where = {name: np.zeros_like(value) for name, value in gradients[0].items()}
    for t, gradient in enumerate(gradients):
        state, changes = adam_step(state, gradient, 0.01)
        for name in where:
            where[name] = where[name] + changes[name]
            for index in np.ndindex(where[name].shape):
                path = slow_adam([g[name][index] for g in gradients], 0.01)
                # 20 sums of terms of 0.01, in another order.
                assert where[name][index] == pytest.approx(path[t], abs=1e-15, rel=1e-12)
    assert state["steps"] == 20


def test_the_first_step_moves_every_entry_by_the_rate_against_its_gradient():
    gradient = np.array([[3.0, -1e-4, 500.0]])
    _, changes = adam_step(adam_start({"W1": gradient}), {"W1": gradient}, 0.01)
    # ε is 1e-8 beside a gradient of 1e-4 or more: less than 1 part in 1000.
    np.testing.assert_allclose(changes["W1"], -0.01 * np.sign(gradient), rtol=1e-3)


def test_a_steady_gradient_gives_a_step_of_the_rate_each_time():
    state = adam_start({"W1": np.zeros((1, 1))})
    for _ in range(50):
        state, changes = adam_step(state, {"W1": np.array([[7.0]])}, 0.01)
        assert changes["W1"][0, 0] == pytest.approx(-0.01, rel=1e-6)


def test_the_first_step_can_have_a_higher_rank_than_the_gradient():
    rng = np.random.default_rng(1)
    gradient = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 30))  # δ Xᵀ of two columns
    _, changes = adam_step(adam_start({"W1": gradient}), {"W1": gradient}, 0.01)
    assert np.linalg.matrix_rank(gradient) == 2
    assert np.linalg.matrix_rank(changes["W1"]) > 10


def test_a_gradient_of_zero_moves_nothing_at_first_but_does_once_there_was_another():
    state = adam_start({"W1": np.zeros((1, 1))})
    state, still = adam_step(state, {"W1": np.array([[0.0]])}, 0.1)
    state, moved = adam_step(state, {"W1": np.array([[1.0]])}, 0.1)
    state, coasting = adam_step(state, {"W1": np.array([[0.0]])}, 0.1)
    assert still["W1"][0, 0] == 0 and not np.signbit(still["W1"][0, 0])
    assert moved["W1"][0, 0] < 0 and coasting["W1"][0, 0] < 0


def test_the_state_holds_two_numbers_for_each_that_trains():
    state = adam_start(pencil_network())
    assert state["steps"] == 0 and list(state["mean"]) == list(state["square"]) == list(NAMES)
    held = sum(state[part][name].size for part in ("mean", "square") for name in NAMES)
    assert held == 2 * sum(W.size for W in pencil_network().values())


def test_a_step_changes_none_of_its_arguments():
    gradients = {"W3": np.ones((4, 4))}
    state = adam_start(gradients)
    after, changes = adam_step(state, gradients, 0.1)
    after["mean"]["W3"][:] = 99
    changes["W3"][:] = 99
    assert state["steps"] == 0 and not state["mean"]["W3"].any() and not state["square"]["W3"].any()
    assert (gradients["W3"] == 1).all()


START = adam_start({"W3": np.zeros((4, 4))})
GRADIENT = {"W3": np.ones((4, 4))}
BAD = [
    (START, {}, 0.1, "gradients must be those of W3, got none"),
    (START, {**GRADIENT, "W2": np.ones((1, 1))}, 0.1, "gradients must be those of W3, got W3, W2"),
    (START, {"W3": np.ones((4, 3))}, 0.1, "gradients W3 must be 4×4 like its mean, got 4×3"),
    (START, GRADIENT, -1, "learning_rate must be a finite number, 0 or more, got -1"),
]


@pytest.mark.parametrize(("state", "gradients", "rate", "message"), BAD)
def test_what_does_not_fit_is_refused(state, gradients, rate, message):
    with pytest.raises(ValueError) as error:
        adam_step(state, gradients, rate)
    assert str(error.value) == message


def test_parameters_that_are_no_dict_are_refused():
    with pytest.raises(ValueError, match='parameters must be a dict such as {"W3": ...}, got 3'):
        adam_start(3)
