"""A frozen W with A and B beside it: the drawn numbers are the arrays, the words are true."""

import numpy as np
import pytest

from experiments.experiment import new_world
from experiments.runs import learn
from figures.kit.figure import READABLE, SMALLEST
from figures.lora import lora_by_hand, lora_layers
from snippets.lora import lora_step, merge, new_lora
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from snippets.pencil_methods import PENCIL_ALPHA, pencil_lora
from tests.figures.drawing import arrangement, numbers, parse, texts_apart

MINUS, PRIME = "\N{MINUS SIGN}", "\N{PRIME}"
WEIGHTS, TUTOR = pencil_network(), pencil_lora()
STEP = lora_step(WEIGHTS, TUTOR, *pencil_task(), LEARNING_RATE, PENCIL_ALPHA)
STAGES = {"Before": TUTOR, "After": STEP.weights}


def all_layers():
    """Return A and B for all three pencil layers, B no longer zero."""
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(-2, 3, size=value.shape).astype(float)
        for name, value in new_lora(WEIGHTS, 1, rng).items()
    }


def full(**options):
    return lora_layers(new_world(7).pretrained, {"": learn(7, "W3", "lora").parameters}, **options)


FIGURES = {
    "pencil": lora_layers(WEIGHTS, STAGES, PENCIL_ALPHA),
    "pencil, three layers": lora_layers(WEIGHTS, {"": all_layers()}, 2),
    "full": full(),
    "by hand": lora_by_hand(TUTOR, STEP, "B3", row=3, learning_rate=LEARNING_RATE),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_forms = pytest.mark.parametrize("form", ["wide", "narrow"])


def read(grid):
    return [[float(cell.replace(MINUS, "-")) for cell in row] for row in grid]


@both_forms
def test_the_drawn_numbers_are_the_arrays_of_each_stage(form):
    drawn = numbers(arrangement(FIGURES["pencil"], form))
    assert drawn.keys() == {"W3", "A3", "B3", "B3 A3", f"W{PRIME}3"}
    for i, lora in enumerate(STAGES.values()):
        merged = merge(WEIGHTS, lora, PENCIL_ALPHA)["W3"]
        assert read(drawn["W3"][i]) == WEIGHTS["W3"].tolist()
        assert read(drawn["A3"][i]) == lora["A3"].tolist()
        assert read(drawn["B3"][i]) == lora["B3"].tolist()
        assert read(drawn["B3 A3"][i]) == (lora["B3"] @ lora["A3"]).tolist()
        assert read(drawn[f"W{PRIME}3"][i]) == merged.tolist()


@both_forms
def test_what_is_drawn_beside_w_is_what_merging_adds_scaling_included(form):
    lora = all_layers()
    drawn = numbers(arrangement(FIGURES["pencil, three layers"], form))
    for k in (1, 2, 3):
        W, added, merged = (
            np.array(read(drawn[label][0])) for label in (f"W{k}", f"2 × B{k} A{k}", f"W{PRIME}{k}")
        )
        assert np.array_equal(W + added, merged)
        assert np.array_equal(added, 2 * lora[f"B{k}"] @ lora[f"A{k}"])  # α/r is 2


@both_forms
def test_the_step_by_hand_shows_its_factors_and_they_give_its_result(form):
    drawn = numbers(arrangement(FIGURES["by hand"], form))
    A, H, S, S_T, delta, gradient, change = (
        np.array(read(drawn[label][0]))
        for label in ("A3", "H2", "S3", "S3T", "δ3", "δ3 S3T", "ΔB3")
    )
    assert np.array_equal(A @ H, S) and np.array_equal(S.T, S_T)
    assert np.array_equal(delta @ S_T, gradient)
    assert np.array_equal(-LEARNING_RATE * gradient, change)
    assert np.array_equal(change, STEP.delta_weights["B3"])


def test_the_caption_says_what_moved_and_what_has_which_rank():
    assert FIGURES["pencil"].caption == (
        "Before: B3 A3 is 0, so W'3 is W3 to the last bit. After: three of four numbers of B3 and"
        " none of four numbers of A3 moved. B3 A3 has rank 1. Nine of sixteen numbers of W'3 are"
        " new."
    )
    product = STEP.weights["B3"] @ STEP.weights["A3"]
    assert np.linalg.matrix_rank(product) == 1 and np.count_nonzero(product) == 9
    assert "each have rank 1." in FIGURES["pencil, three layers"].caption
    assert "each have rank 4." in FIGURES["full"].caption


def test_the_alternative_text_carries_the_numbers():
    assert FIGURES["pencil"].alt.endswith(
        f"After: A3 is 1, 0, {MINUS}1, {MINUS}1 and B3 is {MINUS}0.5; 1; 1; 0; B3A3 has rank 1;"
        f" 9 of 16 numbers of W{PRIME}3 differ from W3."
    )
    assert "frozen W1 (40×30), A1 4×30, B1 40×4; B1A1 has rank 4" in FIGURES["full"].alt


def kinds(svg):
    """Return [(kind, label), ...] of all that has a frame."""
    return [
        (group.get("class"), "".join(group.find("./text[@class='symbol']").itertext()))
        for group in svg.iter("g")
        if group.find("rect") is not None
    ]


def test_w_is_frozen_a_and_b_train_and_w_prime_is_new_only_where_it_is():
    found = kinds(arrangement(FIGURES["pencil"], "wide"))
    assert found.count(("frozen", "W3")) == 2
    assert found.count(("trainable", "A3")) == found.count(("trainable", "B3")) == 2
    merged = [kind for kind, label in found if label == f"W{PRIME}3"]
    assert merged == ["frozen", "new"]


def test_numbers_too_long_for_a_phone_are_drawn_as_blocks():
    lora = {name: value / 3 for name, value in TUTOR.items()} | {"B3": np.full((4, 1), 0.123)}
    figure = lora_layers(WEIGHTS, {"": lora}, 1)
    assert not numbers(arrangement(figure, "narrow")) and figure.store


def test_boxes_stand_round_what_changed():
    svg = arrangement(FIGURES["pencil"], "wide")
    boxed = [text for text in svg.iter("text") if text.get("class") == "changed"]
    assert len(boxed) == 3 + 9  # of B3, of W'3


def test_blocks_are_to_scale_and_stored_once():
    figure = FIGURES["full"]
    ids = [e.get("id") for e in parse(figure).iter() if e.get("id")]
    assert len(ids) == len(set(ids)) == 3 * 5
    assert {use.get("href")[1:] for use in parse(figure).iter("use")} == set(ids)
    sizes = {
        "".join(group.find("./text[@class='symbol']").itertext()): group.find("rect")
        for group in arrangement(figure, "wide").iter("g")
        if group.find("rect") is not None
    }
    for label, shape in {"W1": (40, 30), "A1": (4, 30), "B2": (40, 4), "B3 A3": (40, 40)}.items():
        height, width = (float(sizes[label].get(side)) for side in ("height", "width"))
        assert (height, width) == (3 * shape[0], 3 * shape[1])
    second = {e.get("id") for e in parse(full(copy=2)).iter() if e.get("id")}
    assert not second & set(ids)


@every_figure
def test_no_text_lies_on_another_or_leaves_the_sheet(figure):
    for form in ("wide", "narrow"):
        svg = arrangement(figure, form)
        texts_apart(svg)


@every_figure
def test_text_is_readable_from_300_pixels_on(figure):
    narrow = float(arrangement(figure, "narrow").get("viewBox").split()[2])
    wide = float(arrangement(figure, "wide").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / narrow >= READABLE
    assert SMALLEST * (760 - 2) / wide >= READABLE


@every_figure
def test_drawings_carry_no_style_and_an_alternative_text_of_fair_length(figure):
    for element in parse(figure).iter():
        assert not {"style", "fill", "stroke"} & element.attrib.keys()
    assert 15 <= len(figure.alt.split()) <= 75


LOUD = lora_step(WEIGHTS, TUTOR, *pencil_task(), LEARNING_RATE, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lora_layers(WEIGHTS, {}), "stages must hold one or more, got none"),
        (
            lambda: lora_layers(WEIGHTS, {"": {}}),
            "each of stages must hold A and B of one layer or more, got none",
        ),
        (lambda: lora_layers(WEIGHTS, {"": {"A3": TUTOR["A3"]}}), "lora"),
        (lambda: lora_layers(WEIGHTS, STAGES, -1), "lora_alpha"),
        (
            lambda: lora_by_hand(TUTOR, STEP, "A3", row=1, learning_rate=0.5),
            "name must be one of B3, got 'A3'",
        ),
        (
            lambda: lora_by_hand(TUTOR, STEP, "B3", row=5, learning_rate=0.5),
            "row must be from 1 to 4, got 5",
        ),
        (
            lambda: lora_by_hand(TUTOR, LOUD, "B3", row=1, learning_rate=0.5),
            "step must be one at α/r = 1, where δ Sᵀ is the gradient of B",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
