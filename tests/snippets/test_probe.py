"""The probe: gradients, a bowl with one bottom, and a task that no probe can do."""

import numpy as np
import pytest

from snippets.forward import forward
from snippets.freeze import Step
from snippets.loss import cross_entropy, cross_entropy_gradient, squared_error
from snippets.network import FULL_SIZES, new_network
from snippets.probe import (
    CLASSES,
    best_probe,
    probe_forward,
    probe_gradient,
    probe_step,
    steepest_safe_rate,
    train_probe,
)
from tests.snippets.second_ways import slow_gradients, slow_product


def features(columns=12, seed=0):
    rng = np.random.default_rng(seed)
    weights = new_network(FULL_SIZES, rng)
    return forward(weights, rng.normal(size=(30, columns)))["H3"], rng


def test_the_output_is_the_product_term_by_term():
    rng = np.random.default_rng(0)
    W4, H3 = rng.normal(size=(2, 5)), rng.normal(size=(5, 3))
    np.testing.assert_allclose(probe_forward(W4, H3), slow_product(W4, H3), atol=1e-14)


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
def test_the_gradient_matches_finite_differences(loss):
    rng = np.random.default_rng(1)
    W4, H3 = rng.normal(size=(3, 5)), rng.normal(size=(5, 4))
    targets = rng.normal(size=(3, 4)) if loss == "squared error" else [0, 2, 1, 2]
    measure = squared_error if loss == "squared error" else cross_entropy
    slow = slow_gradients({"W4": W4}, lambda p: measure(p["W4"] @ H3, targets))["W4"]
    step = probe_step(W4, H3, targets, 0.1, loss)
    # Rounding of a loss of about 10 gives 1e-15 / 1e-6.
    np.testing.assert_allclose(step.gradients["W4"], slow, rtol=1e-6, atol=1e-8)
    assert step.loss == measure(W4 @ H3, targets)


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
def test_training_is_step_after_step(loss):
    H3, rng = features()
    W4 = start = rng.normal(size=(CLASSES, 40))
    targets = rng.normal(size=(CLASSES, 12)) if loss == "squared error" else [1, 2, 0] * 4
    trained, losses = train_probe(start, H3, targets, 1e-3, 5, loss)
    for loss_before in losses[:-1]:
        step = probe_step(W4, H3, targets, 1e-3, loss)
        assert isinstance(step, Step) and step.loss == loss_before
        W4 = W4 + step.delta_weights["W4"]
    assert np.array_equal(trained, W4) and len(losses) == 6
    measure = squared_error if loss == "squared error" else cross_entropy
    assert losses[-1] == measure(probe_forward(W4, H3), targets)


def test_the_gradient_is_one_product_and_that_of_a_step():
    H3, rng = features()
    W4, T = rng.normal(size=(CLASSES, 40)), rng.normal(size=(CLASSES, 12))
    error = W4 @ H3 - T
    gradient = probe_gradient(H3, error)
    assert gradient.tobytes() == probe_step(W4, H3, T, 1e-3).gradients["W4"].tobytes()
    np.testing.assert_allclose(gradient, slow_product(error, H3.T), rtol=1e-9, atol=1e-9)


def test_any_start_comes_to_the_same_loss():
    rng = np.random.default_rng(0)
    H3 = abs(rng.normal(size=(6, 30)))  # more columns than features: no probe fits them all
    T = rng.normal(size=(2, 30))
    lowest = squared_error(best_probe(H3, T) @ H3, T)
    rate = 0.9 * steepest_safe_rate(H3)
    for start in (np.zeros((2, 6)), rng.normal(size=(2, 6)), 5 * rng.normal(size=(2, 6))):
        _, losses = train_probe(start, H3, T, rate, 1000)
        # Below the safe rate no step goes up, but for rounding.
        assert all(b <= a * (1 + 1e-12) for a, b in zip(losses, losses[1:]))
        assert losses[0] > 1.1 * lowest
        assert losses[-1] == pytest.approx(lowest, rel=1e-9)


def test_with_fewer_examples_than_features_many_probes_reach_the_one_loss():
    H3, rng = features(columns=12)
    T = rng.normal(size=(CLASSES, 12))
    rate = 0.9 * steepest_safe_rate(H3)
    one, a = train_probe(np.zeros((10, 40)), H3, T, rate, 20000)
    two, b = train_probe(rng.normal(size=(10, 40)), H3, T, rate, 20000)
    assert a[-1] < 1e-6 and b[-1] < 1e-6  # every example is met
    assert abs(one - two).max() > 0.1


def test_the_best_probe_has_no_gradient_and_no_better_one_nearby():
    H3, rng = features(columns=60, seed=3)
    T = rng.normal(size=(CLASSES, 60))
    best = best_probe(H3, T)
    assert abs(probe_gradient(H3, best @ H3 - T)).max() < 1e-10  # sums of 60 terms of about 1
    lowest = squared_error(best @ H3, T)
    for _ in range(20):
        assert squared_error((best + 0.1 * rng.normal(size=best.shape)) @ H3, T) > lowest
    # The same by the normal equations, where these can be solved.
    alive = H3.any(axis=1)
    A = H3[alive]
    solved = T @ A.T @ np.linalg.inv(A @ A.T)
    np.testing.assert_allclose(best[:, alive], solved, atol=1e-8)
    assert abs(best[:, ~alive]).max(initial=0) < 1e-9  # a silent feature gets no weight


def test_beyond_the_safe_rate_steps_overshoot_further_each_time():
    H3, rng = features(columns=12)
    T = rng.normal(size=(CLASSES, 12))
    limit = steepest_safe_rate(H3)
    assert limit == pytest.approx(2 / np.linalg.eigvalsh(H3 @ H3.T).max(), rel=1e-10)
    _, below = train_probe(np.zeros((10, 40)), H3, T, 0.99 * limit, 300)
    _, above = train_probe(np.zeros((10, 40)), H3, T, 1.01 * limit, 300)
    assert below[-1] < below[0] < above[-1]


def test_at_zero_all_classes_are_equally_likely():
    H3, _ = features(columns=3)
    step = probe_step(np.zeros((10, 40)), H3, [0, 1, 2], 0.1, "cross-entropy")
    assert step.loss == pytest.approx(np.log(10), rel=1e-14)
    one_hot = np.eye(10)[:, :3]
    np.testing.assert_allclose(
        step.gradients["W4"], (0.1 - one_hot) @ H3.T / 3, rtol=1e-12, atol=1e-15
    )
    assert np.array_equal(cross_entropy_gradient(step.trace["Y"], [0, 1, 2]), step.deltas["Y"])


def test_a_step_leaves_its_arguments_alone():
    W4, (H3, rng) = np.zeros((10, 40)), features()
    before = H3.copy()
    step = probe_step(W4, H3, rng.normal(size=(10, 12)), 0.1)
    step.weights["W4"][:] = 99
    assert not W4.any() and np.array_equal(H3, before)


W, H, T = np.ones((2, 4)), np.ones((4, 3)), np.ones((2, 3))
BAD = [
    (lambda: probe_forward(W, T), "H3 must have 4 rows to fit W4, got 2×3"),
    (lambda: probe_gradient(H, W), "output_gradient must have 3 columns like H3, got 2×4"),
    (lambda: best_probe(H, W), "T must have 3 columns like H3, got 2×4"),
    (lambda: steepest_safe_rate(0 * H), "H3 must hold a number other than 0, got only 0"),
    (
        lambda: probe_step(W, H, T, 0.1, "hinge"),
        "loss must be 'squared error' or 'cross-entropy', got 'hinge'",
    ),
    (lambda: probe_step(W, H, H, 0.1), "T must be 2×3 like H, got 4×3"),
    (lambda: train_probe(W, H, T, 0.1, -1), "steps must be a whole number, 0 or more, got -1"),
    (
        lambda: probe_forward(W, H * np.inf),
        "H3 must hold finite numbers only, got inf in row 1, column 1",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
