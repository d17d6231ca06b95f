"""The backward pass: who is to blame for the loss, and how far down anyone needs to ask."""

import numpy as np

from snippets import check


def backward(weights, trace, output_gradient, trainable):
    """Pass the gradient of the loss down, as far as something trains and no further.

    With δk = dL/dZk, from the top layer to the lowest trainable one:

        δk     = signal where Zk > 0, else 0     the ReLU; its derivative at 0 is taken as 0
        dL/dWk = δk H(k−1)ᵀ                      only if Wk trains
        signal = Wkᵀ δk                          only if a layer below trains

    Frozen layers above a trainable one are crossed: they get no gradient, but cost a product.
    Of the trace only H is read: H > 0 exactly where Z > 0, so a program need not keep Z.

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap.
        trace: what forward(weights, X) returned.
        output_gradient: dL/dH of the top layer (out_features, columns).
        trainable: names of the layers that train; the rest are frozen.

    Returns:
        (deltas, gradients), both from the top down. deltas: {"Z3": δ3, ...}, (out, columns)
        each. gradients: {"W3": dL/dW3, ...}, shaped like W, for trainable names alone. If
        nothing trains, ({}, {}).

    Raises:
        ValueError: an unknown layer, a missing part of the trace, a shape that doesn't fit, a
            number that is not finite.
    """
    layers = check.layers(weights)
    trainable = check.trainable_names(trainable, weights)
    top = max(layers)
    output = check.activation(trace, f"H{top}", rows=layers[top].shape[0])
    signal = check.matrix(output_gradient, "output_gradient")
    check.same_shape(signal, "output_gradient", output, f"H{top}")

    lowest = min((k for k in layers if f"W{k}" in trainable), default=top + 1)
    columns = output.shape[1]
    checked = {}
    for k in range(top, lowest - 1, -1):
        out_features, in_features = layers[k].shape
        checked[f"H{k}"] = check.activation(trace, f"H{k}", out_features, columns)
        if f"W{k}" in trainable:
            checked[f"H{k - 1}"] = check.activation(trace, f"H{k - 1}", in_features, columns)
    return pass_back(layers, checked, signal, trainable)


def pass_back(layers, trace, signal, trainable):
    """Return backward(weights, trace, signal, trainable), unchecked: for loops of many steps.

    Args:
        layers: {1: W1, 2: W2, ...} in order, as check.layers returns it.
        trace, signal, trainable: as in backward; signal is its output_gradient.
    """
    deltas, gradients = {}, {}
    top = max(layers)
    lowest = min((k for k in layers if f"W{k}" in trainable), default=top + 1)
    for k in range(top, lowest - 1, -1):
        delta = np.where(trace[f"H{k}"] > 0, signal, 0.0)  # (out, columns)
        deltas[f"Z{k}"] = delta
        if f"W{k}" in trainable:
            gradients[f"W{k}"] = delta @ trace[f"H{k - 1}"].T  # (out, columns) @ (columns, in)
        if k > lowest:
            signal = layers[k].T @ delta  # (in, out) @ (out, columns)
    return deltas, gradients
