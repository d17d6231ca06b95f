"""The update: ΔW = −η · gradient, and W′ = W + ΔW."""

import numpy as np

from snippets import check


def delta_weights(gradients, learning_rate):
    """Return ΔW = −η · dL/dW for each gradient.

    Args:
        gradients: {"W3": dL/dW3, ...}; may be empty.
        learning_rate: η, a finite number of 0 or more.

    Returns:
        {"W3": ΔW3, ...}, in the same order, each shaped like its gradient.

    Raises:
        ValueError: the learning rate is negative or not finite; a gradient is no matrix of
            finite numbers.
    """
    learning_rate = check.real_number(learning_rate, "learning_rate")
    gradients = check.named_matrices(gradients, "gradients")
    # + 0.0 turns the −0.0 that −η · 0 gives into a plain 0.
    return {name: -learning_rate * gradient + 0.0 for name, gradient in gradients.items()}


def add_delta(weights, deltas):
    """Return new weights W′ = W + ΔW; a matrix without a ΔW stays the same to the bit.

    Args:
        weights: {"W1": array (out, in), ...}, or other matrices by name; checked before.
        deltas: {"W3": ΔW3, ...}, each shaped like its W; may be empty.

    Returns:
        A new dict in the order of weights; every array is a fresh copy.

    Raises:
        ValueError: a ΔW for an unknown matrix, a shape that differs, a number that is not finite.
    """
    deltas = check.named_matrices(deltas, "deltas")
    for name, delta in deltas.items():
        if name not in weights:
            raise ValueError(f"deltas must name layers among {', '.join(weights)}, got {name!r}")
        check.same_shape(delta, f"deltas {name}", weights[name], name)
    return {
        name: W + deltas[name] if name in deltas else np.array(W) for name, W in weights.items()
    }
