"""The site's fonts: cut from the declared packages down to the characters that the pages use.

Serif and sans are Adobe's Source Serif Pro and Source Sans Pro, mathematics is STIX Two Math; all
three are under the SIL Open Font License. It reserves the name "Source" for the originals, so ours
are called Hand Serif, Hand Sans and Hand Math.
"""

import io
import re
import string
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import fontTools
from fontTools.ttLib import TTFont

from theme.cache import digest, remember
from theme.markup import UNSPOKEN, text_of

# In every text face whatever the pages say, so that no usual word can fall out of it.
ALWAYS = set(string.ascii_letters + string.digits + " .,:;!?'()-–’“”·×−+=/%")
ALWAYS_BOLD = set(string.ascii_letters + string.digits + " .,:;!?()'-–+=%/")
ALWAYS_ITALIC = set(string.ascii_letters + string.digits + " .,()-’−+=")
KERNED = string.ascii_letters + ".,'’-"  # other pairs are rare, and their distances heavy
PRIMES = "′″‴"
MATH = re.compile(r"<math\b.*?</math>", re.S)
SYMBOL = re.compile(r"<mi>([^<]+)</mi>")
ITALICS = (("A", "Z", "𝐴"), ("a", "z", "𝑎"), ("Α", "Ω", "𝛢"), ("α", "ω", "𝛼"))
DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)
TOLD = re.compile(r"<(title|desc)\b.*?</\1>", re.S)
BOLD = re.compile(r"<(h[1-6]|strong|b|th|dt|summary|button)\b[^>]*>(.*?)</\1>", re.S)
VALUE = re.compile(r'<span class="value"[^>]*>(.*?)</span>', re.S)
ITALIC = re.compile(r"<(em|i|cite|dfn|var)\b[^>]*>(.*?)</\1>", re.S)

# The standard widths, in thousandths, of the letters of the fonts that stand in until ours are
# here: Times New Roman, Arial and all that are made to their measure. Source: Adobe, Core 14 AFM.
SAMPLE = "aaabcdeeeefghiijklmnnoopqrrssttuvwxyz      "  # as often as English has them
LETTERS = string.ascii_lowercase + " "


def _widths(text):
    return dict(zip(LETTERS, map(int, text.split()), strict=True))


TIMES = _widths(
    "444 500 444 500 444 333 500 500 278 278 500 278 778 500 "
    "500 500 500 333 389 278 500 500 722 500 500 444 250"
)
TIMES_BOLD = _widths(
    "500 556 444 556 444 333 500 556 278 333 556 278 833 556 "
    "500 556 556 444 389 333 556 500 722 500 500 444 250"
)
TIMES_ITALIC = _widths(
    "500 500 444 500 444 278 500 500 278 278 444 278 722 500 "
    "500 500 500 389 389 278 500 444 667 444 444 389 250"
)
ARIAL = _widths(
    "556 556 500 556 556 278 556 556 222 222 500 222 833 556 "
    "556 556 556 333 500 278 556 500 722 500 500 500 278"
)
ARIAL_BOLD = _widths(
    "556 611 556 611 556 333 611 611 278 278 556 278 889 611 "
    "611 611 611 389 556 333 611 556 778 556 556 500 278"
)


class Face(NamedTuple):
    """One font file: `slug` begins its name; `stands_in` are local fonts and their widths.

    `display` is CSS's font-display. Where our text faces come late, the page stays in what stands
    in for them: nothing moves under a reader's eyes. A formula is right only in its own font.
    """

    slug: str
    family: str
    weight: int
    style: str
    package: str
    source: str
    stands_in: tuple = ()
    display: str = "optional"


FACES = (
    Face(
        "serif",
        "Hand Serif",
        400,
        "normal",
        "font_source_serif_pro",
        "files/SourceSerifPro-Regular.ttf",
        (("Times New Roman", "Liberation Serif"), TIMES),
    ),
    Face(
        "serif-bold",
        "Hand Serif",
        600,
        "normal",
        "font_source_serif_pro",
        "files/SourceSerifPro-Semibold.ttf",
        (("Times New Roman Bold", "Liberation Serif Bold"), TIMES_BOLD),
    ),
    Face(
        "serif-italic",
        "Hand Serif",
        400,
        "italic",
        "font_source_serif_pro",
        "files/SourceSerifPro-It.ttf",
        (("Times New Roman Italic", "Liberation Serif Italic"), TIMES_ITALIC),
    ),
    Face(
        "sans",
        "Hand Sans",
        400,
        "normal",
        "font_source_sans_pro",
        "files/SourceSansPro-Regular.ttf",
        (("Arial", "Liberation Sans"), ARIAL),
    ),
    Face(
        "sans-bold",
        "Hand Sans",
        600,
        "normal",
        "font_source_sans_pro",
        "files/SourceSansPro-Semibold.ttf",
        (("Arial Bold", "Liberation Sans Bold"), ARIAL_BOLD),
    ),
    Face(
        "math",
        "Hand Math",
        400,
        "normal",
        "ziamath",
        "fonts/STIXTwoMath-Regular.ttf",
        display="swap",
    ),
)


def font_path(face):
    """Return where a face's original lies, in its package.

    Raises:
        ValueError: the package isn't installed.
    """
    spec = find_spec(face.package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"package {face.package} must be installed, see requirements.in")
    return Path(spec.submodule_search_locations[0]) / face.source


def open_font(face):
    """Return a face's original as a TTFont.

    The Source packages mark many composed glyphs (½, %, most digits) as taking the width of one
    of their parts, which is not so; FreeType then misplaces them. The mark is taken off.
    """
    from fontTools.ttLib.tables._g_l_y_f import USE_MY_METRICS

    font = TTFont(font_path(face))
    for name in font.getGlyphOrder() if "glyf" in font else ():
        for part in getattr(font["glyf"][name], "components", ()):
            part.flags &= ~USE_MY_METRICS
    return font


def use_script_primes(font):
    """Let primes be drawn in STIX's form for superscripts, the only place where formulas have them.

    The plain form is tiny there. Browsers would choose by the feature ssty, but not all of them do.
    """
    drawn = font.getBestCmap()
    forms = {ord(prime): drawn[ord(prime)] + ".ssty" for prime in PRIMES}
    for table in font["cmap"].tables:
        table.cmap.update({code: form for code, form in forms.items() if code in table.cmap})


def _set(found):
    """Return the character in which browsers set a formula's symbol that is one letter.

    Source: MathML Core, the text transform math-auto.
    """
    symbol = text_of(found[1])
    for first, last, start in ITALICS:
        if len(symbol) == 1 and first <= symbol <= last:
            return "ℎ" if symbol == "h" else chr(ord(start) + ord(symbol) - ord(first))
    return symbol


def characters(pages, interface):
    """Return {slug: the characters that its face must draw}.

    Args:
        pages: the HTML of every page's content.
        interface: what the templates say, in whatever markup.
    """
    text, bold = set(interface), set(interface)
    italic: set[str] = set()
    math: set[str] = set()
    for html in pages:
        formulas = (SYMBOL.sub(_set, formula) for formula in MATH.findall(html))
        math.update(*map(text_of, formulas))
        shown = MATH.sub(" ", html)
        drawn = "".join(text_of(TOLD.sub("", drawing)) for drawing in DRAWING.findall(shown))
        prose = UNSPOKEN.sub(" ", shown)
        text.update(text_of(prose), drawn)
        heavy = [match[1] for match in BOLD.findall(prose)] + VALUE.findall(prose)
        bold.update(drawn, *map(text_of, heavy))
        italic.update(drawn, *(text_of(match[1]) for match in ITALIC.findall(prose)))
    wanted = {
        "serif": ALWAYS | text,
        "sans": ALWAYS | text,
        "serif-bold": ALWAYS_BOLD | bold,
        "sans-bold": ALWAYS_BOLD | bold,
        "serif-italic": ALWAYS_ITALIC | italic,
        "math": math - {" "},
    }
    return {slug: {c for c in found if c.isprintable()} for slug, found in wanted.items()}


def covered(face, wanted):
    """Return those of the characters that a face can draw."""
    with TTFont(font_path(face), lazy=True) as font:
        return {c for c in wanted if ord(c) in font.getBestCmap()}


def cut(face, wanted):
    """Return a woff2 file of a face with only the characters wanted, under the face's new name.

    Math keeps its MATH table, and with it the larger brackets and roots of the characters wanted.
    """
    from fontTools import subset  # slow to import, and seldom needed: see cut_cached

    options = subset.Options()
    options.flavor = "woff2"
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 14]
    options.drop_tables += ["DSIG", "GDEF"]
    features = {"math": [], "serif-italic": ["liga"], "sans": ["liga"], "sans-bold": ["liga"]}
    options.layout_features = features.get(face.slug, ["kern", "liga"])
    font = open_font(face)
    if face.slug == "math":
        use_script_primes(font)
    _cut(font, options, wanted)
    if face.slug != "math" and "GPOS" in font:
        kerned = deepcopy(font)
        _cut(kerned, options, KERNED)
        font["GPOS"] = kerned["GPOS"]
    for record in font["name"].names:
        if record.nameID == 1:
            record.string = face.family
    file = io.BytesIO()
    subset.save_font(font, file, options)
    return file.getvalue()


def _cut(font, options, wanted):
    from fontTools import subset

    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(wanted)))
    cutter.subset(font)


def cut_cached(face, wanted, cache):
    """Return what `cut` returns, from the folder `cache` where it was made before."""
    recipe = digest(
        font_path(face).read_bytes(),
        "".join(sorted(wanted)),
        face,
        fontTools.version,
        Path(__file__).read_bytes(),
    )
    return remember(cache, f"{face.slug}.{recipe}.woff2", lambda: cut(face, wanted))


def average_width(widths):
    """Return the mean width of English text from {letter: width}."""
    return sum(widths[c] for c in SAMPLE) / len(SAMPLE)


def stand_in_metrics(face):
    """Return the size-adjust, ascent, descent and line gap, in percent, for a face's stand-in.

    Text set in the stand-in is then as wide, on average, and as high as in ours.
    Source: CSS Fonts Level 5, section 4; the sample of letters is that of Next.js.
    """
    with TTFont(font_path(face), lazy=True) as font:
        unit, glyphs, head = font["head"].unitsPerEm, font.getBestCmap(), font["hhea"]
        ours = {c: font["hmtx"][glyphs[ord(c)]][0] / unit * 1000 for c in LETTERS}
        heights = head.ascent / unit, -head.descent / unit, head.lineGap / unit
    scale = average_width(ours) / average_width(face.stands_in[1])
    return (scale * 100, *(height / scale * 100 for height in heights))


def _percent(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def font_rules(names, in_italic=frozenset()):
    """Return the @font-face rules: those for text, and those for formulas, which can come later.

    Args:
        names: {slug: file name}, beside the stylesheet in ../fonts/.
        in_italic: characters drawn beside italics that the italic lacks; the upright lends them.
    """
    text: list[str] = []
    formulas: list[str] = []
    for face in FACES:
        rules = text if face.stands_in else formulas
        lent = in_italic if face.style == "italic" else ()
        rules += _rules_of_face(face, face.family, face.display, names, lent)
        if face.stands_in:
            formulas += _rules_of_face(face, f"{face.family} Drawn", "swap", names, lent)
            size, ascent, descent, gap = map(_percent, stand_in_metrics(face))
            local = ",".join(f"local('{name}')" for name in face.stands_in[0])
            rules.append(
                f"@font-face{{font-family:'{face.family} Fallback';"
                f"font-weight:{face.weight};font-style:{face.style};src:{local};"
                f"size-adjust:{size};ascent-override:{ascent};"
                f"descent-override:{descent};line-gap-override:{gap}}}"
            )
    return "\n".join(text), "\n".join(formulas)


def _rules_of_face(face, family, display, names, lent):
    described = f"font-weight:{face.weight};font-style:{face.style};font-display:{display}"
    files = [(face.slug, "")]
    if lent:
        ranges = ",".join(f"U+{ord(c):X}" for c in sorted(lent))
        files.append(("serif", f";unicode-range:{ranges}"))
    return [
        f"@font-face{{font-family:'{family}';{described};"
        f"src:url(../fonts/{names[slug]}) format('woff2'){only}}}"
        for slug, only in files
    ]


def licence():
    """Return the text that must go with the fonts: who made them, and the licence itself."""
    notices = []
    for package in dict.fromkeys(face.package for face in FACES):
        face = next(face for face in FACES if face.package == package)
        with TTFont(font_path(face), lazy=True) as font:
            notices.append(f"{face.family}: {font['name'].getDebugName(0)}")
    return "\n".join(notices) + "\n\n" + Path(__file__).with_name("OFL.txt").read_text("utf-8")


class Fonts(NamedTuple):
    """{file name: bytes}; the two of `font_rules`; names of the files that a page wants first."""

    files: dict
    text: str
    formulas: str
    preload: list


def make_fonts(pages, interface, cache):
    """Return the Fonts of a site; see `characters`."""
    wanted = characters(pages, interface)
    able = {face.slug: covered(face, wanted[face.slug]) for face in FACES}
    lent = covered(FACES[0], wanted["serif-italic"] - able["serif-italic"])
    able["serif"] |= lent
    files, names = {}, {}
    for face in FACES:
        content = cut_cached(face, able[face.slug], cache)
        names[face.slug] = f"{face.slug}.{digest(content)}.woff2"
        files[names[face.slug]] = content
    sources = (font_path(face).read_bytes() for face in FACES)
    name = f"OFL.{digest(*sources, Path(__file__).read_bytes())}.txt"
    files["OFL.txt"] = remember(cache, name, lambda: licence().encode())
    preload = [names[face.slug] for face in FACES if face.stands_in]
    text, formulas = font_rules(names, lent)
    return Fonts(files, text, formulas, preload)
