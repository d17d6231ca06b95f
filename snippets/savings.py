"""What freezing saves in a deep network, as formulas: no lines are needed, only a share."""

import math

from snippets import check


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
