"""Everything can be done with the keyboard: in order, always in sight, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser import support

PAGES = [support.HOME, support.SERIES, support.LESSON, support.MISSING]
# All that Tab must reach, in the order of the document. Of a group of radio buttons, one.
REACHABLE = """() => {
  const focusable = "a[href], button, input, select, textarea, summary, [tabindex]";
  window.stops = [...document.querySelectorAll(focusable)].filter((element) =>
    element.tabIndex >= 0 && !element.disabled && element.getClientRects().length
      && element.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
  return window.stops.length;
}"""
# Where the focus is now: which of the stops, and whether a reader can see that.
FOCUS = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const [box] = element.getClientRects();
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 2);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 10), 1), innerHeight - 2);
  const there = document.elementFromPoint(x, y);
  return {
    stop: window.stops.indexOf(element),
    name: `${element.localName}.${element.className} "${element.textContent.trim().slice(0, 30)}"`,
    isMarked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== "none",
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    isUncovered: there !== null && (element.contains(there) || there.contains(element)),
  };
}"""


def walk(page, key="Tab"):
    """Press a key until the focus leaves the page; return what it was on at each press."""
    stops = page.evaluate(REACHABLE)
    walked = []
    for _ in range(2 * stops + 10):
        page.keyboard.press(key)
        focus = page.evaluate(FOCUS)
        if focus is None:
            return stops, walked
        walked.append(focus)
    raise AssertionError(f"the focus does not leave the page: {walked[-5:]}")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES, ids=support.page_name)
def test_tab_reaches_everything_in_the_order_of_the_page_and_is_always_seen(open_page, path, width):
    page = open_page(path, width, reduced_motion="reduce")
    stops, walked = walk(page)
    known = [focus["stop"] for focus in walked if focus["stop"] >= 0]
    assert known == list(range(stops)), "not once each and in order"
    for sign in ("isMarked", "isOnScreen", "isUncovered"):
        assert [focus["name"] for focus in walked if not focus[sign]] == [], sign


@pytest.mark.parametrize("path", PAGES, ids=support.page_name)
def test_no_tabindex_changes_the_order(open_page, path):
    positive = "elements => elements.filter((element) => element.tabIndex > 0).length"
    assert open_page(path).locator("[tabindex]").evaluate_all(positive) == 0


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_open_menu_has_no_accessibility_violation(open_page, violations, scheme):
    page = open_page(support.LESSON, 360, color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="Menu").press("Enter")
    expect(page.locator("#menu")).to_be_visible()
    assert violations(page) == []


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
