"""Figures for a step on paper: matrices side by side, and a product with the cell one works out."""

from typing import NamedTuple

import numpy as np

from figures.kit.figure import Figure
from figures.kit.layout import Box, beneath, columns, crossed, rows
from figures.kit.numbers import format_number, join_words, matrix_in_words
from figures.kit.primitives import arrow, cell_width, equation, matrix
from figures.kit.sheet import NARROW, WIDE, on_sheet
from snippets import check

KIND_OF = {  # else activation
    **dict.fromkeys("δ∂G", "gradient"),
    "Δ": "delta",
    "W": "pretrained",
}


class Labelled(NamedTuple):
    """A matrix and what to call it, such as δ3 or H2ᵀ."""

    label: str
    values: np.ndarray


def matrices(named):
    """Draw small matrices beside each other.

    Args:
        named: {"H2": array, "δ3": array, ...}; the first letter of a name tells its kind.

    Returns:
        A Figure.

    Raises:
        ValueError: nothing to draw, or a value that is no matrix of finite numbers.
    """
    if not named:
        raise ValueError("named must hold one matrix or more, got none")
    arrays = {name: check.matrix(values, f"named {name}") for name, values in named.items()}
    drawn = [small(name, values) for name, values in arrays.items()]
    return Figure(
        wide=on_sheet(columns(*drawn, gap=2), WIDE),
        narrow=on_sheet(_lines(drawn, NARROW), NARROW),
        title=join_words(arrays),
        alt=" ".join(matrix_in_words(name, values) for name, values in arrays.items()),
    )


def gradient_by_hand(step, name, *, row, column, learning_rate):
    """Draw a gradient as the product that it is, δ Hᵀ, and the ΔW that comes of it.

    The boxed row, column and cells are the ones worked out in the text.

    Args:
        step: a Step of snippets.freeze in which the layer trains; or of a probe or a head, whose
            last layer has no Z: its δ is dL/dY.
        name: the layer, such as "W3".
        row, column: the cell, counted from 1.
        learning_rate: η of the step.

    Returns:
        A Figure.

    Raises:
        ValueError: the layer does not train, or the cell lies outside.
    """
    if name not in step.gradients:
        known = ", ".join(step.gradients) or "none"
        raise ValueError(f"name must be a layer that trains ({known}), got {name!r}")
    k = int(name[1:])
    inside = f"Z{k}" in step.deltas
    return product_by_hand(
        Labelled(f"δ{k}" if inside else "δ", step.deltas[f"Z{k}" if inside else "Y"]),
        Labelled(f"H{k - 1}ᵀ" if k > 1 else "Xᵀ", step.trace[f"H{k - 1}"].T),
        Labelled(f"The gradient of {name}", step.gradients[name]),
        Labelled(f"Δ{name}", step.delta_weights[name]),
        cell=(row, column),
        learning_rate=learning_rate,
        title=f"The gradient of {name} as a product",
    )


def product_by_hand(signal, inputs, gradient, change, *, cell, learning_rate, title):
    """Draw a gradient as a product with one cell of it worked out, and the change it makes.

    Args:
        signal, inputs, gradient, change: Labelled; the first two make the third.
        cell: (row, column) of the gradient, counted from 1.
        learning_rate: what the gradient is multiplied with, less the sign.
        title: a few words.

    Returns:
        A Figure.

    Raises:
        ValueError: the cell lies outside.
    """
    row, column = _cell(gradient.values, *cell)
    at = marked(gradient.values, row, column)
    result = f"{signal.label} {inputs.label}"
    product = crossed(
        small(*signal, boxed=marked(signal.values, row=row)),
        small(*inputs, boxed=marked(inputs.values, column=column)),
        small(result, gradient.values, kind="gradient", boxed=at),
    )
    said = equation(f"{change.label} = −{format_number(learning_rate)} × {result}", width=7)
    moved = beneath(small(*change, boxed=at), said, gap=0.3)
    across = columns(product, Box(1, 0), rows(arrow(length=2), Box(0, 1.5)), moved, align="bottom")
    value = format_number(change.values[row - 1, column - 1], signed=True)
    return Figure(
        wide=on_sheet(across, WIDE),
        narrow=on_sheet(rows(product, moved, gap=1, align="right"), NARROW),
        title=title,
        alt=f"{matrix_in_words(*signal)} {matrix_in_words(*gradient)}"
        f" Cell ({row}, {column}) of {change.label} is {value}.",
    )


def signal_by_hand(step, weights, name):
    """Draw how the signal gets through a layer to the Z below it: δ2 = W3ᵀ δ3 where Z2 > 0.

    Boxed are the entries whose Z is above 0: there ReLU lets the signal through, and elsewhere δ
    is 0.

    Args:
        step: a Step of snippets.freeze.
        weights: the weights that the step started from.
        name: of the δ that is wanted, "Z2" or "Z1".

    Returns:
        A Figure.

    Raises:
        ValueError: the signal did not go down so far, or a layer is missing.
    """
    reached = [int(z[1:]) for z in step.deltas if z.startswith("Z")]
    known = [f"Z{k}" for k in reached if k + 1 in reached]
    if name not in known:
        wish = ", ".join(known) or "none"
        raise ValueError(f"name must be a Z that the signal came down to ({wish}), got {name!r}")
    k = int(name[1:])
    W = check.layers(weights).get(k + 1)
    if W is None:
        raise ValueError(f"weights must hold W{k + 1}, got {', '.join(weights)}")
    above, Z, delta = step.deltas[f"Z{k + 1}"], step.trace[name], step.deltas[name]
    signal, passes = W.T @ above, Z > 0
    product_name = f"W{k + 1}ᵀ δ{k + 1}"
    product = crossed(
        small(f"W{k + 1}ᵀ", W.T),
        small(f"δ{k + 1}", above),
        small(product_name, signal, kind="gradient", boxed=passes),
    )
    relu = columns(small(name, Z, boxed=passes), small(f"δ{k}", delta, boxed=passes), gap=2)
    computed = f"Boxed: Z{k} is above 0. There δ{k} is {product_name}; elsewhere it is 0."
    told = {product_name: signal, name: Z, f"δ{k}": delta}
    return Figure(
        wide=on_sheet(columns(product, Box(1, 0), relu, gap=1, align="bottom"), WIDE),
        narrow=on_sheet(rows(product, relu, gap=1, align="right"), NARROW),
        title=f"The signal on its way to layer {k}",
        alt=" ".join(matrix_in_words(*named) for named in told.items()),
        caption=computed,
    )


def small(label, values, *, kind=None, boxed=None):
    """Draw a matrix number by number, in cells of its own width; `boxed` masks cells."""
    kind = kind or KIND_OF.get(label[0], "activation")
    cell = cell_width(values, signed=kind in ("delta", "gradient"))
    return matrix(values, kind=kind, label=label, cell=cell, tag="", changed=boxed)


def marked(values, row=None, column=None):
    """Return a mask of a row, a column or a cell, counted from 1; of all where neither is given."""
    mask = np.zeros(values.shape, bool)
    rows_marked = slice(None) if row is None else row - 1
    mask[rows_marked, slice(None) if column is None else column - 1] = True
    return mask


def _lines(boxes, width, gap=1):
    """Set boxes beside each other, and go on below where a line is full."""
    lines, line = [], []
    for box in boxes:
        if line and sum(b.width + gap for b in line) + box.width > width:
            lines.append(line)
            line = []
        line.append(box)
    return rows(*(columns(*line, gap=gap) for line in [*lines, line]), gap=1)


def _cell(values, row, column):
    """Return row and column, after a look that there is such a cell."""
    rows_there, columns_there = values.shape
    row = check.whole_number(row, "row")
    column = check.whole_number(column, "column")
    if row > rows_there or column > columns_there:
        wish, got = check.shape_text(values.shape), f"({row}, {column})"
        raise ValueError(f"row and column must be a cell of {wish}, got {got}")
    return row, column
