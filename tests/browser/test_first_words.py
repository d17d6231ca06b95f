"""Words come first and stay where they are; a page whose scripts don't load is one without."""

import time

import pytest

from tests.browser import support
from tests.browser.served import MISSING

WIDTHS = (320, 360, 412, 1280)
SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shifts.push([value, ...sources.map(({ node }) => node?.nodeName)]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
DEAD = """() => [...document.querySelectorAll(".needs-script")].filter((one) =>
  one.getClientRects().length > 0).map((one) => one.className)"""


def open_slowly(browser, url, what, seconds, width=360):
    """Open a page to which files of one kind come late; return it when all are there."""
    page = browser.new_page(viewport={"width": width, "height": 740})
    page.add_init_script(SHIFTS)

    def delay(route):
        time.sleep(seconds)
        route.continue_()

    page.route(what, delay)
    page.goto(url)
    support.wait_until_ready(page)
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", [support.HOME, support.LESSON, support.SERIES])
def test_nothing_moves_when_fonts_come_late(site, browser, path, width):
    page = open_slowly(browser, site.url + path, "**/*.woff2", 0.15, width)
    assert page.evaluate("shifts") == []
    page.close()


@pytest.mark.parametrize("width", (360, 1280))
@pytest.mark.parametrize("path", [support.HOME, support.LESSON])
def test_nothing_moves_when_the_other_rules_come_late(site, browser, path, width):
    page = open_slowly(browser, site.url + path, "**/site.*.css", 0.5, width)
    assert page.evaluate("shifts") == []
    page.close()


@pytest.mark.parametrize("path", [support.HOME, support.LESSON])
def test_words_stand_before_other_rules_scripts_and_fonts_are_there(site, browser, path):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    held = []
    page.route("**/assets/**", lambda route: held.append(route))
    page.goto(site.url + path, wait_until="commit")
    support.wait_until(page, "performance.getEntriesByName('first-contentful-paint').length")
    title = page.locator("h1")
    assert title.is_visible()
    assert title.evaluate("(title) => parseFloat(getComputedStyle(title).fontSize)") > 30
    kinds = {route.request.resource_type for route in held}
    assert {"stylesheet", "font", "script"} <= kinds
    for route in held:
        route.abort()
    page.close()


@pytest.mark.parametrize("path", [support.HOME, support.LESSON, MISSING])
def test_without_its_scripts_a_page_shows_no_control_that_does_nothing(site, browser, path):
    page = browser.new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(site.url + path)
    support.wait_until_ready(page)
    assert page.locator("html.no-js").count() == 1
    assert page.evaluate(DEAD) == []
    page.close()


@pytest.mark.parametrize("path", [support.HOME, support.LESSON])
def test_opened_from_a_file_a_page_is_whole_and_shows_no_dead_control(site, browser, path):
    page = browser.new_page()
    page.goto((site.folder / path / "index.html").as_uri())
    support.wait_until_ready(page)
    assert page.locator("h1").is_visible()
    assert page.locator("article figure svg").first.is_visible()
    assert page.evaluate(DEAD) == []
    page.close()


def test_in_a_sandboxed_frame_a_page_is_whole_and_shows_no_dead_control(site, browser):
    page = browser.new_page()
    page.set_content(f'<iframe sandbox="allow-scripts" src="{site.url}{support.LESSON}"></iframe>')
    frame = page.frames[-1]
    frame.wait_for_load_state("load")
    assert frame.locator("html.no-js h1").is_visible()
    assert frame.locator("article figure svg:visible").count() > 0
    assert frame.evaluate(DEAD) == []
    page.close()
