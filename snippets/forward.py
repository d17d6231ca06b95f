"""The forward pass: Z = W H, then H = ReLU(Z), layer after layer."""

import numpy as np

from snippets import check


def relu(Z):
    """Return ReLU(Z): every positive number as it is, every other number as 0.

    Args:
        Z: a matrix (out_features, columns).

    Returns:
        A new matrix of the same shape.

    Raises:
        ValueError: Z is no matrix of finite numbers.
    """
    return rectify(check.matrix(Z, "Z"))


def forward(weights, X):
    """Run the columns of X through the layers and keep every result.

    The layers run in the order of their numbers and need not start at 1: with {"W3": ...}
    alone, X is taken as H2, and the trace holds H2, Z3 and H3.

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap.
        X: the examples as columns (in_features of the first layer, columns).

    Returns:
        {"H0": X, "Z1": W1 H0, "H1": ReLU(Z1), "Z2": ..., "H2": ..., "Z3": ..., "H3": ...}, in
        the order of computing; the last entry is the output.

    Raises:
        ValueError: shapes don't fit, a number is not finite, X has no column.
    """
    layers = check.layers(weights)
    first = min(layers)
    H = check.matrix(X, "X")
    if H.shape[0] != layers[first].shape[1]:
        wish, got = layers[first].shape[1], check.shape_text(H.shape)
        raise ValueError(f"X must have {wish} rows to fit W{first}, got {got}")
    trace = run_layers(layers, H)
    for k in layers:
        check.matrix(trace[f"Z{k}"], "Z")  # finite numbers can have a product that overflows
    return trace


def rectify(Z):
    """Return relu(Z), unchecked."""
    return np.maximum(Z, 0.0)


def run_layers(layers, H):
    """Return forward(weights, X), unchecked: for loops of thousands of steps.

    Args:
        layers: {1: W1, 2: W2, ...} in order, as check.layers returns it.
        H: what the first of them takes in.
    """
    trace = {f"H{min(layers) - 1}": H}
    for k, W in layers.items():
        Z = W @ H  # (out, in) @ (in, columns) gives (out, columns)
        H = rectify(Z)
        trace[f"Z{k}"], trace[f"H{k}"] = Z, H
    return trace
