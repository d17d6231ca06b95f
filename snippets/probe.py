"""A linear probe: one new matrix reads the frozen network's output, Y = W4 H3."""

import numpy as np

from snippets import check
from snippets.backward import pass_back
from snippets.head import head_forward, head_step
from snippets.loss import loss_and_gradient
from snippets.method import head_lines

CLASSES = 10


def probe_forward(W4, H3):
    """Return Y = W4 H3.

    Args:
        W4: the probe (outputs, features).
        H3: the output of the frozen network (features, columns), computed once.

    Returns:
        Scores (outputs, columns), of any sign: there is no ReLU.

    Raises:
        ValueError: shapes don't fit, a number is not finite.
    """
    return head_forward({"W4": W4}, H3)["Y"]


def probe_gradient(H3, output_gradient):
    """Return dL/dW4 = dL/dY H3ᵀ: one product, and nothing is passed back below.

    Args:
        H3: (features, columns). output_gradient: dL/dY (outputs, columns).

    Returns:
        The gradient (outputs, features).

    Raises:
        ValueError: the columns differ in number, or a number is not finite.
    """
    H3 = check.matrix(H3, "H3")
    signal = check.matrix(output_gradient, "output_gradient")
    _same_columns(signal, "output_gradient", H3)
    return pass_back(head_lines((4,), "H3"), {"H3": H3}, signal, {"W4"})[1]["W4"]


def probe_step(W4, H3, targets, learning_rate, loss="squared error"):
    """Take one step of gradient descent on the probe; the network is not needed for it.

    Args:
        W4, H3: as in probe_forward.
        targets: T (outputs, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are {"W4": the new probe}.

    Raises:
        ValueError: as probe_forward, loss_and_gradient and delta_weights.
    """
    return head_step({"W4": W4}, H3, targets, learning_rate, loss)


def train_probe(W4, H3, targets, learning_rate, steps, loss="squared error"):
    """Take many steps on the same stored features.

    Args:
        steps: how many, 0 or more; the rest as in probe_step.

    Returns:
        (W4, losses): the trained probe, and the loss before each step and after the last.

    Raises:
        ValueError: as probe_step; steps is no whole number of 0 or more.
    """
    W4, losses = check.matrix(W4, "W4"), []
    for _ in range(check.whole_number(steps, "steps", least=0)):
        step = probe_step(W4, H3, targets, learning_rate, loss)
        W4 = step.weights["W4"]
        losses.append(step.loss)
    return W4, losses + [loss_and_gradient(probe_forward(W4, H3), targets, loss)[0]]


def best_probe(H3, T):
    """Return the smallest W4 with the lowest squared error that any probe can reach.

    The loss is convex in W4: a bowl with one lowest value. So no step is needed, the lowest
    point solves a linear system; and gradient descent gets there from any start. The value is
    one, W4 need not be: where there are fewer examples than features, many probes reach it.

    Args:
        H3: features (features, columns). T: targets (outputs, columns).

    Returns:
        W4 (outputs, features), of all the best the one with the smallest sum of squares.

    Raises:
        ValueError: the columns differ in number, or a number is not finite.
    """
    H3, T = check.matrix(H3, "H3"), check.matrix(T, "T")
    _same_columns(T, "T", H3)
    return np.linalg.lstsq(H3.T, T.T)[0].T


def steepest_safe_rate(H3):
    """Return the η at which steps on the squared error stop converging: 2 / λ.

    λ is the largest eigenvalue of H3 H3ᵀ, the steepest curvature of the bowl. Below 2 / λ
    every step brings the loss down; above it the steps overshoot further each time.

    Args:
        H3: features (features, columns), not all 0.

    Raises:
        ValueError: H3 is no matrix of finite numbers, or all of it is 0.
    """
    H3 = check.matrix(H3, "H3")
    if not H3.any():
        raise ValueError("H3 must hold a number other than 0, got only 0")
    return float(2 / np.linalg.norm(H3, 2) ** 2)


def _same_columns(array, name, H3):
    if array.shape[1] != H3.shape[1]:
        wish, got = H3.shape[1], check.shape_text(array.shape)
        raise ValueError(f"{name} must have {wish} columns like H3, got {got}")
