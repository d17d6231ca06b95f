"""A term of the glossary says what it means: to the pointer, to focus, to a tap, to a reader."""

import re

from playwright.sync_api import expect

from tests.browser import support

TOUCH = {"width": 360, "has_touch": True, "is_mobile": True}
GLOSSARY = "glossary/"


def first_term(page):
    term = page.locator("article p a.term").first
    term.scroll_into_view_if_needed()
    return term


def assert_explained(page):
    shown = page.locator(".explanation")
    expect(shown).to_be_visible()
    assert len(shown.inner_text()) > 20
    box = shown.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    return shown


def test_hovering_a_term_explains_it_and_a_click_leads_to_the_glossary(open_page):
    page = open_page(support.LESSON)
    term = first_term(page)
    term.hover()
    assert_explained(page)
    term.click()
    page.wait_for_url(re.compile(f"{GLOSSARY}#"))
    assert page.locator("dt:target").is_visible()


def test_tapping_a_term_explains_it_and_stays_and_its_link_leads_to_the_glossary(open_page):
    page = open_page(support.LESSON, **TOUCH)
    address = page.url
    first_term(page).tap()
    shown = assert_explained(page)
    assert page.url == address
    page.locator("h1").tap()
    expect(shown).to_be_hidden()
    first_term(page).tap()
    shown.get_by_role("link", name="Glossary").tap()
    page.wait_for_url(re.compile(f"{GLOSSARY}#"))


def test_focusing_a_term_explains_it_escape_hides_it_and_enter_leads_to_the_glossary(open_page):
    page = open_page(support.LESSON)
    term = first_term(page)
    term.focus()
    shown = assert_explained(page)
    page.keyboard.press("Escape")
    expect(shown).to_be_hidden()
    expect(term).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"{GLOSSARY}#"))


def test_a_term_says_what_it_means_to_a_screen_reader(open_page):
    page = open_page(support.LESSON)
    described = page.locator("a.term").evaluate_all(
        "terms => terms.map((term) => term.getAttribute('aria-description') ?? '')"
    )
    assert described and min(map(len, described)) > 20
    assert page.locator("a.term[title]").count() == 0


def test_without_javascript_a_term_has_its_meaning_and_a_way_to_the_glossary(open_page, site):
    page = open_page(support.LESSON, java_script_enabled=False)
    term = first_term(page)
    assert len(term.get_attribute("title")) > 20
    term.click()
    page.wait_for_url(re.compile(f"{GLOSSARY}#"))
