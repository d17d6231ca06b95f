"""Plots: Matplotlib's drawing, on squared paper, without styles of its own."""

import re
from xml.etree import ElementTree

import pytest

from figures.kit.plot import COLOURS, SQUARE, colour, paper, plot
from figures.kit.table import table

DOCS = "docs/assets/stylesheets/tokens.css"
NUMBERS = table(["x", "y"], [["0", "0.1"], ["300", "0.3"]])
SVG = "{http://www.w3.org/2000/svg}"


def draw(panels):
    for axes in panels:
        paper(axes, x=(0, 25, 4), y=(0, 0.05, 2))
        axes.plot([0, 300], [0.1, 0.3], color=colour("new"))
        axes.scatter([0, 300], [0.1, 0.3], color=colour("delta"))
        axes.text(300, 0.3, "a < b", color=colour("new"), ha="right")
        axes.set_xlabel("steps")


def make(**changes):
    given = {
        "draw": draw,
        "title": "A plot",
        "alt": "From 0.1 to 0.3.",
        "table": NUMBERS,
        "panels": ("One", "Two"),
        **changes,
    }
    return plot(**given)


@pytest.fixture(scope="module")
def made():
    return make()


def parse(svg):
    return ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" '))


@pytest.mark.parametrize("arrangement", ["wide", "narrow"])
def test_text_is_text_and_the_picture_says_what_it_shows(made, arrangement):
    tree = parse(made.svg(arrangement))
    words = [text.text for text in tree.iter(f"{SVG}text")]
    assert {"One", "Two", "steps", "a < b", "0.4", "300"} <= set(words)
    assert [tree.find(f"{SVG}{tag}").text for tag in ("title", "desc")] == [
        "A plot",
        "From 0.1 to 0.3.",
    ]
    assert tree.get("role") == "img"


def test_colours_are_tokens_and_nothing_has_a_style(made):
    html = made._repr_html_()
    assert "style=" not in html
    assert "clip-path" not in html
    paints = set(re.findall(r'(?:fill|stroke)="([^"]*)"', html))
    assert paints <= {"none", *(f"var({token})" for token, _ in COLOURS.values())}
    assert {"var(--new-line)", "var(--delta-line)", "var(--ink)"} <= paints
    assert 'class="end new"' in html


def test_stand_in_colours_are_the_light_tokens():
    with open(DOCS, encoding="utf-8") as file:
        light = file.read().partition("slate")[0]
    for token, value in COLOURS.values():
        assert re.search(rf"{token}: {value};", light), token


def test_axes_lie_on_rules_of_the_paper(made):
    for arrangement in ("wide", "narrow"):
        paths = re.findall(
            r'<path [^>]*stroke="var\(--ink\)"[^>]* d="M([^"]*)"', made.svg(arrangement)
        )
        assert len(paths) == 4  # two axes of each of two panels
        for path in paths:
            assert all(float(number) % SQUARE == 0 for number in re.findall(r"[\d.]+", path))


def test_a_value_stands_where_its_squares_say(made):
    line = re.search(
        r'stroke="var\(--new-line\)"[^>]* d="M(\S+) (\S+)L(\S+) (\S+)"', made.svg("wide")
    )
    x0, y0, x1, y1 = map(float, line.groups())
    assert (x1 - x0) / SQUARE == 300 / 25
    assert (y0 - y1) / SQUARE == pytest.approx((0.3 - 0.1) / 0.05)


def test_ids_differ_between_the_two_drawings(made):
    ids = re.findall(r' id="([^"]+)"', made._repr_html_())
    assert ids
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', made._repr_html_())) <= set(ids)


def test_the_numbers_stand_beside_it_as_a_table(made):
    assert NUMBERS._repr_html_() in made._repr_html_()
    assert repr(made) == "From 0.1 to 0.3."


def test_it_is_drawn_the_same_twice(made):
    assert make()._repr_html_() == made._repr_html_()


def red(panels):
    panels[0].plot([0, 1], [0, 1], color="red")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"panels": ()}, "panels must hold a heading or more"),
        ({"alt": " "}, "alt must say what the plot shows"),
        ({"table": [["x"]]}, "table must be a Table, got list"),
        ({"draw": red}, "draw must take its colours from colour"),
        ({"narrow": (18, 8)}, "narrow must leave text readable on 286 pixels"),
        ({"squares": (40, 8)}, "squares must leave text readable"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make(**changes)


def test_an_unknown_colour_is_refused():
    with pytest.raises(ValueError, match="name must be one of ink, soft"):
        colour("pink")
