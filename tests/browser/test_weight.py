"""What a reader must download before the first page is there, as a host sends it (gzip -9)."""

import gzip

import pytest

from tests.browser import support

KB = 1000
PAGES = [support.LESSON, support.SERIES, support.HOME]


@pytest.fixture(scope="module", params=PAGES, ids=support.page_name)
def first_load(request, site, browser):
    """(kind, address, bytes) of everything that a first visit to a page asks for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    log = support.Log().listen(page)
    page.goto(site.url + request.param)
    support.wait_until_ready(page)
    page.wait_for_load_state("networkidle")
    sizes = [
        (response.request.resource_type, response.url, response.request.sizes()["responseBodySize"])
        for response in log.responses
        if response.url.startswith("http")
    ]
    context.close()
    return sizes


def total(sizes, kind=None):
    return sum(size for kind_of, _, size in sizes if kind in (None, kind_of))


def test_the_first_load_is_at_most_110_kb_in_13_requests(first_load):
    assert total(first_load) <= 110 * KB, first_load
    assert len(first_load) <= 13, first_load


def test_html_is_at_most_30_kb(first_load):
    assert total(first_load, "document") <= 30 * KB


def test_fonts_are_at_most_45_kb_together(first_load):
    assert total(first_load, "font") <= 45 * KB, first_load


def test_the_search_index_waits_until_someone_searches(first_load):
    assert [url for _, url, _ in first_load if "search" in url] == []


def gzipped(folder, pattern):
    parts = [file.read_bytes() for file in sorted((support.DOCS / "assets" / folder).glob(pattern))]
    assert parts, f"docs/assets/{folder} holds no {pattern}"
    return len(gzip.compress(b"\n".join(parts), 9))


def test_our_css_is_at_most_8_kb():
    assert gzipped("stylesheets", "*.css") <= 8 * KB


def test_our_javascript_is_at_most_4_kb():
    assert gzipped("javascripts", "*.js") <= 4 * KB
