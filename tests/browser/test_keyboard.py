"""Everything can be done with the keyboard: in order, always in sight, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser import support


@pytest.mark.parametrize("width", [360, 1280])
def test_the_first_stop_skips_to_the_text(open_page, width):
    page = open_page(support.LESSON, width, reduced_motion="reduce")
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    expect(link).to_have_text("Skip to the text")
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_on_a_phone_the_menu_opens_and_shuts(open_page):
    page = open_page(support.LESSON, 360, reduced_motion="reduce")
    button = page.get_by_role("button", name="Menu")
    lesson = page.locator("#menu").get_by_role("link", name="Linear Probe")
    expect(lesson).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(lesson).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('#menu').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(lesson).to_be_hidden()
    expect(button).to_be_focused()


def test_a_lesson_is_chosen_from_the_menu(open_page, site):
    page = open_page(support.LESSON, 360, reduced_motion="reduce")
    page.get_by_role("button", name="Menu").press("Enter")
    page.locator("#menu").get_by_role("link", name="Linear Probe").press("Enter")
    page.wait_for_url(f"{site.url}{support.SERIES}linear-probe/")
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_search_opens_and_shuts(open_page, width):
    page = open_page(support.LESSON, width, reduced_motion="reduce")
    button = page.get_by_role("button", name="Search").first
    field = page.get_by_role("textbox", name="Search")
    expect(field).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(button).to_be_focused()
