"""Adapters: a narrow detour after each frozen layer, H′ = H + U ReLU(D H)."""

import numpy as np

from snippets import check
from snippets.forward import rectify
from snippets.freeze import Step
from snippets.loss import loss_and_gradient
from snippets.update import delta_weights

BOTTLENECK = 4  # r, the width of the detour


def new_adapters(weights, bottleneck, rng):
    """Return an adapter for each layer: D random, U zero.

    With U = 0 the detour adds exactly 0, so training starts at the pretrained output, to the
    bit. D is random as in new_network; were it 0 too, no gradient would reach either.
    Source: Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019, section
    2.1, which starts near zero and has biases; ours starts at zero and has none.

    Args:
        weights: {"W1": array (out, in), ...}, frozen; only its shapes are read.
        bottleneck: r, a whole number of 1 or more.
        rng: a NumPy Generator.

    Returns:
        {"D1": array (r, out), "U1": array (out, r), "D2": ..., ...}.

    Raises:
        ValueError: weights is no chain of matrices, bottleneck is below 1, rng is no Generator.
    """
    r = check.whole_number(bottleneck, "bottleneck")
    check.generator(rng)
    adapters = {}
    for k, W in check.layers(weights).items():
        out_features = W.shape[0]
        adapters[f"D{k}"] = rng.normal(0.0, np.sqrt(2 / out_features), size=(r, out_features))
        adapters[f"U{k}"] = np.zeros((out_features, r))
    return adapters


def adapter_forward(weights, adapters, X):
    """Run the columns of X through the layers and the adapters after them.

        Hk  = ReLU(Wk H′(k−1))     the frozen layer
        Sk  = ReLU(Dk Hk)          squeezed through the bottleneck
        H′k = Hk + Uk Sk           the skip connection adds the two

    A layer without an adapter hands on H′k = Hk.

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap; frozen.
        adapters: {"D3": array (r, out), "U3": array (out, r), ...}, for any of the layers.
        X: the examples as columns.

    Returns:
        {"H0'": X, "Z1": ..., "H1": ..., "S1": ..., "H1'": ..., "Z2": ..., ...}, in the order of
        computing; the last entry is the output.

    Raises:
        ValueError: shapes don't fit, D or U is missing, a number is not finite.
    """
    layers = check.layers(weights)
    pairs = _pairs(adapters, layers)
    H = check.matrix(X, "X")
    first = min(layers)
    if H.shape[0] != layers[first].shape[1]:
        wish, got = layers[first].shape[1], check.shape_text(H.shape)
        raise ValueError(f"X must have {wish} rows to fit W{first}, got {got}")
    trace = run_with_adapters(layers, pairs, H)
    for name, value in trace.items():
        check.matrix(value, name)  # finite numbers can have a product that overflows
    return trace


def run_with_adapters(layers, pairs, H):
    """Return adapter_forward, unchecked; layers is {1: W1, ...}, pairs is {1: (D1, U1), ...}."""
    trace = {f"H{min(layers) - 1}'": H}
    for k, W in layers.items():
        trace[f"Z{k}"] = Z = W @ H
        trace[f"H{k}"] = H = rectify(Z)
        if k in pairs:
            D, U = pairs[k]
            trace[f"S{k}"] = S = rectify(D @ H)  # (r, out) @ (out, columns)
            H = H + U @ S  # (out, r) @ (r, columns)
        trace[f"H{k}'"] = H
    return trace


def adapter_backward(weights, adapters, trace, output_gradient):
    """Pass the gradient down to the lowest adapter, through every frozen W on the way.

    With G = dL/dH′k, from the top layer down:

        dL/dUk = G Skᵀ
        γk     = Ukᵀ G where Sk > 0, else 0      dL/d(Dk Hk)
        dL/dDk = γk Hkᵀ
        signal = G + Dkᵀ γk                      the skip connection passes G on as it is
        δk     = signal where Hk > 0, else 0     dL/dZk
        G      = Wkᵀ δk                          for the layer below, through a frozen W

    At U = 0, γ is 0: the first step moves U alone.

    Args:
        weights, adapters: as in adapter_forward.
        trace: what adapter_forward returned; of it S and H are read.
        output_gradient: dL/dH′ of the top layer (out_features, columns).

    Returns:
        (deltas, gradients), from the top down: {"S3": γ3, "Z3": δ3, "S2": ...}, each as far
        down as an adapter needs it, and {"U3": dL/dU3, "D3": dL/dD3, ...}.

    Raises:
        ValueError: a shape that doesn't fit, a missing part of the trace, a number that is
            not finite.
    """
    layers = check.layers(weights)
    pairs = _pairs(adapters, layers)
    top = max(layers)
    signal = check.matrix(output_gradient, "output_gradient")
    output = check.activation(trace, f"H{top}", layers[top].shape[0])
    check.same_shape(signal, "output_gradient", output, f"H{top}")
    columns = signal.shape[1]
    lowest = min(pairs, default=top + 1)
    checked = {}
    for k in range(top, lowest - 1, -1):
        checked[f"H{k}"] = check.activation(trace, f"H{k}", layers[k].shape[0], columns)
        if k in pairs:
            checked[f"S{k}"] = check.activation(trace, f"S{k}", pairs[k][0].shape[0], columns)
    return pass_back_with_adapters(layers, pairs, checked, signal)


def pass_back_with_adapters(layers, pairs, trace, signal):
    """Return adapter_backward, unchecked; arguments as in run_with_adapters."""
    deltas, gradients = {}, {}
    lowest = min(pairs, default=max(layers) + 1)
    for k in range(max(layers), lowest - 1, -1):
        H = trace[f"H{k}"]
        if k in pairs:
            (D, U), S = pairs[k], trace[f"S{k}"]
            gradients[f"U{k}"] = signal @ S.T
            gamma = deltas[f"S{k}"] = np.where(S > 0, U.T @ signal, 0.0)
            gradients[f"D{k}"] = gamma @ H.T
            if k > lowest:
                signal = signal + D.T @ gamma
        if k > lowest:
            delta = deltas[f"Z{k}"] = np.where(H > 0, signal, 0.0)
            signal = layers[k].T @ delta
    return deltas, gradients


def adapter_step(weights, adapters, X, T, learning_rate, loss="squared error"):
    """Take one step of gradient descent; only the adapters move.

    Args:
        weights, adapters, X: as in adapter_forward.
        T: targets (out_features, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new adapters, fresh copies.

    Raises:
        ValueError: as adapter_forward and loss_and_gradient.
    """
    trace = adapter_forward(weights, adapters, X)
    output = list(trace.values())[-1]
    value, slope = loss_and_gradient(output, T, loss)
    deltas, gradients = adapter_backward(weights, adapters, trace, slope)
    changes = delta_weights(gradients, learning_rate)
    adapters = check.named_matrices(adapters, "adapters", "D3")
    moved = {name: array + changes[name] for name, array in adapters.items()}
    return Step(moved, changes, deltas, gradients, value, trace)


def adapter_shapes(shapes, bottleneck):
    """Return the shapes of an adapter after each layer.

    Args:
        shapes: {"W1": (out, in), ...}, as layer_shapes returns it.
        bottleneck: r, a whole number of 1 or more.

    Returns:
        {"D1": (r, out), "U1": (out, r), ...}: 2 · r · out weights a layer.

    Raises:
        ValueError: names that are no chain, or bottleneck below 1.
    """
    r = check.whole_number(bottleneck, "bottleneck")
    pairs = {}
    for k in check.layer_numbers(shapes, "shapes"):
        out_features, _ = shapes[f"W{k}"]
        pairs[f"D{k}"], pairs[f"U{k}"] = (r, out_features), (out_features, r)
    return pairs


def block_adapter_parameters(hidden, bottleneck, adapters_per_block=2):
    """Return how many numbers the adapters of one transformer block hold, biases included.

    One adapter is D (m × d), U (d × m), a bias of m and one of d: 2dm + m + d. Houlsby's
    design has two in a block, one after attention and one after the feed-forward part; count
    both. Pfeiffer's has one.
    Sources: Houlsby et al., ICML 2019, section 2.1; Pfeiffer et al., "AdapterFusion", EACL 2021.

    Args:
        hidden: d. bottleneck: m. adapters_per_block: 2 or 1; whole numbers of 1 or more.

    Raises:
        ValueError: one of them is no whole number of 1 or more.
    """
    d = check.whole_number(hidden, "hidden")
    m = check.whole_number(bottleneck, "bottleneck")
    count = check.whole_number(adapters_per_block, "adapters_per_block")
    return count * (2 * d * m + m + d)


def _pairs(adapters, layers):
    """Return {1: (D1, U1), ...}, in the order of the layers."""
    return check.pairs(adapters, "adapters", ("D", "U"), layers, _shapes_of_a_pair)


def _shapes_of_a_pair(W, D, U):
    out_features, r = W.shape[0], D.shape[0]
    return (r, out_features), (out_features, r)
