"""Fixtures: one build, one server and one browser for all tests; a fresh context for each page."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser import support
from tools.browser import browser_path

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Run the tests in the browser after all others, which are faster and say more exactly what."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built with `mkdocs build --strict` and served below a base path."""
    try:
        with support.serve_site(tmp_path_factory.mktemp("site")) as site:
            yield site
    except support.SiteDoesNotBuild as error:
        pytest.exit(f"the site does not build, so no browser can look at it:\n{error}", 1)


@pytest.fixture(scope="session")
def browser():
    """A real Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path(), args=list(support.LAUNCH_ARGUMENTS)
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(site, browser):
    """A function that opens a page of the site in a context of its own and waits until it is ready.

    Keyword arguments are those of Playwright's `new_context`; `width` is short for its viewport.
    The page's log is its attribute `log`.
    """
    contexts = []

    def open_page(path, width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.log = support.Log().listen(page)
        page.goto(site.url + path)
        if options.get("java_script_enabled", True):
            support.wait_until_ready(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def find_violations(page):
    """Return what axe finds wrong with a page: rule, markup and advice, one string each."""
    return [
        f"{violation['id']}: {node['html'][:200]}\n{node['failureSummary']}"
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]


@pytest.fixture(scope="session")
def violations():
    """The function find_violations."""
    return find_violations


class Visit:
    """One page at one width in one scheme, measured once for all tests that ask about it."""

    def __init__(self, site, browser, path, width, scheme):
        self.path, self.width, self.scheme = path, width, scheme
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        self.log = support.Log().listen(page)
        page.goto(site.url + path)
        support.wait_until_ready(page)
        self.facts = page.evaluate(support.MEASURE)
        self.violations = find_violations(page)
        page.wait_for_load_state("networkidle")
        self.cookies = context.cookies()
        self.at_320 = None
        if width == 360:
            support.resize(page, 320)
            self.at_320 = page.evaluate(support.MEASURE)
        context.close()


def variants():
    """Every page, on a phone and on a desk, in light and in dark."""
    for path in support.page_paths():
        for width in (360, 1280):
            for scheme in ("light", "dark"):
                name = f"{support.page_name(path)}-{width}-{scheme}"
                yield pytest.param((path, width, scheme), id=name)


@pytest.fixture(scope="session", params=variants())
def visit(request, site, browser):
    """A page as it was found; see Visit."""
    return Visit(site, browser, *request.param)
