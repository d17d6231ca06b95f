"""The pencil network: the same three layers, small enough to compute by hand.

A search over 440 million candidates found it. It was kept for what it spares the reader:
- every number of Z, H, δ and the gradients is a small integer, of ΔW and W′ an integer or a half;
- no Z is exactly 0, so no derivative of a ReLU is a matter of convention;
- the loss is 4 before; one step brings it to 0.625 with W1 and W2 frozen, to 0.5 with all three;
- that 0.5 is the price of one silent unit: row 4 of column 1 should be 1, but its Z is −3;
- row 2 of H2 is silent in both columns, so that column of the gradient of W3 is 0.

The numbers live here. The record of the search is data/oracles/pencil.json; a test compares them.
"""

import numpy as np

PENCIL_SIZES = (3, 4, 4, 4)
LEARNING_RATE = 0.5


def pencil_network():
    """Return the pretrained pencil weights: W1 4×3, W2 4×4, W3 4×4, fresh float arrays."""
    return {
        "W1": np.array([[-1, 1, 0], [1, -1, -1], [-1, 1, 1], [1, 0, 1]], dtype=float),
        "W2": np.array([[1, 1, -1, 1], [2, 0, -1, -1], [1, 1, -1, 0], [0, -1, 1, 0]], dtype=float),
        "W3": np.array([[0, 1, 1, -1], [0, 2, -1, 1], [1, 1, 0, 0], [-1, -1, -1, 0]], dtype=float),
    }


def pencil_task():
    """Return the new task: inputs X (3×2) and targets T (4×2); a column is an example."""
    X = np.array([[1, 1], [0, 2], [0, 1]], dtype=float)
    T = np.array([[0, 0], [0, 0], [3, 0], [1, 0]], dtype=float)
    return X, T


def pencil_old_task():
    """Return the task that the pretrained network solves exactly: X (3×2) and T (4×2)."""
    X = np.array([[1, 2], [0, 1], [2, 2]], dtype=float)
    T = np.array([[0, 0], [1, 1], [2, 3], [0, 0]], dtype=float)
    return X, T
