"""Adapter for MkDocs: weaves each page, lists what is wrong on all of them, refuses to go on.

`mkdocs serve` shows a red box instead, and runs again only the pages that a change touches.
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.exceptions import PluginError  # noqa: E402
from mkdocs.plugins import CombinedEvent, event_priority  # noqa: E402
from mkdocs.utils import get_relative_url  # noqa: E402

from weave import citations, dependencies, glossary, ledger, render  # noqa: E402
from weave.fences import Fence, find_parts  # noqa: E402
from weave.links import check_links  # noqa: E402
from weave.markdown_extension import WeaveExtension  # noqa: E402
from weave.page import read_page, weave_page  # noqa: E402
from weave.search import searchable  # noqa: E402

log = logging.getLogger("mkdocs.hooks.weave")
IDS = re.compile(r"""\sid=["']?([^\s"'>]+)""")


class _Site:
    """What is known between the events of one build, and in `serve` between builds."""

    def __init__(self):
        self.serving = False
        self.extension = WeaveExtension()
        self.extension.weave = self.weave
        self.current = None  # Source of the page being rendered
        self.woven = {}  # source_uri -> Page
        self.order = []  # source_uris as the nav has them
        self.whole = ""  # HTML of the page that search reads in short
        self.cache = {}  # path -> (what it was made from, Page)
        self.stamps = {}
        self.memory = None  # of pages that came out right before

    def weave(self, text):
        """Run a page; in `serve`, only if it or what it imports has changed."""
        if not self.serving:
            return self._run(text)
        path = self.current.path
        blocks = [p.source for p in find_parts(text) if isinstance(p, Fence) and p.is_python]
        known_sources = citations.read_sources(ROOT)[0]
        made_from = (self.current, text, dependencies.fingerprint(blocks, ROOT), known_sources)
        known = self.cache.get(path)
        if known is None or known[0] != made_from:
            known = self.cache[path] = (made_from, self._run(text))
        return known[1]

    def _run(self, text):
        path, _, offset, description, description_line, problems = self.current
        listings = self.memory.recall(self.current, text)
        render.listings.update(listings or {})
        new = listings is None
        page = weave_page(text, path, offset, description, description_line, twice=new)
        if new and not page.problems:
            sources = {block.fence.source for block in page.blocks}
            self.memory.keep({s: render.listings[s] for s in sources}, self.current, text)
        page.problems[:0] = problems
        log.debug("ran the blocks of %s", path)
        return page


site = _Site()


def on_startup(command, dirty):
    """Remember whether a person is watching."""
    site.serving = command == "serve"


def on_config(config):
    """Put our extension among the others."""
    if site.extension not in config.markdown_extensions:
        config.markdown_extensions.append(site.extension)
    return config


def on_pre_build(config):
    """Let `serve` see edited snippets and figures."""
    stamps = {
        file: dependencies.stamp(file)
        for package in dependencies.PACKAGES
        for file in (ROOT / package).rglob("*.py")
    }
    if stamps != site.stamps:
        site.stamps = stamps
        dependencies.forget_modules()
    site.woven = {}
    site.memory = dependencies.Memory(ROOT)


def on_page_markdown(markdown, page, config, files):
    """Say which page comes next."""
    source = read_page(page.file.abs_src_path)
    dropped = source.text.count("\n") - markdown.count("\n")  # empty lines that MkDocs left out
    site.current = source._replace(offset=source.offset + dropped)
    return markdown


def on_page_content(html, page, config, files):
    """Keep the woven page; its description goes where templates look for it."""
    woven = site.extension.page
    site.woven[page.file.src_uri] = woven
    if woven.description:
        page.meta["description"] = woven.description
    return html


def on_nav(nav, config, files):
    """Keep the order of the pages for the list of claims; see whether there is a glossary."""
    site.extension.explains = files.get_file_from_path("glossary.md") is not None
    site.order = [page.file.src_uri for page in nav.pages]
    return nav


def _problems_of_site():
    """What is wrong with sources and glossary as a whole, on a site that has a page for them."""
    problems = list(glossary.read_glossary(ROOT)[1]) if site.extension.explains else []
    if any(ledger.lists_sources(page) for page in site.woven.values()):
        sources, unread = citations.read_sources(ROOT)
        problems += [*unread, *ledger.uncited(sources, site.woven.values())]
    return problems


def _fill_lists(pages):
    """Put the claims of all pages, and the sources, where a page asks for them."""
    in_order = [uri for uri in site.order if uri in site.woven]
    in_order += [uri for uri in site.woven if uri not in site.order]
    listed = [ledger.Listed(pages[uri].title, pages[uri].url, site.woven[uri]) for uri in in_order]
    lists = ledger.Lists(listed, citations.read_sources(ROOT)[0], get_relative_url)
    for page in pages.values():
        if ledger.PLACE.search(page.content or ""):
            page.content = lists.fill(page.content, page.url)


@event_priority(100)
def _before_search(context, page, config, nav):
    site.whole = page.content
    page.content = searchable(page.content)


@event_priority(-100)
def _after_search(context, page, config, nav):
    page.content = site.whole


on_page_context = CombinedEvent(_before_search, _after_search)


def on_env(env, config, files):
    """When all pages are known: fill lists, check links, report all problems, end a bad build."""
    pages = {file.src_uri: file.page for file in files.documentation_pages()}
    _fill_lists(pages)
    anchors = {uri: set(IDS.findall(page.content or "")) for uri, page in pages.items()}
    known = {file.src_uri for file in files} | {file.url for file in files}
    of_site = _problems_of_site()
    for problem in of_site:
        log.error("%s", problem)
    count = len(of_site)
    for uri, woven in site.woven.items():
        problems = woven.problems + check_links(woven, uri, anchors, known)
        for problem in problems:
            log.error("%s", problem)
        count += len(problems)
        if ledger.lists_sources(woven):
            problems = problems + of_site
        if problems:
            pages[uri].content = render.error_box(problems) + pages[uri].content
    if count and not site.serving:
        raise PluginError(f"{count} error{'s' * (count > 1)} in pages, listed above")
    ran = sum(len(woven.blocks) for woven in site.woven.values())
    log.info("Ran %d blocks on %d pages", ran, len(site.woven))
    return env
