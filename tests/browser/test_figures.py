"""Every drawing on every page, as it stands on the screen: legible, uncut, nothing on top of it."""

from itertools import combinations

from tests.browser import support

SMALLEST = 9  # px; what a reader on a phone can still read
TOLERANCE = 0.5  # px


def overlap(first, second):
    """Return by how many px two boxes overlap, in the direction in which it is less."""
    across = min(first["right"], second["right"]) - max(first["left"], second["left"])
    down = min(first["bottom"], second["bottom"]) - max(first["top"], second["top"])
    return min(across, down)


def drawings(visit):
    """Return the drawings of a page, and on a phone those of a narrower one too."""
    measured = filter(None, (visit.facts, visit.at_320))
    return [drawing for facts in measured for drawing in facts["drawings"]]


def test_no_text_is_too_small_to_read(visit):
    small = [
        f"{text['words']!r} is {text['size']:.1f} px in {drawing['name']}"
        for drawing in drawings(visit)
        for text in drawing["texts"]
        if text["size"] < SMALLEST - 0.01
    ]
    assert not small, "\n".join(small)


def test_no_text_lies_on_another(visit):
    touching = [
        f"{first['words']!r} and {second['words']!r} overlap by {depth:.1f} px in {drawing['name']}"
        for drawing in drawings(visit)
        for first, second in combinations(drawing["texts"], 2)
        if (depth := overlap(first["box"], second["box"])) > TOLERANCE
    ]
    assert not touching, "\n".join(touching)


def test_no_text_is_cut_by_the_edge_of_its_drawing(visit):
    cut = [
        f"{text['words']!r} in {drawing['name']}"
        for drawing in drawings(visit)
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


def test_no_number_stands_across_the_side_of_its_matrix(visit):
    crossing = [
        f"{text['words']!r} in {drawing['name']}"
        for drawing in drawings(visit)
        for text in drawing["texts"]
        for outline in drawing["outlines"]
        if crosses_a_side(text["box"], outline)
    ]
    assert not crossing, "\n".join(crossing)


def test_the_lesson_shows_its_figure_in_the_form_that_fits(open_page):
    """The tests above would pass on a page without drawings."""
    for width, form in ((360, "narrow"), (1280, "wide")):
        page = open_page(support.LESSON, width)
        figure = page.locator("article figure").first
        shown = [svg for svg in figure.locator(".sheet > svg").all() if svg.is_visible()]
        assert [svg.get_attribute("class") for svg in shown] == [form]
        assert len(page.evaluate(support.MEASURE)["drawings"][0]["texts"]) > 50
