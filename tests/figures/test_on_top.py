import gzip

import numpy as np
import pytest

from figures import on_top
from figures.kit.figure import READABLE, SMALLEST
from snippets.forward import forward
from snippets.head import head_forward, head_step, new_head
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import LEARNING_RATE, pencil_network
from snippets.pencil_methods import (
    pencil_either_or,
    pencil_head,
    pencil_probe,
    pencil_probe_task,
)
from snippets.probe import probe_step
from tests.figures.drawing import arrangement, numbers, parse, texts, texts_apart

MINUS = "\N{MINUS SIGN}"
PRIME = "\N{PRIME}"


def pencil_case(name):
    """Return (weights, added, added_after, X) of the pencil probe or the pencil head."""
    weights = pencil_network()
    X, T = {"probe": pencil_probe_task, "head": pencil_either_or}[name]()
    H3 = forward(weights, X)["H3"]
    if name == "probe":
        added = {"W4": pencil_probe()}
        return weights, added, probe_step(added["W4"], H3, T, LEARNING_RATE).weights, X
    added = pencil_head()
    return weights, added, head_step(added, H3, T, LEARNING_RATE).weights, X


def full_case(name):
    rng = np.random.default_rng(5)
    weights, X = new_network(FULL_SIZES, rng), rng.normal(size=(30, 12))
    added = new_head((40, 10) if name == "probe" else (40, 20, 10), rng)
    step = head_step(added, forward(weights, X)["H3"], rng.normal(size=(10, 12)), 0.001)
    return weights, added, step.weights, X


CASES = {
    **{f"pencil {name}": pencil_case(name) for name in ("probe", "head")},
    **{f"full {name}": full_case(name) for name in ("probe", "head")},
}
FIGURES = {name: on_top(*case) for name, case in CASES.items()}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_arrangements = pytest.mark.parametrize("form", ["wide", "narrow"])


def read(text):
    return float(text.replace(MINUS, "-"))


@both_arrangements
@pytest.mark.parametrize("name", ["probe", "head"])
def test_the_numbers_in_the_drawing_are_the_arrays(name, form):
    weights, added, after, X = CASES[f"pencil {name}"]
    below = forward(weights, X)
    before, later = (head_forward(layers, below["H3"]) for layers in (added, after))
    expected = {"X": X, **weights, **added, **{f"H{k}": below[f"H{k}"] for k in (1, 2, 3)}}
    expected |= {"Y": before["Y"], f"Y{PRIME}": later["Y"]}
    for label, W in after.items():
        expected[f"W{PRIME}{label[1:]}"] = W
        expected[f"Δ{label}"] = W - added[label]
    if name == "head":
        expected |= {"H4": before["H4"], f"H{PRIME}4": later["H4"]}
    drawn = numbers(arrangement(FIGURES[f"pencil {name}"], form))
    assert drawn.keys() == expected.keys()
    for label, grids in drawn.items():
        for grid in grids:
            assert [[read(cell) for cell in row] for row in grid] == expected[label].tolist(), label


def test_the_frozen_network_is_drawn_once_and_its_output_stays_for_what_comes_after():
    drawn = numbers(arrangement(FIGURES["pencil probe"], "wide"))
    times = {label: len(grids) for label, grids in drawn.items()}
    assert times["H3"] == 2 and all(n == 1 for label, n in times.items() if label != "H3")
    classes = [e.get("class") for e in arrangement(FIGURES["pencil probe"], "wide").iter()]
    assert (classes.count("frozen"), classes.count("trainable"), classes.count("new")) == (3, 1, 1)


CAPTIONS = {
    "pencil probe": "W1, W2 and W3 get no ΔW. H3, eight numbers, is computed once. Six of the eight"
    " numbers of W4 change.",
    "pencil head": "W1, W2 and W3 get no ΔW. H3, sixteen numbers, is computed once. Two of the"
    " eight numbers of W4 and one of the two numbers of W5 change.",
}


@pytest.mark.parametrize(("name", "caption"), CAPTIONS.items())
def test_the_caption_says_what_changed(name, caption):
    assert FIGURES[name].caption == caption


def test_the_caption_counts_the_full_size_too_and_can_be_given():
    weights, added, after, X = CASES["full probe"]
    changed = int((after["W4"] != added["W4"]).sum())
    caption = FIGURES["full probe"].caption
    assert "H3, 480 numbers, is computed once." in caption
    assert caption.endswith(f"{changed} of the 400 numbers of W4 change.")


def test_what_did_not_change_is_said_not_to():
    weights, added, _, X = CASES["pencil probe"]
    figure = on_top(weights, added, added, X)
    assert figure.caption.endswith("No number of W4 changes.")
    words = [text.words for text in texts(arrangement(figure, "wide"))]
    assert "8 numbers, none of them changes" in words and f"Y{PRIME}" not in words


def test_the_alt_text_has_the_numbers():
    assert FIGURES["pencil probe"].alt == (
        "W1 (4×3), W2 (4×4) and W3 (4×4) are frozen. The output H3 (4×2) stays the same and is"
        f" stored. W4 (2×4) on top trains: 6 of 8 numbers change, by {MINUS}1 to +1; row 1 goes"
        f" from 0, 0, 0, 0 to 0.5, {MINUS}1, 0.5, 0."
    )


@every_figure
def test_each_arrangement_is_an_image_whose_texts_lie_apart_and_inside(figure):
    for form in ("wide", "narrow"):
        if f'class="{form}"' not in figure._repr_html_():
            continue
        svg = arrangement(figure, form)
        assert svg.get("role") == "img" and svg.findtext("desc") == figure.alt
        assert 15 <= len(figure.alt.split()) <= 60
        texts_apart(svg)


@every_figure
def test_text_is_readable_from_300_pixels_on(figure):
    width = float(arrangement(figure, "narrow").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / width >= READABLE


def test_a_full_size_figure_shown_twice_has_ids_of_its_own():
    seen = set()
    for copy in (1, 2):
        tree = parse(on_top(*CASES["full head"], copy=copy))
        ids = {element.get("id") for element in tree.iter() if element.get("id")}
        assert {use.get("href")[1:] for use in tree.iter("use")} == ids and not ids & seen
        seen |= ids


def test_figures_are_light():
    for name, figure in FIGURES.items():
        size = len(gzip.compress(figure._repr_html_().encode(), 9, mtime=0))
        assert size <= (3500 if name.startswith("pencil") else 9500), (name, size)


def damaged(**changes):
    weights, added, after, X = pencil_case("probe")
    good = dict(weights=weights, added=added, added_after=after, X=X)
    return {**good, **changes}


BAD = [
    (damaged(added={"W5": np.ones((2, 4))}), "added must go on with W4, got W5"),
    (damaged(added={}), "added must be a dict"),
    (damaged(added_after={"W5": np.ones((2, 4))}), "added_after must hold W4 like added, got W5"),
    (damaged(added_after={"W4": np.ones((2, 3))}), "added_after W4 must be 2×4 like added W4"),
    (damaged(added={"W4": np.full((2, 4), np.nan)}), "added W4 must hold finite numbers only"),
    (damaged(X=np.ones((4, 2))), "X must have 3 rows"),
    (
        damaged(added={"W4": np.ones((2, 5))}, added_after={"W4": np.ones((2, 5))}),
        "H3 must have 5 rows to fit W4, got 4×2",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match="^" + message):
        on_top(**arguments)
