"""A figure: one drawing in two arrangements on squared paper, with a caption."""

import html
from dataclasses import dataclass

from figures.kit.blocks import BlockStore
from figures.kit.layout import SQUARE, Box, units
from figures.kit.symbols import html_text

SMALLEST = 12.75  # user units of the smallest text in figures.css
READABLE = 9  # CSS pixels; no text is shown smaller
SIDES, ENDS = 0.65, 0.5  # margins in squares; the squares count from where the drawing starts
SWITCHES = {"": 544, "roomy": 760}  # class: CSS pixels from which the wide arrangement shows


@dataclass(frozen=True)
class Figure:
    """What a figure function returns; a notebook or a page shows it by _repr_html_.

    Attributes:
        wide, narrow: the two arrangements; figures.css shows one of them, by the room there is.
        title: a few words.
        alt: what the picture shows, numbers included.
        caption: the sentences beneath; symbols such as W'3 are set as mathematics.
        store: the matrices that both arrangements refer to, or nothing.
    """

    wide: Box
    narrow: Box
    title: str
    alt: str
    caption: str = ""
    store: BlockStore | None = None

    def svg(self, arrangement="wide"):
        """Return one arrangement as an <svg> element."""
        box = {"wide": self.wide, "narrow": self.narrow}[arrangement]
        view = " ".join(map(units, (-SIDES, -ENDS, *_extent(box))))
        return on_squares(arrangement, view, self.title, self.alt, box.svg())

    def _repr_html_(self):
        wide_enough = [
            name
            for name, pixels in SWITCHES.items()
            if _extent(self.wide)[0] * SQUARE * READABLE <= (pixels - 2) * SMALLEST
        ]
        switch = wide_enough[0] if wide_enough else "never"
        drawings = (self.svg("wide") if wide_enough else "") + self.svg("narrow")
        stored = self.store.svg() if self.store else ""
        sheet = f'<div class="sheet">{stored}{drawings}</div>'
        sheet = self.store.wrap(sheet) if self.store else sheet
        return framed(sheet, html_text(self.caption), switch)


def on_squares(arrangement, view, title, alt, inside, square=SQUARE):
    """Return a drawing as an <svg> on squared paper.

    The paper is one path, two very broad dashed lines, whose dashes are the rules of the squares.
    It reaches past the drawing, so that the squares fill the sheet however wide it is.
    """
    return (
        f'<svg class="{arrangement}" viewBox="{view}" role="img">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(alt)}</desc>"
        f'<path class="squares" stroke-dasharray="1 {square - 1}" stroke-width="9999"'
        f' d="M0-900.5V3000M-900.5 0H3000"/>{inside}</svg>'
    )


def framed(sheet, caption, switch):
    """Return a sheet and its caption as a <figure>; `switch` is one of SWITCHES, or "never"."""
    return (
        f'<figure class="figure{switch and " " + switch}">{sheet}'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _extent(box):
    """Return width and height in squares, with the margins and what hangs below."""
    return 2 * SIDES + box.width, 2 * ENDS + box.height + box.below
