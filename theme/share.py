"""What a shared link shows: a picture per lesson, its pictogram on squared paper."""

import io
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from theme.cache import digest, remember
from theme.fonts import FACES, open_font
from theme.stylesheet import colour

WIDTH, HEIGHT = 1200, 630  # what Open Graph readers expect
MARGIN = 90
SQUARE = 34
COLUMNS, ROWS = 30, 9
TOP = HEIGHT - MARGIN - ROWS * SQUARE  # of the sheet
BLOCK = re.compile(
    r'<g class="(?P<kind>[\w-]+)[^"]*" transform="translate\((?P<x>[\d.]+) (?P<y>[\d.]+)\)">'
    r'<rect[^>]*? width="(?P<width>[\d.]+)" height="(?P<height>[\d.]+)"'
)
SIGN = re.compile(r'<text x="(?P<x>[\d.]+)"[^>]*>(?P<sign>[^<]+)</text>')
ARROW = re.compile(r'<path class="then" d="M(?P<x>[\d.]+) (?P<y>[\d.]+)h(?P<length>[\d.]+)')
FRAME = re.compile(r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
HEAVY = ("trainable", "new")


class Picture(NamedTuple):
    """A share picture: its address below the site's root, what it shows, its size."""

    uri: str
    alt: str
    width: int = WIDTH
    height: int = HEIGHT


def read_blocks(drawing):
    """Return the blocks of a pictogram or of the mark as (kind, x, y, width, height).

    Args:
        drawing: SVG in which each block is a group, named for its kind and moved to its place, that
            begins with its outline.
    """
    return [
        (block["kind"], *(float(block[name]) for name in ("x", "y", "width", "height")))
        for block in BLOCK.finditer(drawing)
    ]


@lru_cache
def _font_file(slug):
    file = io.BytesIO()
    open_font(next(face for face in FACES if face.slug == slug)).save(file)
    return file.getvalue()


@lru_cache
def _font(slug, size):
    from PIL import ImageFont  # pictures are drawn once and kept; most builds need no Pillow

    return ImageFont.truetype(io.BytesIO(_font_file(slug)), size)


def _draw_sheet(draw, css):
    right, bottom = MARGIN + COLUMNS * SQUARE, TOP + ROWS * SQUARE
    draw.rectangle((MARGIN, TOP, right, bottom), fill=colour(css, "sheet"))
    for x in range(MARGIN, right + 1, SQUARE):
        draw.line((x, TOP, x, bottom), fill=colour(css, "square"), width=2)
    for y in range(TOP, bottom + 1, SQUARE):
        draw.line((MARGIN, y, right, y), fill=colour(css, "square"), width=2)
    draw.rectangle((MARGIN, TOP, right, bottom), outline=colour(css, "line"), width=2)


def _draw_block(image, css, kind, box):
    """Draw one block: hatched if frozen, heavy if it learns, dashed if it is a change."""
    width, height = box[2] - box[0], box[3] - box[1]
    try:
        fill, line = colour(css, f"{kind}-fill"), colour(css, f"{kind}-line")
    except ValueError:  # a pretrained matrix has the colours of paper and ink
        fill, line = colour(css, "sheet"), colour(css, "ink")
    from PIL import Image, ImageDraw

    block = Image.new("RGB", (width, height), fill)
    draw = ImageDraw.Draw(block)
    if kind == "frozen":
        for x in range(-height, width, 17):
            draw.line((x, height, x + height, 0), colour(css, "frozen-hatch"), 3)
    draw.rectangle((0, 0, width - 1, height - 1), outline=line, width=8 if kind in HEAVY else 4)
    if kind == "delta":
        for gap in range(14, max(width, height), 24):
            for dash in (
                (gap, 0, gap + 9, 3),
                (gap, height - 4, gap + 9, height),
                (0, gap, 3, gap + 9),
                (width - 4, gap, width, gap + 9),
            ):
                draw.rectangle(dash, fill=fill)
    image.paste(block, box[:2])


def _draw_drawing(image, draw, css, drawing):
    frame = FRAME.search(drawing)
    if frame is None:
        raise ValueError(f"a drawing must begin at 0 0 and say its size, got {drawing[:80]!r}")
    wide, high = float(frame["width"]), float(frame["height"])
    scale = min((ROWS - 1) * SQUARE / high, (COLUMNS - 2) * SQUARE / wide)
    left, top = MARGIN + SQUARE, TOP + (ROWS * SQUARE - scale * high) / 2
    for kind, x, y, width, height in read_blocks(drawing):
        corners = (
            left + x * scale,
            top + y * scale,
            left + (x + width) * scale,
            top + (y + height) * scale,
        )
        _draw_block(image, css, kind, tuple(map(round, corners)))
    for sign in SIGN.finditer(drawing):
        draw.text(
            (left + float(sign["x"]) * scale, TOP + ROWS * SQUARE / 2),
            sign["sign"],
            font=_font("serif", 70),
            fill=colour(css, "ink"),
            anchor="mm",
        )
    for arrow in ARROW.finditer(drawing):
        start, y = left + float(arrow["x"]) * scale, TOP + ROWS * SQUARE / 2
        end = start + float(arrow["length"]) * scale
        draw.line(((start, y), (end, y)), colour(css, "ink"), 5)
        draw.line(((end - 18, y - 18), (end, y), (end - 18, y + 18)), colour(css, "ink"), 5)


def draw_picture(title, line, site_name, css, drawing):
    """Return a share picture as PNG.

    Args:
        title: set large; it is made smaller until it fits on one line.
        line: at the right of the site's name, such as "Fine-Tuning · 4 of 8".
        site_name: above the title.
        css: the stylesheet with the colours.
        drawing: SVG of a pictogram or of the mark.
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), colour(css, "paper"))
    draw = ImageDraw.Draw(image)
    _draw_sheet(draw, css)
    _draw_drawing(image, draw, css, drawing)
    draw.text(
        (MARGIN, 80), site_name, font=_font("serif-bold", 32), fill=colour(css, "ink"), anchor="ls"
    )
    draw.text(
        (WIDTH - MARGIN, 80), line, font=_font("sans", 30), fill=colour(css, "soft"), anchor="rs"
    )
    heading = _font("serif-bold", 88)
    while draw.textlength(title, font=heading) > WIDTH - 2 * MARGIN:
        heading = heading.font_variant(size=heading.size - 2)
    draw.text((MARGIN - 4, 188), title, font=heading, fill=colour(css, "ink"), anchor="ls")
    file = io.BytesIO()
    image.quantize(96, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def make_picture(title, line, site_name, css, drawing, cache):
    """Return (Picture, PNG bytes), from the folder `cache` where it was drawn before."""
    parts = (title, line, site_name, css, drawing)
    recipe = digest(*parts, Path(__file__).read_bytes())
    content = remember(cache, f"{recipe}.png", lambda: draw_picture(*parts))
    kinds = [kind for kind, *_ in read_blocks(drawing)]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    words = f"{title}. {line}. " if line else f"{title}. "
    alt = f"{words}Below, blocks on squared paper: {counted}."
    return Picture(f"assets/share/{recipe}.png", alt), content
