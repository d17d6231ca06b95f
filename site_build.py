"""The site's one MkDocs hook: what a build does, in the order in which it does it.

weave/ runs pages, theme/ dresses them, figures/ draws; none of them knows another. They meet here.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.exceptions import ConfigurationError, PluginError  # noqa: E402
from mkdocs.structure.files import File  # noqa: E402
from mkdocs.utils import get_relative_url  # noqa: E402

from theme import addresses, assets, lessons, markup, search  # noqa: E402
from weave import bundle, citations, dependencies, glossary, labs, ledger, notebook, render  # noqa: E402
from weave.fences import Fence, Problem, find_parts  # noqa: E402
from weave.links import check_links  # noqa: E402
from weave.markdown_extension import WeaveExtension  # noqa: E402
from weave.page import read_page, read_source  # noqa: E402
from weave.runner import weave_sources  # noqa: E402

log = logging.getLogger("mkdocs.hooks.site")
NOTEBOOKS = "assets/notebooks"
IS_LAB = re.compile(r"(?:.*/)?labs/[^/]+\.py")
PLACE = '<div data-cell="{}"></div>'  # of a lab's cell in its Markdown
PLACED = re.compile(PLACE.format(r"(\d+)"))
IDS = re.compile(r"""\sid=["']?([^\s"'>]+)""")
STALE = "This is an earlier run: something that the lab imports has changed since. A build runs it."


class Notebook(NamedTuple):
    """A notebook that the site offers: its address from the root, and how large it is."""

    uri: str
    size: str


class LabFile(File):
    """A Python file below docs/ that is a page, not a file to copy."""

    def is_documentation_page(self):
        return True


class Build:
    """One build after the other; `serve` keeps what has not changed. The steps stand in order."""

    def __init__(self):
        self.serving = False
        self.extension = WeaveExtension()
        self.extension.weave = lambda _: self.woven[self.rendered]
        self.rendered = ""  # source_uri of the page being rendered
        self.known = {}  # path -> (what it was made from, Page)
        self.stamps = {}  # file of our code -> when it was changed
        self.failed = {}  # recipe of a lab that failed -> its Problems: it need not fail twice

    def start(self, command, dirty):
        """Remember whether a person is watching."""
        self.serving = command == "serve"
        labs.stale_is_fine = self.serving

    # 1
    def read_addresses(self, config):
        """Take the site's addresses from the environment, but in `serve`; add our Markdown."""
        try:
            if not self.serving:
                config.site_url = addresses.find_site_url(os.environ, config.site_url)
            repository = addresses.find_repo_url(os.environ)
        except ValueError as error:
            raise ConfigurationError(str(error)) from error
        config.extra["repository"] = repository
        config.edit_uri = addresses.edit_uri(repository)
        config.markdown_extensions.append(self.extension)
        return config

    # 2
    def forget_code(self, config):
        """Let `serve` see edited snippets and figures."""
        files = [f for package in dependencies.PACKAGES for f in (ROOT / package).rglob("*.py")]
        stamps = {file: dependencies.stamp(file) for file in files}
        if stamps != self.stamps:
            self.stamps = stamps
            dependencies.forget_modules()
        self.memory = dependencies.Memory(ROOT)

    # 3
    def run_labs(self, files, config):
        """Run the labs of which no run is kept, and make pages of all; put our scripts aside."""
        found = [file for file in files.media_files() if IS_LAB.fullmatch(file.src_uri)]
        self.labs = {file.src_uri: self._obtain(file.abs_src_path) for file in found}
        problems = [problem for _, _, problems in self.labs.values() for problem in problems]
        for problem in problems:
            log.error("%s", problem)
        if problems and not self.serving:
            raise PluginError(f"{_errors(problems)} in labs, listed above")
        for file in found:
            files.remove(file)
            use_folders = config.use_directory_urls
            files.append(LabFile(file.src_uri, file.src_dir, file.dest_dir, use_folders))
        assets.take(files, config)
        return files

    def _obtain(self, file):
        """Return (Lab, Run, Problems) of a file; what failed has no Run, or neither."""
        lab = None
        try:
            lab = labs.read_lab(file)
            run = labs.load_run(lab, accept_stale=self.serving)
            if run is None and labs.recipe(lab) in self.failed:
                return lab, None, self.failed[labs.recipe(lab)]
            if run is None:
                log.info("Running the lab %s: no run of it is kept", lab.path)
                run = labs.run_lab(lab)
                log.info("It took %.0f s and is kept for later builds", run.seconds)
            return lab, run, []
        except labs.LabFailed as error:
            if lab:
                self.failed[labs.recipe(lab)] = error.problems
            return lab, None, error.problems
        except ImportError as error:
            problem = Problem(str(Path(file).relative_to(ROOT)), 1, f"ImportError: {error}")
            return lab, None, [problem]

    # 4
    def run_pages(self, nav, config, files):
        """Read every page and run those that changed, before any is rendered."""
        self.extension.explains = files.get_file_from_path("glossary.md") is not None
        self.nav, self.series = nav, lessons.find_series(nav.items)
        self.places = lessons.find_places(self.series)
        self.sources = {f.src_uri: self._read(f) for f in files.documentation_pages()}
        self.woven, sources_known = {}, citations.read_sources(ROOT)[0]
        changed = {}
        for uri, source in self.sources.items():
            parts = find_parts(source.text)
            blocks = [p.source for p in parts if isinstance(p, Fence) and p.is_python]
            made_from = (source, dependencies.fingerprint(blocks, ROOT), sources_known)
            known = self.known.get(uri)
            if known and known[0] == made_from:
                self.woven[uri] = known[1]
            else:
                changed[uri] = made_from
        for uri, made_from in changed.items():
            page = self._run(self.sources[uri])
            self.woven[uri] = page
            self.known[uri] = (made_from, page)
        return nav

    def _read(self, file):
        if file.src_uri not in self.labs:
            return read_page(file.abs_src_path)
        lab = self.labs[file.src_uri][0]
        path = os.path.relpath(file.abs_src_path, ROOT).replace(os.sep, "/")
        text = labs.as_markdown(lab, PLACE) if lab else "# A lab that can't be read"
        return read_source(text, path)

    def _run(self, source):
        listings = self.memory.recall(source)
        render.listings.update(listings or {})
        (page,) = weave_sources([source], twice=listings is None)
        if listings is None and not page.problems:
            sources = {block.fence.source for block in page.blocks}
            self.memory.keep({s: render.listings[s] for s in sources}, source)
        log.debug("ran the blocks of %s", source.path)
        return page

    # 5
    def give_source(self, page, config):
        """Give MkDocs the Python of a lab as Markdown, with a place for each cell of code."""
        self.rendered = page.file.src_uri
        if self.rendered not in self.labs:
            return None
        lab, _, _ = self.labs[self.rendered]
        return labs.as_markdown(lab, PLACE) if lab else "# A lab that can't be read"

    def finish_content(self, html, page, config, files):
        """Count the words, add the sentence below the title, let wide things scroll."""
        woven = self.woven[page.file.src_uri]
        if woven.description:
            page.meta["description"] = woven.description
        if page.file.src_uri in self.labs:
            html = self._show_lab(html, *self.labs[page.file.src_uri])
        page.minutes = lessons.reading_minutes(markup.count_words(html))
        html = markup.with_lede(html, page.meta.get("description"))
        return markup.with_quiet_links(markup.with_scroll_boxes(html))

    def _show_lab(self, html, lab, run, problems):
        if problems:
            return render.error_box(problems) + html

        def put(match):
            number = int(match[1])
            cell = lab.code[number - 1]
            fence = SimpleNamespace(source=cell.source, flags={"hide"} if cell.is_hidden else set())
            return render.block(fence, labs.outcome_of(run.outputs[number - 1]), number)

        return _note(lab, run) + PLACED.sub(put, html)

    # Now MkDocs has every page; the rest is one event.
    def finish(self, env, config, files):
        """Take the steps that need every page."""
        self.pages = {file.src_uri: file.page for file in files.documentation_pages()}
        self.fill_lists()
        self.report_problems(files)
        self.add_notebooks(config, files)
        self.add_assets(env, config, files)
        self.add_search(config, files)
        ran = sum(len(woven.blocks) for woven in self.woven.values())
        log.info("Ran %d blocks on %d pages", ran, len(self.woven))
        return env

    # 6
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
                page.content = lists.fill(page.content, page.url)

    # 7
    def report_problems(self, files):
        """Check links, list what is wrong on all pages; end a build, or show it on its pages."""
        anchors = {uri: set(IDS.findall(page.content)) for uri, page in self.pages.items()}
        known = {file.src_uri for file in files} | {file.url for file in files}
        of_site = self._problems_of_site()
        found = list(of_site)
        for uri, woven in self.woven.items():
            problems = woven.problems + check_links(woven, uri, anchors, known)
            found += problems
            if ledger.lists_sources(woven):
                problems = problems + of_site
            if problems:
                self.pages[uri].content = render.error_box(problems) + self.pages[uri].content
        for problem in found:
            log.error("%s", problem)
        if found and not self.serving:
            raise PluginError(f"{_errors(found)} in pages, listed above")

    def _problems_of_site(self):
        """What is wrong with sources and glossary as a whole, where a page is there for them."""
        problems = list(glossary.read_glossary(ROOT)[1]) if self.extension.explains else []
        if any(ledger.lists_sources(page) for page in self.woven.values()):
            sources, unread = citations.read_sources(ROOT)
            problems += [*unread, *ledger.uncited(sources, self.woven.values())]
        return problems

    # 8
    def add_notebooks(self, config, files):
        """Make the zip file with what notebooks import, and a notebook of each lesson and lab."""
        from figures.kit.notebook import STYLESHEETS, as_picture, as_words  # anew after an edit

        in_lessons = [self.woven[uri] for uri in self.places]
        blocks = [block.fence.source for woven in in_lessons for block in woven.blocks]
        name = re.sub(r"[^a-z0-9]+", "-", config.site_name.lower()).strip("-")
        packed = bundle.make_bundle(ROOT, name, blocks, STYLESHEETS)
        uri = _add(files, config, f"{NOTEBOOKS}/{packed.name}", packed.content)
        root = config.site_url or ""
        told = {
            "site": config.site_name,
            "bundle": packed,
            "bundle_address": urljoin(root, uri),
            "licence": config.copyright or "",
        }
        for uri, woven in self.woven.items():
            page = self.pages[uri]
            if uri not in self.places or woven.problems:  # `serve` shows them
                continue
            address = urljoin(root, page.url)
            content = notebook.make_notebook(
                woven, page.content, as_picture, as_words, title=page.title, address=address, **told
            )
            made = _add(files, config, uri.removesuffix(".md") + ".ipynb", content)
            page.notebook = Notebook(made, notebook.write_size(len(content)))
        for uri, (lab, run, _) in self.labs.items():
            if run is None:
                continue
            address = urljoin(root, self.pages[uri].url)
            first = notebook.first_cells(labs.HOW, address=address, **told)
            made = {"ipynb": labs.as_notebook(lab, run, address, as_picture, first)}
            made["py"], found = lab.text, labs.results_of(run)
            made |= {"json": json.dumps(found, indent=1)} if found else {}
            for kind, content in made.items():
                _add(files, config, f"{uri.removesuffix('.py')}/{lab.name}.{kind}", content)

    # 9
    def add_assets(self, env, config, files):
        """Cut the fonts, put styles and scripts together, draw the pictures of shared links."""
        import figures  # anew after an edit, in `serve`

        home = self.nav.homepage
        env.globals |= assets.finish(files, config, self.series, home, figures, self.serving)

    # 10
    def add_search(self, config, files):
        """Make the index that the search reads."""
        pages = [(page.url, page.title, page.content) for page in self.pages.values()]
        _add(files, config, "search/search_index.json", search.make_index(pages))


def _add(files, config, uri, content):
    files.append(File.generated(config, uri, content=content))
    return uri


def _errors(problems):
    return f"{len(problems)} error{'s' * (len(problems) > 1)}"


def _note(lab, run):
    """Say above the title what this is, how long it ran, and where its files are."""
    kinds = {"ipynb": "Download as notebook", "py": "Python"}
    if labs.results_of(run):
        kinds["json"] = "results"
    links = " · ".join(
        f'<a href="{escape(lab.name)}.{kind}" download>{word}</a>' for kind, word in kinds.items()
    )
    took = f"{run.processor_seconds or run.seconds:.0f} seconds of processor time"
    stale = f'<p class="woven-error">{STALE}</p>' if run.is_stale else ""
    return f'<p class="kicker">Lab · {took} · {links}</p>\n{stale}'


build = Build()
on_startup = build.start
on_config = build.read_addresses
on_pre_build = build.forget_code
on_files = build.run_labs
on_nav = build.run_pages
on_page_read_source = build.give_source
on_page_content = build.finish_content
on_env = build.finish
