"""Adapters: a narrow detour after each frozen layer, H′ = H + U ReLU(D H)."""

import numpy as np

from snippets import check
from snippets.forward import run
from snippets.freeze import take_step
from snippets.method import adapter_lines

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
    check.generator(rng)
    layers = check.named(check.layers(weights))
    shapes = adapter_shapes({name: W.shape for name, W in layers.items()}, bottleneck)
    return {
        name: rng.normal(0.0, np.sqrt(2 / shape[1]), shape) if name[0] == "D" else np.zeros(shape)
        for name, shape in shapes.items()
    }


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
    layers, adapters, X, lines = _checked(weights, adapters, X)
    return _primed(run(lines, check.named(layers) | adapters, X))


def adapter_step(weights, adapters, X, T, learning_rate, loss="squared error"):
    """Take one step of gradient descent; only the adapters move.

    The gradient goes down to the lowest adapter, through every frozen W on the way. With
    G = dL/dH′k, from the top layer down:

        dL/dUk = G Skᵀ
        γk     = Ukᵀ G where Sk > 0, else 0      dL/d(Dk Hk)
        dL/dDk = γk Hkᵀ
        signal = G + Dkᵀ γk                      the skip connection passes G on as it is
        δk     = signal where Hk > 0, else 0     dL/dZk
        G      = Wkᵀ δk                          for the layer below, through a frozen W

    At U = 0, γ is 0: the first step moves U alone.

    Args:
        weights, adapters, X: as in adapter_forward.
        T: targets (out_features, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new adapters, its deltas {"S3": γ3, "Z3": δ3, "S2": ...}.

    Raises:
        ValueError: as adapter_forward and loss_and_gradient.
    """
    layers, adapters, X, lines = _checked(weights, adapters, X)
    frozen = check.named(layers)
    step = take_step(lines, adapters, X, T, set(adapters), learning_rate, loss, frozen)
    return step._replace(trace=_primed(step.trace))


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


def _checked(weights, adapters, X):
    """Return layers, adapters, X and the lines that they make."""
    layers = check.layers(weights)
    adapters = check.pairs(adapters, "adapters", ("D", "U"), layers, adapter_shapes)
    X = check.inputs(X, layers)
    adapted = [k for k in layers if f"D{k}" in adapters]
    return layers, adapters, X, adapter_lines(layers, adapted, f"H{min(layers) - 1}")


def _primed(trace):
    """Return a trace with H0', H1', ... for what each layer hands on, adapter or not."""
    (source, X), *rest = trace.items()
    primed = {f"{source}'": X}
    for name, value in rest:
        k = name.lstrip("ZHS'")
        primed[f"H{k}'" if name == f"H'{k}" else name] = value
        if name == f"H{k}" and f"H'{k}" not in trace:
            primed[f"H{k}'"] = value
    return primed
