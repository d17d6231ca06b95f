"""The page teaches before any script runs: text, figures, numbers, formulas and ways on."""

from urllib.parse import urljoin

import pytest

from tests.browser import support

PAGES = support.page_paths()


@pytest.fixture
def open_still(open_page):
    """A function that opens a page with JavaScript off."""
    return lambda path, width=1280: open_page(path, width, java_script_enabled=False)


@pytest.mark.parametrize("width", [360, 1280])
def test_figures_formulas_values_and_output_are_on_the_lesson(open_still, width):
    page = open_still(support.LESSON, width)
    kinds = ("figure svg", "math", ".value", ".woven pre code", ".woven-output samp", "table")
    for selector in kinds:
        things = page.locator(f"article {selector}")
        assert things.count() > 0, selector
        shown = [thing for thing in things.all() if thing.is_visible()]
        assert shown, selector
    assert "4400" in page.locator("article").inner_text()
    assert page.locator("article .value").get_by_text("2800").first.is_visible()


def visible_targets(page, scope):
    links = page.locator(f"{scope} a[href]").all()
    return {urljoin(page.url, link.get_attribute("href")) for link in links if link.is_visible()}


def test_every_lesson_can_be_reached_from_a_lesson(open_still, site):
    series = [path for path in PAGES if path.startswith(support.SERIES)]
    lessons = {site.url + path for path in series if "/labs/" not in path}
    assert lessons - visible_targets(open_still(support.LESSON), "body") == set()


def test_on_a_phone_a_lesson_leads_to_its_neighbours_and_its_series(open_still, site):
    targets = visible_targets(open_still(support.LESSON, 360), "body")
    for path in (f"{support.SERIES}full-fine-tuning/", f"{support.SERIES}linear-probe/"):
        assert site.url + path in targets
    assert site.url + support.SERIES in targets
