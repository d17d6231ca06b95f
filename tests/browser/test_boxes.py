"""Every kind of box that opens, on a phone and on a desk, in light and in dark: axe finds nothing."""

import pytest
from playwright.sync_api import expect

from tests.browser import support

BOXES = {}


def opens(within):
    """Mark a function that opens a box on the lesson; `within` selects what has opened."""

    def keep(function):
        BOXES[function.__name__] = function, within
        return function

    return keep


@opens(".explanation")
def the_explanation_of_a_value(page):
    page.locator("article p span.value[data-block]").first.focus()
    expect(page.locator(".explanation")).to_be_visible()


@opens(".explanation")
def the_explanation_of_a_term(page):
    page.locator("article p a.term").first.focus()
    expect(page.locator(".explanation")).to_be_visible()


@opens("#step")
def the_message_of_a_stepper(page):
    page.keyboard.press("Escape")
    rate = page.locator("#step [data-set=rate]")
    rate.fill("fast")
    rate.press("Tab")
    expect(page.locator("#step .message").filter(has_text="rate").first).to_be_visible()


@opens(".search")
def the_results_of_a_search(page):
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("textbox", name="Search").fill("2800")
    results = page.get_by_role("region", name="Search results")
    expect(results.get_by_role("link").first).to_be_visible()


@opens("#menu")
def the_menu_of_a_phone(page):
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.locator("#menu")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_violation_in(open_page, violations, subtests, width, scheme):
    page = open_page(support.LESSON, width, color_scheme=scheme, reduced_motion="reduce")
    for name, (open_box, within) in BOXES.items():
        if name == "the_menu_of_a_phone" and width > 1000:
            continue
        with subtests.test(name):
            open_box(page)
            assert violations(page, within) == []
