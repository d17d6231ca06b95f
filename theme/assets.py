"""The site's fonts, scripts, stylesheets and share pictures, and what the templates ask for."""

from __future__ import annotations

import re
from pathlib import Path

import rcssmin
from mkdocs.exceptions import ConfigurationError
from mkdocs.structure.files import File

from theme import lessons, markup, scripts, share, stylesheet
from theme.cache import digest, remember
from theme.fonts import make_fonts

TEMPLATES = Path(__file__).with_name("templates")
CACHE = TEMPLATES.parents[1] / ".cache"
JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
INSTRUMENTS = "assets/stylesheets/instruments/"  # rules that only pages with an instrument load
INSTRUMENT = re.compile(r"<(by-hand-[a-z-]+)")  # its element; by-hand-x is made by by-hand-x.js
SCHEME = "assets/javascripts/scheme.js"
UNUSED = ("assets/javascripts/lunr/", "assets/images/favicon")


class _Site:
    """What is known between `take` and `finish`."""

    def __init__(self):
        self.material = ""
        self.styles = []
        self.rules = {}
        self.modules = {}
        self.script = ""
        self.joined = {}


site = _Site()


def take(files, config):
    """Read the stylesheets, which are joined to one, and leave out what no page loads."""
    material = [f for f in files if f.src_uri.startswith("assets/stylesheets/main.")]
    site.material = "".join(f.content_string for f in material if f.src_uri.endswith(".css"))
    site.styles = []
    for uri in config.extra_css:
        file = files.get_file_from_path(uri)
        if file is None:
            raise ConfigurationError(f"mkdocs.yml: extra_css: {uri}: no such file in docs/")
        site.styles.append(file.content_string)
    rules = [f for f in files if f.src_uri.startswith(INSTRUMENTS)]
    site.rules = {f"by-hand-{f.name}": f.content_string for f in rules}
    for file in list(files):
        if file.src_uri.startswith(UNUSED) or file.src_uri.endswith((".css", ".map")):
            files.remove(file)
    _take_scripts(files, config)
    return files


def _take_scripts(files, config):
    """Join the scripts of every page to one; put the modules of the instruments aside."""
    ours = {f.src_uri: f for f in files.javascript_files() if f.src_dir == config.docs_dir}
    on_every_page = [str(script) for script in config.extra_javascript]
    for uri in [SCHEME, *on_every_page]:
        if uri not in ours:
            raise ConfigurationError(f"mkdocs.yml: extra_javascript: {uri}: no such file in docs/")
    script = scripts.minify("\n".join(ours[uri].content_string for uri in on_every_page))
    site.script = _asset(files, config, f"assets/javascripts/site.{digest(script)}.js", script)
    site.joined = {}
    alone = {SCHEME, *on_every_page}
    site.modules = {f"{f.name}.js": f.content_string for u, f in ours.items() if u not in alone}
    later = {name for source in site.modules.values() for name in scripts.LATER.findall(source)}
    for uri, file in ours.items():
        files.remove(file)
        if uri == SCHEME or f"{file.name}.js" in later:
            _asset(files, config, uri, scripts.minify(file.content_string))


def _joined(entries):
    """Join modules to one script, or take what was joined before."""
    sources = [text for name in sorted(site.modules) for text in (name, site.modules[name])]
    recipe = digest(*entries, *sources, Path(scripts.__file__).read_bytes())

    def make():
        return scripts.join_modules(site.modules, entries).encode()

    return remember(CACHE / "scripts", f"{recipe}.js", make).decode()


def _instruments(files, config, content):
    """Join what the instruments of a page need; return the addresses of script and rules."""
    tags = tuple(sorted(set(INSTRUMENT.findall(content))))
    if not tags:
        return None
    if tags not in site.joined:
        try:
            script = _joined([f"{tag}.js" for tag in tags])
        except ValueError as error:
            raise ConfigurationError(f"{config.docs_dir}: {error}") from error
        style = rcssmin.cssmin("".join(site.rules.get(tag, "") for tag in ("by-hand-base", *tags)))
        name = f"assets/javascripts/instruments.{digest(script)}.js"
        rules = f"assets/stylesheets/instruments.{digest(style)}.css"
        site.joined[tags] = {
            "script": _asset(files, config, name, script),
            "style": _asset(files, config, rules, style),
        }
    return site.joined[tags]


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

    fonts, rules, preload = make_fonts(contents, interface, CACHE / "fonts")
    for name, content in fonts.items():
        _asset(files, config, f"assets/fonts/{name}", content)

    ours = [f for f in files.javascript_files() if f.generated_by]
    words = stylesheet.words_in(
        [*contents, *templates], [*(f.content_string for f in ours), *site.modules.values()]
    )
    instruments = {
        page.file.src_uri: _instruments(files, config, page.content or "") for page in pages
    }
    css = stylesheet.join(site.material, site.styles, rules, words, CACHE / "styles")
    name = f"assets/stylesheets/site.{digest(css)}.css"

    colours = site.styles[0]
    _asset(files, config, "assets/images/mark.svg", drawings["favicon"])
    pictures, any_picture = _pictures(files, config, places, drawings)

    material = {f.name.split(".")[0]: f.src_uri for f in files.javascript_files() if f not in ours}
    return {
        "instruments_of": lambda page: instruments.get(page and page.file.src_uri),
        "stylesheet": _asset(files, config, name, css),
        "preload": [f"assets/fonts/{name}" for name in preload],
        "script": site.script,
        "scripts": material,
        "paper": {s: stylesheet.colour(colours, "paper", s) for s in ("default", "slate")},
        "share_picture": lambda page: pictures.get(page and page.file.src_uri, any_picture),
        "all_series": all_series,
        "place_of": lambda page: places.get(page and page.file.src_uri),
        "mark": drawings["mark"],
        "nearby": lessons.nearby,
        "trail": lambda page: lessons.find_trail(page, homepage),
        "serving": serving,
    }
