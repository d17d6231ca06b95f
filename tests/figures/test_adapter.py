"""The figures of lesson 7: numbers, captions and skip connections against the arrays."""

import gzip

import numpy as np
import pytest

from figures import adapter_network, adapter_update
from figures.kit.figure import READABLE, SMALLEST
from snippets.adapter import adapter_forward, adapter_step, new_adapters
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from snippets.pencil_methods import pencil_adapter, pencil_lower_adapter
from tests.figures.drawing import arrangement, numbers, parse, texts_apart

PRIME = "\N{PRIME}"
WEIGHTS, (X, T) = pencil_network(), pencil_task()
UPPER, LOWER = pencil_adapter(), pencil_lower_adapter()
RNG = np.random.default_rng(4)
WIDE_WEIGHTS, WIDE_X = new_network(FULL_SIZES, RNG), RNG.normal(size=(30, 12))
WIDE_ADAPTERS = {
    name: value + 0.05 * RNG.normal(size=value.shape)
    for name, value in new_adapters(WIDE_WEIGHTS, 4, RNG).items()
}


def stepped(adapters):
    return adapter_step(WEIGHTS, adapters, X, T, LEARNING_RATE).weights


FIGURES = {
    "update after layer 3": adapter_update(WEIGHTS, UPPER, stepped(UPPER), X),
    "update after layer 2": adapter_update(WEIGHTS, LOWER, stepped(LOWER), X),
    "pencil network": adapter_network(WEIGHTS, UPPER, X),
    "full network": adapter_network(WIDE_WEIGHTS, WIDE_ADAPTERS, WIDE_X),
}
every_figure = pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES.keys())
both_arrangements = pytest.mark.parametrize("name", ["wide", "narrow"])
both_adapters = pytest.mark.parametrize("adapters", [UPPER, LOWER], ids=["upper", "lower"])


def read(grid):
    return [[float(cell.replace("−", "-")) for cell in row] for row in grid]


@both_adapters
def test_before_and_after_show_the_arrays(adapters):
    after = stepped(adapters)
    drawn = numbers(arrangement(adapter_update(WEIGHTS, adapters, after, X), "wide"))
    traces = [adapter_forward(WEIGHTS, parameters, X) for parameters in (adapters, after)]
    lowest = min(int(name[1:]) for name in adapters)
    for k in range(lowest, 4):
        assert [read(grid) for grid in drawn[f"W{k}"]] == [WEIGHTS[f"W{k}"].tolist()] * 2
        assert [read(grid) for grid in drawn[f"H{k}"]] == [t[f"H{k}"].tolist() for t in traces]
    H, S = f"H{lowest}'", f"S{lowest}"
    assert [read(grid) for grid in drawn[f"H{PRIME}{lowest}"]] == [t[H].tolist() for t in traces]
    assert [read(grid) for grid in drawn[S]] == [t[S].tolist() for t in traces]
    for name, value in adapters.items():
        assert [read(grid) for grid in drawn[name]] == [value.tolist(), after[name].tolist()]
    U = f"U{lowest}"
    assert [read(grid) for grid in drawn[f"Δ{U}"]] == [(after[U] - adapters[U]).tolist()]
    assert f"ΔD{lowest}" not in drawn  # it is 0, and the drawing says so


@both_adapters
def test_a_phone_shows_what_is_added_and_the_network_after(adapters):
    after = stepped(adapters)
    drawn = numbers(arrangement(adapter_update(WEIGHTS, adapters, after, X), "narrow"))
    U = next(name for name in adapters if name[0] == "U")
    assert [read(grid) for grid in drawn[U]] == [adapters[U].tolist(), after[U].tolist()]
    assert [read(grid) for grid in drawn[f"Δ{U}"]] == [(after[U] - adapters[U]).tolist()]
    output = adapter_forward(WEIGHTS, after, X)[f"H{U[1:]}'"]
    assert [read(grid) for grid in drawn[f"H{PRIME}{U[1:]}"]] == [output.tolist()]


def test_captions_say_what_the_step_did():
    assert FIGURES["update after layer 3"].caption == (
        "One step of the adapter after layer 3. Before it, H'3 is H3, to the last bit. Five of"
        " the eight numbers of U3 change; every number of D3 and every W stay as it was."
    )
    assert "All four numbers of U2 change" in FIGURES["update after layer 2"].caption
    assert "4400 numbers, are frozen. The adapters have 960." in FIGURES["full network"].caption


def test_a_caption_follows_the_arrays_and_can_be_given():
    both = adapter_step(WEIGHTS, stepped(UPPER), X, T, LEARNING_RATE).weights
    caption = adapter_update(WEIGHTS, stepped(UPPER), both, X).caption
    assert "H'3 is H3" not in caption  # U is not 0 any more
    still = adapter_update(WEIGHTS, UPPER, UPPER, X)
    assert "Every number of D3, every number of U3 and every W stay as it was." in still.caption


@pytest.mark.parametrize(
    ("figure", "wide", "narrow"),
    [("update after layer 3", 2, 1), ("pencil network", 1, 1), ("full network", 3, 3)],
)
def test_a_skip_connection_leads_from_the_middle_of_h_to_the_middle_of_its_output(
    figure, wide, narrow
):
    for name, count in (("wide", wide), ("narrow", narrow)):
        svg = arrangement(FIGURES[figure], name)
        places = [
            (place_of(group), group.find("path").get("d"))
            for group in svg.iter("g")
            if group.find("path") is not None and group.find("path").get("class") == "arrow"
        ]
        skips = [(at, d) for at, d in places if "V" in d]
        assert len(skips) == count
        matrices = {}
        for group in svg.findall("./g"):
            frame, symbol = group.find("./g/rect"), group.find("./g/text[@class='symbol']")
            if frame is not None and symbol is not None:
                x, y = place_of(group)
                right = x + float(frame.get("width"))
                middle = y + float(frame.get("height")) / 2
                matrices.setdefault("".join(symbol.itertext()), []).append((right, middle))
        for (x, y), d in skips:
            down = float(d.split("V")[1].split("H")[0])
            starts = [label for label, at in matrices.items() if (x, y) in rounded(at)]
            end = (x, round(y + down, 1))
            ends = [label for label, at in matrices.items() if end in rounded(at)]
            assert [label[0] for label in starts] == ["H"]
            assert f"H{PRIME}{starts[0][1:]}" in ends


def place_of(group):
    x, y = group.get("transform")[len("translate(") : -1].split()
    return round(float(x), 1), round(float(y), 1)


def rounded(places):
    return [(round(x, 1), round(y, 1)) for x, y in places]


@every_figure
@both_arrangements
def test_no_text_lies_on_another_or_leaves_the_sheet(figure, name):
    svg = arrangement(figure, name)
    texts_apart(svg)


@every_figure
def test_text_is_readable_and_the_wide_form_fits_a_page_between_two_sidebars(figure):
    if figure is not FIGURES["pencil network"]:  # no page shows it
        assert parse(figure).get("class") == "figure"  # not roomy, not never
    narrow = float(arrangement(figure, "narrow").get("viewBox").split()[2])
    assert SMALLEST * (300 - 2) / narrow >= READABLE


@every_figure
@both_arrangements
def test_each_arrangement_is_an_image_with_title_and_description(figure, name):
    svg = arrangement(figure, name)
    assert svg.get("role") == "img"
    assert svg.findtext("title") == figure.title and svg.findtext("desc") == figure.alt
    assert 15 <= len(figure.alt.split()) <= 90


def test_frozen_matrices_are_hatched_in_both_arrangements():
    for figure in FIGURES.values():
        for name in ("wide", "narrow"):
            frozen = [g for g in arrangement(figure, name).iter("g") if g.get("class") == "frozen"]
            assert frozen
            for group in frozen:
                assert any(path.get("class") == "hatch" for path in group.iter("path"))


def test_figures_are_light_and_a_copy_has_ids_of_its_own():
    sizes = {n: len(gzip.compress(f._repr_html_().encode(), 9)) for n, f in FIGURES.items()}
    assert sizes["update after layer 3"] <= 3500 and sizes["full network"] <= 9000
    again = adapter_network(WIDE_WEIGHTS, WIDE_ADAPTERS, WIDE_X, copy=2)
    ids = [
        {element.get("id") for element in parse(figure).iter() if element.get("id")}
        for figure in (FIGURES["full network"], again)
    ]
    assert ids[0] and not ids[0] & ids[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: adapter_update(WEIGHTS, UPPER, LOWER, X),
            "adapters_after must hold D3, U3 like adapters, got D2, U2",
        ),
        (
            lambda: adapter_update(WEIGHTS, {}, {}, X),
            "adapters must hold D and U of a layer, got none",
        ),
        (
            lambda: adapter_update(WEIGHTS, UPPER, {**UPPER, "U3": np.zeros((4, 3))}, X),
            "adapters U3 must be 4×2, got 4×3",
        ),
        (
            lambda: adapter_update(WIDE_WEIGHTS, WIDE_ADAPTERS, WIDE_ADAPTERS, WIDE_X),
            "weights and X must have at most 6 rows and columns, got 40",
        ),
        (lambda: adapter_network(WEIGHTS, UPPER, T), "X must have 3 rows to fit W1, got 4×2"),
        (
            lambda: adapter_network({**WEIGHTS, "W2": np.full((4, 4), np.nan)}, UPPER, X),
            "W2 must hold finite numbers only, got nan",
        ),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)
