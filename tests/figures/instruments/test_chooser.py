"""The chooser: each need is met where the costs say so."""

import re

import pytest

from figures.instruments.chooser import HALF, NEEDS, chooser
from figures.kit.numbers import format_count
from snippets.cost import costs_of, six_methods

COSTS = {name: costs_of(method) for name, method in six_methods().items()}
NAMES = {method: method.title() for method in COSTS}


@pytest.mark.parametrize("need", ["memory", "tasks", "arithmetic"])
def test_a_need_is_met_at_half_the_cost_of_full_fine_tuning(need):
    field = NEEDS[need][1]
    for method, (_, needs) in chooser(COSTS, NAMES).methods.items():
        assert needs[need][0] == (
            getattr(COSTS[method], field) <= HALF * getattr(COSTS["full"], field)
        )


def test_no_extra_time_is_what_merges_or_adds_nothing():
    met = {m for m, (_, needs) in chooser(COSTS, NAMES).methods.items() if needs["use"][0]}
    assert met == {"full", "freeze", "lora"}


def test_only_what_stands_on_top_leaves_old_answers_alone():
    met = {m for m, (_, needs) in chooser(COSTS, NAMES).methods.items() if needs["old"][0]}
    assert met == {"probe", "head"}


def test_every_method_and_every_number_stands_in_the_form():
    html = chooser(COSTS, NAMES)._repr_html_()
    for method, cost in COSTS.items():
        assert NAMES[method] in html
        assert f"{format_count(cost.stored_for_tasks)} numbers stored" in html


@pytest.mark.parametrize(
    ("costs", "names", "message"),
    [
        ({}, {}, "costs must hold full, got nothing"),
        (COSTS, {"full": "Full"}, "names must name every method, got none for freeze, probe"),
    ],
)
def test_bad_input_is_named(costs, names, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        chooser(costs, names)
