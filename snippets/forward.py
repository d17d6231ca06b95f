"""The forward pass: Z = W H, then H = ReLU(Z), layer after layer."""

from snippets import check
from snippets.derive import evaluate, rectify
from snippets.method import input_of, network_lines


def relu(Z):
    """Return ReLU(Z): every positive number as it is, every other number as 0.

    Args:
        Z: a matrix (out_features, columns).

    Returns:
        A new matrix of the same shape.

    Raises:
        ValueError: Z is no matrix of finite numbers.
    """
    return rectify(check.matrix(Z, "Z"))


def forward(weights, X):
    """Run the columns of X through the layers and keep every result.

    The layers run in the order of their numbers and need not start at 1: with {"W3": ...}
    alone, X is taken as H2, and the trace holds H2, Z3 and H3.

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap.
        X: the examples as columns (in_features of the first layer, columns).

    Returns:
        {"H0": X, "Z1": W1 H0, "H1": ReLU(Z1), "Z2": ..., "H2": ..., "Z3": ..., "H3": ...}, in
        the order of computing; the last entry is the output.

    Raises:
        ValueError: shapes don't fit, a number is not finite, X has no column.
    """
    layers = check.layers(weights)
    X = check.inputs(X, layers)
    return run(network_lines(layers, f"H{min(layers) - 1}"), check.named(layers), X)


def run(lines, matrices, X, numbers=None):
    """Return the trace of any method: its lines computed, X first and the output last.

    Args:
        lines: of a forward pass; what they start from is X.
        matrices, X: checked before.
        numbers: as in evaluate.

    Raises:
        ValueError: a result is too large to compute with.
    """
    names = [input_of(lines), *(line.name for line in lines)]
    values = evaluate(lines, {**matrices, names[0]: X}, numbers)
    trace = {name: values[name] for name in names}
    for name, value in trace.items():
        check.matrix(value, name)  # finite numbers can have a product that overflows
    return trace
