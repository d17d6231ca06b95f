"""The figures of lesson 1: one layer before and after a step, and where its ΔW comes from."""

import numpy as np

from figures.kit.by_hand import Labelled, product_by_hand
from figures.kit.change import Change, upper_first
from figures.kit.figure import Figure
from figures.kit.layout import Box, columns, rows, table
from figures.kit.matrices import LARGEST_GRID, drawing_of, network_scales
from figures.kit.numbers import count_in_words, format_count, format_number
from figures.kit.primitives import equation, operator
from figures.kit.sheet import before_and_after, explained, given, moved, noted
from snippets import check


def weight_update(W0, W1, X, *, copy=1):
    """Draw one layer before and after an update: F0 = W0 X, W1 = W0 + ΔW, F1 = W1 X.

    Args:
        W0: the weights before (out, in). W1: after, same shape.
        X: the examples as columns (in, columns).
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure. What it says of the change comes from comparing the arrays.

    Raises:
        ValueError: shapes that don't fit, a number that is not finite.
    """
    W0, W1, X = check.matrix(W0, "W0"), check.matrix(W1, "W1"), check.matrix(X, "X")
    check.same_shape(W1, "W1", W0, "W0")
    if X.shape[0] != W0.shape[1]:
        wish, got = W0.shape[1], check.shape_text(X.shape)
        raise ValueError(f"X must have {wish} rows to fit W0, got {got}")
    W, F0, F1 = Change(W0, W1), W0 @ X, W1 @ X
    drawn = drawing_of(network_scales([W0, W1], [W.delta], [X, F0, X, F1], letter="F"), copy)
    parts = _parts(W, X, F0, F1, drawn)
    return Figure(
        wide=explained(_wide(parts), drawn.legend),
        narrow=explained(_narrow(parts), drawn.legend),
        title="One update of one layer",
        alt=_alt(W, X, F0, F1),
        caption=_caption(W),
        store=drawn.store,
    )


def _parts(W, X, F0, F1, drawn):
    """Draw every matrix of the figure; return {"X": Box, "W0": ..., "ΔW": ..., "F1": ...}."""
    many = f"all {format_count(W.size)}"
    if W.count < W.size:
        many = f"{format_count(W.count)} of {format_count(W.size)}"
    parts = {
        "X": drawn.draw(X, kind="activation", label="X"),
        "W0": drawn.draw(W.before, kind="pretrained", label="W0", tag=""),
        "F0": drawn.draw(F0, kind="activation", label="F0"),
        "ΔW": drawn.draw(W.delta, kind="delta", label="ΔW"),
        "W1": drawn.draw(W.after, kind="new", label="W1", changed=W.changed),
        "F1": drawn.draw(F1, kind="activation", label="F1", changed=F0 != F1),
        "said": equation("W1 = W0 + ΔW", note=f"{many} change"),
    }
    if drawn.boxes and W.count:
        parts["W1"] = noted(parts["W1"], drawn.boxes)
    return parts


def _wide(parts):
    """Left the layer before, in the middle its update, right the layer after."""
    before, after = (columns(parts[f"W{k}"], parts[f"F{k}"], gap=1) for k in (0, 1))
    line = [before, moved(parts["ΔW"], parts["said"]), after]
    X = parts["X"]
    return before_and_after([line], ["F0 = W0 X"], ["F1 = W1 X"], X, X)


def _narrow(parts):
    """For a phone: W0 + ΔW = W1 in one row, X above and F0 and F1 beneath."""
    plus, equals = operator("+"), operator("=")
    layer = [parts["W0"], plus, parts["ΔW"], equals, parts["W1"]]
    top = given(
        ("F0 = W0 X", "F1 = W1 X"),
        rows(Box(0, 1), parts["X"]),
        width=sum(box.width for box in layer),
    )
    outputs = [parts["F0"], None, None, None, parts["F1"]]
    return rows(top, table([layer, outputs], align=["left"] * 5, row_gap=1), gap=1)


def _caption(W):
    """Say what the step did, as the arrays have it."""
    shape, verb = check.shape_text(W.before.shape), "changes" if W.count == 1 else "change"
    said = f"{upper_first(W.of_all('W0'))} {verb}."
    if W.count in (0, W.size):
        many = "All" if W.count else "None of the"
        said = f"{many} {count_in_words(W.size)} numbers of W0 change."
    return f"{said} W1 is {shape} like W0, and X is the same X."


def _alt(W, X, F0, F1):
    """Describe the picture in some 45 words, numbers included."""
    said = f"One layer before and after one update. W0 ({check.shape_text(W.before.shape)}) gets a"
    if not W.count:
        return f"{said} ΔW: all zero, so that W1 is W0 and F1 is F0."
    said += f" ΔW: {W.reach()}."
    if max(*W.before.shape, *X.shape) > LARGEST_GRID:
        return f"{said} The output F ({check.shape_text(F0.shape)}) moves; X stays the same."
    out, out_after = (", ".join(map(format_number, F[W.row()])) for F in (F0, F1))
    return (
        f"{said} {upper_first(W.first_row(' of W0'))}; row {W.row() + 1} of the output goes from"
        f" {out} to {out_after}."
    )


def update_by_hand(delta, X, delta_weight, *, row, column, learning_rate):
    """Draw the ΔW of one layer as the product that it is, −η δ Xᵀ.

    The boxed row, column and cells are the ones worked out in the text.

    Args:
        delta: δ = F − T (out, columns).
        X: the examples as columns (in, columns).
        delta_weight: ΔW (out, in); it must be −η δ Xᵀ.
        row, column: the cell, counted from 1.
        learning_rate: η, a finite number of 0 or more.

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
    return product_by_hand(
        Labelled("δ", delta),
        Labelled("Xᵀ", X.T),
        Labelled("δ Xᵀ", gradient),
        Labelled("ΔW", delta_weight),
        cell=(row, column),
        learning_rate=learning_rate,
        title="ΔW as a product",
    )
