"""What a step costs, in numbers held and multiply-adds done; and what freezing saves."""

import math

from snippets import check
from snippets.count import count_parameters
from snippets.freeze import frozen_below, storable_below
from snippets.network import layer_shapes


def costs_of_step(sizes, trainable, columns, stored=False, tasks=10):
    """Return the costs of one training step with Adam.

    A number is a number, whatever its bytes. A multiply-add is 2 FLOPs. Matrix products alone are
    counted as arithmetic: forward one for each layer that runs, backward one for each gradient
    and one for each layer that the signal crosses on its way to the lowest trainable one.

    Kept for the backward pass are H(k−1), the input of each trainable layer, for its gradient;
    and Hk of each layer the signal enters, for its ReLU (H > 0 exactly where Z > 0). Together:
    every H from the input of the lowest trainable layer up.

    Args:
        sizes: as in layer_shapes.
        trainable: names of the layers that train.
        columns: examples in a step, 1 or more.
        stored: True if the output of the frozen bottom was computed once and is read instead.
        tasks: how many tasks are fine-tuned from one pretrained network, 1 or more.

    Returns:
        A dict of whole numbers:
        "trainable": trainable parameters.
        "gradient_and_optimizer": gradient and the two moments of Adam, 3 × trainable.
        "activations_kept": numbers kept for the backward pass, all columns.
        "multiply_adds": of one step, for each column.
        "stored_for_tasks": frozen weights once, trained weights once for each task.
        "weights_in_memory": weights that a step needs.
        "stored_outputs": numbers stored in place of the frozen bottom, all columns; else 0.

    Raises:
        ValueError: wrong sizes, an unknown layer, columns or tasks below 1; stored=True where
            storing serves no purpose (the lowest layer trains, or nothing does).
    """
    sizes = check.layer_sizes(sizes)
    shapes = layer_shapes(sizes)
    columns = check.whole_number(columns, "columns")
    tasks = check.whole_number(tasks, "tasks")
    if not isinstance(stored, bool):
        raise ValueError(f"stored must be True or False, got {stored!r}")
    below = storable_below(shapes, trainable) if stored else frozen_below(shapes, trainable)

    def count(names):
        return count_parameters(shapes[name] for name in names)

    running = [name for name in shapes if not (stored and name in below)]
    crossed = [name for name in shapes if name not in below][1:]  # above the lowest trainable one
    trained = count(set(trainable))
    kept = sizes[len(below) :] if trained else ()  # features of each H that is kept
    return {
        "trainable": trained,
        "gradient_and_optimizer": 3 * trained,
        "activations_kept": sum(kept) * columns,
        "multiply_adds": count(running) + trained + count(crossed),
        "stored_for_tasks": count(shapes) - trained + tasks * trained,
        "weights_in_memory": count(running),
        "stored_outputs": sizes[len(below)] * columns if stored else 0,
    }


def even_network_savings(frozen_share, epochs=10):
    """Return full ÷ frozen, cost by cost, for a deep network of equal layers frozen from below.

    With f the frozen share and 1 − f the trained one:

        what only trained layers need      1 / (1 − f)
        multiply-adds of a step            3 / (1 + 2(1 − f))          3 products a layer, or 1
        the same over E epochs, stored     3E / (f + 3E(1 − f))        the bottom runs once
        memory, mixed-precision Adam       16 / (2 + 14(1 − f))        16 bytes trained, 2 frozen
        memory, float32 Adam               16 / (4 + 12(1 − f))        16 bytes trained, 4 frozen

    Bytes: weight 2, gradient 2, float32 master copy 4, two moments 4 + 4; or 4 of each of four.
    Source: Rajbhandari et al., "ZeRO", SC 2020, section 3.1 (the 16 bytes).

    Args:
        frozen_share: f, from 0 to 1.
        epochs: E, passes over the data once the bottom's outputs are stored; 1 or more.

    Returns:
        A dict of ratios; inf where a cost falls to 0.
        "trainable", "gradient_and_optimizer", "saved_change", "activations_kept": 1 / (1 − f).
        "multiply_adds": of a step, at most 3.
        "multiply_adds_stored": of a step on stored outputs.
        "multiply_adds_stored_epochs": over all epochs, the pass that stores included.
        "memory_mixed" (at most 8), "memory_float32" (at most 4): weights, gradients, optimizer.
        "memory_stored": the same with the frozen bottom not loaded.

    Raises:
        ValueError: frozen_share is not from 0 to 1; epochs is no whole number of 1 or more.
    """
    frozen = check.real_number(frozen_share, "frozen_share", most=1)
    epochs = check.whole_number(epochs, "epochs")
    trained = 1 - frozen
    only_trained = 1 / trained if trained else math.inf
    return {
        "trainable": only_trained,
        "gradient_and_optimizer": only_trained,
        "saved_change": only_trained,
        "activations_kept": only_trained,
        "multiply_adds": 3 / (1 + 2 * trained),
        "multiply_adds_stored": only_trained,
        "multiply_adds_stored_epochs": 3 * epochs / (frozen + 3 * epochs * trained),
        "memory_mixed": 16 / (2 + 14 * trained),
        "memory_float32": 16 / (4 + 12 * trained),
        "memory_stored": only_trained,
    }
