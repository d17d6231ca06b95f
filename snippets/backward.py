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

    deltas, gradients = {}, {}
    lowest = min((k for k in layers if f"W{k}" in trainable), default=top + 1)
    columns = output.shape[1]
    for k in range(top, lowest - 1, -1):
        W = layers[k]
        out_features, in_features = W.shape
        H = check.activation(trace, f"H{k}", out_features, columns)
        delta = np.where(H > 0, signal, 0.0)  # (out, columns)
        deltas[f"Z{k}"] = delta
        if f"W{k}" in trainable:
            H_below = check.activation(trace, f"H{k - 1}", in_features, columns)
            gradients[f"W{k}"] = delta @ H_below.T  # (out, columns) @ (columns, in)
        if k > lowest:
            signal = W.T @ delta  # (in, out) @ (out, columns)
    return deltas, gradients
