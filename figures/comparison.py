"""The closing comparison: what each method costs, as bars beside the numbers."""

import html

from figures.kit.figure import Figure
from figures.kit.layout import SQUARE, Box, columns, rows
from figures.kit.numbers import format_count
from figures.kit.primitives import note

BAR = 2.5  # squares of the longest bar
ROOM = 1.7  # squares for the number beside it
NAME = 2.7  # squares for the name of a method
STEP = 1.5  # squares from one method to the next


def comparison(costs, names, chosen, *, caption=""):
    """Draw costs of methods as bars, a column a cost, the number at the end of each bar.

    Args:
        costs: {"full": Costs, ...} of snippets.cost.
        names: {"full": "Full", ...}, a short name for each method.
        chosen: {"trainable": "Weights that train", ...}: which fields, and what to call them.
        caption: what to say beneath.

    Returns:
        A Figure. Each column has a scale of its own; its longest bar is the largest cost.

    Raises:
        ValueError: no method or no cost, or a method without a name.
    """
    if not costs or not chosen:
        raise ValueError("costs and chosen must hold one entry or more")
    missing = [method for method in costs if method not in names]
    if missing:
        raise ValueError(f"names must name every method, got none for {', '.join(missing)}")
    drawn = [_column(costs, cost, title) for cost, title in chosen.items()]
    labels = _names([names[method] for method in costs])
    pairs = [drawn[k : k + 2] for k in range(0, len(drawn), 2)]
    return Figure(
        wide=columns(labels, *drawn),
        narrow=rows(*(columns(labels, *pair) for pair in pairs), gap=1),
        title="What each method costs",
        alt=_in_words(costs, names, chosen),
        caption=caption,
    )


def _names(names):
    leaves = tuple(
        (0, 1.5 + k * STEP, f'<text class="note start" y="20">{html.escape(name)}</text>')
        for k, name in enumerate(names)
    )
    return Box(NAME, 1 + len(names) * STEP, leaves)


def _column(costs, cost, title):
    values = {method: getattr(entry, cost) for method, entry in costs.items()}
    largest = max(values.values()) or 1
    leaves = [(0, 0, note(title).leaves[0][2])]
    for k, value in enumerate(values.values()):
        width = BAR * SQUARE * value / largest
        kind = "trainable" if value == min(values.values()) else "activation"
        bar = f'<rect class="outline" width="{width:.1f}" height="20" y="5" rx="2"/>'
        number = f'<text class="note start" x="{width + 6:.1f}" y="20">{format_count(value)}</text>'
        leaves.append((0, 1.5 + k * STEP, f'<g class="{kind}">{bar}</g>{number}'))
    return Box(BAR + ROOM + 0.3, 1 + len(values) * STEP, tuple(leaves))


def _in_words(costs, names, chosen):
    said = []
    for cost, title in chosen.items():
        each = ", ".join(
            f"{names[m]} {format_count(getattr(entry, cost))}" for m, entry in costs.items()
        )
        said.append(f"{title}: {each}.")
    return " ".join(said)
