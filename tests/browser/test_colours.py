"""The colours follow the system until the reader chooses, and then the reader."""

import pytest
from playwright.sync_api import expect

from tests.browser import support

PAPER = "getComputedStyle(document.body).backgroundColor"


def choose(page, width, name):
    scope = page.locator("header")
    if width < 700 and not scope.get_by_role("button", name=name, exact=True).is_visible():
        page.get_by_role("button", name="Menu").click()
        scope = page.locator("#menu")
    scope.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(("system", "choice"), [("light", "Dark"), ("dark", "Light")])
def test_a_choice_wins_over_the_system_and_is_remembered(open_page, site, width, system, choice):
    page = open_page(support.LESSON, width, color_scheme=system)
    before = page.evaluate(PAPER)
    choose(page, width, choice)
    support.wait_until(page, f"{PAPER} !== {before!r}")
    chosen = page.evaluate(PAPER)
    assert page.evaluate("localStorage.length") > 0

    page.goto(site.url + support.SERIES)
    support.wait_until_ready(page)
    assert page.evaluate(PAPER) == chosen
    choose(page, width, "Auto")
    support.wait_until(page, f"{PAPER} === {before!r}")
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []
    assert page.log.errors == []


def test_the_system_is_followed_while_the_page_is_open(open_page):
    page = open_page(support.LESSON, color_scheme="light")
    before = page.evaluate(PAPER)
    page.emulate_media(color_scheme="dark")
    support.wait_until(page, f"{PAPER} !== {before!r}")


def test_the_chosen_button_says_so(open_page):
    page = open_page(support.LESSON)
    dark, auto = (
        page.locator("header").get_by_role("button", name=name, exact=True)
        for name in ("Dark", "Auto")
    )
    dark.click()
    expect(dark).to_have_attribute("aria-pressed", "true")
    expect(auto).to_have_attribute("aria-pressed", "false")


def test_a_choice_without_storage_holds_for_the_page(browser, site):
    context = browser.new_context()
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('off'); } })"
    )
    page = context.new_page()
    log = support.Log().listen(page)
    page.goto(site.url + support.LESSON)
    support.wait_until_ready(page)
    before = page.evaluate(PAPER)
    choose(page, 1280, "Dark")
    support.wait_until(page, f"{PAPER} !== {before!r}")
    assert log.errors == []
    context.close()
