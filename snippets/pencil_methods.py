"""The pencil network's probe, head, adapters and LoRA: one step of each, doable on paper.

Found by search, as the network was. One step at the rate of ½ meets integers and halves only,
and no Z before it is exactly 0. What each shows:

- probe: the loss falls from 2 to 0.5, and every further step quarters it;
- four examples in an "either, or": the best of all probes answers ½ to each, loss 0.5;
- head on these four: one step brings the loss from 1.5 to 0.3125, below any probe;
- adapter after layer 3: one step halves every error, the silent unit's too, loss 4 to 1;
- adapter after layer 2: the same through the frozen W3, loss 4 to 2;
- LoRA beside W3: B moves, A waits, loss 4 to 1.125; with A and B both 0 nothing moves.
"""

import numpy as np

PENCIL_ALPHA = 1  # α; the rank is 1 too, so α/r is 1


def pencil_probe():
    """Return the probe before it learned anything: W4 = 0 (2×4), for two classes."""
    return np.zeros((2, 4))


def pencil_probe_task():
    """Return X (3×2) and T (2×2): the inputs of pencil_task, 1 for the own class, else −1."""
    X = np.array([[1, 1], [0, 2], [0, 1]], dtype=float)
    T = np.array([[1, -1], [-1, 1]], dtype=float)
    return X, T


def pencil_either_or():
    """Return X (3×4) and T (1×4): four examples that no probe tells apart.

    Their H3, as columns, are (0, 2, 1, 0) and (1, 0, 5, 0), target 0, and (1, 0, 4, 0) and
    (0, 2, 2, 0), target 1. A larger third number means 1 if the second is on, 0 if the first
    is. The sum of the first two columns is the sum of the last two; so is the sum of a
    probe's answers, and it can't be 0 here and 2 there.
    """
    X = np.array([[0, 1, 1, 1], [-1, -3, -2, 0], [3, 3, 2, 3]], dtype=float)
    T = np.array([[0, 0, 1, 1]], dtype=float)
    return X, T


def pencil_head():
    """Return the head before its first step: W4 2×4, W5 1×2."""
    return {
        "W4": np.array([[3, 2, -1, 0], [-1, 1, 0, 0]], dtype=float),
        "W5": np.array([[1, -1]], dtype=float),
    }


def pencil_adapter():
    """Return an adapter after layer 3, for pencil_task: D3 2×4, U3 = 0 (4×2).

    ReLU(D3 H3) is the identity: the first unit answers to column 1 alone, the second to
    column 2. So the gradient of U3 is H3 − T itself.
    """
    return {
        "D3": np.array([[1, -1, 0, 0], [0, 1, -1, 0]], dtype=float),
        "U3": np.zeros((4, 2)),
    }


def pencil_lower_adapter():
    """Return an adapter after layer 2, for pencil_task: D2 1×4, U2 = 0 (4×1)."""
    return {"D2": np.array([[-1, 0, 0, 1]], dtype=float), "U2": np.zeros((4, 1))}


def pencil_lora():
    """Return A3 (1×4) and B3 = 0 (4×1), for pencil_task."""
    return {"A3": np.array([[1, 0, -1, -1]], dtype=float), "B3": np.zeros((4, 1))}
