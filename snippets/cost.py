"""What a step costs, in numbers held and multiply-adds done, read off its lines."""

from typing import NamedTuple

from snippets import check
from snippets.adapter import BOTTLENECK, adapter_shapes
from snippets.count import count_parameters
from snippets.derive import (
    backward_lines,
    error_lines,
    kept,
    multiply_adds,
    shapes,
    steady_lines,
)
from snippets.freeze import storable_below
from snippets.head import HIDDEN
from snippets.lora import RANK, lora_shapes
from snippets.method import (
    adapter_lines,
    head_lines,
    input_of,
    lora_lines,
    network_lines,
    parts_of,
)
from snippets.network import FULL_SIZES, layer_shapes
from snippets.probe import CLASSES


class Method(NamedTuple):
    """A way to fine-tune: its forward pass, its matrices by shape, and which of them train."""

    lines: list
    pretrained: dict  # {"W1": (40, 30), ...}
    added: dict  # what the method brings along: {"A1": (4, 30), "B1": (40, 4), ...}
    trainable: frozenset  # names


class Costs(NamedTuple):
    """What a method costs, in numbers; a number is a number, whatever its bytes."""

    trainable: int  # weights
    gradient_and_optimizer: int  # a gradient and Adam's two moments, 3 × trainable
    activations_kept: int  # from the forward to the backward pass, all columns
    multiply_adds: int  # of the matrix products of a step, for each column; 2 FLOPs each
    stored_for_tasks: int  # what is frozen once, what trains once for each task
    held_with_adam: int  # weights_in_memory and gradient_and_optimizer
    weights_in_memory: int  # that a step needs
    multiply_adds_stored: int  # of a step, if all that never changes is computed once and stored
    stored_outputs: int  # read by the step in place of a frozen bottom, all columns
    multiply_adds_at_use: int  # of an answer, for each column; merged, if the method can be
    mergeable: bool | None  # None where nothing was added that could be merged


def cost_words(examples="12 examples", tasks="ten tasks"):
    """Return what tables call the costs: {"trainable": "Weights that train", ...}."""
    return {
        "trainable": "Weights that train",
        "gradient_and_optimizer": "Gradient and Adam's two moments",
        "activations_kept": f"Activations kept, {examples}",
        "multiply_adds": "Multiply-adds per example and step",
        "stored_for_tasks": f"Weights stored for {tasks}",
        "held_with_adam": "Held: weights, gradient, Adam's two moments",
        "weights_in_memory": "Weights in memory",
        "multiply_adds_stored": "The same, what never changes stored",
        "stored_outputs": f"Outputs stored, {examples}",
        "multiply_adds_at_use": "Multiply-adds per example at use",
        "mergeable": "Mergeable",
    }


def plain_layers(sizes, trainable, stored=False):
    """Return the Method that trains some layers of a plain network; all of them, or a few.

    Args:
        sizes: as in layer_shapes.
        trainable: names of the layers that train.
        stored: True if the output of the frozen bottom was computed once and is read instead.

    Raises:
        ValueError: wrong sizes, an unknown layer; stored=True where storing serves no purpose
            (the lowest layer trains, or nothing does).
    """
    pretrained = layer_shapes(sizes)
    trainable = check.trainable_names(trainable, pretrained)
    if not isinstance(stored, bool):
        raise ValueError(f"stored must be True or False, got {stored!r}")
    below = len(storable_below(pretrained, trainable)) if stored else 0
    layers = range(below + 1, len(pretrained) + 1)
    lines = network_lines(layers, f"H{below}" if stored else "X")
    return Method(lines, pretrained, {}, trainable)


def six_methods(sizes=FULL_SIZES, rank=RANK, bottleneck=BOTTLENECK):
    """Return the Methods of the series, in the order of its lessons.

    Args:
        sizes: of the pretrained network, as in layer_shapes.
        rank: of LoRA. bottleneck: of the adapters.

    Returns:
        {"full": Method, "freeze": ..., "probe": ..., "head": ..., "adapters": ..., "lora": ...}.
        Freezing leaves the top layer to train. The probe and the head end in 10 classes.

    Raises:
        ValueError: wrong sizes; rank or bottleneck below 1.
    """
    sizes = check.layer_sizes(sizes)
    pretrained = layer_shapes(sizes)
    top, features = len(pretrained), sizes[-1]
    layers = range(1, top + 1)
    plain = network_lines(layers)
    probe = {f"W{top + 1}": (CLASSES, features)}
    head = {f"W{top + 1}": (HIDDEN, features), f"W{top + 2}": (CLASSES, HIDDEN)}

    def adding(lines, added):
        return Method(lines, pretrained, added, frozenset(added))

    return {
        "full": plain_layers(sizes, set(pretrained)),
        "freeze": plain_layers(sizes, {f"W{top}"}),
        "probe": adding(plain + head_lines((top + 1,), f"H{top}"), probe),
        "head": adding(plain + head_lines((top + 1, top + 2), f"H{top}"), head),
        "adapters": adding(adapter_lines(layers, layers), adapter_shapes(pretrained, bottleneck)),
        "lora": adding(lora_lines(layers, layers), lora_shapes(pretrained, rank)),
    }


def costs_of(method, columns=12, tasks=10):
    """Return what a method costs.

    Args:
        method: a Method.
        columns: examples in a step, 1 or more.
        tasks: how many tasks are fine-tuned from one pretrained network, 1 or more.

    Returns:
        Costs.

    Raises:
        ValueError: columns or tasks below 1.
    """
    columns = check.whole_number(columns, "columns")
    tasks = check.whole_number(tasks, "tasks")
    lines, pretrained, added, trainable = method
    weights, source = pretrained | added, input_of(lines)
    step = [*lines, *error_lines(lines), *backward_lines(lines, trainable)]
    rows = weights[lines[0].terms[0].factors[0]][1]
    known = shapes(step, weights | {source: (rows, 1)})

    def count(names):
        return count_parameters(weights[name] for name in names)

    read = {part for line in lines for part in parts_of(line)}
    trained, in_memory = count(trainable), count(read & set(weights))
    adds, merges = multiply_adds(step, known), mergeable(lines, added)
    return Costs(
        trainable=trained,
        gradient_and_optimizer=3 * trained,
        activations_kept=columns * sum(known[name][0] for name in kept(lines, trainable)),
        multiply_adds=adds,
        stored_for_tasks=count(weights) + (tasks - 1) * trained,
        held_with_adam=in_memory + 3 * trained,
        weights_in_memory=in_memory,
        multiply_adds_stored=adds - multiply_adds(steady_lines(lines, trainable), known),
        stored_outputs=0 if source == "X" else columns * rows,
        multiply_adds_at_use=multiply_adds(lines, known) - (count(added) if merges else 0),
        mergeable=merges,
    )


def mergeable(lines, added):
    """Return whether what was added can be multiplied out into the pretrained matrices.

    It can if each added matrix is part of a product that stands beside one of a pretrained matrix
    in a sum, and is fed the same: W H + B A H = (W + B A) H. A ReLU in between, or a place of
    its own, prevents it.

    Args:
        lines: of the forward pass.
        added: names of the matrices that the method brings along.

    Returns:
        True or False; None if nothing was added.
    """
    made = {line.name: line for line in lines}
    mergeable = set()

    def spelt_out(factors):  # B S with S = A H is B A H
        line = made.get(factors[-1])
        if line is None or line.function or len(line.terms) > 1:
            return factors
        return (*factors[:-1], *spelt_out(line.terms[0].factors))

    for line in lines:
        products = [spelt_out(term.factors) for term in line.terms]
        fed = {p[-1] for p in products if len(p) == 2 and p[0] not in added}
        mergeable |= {name for p in products if p[-1] in fed for name in p if name in added}
    return mergeable == set(added) if added else None
