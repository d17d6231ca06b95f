"""What several tests compute a second, slower way."""

import json
from pathlib import Path

import numpy as np

from snippets.backward import pass_back
from snippets.method import network_lines

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
MODELS = [
    model
    for path in sorted(ORACLES.glob("*.json"))
    if "config" in (model := json.loads(path.read_text(encoding="utf-8")))
]


def slow_gradients(parameters, loss, step=1e-6):
    """Return the gradient of loss(parameters) by finite differences, entry by entry."""
    gradients = {}
    for name, value in parameters.items():
        gradient = gradients[name] = np.zeros_like(value)
        for index in np.ndindex(value.shape):
            sides = []
            for sign in (1, -1):
                moved = value.copy()
                moved[index] += sign * step
                sides.append(loss({**parameters, name: moved}))
            gradient[index] = (sides[0] - sides[1]) / (2 * step)
    return gradients


def backward(weights, trace, output_gradient, trainable):
    """Return (deltas, gradients) of plain layers: what pass_back makes of their lines."""
    layers = sorted(int(name[1:]) for name in weights)
    lines = network_lines(layers, f"H{layers[0] - 1}")
    values = {name: np.asarray(value, float) for name, value in {**weights, **trace}.items()}
    return pass_back(lines, values, np.asarray(output_gradient, float), set(trainable))


def slow_product(W, H):
    """Return W H, one multiply-add at a time."""
    (rows, inner), columns = W.shape, H.shape[1]
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for k in range(inner):
                out[i, j] += W[i, k] * H[k, j]
    return out


def block_shapes(config):
    """Return the weight matrices of one transformer block by name, (out, in) each."""
    d, ffn = config["hidden"], config["ffn"]
    queries, keys = (config[key] * config["head_dim"] for key in ("heads", "kv_heads"))
    shapes = {"q": (queries, d), "k": (keys, d), "v": (keys, d), "o": (d, queries)}
    if config["ffn_kind"] == "gated":
        shapes["gate"] = (ffn, d)
    return shapes | {"up": (ffn, d), "down": (d, ffn)}
