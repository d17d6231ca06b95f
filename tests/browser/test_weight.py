"""What a reader must download before the first page is there, as a host sends it (gzip -9)."""

import gzip
import re

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


def html_of(site, path):
    file = site.folder / (path if path.endswith(".html") else f"{path}index.html")
    return file.read_text(encoding="utf-8")


def test_the_first_load_is_at_most_100_kb_in_12_requests(first_load):
    assert total(first_load) <= 100 * KB, first_load
    assert len(first_load) <= 12, first_load


def test_html_is_at_most_30_kb_and_the_rules_in_it_3_more(first_load, site):
    rules = re.search(r"<style>(.*?)</style>", html_of(site, support.LESSON), re.S)[1]
    assert len(gzip.compress(rules.encode(), 9)) <= 3.3 * KB
    assert total(first_load, "document") <= 33 * KB


def test_the_next_lesson_needs_at_most_5_kb_beyond_its_html(site, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    known = set()
    for path in [p for p in support.page_paths() if p.startswith(support.SERIES)]:
        log = support.Log().listen(page)
        page.goto(site.url + path)
        support.wait_until_ready(page)
        page.wait_for_load_state("networkidle")
        new = {
            r.url: r.request.sizes()["responseBodySize"]
            for r in log.responses
            if r.url not in known
        }
        beyond = sum(new.values()) - new.get(site.url + path, 0)
        assert not known or beyond <= 5 * KB, new
        known |= new.keys()
    context.close()


def test_fonts_are_at_most_45_kb_together(first_load):
    assert total(first_load, "font") <= 45 * KB, first_load


def test_the_search_index_waits_until_someone_searches(first_load):
    assert [url for _, url, _ in first_load if "search" in url] == []


def test_the_css_of_every_page_is_at_most_8_kb(site):
    (sheet,) = site.folder.glob("assets/stylesheets/site.*.css")
    rules = re.search(r"<style>(.*?)</style>", html_of(site, support.LESSON), re.S)[1]
    both = (rules.encode(), sheet.read_bytes())
    assert sum(len(gzip.compress(css, 9)) for css in both) <= 8 * KB


def test_our_javascript_is_at_most_4_kb_and_22_with_figures_one_can_touch(first_load, site):
    most = 22 if first_load[0][1] == site.url else 4  # on the front page one is near the top
    assert total(first_load, "script") <= most * KB, first_load
    scripts = site.folder.glob("assets/javascripts/[is]*.js")
    assert sum(len(gzip.compress(script.read_bytes(), 9)) for script in scripts) <= 22 * KB


@pytest.mark.parametrize("path", support.page_paths())
def test_what_figures_one_can_touch_need_loads_only_where_there_are_some(site, path):
    html = html_of(site, path)
    assert ("/instruments." in html) == ("<by-hand-" in html)
