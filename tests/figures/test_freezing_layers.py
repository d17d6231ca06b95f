import gzip
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from figures import freezing_layers
from figures.kit.figure import READABLE, SMALLEST
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from tests.figures.drawing import CELLS, arrangement, numbers, parse, texts, texts_apart

MINUS = "\N{MINUS SIGN}"
PRIME = "\N{PRIME}"
EVERY = ("W1", "W2", "W3")
CHOICES = [("W3",), EVERY, (), ("W1",), ("W2", "W3"), ("W2",)]


def pencil(trainable=("W3",), **options):
    weights, (X, T) = pencil_network(), pencil_task()
    step = train_step(weights, X, T, trainable, LEARNING_RATE)
    return freezing_layers(weights, step.weights, X, trainable, **options)


def full(trainable=("W3",), **options):
    rng = np.random.default_rng(4)
    weights = new_network(FULL_SIZES, rng)
    X = rng.normal(size=(30, 12))
    T = np.maximum(rng.normal(size=(40, 12)), 0)
    step = train_step(weights, X, T, trainable, 0.001)
    return freezing_layers(weights, step.weights, X, trainable, **options)


FIGURES = {
    **{f"pencil {' '.join(names) or 'none'}": pencil(names) for names in CHOICES},
    **{f"full {' '.join(names) or 'none'}": full(names) for names in CHOICES},
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_arrangements = pytest.mark.parametrize("name", ["wide", "narrow"])


def read(text):
    return float(text.replace(MINUS, "-"))


@both_arrangements
@pytest.mark.parametrize("trainable", CHOICES)
def test_the_numbers_in_the_drawing_are_the_arrays(name, trainable):
    weights, (X, T) = pencil_network(), pencil_task()
    step = train_step(weights, X, T, trainable, LEARNING_RATE)
    before, after = forward(weights, X), forward(step.weights, X)
    drawn = numbers(arrangement(pencil(trainable), name))

    expected = {"X": X}
    for k in (1, 2, 3):
        expected[f"W{k}"] = weights[f"W{k}"]
        expected[f"W{PRIME}{k}"] = step.weights[f"W{k}"]
        expected[f"H{k}"] = before[f"H{k}"]
        if f"W{k}" in trainable:
            expected[f"ΔW{k}"] = step.delta_weights[f"W{k}"]
        if not np.array_equal(before[f"H{k}"], after[f"H{k}"]):
            expected[f"H{PRIME}{k}"] = after[f"H{k}"]
    assert drawn.keys() == expected.keys()
    for label, grids in drawn.items():
        for grid in grids:
            assert [[read(cell) for cell in row] for row in grid] == expected[label].tolist(), label


def test_only_delta_writes_a_plus_and_nothing_writes_a_hyphen():
    for label, grids in numbers(arrangement(pencil(EVERY), "wide")).items():
        cells = [cell for grid in grids for row in grid for cell in row]
        assert not any("-" in cell for cell in cells)
        positive = [cell for cell in cells if read(cell) > 0]
        assert all(cell.startswith("+") == label.startswith("Δ") for cell in positive)


def test_each_changed_cell_has_a_box_and_no_other():
    svg = arrangement(pencil(), "wide")
    weights, (X, T) = pencil_network(), pencil_task()
    step = train_step(weights, X, T, {"W3"}, LEARNING_RATE)
    expected = int((step.weights["W3"] != weights["W3"]).sum())
    new = next(group for group in svg.iter("g") if group.get("class") == "new")
    assert len([text for text in new.iter("text") if text.get("class") == "changed"]) == expected
    boxes = next(path for path in new.iter("path") if path.get("class") == "box")
    assert boxes.get("d").count("M") == expected
    assert not [
        text
        for group in svg.iter("g")
        if group.get("class") == "frozen"
        for text in group.iter("text")
        if text.get("class") == "changed"
    ]


def test_an_arrow_and_a_delta_stand_only_where_something_trains():
    for trainable in CHOICES:
        svg = arrangement(pencil(trainable), "wide")
        classes = [element.get("class") for element in svg.iter()]
        assert classes.count("arrow") == 2 * len(trainable)
        assert classes.count("delta") == len(trainable)
        said = [text.words for text in texts(svg) if "no ΔW" in text.words]
        assert len(said) == 3 - len(trainable)


CAPTIONS = {
    ("W3",): "One step with layers 1 and 2 frozen. Seven of the sixteen numbers of W3 change; every"
    " number of W1 and W2 is the same to the last bit.",
    (): "One step with every layer frozen. Every number of W1, W2 and W3 is the same to the last"
    " bit.",
    ("W1",): "One step with layers 2 and 3 frozen. Eight of the twelve numbers of W1 change; every"
    " number of W2 and W3 is the same to the last bit.",
    EVERY: "One step with no layer frozen. Eight of the twelve numbers of W1, nine of the sixteen"
    " numbers of W2 and seven of the sixteen numbers of W3 change.",
}


@pytest.mark.parametrize(("trainable", "caption"), CAPTIONS.items())
def test_the_caption_says_what_the_step_did(trainable, caption):
    assert pencil(trainable).caption == caption


def test_the_caption_tells_of_a_frozen_layer_that_moved_by_one_bit():
    weights, (X, _) = pencil_network(), pencil_task()
    after = pencil_network()
    after["W1"][0, 0] = np.nextafter(after["W1"][0, 0], 0)
    figure = freezing_layers(weights, after, X, {"W3"})
    assert "One of the twelve numbers of W1, though it was to stay frozen" in figure.caption
    assert "every number of W2 and W3 is the same to the last bit" in figure.caption
    assert "W1 (4×3) was frozen, yet moved: 1 of 12 numbers change" in figure.alt


def test_a_caption_can_be_given_and_its_symbols_are_set_as_mathematics():
    html = replace(pencil(), caption="A <step> of W'3.")._repr_html_()
    assert "<figcaption>A &lt;step&gt; of <i>W</i>′<sub>3</sub>.</figcaption>" in html


def test_the_alt_text_has_the_numbers():
    alt = pencil().alt
    assert alt == (
        "A network before and after one step. W1 (4×3) and W2 (4×4) are frozen and stay the same to"
        f" the last bit. W3 (4×4) trains: 7 of 16 numbers change, by {MINUS}2 to +0.5; row 1 goes"
        f" from 0, 1, 1, {MINUS}1 to {MINUS}1, 1, 0.5, {MINUS}1."
    )


@every_figure
def test_each_arrangement_is_an_image_with_title_and_description(figure):
    for name in ("wide", "narrow"):
        svg = arrangement(figure, name)
        assert svg.get("role") == "img"
        assert svg.findtext("title") == figure.title
        assert svg.findtext("desc") == figure.alt
        assert 15 <= len(figure.alt.split()) <= 60


@every_figure
def test_no_text_lies_on_another_or_leaves_the_sheet(figure):
    for name in ("wide", "narrow"):
        svg = arrangement(figure, name)
        placed = texts_apart(svg)
        assert len(placed) > 20


@every_figure
def test_no_number_touches_its_outline(figure):
    for name in ("wide", "narrow"):
        for group in arrangement(figure, name).iter("g"):
            frame = group.find("rect")
            cells = [text for text in group.findall("text") if text.get("class") in CELLS]
            if frame is None or not cells:
                continue
            shell = ElementTree.Element("svg")
            shell.append(group)
            for cell in texts(shell):
                if cell.name in ("", "changed", "zero"):
                    x, y = map(float, group.get("transform", "translate(0 0)")[10:-1].split())
                    assert cell.left - x >= 2 and cell.right - x <= float(frame.get("width")) - 2


@every_figure
def test_text_is_readable_from_300_pixels_on(figure):
    narrow = float(arrangement(figure, "narrow").get("viewBox").split()[2])
    wide = float(arrangement(figure, "wide").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / narrow >= READABLE
    switch = 760 if parse(figure).get("class") == "figure roomy" else 544
    assert SMALLEST * (switch - 2) / wide >= READABLE


@every_figure
def test_drawings_are_well_formed_and_carry_no_style_code_colour_or_address(figure):
    for element in parse(figure).iter():
        assert element.tag in {
            *("figure", "div", "figcaption", "i", "sub", "svg", "title", "desc"),
            *("g", "path", "rect", "text", "tspan", "use"),
            *("by-hand-blocks", "p", "script"),  # the last holds data
        }
        assert element.tag != "script" or element.get("type") == "application/json"
        assert not {"style", "fill", "stroke", "onclick"} & element.attrib.keys()
        assert element.get("href", "#").startswith("#")


def test_a_drawing_of_numbers_has_no_id():
    assert " id=" not in pencil()._repr_html_()


@every_figure
def test_the_same_arrays_give_the_same_drawing(figure):
    size, *names = next(name for name, other in FIGURES.items() if other is figure).split()
    trainable = [name for name in names if name != "none"]
    again = {"pencil": pencil, "full": full}[size](trainable)
    assert again._repr_html_() == figure._repr_html_()


def test_a_full_size_figure_shown_twice_has_ids_of_its_own_and_refers_to_them():
    seen = set()
    for figure in (full(), full(copy=2)):
        tree = parse(figure)
        ids = [element.get("id") for element in tree.iter() if element.get("id")]
        assert len(ids) == len(set(ids)) == 10  # X, W1, W2, W3, W'3, ΔW3, H1, H2, H3, H'3
        assert {use.get("href")[1:] for use in tree.iter("use")} == set(ids)
        assert not seen & set(ids)
        seen |= set(ids)


def test_frozen_matrices_are_one_drawing_used_before_and_after():
    svg = arrangement(full(), "wide")
    used = {}
    for group in svg.iter("g"):
        use = group.find("./g/use")
        if use is not None:
            label = "".join(group.find("./text[@class='symbol']").itertext())
            used.setdefault(label, set()).add(use.get("href"))
    assert used["W1"] == used[f"W{PRIME}1"] and used["W2"] == used[f"W{PRIME}2"]
    assert used["W3"] != used[f"W{PRIME}3"]


def test_blocks_are_to_scale():
    svg = arrangement(full(), "wide")
    frames = {
        "".join(group.find("./text[@class='symbol']").itertext()): group.find("rect")
        for group in svg.iter("g")
        if group.find("rect") is not None
    }
    for label, (rows, columns) in {"W1": (40, 30), "W2": (40, 40), "X": (30, 12)}.items():
        width, height = float(frames[label].get("width")), float(frames[label].get("height"))
        assert width / columns == pytest.approx(3) and height / rows == pytest.approx(3)


def weight(figure):
    return len(gzip.compress(figure._repr_html_().encode(), 9, mtime=0))


def test_figures_are_light():
    assert weight(pencil()) <= 2500
    assert weight(pencil(EVERY)) <= 4500
    assert weight(full()) <= 9000


def damaged(**changes):
    weights, (X, T) = pencil_network(), pencil_task()
    after = train_step(weights, X, T, {"W3"}, LEARNING_RATE).weights
    good = dict(weights=weights, weights_finetuned=after, X=X, trainable={"W3"})
    return {**good, **changes}


BAD = [
    (damaged(trainable={"W4"}), "trainable must name layers among W1, W2, W3, got 'W4'"),
    (damaged(trainable="W3"), "trainable must be a collection of layer names"),
    (damaged(X=np.ones((4, 2))), "X must have 3 rows"),
    (damaged(X=np.full((3, 2), np.nan)), "X must hold finite numbers"),
    (
        damaged(weights={**pencil_network(), "W2": np.ones((4, 3))}),
        "weights_finetuned W2 must be 4×3 like weights W2, got 4×4",
    ),
    (
        damaged(weights={**pencil_network(), "W1": np.full((4, 3), np.inf)}),
        "weights W1 must hold finite numbers",
    ),
    (
        damaged(weights_finetuned={**pencil_network(), "W3": np.full((4, 4), np.nan)}),
        "weights_finetuned W3 must hold finite numbers",
    ),
    (damaged(weights_finetuned={"W3": np.ones((4, 4))}), "weights_finetuned must hold W1, W2, W3"),
    (damaged(weights={}), "weights must be a dict"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match="^" + message):
        freezing_layers(**arguments)


def test_the_arguments_are_left_alone():
    arguments = damaged()
    before = {name: W.copy() for name, W in arguments["weights"].items()}
    freezing_layers(**arguments)
    assert all(np.array_equal(W, before[name]) for name, W in arguments["weights"].items())
