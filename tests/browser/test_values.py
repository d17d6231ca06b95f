"""A computed value shows its expression and leads to its block; code can be copied."""

import pytest
from playwright.sync_api import expect

from tests.browser import support

HOVER, TOUCH = {"width": 1280}, {"width": 360, "has_touch": True, "is_mobile": True}


def first_value(page):
    value = page.locator("article p span.value[data-block]").first
    value.scroll_into_view_if_needed()
    return value, value.get_attribute("data-expression"), value.get_attribute("data-block")


def assert_leads_to_block(page, value, expression, block):
    source = page.locator(".explanation")
    expect(source).to_be_visible()
    expect(source.locator("code")).to_have_text(expression)
    link = source.get_by_role("link")
    expect(link).to_be_visible()
    box = source.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    link.click()
    expect(page.locator(f"#{block}")).to_be_in_viewport()
    assert page.url.endswith(f"#{block}")
    expect(source).to_be_hidden()


def test_hovering_a_value_shows_where_it_comes_from(open_page):
    page = open_page(support.LESSON, **HOVER)
    value, expression, block = first_value(page)
    value.hover()
    assert_leads_to_block(page, value, expression, block)


def test_tapping_a_value_shows_where_it_comes_from(open_page):
    page = open_page(support.LESSON, **TOUCH)
    value, expression, block = first_value(page)
    value.tap()
    assert_leads_to_block(page, value, expression, block)


def test_focusing_a_value_shows_where_it_comes_from_and_escape_hides_it(open_page):
    page = open_page(support.LESSON, **HOVER)
    value, expression, block = first_value(page)
    value.focus()
    source = page.locator(".explanation")
    expect(source.locator("code")).to_have_text(expression)
    page.keyboard.press("Escape")
    expect(source).to_be_hidden()
    page.keyboard.press("Enter")
    expect(source).to_be_visible()
    page.keyboard.press("Tab")
    expect(source.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#{block}")).to_be_in_viewport()


def test_the_pointer_can_move_onto_what_a_value_shows(open_page):
    page = open_page(support.LESSON, **HOVER)
    value, _, _ = first_value(page)
    value.hover()
    source = page.locator(".explanation")
    expect(source).to_be_visible()
    source.hover()
    since = page.evaluate("performance.now()")
    support.wait_until(page, f"performance.now() > {since} + 400")  # it hides after 250 ms
    expect(source).to_be_visible()
    page.mouse.move(1, 1)
    expect(source).to_be_hidden()


def test_every_value_names_an_expression_and_a_block_that_is_there(open_page):
    page = open_page(support.LESSON)
    values = page.locator("article .value").evaluate_all(
        """values => values.map((value) => [
             value.textContent, value.dataset.expression,
             !value.dataset.block || document.getElementById(value.dataset.block) !== null])"""
    )
    assert len(values) > 20
    assert [value for value in values if not (value[0].strip() and value[1] and value[2])] == []


@pytest.mark.parametrize("index", [0, 1])
def test_the_copy_button_copies_the_code(open_page, site, index):
    page = open_page(support.LESSON)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
    block = page.locator(".woven").filter(has=page.locator("pre code")).nth(index)
    block.scroll_into_view_if_needed()
    block.hover()
    block.get_by_role("button", name="Copy").first.click()
    support.wait_until(page, "navigator.clipboard.readText()")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == block.locator("pre code").first.inner_text().strip()
    assert "import" in copied or "=" in copied


@pytest.mark.parametrize(
    "clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error('no')) }"]
)
def test_where_copying_is_refused_the_code_is_selected_and_the_button_says_so(
    site, browser, clipboard
):
    page = browser.new_page()
    page.add_init_script(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    log = support.Log().listen(page)
    page.goto(site.url + support.LESSON)
    block = page.locator(".woven").filter(has=page.locator("pre code")).first
    button = block.get_by_role("button", name="Copy").first
    button.scroll_into_view_if_needed()
    block.hover()
    button.click()
    said = block.get_by_role("button", name="The code is selected")
    expect(said).to_be_visible()
    selected = page.evaluate("String(getSelection())").strip()
    assert selected == block.locator("pre code").first.inner_text().strip()
    assert log.errors == []
    page.close()


def test_the_close_values_of_a_formula_have_one_button_for_them_all(open_page):
    page = open_page(f"{support.SERIES}full-fine-tuning/", width=360)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    formula = page.locator(".formula-scroll").filter(has=page.locator("mn.value")).first
    values = formula.locator("mn.value")
    assert values.count() > 1
    assert formula.locator("[tabindex]").count() == 0
    button = page.locator(".formula-scroll:has(mn.value) + .sources button").first
    button.focus()
    source = page.locator(".explanation")
    expect(source).to_be_visible()
    told = values.evaluate_all("all => [...new Set(all.map((one) => one.dataset.expression))]")
    assert source.locator("code").all_inner_texts() == told
    assert button.bounding_box()["height"] >= 24
    page.keyboard.press("Tab")
    expect(source.get_by_role("link")).to_be_focused()


def test_escape_leads_from_the_link_back_to_the_value(open_page):
    page = open_page(support.LESSON)
    value, _, _ = first_value(page)
    value.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".explanation")).to_be_hidden()
    expect(value).to_be_focused()
