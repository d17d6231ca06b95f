"""A head: new layers on top of a frozen network, Y = W5 ReLU(W4 H3); with one layer, a probe."""

from snippets import check
from snippets.backward import pass_back
from snippets.forward import run_layers
from snippets.freeze import Step
from snippets.loss import loss_and_gradient
from snippets.network import new_network
from snippets.update import add_delta, delta_weights

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
    layers = new_network(sizes, rng).values()
    return {f"W{k}": W for k, W in enumerate(layers, start=first)}


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
    layers = check.layers(head)
    first = min(layers)
    H3 = check.matrix(H3, f"H{first - 1}")
    if H3.shape[0] != layers[first].shape[1]:
        wish, got = layers[first].shape[1], check.shape_text(H3.shape)
        raise ValueError(f"H{first - 1} must have {wish} rows to fit W{first}, got {got}")
    trace = run_head(layers, H3)
    for name, value in trace.items():
        check.matrix(value, name)  # finite numbers can have a product that overflows
    return trace


def run_head(layers, H):
    """Return head_forward, unchecked; layers is {4: W4, 5: W5} as check.layers returns it."""
    *below, top = layers
    trace = run_layers({k: layers[k] for k in below}, H) if below else {f"H{top - 1}": H}
    trace["Y"] = layers[top] @ trace[f"H{top - 1}"]
    return trace


def head_backward(head, trace, output_gradient):
    """Return the gradient of every matrix of the head. Nothing is passed on to the network.

        dL/dW5 = dL/dY H4ᵀ
        δ4     = W5ᵀ dL/dY where Z4 > 0, else 0
        dL/dW4 = δ4 H3ᵀ

    Args:
        head: as in head_forward.
        trace: what head_forward(head, H3) returned; of it H alone is read.
        output_gradient: dL/dY (outputs, columns).

    Returns:
        (deltas, gradients), from the top down: {"Y": dL/dY, "Z4": δ4}, {"W5": ..., "W4": ...}.

    Raises:
        ValueError: a shape that doesn't fit, a missing part of the trace, a number that is
            not finite.
    """
    layers = check.layers(head)
    signal = check.matrix(output_gradient, "output_gradient")
    outputs = layers[max(layers)].shape[0]
    if signal.shape[0] != outputs:
        got = check.shape_text(signal.shape)
        raise ValueError(f"output_gradient must have {outputs} rows, got {got}")
    columns = signal.shape[1]
    checked = {
        f"H{k - 1}": check.activation(trace, f"H{k - 1}", W.shape[1], columns)
        for k, W in layers.items()
    }
    return head_pass_back(layers, checked, signal)


def head_pass_back(layers, trace, signal):
    """Return head_backward, unchecked; layers as check.layers returns it."""
    *below, top = layers
    deltas, gradients = {"Y": signal}, {f"W{top}": signal @ trace[f"H{top - 1}"].T}
    if below:
        signal = layers[top].T @ signal  # (hidden, outputs) @ (outputs, columns)
        lower = {k: layers[k] for k in below}
        more = pass_back(lower, trace, signal, {f"W{k}" for k in below})
        deltas.update(more[0])
        gradients.update(more[1])
    return deltas, gradients


def head_step(head, H3, targets, learning_rate, loss="squared error"):
    """Take one step of gradient descent; every matrix of the head trains.

    Args:
        head, H3: as in head_forward.
        targets: T (outputs, columns) for "squared error", labels for "cross-entropy".
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step; its weights are the new head.

    Raises:
        ValueError: as head_forward, loss_and_gradient and delta_weights.
    """
    trace = head_forward(head, H3)
    value, slope = loss_and_gradient(trace["Y"], targets, loss)
    deltas, gradients = head_backward(head, trace, slope)
    changes = delta_weights(gradients, learning_rate)
    return Step(add_delta(head, changes), changes, deltas, gradients, value, trace)


def train_head(head, H3, targets, learning_rate, steps, loss="squared error"):
    """Take many steps on the same stored features.

    Args:
        steps: how many, 0 or more; the rest as in head_step.

    Returns:
        (head, losses): the trained head, and the loss before each step and after the last.

    Raises:
        ValueError: as head_step; steps is no whole number of 0 or more.
    """
    losses = []
    for _ in range(check.whole_number(steps, "steps", least=0)):
        step = head_step(head, H3, targets, learning_rate, loss)
        head = step.weights
        losses.append(step.loss)
    Y = head_forward(head, H3)["Y"]
    return add_delta(head, {}), losses + [loss_and_gradient(Y, targets, loss)[0]]
