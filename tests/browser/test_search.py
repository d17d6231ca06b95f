"""Search finds what the pages compute, and loads nothing before someone searches."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import support


def search(page, words):
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("textbox", name="Search").fill(words)
    return page.get_by_role("region", name="Search results").get_by_role("link")


def indexes(page):
    return [url for url in page.log.urls if "search_index" in url]


@pytest.fixture
def computed_word(open_page):
    """A word that stands in the output of the lesson and nowhere in its Markdown."""
    page = open_page(support.LESSON)
    source = (support.DOCS / f"{support.LESSON.rstrip('/')}.md").read_text("utf-8").lower()
    output = " ".join(page.locator(".woven-output samp").all_inner_texts()).lower()
    computed = [word for word in re.findall(r"\b\d{4,}\b", output) if word not in source]
    assert computed, "no block of the lesson prints a number that is not typed"
    return computed[0]


def test_the_index_is_fetched_only_when_someone_searches(open_page):
    page = open_page(support.LESSON)
    page.wait_for_load_state("networkidle")
    assert indexes(page) == []
    expect(search(page, "freezing").first).to_be_visible()
    assert len(indexes(page)) == 1


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("words", ["2800", "freezing", "4400"])
def test_words_and_computed_numbers_lead_to_the_lesson(open_page, site, words, width):
    page = open_page(support.LESSON, width)
    results = search(page, words)
    expect(results.first).to_be_visible()
    targets = [result.get_attribute("href") for result in results.all()]
    assert any("freezing-layers" in target for target in targets), targets
    assert page.log.errors == []
    assert [message for message in page.log.console if message.startswith("error")] == []
    assert [url for url in page.log.urls if not url.startswith((site.url, "blob:"))] == []


def test_what_only_the_output_of_a_block_says_is_found(open_page, computed_word):
    results = search(open_page(support.LESSON), computed_word)
    expect(results.first).to_be_visible()


def test_a_result_leads_to_its_page(open_page, site):
    page = open_page(support.HOME)
    results = search(page, "2800")
    expect(results.first).to_be_visible()
    page.locator(".search a[href*='freezing-layers']").first.click()
    page.wait_for_url(re.compile("freezing-layers"))
    expect(page.locator("h1")).to_have_text(re.compile("Freezing Layers"))
    expect(page.get_by_role("textbox", name="Search")).to_be_hidden()


def test_what_is_not_there_is_said_to_be_not_there(open_page):
    page = open_page(support.LESSON)
    search(page, "zyxwvutsrq")
    expect(page.get_by_role("region", name="Search results")).to_contain_text("Nothing found")
