"""Plots by Matplotlib on squared paper: text stays text, colours are the site's, dark mode follows.

A plot is drawn twice by one function, once for a broad sheet and once for a narrow one. Each
panel is a whole number of squares, so what a square stands for is a round number, and the paper
is the grid. Only labs import this module: Matplotlib is slow to load.
"""

import html
import io
import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib import font_manager
from matplotlib.figure import Figure

from figures.kit.figure import READABLE, SMALLEST, SWITCHES, framed, on_squares
from figures.kit.table import Table

SQUARE = 20  # user units, as many CSS pixels at natural size
PHONE = 286  # CSS pixels of a sheet on the smallest phone
TOP, RIGHT, BOTTOM = 3, 1, 3  # squares round each panel
TEXT, NOTE, HEADING = 13, 12.75, 17  # sizes of .sheet text, .note and .heading in figures.css

# The names that a plot gives its colours, each with its token and that token's light value, which
# stands for it while Matplotlib draws. A colour of no name is refused: it could not go dark.
COLOURS = {
    "ink": ("--ink", "#1b2330"),
    "soft": ("--soft", "#55606f"),
    "line": ("--line", "#d9dfe6"),
    "sheet": ("--sheet", "#ffffff"),
    "frozen": ("--frozen-line", "#5b86a5"),
    "trainable": ("--trainable-line", "#b86e00"),
    "new": ("--new-line", "#1d7a46"),
    "delta": ("--delta-line", "#b3261e"),
    "activation": ("--activation-line", "#7a63ab"),
}
NAMES = {value: name for name, (_, value) in COLOURS.items()}
KINDS = ("frozen", "trainable", "new", "delta", "activation")  # classes of figures.css with --text
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "by hand",
    "font.size": TEXT,
    "text.color": COLOURS["ink"][1],
    "axes.edgecolor": COLOURS["ink"][1],
    "axes.labelcolor": COLOURS["soft"][1],
    "axes.linewidth": 1.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": HEADING,
    "axes.labelsize": NOTE,
    "axes.facecolor": "none",
    "figure.facecolor": COLOURS["sheet"][1],
    "figure.dpi": 72,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "xtick.color": COLOURS["soft"][1],
    "ytick.color": COLOURS["soft"][1],
    "xtick.labelsize": NOTE,
    "ytick.labelsize": NOTE,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
}
SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
NUMBER = re.compile(r"-?\d+\.\d+")
SHOWN = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap")
OPACITY = ("opacity", "fill-opacity", "stroke-opacity")


@dataclass(frozen=True, repr=False)
class Plot:
    """What `plot` returns: the two drawings, their words, and the numbers as a table."""

    wide: str  # SVG of Matplotlib
    narrow: str
    title: str
    alt: str
    caption: str
    table: Table

    def svg(self, arrangement="wide"):
        """Return one drawing as an <svg> element that takes its colours from the page."""
        drawn = {"wide": self.wide, "narrow": self.narrow}[arrangement]
        return _for_page(drawn, arrangement, self.title, self.alt)

    def __repr__(self):
        return self.alt

    def _repr_html_(self):
        room = _width(self.wide) * READABLE / SMALLEST + 2
        switch = next(name for name, pixels in SWITCHES.items() if room <= pixels)
        sheet = f'<div class="sheet">{self.svg("wide")}{self.svg("narrow")}</div>'
        return (
            f"{framed(sheet, html.escape(self.caption), switch)}"
            '<details class="woven-code"><summary>The numbers of this plot</summary>'
            f"{self.table._repr_html_()}</details>"
        )


def colour(name):
    """Return what to give Matplotlib as a colour.

    Raises:
        ValueError: there is no such name in COLOURS.
    """
    if name not in COLOURS:
        raise ValueError(f"name must be one of {', '.join(COLOURS)}, got {name!r}")
    return COLOURS[name][1]


def plot(
    draw,
    title,
    alt,
    table,
    caption="",
    panels=(),
    squares=(12, 8),
    narrow=(12, 8),
    left=4,
    abreast=2,
):
    """Draw a plot on squared paper, broad and narrow.

    Args:
        draw: a function of the list of panels, Matplotlib's Axes; it is called twice.
        title: a few words. alt: what the plot shows, numbers included.
        table: a figures.kit.table.Table of the numbers that are drawn.
        caption: a sentence beneath.
        panels: the heading of each panel.
        squares: width and height of each panel, in squares. narrow: the same on a phone.
        left: squares at the left of a panel, for the words or numbers there.
        abreast: how many panels stand beside each other on the broad sheet.

    Returns:
        A Plot.

    Raises:
        ValueError: no panel; an empty alt; table is none; a colour that is not in COLOURS; a
            drawing so wide that its text would be too small to read.
    """
    panels = tuple(panels)
    if not panels:
        raise ValueError("panels must hold a heading or more, got none")
    if not alt.strip():
        raise ValueError("alt must say what the plot shows, got nothing")
    if not isinstance(table, Table):
        raise ValueError(f"table must be a Table, got {type(table).__name__}")
    broad = _drawn(draw, panels, squares, left, min(abreast, len(panels)))
    slim = _drawn(draw, panels, narrow, left, 1)
    for drawn, name, room in ((broad, "squares", max(SWITCHES.values())), (slim, "narrow", PHONE)):
        if _width(drawn) * READABLE > (room - 2) * SMALLEST:
            raise ValueError(f"{name} must leave text readable on {room} pixels, is too wide")
    result = Plot(broad, slim, title, alt, caption, table)
    result.svg("wide"), result.svg("narrow")  # a colour of no name shows here
    return result


def paper(axes, x, y):
    """Set what a square stands for.

    Args:
        axes: a panel.
        x: (value at the left edge, value of one square, squares between two labels).
        y: the same from the bottom edge up; None leaves an axis without numbers, a square being 1.
    """
    for wanted, count, limits, ticks in (
        (x, axes.squares[0], axes.set_xlim, axes.set_xticks),
        (y, axes.squares[1], axes.set_ylim, axes.set_yticks),
    ):
        start, step, every = wanted or (0, 1, 0)
        limits(start, start + count * step)
        ticks([start + i * step for i in range(0, count + 1, every)] if every else [])


def _drawn(draw, panels, squares, before, abreast):
    """Return Matplotlib's SVG of the panels, each `squares` large, so many beside each other."""
    across, up = squares
    rows = -(-len(panels) // abreast)
    width = abreast * (before + across + RIGHT)
    height = rows * (TOP + up + BOTTOM)
    with matplotlib.rc_context({**STYLE, **_fonts()}):
        sheet = Figure(figsize=(width * SQUARE / 72, height * SQUARE / 72))
        made = []
        for i, heading in enumerate(panels):
            row, column = divmod(i, abreast)
            left = before + column * (before + across + RIGHT)
            bottom = height - (row * (TOP + up + BOTTOM) + TOP + up)
            place = (left / width, bottom / height, across / width, up / height)
            axes = sheet.add_axes(place)
            axes.squares = squares
            axes.set_title(heading, pad=0.8 * SQUARE, x=(0.6 - before) / across)
            made.append(axes)
        draw(made)
        file = io.StringIO()
        sheet.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _fonts():
    """Let Matplotlib measure text in the site's own face, where the package is installed."""
    spec = find_spec("font_source_sans_pro")
    if spec is None:
        return {}
    path = Path(spec.submodule_search_locations[0]) / "files" / "SourceSansPro-Regular.ttf"
    if all(entry.fname != str(path) for entry in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(path)
    return {"font.family": font_manager.FontProperties(fname=path).get_name()}


def _width(drawn):
    return float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])


def _for_page(drawn, arrangement, title, alt):
    root = ElementTree.fromstring(drawn)
    key = "p" + sha256(f"{arrangement} {drawn}".encode()).hexdigest()[:6]
    inside = "".join(_element(child, key) for child in root)
    width, height = (float(n) for n in root.get("viewBox").split()[2:])
    return on_squares(arrangement, f"0 0 {width:g} {height:g}", title, alt, inside, SQUARE)


def _element(element, key):
    """Return an element of Matplotlib's as the page has it: no style, no id but a marker's."""
    tag = element.tag.removeprefix(SVG)
    if tag in ("metadata", "style", "clipPath") or element.get("id") == "patch_1":
        return ""  # the first patch is the sheet itself
    style = dict(
        part.strip().split(": ", 1) for part in element.get("style", "").split(";") if part.strip()
    )
    if tag == "text":
        return _text(element, style)
    inside = "".join(_element(child, key) for child in element)
    if tag in ("g", "defs"):
        return inside if tag == "g" else inside and f"<defs>{inside}</defs>"
    attributes = {name: style[name] for name in SHOWN if name in style}
    for name in {"fill", "stroke"} & set(attributes):
        attributes[name] = _paint(attributes[name])
    attributes |= {name: style[name] for name in OPACITY if style.get(name, "1") != "1"}
    if tag == "path":
        attributes["d"] = _short(element.get("d"))
        if element.get("id"):  # a marker; who uses it says how it is painted
            attributes = {"id": key + element.get("id"), "d": attributes["d"]}
        elif attributes.get("fill") == "none" and "stroke" not in attributes:
            return ""
    elif tag == "use":
        attributes["href"] = f"#{key}{element.get(LINK)[1:]}"
        attributes |= {name: _short(element.get(name)) for name in "xy"}
    else:
        raise ValueError(f"draw must not make an SVG element {tag}: it is not known here")
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<{tag} {written}/>"


def _text(element, style):
    size = float(re.search(r"([\d.]+)px", style.get("font", style.get("font-size", "13px")))[1])
    name = _name(style.get("fill", COLOURS["ink"][1]))
    kind = "note" if name == "soft" else name if name in KINDS else ""
    classes = ["heading" if size > 15 else "", style.get("text-anchor", "start"), kind]
    turned = re.match(r"rotate\((-?[\d.]+)", element.get("transform", "rotate(0"))
    turn = f' transform="{_short(element.get("transform"))}"' if float(turned[1]) else ""
    place = f'x="{_short(element.get("x"))}" y="{_short(element.get("y"))}"{turn}'
    words = html.escape("".join(element.itertext()), quote=False)
    return f'<text class="{" ".join(filter(None, classes))}" {place}>{words}</text>'


def _name(value):
    if value not in NAMES:
        raise ValueError(f"draw must take its colours from colour(name), got {value}")
    return NAMES[value]


def _paint(value):
    return value if value == "none" else f"var({COLOURS[_name(value)][0]})"


def _short(text):
    """Return numbers with one decimal, and as few blanks as a path needs."""
    text = NUMBER.sub(lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), text)
    return re.sub(r"\s*([MLCQz])\s*", r"\1", text).strip()
