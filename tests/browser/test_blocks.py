"""Blocks of a full-size figure: what hover, focus and tap show of them."""

import numpy as np
import pytest

from figures.kit.numbers import format_number
from snippets.network import FULL_SIZES, new_network
from tests.browser import support

LESSONS = (
    "weight-update",
    "pretrain-vs-fine-tune",
    "full-fine-tuning",
    "freezing-layers",
    "linear-probe",
    "feature-extraction-head",
    "adapter-layers",
    "lora",
)
WITH_BLOCKS = [f"models/fine-tuning/{slug}/" for slug in LESSONS]
READY = "document.querySelector('by-hand-blocks .spot') !== null"
SHIFTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().map((entry) => entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([]), 500);
})"""


@pytest.fixture
def figure(open_page):
    """A function that opens a page and scrolls to its blocks."""

    def open_figure(path=support.LESSON, width=1280, **options):
        page = open_page(path, width, **options)
        support.wait_until(page, READY)
        page.locator("by-hand-blocks").first.scroll_into_view_if_needed()
        return page

    return open_figure


def spot(page, label):
    return page.locator(f"by-hand-blocks .spot[aria-label^='{label}:']").first


def box(page):
    return page.locator("by-hand-blocks .block-box:visible")


def cells(page):
    return [row.locator("td").all_inner_texts() for row in box(page).locator("tr").all()]


@pytest.mark.parametrize("path", WITH_BLOCKS, ids=support.page_name)
@pytest.mark.parametrize("width", [360, 1280])
def test_every_block_has_its_button_right_over_it(figure, path, width):
    page = figure(path, width)
    off = page.evaluate("""() => [...document.querySelectorAll("by-hand-blocks")].flatMap(
      (figure) => figure.all.map((spot) => {
        const [one, two] = [spot, spot.outline].map((part) => part.getBoundingClientRect());
        const apart = ["x", "width"].map((side) => Math.abs(one[side] - two[side]));
        return two.width < 24 || Math.max(...apart) < 2 ? "" : spot.ariaLabel;
      })).filter(Boolean)""")
    assert off == []
    uses = page.evaluate("""() => [...document.querySelectorAll("by-hand-blocks use")]
      .filter((use) => use.closest(".wide, .narrow").checkVisibility()).length""")
    spots = page.locator("by-hand-blocks .spot").all()
    assert len(spots) == uses > 3
    boxes = [one.bounding_box() for one in spots]
    assert min(min(at["width"], at["height"]) for at in boxes) > 23.9


def test_the_box_shows_shape_count_state_and_the_arrays_corner(figure):
    page = figure()
    W = new_network(FULL_SIZES, np.random.default_rng(4))["W1"]
    spot(page, "W1").hover()
    said = box(page).inner_text()
    assert "40 × 30, 1200 numbers" in said and "frozen: it gets no ΔW" in said
    assert "rows 1–5, columns 1–5" in said
    assert cells(page) == [[format_number(v) for v in row] for row in W[:5, :5]]


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_box_stands_beside_its_block_inside_the_window(figure, width):
    page = figure(width=width)
    for index in range(page.locator("by-hand-blocks .spot").count()):
        one = page.locator("by-hand-blocks .spot").nth(index)
        one.evaluate("(spot) => spot.scrollIntoView({ block: 'center', behavior: 'instant' })")
        one.focus()
        at, shown = one.bounding_box(), box(page).bounding_box()
        assert shown["x"] >= 0 and shown["x"] + shown["width"] <= width
        assert shown["y"] >= 0 and shown["y"] + shown["height"] <= 900
        apart = (
            shown["x"] >= at["x"] + at["width"]
            or shown["x"] + shown["width"] <= at["x"]
            or shown["y"] >= at["y"] + at["height"]
            or shown["y"] + shown["height"] <= at["y"]
        )
        assert apart, one.get_attribute("aria-label")


def test_a_tap_opens_and_a_tap_elsewhere_closes(figure):
    page = figure(width=360, has_touch=True)
    spot(page, "W1").tap()
    assert "40 × 30" in box(page).inner_text()
    page.locator("by-hand-blocks .hint").first.tap()
    support.wait_until(page, "document.querySelector('.block-box:not([hidden])') === null")


def test_the_pointer_may_go_into_the_box_and_away(figure):
    page = figure()
    spot(page, "W1").hover()
    box(page).hover()
    page.wait_for_timeout(400)
    assert box(page).count() == 1
    page.mouse.move(5, 5)
    support.wait_until(page, "document.querySelector('.block-box:not([hidden])') === null")


def test_one_tab_stop_and_arrows_to_the_nearest_block(figure):
    page = figure()
    assert page.locator("by-hand-blocks").first.locator(".spot[tabindex='0']").count() == 1
    label = "document.activeElement.ariaLabel.split(':')[0]"
    spot(page, "W1").focus()
    for key, name in (
        ("ArrowRight", "H1"),
        ("ArrowDown", "H2"),
        ("ArrowLeft", "W2"),
        ("ArrowDown", "W3"),
        ("ArrowUp", "W2"),
        ("Home", "X"),
        ("End", "H′3"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(label) == name, key
        assert page.evaluate("document.activeElement.ariaExpanded") == "true"
    assert page.locator("by-hand-blocks").first.locator(".spot[tabindex='0']").count() == 1
    page.keyboard.press("Escape")
    assert box(page).count() == 0
    page.keyboard.press("Enter")
    assert box(page).count() == 1
    page.keyboard.press("Tab")
    support.wait_until(page, "document.querySelector('.block-box:not([hidden])') === null")


def test_both_arrangements_can_be_looked_into(figure):
    page = figure()
    wide = page.locator("by-hand-blocks .spot").count()
    support.resize(page, 360)
    support.wait_until(page, f"document.querySelectorAll('by-hand-blocks .spot').length !== {wide}")
    spot(page, "ΔW3").focus()
    assert "change: what is added to W" in box(page).inner_text()
    assert cells(page)[0][0][0] in "+−0"


def test_a_block_is_shown_at_once(figure):
    """In the very task of the focus, with no frame or timer between."""
    page = figure()
    shown = page.evaluate("""() => [...document.querySelectorAll(".spot")].map((spot) => {
      spot.focus();
      return spot.ariaExpanded === "true" &&
        document.querySelector(".block-box").getBoundingClientRect().height > 0;
    })""")
    assert shown
    assert all(shown)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_with_a_box_open(figure, violations, scheme):
    page = figure(color_scheme=scheme)
    for label in ("W1", "W3", "ΔW3", "W′3", "X"):
        spot(page, label).focus()
        assert not violations(page)
    assert page.log.console == page.log.errors == []


def test_nothing_shifts(figure):
    page = figure()
    assert sum(page.evaluate(SHIFTS)) == 0


def test_without_script_the_drawing_is_whole_and_offers_nothing(open_page):
    page = open_page(support.LESSON, java_script_enabled=False)
    assert page.locator("by-hand-blocks .sheet > svg.wide").first.is_visible()
    assert not page.locator("by-hand-blocks .hint").first.is_visible()
    assert page.locator(".spot").count() == 0
