"""What holds on every page of the site, at 360 and 1280 px, in light and in dark."""

import xml.etree.ElementTree as ElementTree

from tests.browser import support


def test_the_sitemap_lists_exactly_the_pages_that_the_tests_visit(site):
    tree = ElementTree.parse(site.folder / "sitemap.xml")
    listed = {element.text for element in tree.iter() if element.tag.endswith("}loc")}
    visited = {site.url + path for path in support.page_paths() if path != support.MISSING}
    assert listed == visited


def test_the_page_writes_nothing_to_the_console_and_throws_nothing(visit):
    assert visit.log.console == []
    assert visit.log.errors == []


def test_no_request_fails(visit):
    refused = [f"{r.status} {r.url}" for r in visit.log.responses if r.status >= 400]
    assert refused == []
    assert visit.log.failed == []


def test_no_request_leaves_the_site(visit, site):
    assert [url for url in visit.log.urls if not url.startswith((site.url, "data:"))] == []


def test_nothing_is_stored_before_a_choice(visit):
    assert visit.cookies == []
    assert visit.facts["stored"] == {"local": {}, "session": {}, "cookies": ""}


def test_the_scheme_follows_the_system(visit):
    assert (visit.facts["paper"] < "#8") == (visit.scheme == "dark"), visit.facts["paper"]


def test_nothing_is_wider_than_the_page(visit):
    for facts in filter(None, (visit.facts, visit.at_320)):
        assert facts["tooWide"] == []
        assert facts["overflow"] == 0


def test_axe_finds_no_violation(visit):
    assert not visit.violations, "\n".join(visit.violations)


def test_whatever_scrolls_can_be_reached_with_the_keyboard(visit):
    for facts in filter(None, (visit.facts, visit.at_320)):
        lost = [
            box["name"]
            for box in facts["scrollers"]
            if not (box["takesFocus"] or box["hasFocusable"])
        ]
        assert lost == []


def test_scrolling_boxes_of_the_text_take_focus_and_have_names_of_their_own(visit):
    for facts in filter(None, (visit.facts, visit.at_320)):
        boxes = [box for box in facts["scrollers"] if box["isContent"]]
        assert [box["name"] for box in boxes if not (box["takesFocus"] and box["label"])] == []
        labels = [box["label"] for box in boxes]
        assert len(set(labels)) == len(labels), labels


def test_the_page_has_title_language_and_one_heading_of_level_one(visit):
    facts = visit.facts
    assert facts["lang"] == "en"
    assert facts["title"].strip()
    assert [heading["level"] for heading in facts["headings"]].count(1) == 1


def test_headings_skip_no_level(visit):
    level = 0
    for heading in visit.facts["headings"]:
        assert heading["level"] <= level + 1, f"{heading} follows level {level}"
        level = heading["level"]


def test_no_id_is_used_twice(visit):
    assert visit.facts["repeatedIds"] == []


def test_every_page_but_404_has_a_description_and_its_own_address(visit, site):
    if visit.path != support.MISSING:
        assert len(visit.facts["description"]) > 20
        assert visit.facts["canonical"] == site.url + visit.path
