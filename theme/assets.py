"""The site's fonts, scripts, stylesheets and share pictures, and what the templates ask for."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from mkdocs.exceptions import ConfigurationError
from mkdocs.structure.files import File

from theme import lessons, markup, policy, scripts, share, stylesheet
from theme.cache import digest
from theme.fonts import make_fonts

TEMPLATES = Path(__file__).with_name("templates")
CACHE = TEMPLATES.parents[1] / ".cache"
JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
FIRST = 2  # of the stylesheets stand in every page
INSTRUMENTS = "assets/stylesheets/instruments/"  # rules that only pages with an instrument load
INSTRUMENT = "by-hand-"  # how the names of its elements begin, and of the modules that make them
APART = "side-by-side"  # an instrument of one page alone: in files of its own, beside the others'
APART_RULES = (APART, "series")
SCHEME = "assets/javascripts/scheme.js"  # stands in every page and runs before it is drawn
WAIT = ";"  # a script in the page, and so what follows it, waits for the stylesheets before it
UNUSED = ("assets/javascripts/lunr/", "assets/images/favicon")
NOT_SENT = (".css", ".map")  # as they are


class _Site:
    """What is known between `take` and `finish`."""

    def __init__(self):
        self.styles = []
        self.given = {}  # what the templates ask for


site = _Site()


def take(files, config):
    """Read the stylesheets and the scripts, and leave out what no page loads.

    Raises:
        ConfigurationError: one is not there, or a module can't be put together with others.
    """
    site.styles = [_read(files, uri, "extra_css") for uri in config.extra_css]
    rules = {f.name: f.content_string for f in files if f.src_uri.startswith(INSTRUMENTS)}
    apart = [rules.pop(name) for name in APART_RULES if name in rules]
    scheme = _read(files, SCHEME, "the theme")
    on_every_page = [str(uri) for uri in config.extra_javascript]
    for uri in on_every_page:
        _read(files, uri, "extra_javascript")
    ours = [f for f in files.javascript_files() if f.src_dir == config.docs_dir]
    modules = {f"{f.name}.js": f.content_string for f in ours}
    touched = sorted(name for name in modules if name.startswith(INSTRUMENT))
    alone = [name for name in touched if name == f"{INSTRUMENT}{APART}.js"]
    bundles = {
        "site": [Path(uri).name for uri in on_every_page],
        "instruments": [name for name in touched if name not in alone],
        APART: alone,
    }
    try:
        made = scripts.put_together(modules, bundles, upon=[(APART, "instruments")])
    except ValueError as error:
        raise ConfigurationError(f"{config.docs_dir}: {error}") from error
    for file in list(files):
        if file in ours or file.src_uri.startswith(UNUSED) or file.src_uri.endswith(NOT_SENT):
            files.remove(file)
    addresses = {
        name: _asset(files, config, f"assets/javascripts/{file}", script)
        for name, (file, script) in made.items()
    }
    site.given = {
        "scheme": scripts.minify(scheme),
        "script": addresses["site"],
        "instruments": {
            "script": addresses["instruments"],
            "style": _style(files, config, "instruments", rules.values()),
        },
        "apart": {"script": addresses[APART], "style": _style(files, config, APART, apart)},
    }


def _read(files, uri, where):
    file = files.get_file_from_path(uri)
    if file is None:
        raise ConfigurationError(f"{where}: {uri}: no such file in docs/")
    return file.content_string


def _style(files, config, name, sheets):
    """Add some stylesheets as one file; return its address."""
    css = stylesheet.join(*sheets)
    return _asset(files, config, f"assets/stylesheets/{name}.{digest(css)}.css", css)


def _asset(files, config, uri, content):
    """Add a file that the build made; return its address from the site's root."""
    files.append(File.generated(config, uri, content=content))
    return uri


def _picture(files, config, title, line, name, drawing):
    """Draw what a shared link shows; add it to the files."""
    css = site.styles[0]
    picture, content = share.make_picture(title, line, name, css, drawing, CACHE / "share")
    _asset(files, config, picture.uri, content)
    return picture


def _pictures(files, config, places, drawings):
    """Return {source file: Picture} for lessons that have a pictogram, and one for the rest."""
    found = {}
    for uri, place in places.items():
        drawing = drawings["pictograms"].get(place.page.file.name)
        if drawing is None:
            continue
        line = f"{place.series.title} · {place.number} of {place.count}"
        found[uri] = _picture(files, config, place.page.title, line, config.site_name, drawing)
    motto = "Every number on the page is computed"
    return found, _picture(files, config, config.site_name, "", motto, drawings["mark"])


def finish(files, config, all_series, homepage, drawings, serving):
    """Add to the files what depends on every page; return what the templates ask for.

    Args:
        files, config: MkDocs'; every page has its content.
        all_series: from lessons.find_series.
        homepage: the page where each breadcrumb starts.
        drawings: has mark, favicon and pictograms: SVG; the last by the name of a lesson.
        serving: whether a person is watching.
    """
    places = lessons.find_places(all_series)
    pages = [file.page for file in files.documentation_pages()]
    contents = [page.content or "" for page in pages]
    templates = [path.read_text("utf-8") for path in TEMPLATES.rglob("*.*")]
    said = [page.title or "" for page in pages] + [config.site_name, config.copyright or ""]
    interface = "".join([*(markup.text_of(JINJA.sub(" ", t)) for t in templates), *said])

    fonts = make_fonts(contents, interface, CACHE / "fonts")
    for name, content in fonts.files.items():
        _asset(files, config, f"assets/fonts/{name}", content)
    colours = site.styles[0]
    _asset(files, config, "assets/images/mark.svg", drawings["favicon"])
    pictures, any_picture = _pictures(files, config, places, drawings)

    material = [f for f in files.javascript_files() if not f.generated_by]
    first, rest = site.styles[1:FIRST], site.styles[FIRST:]
    allow = partial(policy.allow_inline, config.extra["security_policy"], is_watched=serving)
    return site.given | {
        "policy": allow,
        "first_rules": stylesheet.join(stylesheet.follow_system(colours), *first, fonts.text),
        "first_words": markup.first_words,
        "stylesheet": _style(files, config, "site", [fonts.formulas, *rest]),
        "wait": WAIT,
        "has_instruments": lambda page: f"<{INSTRUMENT}" in ((page and page.content) or ""),
        "has_apart": lambda page: f"<{INSTRUMENT}{APART}" in ((page and page.content) or ""),
        "preload": [f"assets/fonts/{name}" for name in fonts.preload],
        "scripts": {f.name.split(".")[0]: f.src_uri for f in material},
        "paper": {s: stylesheet.colour(colours, "paper", s) for s in ("default", "slate")},
        "share_picture": lambda page: pictures.get(page and page.file.src_uri, any_picture),
        "all_series": all_series,
        "place_of": lambda page: places.get(page and page.file.src_uri),
        "mark": drawings["mark"],
        "nearby": lessons.nearby,
        "trail": lambda page: lessons.find_trail(page, homepage),
    }
