"""The figure of lesson 6: at the left the frozen network, at the right the head and its step."""

from figures.kit.layout import Box, columns, rows, table
from figures.kit.primitives import heading, operator
from figures.kit.sheet import FORMULA, WIDE, given
from figures.on_top import Stack, figure_of


def head_on_top(weights, head, head_after, X, *, copy=1):
    """Draw a frozen network, and beside it the head on top, before and after it learned.

    On a phone the two stand one above the other.

    Args:
        weights: {"W1": array (out, in), ...}, the frozen network.
        head: {"W4": array, "W5": array} before training, numbered on from the network.
        head_after: the same after it.
        X: the examples as columns (in_features, columns).
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: names that don't go on from the network's, shapes that don't fit, a number
            that is not finite.
    """
    return figure_of(Stack(weights, head, head_after, X), _arrange, copy)


def _arrange(stack, parts):
    below, above = _frozen(stack, parts), _head(stack, parts)
    level = Box(0, max(top.height for _, top, _ in (below, above)))
    beside = [
        rows(title, columns(top, level, align="bottom"), network, gap=1)
        for title, top, network in (below, above)
    ]
    gap = max(WIDE - sum(box.width for box in beside), 2)
    return columns(*beside, gap=gap), rows(*below, *above, gap=1)


def _frozen(stack, parts):
    """Draw what runs once: X on top, then W left of its H, layer by layer."""
    lines = [[parts[f"W{k}"], parts[f"H{k}"]] for k in stack.frozen]
    network = table(lines, align=["right", "left"], row_gap=1, column_gap=1)
    return _topped("Frozen: runs once", stack.formulas(stack.frozen), parts["X"], network)


def _head(stack, parts):
    """Draw what each step needs: the stored H on top, then W + ΔW = W′ of each new layer."""
    plus, equals = operator("+"), operator("=")
    lines = []
    for k in stack.new:
        lines.append([None, parts[f"W{k}"], parts[f"H{k}"]])
        lines.append([plus, parts[f"ΔW{k}"], None])
        lines.append([equals, parts[f"W'{k}"], parts[f"H'{k}"]])
    network = table(lines, align=["left"] * 3, row_gap=1, column_gap=1)
    stored, *after = stack.formulas_after()
    said = [stored, *stack.formulas(stack.new), *after]
    return _topped("The head: runs in every step", said, parts[f"H{stack.top}"], network)


def _topped(words, said, inputs, network):
    """Return heading, formulas with inputs, and network, as three boxes of one width."""
    width = max(FORMULA + inputs.width, network.width)
    network = columns(Box(width - network.width, 0), network)
    return heading(words, width=width), given(said, inputs, width), network
