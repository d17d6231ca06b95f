"""The eight ways from an old task to a new one, each as lines of what it computes.

Of H3 everyone sees P H3, ten numbers a column. P stands for the output layer that a pretrained
network has. It is known and frozen; the probe and the head replace it, and start as it. Without
P, a student whose last ReLU is silent could not be taught at all.

A step is done thousands of times, so its lines are made once, and its arrays are not checked.
"""

from itertools import takewhile
from typing import NamedTuple

import numpy as np

from snippets import check
from snippets.adapter import BOTTLENECK, new_adapters
from snippets.derive import backward_lines, evaluate, names_behind
from snippets.lora import LORA_ALPHA, RANK, new_lora
from snippets.method import (
    Line,
    adapter_lines,
    head_lines,
    input_of,
    lora_lines,
    network_lines,
    product,
)
from snippets.network import FULL_SIZES, new_network

START = 0.5  # whoever starts from nothing starts from new_network's weights times this
WAYS = ("untouched", "scratch", "full", "freeze", "probe", "head", "adapters", "lora")
LAYERS = (1, 2, 3)


class Way(NamedTuple):
    """A way to learn a task; its parameters are a dict of matrices."""

    start: dict  # parameters before the first step
    frozen: dict  # the other matrices, P among them
    below: list  # lines of the frozen bottom, computed once
    lines: list  # of the rest, up to Y
    passed: list  # lines of the backward pass
    numbers: dict  # what α/r is
    own_readout: bool  # True: the network and P stay as they are, for the old task

    def prepare(self, X):
        """Return what the frozen bottom makes of X: the input of the rest."""
        return evaluate(self.below, {**self.frozen, "X": X})[input_of(self.lines)]

    def run(self, parameters, prepared):
        """Return all values by name; the answer is "Y"."""
        given = {**self.frozen, **parameters, input_of(self.lines): prepared}
        return evaluate(self.lines, given, self.numbers)

    def back(self, parameters, trace, error):
        """Return the gradients of the parameters; error is dL/dY."""
        found = evaluate(self.passed, {**trace, "E": error}, self.numbers)
        return {name: found[f"dL/d{name}"] for name in parameters}


def way_of(lines, start, frozen, *, readout=True, numbers=None):
    """Return a Way.

    Args:
        lines: of the whole forward pass, from X.
        start: the matrices that train.
        frozen: the other matrices.
        readout: True to end the lines in Y = P H; else they end in Y themselves.
        numbers: what α/r is.
    """
    if readout:
        lines = [*lines, Line("Y", product("P", lines[-1].name), slope="E")]
    behind = names_behind(lines, start)
    below = list(takewhile(lambda line: line.name not in behind, lines[:-1]))
    lines = lines[len(below) :]
    passed = backward_lines(lines, set(start))
    return Way(start, frozen, below, lines, passed, numbers or {}, not readout)


def new_way(world, name, seed, rank=RANK, bottleneck=BOTTLENECK):
    """Return a way to learn a new task.

    Args:
        world: a World.
        name: "untouched", "scratch", "full", "freeze", "probe", "head", "adapters" or "lora".
        seed: for what starts at random; a whole number of 0 or more.
        rank: of LoRA. bottleneck: of the adapters. 1 or more.

    Returns:
        A Way.

    Raises:
        ValueError: another name; a number that is not whole or too small.
    """
    if name not in WAYS:
        raise ValueError(f"name must be one of {', '.join(WAYS)}, got {name!r}")
    rng = np.random.default_rng((check.whole_number(seed, "seed", least=0), 99))
    weights, P = world.pretrained, world.readout
    plain, frozen = network_lines(LAYERS), {**weights, "P": P}
    if name == "untouched":
        return way_of(plain, {}, frozen)
    if name == "scratch":
        return way_of(plain, new_student(rng), frozen)
    if name == "full":
        return way_of(plain, weights, frozen)
    if name == "freeze":
        return way_of(plain, {"W3": weights["W3"]}, frozen)
    if name == "probe":
        return way_of(plain + head_lines((4,), "H3"), {"W4": P}, frozen, readout=False)
    if name == "head":
        return way_of(plain + head_lines((4, 5), "H3"), head_like(P), frozen, readout=False)
    if name == "adapters":
        start = new_adapters(weights, bottleneck, rng)
        return way_of(adapter_lines(LAYERS, LAYERS), start, frozen)
    start, numbers = new_lora(weights, rank, rng), {"α/r": LORA_ALPHA / rank}
    return way_of(lora_lines(LAYERS, LAYERS), start, frozen, numbers=numbers)


def new_student(rng):
    """Return weights of a network that has learned nothing yet."""
    return {name: START * W for name, W in new_network(FULL_SIZES, rng).items()}


def head_like(readout):
    """Return a head that computes exactly what P computes: P H = ReLU(P H) − ReLU(−P H).

    So the head starts where every other way starts. It has two hidden units for each output,
    20 for 10: the very size of the lessons' head.

    Args:
        readout: P (outputs, features).

    Returns:
        {"W4": P above −P, "W5": the identity beside minus the identity}.
    """
    identity = np.eye(len(readout))
    return {"W4": np.vstack([readout, -readout]), "W5": np.hstack([identity, -identity])}
