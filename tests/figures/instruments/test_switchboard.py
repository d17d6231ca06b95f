"""The freeze switchboard as Python draws it: whole without script, its numbers those of costs."""

import json
import re
from itertools import chain, combinations
from xml.etree import ElementTree

import pytest

from figures import switchboard
from figures.instruments.switchboard import LAYERS, LEAST, MOST, SIDE, SMALL_SIDE
from figures.kit.numbers import format_count
from figures.tables import FIVE
from snippets.cost import costs_of, plain_layers
from snippets.network import FULL_SIZES
from snippets.pencil import PENCIL_SIZES
from tests.figures.drawing import STYLES

NETWORKS = {"pencil": PENCIL_SIZES, "full": FULL_SIZES, "own": (10_000, 1, 7, 300, 2, 10_000)}


def some_of(sizes):
    names = [f"W{k}" for k in range(1, len(sizes))]
    return chain.from_iterable(combinations(names, n) for n in range(1, len(names) + 1))


CASES = [
    (sizes, set(names), stored)
    for sizes in NETWORKS.values()
    for names in some_of(sizes)
    for stored in (False, True)
    if not (stored and "W1" in names)
]
by_case = pytest.mark.parametrize(("sizes", "trainable", "stored"), CASES)


def tree(board):
    alone = r" (hidden|readonly|checked|data-sizes|data-near|data-matrix)(?=[ />])"
    return ElementTree.fromstring(re.sub(alone, "", html(board)))


def html(board):
    return re.sub(r"(<input\b[^>]*)>", r"\1/>", board._repr_html_())


def draw(sizes=FULL_SIZES, trainable=("W3",), columns=12, name="costs", **options):
    return switchboard(sizes, trainable, columns=columns, name=name, **options)


def every(board, tag, mark, value):
    return [part for part in tree(board).iter(tag) if value in part.get(mark, "").split()]


def words(element):
    return "".join(element.itertext())


@by_case
def test_every_cost_is_that_of_the_snippet(sizes, trainable, stored):
    now = costs_of(plain_layers(sizes, trainable, stored), 12)._asdict()
    everything = costs_of(
        plain_layers(sizes, {f"W{k}" for k in range(1, len(sizes))}), 12
    )._asdict()
    board = tree(draw(sizes, trainable, stored=stored))
    rows = [row for row in board.iter("tr") if row.get("data-cost")]
    assert [row.get("data-cost") for row in rows] == list(FIVE)
    for row in rows:
        key = row.get("data-cost")
        cells = {cell.get("class"): cell for cell in row}
        assert words(cells["now"]) == format_count(now[key])
        assert words(cells["of"]) == f"of {format_count(everything[key])}"
        assert words(cells["ratio"]) == f"{everything[key] / now[key]:.2f}×"
        width = cells["bar"].find("svg").get("width")
        assert width == f"{100 * now[key] / everything[key]:.2f}%"


@by_case
def test_every_layer_is_a_block_to_scale_that_says_what_it_does(sizes, trainable, stored):
    layers = every(draw(sizes, trainable, stored=stored), "div", "class", "layer")
    assert len(layers) == len(sizes) - 1
    scale = (SIDE if len(layers) <= 3 else SMALL_SIDE) / max(sizes)
    for k, layer in enumerate(layers, start=1):
        trains = f"W{k}" in trainable
        assert layer.get("class") == ("layer trainable" if trains else "layer frozen")
        assert words(layer).endswith("trains" if trains else "frozen")
        assert f"{sizes[k]} × {sizes[k - 1]}" in words(layer)
        block = layer.find("div/svg")
        for side, size in (("width", sizes[k - 1]), ("height", sizes[k])):
            assert float(block.get(side)) == pytest.approx(max(LEAST, size * scale), abs=0.06)
        assert layer.find(".//input").get("aria-label") == f"W{k} trains"


def test_it_says_what_can_be_stored_and_what_is_in_the_way():
    def said(trainable, **options):
        return draw(trainable=trainable, **options).explanation()

    assert said({"W3"}) == "H2 never changes, so it can be stored."
    assert said({"W3"}, stored=True) == "H2 is stored, 480 numbers, so W1 and W2 need not run."
    assert said({"W1"}).startswith("W1 trains: every output changes")
    assert said({"W2"}) == (
        "H1 never changes, so it can be stored. For W3, frozen too, nothing can be stored: W2 is in"
        " the way. It trains, so what comes up from it changes with each step."
    )


def test_controls_need_a_script_and_the_costs_do_not():
    page = tree(draw())
    without = {id(part) for part in page.iter() if "needs-script" in part.get("class", "")}
    hidden = {id(child) for part in page.iter() if id(part) in without for child in part.iter()}
    for control in chain(page.iter("input"), page.iter("button"), page.iter("textarea")):
        assert id(control) in hidden
    assert not hidden & {id(part) for part in next(page.iter("table")).iter()}


def test_the_browser_gets_the_start_and_the_limits():
    data = json.loads(tree(draw(stored=True, tasks=3)).find("script").text)
    assert data["state"] == {
        "sizes": list(FULL_SIZES),
        "train": ["W3"],
        "stored": True,
        "columns": 12,
        "tasks": 3,
    }
    assert data["networks"] == {"pencil": [list(PENCIL_SIZES), 2], "full": [list(FULL_SIZES), 12]}
    assert (data["most"], data["layers"]) == (MOST, LAYERS)


def test_the_browser_gets_no_computed_number():
    assert "4400" not in tree(draw()).find("script").text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": (30,)}, "sizes must hold the inputs and one layer or more"),
        ({"sizes": (1,) * 7}, "sizes must be two to 6, each 10000 at most"),
        ({"sizes": (30, 0, 4)}, "must be a whole number, 1 or more, got 0"),
        ({"sizes": (30, 40, 40, 10_001)}, "each 10000 at most"),
        ({"trainable": ()}, "else there is no step"),
        ({"trainable": ("W4",)}, "got 'W4'"),
        ({"columns": 0}, "columns must be a whole number"),
        ({"columns": 10_001}, "columns must be 10000 at most"),
        ({"tasks": 0}, "tasks must be a whole number"),
        ({"trainable": ("W1",), "stored": True}, "trainable must leave out W1"),
        ({"stored": "yes"}, "stored must be True or False"),
        ({"name": "1"}, "name must be small letters"),
    ],
)
def test_it_refuses_what_it_cannot_draw(change, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        draw(**change)


def test_every_class_has_a_rule():
    css = "".join(
        (STYLES / f"{sheet}.css").read_text()
        for sheet in ("figures", "site", "instruments/base", "instruments/switchboard")
    )
    html = draw(caption="A sentence.")._repr_html_()
    names = " ".join(re.findall('class="(.*?)"', html)).split()
    assert set(names) - {"needs-site"} <= set(re.findall(r"\.([a-z][a-z-]*)", css))


def test_its_colours_come_from_tokens():
    css = (STYLES / "instruments/switchboard.css").read_text()
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", css)
