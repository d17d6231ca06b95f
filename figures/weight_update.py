"""The figures of lesson 1: one layer before and after a step, and where its ΔW comes from."""

import numpy as np

from figures.freezing_layers import FORMULA, LARGEST_GRID, WIDEST_GRID, Blocks, Grids, explained
from figures.kit.by_hand import NARROW, WIDE, _cell, _draw, _in_words, _on_sheet
from figures.kit.figure import Figure
from figures.kit.layout import Box, beneath, columns, rows, spread, table
from figures.kit.numbers import count_in_words, format_count, format_number, format_rounded
from figures.kit.primitives import arrow, equation, formulas, heading, note, operator
from snippets import check


def weight_update(W0, W1, X, *, caption=None, copy=1):
    """Draw one layer before and after an update: F0 = W0 X, W1 = W0 + ΔW, F1 = W1 X.

    Args:
        W0: the weights before (out, in). W1: after, same shape.
        X: the examples as columns (in, columns).
        caption: overrides the computed one.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure. What it says of the change comes from comparing the arrays.

    Raises:
        ValueError: shapes that don't fit, a number that is not finite.
    """
    layer = Layer(W0, W1, X)
    drawn = Grids(layer) if layer.largest <= LARGEST_GRID else None
    if drawn is None or drawn.widest > WIDEST_GRID:
        drawn = LayerBlocks(layer, copy)
    parts = parts_of(layer, drawn)
    return Figure(
        wide=arrange_wide(parts, drawn.legend),
        narrow=arrange_narrow(parts, drawn.legend),
        title="One update of one layer",
        alt=alt_of(layer),
        caption=caption_of(layer) if caption is None else caption,
        store=drawn.store,
    )


class Layer:
    """One layer before and after, with what the drawings of a network look for."""

    def __init__(self, W0, W1, X):
        W0, W1, X = check.matrix(W0, "W0"), check.matrix(W1, "W1"), check.matrix(X, "X")
        check.same_shape(W1, "W1", W0, "W0")
        if X.shape[0] != W0.shape[1]:
            wish, got = W0.shape[1], check.shape_text(X.shape)
            raise ValueError(f"X must have {wish} rows to fit W0, got {got}")
        self.W, self.W_after, self.X = {1: W0}, {1: W1}, X
        self.H, self.H_after = {"H0": X, "H1": W0 @ X}, {"H0": X, "H1": W1 @ X}
        self.delta = {1: W1 - W0}
        self.changed = W0.view(np.int64) != W1.view(np.int64)
        self.changes = int(self.changed.sum())
        self.largest = max(*W0.shape, *X.shape)


class LayerBlocks(Blocks):
    """Blocks to scale; the outputs of this layer are called F."""

    @property
    def legend(self):
        return super().legend.replace("X and H", "X and F")


def parts_of(layer, drawn):
    """Draw every matrix of the figure; return {"X": Box, "W0": ..., "ΔW": ..., "F1": ...}."""
    W0, W1, delta = layer.W[1], layer.W_after[1], layer.delta[1]
    F0, F1 = layer.H["H1"], layer.H_after["H1"]
    few = f"{format_count(layer.changes)} of {format_count(W0.size)} change"
    changed = f"all {format_count(W0.size)} change" if layer.changes == W0.size else few
    parts = {
        "X": drawn.draw(layer.X, kind="activation", label="X"),
        "W0": drawn.draw(W0, kind="pretrained", label="W0", tag=""),
        "F0": drawn.draw(F0, kind="activation", label="F0"),
        "ΔW": drawn.draw(delta, kind="delta", label="ΔW"),
        "W1": drawn.draw(W1, kind="new", label="W1", changed=layer.changed),
        "F1": drawn.draw(F1, kind="activation", label="F1", changed=F0 != F1),
    }
    parts["said"] = equation("W1 = W0 + ΔW", note=changed)
    if drawn.boxes and layer.changes:
        parts["W1"] = beneath(parts["W1"], note(drawn.boxes, width=parts["W1"].width), gap=0.3)
    return parts


def arrange_wide(parts, legend):
    """Left the layer before, in the middle its update, right the layer after."""

    def side(name, number):
        layer = columns(parts[f"W{number}"], parts[f"F{number}"], gap=1)
        width = max(FORMULA + parts["X"].width, layer.width)
        given = spread(formulas(f"F{number} = W{number} X"), parts["X"], width=width)
        return heading(name, width=width), given, layer

    before, after = side("Before", 0), side("After", 1)
    moved = columns(arrow(length=2), parts["ΔW"], arrow(length=2), align="middle")
    update = heading("Update"), None, beneath(moved, parts["said"], gap=0.3)
    lines = [list(line) for line in zip(before, update, after)]
    return explained(table(lines, align=["right", "middle", "right"], row_gap=1), legend)


def arrange_narrow(parts, legend):
    """For a phone: W0 + ΔW = W1 in one row, X above and F0 and F1 beneath."""
    plus, equals = operator("+"), operator("=")
    layer = [parts["W0"], plus, parts["ΔW"], equals, parts["W1"]]
    width = sum(box.width for box in layer)
    given = rows(Box(0, 1), parts["X"])
    top = spread(formulas("F0 = W0 X", "F1 = W1 X"), given, width=width)
    outputs = [parts["F0"], None, None, None, parts["F1"]]
    network = table([layer, outputs], align=["left"] * 5, row_gap=1)
    return explained(rows(top, network, gap=1), legend)


def caption_of(layer):
    """Say what the step did, as the arrays have it."""
    shape, size = check.shape_text(layer.W[1].shape), count_in_words(layer.W[1].size)
    many = count_in_words(layer.changes)
    verb = "changes" if layer.changes == 1 else "change"
    moved = f"{many[0].upper()}{many[1:]} of the {size} numbers of W0 {verb}."
    if layer.changes in (0, layer.W[1].size):
        moved = f"{'All' if layer.changes else 'None of the'} {size} numbers of W0 change."
    return f"{moved} W1 is {shape} like W0, and X is the same X."


def alt_of(layer):
    """Describe the picture in some 45 words, numbers included."""
    W0, W1, delta = layer.W[1], layer.W_after[1], layer.delta[1]
    F0, F1 = layer.H["H1"], layer.H_after["H1"]
    said = f"One layer before and after one update. W0 ({check.shape_text(W0.shape)}) gets a ΔW:"
    if not layer.changes:
        return f"{said} all zero, so that W1 is W0 and F1 is F0."
    moves = delta[layer.changed]
    low, high = (format_rounded(move, signed=True) for move in (moves.min(), moves.max()))
    said += f" {layer.changes} of {W0.size} numbers change, by {low} to {high}."
    if layer.largest > LARGEST_GRID:
        return f"{said} The output F ({check.shape_text(F0.shape)}) moves; X stays the same."
    row = int(layer.changed.any(axis=1).argmax())
    old, new, out, out_after = (", ".join(map(format_number, M[row])) for M in (W0, W1, F0, F1))
    said += f" Row {row + 1} of W0 goes from {old} to {new}"
    return f"{said}; row {row + 1} of the output goes from {out} to {out_after}."


def update_by_hand(delta, X, delta_weight, *, row, column, learning_rate, caption=""):
    """Draw the ΔW of one layer as the product that it is, −η δ Xᵀ.

    δ stands left of its result and Xᵀ above it. The boxed row, column and cells are the ones
    worked out in the text.

    Args:
        delta: δ = F − T (out, columns).
        X: the examples as columns (in, columns).
        delta_weight: ΔW (out, in); it must be −η δ Xᵀ.
        row, column: the cell, counted from 1.
        learning_rate: η, a finite number of 0 or more.
        caption: what to say beneath.

    Returns:
        A Figure.

    Raises:
        ValueError: shapes that don't fit, a cell outside, a ΔW that is not −η δ Xᵀ.
    """
    delta, X = check.matrix(delta, "delta"), check.matrix(X, "X")
    learning_rate = check.real_number(learning_rate, "learning_rate")
    if X.shape[1] != delta.shape[1]:
        wish, got = delta.shape[1], check.shape_text(X.shape)
        raise ValueError(f"X must have {wish} columns like delta, got {got}")
    gradient = delta @ X.T
    delta_weight = check.matrix(delta_weight, "delta_weight")
    check.same_shape(delta_weight, "delta_weight", gradient, "delta Xᵀ")
    if not np.allclose(delta_weight, -learning_rate * gradient):
        raise ValueError("delta_weight must be −learning_rate × delta Xᵀ, got other numbers")
    at = _cell(gradient, row, column)
    in_row, in_column = np.zeros(delta.shape, bool), np.zeros(X.T.shape, bool)
    in_row[row - 1], in_column[:, column - 1] = True, True

    left = _draw(delta, "δ", boxed=in_row)
    above = _draw(X.T, "Xᵀ", boxed=in_column)
    result = _draw(gradient, "δ Xᵀ", kind="gradient", boxed=at)
    said = equation(f"ΔW = −{format_number(learning_rate)} × δ Xᵀ", width=7)
    change = beneath(_draw(delta_weight, "ΔW", boxed=at), said, gap=0.3)
    lines = [[None, above], [left, result]]
    product = table(lines, align=["right", "left"], row_gap=1, column_gap=1)
    across = columns(product, Box(1, 0), rows(arrow(length=2), Box(0, 1.5)), change, align="bottom")
    cell = format_number(delta_weight[row - 1, column - 1], signed=True)
    return Figure(
        wide=_on_sheet(across, WIDE),
        narrow=_on_sheet(rows(product, change, gap=1, align="right"), NARROW),
        title="ΔW as a product",
        alt=f"{_in_words('δ', delta)} {_in_words('δ Xᵀ', gradient)}"
        f" Cell ({row}, {column}) of ΔW is {cell}.",
        caption=caption,
    )
