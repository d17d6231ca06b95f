"""What holds on every page of the site, at 360 and 1280 px, in light and in dark.

A page is visited once at each width in each scheme (visit.py), and each function below that is
marked with `@holds` asks something of what was found. All that fail are reported, by name.
"""

import xml.etree.ElementTree as ElementTree
from functools import wraps
from itertools import combinations

import pytest

from tests.browser import support
from tests.browser.visit import A4, Visit

VISITS = [
    pytest.param(path, width, scheme, id=f"{support.page_name(path)}-{width}-{scheme}")
    for path in support.page_paths()
    for width in (360, 1280)
    for scheme in ("light", "dark")
]
SMALLEST = 9  # px; what a reader on a phone can still read
TOLERANCE = 0.5  # px
CHECKS = []


def holds(check):
    CHECKS.append(check)
    return check


def holds_in_light(check):
    """Mark what is the same in dark, and is looked at once."""

    @wraps(check)
    def check_light(visit):
        if visit.is_light:
            check(visit)

    return holds(check_light)


@pytest.fixture(scope="session")
def still(browser):
    """A page that runs no scripts, so that nothing of one visit is left in the next."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("path", "width", "scheme"), VISITS)
def test_page(site, browser, still, subtests, path, width, scheme):
    visit = Visit(site, browser, path, width, scheme, still if scheme == "light" else None)
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(visit)


def test_the_sitemap_lists_exactly_the_pages_that_the_tests_visit(site):
    tree = ElementTree.parse(site.folder / "sitemap.xml")
    listed = {element.text for element in tree.iter() if element.tag.endswith("}loc")}
    visited = {site.url + path for path in support.page_paths() if path != support.MISSING}
    assert listed == visited


# What the browser says and asks for


@holds
def the_page_writes_nothing_to_the_console_and_throws_nothing(visit):
    assert visit.log.console == []
    assert visit.log.errors == []


@holds
def no_request_fails(visit):
    refused = [f"{r.status} {r.url}" for r in visit.log.responses if r.status >= 400]
    assert refused == []
    assert visit.log.failed == []


@holds
def no_request_leaves_the_site(visit):
    ours = (visit.site.url, "data:")
    assert [url for url in visit.log.urls if not url.startswith(ours)] == []


@holds
def nothing_is_stored_before_a_choice(visit):
    assert visit.cookies == []
    assert visit.facts["stored"] == {"local": {}, "session": {}, "cookies": ""}


# The page and its head


@holds
def the_scheme_follows_the_system(visit):
    assert (visit.facts["paper"] < "#8") == (visit.scheme == "dark"), visit.facts["paper"]


@holds
def the_page_has_title_language_and_one_heading_of_level_one(visit):
    facts = visit.facts
    assert facts["lang"] == "en"
    assert facts["title"].strip()
    assert [heading["level"] for heading in facts["headings"]].count(1) == 1


@holds
def headings_skip_no_level(visit):
    level = 0
    for heading in visit.facts["headings"]:
        assert heading["level"] <= level + 1, f"{heading} follows level {level}"
        level = heading["level"]


@holds
def no_id_is_used_twice(visit):
    assert visit.facts["repeatedIds"] == []


@holds
def every_page_but_404_has_a_description_and_its_own_address(visit):
    if visit.path != support.MISSING:
        assert len(visit.facts["description"]) > 20
        assert visit.facts["canonical"] == visit.site.url + visit.path


# Room


@holds
def nothing_is_wider_than_the_page(visit):
    for facts in visit.all_facts:
        assert facts["tooWide"] == []
        assert facts["overflow"] == 0


@holds_in_light
def wider_text_spacing_loses_nothing(visit):
    assert visit.cut_when_spaced == []
    assert visit.width_when_spaced <= visit.width


@holds_in_light
def on_paper_nothing_is_cut_off(visit):
    if visit.width > A4:
        assert visit.scrolling_on_paper == []
        assert visit.cut_on_paper == []
        assert visit.width_on_paper <= A4 + 1


# Access


@holds
def axe_finds_no_violation_with_all_details_open(visit):
    assert not visit.violations, "\n".join(visit.violations)


@holds
def whatever_scrolls_can_be_reached_with_the_keyboard(visit):
    for facts in visit.all_facts:
        boxes = facts["scrollers"]
        lost = [b["name"] for b in boxes if not (b["takesFocus"] or b["hasFocusable"])]
        assert lost == []


@holds
def scrolling_boxes_of_the_text_take_focus_and_have_names_of_their_own(visit):
    for facts in visit.all_facts:
        boxes = [box for box in facts["scrollers"] if box["isContent"]]
        assert [box["name"] for box in boxes if not (box["takesFocus"] and box["label"])] == []
        labels = [box["label"] for box in boxes]
        assert len(set(labels)) == len(labels), labels


@holds
def no_tabindex_changes_the_order(visit):
    assert visit.positive_tabindex == []


@holds_in_light
def tab_reaches_everything_in_the_order_of_the_page(visit):
    known = [focus["stop"] for focus in visit.walked if focus["stop"] >= 0]
    assert known == list(range(visit.stops)), "not once each and in order"


@holds_in_light
def what_has_the_focus_is_marked_on_the_screen_and_not_covered(visit):
    for sign in ("isMarked", "isOnScreen", "isUncovered"):
        assert [focus["name"] for focus in visit.walked if not focus[sign]] == [], sign


@holds
def nothing_moves_for_those_who_ask_for_less_motion(visit):
    assert visit.moving == []


# Without scripts


@holds_in_light
def scripts_add_no_words_to_the_text(visit):
    assert sorted(visit.words - visit.words_without_script) == []


@holds_in_light
def a_term_is_explained_once_a_page_and_leads_to_its_entry(visit):
    assert len(set(visit.terms)) == len(visit.terms)
    assert all("/glossary/#" in address for address in visit.terms)
    assert visit.terms_within == 0


# Drawings, as they stand on the screen: legible, uncut, nothing on top of it


@holds
def no_text_of_a_drawing_is_too_small_to_read(visit):
    small = [
        f"{text['words']!r} is {text['size']:.1f} px in {drawing['name']}"
        for drawing in visit.drawings
        for text in drawing["texts"]
        if text["size"] < SMALLEST - 0.01
    ]
    assert not small, "\n".join(small)


def overlap(first, second):
    """Return by how many px two boxes overlap, in the direction in which it is less."""
    across = min(first["right"], second["right"]) - max(first["left"], second["left"])
    down = min(first["bottom"], second["bottom"]) - max(first["top"], second["top"])
    return min(across, down)


@holds
def no_text_of_a_drawing_lies_on_another(visit):
    touching = [
        f"{first['words']!r} and {second['words']!r} overlap by {depth:.1f} px in {drawing['name']}"
        for drawing in visit.drawings
        for first, second in combinations(drawing["texts"], 2)
        if (depth := overlap(first["box"], second["box"])) > TOLERANCE
    ]
    assert not touching, "\n".join(touching)


@holds
def no_text_is_cut_by_the_edge_of_its_drawing(visit):
    cut = [
        f"{text['words']!r} in {drawing['name']}"
        for drawing in visit.drawings
        for text in drawing["texts"]
        if text["box"]["left"] < drawing["box"]["left"] - TOLERANCE
        or text["box"]["right"] > drawing["box"]["right"] + TOLERANCE
        or text["box"]["top"] < drawing["box"]["top"] - TOLERANCE
        or text["box"]["bottom"] > drawing["box"]["bottom"] + TOLERANCE
    ]
    assert not cut, "\n".join(cut)


def crosses_a_side(text, outline):
    """Say whether a text stands across the left or the right side of a matrix."""
    middle = (text["top"] + text["bottom"]) / 2
    return outline["top"] < middle < outline["bottom"] and any(
        text["left"] + TOLERANCE < outline[side] < text["right"] - TOLERANCE
        for side in ("left", "right")
    )


@holds
def no_number_stands_across_the_side_of_its_matrix(visit):
    crossing = [
        f"{text['words']!r} in {drawing['name']}"
        for drawing in visit.drawings
        for text in drawing["texts"]
        for outline in drawing["outlines"]
        if crosses_a_side(text["box"], outline)
    ]
    assert not crossing, "\n".join(crossing)


def test_the_lesson_shows_its_figure_in_the_form_that_fits(open_page):
    """The checks above would pass on a page without drawings."""
    for width, form in ((360, "narrow"), (1280, "wide")):
        page = open_page(support.LESSON, width)
        figure = page.locator("article figure").first
        shown = [svg for svg in figure.locator(".sheet > svg").all() if svg.is_visible()]
        assert [svg.get_attribute("class") for svg in shown] == [form]
        assert len(page.evaluate(support.MEASURE)["drawings"][0]["texts"]) > 50
