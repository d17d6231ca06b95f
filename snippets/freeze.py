"""Freezing: a step that leaves some layers as they are, and what may then be stored."""

from typing import NamedTuple

from snippets import check
from snippets.backward import pass_back
from snippets.forward import run
from snippets.loss import loss_and_gradient
from snippets.method import network_lines
from snippets.update import add_delta, delta_weights


class Step(NamedTuple):
    """One step of gradient descent, with everything that led to it."""

    weights: dict  # W′ of every layer, the frozen ones included; or of what a method added
    delta_weights: dict  # ΔW, for what trains alone
    deltas: dict  # δ = dL/dZ, as far down as something trains
    gradients: dict  # dL/dW, for what trains alone
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
    layers = check.layers(weights)
    X = check.inputs(X, layers)
    trainable = check.trainable_names(trainable, weights)
    lines = network_lines(layers, f"H{min(layers) - 1}")
    return take_step(lines, check.named(layers), X, T, trainable, learning_rate, loss)


def take_step(lines, matrices, X, targets, trainable, learning_rate, loss, beside=(), numbers=None):
    """Take a step of any method, given as the lines of its forward pass.

    Args:
        lines: of the forward pass; what they start from is X.
        matrices: that the Step returns by name; checked before, as X is.
        targets, trainable, learning_rate, loss: as in train_step.
        beside: the other matrices that the lines name; all of them frozen.
        numbers: as in evaluate.

    Raises:
        ValueError: targets, learning rate or loss don't fit; a result is too large.
    """
    everything = {**matrices, **dict(beside)}
    trace = run(lines, everything, X, numbers)
    value, slope = loss_and_gradient(trace[lines[-1].name], targets, loss)
    deltas, gradients = pass_back(lines, {**everything, **trace}, slope, trainable, numbers)
    changes = delta_weights(gradients, learning_rate)
    return Step(add_delta(matrices, changes), changes, deltas, gradients, value, trace)


def frozen_below(weights, trainable):
    """Return the names of the unbroken run of frozen layers from the bottom, in order.

    With W1 and W2 frozen, H2 is the same in every step. So one forward pass is enough, and
    training goes on from its output: train_step({"W3": W3}, H2, T, {"W3"}, η), to the bit.

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
