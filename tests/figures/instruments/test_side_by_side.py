"""Methods side by side: the panels show what snippets/ computes; costs are those of cost.py."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from figures.instruments.instrument import number
from figures.instruments.side_by_side import NAMES, curve, side_by_side
from figures.kit.numbers import format_number
from snippets import pencil, pencil_methods
from snippets.adapter import adapter_forward, adapter_step
from snippets.cost import costs_of, six_methods
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_forward, head_step
from snippets.lora import lora_forward, lora_step
from snippets.loss import squared_error

WEIGHTS = pencil.pencil_network()
TASK, OLD = pencil.pencil_task(), pencil.pencil_old_task()


def arguments(**changes):
    given = {
        "weights": pencil.pencil_network(),
        "task": pencil.pencil_task(),
        "old_task": pencil.pencil_old_task(),
        "probe": pencil_methods.pencil_probe(),
        "probe_task": pencil_methods.pencil_probe_task(),
        "head": pencil_methods.pencil_head(),
        "head_task": pencil_methods.pencil_either_or(),
        "adapter": pencil_methods.pencil_adapter(),
        "lora": pencil_methods.pencil_lora(),
        "learning_rate": pencil.LEARNING_RATE,
        "name": "methods",
    }
    return given | changes


def draw(**changes):
    given = arguments(**changes)
    return side_by_side(given.pop("weights"), given.pop("task"), given.pop("old_task"), **given)


def last(trace):
    return list(trace.values())[-1]


def expected():
    """Losses on the task and on the old one, after one step, by the lessons' own functions."""
    X, T = TASK
    found = {}
    for key, trainable in (("full", {"W1", "W2", "W3"}), ("freeze", {"W3"})):
        new = train_step(WEIGHTS, X, T, trainable, 0.5).weights
        found[key] = [squared_error(last(forward(new, x)), t) for x, t in (TASK, OLD)]
    heads = {
        "probe": ({"W4": pencil_methods.pencil_probe()}, pencil_methods.pencil_probe_task()),
        "head": (pencil_methods.pencil_head(), pencil_methods.pencil_either_or()),
    }
    for key, (head, (x, t)) in heads.items():
        features = last(forward(WEIGHTS, x))
        new = head_step(head, features, t, 0.5).weights
        found[key] = [squared_error(head_forward(new, features)["Y"], t), 0]
    new = adapter_step(WEIGHTS, pencil_methods.pencil_adapter(), X, T, 0.5).weights
    found["adapter"] = [
        squared_error(last(adapter_forward(WEIGHTS, new, x)), t) for x, t in (TASK, OLD)
    ]
    new = lora_step(WEIGHTS, pencil_methods.pencil_lora(), X, T, 0.5, 1).weights
    found["lora"] = [
        squared_error(last(lora_forward(WEIGHTS, new, x, 1)), t) for x, t in (TASK, OLD)
    ]
    return found


def test_losses_after_one_step_are_those_of_the_lessons():
    ways = draw().ways
    for key, (new, old) in expected().items():
        assert ways[key].losses[1] == new, key
        assert ways[key].old_losses == [0, old], key


def test_costs_are_those_of_what_the_panel_shows():
    figure = draw()
    for key, way in figure.ways.items():
        trained = sum(values.size for values in way.start.values())
        network = sum(values.size for values in WEIGHTS.values())
        total = network if key in ("full", "freeze") else network + trained
        assert way.costs["trained"] == trained
        assert way.costs["all"] == total
        assert way.costs["stored"] == total - trained + 10 * trained
    for method in ("full", "freeze"):
        costs = costs_of(six_methods(pencil.PENCIL_SIZES)[method])
        assert figure.ways[method].costs["multiply_adds"] == costs.multiply_adds
    # By hand: forward 44 + A 4 + B 4; gradients 8; B is crossed for the gradient of A, 4.
    assert figure.ways["lora"].costs["multiply_adds"] == 44 + 8 + 8 + 4
    assert [rank["trained"] for rank in figure.ranks] == [8, 16, 24, 32]


class Panels(HTMLParser):
    """The cells of every table, by panel and name; open and closed tags."""

    def __init__(self, html):
        super().__init__()
        self.way, self.table, self.open, self.tables = None, None, [], {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("input", "path"):
            return
        self.open.append(tag)
        self.way = attributes.get("data-way", self.way)
        if attributes.get("class") == "without-script":
            self.way = "before"
        if tag == "table":
            name = attributes["data-matrix"] or attributes["aria-label"]
            self.table = self.tables.setdefault((self.way, name), [])
        if tag == "tr":
            self.table.append([])
        if tag in ("td", "th"):
            self.table[-1].append("")

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.table[-1][-1] += data


def test_without_script_every_matrix_and_loss_is_there():
    figure = draw()
    tables = Panels(figure._repr_html_()).tables
    for key, way in figure.ways.items():
        for name in way.start:
            wish = [[format_number(v) for v in row] for row in way.own[1][name].tolist()]
            assert tables[key, name] == wish
        losses = tables[key, f"Losses, {way.name}"]
        assert [row[1:3] for row in losses[1:]] == [
            [number(v) for v in way.losses],
            [number(v) for v in way.old_losses],
        ]
    summary = tables[None, "Losses of all methods"]
    assert len(summary) == 1 + len(NAMES)
    assert tables["before", "A3"] == [["1", "0", "−1", "−1"]]


def test_only_what_moved_is_boxed():
    html = draw().panel("freeze")
    boxed = [match[1] for match in re.finditer("<td class=changed>([^<]*)<", html)]
    new = train_step(WEIGHTS, *TASK, {"W3"}, 0.5).weights["W3"]
    assert boxed == [format_number(v) for v in new[new != WEIGHTS["W3"]]]


def test_curves_of_different_questions_do_not_share_a_scale_and_say_so():
    figure = draw()
    assert len({figure.scales[key] for key in ("full", "freeze", "adapter", "lora")}) == 1
    for key in figure.ways:
        said = "of this question alone" if key in ("probe", "head") else "the same for four"
        assert said in figure.panel(key)
        assert ('class="old"' in figure.panel(key)) == (key not in ("probe", "head"))


def test_the_data_hold_the_start_alone():
    data = json.loads(re.search("<script[^>]*>(.*?)</script>", draw()._repr_html_())[1])
    assert data["weights"] == {name: W.tolist() for name, W in WEIGHTS.items()}
    assert data["ways"]["head"]["start"]["W5"] == [[1.0, -1.0]]
    assert data["rows"][0] == [1.0, 0.0, -1.0, -1.0]
    assert len(data["rows"]) == 4
    assert np.linalg.matrix_rank(data["rows"]) == 4


def test_a_name_cannot_break_out_of_the_markup():
    with pytest.raises(ValueError, match="name must be small letters"):
        draw(name='x"><b>')
    html = draw(questions=("<b>", "</script>"))._repr_html_()
    assert "<b>." not in html
    assert html.count("</script>") == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.625, "0.625"),
        (0.3125, "0.3125"),
        (1 / 3, "0.3333"),
        (9999, "9999"),
        (12345, "1.23e4"),
        (0.0004464, "4.46e−4"),
        (1e-33, "1.00e−33"),
        (8.736e105, "8.74e105"),
    ],
)
def test_losses_are_written_in_few_digits(value, text):
    assert number(value) == text


def test_a_curve_begins_at_the_left_and_ends_at_zero():
    assert curve([4, 0], 4) == "M0 2.0L30 62.0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lora": {"A2": np.ones((1, 4)), "B2": np.zeros((4, 1))}}, "lora must hold A3 and B3"),
        ({"adapter": {}}, "adapter must hold D3 and U3, got nothing"),
        ({"probe": np.zeros((5, 4))}, "probe must have at most 4 rows and columns, got 5×4"),
        ({"probe": np.zeros((2, 3))}, "must have"),
        ({"learning_rate": -1}, "learning_rate must be"),
        ({"learning_rate": float("nan")}, "learning_rate must be"),
        ({"lora_alpha": -1}, "lora_alpha must be"),
        ({"task": (np.ones((2, 2)), np.ones((4, 2)))}, "X must have 3 rows"),
    ],
)
def test_bad_input_is_named(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        draw(**changes)
