"""The figure of lesson 2: W0 + ΔW = W from nothing, and W + ΔW = W′ from something."""

import numpy as np

from figures.kit.figure import Figure
from figures.kit.heat import DEEP, PALE
from figures.kit.layout import rows, table
from figures.kit.matrices import CHANGE, LARGEST_GRID, Blocks, Grids, Scale
from figures.kit.numbers import format_count, format_number, format_rounded
from figures.kit.primitives import heading, operator
from figures.kit.sheet import WIDE, explained, noted, on_sheet
from snippets import check

SYMBOLS = {"Pretraining": ("W0", "W"), "Fine-tuning": ("W", "W'")}  # before, after


def pretrain_vs_fine_tune(start, pretrained, finetuned, *, copy=1):
    """Draw two updates of one matrix under each other, in numbers or, if large, as heat maps.

    All matrices share one scale, the two ΔW too: what looks paler is smaller.

    Args:
        start: weights before pretraining (out, in). pretrained: after it, same shape.
        finetuned: after fine-tuning, same shape.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: shapes that differ, a number that is not finite.
    """
    start, pretrained = check.matrix(start, "start"), check.matrix(pretrained, "pretrained")
    finetuned = check.matrix(finetuned, "finetuned")
    check.same_shape(pretrained, "pretrained", start, "start")
    check.same_shape(finetuned, "finetuned", start, "start")
    updates = {"Pretraining": (start, pretrained), "Fine-tuning": (pretrained, finetuned)}
    weights = [W for pair in updates.values() for W in pair]
    if max(start.shape) <= LARGEST_GRID:
        deltas = [after - before for before, after in updates.values()]
        drawn = Grids([Scale("W", "W", weights), Scale("ΔW", CHANGE, deltas)])
    else:
        drawn = OneScale([Scale("all", f"W{CHANGE}", weights)], copy, mark="-two")
    lines = {name: _parts(name, before, after, drawn) for name, (before, after) in updates.items()}
    return Figure(
        wide=on_sheet(explained(_wide(lines), drawn.legend), WIDE),
        narrow=explained(_narrow(lines), drawn.legend),
        title="The same step from nothing and from something",
        alt=" ".join(_in_words(name, *update, drawn) for name, update in updates.items()),
        caption=_caption(updates, drawn),
        store=drawn.store,
    )


class OneScale(Blocks):
    """Blocks of which all, ΔW too, are as deep as they are large."""

    @property
    def legend(self):
        side, deep = self.per_square, format_rounded(DEEP * self.typical["all"])
        return (
            "Filled cells are positive, thin lines negative, blanks near 0. One scale for all,"
            f" ΔW too: deep colour starts at {deep}, whichever the sign."
            f" One square is {side} × {side} numbers."
        )


def _parts(name, before, after, drawn):
    """Return the three boxes of W + ΔW = W′, with how large each is beneath it."""
    old, new = SYMBOLS[name]
    delta, moves = after - before, before != after
    plain = {"kind": "pretrained", "label": old, "tag": ""}
    moved = {"kind": "new", "label": new, "changed": moves if moves.any() else None}
    return [
        noted(drawn.draw(values, **said), f"length {format_rounded(_length(values))}")
        for values, said in (
            (before, plain),
            (delta, {"kind": "delta", "label": "ΔW"}),
            (after, moved),
        )
    ]


def _wide(lines):
    cells = []
    for name, (before, delta, after) in lines.items():
        said = heading(name, width=5)
        cells.append([said, before, operator("+"), delta, operator("="), after])
    return table(cells, align=["left"] * 6, row_gap=1)


def _narrow(lines):
    blocks = []
    for name, (before, delta, after) in lines.items():
        cells = [[before, operator("+"), delta], [None, operator("="), after]]
        update = table(cells, align=["left"] * 3, row_gap=1)
        blocks.append(rows(heading(name, width=update.width), update, gap=1))
    return rows(*blocks, gap=1)


def _length(values):
    """Return the length of a matrix: the root of the sum of its squares."""
    return float(np.linalg.norm(values))


def _compared(name, before, after):
    """Say how long ΔW is beside the W that it is added to."""
    symbol, long = SYMBOLS[name][0], _length(after - before)
    said = f"ΔW has length {format_rounded(long)}"
    if not before.any():
        return f"{said}, and {symbol} is all 0"
    return f"{said}, {long / _length(before):.0%} of that of {symbol}"


def _caption(updates, drawn):
    """Say how the two ΔW compare; and what a ΔW that looks blank is."""
    said = [f"In {name.lower()} {_compared(name, *pair)}" for name, pair in updates.items()]
    moves = np.abs(updates["Fine-tuning"][1] - updates["Fine-tuning"][0])
    if isinstance(drawn, Blocks) and 0 < moves.max() < PALE * drawn.typical["all"]:
        said.append(
            f"There it looks blank, but {format_count(int((moves > 0).sum()))} of"
            f" {format_count(moves.size)} numbers move, by {format_rounded(moves.max())} at most"
        )
    return ". ".join(said) + "."


def _in_words(name, before, after, drawn):
    """Describe one of the two updates, numbers included."""
    delta = after - before
    said = f"{name}, {check.shape_text(delta.shape)}: {_compared(name, before, after)}."
    if isinstance(drawn, Grids):
        row = int(np.abs(delta).max(axis=1).argmax())
        old, new = (", ".join(map(format_number, W[row])) for W in (before, after))
        said += f" Row {row + 1} goes from {old} to {new}."
    return said
