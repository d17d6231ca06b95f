"""The figure of lesson 6: at the left the frozen network, at the right the head and its step."""

from figures.freezing_layers import FORMULA, explained
from figures.kit.figure import Figure
from figures.kit.layout import Box, columns, rows, spread, table
from figures.kit.numbers import join_words
from figures.kit.primitives import formulas, heading, operator
from figures.on_top import (
    Stack,
    alt_of,
    caption_of,
    drawing_of,
    forward_after,
    forward_of,
    parts_of,
)

WIDE = 22  # squares, so that squares are as large as in the other figures


def head_on_top(weights, head, head_after, X, *, caption=None, copy=1):
    """Draw a frozen network, and beside it the head on top, before and after it learned.

    On a phone the two stand one above the other.

    Args:
        weights: {"W1": array (out, in), ...}, the frozen network.
        head: {"W4": array, "W5": array} before training, numbered on from the network.
        head_after: the same after it.
        X: the examples as columns (in_features, columns).
        caption: overrides the computed one.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: names that don't go on from the network's, shapes that don't fit, a number
            that is not finite.
    """
    stack = Stack(weights, head, head_after, X)
    drawn = drawing_of(stack, copy)
    parts = parts_of(stack, drawn)
    below, above = _frozen(stack, parts), _head(stack, parts)
    level = Box(0, max(top.height for _, top, _ in (below, above)))
    beside = [
        rows(title, columns(top, level, align="bottom"), network, gap=1)
        for title, top, network in (below, above)
    ]
    gap = max(WIDE - sum(box.width for box in beside), 2)
    return Figure(
        wide=explained(columns(*beside, gap=gap), drawn.legend),
        narrow=explained(rows(*below, *above, gap=1), drawn.legend),
        title=f"A frozen network with {join_words(stack.names)} on top",
        alt=alt_of(stack),
        caption=caption_of(stack) if caption is None else caption,
        store=drawn.store,
    )


def _frozen(stack, parts):
    """Draw what runs once: X on top, then W left of its H, layer by layer."""
    lines = [[parts[f"W{k}"], parts[f"H{k}"]] for k in stack.frozen]
    network = table(lines, align=["right", "left"], row_gap=1, column_gap=1)
    said = formulas(*forward_of(stack)[: len(stack.frozen)])
    return _topped("Frozen: runs once", said, parts["X"], network)


def _head(stack, parts):
    """Draw what each step needs: the stored H on top, then W + ΔW = W′ of each new layer."""
    plus, equals = operator("+"), operator("=")
    lines = []
    for k in stack.new:
        lines.append([None, parts[f"W{k}"], parts[f"H{k}"]])
        lines.append([plus, parts[f"ΔW{k}"], None])
        lines.append([equals, parts[f"W'{k}"], parts[f"H'{k}"]])
    network = table(lines, align=["left"] * 3, row_gap=1, column_gap=1)
    stored, *after = forward_after(stack)
    said = formulas(stored, *forward_of(stack)[len(stack.frozen) :], *after)
    return _topped("The head: runs in every step", said, parts[f"H{stack.top}"], network)


def _topped(words, said, inputs, network):
    """Return heading, formulas with inputs, and network, as three boxes of one width."""
    width = max(FORMULA + inputs.width, network.width)
    network = columns(Box(width - network.width, 0), network)
    return heading(words, width=width), spread(said, inputs, width=width), network
