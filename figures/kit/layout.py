"""Where things go: boxes beside each other, above each other, in a table. The unit is a square.

A box is a size and some leaves, each a piece of SVG with its place inside the box. What stands
next to a matrix rather than in it (its label, its sizes) belongs to the gap around it: it hangs
over the box above, and `below` says how much room it wants beneath.
"""

from dataclasses import dataclass
from math import ceil

SQUARE = 30  # user units; a drawing at its natural size has squares of 30 CSS pixels


@dataclass(frozen=True)
class Box:
    """A drawing of width × height squares, plus `below` squares for what hangs beneath it."""

    width: float
    height: float
    leaves: tuple = ()  # (x, y, svg), x and y in squares
    below: float = 0

    def moved(self, x, y):
        """Return the leaves, with the box's corner at x, y."""
        return tuple((x + left, y + top, svg) for left, top, svg in self.leaves)

    def svg(self):
        """Return the leaves as SVG, each a group at its place."""
        return "".join(
            f'<g transform="translate({units(x)} {units(y)})">{svg}</g>'
            for x, y, svg in self.leaves
        )


EMPTY = Box(0, 0)


def columns(*boxes, gap=0, align="top"):
    """Set boxes beside each other; align is "top", "middle" or "bottom"."""
    height = max(box.height for box in boxes)
    x, leaves = 0, []
    for box in boxes:
        free = height - box.height
        y = {"top": 0, "middle": free / 2, "bottom": free}[align]
        leaves += box.moved(x, y)
        x += box.width + gap
    return Box(x - gap, height, tuple(leaves), max(box.below for box in boxes))


def rows(*boxes, gap=0, align="left"):
    """Set boxes above each other; align is "left", "middle" or "right"."""
    return table([[box] for box in boxes], row_gap=gap, align=[align])


def spread(left, right, *, width):
    """Set one box at the left and one at the right of a width, both on the ground."""
    return columns(left, right, gap=width - left.width - right.width, align="bottom")


def table(lines, align, row_gap=0, column_gap=0):
    """Set boxes in lines and columns; each column is as wide as its widest box.

    Args:
        lines: lists of boxes of one length; None leaves a place empty.
        align: per column "left", "middle" or "right". Up and down, boxes stand in the middle.
    """
    lines = [[box or EMPTY for box in line] for line in lines]
    widths = [max(box.width for box in column) for column in zip(*lines)]
    y, leaves = 0, []
    for line in lines:
        height = max(box.height for box in line)
        x = 0
        for box, width, side in zip(line, widths, align):
            free = width - box.width
            left = {"left": 0, "middle": free / 2, "right": free}[side]
            leaves += box.moved(x + left, y + (height - box.height) / 2)
            x += width + column_gap
        below = max(box.below for box in line)
        room = ceil(below - 1e-9)  # whole squares, so that all that follows sits on them
        y += height + room + row_gap
    return Box(x - column_gap, y - row_gap - room, tuple(leaves), below)


def crossed(left, above, result):
    """Set a product as one multiplies by hand: a row at the left and a column above meet in it."""
    return table([[None, above], [left, result]], ["right", "left"], 1, 1)


def beneath(box, other, gap=0.0):
    """Hang a box under another, centred, in the room that the first claims below itself."""
    x, y = (box.width - other.width) / 2, box.height + box.below + gap
    leaves = box.leaves + other.moved(x, y)
    return Box(box.width, box.height, leaves, box.below + gap + other.height)


def units(squares):
    """Write squares as user units, without a needless point."""
    return f"{squares * SQUARE:.2f}".rstrip("0").rstrip(".")
