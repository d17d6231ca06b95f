"""LoRA: a product of two thin matrices beside each frozen one, W′ = W + (α/r) B A."""

import numpy as np

from snippets import check
from snippets.forward import rectify
from snippets.freeze import Step
from snippets.loss import loss_and_gradient
from snippets.update import delta_weights

RANK = 4  # r
LORA_ALPHA = 4  # α; as large as r here, so that α/r is 1


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
    r = check.whole_number(rank, "rank")
    check.generator(rng)
    lora = {}
    for k, W in check.layers(weights).items():
        out_features, in_features = W.shape
        lora[f"A{k}"] = rng.normal(0.0, np.sqrt(1 / in_features), size=(r, in_features))
        lora[f"B{k}"] = np.zeros((out_features, r))
    return lora


def lora_forward(weights, lora, X, lora_alpha=LORA_ALPHA):
    """Run the columns of X through the layers, with A and B beside W, not merged.

        Sk = Ak H(k−1)                     down to r numbers a column
        Zk = Wk H(k−1) + (α/r) Bk Sk       and up again
        Hk = ReLU(Zk)

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap; frozen.
        lora: {"A3": array (r, in), "B3": array (out, r), ...}, for any of the layers.
        X: the examples as columns.
        lora_alpha: α, a finite number of 0 or more.

    Returns:
        {"H0": X, "S1": ..., "Z1": ..., "H1": ..., ...}, in the order of computing; the last
        entry is the output.

    Raises:
        ValueError: shapes don't fit, A or B is missing, a number is not finite.
    """
    layers = check.layers(weights)
    triples = _triples(lora, layers, lora_alpha)
    H = check.matrix(X, "X")
    first = min(layers)
    if H.shape[0] != layers[first].shape[1]:
        wish, got = layers[first].shape[1], check.shape_text(H.shape)
        raise ValueError(f"X must have {wish} rows to fit W{first}, got {got}")
    trace = run_with_lora(layers, triples, H)
    for name, value in trace.items():
        check.matrix(value, name)  # finite numbers can have a product that overflows
    return trace


def run_with_lora(layers, triples, H):
    """Return lora_forward, unchecked; triples is {1: (A1, B1, α/r), ...}."""
    trace = {f"H{min(layers) - 1}": H}
    for k, W in layers.items():
        Z = W @ H
        if k in triples:
            A, B, scaling = triples[k]
            trace[f"S{k}"] = S = A @ H  # (r, in) @ (in, columns)
            Z = Z + scaling * (B @ S)  # (out, r) @ (r, columns)
        trace[f"Z{k}"] = Z
        trace[f"H{k}"] = H = rectify(Z)
    return trace


def lora_backward(weights, lora, trace, output_gradient, lora_alpha=LORA_ALPHA):
    """Pass the gradient down to the lowest A and B, through every frozen W on the way.

    With s = α/r and δk = dL/dZk, from the top layer down:

        dL/dBk = s δk Skᵀ
        σk     = s Bkᵀ δk                 dL/dSk, r numbers a column
        dL/dAk = σk H(k−1)ᵀ
        signal = Wkᵀ δk + Akᵀ σk          for the layer below

    dL/dWk itself (out × in) is never formed; low_rank_gradients shows the same with it.

    Args:
        weights, lora, lora_alpha: as in lora_forward.
        trace: what lora_forward returned; of it H and S are read.
        output_gradient: dL/dH of the top layer (out_features, columns).

    Returns:
        (deltas, gradients), from the top down: {"Z3": δ3, "S3": σ3, ...}, as far down as an A
        needs it, and {"B3": dL/dB3, "A3": dL/dA3, ...}.

    Raises:
        ValueError: a shape that doesn't fit, a missing part of the trace, a number that is
            not finite.
    """
    layers = check.layers(weights)
    triples = _triples(lora, layers, lora_alpha)
    top = max(layers)
    signal = check.matrix(output_gradient, "output_gradient")
    output = check.activation(trace, f"H{top}", layers[top].shape[0])
    check.same_shape(signal, "output_gradient", output, f"H{top}")
    columns = signal.shape[1]
    checked = {f"H{top}": output}
    for k in range(top, min(triples, default=top + 1) - 1, -1):
        out_features, in_features = layers[k].shape
        checked[f"H{k}"] = check.activation(trace, f"H{k}", out_features, columns)
        if k in triples:
            checked[f"S{k}"] = check.activation(trace, f"S{k}", triples[k][0].shape[0], columns)
            checked[f"H{k - 1}"] = check.activation(trace, f"H{k - 1}", in_features, columns)
    return pass_back_with_lora(layers, triples, checked, signal)


def pass_back_with_lora(layers, triples, trace, signal):
    """Return lora_backward, unchecked; arguments as in run_with_lora."""
    deltas, gradients = {}, {}
    lowest = min(triples, default=max(layers) + 1)
    for k in range(max(layers), lowest - 1, -1):
        delta = deltas[f"Z{k}"] = np.where(trace[f"H{k}"] > 0, signal, 0.0)
        if k > lowest:
            signal = layers[k].T @ delta
        if k in triples:
            A, B, scaling = triples[k]
            gradients[f"B{k}"] = scaling * (delta @ trace[f"S{k}"].T)
            sigma = deltas[f"S{k}"] = scaling * (B.T @ delta)
            gradients[f"A{k}"] = sigma @ trace[f"H{k - 1}"].T
            if k > lowest:
                signal = signal + A.T @ sigma
    return deltas, gradients


def low_rank_gradients(weight_gradient, A, B, scaling):
    """Return (dL/dA, dL/dB) from dL/dW: what a person with paper does.

    W′ = W + s B A is linear in A and in B, so the gradient of W′ is all one needs:

        dL/dA = s Bᵀ dL/dW        0 as long as B is 0
        dL/dB = s dL/dW Aᵀ        0 as long as A is 0

    With both at 0, neither ever moves.

    Args:
        weight_gradient: dL/dW at W′ (out, in). A: (r, in). B: (out, r). scaling: s = α/r.

    Returns:
        Arrays shaped like A and like B.

    Raises:
        ValueError: shapes don't fit, a number is not finite, scaling is negative.
    """
    gradient = check.matrix(weight_gradient, "weight_gradient")
    A, B = check.matrix(A, "A"), check.matrix(B, "B")
    scaling = check.real_number(scaling, "scaling")
    (out_features, in_features), r = gradient.shape, A.shape[0]
    check.shape(A, "A", (r, in_features))
    check.shape(B, "B", (out_features, r))
    return scaling * (B.T @ gradient), scaling * (gradient @ A.T)


def lora_step(weights, lora, X, T, learning_rate, lora_alpha=LORA_ALPHA, loss="squared error"):
    """Take one step of gradient descent; only A and B move.

    Args:
        weights, lora, X, lora_alpha: as in lora_forward.
        T: targets (out_features, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new A and B, fresh copies.

    Raises:
        ValueError: as lora_forward and loss_and_gradient.
    """
    trace = lora_forward(weights, lora, X, lora_alpha)
    output = list(trace.values())[-1]
    value, slope = loss_and_gradient(output, T, loss)
    deltas, gradients = lora_backward(weights, lora, trace, slope, lora_alpha)
    changes = delta_weights(gradients, learning_rate)
    lora = check.named_matrices(lora, "lora", "A3")
    moved = {name: array + changes[name] for name, array in lora.items()}
    return Step(moved, changes, deltas, gradients, value, trace)


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
    return _merged(weights, lora, lora_alpha, dtype, sign=1)


def unmerge(weights, lora, lora_alpha=LORA_ALPHA, dtype=np.float64):
    """Return W = W′ − (α/r) B A; arguments as in merge, weights being the merged ones.

    What merging rounded off is gone, so W comes back nearly, not to the bit.
    """
    return _merged(weights, lora, lora_alpha, dtype, sign=-1)


def _merged(weights, lora, lora_alpha, dtype, sign):
    layers = check.layers(weights)
    triples = _triples(lora, layers, lora_alpha)
    if dtype not in (np.float16, np.float32, np.float64):
        raise ValueError(f"dtype must be np.float16, np.float32 or np.float64, got {dtype!r}")
    merged = {}
    for k, W in layers.items():
        W = W.astype(dtype)
        if k in triples:
            A, B, scaling = (np.asarray(part, dtype) for part in triples[k])
            product = scaling * (B @ A)  # (out, r) @ (r, in)
            W = W + product if sign == 1 else W - product
        check.matrix(W, f"W{k} as {np.dtype(dtype).name}")
        merged[f"W{k}"] = W
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


def _triples(lora, layers, lora_alpha):
    """Return {1: (A1, B1, α/r), ...}, in the order of the layers."""
    alpha = check.real_number(lora_alpha, "lora_alpha")
    pairs = check.pairs(lora, "lora", ("A", "B"), layers, _shapes_of_a_pair)
    return {k: (A, B, alpha / A.shape[0]) for k, (A, B) in pairs.items()}


def _shapes_of_a_pair(W, A, B):
    (out_features, in_features), r = W.shape, A.shape[0]
    return (r, in_features), (out_features, r)
