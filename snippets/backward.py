"""The backward pass: who is to blame for the loss, and how far down anyone needs to ask."""

from snippets.derive import backward_lines, evaluate


def pass_back(lines, values, output_gradient, trainable, numbers=None):
    """Pass the gradient of the loss down, as far as something trains and no further.

    In plain layers, with δk = dL/dZk, from the top one to the lowest trainable one:

        δk     = signal where Zk > 0, else 0     the ReLU; its derivative at 0 is taken as 0
        dL/dWk = δk H(k−1)ᵀ                      only if Wk trains
        signal = Wkᵀ δk                          only if a layer below trains

    Frozen layers above a trainable one are crossed: they get no gradient, but cost a product.
    Of the trace only H is read: H > 0 exactly where Z > 0, so a program need not keep Z.

    Args:
        lines: of the forward pass of any method.
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
