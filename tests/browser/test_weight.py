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


def test_our_css_is_at_most_8_kb():
    files = sorted((support.DOCS / "assets" / "stylesheets").glob("*.css"))
    assert files
    assert len(gzip.compress(b"\n".join(file.read_bytes() for file in files), 9)) <= 8 * KB


def has_instruments(sizes):
    return any("/instruments." in url for _, url, _ in sizes)


def test_our_javascript_is_at_most_4_kb_and_25_with_figures_one_can_touch(first_load):
    most = 25 if has_instruments(first_load) else 4
    assert total(first_load, "script") <= most * KB, first_load


@pytest.mark.parametrize("path", support.page_paths())
def test_what_figures_one_can_touch_need_loads_only_where_there_are_some(site, path):
    file = site.folder / (path if path.endswith(".html") else f"{path}index.html")
    html = file.read_text(encoding="utf-8")
    assert ("/instruments." in html) == ("<by-hand-" in html)
