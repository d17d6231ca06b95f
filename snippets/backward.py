"""The backward pass: who is to blame for the loss, and how far down anyone needs to ask."""

from snippets import check
from snippets.method import backward_lines, evaluate, kept, network_lines


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
    first, top = min(layers), max(layers)
    rows = {f"H{k}": W.shape[0] for k, W in layers.items()}
    rows[f"H{first - 1}"] = layers[first].shape[1]
    output = check.activation(trace, f"H{top}", rows[f"H{top}"])
    signal = check.matrix(output_gradient, "output_gradient")
    check.same_shape(signal, "output_gradient", output, f"H{top}")
    lines = network_lines(layers, f"H{first - 1}")
    needed = {
        name: check.activation(trace, name, rows[name], signal.shape[1])
        for name in kept(lines, trainable)
    }
    return pass_back(lines, {**check.named(layers), **needed}, signal, trainable)


def pass_back(lines, values, output_gradient, trainable, numbers=None):
    """Return (deltas, gradients) of any method.

    Args:
        lines: of a forward pass.
        values: all matrices and the trace by name; checked before.
        output_gradient: E, dL/d of the last line.
        trainable: names of the matrices that train.
        numbers: as in evaluate.

    Returns:
        Two dicts, from the top down. deltas: dL/d of each Z, S and Y by that name, as far down
        as something that trains needs it. gradients: dL/dW by the name of W.
    """
    passed = backward_lines(lines, trainable)
    found = evaluate(passed, {**values, "E": output_gradient}, numbers)
    summed = [line for line in reversed(lines) if line.name[0] in "ZSY" and line.slope in found]
    names = [line.name.removeprefix("dL/d") for line in passed if line.name.startswith("dL/d")]
    gradients = {name: found[f"dL/d{name}"] for name in names}
    return {line.name: found[line.slope] for line in summed}, gradients
