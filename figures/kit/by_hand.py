"""Figures for a step on paper: matrices side by side, and a product with the cell one works out."""

import numpy as np

from figures.kit.figure import Figure
from figures.kit.layout import Box, beneath, columns, rows, table
from figures.kit.numbers import format_number, join_words
from figures.kit.primitives import arrow, cell_width, equation, matrix
from snippets import check

WIDE, NARROW = 22, 11  # squares, so that squares are as large as in the other figures
KIND_OF = {  # else activation
    **dict.fromkeys("δ∂G", "gradient"),
    "Δ": "delta",
    "W": "pretrained",
}


def matrices(named, *, caption=""):
    """Draw small matrices beside each other.

    Args:
        named: {"H2": array, "δ3": array, ...}; the first letter of a name tells its kind.
        caption: what to say beneath.

    Returns:
        A Figure.

    Raises:
        ValueError: nothing to draw, or a value that is no matrix of finite numbers.
    """
    if not named:
        raise ValueError("named must hold one matrix or more, got none")
    arrays = {name: check.matrix(values, f"named {name}") for name, values in named.items()}
    drawn = [_draw(values, name) for name, values in arrays.items()]
    return Figure(
        wide=_on_sheet(columns(*drawn, gap=2), WIDE),
        narrow=_on_sheet(_lines(drawn, NARROW), NARROW),
        title=join_words(arrays),
        alt=" ".join(_in_words(name, values) for name, values in arrays.items()),
        caption=caption,
    )


def gradient_by_hand(step, name, *, row, column, learning_rate, caption=""):
    """Draw a gradient as the product that it is, δ Hᵀ, and the ΔW that comes of it.

    δ stands left of its result and Hᵀ above it, so a row and a column meet in their cell. The
    boxed row, column and cells are the ones worked out in the text.

    Args:
        step: a Step of snippets.freeze in which the layer trains; or of a probe or a head, whose
            last layer has no Z: its δ is dL/dY.
        name: the layer, such as "W3".
        row, column: the cell, counted from 1.
        learning_rate: η of the step.
        caption: what to say beneath.

    Returns:
        A Figure.

    Raises:
        ValueError: the layer does not train, or the cell lies outside.
    """
    if name not in step.gradients:
        known = ", ".join(step.gradients) or "none"
        raise ValueError(f"name must be a layer that trains ({known}), got {name!r}")
    gradient, k = step.gradients[name], int(name[1:])
    signal = f"δ{k}" if f"Z{k}" in step.deltas else "δ"
    delta, H = step.deltas[f"Z{k}" if signal != "δ" else "Y"], step.trace[f"H{k - 1}"].T
    at = _cell(gradient, row, column)
    in_row, in_column = np.zeros(delta.shape, bool), np.zeros(H.shape, bool)
    in_row[row - 1], in_column[:, column - 1] = True, True

    left = _draw(delta, signal, boxed=in_row)
    label_H = f"H{k - 1}ᵀ" if k > 1 else "Xᵀ"
    above = _draw(H, label_H, boxed=in_column)
    result = _draw(gradient, f"{signal} {label_H}", kind="gradient", boxed=at)
    change = _draw(step.delta_weights[name], f"Δ{name}", boxed=at)
    product = table(
        [[None, above], [left, result]], align=["right", "left"], row_gap=1, column_gap=1
    )
    said = equation(f"Δ{name} = −{format_number(learning_rate)} × {signal}{label_H}", width=7)
    change = beneath(change, said, gap=0.3)
    across = columns(product, Box(1, 0), rows(arrow(length=2), Box(0, 1.5)), change, align="bottom")
    return Figure(
        wide=_on_sheet(across, WIDE),
        narrow=_on_sheet(rows(product, change, gap=1, align="right"), NARROW),
        title=f"The gradient of {name} as a product",
        alt=_in_words(signal, delta)
        + f" {_in_words(f'The gradient of {name}', gradient)}"
        + f" Cell ({row}, {column}) of Δ{name} is"
        + f" {format_number(step.delta_weights[name][row - 1, column - 1], signed=True)}.",
        caption=caption,
    )


def signal_by_hand(step, weights, name, *, caption=None):
    """Draw how the signal gets through a layer to the Z below it: δ2 = W3ᵀ δ3 where Z2 > 0.

    W3ᵀ stands left of its product and δ3 above it. Boxed are the entries whose Z is above 0: there
    ReLU lets the signal through, and elsewhere δ is 0.

    Args:
        step: a Step of snippets.freeze.
        weights: the weights that the step started from.
        name: of the δ that is wanted, "Z2" or "Z1".
        caption: overrides the computed one.

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
    product = table(
        [
            [None, _draw(above, f"δ{k + 1}")],
            [
                _draw(W.T, f"W{k + 1}ᵀ"),
                _draw(signal, product_name, kind="gradient", boxed=passes),
            ],
        ],
        align=["right", "left"],
        row_gap=1,
        column_gap=1,
    )
    relu = _draw(Z, name, boxed=passes), _draw(delta, f"δ{k}", boxed=passes)
    across = columns(product, Box(1, 0), columns(*relu, gap=2), gap=1, align="bottom")
    computed = f"Boxed: Z{k} is above 0. There δ{k} is {product_name}; elsewhere it is 0."
    return Figure(
        wide=_on_sheet(across, WIDE),
        narrow=_on_sheet(rows(product, columns(*relu, gap=2), gap=1, align="right"), NARROW),
        title=f"The signal on its way to layer {k}",
        alt=f"{_in_words(product_name, signal)} {_in_words(name, Z)} {_in_words(f'δ{k}', delta)}",
        caption=computed if caption is None else caption,
    )


def _on_sheet(box, width):
    """Centre a drawing on a sheet of at least so many squares, with room for the labels on top."""
    free = max(width - box.width, 0) // 2
    return rows(Box(width, 0), columns(Box(free, 0), box), gap=1)


def _lines(boxes, width, gap=1):
    """Set boxes beside each other, and go on below where a line is full."""
    lines, line = [], []
    for box in boxes:
        if line and sum(b.width + gap for b in line) + box.width > width:
            lines.append(line)
            line = []
        line.append(box)
    return rows(*(columns(*line, gap=gap) for line in [*lines, line]), gap=1)


def _draw(values, label, *, kind=None, boxed=None):
    kind = kind or KIND_OF.get(label[0], "activation")
    cell = cell_width(values, signed=kind in ("delta", "gradient"))
    return matrix(values, kind=kind, label=label, cell=cell, tag="", changed=boxed)


def _cell(values, row, column):
    rows_there, columns_there = values.shape
    row = check.whole_number(row, "row")
    column = check.whole_number(column, "column")
    if row > rows_there or column > columns_there:
        wish, got = check.shape_text(values.shape), f"({row}, {column})"
        raise ValueError(f"row and column must be a cell of {wish}, got {got}")
    mask = np.zeros(values.shape, bool)
    mask[row - 1, column - 1] = True
    return mask


def _in_words(name, values):
    lines = "; ".join(", ".join(map(format_number, line)) for line in values)
    return f"{name} is {check.shape_text(values.shape)}: {lines}."
