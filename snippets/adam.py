"""Adam: a step whose size depends on how steady a gradient is, not on how large."""

import numpy as np

from snippets import check

# What the paper suggests, and frameworks take if nothing else is said.
BETA1 = 0.9  # how much of the mean gradient is kept from step to step
BETA2 = 0.999  # the same for the mean of its square
EPSILON = 1e-8  # keeps the division from failing where a gradient was always 0


def adam_start(parameters):
    """Return what Adam remembers before its first step: nothing, in two arrays a matrix.

    Args:
        parameters: the matrices that train, by name, such as {"W3": array (out, in)}.

    Returns:
        {"steps": 0, "mean": {"W3": zeros}, "square": {"W3": zeros}}. These two arrays are the
        2 of the 3 × trainable that training adds; the gradient is the third.

    Raises:
        ValueError: parameters is no dict of matrices of finite numbers.
    """
    parameters = check.named_matrices(parameters, "parameters")
    return {
        "steps": 0,
        "mean": {name: np.zeros_like(value) for name, value in parameters.items()},
        "square": {name: np.zeros_like(value) for name, value in parameters.items()},
    }


def adam_step(state, gradients, learning_rate):
    """Return Adam's next state and the ΔW it asks for.

    Entry by entry, with g the gradient and t the number of this step:

        mean   = β1 · mean   + (1 − β1) · g
        square = β2 · square + (1 − β2) · g²
        Δ      = −η · (mean / (1 − β1ᵗ)) / (√(square / (1 − β2ᵗ)) + ε)

    Both averages start at 0, so early ones are too small; the divisions by 1 − βᵗ undo that.
    The first step is nearly −η · sign(g): every entry moves by the same amount. So ΔW isn't
    a multiple of the gradient, and its rank can be higher.

    Source: Kingma and Ba, "Adam", ICLR 2015, algorithm 1.

    Args:
        state: what adam_start or the last adam_step returned.
        gradients: {"W3": dL/dW3, ...}, arrays for exactly the names in the state. Their numbers
            are not checked: a training takes thousands of steps.
        learning_rate: η, a finite number of 0 or more; about the largest change of an entry.

    Returns:
        (state, delta_weights): a new state, and {"W3": ΔW3, ...}. The arguments don't change.

    Raises:
        ValueError: names or shapes that don't fit the state, a negative learning rate.
    """
    learning_rate = check.real_number(learning_rate, "learning_rate")
    if gradients.keys() != state["mean"].keys():
        wish, got = ", ".join(state["mean"]), ", ".join(map(str, gradients))
        raise ValueError(f"gradients must be those of {wish or 'no matrix'}, got {got or 'none'}")
    steps = state["steps"] + 1
    correct1, correct2 = 1 - BETA1**steps, 1 - BETA2**steps
    mean, square, changes = {}, {}, {}
    for name, gradient in gradients.items():
        check.same_shape(gradient, f"gradients {name}", state["mean"][name], "its mean")
        m = mean[name] = BETA1 * state["mean"][name] + (1 - BETA1) * gradient
        v = square[name] = BETA2 * state["square"][name] + (1 - BETA2) * gradient**2
        changes[name] = (-learning_rate / correct1) * m / (np.sqrt(v / correct2) + EPSILON) + 0.0
    return {"steps": steps, "mean": mean, "square": square}, changes
