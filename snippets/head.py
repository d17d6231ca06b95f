"""A head: new layers on top of a frozen network, Y = W5 ReLU(W4 H3); with one layer, a probe."""

from snippets import check
from snippets.forward import run
from snippets.freeze import take_step
from snippets.method import head_lines
from snippets.network import new_network

HIDDEN = 20  # units between H3 and the classes


def new_head(sizes, rng, first=4):
    """Return an untrained head with random weights.

    Args:
        sizes: (features, hidden units, outputs), such as (40, 20, 10); two sizes make a probe.
        rng: a NumPy Generator.
        first: the number of its lowest layer, one above the network's last.

    Returns:
        {"W4": array (20, 40), "W5": array (10, 20)}.

    Raises:
        ValueError: as new_network; first below 1.
    """
    first = check.whole_number(first, "first")
    return check.named(dict(enumerate(new_network(sizes, rng).values(), first)))


def head_forward(head, H3):
    """Run stored features through the head. ReLU after each layer but the last.

    Scores may have any sign, so the last layer has no ReLU.

    Args:
        head: {"W4": array (hidden, features), "W5": array (outputs, hidden)}; any length.
        H3: the output of the frozen network (features, columns), computed once.

    Returns:
        {"H3": H3, "Z4": W4 H3, "H4": ReLU(Z4), "Y": W5 H4}, in the order of computing.

    Raises:
        ValueError: shapes don't fit, a number is not finite, H3 has no column.
    """
    return run(*_lines_and_values(head, H3))


def head_step(head, H3, targets, learning_rate, loss="squared error"):
    """Take one step of gradient descent; every matrix of the head trains.

        dL/dW5 = dL/dY H4ᵀ
        δ4     = W5ᵀ dL/dY where Z4 > 0, else 0
        dL/dW4 = δ4 H3ᵀ                            nothing is passed on to the network

    Args:
        head, H3: as in head_forward.
        targets: T (outputs, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new head, its deltas {"Y": dL/dY, "Z4": δ4}.

    Raises:
        ValueError: as head_forward, loss_and_gradient and delta_weights.
    """
    lines, head, H3 = _lines_and_values(head, H3)
    return take_step(lines, head, H3, targets, set(head), learning_rate, loss)


def _lines_and_values(head, H3):
    layers = check.layers(head)
    features = f"H{min(layers) - 1}"
    H3 = check.inputs(H3, layers, features)
    return head_lines(layers, features), check.named(layers), H3
