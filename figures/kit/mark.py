"""The site's mark: three stacked squares, two of them hatched. What is below stays; the top learns.

As part of a page it takes the tokens of the page. As a file of its own it brings its colours, for
light and for dark; a test holds them to tokens.css.
"""

from figures.kit.primitives import hatch

SQUARES = [("frozen", 1.3, 13), ("frozen", 13.2, 13), ("trainable", 7.25, 1.5)]  # kind, x, y
SIDE = 9.5
BOX = 24

# fill, line and hatch of frozen, then fill and line of trainable, as in tokens.css
LIGHT = ("#e3edf5", "#5b86a5", "#b9d0e0", "#ffe9c2", "#b86e00")
DARK = ("#1d2a36", "#6d9cbd", "#2c4152", "#3a2a0c", "#e0a040")


def mark():
    """Return the mark as an SVG string for the header, 24 × 24 units; it is decoration."""
    return f'<svg class="mark" viewBox="0 0 {BOX} {BOX}" aria-hidden="true">{_squares()}</svg>'


def favicon():
    """Return the mark as an SVG file."""
    rules = (
        ".outline{stroke-width:1.4}.trainable .outline{stroke-width:2}"
        ".hatch{stroke-dasharray:1 2.2}" + _colours(LIGHT)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BOX} {BOX}"><style>{rules}'
        f"@media(prefers-color-scheme:dark){{{_colours(DARK)}}}</style>{_squares()}</svg>\n"
    )


def _squares():
    parts = []
    for kind, x, y in SQUARES:
        lines = hatch(SIDE, SIDE) if kind == "frozen" else ""
        frame = f'<rect class="outline" width="{SIDE}" height="{SIDE}" rx="1"/>'
        parts.append(f'<g class="{kind}" transform="translate({x} {y})">{frame}{lines}</g>')
    return "".join(parts)


def _colours(colours):
    frozen, frozen_line, frozen_hatch, trainable, trainable_line = colours
    return (
        f".frozen .outline{{fill:{frozen};stroke:{frozen_line}}}.hatch{{stroke:{frozen_hatch}}}"
        f".trainable .outline{{fill:{trainable};stroke:{trainable_line}}}"
    )
