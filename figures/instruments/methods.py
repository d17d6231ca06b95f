"""The lines of a method, from the arrays that a page has: what an instrument draws and sends."""

from figures.kit.numbers import join_words
from snippets import check
from snippets.adapter import adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.lora import lora_step
from snippets.method import adapter_lines, head_lines, lora_lines, network_lines


def check_step(
    weights, X, T, learning_rate, trainable=(), head=None, adapters=None, lora=None, lora_alpha=1
):
    """Raise ValueError where snippets/ can't take the step; arguments as in stepper."""
    if head is not None:
        features = list(forward(weights, X).values())[-1] if weights else X
        head_step(head, features, T, learning_rate)
    elif adapters is not None:
        adapter_step(weights, adapters, X, T, learning_rate)
    elif lora is not None:
        lora_step(weights, lora, X, T, learning_rate, lora_alpha)
        ranks = {len(values) for name, values in lora.items() if name[0] == "A"}
        if len(ranks) > 1:
            raise ValueError(f"lora must have one rank, got {join_words(map(str, sorted(ranks)))}")
    else:
        train_step(weights, X, T, trainable, learning_rate)


def forward_lines(weights, head=None, adapters=None, lora=None):
    """Return the lines of the forward pass, and the name of the network's own output in them."""
    layers = check.layer_numbers(weights) if weights else ()
    if head is not None:
        below = f"H{layers[-1]}" if layers else "X"
        return [*network_lines(layers), *head_lines(layer_numbers(head), below)], below
    if adapters is not None:
        lines = adapter_lines(layers, layer_numbers(adapters))
    elif lora is not None:
        lines = lora_lines(layers, layer_numbers(lora))
    else:
        lines = network_lines(layers)
    return lines, lines[-1].name


def layer_numbers(added):
    """Return the numbers behind the names: [3] of {"A3": ..., "B3": ...}."""
    return sorted({int(name[1:]) for name in added})
