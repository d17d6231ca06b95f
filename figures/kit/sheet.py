"""The sheet that a drawing lies on: how wide it is, and how a network stands on it."""

import textwrap

from figures.kit.layout import EMPTY, SQUARE, Box, beneath, columns, rows, spread, table
from figures.kit.primitives import arrow, formulas, heading, note

WIDE, NARROW = 22, 11  # squares of a sheet, so that squares are as large in all figures
PHONE = 12.5  # squares beside each other that can be read on a phone
FORMULA = 5  # squares that a formula needs
LETTER = 5.9  # user units that a letter of a note needs


def on_sheet(box, width):
    """Centre a drawing on a sheet of at least so many squares, with room for the labels on top."""
    return rows(EMPTY, centred(box, width), gap=1)


def centred(box, width):
    """Set a drawing in the middle of at least so many squares."""
    free = max(width - box.width, 0) // 2
    return columns(Box(free, 0), box, Box(max(width - box.width - free, 0), 0))


def explained(box, legend):
    """Add the legend, if there is one, beneath what it explains."""
    lines = textwrap.wrap(legend, int(box.width * SQUARE / LETTER))
    return rows(box, note(*lines), gap=0.6) if lines else box


def noted(box, words):
    """Hang a quiet line under a matrix."""
    return beneath(box, note(words, width=box.width), gap=0.3)


def moved(delta, said=""):
    """Set a ΔW between two arrows, and beneath it what it does."""
    row = columns(arrow(length=2), delta, arrow(length=2), align="middle")
    return beneath(row, said, gap=0.3) if said else row


def titled(words, box):
    """Set a heading over a drawing."""
    return rows(heading(words, width=box.width), box, gap=1)


def given(texts, inputs, width):
    """Set formulas at the left and what goes in at the right of a width."""
    return spread(formulas(*texts), inputs, width=width)


def before_and_after(lines, before, after, inputs, inputs_after=None):
    """Set a network before a step at the left, after it at the right, updates in the middle.

    Args:
        lines: a layer each: (before, update, after), as boxes or None.
        before, after: the formulas that stand above.
        inputs: X, above the network before. inputs_after: the same above the network after.
    """
    width = max(FORMULA + inputs.width, *(line[0].width for line in lines))
    head = [heading("Before", width=width), heading("Update"), heading("After", width=width)]
    tops = [given(before, inputs, width), None, given(after, inputs_after or EMPTY, width)]
    return table([head, tops, *lines], align=["right", "middle", "right"], row_gap=1)
