"""Fixtures: one build, one server and one browser for all tests; a fresh context for each page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import served, support
from tests.browser.visit import find_violations
from tools.browser import browser_path

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Run the tests in the browser after all others, which are faster and say more exactly what."""
    items.sort(key=lambda item: HERE in item.path.parents)


@pytest.fixture(scope="session")
def site(request):
    """The site, built with `mkdocs build --strict` and served below a base path."""
    try:
        return served.ready_site(request.config.site_url)
    except served.SiteDoesNotBuild as error:
        request.session.shouldfail = "the site does not build, so no browser can look at it"
        pytest.fail(f"{request.session.shouldfail}:\n{error}", pytrace=False)


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
    Figures that one can touch have their scripts, unless `awake` is False.
    The page's log is its attribute `log`.
    """
    contexts = []

    def open_page(path, width=1280, height=900, awake=True, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.log = support.Log().listen(page)
        page.goto(site.url + path)
        if options.get("java_script_enabled", True):
            support.wait_until_ready(page)
            if awake:
                support.wake_figures(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def violations():
    """The function find_violations of visit.py."""
    return find_violations
