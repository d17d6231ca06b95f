"""The pieces every figure is made of: matrix, block, arrow, equation, note, heading.

Each returns a Box. What a thing is (frozen, trainable, ...) is told by its kind: a class that
figures.css gives a colour, an outline and a pattern, and a word beside it. No colour is named
here, and no id: a drawing can stand on a page any number of times.
"""

import html

import numpy as np

from figures.kit.layout import SQUARE, Box
from figures.kit.numbers import format_number
from figures.kit.symbols import svg_text

KINDS = {
    "pretrained": "pretrained",
    "frozen": "frozen",
    "trainable": "trainable",
    "delta": "",
    "new": "new",
    "activation": "",
    "gradient": "",
}  # kind: the word that stands above it

DIGIT = 0.515  # width of a digit, + or −, in em of the heavier face
NUMBER = 13  # font size of a number; figures.css has the same
TAGGED = 90  # user units that a label and a word beside it need
CLEAR = 2.5  # user units that stay free on each side of a number


def cell_width(*matrices, signed=False):
    """Return how many squares the longest number of these matrices needs, 1 or more."""
    texts = {format_number(value, signed) for values in matrices for value in np.unique(values)}
    widest = max(len(text) - 0.46 * text.count(".") for text in texts)
    return int(-(-(widest * DIGIT * NUMBER + 2 * CLEAR) // SQUARE))


def matrix(values, *, kind, label, cell=1, tag=None, changed=None):
    """Draw a matrix as a grid of numbers, one square a row and `cell` squares a column.

    Args:
        values: (rows, columns).
        kind: one of KINDS; "delta" and "gradient" write + before positive numbers.
        label: the symbol above, such as "W'3".
        cell: from cell_width, the same for all matrices that belong together.
        tag: the word above right; None for the kind's own.
        changed: mask of the cells that get a box, same shape.
    """
    signed = kind in ("delta", "gradient")
    rows, columns = values.shape
    width, height = columns * cell * SQUARE, rows * SQUARE
    boxes, numbers = [], []
    for i, row in enumerate(values.tolist()):
        for j, value in enumerate(row):
            x, y = (j + 0.5) * cell * SQUARE, i * SQUARE + 19.5
            name = ""
            if changed is not None and changed[i, j]:
                left, across = j * cell * SQUARE + 2, cell * SQUARE - 4
                boxes.append(f"M{left} {i * SQUARE + 2}h{across}v{SQUARE - 4}h-{across}z")
                name = ' class="changed"'
            elif signed and value == 0:
                name = ' class="zero"'
            numbers.append(f'<text{name} x="{x:g}" y="{y:g}">{format_number(value, signed)}</text>')
    inside = hatch(width, height) if kind == "frozen" else ""
    if boxes:
        inside += f'<path class="box" d="{"".join(boxes)}"/>'
    inside += "".join(numbers)
    return _framed(inside, width, height, kind, label, tag)


def block(cells, shape, *, kind, label, per_square, tag=None, sizes=("", "")):
    """Draw a matrix to scale, its values as a heat map.

    Args:
        cells: SVG of the map, one user unit a cell (see heat.py).
        shape: (rows, columns).
        per_square: rows, or columns, that fit one square.
        sizes: what to write at the ends of the left and the lower edge.
    """
    scale = SQUARE / per_square
    height, width = (size * scale for size in shape)
    inside = f'<g transform="scale({scale:g})">{cells}</g>'
    if kind == "frozen":
        inside += f'<g class="over">{hatch(width, height)}</g>'
    down, across = map(str, sizes)
    if down and (height < 1.5 * SQUARE or len(down) > 2):  # too long for the left edge
        inside += f'<text class="size start" y="{height + 14:g}">{down} × {across}</text>'
        least = 8 * len(f"{down} × {across}")
        return _framed(inside, width, height, kind, label, tag, below=0.5, least=least)
    if down:
        inside += f'<text class="size" x="-5" y="{height - 1:g}">{down}</text>'
    if across:
        inside += f'<text class="size" x="{width:g}" y="{height + 14:g}">{across}</text>'
    return _framed(inside, width, height, kind, label, tag, below=0.5 if across else 0)


def hatch(width, height):
    """Hatch a rectangle of user units: one broad dashed line, cut off by the svg around it.

    A pattern would need an id, and would vanish where its own drawing is hidden.
    """
    reach = width + height
    return (
        f'<svg width="{width:g}" height="{height:g}">'
        f'<path class="hatch" stroke-width="{2 * reach:g}" d="M0 0l{reach:g} {reach:g}"/></svg>'
    )


def _framed(inside, width, height, kind, label, tag, below=0, least=0):
    """Put the frame of its kind round the inside, the label and the word above it."""
    tag = KINDS[kind] if tag is None else tag
    frame = f'<rect class="outline" width="{width:g}" height="{height:g}" rx="3"/>'
    words = f'<text class="symbol" y="-7">{svg_text(label)}</text>'
    width = max(width, least, TAGGED if tag else 0)
    if tag:
        words += f'<text class="tag end" x="{width:g}" y="-7">{html.escape(tag)}</text>'
    svg = f'<g class="{kind}">{frame}{inside}{words}</g>'
    return Box(width / SQUARE, height / SQUARE, ((0, 0, svg),), below)


def arrow(*, length=2):
    """Draw an arrow to the right, `length` squares with the air around it."""
    end = length * SQUARE - 9
    svg = f'<path class="arrow" d="M9 0H{end - 2:g}M{end - 7:g} -4.5L{end:g} 0L{end - 7:g} 4.5"/>'
    return Box(length, 0, ((0, 0, svg),))


def operator(sign):
    """Draw + or = in a column of its own, one square wide."""
    return Box(1, 0, ((0.5, 0, f'<text class="equation" y="6">{sign}</text>'),))


def equation(text, *, note=None, width=8):
    """Set an equation such as "W'3 = W3 + ΔW3" in the middle, a quiet note beneath."""
    svg = f'<text class="equation" y="13">{svg_text(text)}</text>'
    if note:
        svg += f'<text class="note" y="35">{html.escape(note)}</text>'
    return Box(width, 1.2 if note else 0.6, ((width / 2, 0, svg),))


def formulas(*texts):
    """List formulas, one to a square, in the room beside something taller."""
    lines = "".join(
        f'<text class="formula" y="{k * SQUARE + 20}">{svg_text(text)}</text>'
        for k, text in enumerate(texts)
    )
    return Box(0, len(texts), ((0, 0, lines),))


def note(*lines, width=0):
    """Set quiet text, line under line."""
    svg = "".join(
        f'<text class="note start" y="{13 + 18 * k}">{html.escape(line)}</text>'
        for k, line in enumerate(lines)
    )
    return Box(width, len(lines) * 0.6, ((0, 0, svg),))


def heading(text, *, width=0):
    """Set a heading at the left of the width given, or in the middle of nothing."""
    name = "heading" if width else "heading middle"
    return Box(width, 1, ((0, 0, f'<text class="{name}" y="20">{html.escape(text)}</text>'),))
