"""Reads a figure back: what is drawn where, from nothing but its HTML."""

import re
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import font_source_sans_pro
import font_source_serif_pro
from fontTools.ttLib import TTFont

STYLES = Path(__file__).parents[2] / "docs/assets/stylesheets"


class Text(NamedTuple):
    """A text of a drawing: its words, its classes, its box in user units."""

    words: str
    name: str
    kind: str
    left: float
    top: float
    right: float
    bottom: float


def parse(figure):
    """Return the figure's HTML as a tree; it must be well-formed."""
    return ElementTree.fromstring(figure._repr_html_())


def arrangement(figure, name):
    """Return the <svg> of one arrangement."""
    return next(svg for svg in parse(figure).iter("svg") if svg.get("class") == name)


def texts(svg):
    """Return every text of a drawing, with its place."""
    return list(_texts(svg, 0, 0, ""))


def texts_apart(svg):
    """Return the texts of a drawing, after a look that each lies on the sheet and on no other."""
    left, top, width, height = map(float, svg.get("viewBox").split())
    placed = texts(svg)
    for one in placed:
        assert left <= one.left and one.right <= left + width, one
        assert top <= one.top and one.bottom <= top + height, one
    for one, two in combinations(placed, 2):
        beside = one.right <= two.left or two.right <= one.left
        above = one.bottom <= two.top or two.bottom <= one.top
        assert beside or above, (one, two)
    return placed


def _texts(element, x, y, kind):
    for child in element:
        left, top = x, y
        if moved := re.fullmatch(r"translate\((\S+) (\S+)\)", child.get("transform", "")):
            left, top = x + float(moved[1]), y + float(moved[2])
        name = child.get("class", "")
        if child.tag == "text":
            yield _placed(child, name, kind, x, y)
        elif child.tag == "g":
            yield from _texts(child, left, top, name or kind)


def _placed(text, name, kind, x, y):
    words = "".join(text.itertext())
    x, y = x + float(text.get("x", 0)), y + float(text.get("y", 0))
    first = name.split(" ")[0]
    size, face, anchor = {
        "heading": (17, "serif 600", "start"),
        "symbol": (16, "serif", "start"),
        "formula": (14.5, "serif", "start"),
        "equation": (17, "serif", "middle"),
        "tag": (12.75, "sans 600", "end"),
        "note": (12.75, "sans", "middle"),
        "size": (12.75, "sans", "end"),
    }.get(first, (13, "sans 600", "middle"))
    for word in name.split(" ")[1:]:
        anchor = word
    wide = size * sum(advance(letter, face) for letter in words)
    wide += sum(float(part.get("dx", 0)) for part in text)  # a subscript is tucked under a prime
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
    rise, fall = (0.984, 0.273) if face.startswith("sans") else (0.918, 0.335)  # of the font's box
    top, bottom = y - rise * size, y + fall * size
    if any(part.get("dy") for part in text):
        bottom = max(bottom, y + 4 + fall * 12.75)
    return Text(words, name, kind, left, top, left + wide, bottom)


FILES = {
    "sans": (font_source_sans_pro, "SourceSansPro-Regular.ttf"),
    "sans 600": (font_source_sans_pro, "SourceSansPro-Semibold.ttf"),
    "serif": (font_source_serif_pro, "SourceSerifPro-Regular.ttf"),  # wider than the italic
    "serif 600": (font_source_serif_pro, "SourceSerifPro-Semibold.ttf"),
}
FONTS = {}


def advance(letter, face):
    """Return how wide a letter is, in em, from the font that the site uses."""
    if face not in FONTS:
        package, file = FILES[face]
        font = TTFont(Path(package.__file__).parent / "files" / file)
        FONTS[face] = font.getBestCmap(), font["hmtx"], font["head"].unitsPerEm
    letters, widths, em = FONTS[face]
    return widths[letters[ord(letter)]][0] / em


def numbers(svg):
    """Return {label: rows of what the cells say} for every matrix of numbers in a drawing."""
    found = {}
    for group in svg.iter("g"):
        labels = [text for text in group.findall("text") if text.get("class") == "symbol"]
        cells = [text for text in group.findall("text") if text.get("class") in CELLS]
        if not labels or not cells:
            continue
        rows = {}
        for cell in cells:
            rows.setdefault(float(cell.get("y")), []).append((float(cell.get("x")), cell.text))
        label = "".join(labels[0].itertext())
        grid = [[text for _, text in sorted(rows[y])] for y in sorted(rows)]
        found.setdefault(label, []).append(grid)
    return found


CELLS = (None, "changed", "zero")


def ruled():
    """Return the classes that the stylesheets of a drawing have a rule for."""
    sheets = ("figures.css", "site.css", "instruments/blocks.css")
    return {
        name
        for sheet in sheets
        for name in re.findall(r"\.([a-z][a-z-]*)", (STYLES / sheet).read_text())
    }
