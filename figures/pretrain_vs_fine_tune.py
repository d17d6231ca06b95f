"""The figure of lesson 2: W0 + ΔW = W from nothing, and W + ΔW = W′ from something."""

import numpy as np

from figures.freezing_layers import LARGEST_GRID, explained
from figures.instruments.blocks import BlockStore
from figures.kit.by_hand import WIDE, _on_sheet
from figures.kit.figure import Figure
from figures.kit.heat import DEEP, PALE, typical_size
from figures.kit.layout import beneath, rows, table
from figures.kit.numbers import format_count, format_number, format_rounded
from figures.kit.primitives import block, cell_width, heading, matrix, note, operator
from snippets import check

SYMBOLS = {"Pretraining": ("W0", "W"), "Fine-tuning": ("W", "W'")}  # before, after


def pretrain_vs_fine_tune(start, pretrained, finetuned, *, caption=None, copy=1):
    """Draw two updates of one matrix under each other, in numbers or, if large, as heat maps.

    All matrices share one scale, the two ΔW too: what looks paler is smaller.

    Args:
        start: weights before pretraining (out, in). pretrained: after it, same shape.
        finetuned: after fine-tuning, same shape.
        caption: overrides the computed one.
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
    drawn = (_Numbers if max(start.shape) <= LARGEST_GRID else _Heat)(updates, copy)
    lines = {name: _parts(name, before, after, drawn) for name, (before, after) in updates.items()}
    return Figure(
        wide=_on_sheet(explained(_wide(lines), drawn.legend), WIDE),
        narrow=explained(_narrow(lines), drawn.legend),
        title="The same step from nothing and from something",
        alt=" ".join(_in_words(name, *update, drawn) for name, update in updates.items()),
        caption=_caption(updates, drawn) if caption is None else caption,
        store=drawn.store,
    )


class _Numbers:
    """Draws matrices number by number, all with cells of one width."""

    legend = ""
    store = None

    def __init__(self, updates, copy):
        pairs = updates.values()
        deltas = cell_width(*(after - before for before, after in pairs), signed=True)
        self.cell = max(cell_width(*(W for pair in pairs for W in pair)), deltas)

    def draw(self, values, kind, label, changed=None):
        tag = "" if kind == "pretrained" else None
        return matrix(values, kind=kind, label=label, cell=self.cell, tag=tag, changed=changed)


class _Heat:
    """Draws matrices to scale as heat maps of one scale; each distinct one is stored once."""

    def __init__(self, updates, copy):
        self.store = BlockStore(copy, "-two")
        self.typical = typical_size(*(W for pair in updates.values() for W in pair))
        largest = max(updates["Pretraining"][0].shape)
        self.per_square = -(-largest // 4)

    @property
    def legend(self):
        side, deep = self.per_square, format_rounded(DEEP * self.typical)
        return (
            "Filled cells are positive, thin lines negative, blanks near 0. One scale for all,"
            f" ΔW too: deep colour starts at {deep}, whichever the sign."
            f" One square is {side} × {side} numbers."
        )

    def draw(self, values, kind, label, changed=None):
        return block(
            self.store.add(values, self.typical, kind),
            values.shape,
            kind=kind,
            label=label,
            per_square=self.per_square,
            tag="" if kind == "pretrained" else None,
            sizes=values.shape,
        )


def _parts(name, before, after, drawn):
    """Return the three boxes of W + ΔW = W′, with how large each is beneath it."""
    old, new = SYMBOLS[name]
    changed = before != after
    boxes = [
        (before, drawn.draw(before, "pretrained", old)),
        (after - before, drawn.draw(after - before, "delta", "ΔW")),
        (after, drawn.draw(after, "new", new, changed if changed.any() else None)),
    ]
    return [
        beneath(box, note(f"length {format_rounded(_length(values))}", width=box.width), gap=0.3)
        for values, box in boxes
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
    if isinstance(drawn, _Heat) and 0 < moves.max() < PALE * drawn.typical:
        said.append(
            f"There it looks blank, but {format_count(int((moves > 0).sum()))} of"
            f" {format_count(moves.size)} numbers move, by {format_rounded(moves.max())} at most"
        )
    return ". ".join(said) + "."


def _in_words(name, before, after, drawn):
    """Describe one of the two updates, numbers included."""
    delta = after - before
    said = f"{name}, {check.shape_text(delta.shape)}: {_compared(name, before, after)}."
    if isinstance(drawn, _Numbers):
        row = int(np.abs(delta).max(axis=1).argmax())
        old, new = (", ".join(map(format_number, W[row])) for W in (before, after))
        said += f" Row {row + 1} goes from {old} to {new}."
    return said
