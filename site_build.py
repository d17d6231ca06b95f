"""The site's one MkDocs hook: what a build does, in the order in which it does it.

weave/ runs pages, theme/ dresses them, figures/ draws; none of them knows another. They meet here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import posixpath
import re
import sys
import time
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.exceptions import ConfigurationError, PluginError
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from theme import addresses, assets, lessons, markup, search
from theme.structure import Structure
from weave import bundle, citations, dependencies, glossary, labs, ledger, notebook, render
from weave.fences import Fence, Problem, find_parts
from weave.front_matter import TEXTS, Source, read_source
from weave.kept import Kept, digest_of
from weave.links import check_links
from weave.markdown_extension import WeaveExtension
from weave.memory import Memory
from weave.page import Page as WovenPage
from weave.page import read_page

log = logging.getLogger("mkdocs.hooks.site")
GLOSSARY = "glossary.md"
NOTEBOOKS = "assets/notebooks"
DRAWINGS = "from figures import favicon, mark, pictogram"
AS_PICTURE = "from figures.kit.notebook import as_picture, as_words"
IS_LAB = re.compile(r"(?:.*/)?labs/[^/]+\.py")
IDS = re.compile(r"""\sid=["']?([^\s"'>]+)""")
DIRTY = "--dirty is not offered: pages take lists and links from each other, and a build remembers "
DIRTY += "by itself what has not changed"
NOWHERE = "SITE_URL is not set: canonical links, sitemap and share pictures are left out"
LAB_RUNS = "This lab is being computed. The page shows the results when they are there."
WAITS = (
    "This page reads what a lab finds, which is being computed. It shows itself when that is done."
)


RENDERED = ("content", "toc", "_title_from_render", "present_anchor_ids", "links_to_anchors")


class Notebook(NamedTuple):
    """A notebook that the site offers: its address from the root, and how large it is."""

    uri: str
    size: str


class LabFile(File):
    """A Python file below docs/ that is a page, not a file to copy."""

    def is_documentation_page(self):
        return True


class Lab(NamedTuple):
    """A lab below docs/: without a Lab it can't be read; without a Run it failed or still runs."""

    lab: labs.Lab | None
    run: labs.Run | None
    problems: list

    @property
    def is_pending(self):
        return self.run is None and not self.problems


class Build:
    """One build after the other; `serve` keeps what has not changed. The steps stand in order."""

    def __init__(self):
        self.serving = False
        self.current: str = ""  # source_uri of the page being rendered
        self.extension = WeaveExtension(find=lambda: self.woven[self.current])
        self.structure = Structure()
        self.woven: dict[str, WovenPage] = {}  # by source_uri, as all below
        self.troubles: dict[str, list[Problem]] = {}  # what went wrong with a page here
        self.memory = Memory(ROOT)
        self.notebooks = Kept(ROOT / ".cache" / "notebooks")
        self.drawn = Kept(ROOT / ".cache" / "drawings")
        self.background = labs.Background(self.lab_has_ended)
        self.rendered = {}  # source_uri -> (what it was made from, what rendering gives a page)
        self.stamps = {}  # file of our code -> when it was changed

    def start(self, command, dirty):
        """Remember whether a person is watching."""
        if dirty:
            raise ConfigurationError(DIRTY)
        if str(ROOT) not in sys.path:  # MkDocs has put it back to what it was
            sys.path.insert(0, str(ROOT))
        self.serving = command == "serve"

    # 1. Addresses
    def read_addresses(self, config):
        """Take the site's addresses from the environment, but in `serve`; add our Markdown."""
        try:
            if not self.serving:
                config.site_url = addresses.find_site_url(os.environ, config.site_url)
            repository = addresses.find_repo_url(os.environ)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        if not config.site_url:
            log.info(NOWHERE)
        config.extra["repository"] = repository
        config.edit_uri = addresses.edit_uri(repository)
        config.markdown_extensions += [self.extension, self.structure]
        return config

    # 2. Code
    def forget_code(self, config):
        """Let `serve` see edited snippets and figures."""
        self.code = dependencies.Code(ROOT)
        stamps = self.code.stamps()
        if stamps != self.stamps:
            self.stamps = stamps
            dependencies.forget_modules()

    # 3. Labs
    def run_labs(self, files, config):
        """Run the labs of which no run is kept, in `serve` beside the rest; make pages of all."""
        found = [file for file in files.media_files() if IS_LAB.fullmatch(file.src_uri)]
        self.labs = {file.src_uri: self._obtain(file.abs_src_path) for file in found}
        self.background.ask(one.lab for one in self.labs.values() if one.is_pending)
        problems = [problem for one in self.labs.values() for problem in one.problems]
        if problems and not self.serving:
            _report(problems, "labs", ends=True)
        for file in found:
            files.remove(file)
            use_folders = config.use_directory_urls
            files.append(LabFile(file.src_uri, file.src_dir, file.dest_dir, use_folders))
        if not config.site_url:
            config.theme.static_templates.discard("sitemap.xml")
        assets.take(files, config)
        return files

    def _obtain(self, file):
        lab = None
        try:
            lab = labs.read_lab(file)
            run = labs.load_run(lab)
            if run is None and self.serving:
                return Lab(lab, None, self.background.failed.get(labs.recipe(lab), []))
            if run is None:
                log.info("Running the lab %s: no run of it is kept", lab.path)
                run = labs.run_lab(lab)
                log.info("It took %.0f s and is kept for later builds", run.seconds)
            return Lab(lab, run, [])
        except labs.LabFailed as error:
            return Lab(lab, None, error.problems)
        except ImportError as error:
            problem = Problem(_path(file), 1, f"ImportError: {error}")
            return Lab(lab, None, [problem])

    # 4. Pages run
    def run_pages(self, nav, config, files):
        """Read every page and run those that changed, before any is rendered."""
        self.extension.explains = files.get_file_from_path(GLOSSARY) is not None
        self.docs = config.docs_dir
        self.nav, self.series = nav, lessons.find_series(nav.items)
        self.places = lessons.find_places(self.series)
        self.troubles = {file.src_uri: [] for file in files.documentation_pages()}
        self.waiting = {uri for uri, one in self.labs.items() if one.is_pending}
        self.sources = {file.src_uri: self._read(file) for file in files.documentation_pages()}
        sources = list(self.sources.values())
        pages, self.ran = self.memory.weave(
            sources, self.code, self._results, thorough=not self.serving
        )
        self.woven = dict(zip(self.sources, pages))
        for uri, one in self.labs.items():
            if one.lab:
                self.woven[uri] = self._with_cells(self.woven[uri], one)
            self.troubles[uri] += one.problems
        return nav

    def _read(self, file):
        """Return the Source of a page: its own, or a note where it waits for a lab."""
        if file.src_uri in self.labs:
            lab = self.labs[file.src_uri].lab
            text = labs.as_markdown(lab) if lab else "# A lab that can't be read"
            return read_source(text, _path(file.abs_src_path))
        source = Source(_path(file.abs_src_path), "")
        with self.guard(file.src_uri, "can't be read"):
            source = read_page(file.abs_src_path)
        blocks = [p.source for p in find_parts(source.text) if isinstance(p, Fence) and p.is_python]
        if any(one.is_pending for one in self._labs_read(blocks)):
            heading = re.search(r"^# (?:(?!\{\{).)*$", source.text, re.M)
            self.waiting.add(file.src_uri)
            text = f"{heading[0] if heading else ''}\n\n{_waiting(WAITS)}\n"
            meta = {name: value for name, value in source.meta.items() if name not in TEXTS}
            return Source(source.path, text, source.offset, meta)
        return source

    def _with_cells(self, page, one):
        made_from = (self.memory.digest(page.path), one.lab.text, repr(one.run))
        return self.memory.remember(
            f"{page.path} cells", made_from, lambda: labs.with_cells(page, one.lab, one.run)
        )

    def _labs_read(self, blocks):
        names = labs.names_read(blocks)
        return [one for uri, one in self.labs.items() if {None, Path(uri).stem} & names]

    def _results(self, blocks):
        """What labs found that some blocks read, as text."""
        return json.dumps([one.run and labs.results_of(one.run) for one in self._labs_read(blocks)])

    # 5. Pages are rendered
    def give_source(self, page, config):
        """Give MkDocs a page's Markdown; an empty line first, so that it looks for no metadata."""
        return "\n" + self.sources[page.file.src_uri].text

    def prepare_render(self, markdown, page, config, files):
        """Set what the front matter says, and let MkDocs ask us to render the page."""
        source, woven = self.sources[page.file.src_uri], self.woven[page.file.src_uri]
        page.meta = {**source.meta, "description": woven.description, "title": woven.title}
        if not woven.title:
            del page.meta["title"]
        page.render = lambda config, files: self.render(page, config, files)
        return markdown

    def render(self, page, config, files):
        """Render a page, or take it as it was."""
        self.current = page.file.src_uri
        woven = self.woven[self.current]
        self.structure.description = page.meta["description"]
        uris, terms = sorted(file.src_uri for file in files), glossary.read_glossary(ROOT)
        made_from = (woven, uris, terms, config.mdx_configs, config.use_directory_urls)
        known = self.rendered.get(self.current)
        if known is None or known[0] != made_from:
            page.content = ""
            with self.guard(self.current, "can't be rendered"):
                Page.render(page, config, files)
            if self.troubles[self.current]:
                return
            known = (made_from, {name: vars(page).get(name) for name in RENDERED})
            self.rendered[self.current] = known
        vars(page).update(known[1])
        links = (page.links_to_anchors or {}).items()  # to files as they were when it was rendered
        page.links_to_anchors = {files.get_file_from_path(to.src_uri): its for to, its in links}

    def finish_content(self, html, page, config, files):
        """Count the words; say above a lab what it is."""
        if page.file.src_uri in self.labs:
            html = _note(self.labs[page.file.src_uri]) + html
        below_title = markup.count_words(page.meta["description"])
        page.minutes = lessons.reading_minutes(max(0, markup.count_words(html) - below_title))
        return html

    @contextlib.contextmanager
    def guard(self, uri, what):
        """Let what goes wrong with one page be a problem of that page."""
        try:
            yield
        except Exception as error:
            path = _path(os.path.join(self.docs, uri))
            log.debug("%s", path, exc_info=True)
            self.troubles[uri].append(Problem(path, 1, f"{what}: {type(error).__name__}: {error}"))

    # Now MkDocs has every page; the other steps are one event.
    def finish(self, env, config, files):
        """Take the steps that need every page."""
        self.pages = {file.src_uri: file.page for file in files.documentation_pages()}
        self.fill_lists()
        self.add_notebooks(config, files)
        self.report_problems(files)
        self.add_assets(env, config, files)
        self.add_search(config, files)
        log.info("%d pages, of which %d ran", len(self.woven), self.ran)
        return env

    # 6. Lists
    def fill_lists(self):
        """Put the claims of all pages, and the sources, where a page asks for them."""
        in_nav = [page.file.src_uri for page in self.nav.pages]
        order = [*in_nav, *(uri for uri in self.pages if uri not in in_nav)]
        listed = [
            ledger.Listed(self.pages[uri].title, self.pages[uri].url, self.woven[uri])
            for uri in order
        ]
        lists = ledger.Lists(listed, citations.read_sources(ROOT)[0], get_relative_url)
        for page in self.pages.values():
            if ledger.PLACE.search(page.content):
                with self.guard(page.file.src_uri, "its list can't be made"):
                    page.content = lists.fill(page.content, page.url)

    # 7. Notebooks
    def add_notebooks(self, config, files):
        """Make the zip file with what notebooks import, and a notebook of each lesson and lab."""
        in_lessons = [self.woven[uri] for uri in self.places]
        blocks = [block.fence.source for woven in in_lessons for block in woven.blocks]
        name = re.sub(r"[^a-z0-9]+", "-", config.site_name.lower()).strip("-")
        packed = bundle.make_bundle(ROOT, name, blocks)
        uri = _add(files, config, f"{NOTEBOOKS}/{packed.name}", packed.content)
        root, licence = config.site_url or "", config.copyright or ""
        address = root and urljoin(root, uri)
        site = notebook.Site(config.site_name, licence, packed, address)
        for uri in (*self.places, *self.labs):
            with self.guard(uri, "can't be made into a notebook"):
                self._add_downloads(uri, site, root, config, files)

    def _add_downloads(self, uri, site, root, config, files):
        woven, page, one = self.woven[uri], self.pages[uri], self.labs.get(uri)
        if woven.problems or self.troubles[uri] or (one and one.run is None):
            return  # `serve` shows that

        def lead(target):
            path, _, part = target.partition("#")
            file = files.get_file_from_path(posixpath.normpath(posixpath.join(uri, "..", path)))
            url = page.url if not path else file.url if file else path
            return target if ":" in path else root and urljoin(root, url) + (part and f"#{part}")

        def make():
            from figures.kit.notebook import as_picture, as_words

            drawn = site._replace(as_picture=as_picture, as_words=as_words)
            if one:
                return labs.as_notebook(woven, one.lab, one.run, drawn, **told)
            return notebook.make_notebook(woven, drawn, **told)

        told = {"title": page.title, "address": root and urljoin(root, page.url)}
        if self.extension.explains:
            told["terms"] = glossary.read_glossary(ROOT)[0]
            told["explained"] = root and urljoin(root, files.get_file_from_path(GLOSSARY).url)
        made_from = (
            self.memory.digest(woven.path), self.code.digest([AS_PICTURE]), repr(one and one.run),
            repr((site.name, site.licence, site.bundle.name, site.bundle_address, told)),
            repr(sorted((file.src_uri, file.url) for file in files.documentation_pages())),
        )  # fmt: skip
        told["lead"] = lead
        content = self.notebooks.remember(uri, digest_of(*made_from), make)
        if one is None:
            made = _add(files, config, uri.removesuffix(".md") + ".ipynb", content)
            page.notebook = Notebook(made, notebook.write_size(len(content)))
            return
        made, found = {"ipynb": content, "py": one.lab.text}, labs.results_of(one.run)
        made |= {"json": json.dumps(found, indent=1)} if found else {}
        for kind, content in made.items():
            file = File.generated(config, f"{uri}/{one.lab.name}.{kind}", content=content)
            file.dest_uri = urljoin(page.url, f"{one.lab.name}.{kind}")
            files.append(file)

    # 8. Report
    def report_problems(self, files):
        """Check links, list what is wrong on all pages; end a build, or show it on its pages."""
        shown = {uri: page for uri, page in self.pages.items() if uri not in self.waiting}
        anchors = {uri: set(IDS.findall(page.content)) for uri, page in shown.items()}
        for uri, page in self.pages.items():  # MkDocs knows those of Markdown alone
            page.present_anchor_ids = anchors.get(uri)
        known = {file.src_uri for file in files} | {file.url for file in files}
        of_site = self._problems_of_site()
        found = list(of_site)
        for uri, woven in self.woven.items():
            problems = woven.problems + check_links(woven, uri, anchors, known)
            problems += self.troubles[uri]
            found += problems
            if ledger.lists_sources(woven):
                problems = problems + of_site
            if problems:
                self.pages[uri].content = render.error_box(problems) + self.pages[uri].content
        if found:
            _report(found, "pages", ends=not self.serving)

    def _problems_of_site(self):
        """What is wrong with sources and glossary as a whole, where a page is there for them."""
        problems = list(glossary.read_glossary(ROOT)[1]) if self.extension.explains else []
        if any(ledger.lists_sources(page) for page in self.woven.values()):
            sources, unread = citations.read_sources(ROOT)
            problems += [*unread, *ledger.uncited(sources, self.woven.values())]
        return problems

    # 9. Looks
    def add_assets(self, env, config, files):
        """Cut the fonts, put styles and scripts together, draw the pictures of shared links."""
        names = [place.page.file.name for place in self.places.values()]
        made_from = digest_of(self.code.digest([DRAWINGS]), repr(names))
        drawn = self.drawn.remember("drawings", made_from, lambda: _draw(names))
        home = self.nav.homepage
        made = assets.finish(files, config, self.series, home, json.loads(drawn), self.serving)
        env.globals |= made

    # 10. Search
    def add_search(self, config, files):
        """Make the index that the search reads."""
        pages = [(page.url, page.title, page.content) for page in self.pages.values()]
        _add(files, config, "search/search_index.json", search.make_index(pages))

    # Between builds, in `serve`.
    def watch_labs(self, server, config, builder):
        """Build again when a lab has ended."""
        self.signal.parent.mkdir(parents=True, exist_ok=True)
        self.signal.touch()
        server.watch(str(self.signal))
        return server

    def lab_has_ended(self):
        """Tell the server."""
        self.signal.write_text(str(time.time_ns()), "utf-8")

    @property
    def signal(self):
        return ROOT / ".cache" / "lab-ended"

    def stop(self):
        """Leave no lab running."""
        self.background.stop()


def _draw(names):
    """Return as JSON the site's mark, its icon, and the pictogram of each lesson that has one."""
    from figures import favicon, mark, pictogram

    pictograms = {}
    for name in names:
        with contextlib.suppress(ValueError):
            pictograms[name] = pictogram(name).svg()
    drawn = {"mark": mark(), "favicon": favicon(), "pictograms": pictograms}
    return json.dumps(drawn).encode()


def _add(files, config, uri, content):
    files.append(File.generated(config, uri, content=content))
    return uri


def _report(problems, where, ends):
    """List problems; end the build."""
    for problem in problems:
        log.error("%s", problem)
    if ends:
        count = len(problems)
        raise PluginError(f"{count} error{'s' * (count > 1)} in {where}, listed above")


def _path(file):
    """A file's name as messages say it."""
    return os.path.relpath(file, ROOT).replace(os.sep, "/")


def _note(one):
    """Say above a lab's title what this is, how long it ran, and where its files are."""
    if one.run is None:
        return _waiting(LAB_RUNS) if one.is_pending else ""
    kinds = {"ipynb": "Download as notebook", "py": "Python"}
    if labs.results_of(one.run):
        kinds["json"] = "results"
    links = " · ".join(
        f'<a href="{escape(one.lab.name)}.{kind}" download>{word}</a>'
        for kind, word in kinds.items()
    )
    took = f"{one.run.processor_seconds or one.run.seconds:.0f} seconds of processor time"
    return f'<p class="kicker">Lab · {took} · {links}</p>\n'


def _waiting(message):
    return f'<div class="admonition" role="status"><p>{message}</p></div>\n'


build = Build()
on_startup = build.start
on_config = build.read_addresses
on_pre_build = build.forget_code
on_files = build.run_labs
on_nav = build.run_pages
on_page_read_source = build.give_source
on_page_markdown = build.prepare_render
on_page_content = build.finish_content
on_env = build.finish
on_serve = build.watch_labs
on_shutdown = build.stop
