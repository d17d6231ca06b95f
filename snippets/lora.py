"""LoRA: a product of two thin matrices beside each frozen one, W′ = W + (α/r) B A."""

import numpy as np

from snippets import check
from snippets.derive import evaluate
from snippets.forward import run
from snippets.freeze import take_step
from snippets.method import lora_lines, merge_lines, new_name

RANK = 4  # r
LORA_ALPHA = 4  # α; as large as r here, so that α/r is 1
SCALING = "α/r{k}"  # a number for each layer, since ranks may differ


def new_lora(weights, rank, rng):
    """Return A and B for each layer: A random, B zero.

    With B = 0, W′ is exactly W, so training starts at the pretrained output. One of the two must
    not be 0: the gradient of B is a product with A, that of A a product with B. A's entries
    have variance 1 / in_features, so that A H is about as large as H.
    Source: Hu et al., "LoRA", ICLR 2022, section 4.1, which says: A Gaussian, B zero.

    Args:
        weights: {"W1": array (out, in), ...}, frozen; only its shapes are read.
        rank: r, a whole number of 1 or more.
        rng: a NumPy Generator.

    Returns:
        {"A1": array (r, in), "B1": array (out, r), "A2": ..., ...}.

    Raises:
        ValueError: weights is no chain of matrices, rank is below 1, rng is no Generator.
    """
    check.generator(rng)
    layers = check.named(check.layers(weights))
    shapes = lora_shapes({name: W.shape for name, W in layers.items()}, rank)
    return {
        name: rng.normal(0.0, np.sqrt(1 / shape[1]), shape) if name[0] == "A" else np.zeros(shape)
        for name, shape in shapes.items()
    }


def lora_forward(weights, lora, X, lora_alpha=LORA_ALPHA):
    """Run the columns of X through the layers, with A and B beside W, not merged.

        Sk = Ak H(k−1)                     down to r numbers a column
        Zk = Wk H(k−1) + (α/r) Bk Sk       and up again
        Hk = ReLU(Zk)

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap; frozen.
        lora: {"A3": array (r, in), "B3": array (out, r), ...}, for any of the layers; r may
            differ from layer to layer.
        X: the examples as columns.
        lora_alpha: α, a finite number of 0 or more.

    Returns:
        {"H0": X, "S1": ..., "Z1": ..., "H1": ..., ...}, in the order of computing; the last
        entry is the output.

    Raises:
        ValueError: shapes don't fit, A or B is missing, a number is not finite.
    """
    layers, lora, numbers = _checked(weights, lora, lora_alpha)
    X = check.inputs(X, layers)
    return run(_lines(layers, lora), check.named(layers) | lora, X, numbers)


def lora_step(weights, lora, X, T, learning_rate, lora_alpha=LORA_ALPHA, loss="squared error"):
    """Take one step of gradient descent; only A and B move.

    The gradient goes down to the lowest A and B, through every frozen W on the way. With s = α/r
    and δk = dL/dZk, from the top layer down:

        dL/dBk = s δk Skᵀ
        σk     = s Bkᵀ δk                 dL/dSk, r numbers a column
        dL/dAk = σk H(k−1)ᵀ
        signal = Wkᵀ δk + Akᵀ σk          for the layer below

    dL/dWk itself (out × in) is never formed.

    Args:
        weights, lora, X, lora_alpha: as in lora_forward.
        T: targets (out_features, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new A and B, its deltas {"Z3": δ3, "S3": σ3, ...}.

    Raises:
        ValueError: as lora_forward and loss_and_gradient.
    """
    layers, lora, numbers = _checked(weights, lora, lora_alpha)
    X, frozen = check.inputs(X, layers), check.named(layers)
    lines, trainable = _lines(layers, lora), set(lora)
    return take_step(lines, lora, X, T, trainable, learning_rate, loss, frozen, numbers)


def merge(weights, lora, lora_alpha=LORA_ALPHA, dtype=np.float64):
    """Return W′ = W + (α/r) B A: one matrix again, so no cost at use.

    Args:
        weights, lora, lora_alpha: as in lora_forward.
        dtype: np.float64, np.float32 or np.float16; W, A, B and each result are rounded to it.

    Returns:
        {"W1": W′1, ...} in that type, fresh arrays; a layer without A and B is W, rounded.

    Raises:
        ValueError: as lora_forward; another dtype, or one that a number is too large for.
    """
    layers, lora, numbers = _checked(weights, lora, lora_alpha)
    if dtype not in (np.float16, np.float32, np.float64):
        raise ValueError(f"dtype must be np.float16, np.float32 or np.float64, got {dtype!r}")
    given = check.named(layers) | {new_name(name): value for name, value in lora.items()}
    given = {name: value.astype(dtype) for name, value in given.items()}
    numbers = {name: dtype(number) for name, number in numbers.items()}
    values = evaluate(merge_lines(_tutored(lora), SCALING), given, numbers)
    merged = {name: values.get(new_name(name), values[name]) for name in check.named(layers)}
    for name, W in merged.items():
        check.matrix(W, f"{name} as {np.dtype(dtype).name}")
    return merged


def lora_shapes(shapes, rank):
    """Return the shapes of A and B beside each layer.

    Args:
        shapes: {"W1": (out, in), ...}, as layer_shapes returns it.
        rank: r, a whole number of 1 or more.

    Returns:
        {"A1": (r, in), "B1": (out, r), ...}: r · (in + out) weights a layer.

    Raises:
        ValueError: names that are no chain, or rank below 1.
    """
    r = check.whole_number(rank, "rank")
    pairs = {}
    for k in check.layer_numbers(shapes, "shapes"):
        out_features, in_features = shapes[f"W{k}"]
        pairs[f"A{k}"], pairs[f"B{k}"] = (r, in_features), (out_features, r)
    return pairs


def break_even_rank(out_features, in_features):
    """Return the lowest rank at which A and B are no longer smaller than W.

    A and B hold r · (in + out) weights, W holds out · in.

    Raises:
        ValueError: a size is no whole number of 1 or more.
    """
    out_features = check.whole_number(out_features, "out_features")
    in_features = check.whole_number(in_features, "in_features")
    return -(-out_features * in_features // (out_features + in_features))  # rounded up


def _checked(weights, lora, lora_alpha):
    """Return layers, A and B, and α/r of each layer that has them."""
    layers = check.layers(weights)
    alpha = check.real_number(lora_alpha, "lora_alpha")
    lora = check.pairs(lora, "lora", ("A", "B"), layers, lora_shapes)
    return layers, lora, {SCALING.format(k=k): alpha / len(lora[f"A{k}"]) for k in _tutored(lora)}


def _tutored(lora):
    return [int(name[1:]) for name in lora if name[0] == "A"]


def _lines(layers, lora):
    return lora_lines(layers, _tutored(lora), f"H{min(layers) - 1}", SCALING)
