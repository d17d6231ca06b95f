"""Freezing: a step that leaves some layers as they are, and what may then be stored."""

from typing import NamedTuple

from snippets import check
from snippets.backward import backward
from snippets.forward import forward
from snippets.loss import loss_and_gradient
from snippets.update import add_delta, delta_weights


class Step(NamedTuple):
    """One step of gradient descent, with everything that led to it."""

    weights: dict  # W′ of every layer, the frozen ones included
    delta_weights: dict  # ΔW, for the trainable layers alone
    deltas: dict  # δ = dL/dZ, as far down as something trains
    gradients: dict  # dL/dW, for the trainable layers alone
    loss: float  # before the step
    trace: dict  # the forward pass before the step


def train_step(weights, X, T, trainable, learning_rate, loss="squared error"):
    """Take one step of gradient descent; frozen layers stay the same to the bit.

    Args:
        weights: {"W1": array (out, in), ...}, a chain without a gap.
        X: inputs (in_features, columns).
        T: targets (out_features, columns) for "squared error", labels for "cross-entropy".
        trainable: names of the layers that train, such as {"W3"}; the rest are frozen.
        learning_rate: η, a finite number of 0 or more.
        loss: "squared error" or "cross-entropy".

    Returns:
        A Step. The arguments are left unchanged.

    Raises:
        ValueError: an unknown layer or loss, a shape that doesn't fit, a number that is not finite.
    """
    trace = forward(weights, X)
    output = list(trace.values())[-1]
    value, slope = loss_and_gradient(output, T, loss)
    deltas, gradients = backward(weights, trace, slope, trainable)
    changes = delta_weights(gradients, learning_rate)
    return Step(add_delta(weights, changes), changes, deltas, gradients, value, trace)


def frozen_below(weights, trainable):
    """Return the names of the unbroken run of frozen layers from the bottom, in order.

    Args:
        weights: a dict by layer name; only its names are read, so shapes will do.
        trainable: names of the layers that train.

    Returns:
        ("W1", "W2") if W3 trains; () if the lowest layer trains; every name if nothing trains.

    Raises:
        ValueError: an unknown layer, or names that are no chain.
    """
    names = [f"W{k}" for k in check.layer_numbers(weights)]
    trainable = check.trainable_names(trainable, weights)
    first = next((i for i, name in enumerate(names) if name in trainable), len(names))
    return tuple(names[:first])


def storable_below(weights, trainable):
    """Return frozen_below, if storing its output serves a purpose; arguments are the same.

    Raises:
        ValueError: as frozen_below; the lowest layer trains, so that every output changes with
            every step; nothing trains, so that no step would use what was stored.
    """
    frozen = frozen_below(weights, trainable)
    if len(frozen) == len(weights):
        raise ValueError("trainable must name a layer, else no step uses a stored output; got none")
    if not frozen:
        lowest = f"W{check.layer_numbers(weights)[0]}"
        raise ValueError(
            f"trainable must leave out {lowest}: outputs can be stored only of layers frozen"
            f" from the bottom up, got {', '.join(sorted(trainable))}"
        )
    return frozen


def store_frozen_output(weights, X, trainable):
    """Run the frozen bottom once; training can go on from its output without it.

    With W1 and W2 frozen, H2 is the same in every step, so one forward pass is enough:

        H2, rest = store_frozen_output(weights, X, {"W3"})
        step = train_step(rest, H2, T, {"W3"}, learning_rate)   # the same ΔW3, to the bit
        finetuned = {**weights, **step.weights}

    Args:
        weights, X: as in forward.
        trainable: names of the layers that train, in all later steps too.

    Returns:
        (H, rest): the output of the topmost layer of the frozen run (out_features, columns), and
        the weights above it, as fresh copies.

    Raises:
        ValueError: as forward and storable_below.
    """
    frozen = storable_below(weights, trainable)
    bottom = {name: weights[name] for name in frozen}
    rest = {name: W for name, W in add_delta(weights, {}).items() if name not in frozen}
    stored = list(forward(bottom, X).values())[-1]
    return stored, rest
