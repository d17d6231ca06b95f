"""figures.css and the drawings know the same classes, sizes and widths."""

import gzip
import re

import numpy as np
import pytest

from figures import freezing_layers, mark, pictogram
from figures.kit.figure import SMALLEST, SWITCHES
from figures.kit.primitives import KINDS, NUMBER
from figures.pictogram import LESSONS
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import pencil_network, pencil_task
from tests.figures.drawing import STYLES, ruled

CSS = re.sub(r"/\*.*?\*/", "", (STYLES / "figures.css").read_text(), flags=re.S)


def drawings():
    small, (X, _) = pencil_network(), pencil_task()
    yield freezing_layers(small, {**small, "W3": small["W3"] + 1}, X, {"W3"})._repr_html_()
    rng = np.random.default_rng(0)
    large, X = new_network(FULL_SIZES, rng), rng.normal(size=(30, 12))
    yield freezing_layers(large, {**large, "W3": large["W3"] + 1}, X, {"W3"})._repr_html_()
    for slug in LESSONS:
        yield pictogram(slug).svg()
    yield mark()


def test_every_class_of_a_drawing_has_a_rule():
    lists = [names for html in drawings() for names in re.findall('class="(.*?)"', html)]
    assert set(" ".join(lists).split()) <= ruled()
    assert set(KINDS) <= ruled()


def test_every_token_of_the_stylesheet_is_defined():
    tokens = (STYLES / "tokens.css").read_text()
    defined = set(re.findall(r"(--[a-z-]+):", tokens + CSS)) | {"--serif", "--sans"}
    assert set(re.findall(r"var\((--[a-z-]+)", CSS)) <= defined


def test_colours_come_from_tokens_alone():
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgb|hsl", CSS)


def test_sizes_and_widths_are_those_of_the_drawings():
    sizes = [float(size) for size in re.findall(r"(?:font-size|font):[^;]*?([\d.]+)px", CSS)]
    assert min(sizes) == SMALLEST
    assert NUMBER == float(re.search(r"\.sheet text \{[^}]*font: ([\d.]+)px", CSS)[1])
    assert sorted(SWITCHES.values()) == [int(n) for n in re.findall(r"min-width: (\d+)px", CSS)]


@pytest.mark.parametrize("mode", ["print", "(forced-colors: active)"])
def test_there_are_rules_for_paper_and_for_forced_colours(mode):
    assert f"@media {mode} {{" in CSS


def test_the_stylesheet_is_light():
    assert len(gzip.compress(CSS.encode(), 9, mtime=0)) <= 2500
