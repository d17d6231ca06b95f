"""The four labs: quick enough, their plots complete, their numbers those of the snippets."""

import re

import pytest

from experiments.experiment import RATES, WAYS, compare
from weave.labs import ROOT, find_labs, load_run, outcome_of, read_lab, results, run_lab

FILES = find_labs(ROOT / "docs")
SECONDS = 30  # each, on two processors


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def lab(request):
    return read_lab(request.param)


@pytest.fixture
def run(lab):
    return load_run(lab) or run_lab(lab)


def test_the_labs_are_those_of_the_nav():
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert sorted(re.findall(r"labs/([\w-]+)\.py$", nav, re.M)) == sorted(f.stem for f in FILES)
    assert len(FILES) == 4


def test_a_lab_takes_no_more_than_two_processors_do_in_its_time(run):
    assert run.processor_seconds <= 2 * SECONDS


def test_every_plot_has_its_numbers_in_words_and_as_a_table(run):
    drawings = [outcome_of(outputs).drawing for outputs in run.outputs]
    plots = [drawing for drawing in drawings if "<svg" in drawing]
    assert plots
    for plot in plots:
        assert plot.count("<desc>") == plot.count("<svg") == 2
        for told in re.findall(r"<desc>(.*?)</desc>", plot):
            assert len(re.findall(r"\d+\.\d+|\d+%", told)) >= 3, told
        assert re.search(r"<details.*<table>.*</table></div></details>", plot)


def test_nothing_drawn_brings_its_own_colours_or_styles(run):
    for outputs in run.outputs:
        drawing = outcome_of(outputs).drawing
        assert "style" not in re.sub(r">[^<]*<", "><", drawing)
        assert not re.search(r'="#[0-9a-fA-F]{3,6}"', drawing)


def test_code_on_the_page_has_no_line_that_must_be_scrolled_for(lab):
    long = [
        line
        for cell in lab.code
        if not cell.is_hidden
        for line in cell.source.split("\n")
        if len(line) > 80
    ]
    assert long == []


def test_the_results_of_the_experiment_are_those_of_the_snippets():
    found = results("eight-ways-ten-seeds")
    assert found["seeds"] == list(range(10))
    names = ("untouched", "probe", "freeze")
    for turned, ways in found["runs"].items():
        assert set(ways) == set(WAYS)
        again = compare(7, turned, RATES, names=names)
        for way in names:
            of_seed = {name: values[7] for name, values in ways[way].items()}
            assert of_seed == pytest.approx(again[way]._asdict(), rel=1e-6)
