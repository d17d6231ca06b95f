"""What all figures one can touch have in common: where they are opened, how they are addressed."""

import re

import pytest

from tests.browser import support

# page, id, a control that takes a number, a state, and what the state changes in the figure
STEPPER = (support.LESSON, "step", "rate", "step.stage=H2")
SWITCHBOARD = (support.LESSON, "costs", "columns", "costs.tasks=3")
SIDE_BY_SIDE = (support.SERIES, "methods", "rate", "methods.steps=3")
each = pytest.mark.parametrize(
    "figure", [STEPPER, SWITCHBOARD, SIDE_BY_SIDE], ids=lambda figure: figure[1]
)
BORDER = "(e) => [getComputedStyle(e).borderTopColor, getComputedStyle(e).borderTopWidth]"
# The colour of a token as a computed one.
COLOUR = """(name) => {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.querySelector(".instrument").append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}"""
# Roles that a table's parts may not have, and names on elements that can't have one.
WRONG_ROLES = """() => [...document.querySelectorAll(".instrument *, .instrument")].filter((e) =>
  (/^(TR|TH|TD|TBODY|THEAD)$/.test(e.tagName) && e.hasAttribute("role")) ||
  (e.hasAttribute("aria-label") && !e.hasAttribute("role") &&
    !e.matches("table, button, input, select, textarea, a[href]"))).map((e) => e.outerHTML.slice(0, 80))"""


def is_live(page, name):
    support.wait_until(page, f"document.querySelector('#{name}.live') !== null")


def state(page, name):
    return page.evaluate("(name) => document.getElementById(name).state", name)


@each
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wrong_number_gets_a_red_outline(open_page, figure, scheme):
    path, name, key, _ = figure
    page = open_page(path, color_scheme=scheme)
    is_live(page, name)
    field = page.locator(f"#{name} [data-set={key}]")
    before = field.evaluate(BORDER)
    field.fill("none")
    field.press("Tab")
    assert field.evaluate(BORDER) == [page.evaluate(COLOUR, "--delta-line"), "2px"]
    field.fill("1")
    field.press("Tab")
    assert field.evaluate(BORDER) == before


@each
def test_where_the_address_begins_with_two_slashes_it_still_holds_the_state(site, browser, figure):
    path, name, key, _ = figure
    page = browser.new_page()
    log = support.Log().listen(page)

    def answer(route):
        right = route.request.url.replace(f"{site.origin}//", f"{site.origin}/")
        route.fulfill(response=route.fetch(url=right))

    page.route(lambda url: url.startswith(f"{site.origin}//"), answer)
    page.goto(site.url.replace(f"{site.origin}/", f"{site.origin}//") + path)
    support.wake_figures(page)
    is_live(page, name)
    field = page.locator(f"#{name} [data-set={key}]")
    field.fill("0.25" if key == "rate" else "7")
    field.press("Tab")
    support.wait_until(page, f"location.hash.includes('{name}.{key}=')")
    assert page.url.startswith(f"{site.origin}//")
    assert log.errors == []
    page.close()


@each
def test_embedded_with_a_state_it_opens_at_its_top(open_page, figure):
    path, name, _, hash = figure
    page = open_page(f"{path}?embed={name}#{hash}", width=360, height=500)
    is_live(page, name)
    page.evaluate(support.SETTLED)
    assert page.evaluate("scrollY") == 0
    assert page.evaluate(f"document.getElementById('{name}').getBoundingClientRect().top") <= 1
    key, value = hash.partition(".")[2].split("=")
    assert str(state(page, name)[key]) == value


@each
def test_a_link_to_a_state_opens_at_the_figure(open_page, figure):
    path, name, _, hash = figure
    page = open_page(f"{path}#{hash}", height=500)
    is_live(page, name)
    support.wait_until(
        page, f"Math.abs(document.getElementById('{name}').getBoundingClientRect().top) < 200"
    )


@each
def test_roles_and_names_stand_only_where_html_allows_them(open_page, figure):
    path, name, _, _ = figure
    page = open_page(path)
    is_live(page, name)
    assert page.evaluate(WRONG_ROLES) == []


@each
@pytest.mark.parametrize("way", ["near", "keyboard", "state"])
def test_its_script_comes_when_it_is_near_or_asked_for(open_page, figure, way):
    path, name, _, hash = figure
    page = open_page(path, width=360, awake=False)
    page.wait_for_load_state("networkidle")
    assert [
        url for url in page.log.urls if re.search(r"(instruments|side-by-side)\..*js$", url)
    ] == []
    assert page.locator(".instrument.live").count() == 0
    look = page.locator(f"#{name}")
    before = look.bounding_box()["height"]
    if way == "near":
        page.locator(f"#{name}").scroll_into_view_if_needed()
    elif way == "keyboard":
        page.keyboard.press("Tab")
    else:
        page.evaluate("(hash) => { location.hash = hash; }", hash)
    is_live(page, name)
    if way == "state":
        key, value = hash.partition(".")[2].split("=")
        assert str(state(page, name)[key]) == value
    else:
        assert look.bounding_box()["height"] == before
    assert page.log.errors == []


@each
def test_if_its_script_fails_no_control_is_offered_and_all_can_be_read(site, browser, figure):
    path, name, _, _ = figure
    page = browser.new_page()
    page.route("**/instruments.*.js", lambda route: route.fulfill(
        body="throw new Error('broken');", content_type="text/javascript"))  # fmt: skip
    page.goto(site.url + path)
    support.wait_until_ready(page)
    support.wake_figures(page)
    assert page.locator(f"#{name} :is(button, input, select, textarea):visible").count() == 0
    assert page.locator(f"#{name} .board :is(td, th):visible").count() > 10
    page.close()


def test_on_a_phone_the_tab_key_goes_down_the_stepper(open_page):
    page = open_page(support.LESSON, width=360)
    is_live(page, "step")
    for width in (360, 1280, 360):
        support.resize(page, width)
        page.locator("#step .transport :is(button, select, input)").last.focus()
        tops = []
        while True:
            page.keyboard.press("Tab")
            place = page.evaluate("""() => {
              const at = document.activeElement;
              return at.closest(".bench, .network, .cell") && at.closest("#step")
                ? at.getBoundingClientRect().top + scrollY : null;
            }""")
            if place is None:
                break
            tops.append(place)
        assert len(tops) >= 2
        if width == 360:
            assert tops == sorted(tops)


def test_the_losses_beside_the_stepper_are_on_paper_too(open_page):
    page = open_page(support.LESSON)
    is_live(page, "step")
    page.locator("#step [data-do=again]").click()
    page.emulate_media(media="print")
    shown = page.locator("#step .losses :is(th, td):visible").all_inner_texts()
    assert shown[:4] == ["After step", "0", "1", "2"]
    assert page.locator("#step .now .bench table:visible").count() >= 2
    assert page.locator("#step :is(button, select):visible").count() == 0
