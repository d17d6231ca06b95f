"""The stepper as Python draws it: numbers in tables, every stage in words, data for a script."""

import json
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pytest

from figures import stepper
from figures.kit.numbers import format_number
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.loss import squared_error
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_old_task, pencil_task
from snippets.pencil_methods import (
    PENCIL_ALPHA,
    pencil_adapter,
    pencil_either_or,
    pencil_head,
    pencil_lora,
    pencil_probe,
    pencil_probe_task,
)

VOID = {"input", "br", "path"}
X, T = pencil_task()


def make(**options):
    """The stepper of the freezing lesson, changed by some options."""
    options = {"trainable": {"W3"}, "name": "step", **options}
    if {"head", "adapters", "lora"} & set(options):
        del options["trainable"]
    given = [
        options.pop(key, value)
        for key, value in (
            ("weights", pencil_network()),
            ("X", X),
            ("T", T),
            ("rate", LEARNING_RATE),
        )
    ]
    return stepper(*given, **options)


METHODS = {
    "layers": lambda **more: make(old_task=pencil_old_task(), **more),
    "all layers": lambda **more: make(trainable=pencil_network(), **more),
    "nothing": lambda **more: make(trainable=(), **more),
    "probe": lambda **more: stepper(
        pencil_network(),
        *pencil_probe_task(),
        LEARNING_RATE,
        head={"W4": pencil_probe()},
        name="step",
        **more,
    ),
    "head": lambda **more: stepper(
        pencil_network(),
        *pencil_either_or(),
        LEARNING_RATE,
        head=pencil_head(),
        name="step",
        **more,
    ),
    "adapters": lambda **more: make(adapters=pencil_adapter(), **more),
    "lora": lambda **more: make(lora=pencil_lora(), lora_alpha=PENCIL_ALPHA, **more),
}


@dataclass(eq=False)
class Part:
    """An element of the HTML: tag, attributes, text below it, and the tags that it stands in."""

    tag: str
    attributes: dict
    text: list
    inside: tuple


class Reader(HTMLParser):
    """Reads HTML as a browser does, and insists that all that opens is closed."""

    def __init__(self, html):
        super().__init__()
        self.parts, self.open = [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        part = Part(tag, dict(attributes), [], tuple(self.open))
        self.parts.append(part)
        if tag not in VOID:
            self.open.append(part)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for part in self.open:
            part.text.append(data)


def read(figure):
    return Reader(figure._repr_html_()).parts


def words(part):
    return "".join(part.text)


def classes(part):
    return (part.attributes.get("class") or "").split()


def find(parts, tag=None, inside=None, **attributes):
    """The elements of a tag, with these attributes, inside an element that has a class."""
    attributes = {key.replace("_", "-").strip("-"): value for key, value in attributes.items()}
    return [
        part
        for part in parts
        if tag in (None, part.tag)
        and attributes.items() <= part.attributes.items()
        and (inside is None or any(inside in classes(p) for p in part.inside))
    ]


def tables(parts, inside=None):
    """[(name of the matrix, rows of texts)] of every table that holds numbers."""
    found = []
    for table in find(parts, "table", inside):
        rows = [row for row in parts if row.tag == "tr" and table in row.inside]
        cells = [[words(c) for c in parts if c.tag == "td" and row in c.inside] for row in rows]
        if table.attributes["data-matrix"] and any(any(row) for row in cells):
            found.append((table.attributes["data-matrix"], cells))
    return found


def sections(parts):
    """{stage: parts of its section} of the stages that this step needs."""
    return {
        one.attributes["data-stage"]: [part for part in parts if one in part.inside]
        for one in find(parts, "section")
        if "needs-script" not in classes(one)
    }


def answers(parts):
    """{stage: rows of texts} as its bench ends in them."""
    return {name: tables(inside, "bench-result")[0][1] for name, inside in sections(parts).items()}


def written(name, values):
    """A matrix as its table must show it; ΔW, δ and gradients carry a plus."""
    turned = name.endswith("ᵀ")
    values = values[name.removesuffix("ᵀ")]
    signed = name[0] in "Δδγσ" or name.removesuffix("ᵀ") == "E" or name.startswith("dL/")
    signed |= name[0] == "G"
    return [[format_number(v, signed) for v in row] for row in (values.T if turned else values)]


@pytest.mark.parametrize("method", METHODS)
def test_every_table_shows_its_array(method):
    figure = METHODS[method]()
    found = tables(read(figure))
    assert len(found) > 20
    for name, cells in found:
        assert cells == written(name, figure.values), name


@pytest.mark.parametrize("method", METHODS)
def test_every_stage_has_its_sentence_its_factors_and_its_result(method):
    figure = METHODS[method]()
    found = sections(read(figure))
    assert list(found) == [stage.name for stage in figure.live]
    for stage in figure.live:
        [sentence] = find(found[stage.name], "p")
        assert len(words(sentence).split()) > 4
        assert "{" not in words(sentence)
        names = [name for name, _ in tables(found[stage.name])]
        factors = [name for _, pair in stage.terms for name in pair]
        assert sorted(names) == sorted([*factors, stage.name, *filter(None, [stage.gate])])


@pytest.mark.parametrize("method", METHODS)
def test_stages_that_a_reader_may_ask_for_are_drawn_without_numbers(method):
    figure = METHODS[method]()
    parts = read(figure)
    asked = [one for one in find(parts, "section") if "needs-script" in classes(one)]
    live = {stage.name for stage in figure.live}
    further = [stage.name for stage in figure.stages if stage.name not in live]
    assert [one.attributes["data-stage"] for one in asked] == [*further, "P", "E"]
    assert [one.attributes.get("data-loss") for one in asked[-2:]] == ["cross-entropy"] * 2
    for cell in find(parts, "td"):
        if any(one in cell.inside for one in asked):
            assert words(cell) == ""


@pytest.mark.parametrize("method", METHODS)
def test_the_drawing_holds_all_that_is_given(method):
    figure = METHODS[method]()
    assert set(figure.given) <= set(dict(tables(read(figure), "network")))


@pytest.mark.parametrize("method", METHODS)
def test_losses_are_those_before_and_after_the_step(method):
    figure = METHODS[method]()
    _, *rows = find(read(figure), "tr", "losses")
    assert len(rows) == 1 + (figure.old is not None)
    assert words(rows[0]).startswith("New task’s loss" if figure.old else "Loss")
    output = figure.lines[-1].name
    assert figure.losses[0][0] == squared_error(figure.values[output], figure.given["T"])
    if method == "layers":
        assert words(rows[0]).endswith("40.625")
        assert words(rows[1]) == "Old task’s loss01.125"
    after = {"layers": 0.625, "all layers": 0.5, "nothing": 4, "probe": 0.5, "head": 0.3125}
    assert figure.losses[0][1] == (after | {"adapters": 1, "lora": 1.125})[method]


@pytest.mark.parametrize("start", ["Z1", "H2", "E", "δ3", "dL/dW3", "ΔW3", "W'3"])
def test_the_drawing_starts_at_the_stage_that_is_asked_for(start):
    parts = read(make(start=start))
    current = find(parts, "button", aria_current="step")
    assert [part.attributes["data-stage"] for part in current] == [start]
    shown = [one for one in find(parts, "section") if "now" in classes(one)]
    assert [one.attributes["data-stage"] for one in shown] == [start]
    later = {name for name, _ in tables(parts, "later")}
    order = ["Z1", "H1", "Z2", "H2", "Z3", "H3", "E", "δ3", "dL/dW3", "ΔW3", "W'3"]
    drawn = {name for name, _ in tables(parts, "network")}
    assert later == drawn & set(order[order.index(start) + 1 : -1])


@pytest.mark.parametrize("start", ["Z1", "W'3"])
def test_a_new_matrix_takes_the_place_of_the_old_once_it_is_reached(start):
    boxes = {
        table.attributes["data-matrix"]: "hidden" in table.inside[-1].attributes
        for table in find(read(make(start=start)), "table", "network")
    }
    assert boxes["W'3"] == (start == "Z1")
    assert boxes["W3"] == (start != "Z1")
    assert boxes["W'1"] and not boxes["W1"]


def test_what_no_step_needs_is_named_but_has_no_numbers():
    parts = read(make())
    chips = find(parts, "button", class_="idle")
    names = {chip.attributes["data-stage"] for chip in chips}
    assert {"δ2", "δ1", "dL/dW2", "ΔW1", "W'1"} <= names
    assert not names & {name for name, _ in tables(parts)}
    for chip in chips:
        assert len(chip.attributes["data-idle"].split()) > 3
    boxes = [part for part in find(parts, "div", "network") if "idle" in classes(part)]
    shown = [words(part) for part in boxes if "hidden" not in part.attributes]
    assert shown == ["δ1not needed", "δ2not needed"]


def test_the_numbers_are_those_of_a_step_of_the_snippets():
    shown = answers(read(make(trainable=pencil_network())))
    step = train_step(pencil_network(), X, T, pencil_network(), LEARNING_RATE)
    for name, values in step.delta_weights.items():
        assert shown[f"Δ{name}"] == [[format_number(v, True) for v in row] for row in values]
        new = [[format_number(v) for v in row] for row in step.weights[name]]
        assert shown[f"W'{name[1:]}"] == new


def test_sentences_hold_the_numbers_of_the_step():
    said = {name: words(find(inside, "p")[0]) for name, inside in sections(read(make())).items()}
    step = train_step(pencil_network(), X, T, {"W3"}, LEARNING_RATE)
    zeros = int((step.trace["H2"] == 0).sum())
    assert f"Here {zeros} of 8 entries are 0." in said["H2"]
    assert f"the loss: {format_number(step.loss)}." in said["E"]
    moved = int((step.delta_weights["W3"] != 0).sum())
    assert f"0.5 times as far. {16 - moved} of 16 cells are 0." in said["ΔW3"]
    assert f"moves: {moved} of its 16 weights change." in said["W'3"]


# What the browser is given


def data_of(figure):
    scripts = find(read(figure), "script")
    assert [script.attributes for script in scripts] == [{"type": "application/json"}]
    return json.loads(words(scripts[0]))


@pytest.mark.parametrize("method", METHODS)
def test_the_data_hold_what_is_given_and_nothing_computed(method):
    figure = METHODS[method]()
    data = data_of(figure)
    assert data.pop("given") == {key: value.tolist() for key, value in figure.given.items()}
    old = data.pop("old")
    if old:
        assert [old["X"], old["T"]] == [part.tolist() for part in pencil_old_task()]
        assert old["output"] in figure.values
    assert data.pop("rate") == LEARNING_RATE
    assert data.pop("alpha") == 1

    def numbers(part):
        if isinstance(part, (int, float)) and not isinstance(part, bool):
            return [part]
        parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
        return [number for one in parts for number in numbers(one)]

    assert numbers(data) == []
    assert data["lines"] == json.loads(json.dumps(figure.lines))
    assert set(data["labels"]) >= {*figure.values, *(stage.name for stage in figure.stages)}


def test_nothing_that_a_page_says_ends_the_script():
    evil = "</script><script>alert(1)</script><!--"
    figure = make(names={"W3": evil, "H3": "a & b"}, caption=evil)
    data = data_of(figure)
    assert "<" not in words(find(read(figure), "script")[0])
    assert evil.replace("<", "&lt;").replace(">", "&gt;") in data["labels"]["W3"]
    assert "a &amp; b" in data["labels"]["H3"]


@pytest.mark.parametrize("method", METHODS)
def test_the_markup_has_no_script_of_its_own_and_no_style(method):
    for part in read(METHODS[method]()):
        assert "style" not in part.attributes
        assert not [name for name in part.attributes if name.startswith("on")]
        assert part.tag != "style"


def test_the_page_can_call_the_matrices_otherwise():
    names = {"W1": "W0", "W'1": "W1", "ΔW1": "ΔW", "Y": "F0", "E": "δ"}
    W0 = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
    task = np.eye(3)[:, :2], np.ones((2, 2))
    figure = stepper({}, *task, 0.5, head={"W1": W0}, name="step", names=names)
    parts = read(figure)
    heads = {words(part) for part in find(parts, "div", "network", class_="matrix-head")}
    assert {"X", "W0trainable", "F0", "T", "δ"} <= heads
    said = " ".join(words(part) for part in find(parts, "p", class_="says"))
    assert "F0 − T says how wrong each answer is" in said
    assert "W0 moves" in said
    assert "Y" not in said + " ".join(words(part) for part in find(parts, "div", "network"))
    step = head_step({"W1": W0}, *task, 0.5)
    wish = [[format_number(v, True) for v in row] for row in step.delta_weights["W1"]]
    assert answers(parts)["ΔW1"] == wish


# For those who listen, and for the page


@pytest.mark.parametrize("method", METHODS)
def test_tables_controls_and_groups_have_names(method):
    parts = read(METHODS[method]())
    for table in find(parts, "table"):
        assert table.attributes["aria-label"].strip(), table.attributes
    sizes = {p.attributes["data-matrix"]: p.attributes["aria-label"] for p in find(parts, "table")}
    assert sizes["X"].startswith(f"X, {METHODS[method]().given['X'].shape[0]} × ")
    for control in find(parts, "button"):
        assert words(control).strip()
    for tag in ("input", "select"):
        for control in find(parts, tag):
            assert any(part.tag == "label" for part in control.inside), control.attributes
    element = find(parts, "by-hand-stepper")[0].attributes
    assert element["id"] == "step"
    assert element["role"] == "group"
    assert element["aria-label"].startswith("One step of ")
    assert [p.attributes["id"] for p in parts if "id" in p.attributes] == ["step", "step-sum"]
    assert find(parts, "p", role="status")


def test_the_label_of_a_table_says_its_size_and_whether_it_trains():
    labels = {p.attributes["aria-label"] for p in find(read(make()), "table")}
    assert {"X, 3 × 2", "W1, 4 × 3, frozen", "W3, 4 × 4, trainable", "H3 − T, 4 × 2"} <= labels


def test_switches_stand_where_they_apply():
    layers, lora = read(METHODS["layers"]()), read(METHODS["lora"]())
    boxes = find(layers, "input", type="checkbox")
    trained = {
        b.attributes["data-train"]: "checked" in b.attributes
        for b in boxes
        if "data-train" in b.attributes
    }
    assert trained == {"W1": False, "W2": False, "W3": True}
    assert [b.attributes.get("data-set") for b in boxes] == ["cells", None, None, None, "stored"]
    assert len(find(lora, "input", type="checkbox")) == 1
    assert find(lora, "input", data_set="rank")
    assert find(lora, "button", data_do="both-zero")
    assert find(layers, "input", data_set="rank") == []


def test_the_old_top_can_be_put_back_only_where_there_is_an_old_task():
    assert find(read(make(old_task=pencil_old_task())), "button", data_do="old-top")
    assert not find(read(make()), "button", data_do="old-top")


# What is refused

A, B = pencil_lora().values()
BAD = [
    ({"name": "Step"}, "name must be small letters and hyphens"),
    ({"name": "a b"}, "name must be small letters and hyphens"),
    ({"name": '"><script>'}, "name must be small letters and hyphens"),
    ({"name": ""}, "name must be small letters and hyphens"),
    ({"name": None}, "name must be small letters and hyphens"),
    ({"adapters": pencil_adapter(), "lora": pencil_lora()}, "give one of them at most"),
    ({"head": {"W4": pencil_probe()}, "lora": pencil_lora()}, "give one of them at most"),
    ({"trainable": {"W4"}}, "trainable must name layers among W1, W2, W3"),
    ({"trainable": "W3"}, "trainable must be a collection of layer names"),
    ({"start": "Z4"}, "start must be a stage of this step"),
    ({"start": "δ2"}, "start must be a stage of this step"),
    ({"X": np.ones((2, 2))}, "X must have 3 rows to fit W1"),
    ({"X": [1, 2, 3]}, "X must be a matrix"),
    ({"T": np.ones((3, 2))}, "T must be 4×2 like H"),
    ({"X": np.full((3, 2), np.nan)}, "X must hold finite numbers only"),
    ({"T": np.full((4, 2), np.inf)}, "T must hold finite numbers only"),
    ({"rate": -1}, "learning_rate must be a finite number, 0 or more"),
    ({"rate": np.nan}, "learning_rate must be a finite number, 0 or more"),
    ({"rate": "fast"}, "learning_rate must be"),
    ({"weights": {}}, "weights must be a dict"),
    ({"weights": {"W1": np.ones((4, 3)), "W3": np.ones((4, 4))}}, "a chain without a gap"),
    ({"lora": pencil_lora(), "lora_alpha": -1}, "lora_alpha must be"),
    ({"lora": pencil_lora(), "lora_alpha": np.nan}, "lora_alpha must be"),
    ({"lora": {"A3": A}}, "lora must hold A3 and B3"),
    (
        {"lora": {"A3": A, "B3": B, "A2": np.ones((2, 4)), "B2": np.zeros((4, 2))}},
        "lora must have one rank, got 1 and 2",
    ),
    ({"lora": {}}, "must hold a matrix"),
    ({"adapters": {}}, "must hold a matrix"),
    ({"head": {}}, "must hold a matrix"),
    ({"head": {"W4": np.ones((2, 3))}}, "H3 must have 3 rows to fit W4"),
    ({"old_task": (np.ones((2, 2)), np.ones((4, 2)))}, "X must have 3 rows"),
    ({"old_task": (np.ones((3, 2)), np.ones((4, 3)))}, "T must be 4×2"),
    ({"old_task": (np.full((3, 2), np.nan), np.ones((4, 2)))}, "must hold finite numbers only"),
    (
        {"X": np.ones((3, 7)), "T": np.ones((4, 7))},
        "matrices must have at most 6 rows and columns, got 7",
    ),
    (
        {"lora": {"A3": np.ones((7, 4)), "B3": np.ones((4, 7))}},
        "matrices must have at most 6 rows and columns, got 7",
    ),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_what_cannot_be_drawn_is_refused_with_a_reason(options, message):
    with pytest.raises(ValueError, match=".") as error:
        make(**options)
    assert message in str(error.value)


def test_arrays_that_are_given_stay_as_they_are():
    weights, task = pencil_network(), pencil_task()
    make(weights=weights, X=task[0], T=task[1])._repr_html_()
    assert all((weights[name] == value).all() for name, value in pencil_network().items())
    assert (task[0] == X).all()
