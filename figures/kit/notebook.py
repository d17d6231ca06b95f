"""Figures in a notebook: pictures that bring their colours, for a light screen and for a dark one.

A drawing as an image shows before a notebook is run or trusted, and nothing of it can touch the
notebook's own looks. Colours and lines come from the stylesheets of the site.
"""

import os
import re
import sys
from base64 import b64encode
from functools import lru_cache
from html import escape, unescape
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STYLESHEETS = ("docs/assets/stylesheets/tokens.css", "docs/assets/stylesheets/figures.css")

TAG = re.compile(r"<svg\b([^>]*)>|</svg>")
ANY_TAG = re.compile(r"<script\b.*?</script>|<(/?)([a-zA-Z][\w-]*)([^>]*)>", re.S)
VOID = {"br", "hr", "img", "input", "wbr"}
NEEDS = re.compile(r'class="[^"]*\bneeds-(?:script|site)\b')  # a script, or the site's stylesheet
VIEW = re.compile(r'viewBox="(\S+) (\S+) (\S+) (\S+)"')
SCALE = 1.15  # of a drawing's natural size, where the notebook is wide enough

# The site's fonts are not here. The first two are the same under their own names; the third, which
# every system has or has the like of, gets their width: theme/fonts.py measures it.
STAND_INS = (  # CSS variable, weight, style, local fonts, width in percent
    ("serif", 400, "normal", ("Times New Roman", "Liberation Serif"), 110.63),
    ("serif", 600, "normal", ("Times New Roman Bold", "Liberation Serif Bold"), 105.96),
    ("serif", 400, "italic", ("Times New Roman Italic", "Liberation Serif Italic"), 102.96),
    ("sans", 400, "normal", ("Arial", "Liberation Sans"), 94.2),
    ("sans", 600, "normal", ("Arial Bold", "Liberation Sans Bold"), 89.86),
)
FONTS = (
    ':root{--serif:"Source Serif 4","Source Serif Pro",stand-in-serif,serif;'
    '--sans:"Source Sans 3","Source Sans Pro",stand-in-sans,sans-serif}'
)
# A notebook's scheme need not be the system's: JupyterLab, VS Code and Colab name theirs like this.
SCHEME = (
    "<style>.drawn{color-scheme:light}"
    ':is([data-jp-theme-light="false"],.vscode-dark,html[theme="dark"]) .drawn{color-scheme:dark}'
    "</style>"
)
FIGURE = "margin-left: 0; margin-right: 0"
CAPTION = "margin-top: 6px"
FRAME = "border-radius: 6px; max-width: 100%"


class Drawing(NamedTuple):
    """An <svg> of some HTML: where it stands, and what it holds; it may hold others."""

    start: int
    end: int
    attributes: str
    inside: str

    @property
    def classes(self):
        found = re.search(r'\bclass="([^"]*)"', self.attributes)
        return set(found[1].split()) if found else set()


def start():
    """Draw figures as pictures from here on, and read data/ from where the pages read it.

    A notebook's first cell calls this.
    """
    os.chdir(ROOT)
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        display = shell.display_formatter
        display.mimebundle_formatter.for_type(object, show)
        display.formatters["text/plain"].max_width = 10_000  # a value on one line, as on the page


def show(value):
    """Return what a notebook shows of a figure, {type: text}; of any other value what it says."""
    kind = type(value)
    if kind.__module__.partition(".")[0] == __package__.partition(".")[0] and hasattr(
        kind, "_repr_html_"
    ):
        html = value._repr_html_()
        return {"text/html": as_picture(html), "text/plain": as_words(html)}
    own = getattr(kind, "_repr_mimebundle_", None)
    return own(value) if own else None


def as_picture(html):
    """Return a figure's HTML with each drawing as an image; only its wide arrangement, if any.

    Args:
        html: what _repr_html_ gives, or SVG alone.

    Returns:
        HTML that needs no stylesheet; `html` itself, if it holds no drawing.
    """
    if "<by-hand-" in html:
        html = without_controls(html)
    drawings = list(_drawings(html))
    if not drawings:
        return html
    frame = re.search(r'<figure\b[^>]*\bclass="([^"]*)"', html)
    store = "".join(d.inside for d in drawings if "store" in d.classes)
    unseen = {"store", "narrow"} if any("wide" in d.classes for d in drawings) else {"store"}
    for drawing in reversed(drawings):
        seen = unseen.isdisjoint(drawing.classes)
        image = _image(drawing, store, frame[1] if frame else "") if seen else ""
        html = html[: drawing.start] + image + html[drawing.end :]
    html = re.sub(r"<figure\b[^>]*>", f'<figure style="{FIGURE}">', html)
    return SCHEME + html.replace("<figcaption>", f'<figcaption style="{CAPTION}">')


def as_words(html):
    """Return what the drawings of a figure show, in words; the text of one that has none."""
    html = without_controls(html) if "<by-hand-" in html else html
    said = []
    for drawing in _drawings(html):
        parts = re.findall(r"<(title|desc)>(.*?)</\1>", drawing.inside, re.S)
        words = ". ".join(unescape(text).strip(" .") for _, text in parts)
        if words and f"{words}." not in said:
            said.append(f"{words}.")
    return "\n".join(said) or " ".join(unescape(re.sub("<[^>]*>", " ", html)).split())


@lru_cache
def without_controls(html):
    """Return a figure one can touch as one to read: no controls, no data for a script."""
    kept, start, depth = [], 0, 0
    for tag in ANY_TAG.finditer(html):
        closing, name, attributes = tag.groups()
        if depth:
            if name and name not in VOID and not attributes.endswith("/"):
                depth += -1 if closing else 1
                start = tag.end()
        elif name is None or NEEDS.search(attributes):  # None: a whole script
            kept.append(html[start : tag.start()])
            start = tag.end()
            depth = int(name not in (None, *VOID))
    return "".join([*kept, html[start:]])


def _drawings(html):
    """Yield each Drawing that stands in no other."""
    depth = start = 0
    for tag in TAG.finditer(html):
        if tag[0] != "</svg>":
            if depth == 0:
                start = tag
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                yield Drawing(start.start(), tag.end(), start[1], html[start.end() : tag.start()])


def _image(drawing, store, frame):
    """Return an <img> that holds the drawing as an SVG file of its own."""
    inside = drawing.inside
    x, y, width, height = VIEW.search(drawing.attributes).groups()
    sheet = f'x="{x}" y="{y}" width="{width}" height="{height}" rx="6"'
    kind = " ".join(sorted(drawing.classes - {"wide", "narrow"}))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}"'
        f' width="{width}" height="{height}"><style>{_style()}</style><defs>{store}</defs>'
        f'<rect {sheet} fill="var(--sheet)"/>'
        f'<g class="{frame}"><g class="sheet"><g class="{kind}">{inside}</g></g></g>'
        f'<rect {sheet} fill="none" stroke="var(--line)" stroke-width="2"/></svg>'
    )
    source = b64encode(svg.encode()).decode()
    told = re.findall(r"<desc>(.*?)</desc>", inside, re.S)
    told += re.findall(r'\baria-label="([^"]*)"', drawing.attributes)
    alt = escape(unescape(told[0])) if told else ""
    return (
        f'<img class="drawn" alt="{alt}" width="{float(width) * SCALE:.0f}" style="{FRAME}"'
        f' src="data:image/svg+xml;base64,{source}">'
    )


def _stand_ins():
    rules = []
    for name, weight, style, fonts, width in STAND_INS:
        local = ",".join(f'local("{font}")' for font in fonts)
        rules.append(
            f"@font-face{{font-family:stand-in-{name};font-weight:{weight};font-style:{style};"
            f"src:{local};size-adjust:{width}%}}"
        )
    return "".join(rules)


@lru_cache
def _style():
    """The stylesheets as one, for a drawing alone: the dark colours follow the screen."""
    tokens, rules = ((ROOT / name).read_text(encoding="utf-8") for name in STYLESHEETS)
    light, dark = (
        re.search(rf'\[data-md-color-scheme="{scheme}"\]\s*\{{([^}}]*)\}}', tokens)[1]
        for scheme in ("default", "slate")
    )
    dark = f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
    css = f"{_stand_ins()}{FONTS}:root{{{light}}}{dark}{rules}"
    css = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
    css = re.sub(r"\s*([{};,])\s*", r"\1", css).replace(";}", "}")
    return escape(re.sub(r"(?<=[\w-]): (?=[^{}]*[;}])", ":", css), quote=False)
