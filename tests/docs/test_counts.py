"""The pages show the counts that the series is built on: here they are typed, once."""

import re
from html import unescape

import pytest

from tests.docs.pages import DOCS, with_pages
from weave.pytest_adapter import woven

LESSONS = DOCS / "models/fine-tuning"
SHOWN = {
    "weight-update": ["1200", "3600", "840", "2400", "12,000", "12", "37"],
    "pretrain-vs-fine-tune": ["1600", "4400", "13,200", "30,000", "1800", "44,000", "83"],
    "full-fine-tuning": ["4400", "17,600", "1800", "12,000", "44,000", "0.5", "2.25", "3.5"],
    "freezing-layers": ["4400", "1600", "2800", "36%", "2.75", "0.625", "18,800", "3.75", "1.125"],
    "linear-probe": ["400", "4400", "11", "480", "6000", "5200", "800", "8400", "0.286"],
    "feature-extraction-head": ["800", "200", "1000", "14,400", "2200", "0.3125", "0.5", "5.4"],
    "adapter-layers": ["320", "960", "10,320", "5360", "14,000", "1584", "2,379,264", "86%"],
    "lora": ["230", "460", "920", "1840", "18", "20", "1.125", "13,600", "10,240", "1944", "4.127"],
    "index": ["1200", "1600", "4400", "2800", "400", "1000", "960", "920"],
}
COSTS = {  # cost: (all train, W1 and W2 frozen, H2 stored too)
    "Weights that train": ("4400", "1600", "1600"),
    "Gradient and Adam's two moments": ("13,200", "4800", "4800"),
    "Activations kept, 12 examples": ("1800", "960", "960"),
    "Multiply-adds per example and step": ("12,000", "6000", "3200"),
    "Weights stored for ten tasks": ("44,000", "18,800", "18,800"),
}


def table_rows(page):
    """Return {first cell: [the others]} of all tables that blocks of a page made."""
    rows = {}
    for block in page.blocks:
        for row in re.findall(r"<tr>(.*?)</tr>", block.outcome.drawing or "", re.S):
            cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
            first, *others = (unescape(re.sub("<[^>]*>", "", cell)) for cell in cells)
            rows[first] = others
    return rows


@with_pages(*(LESSONS / f"{slug}.md" for slug in SHOWN))
def test_a_lesson_shows_the_counts_of_its_method(file):
    page = woven(file)
    values = {plain for _, plain in page.pieces}
    values |= {cell for cells in table_rows(page).values() for cell in cells}
    assert set(SHOWN[file.stem]) <= values


def test_every_lesson_is_held_to_its_counts():
    lessons = {file.stem for file in LESSONS.glob("*.md")}
    here = "SHOWN in tests/docs/test_counts.py"
    for name in sorted(lessons - set(SHOWN)):
        pytest.fail(f'add to {here}: "{name}": [the counts that its page must show],')
    for name in sorted(set(SHOWN) - lessons):
        pytest.fail(f'take "{name}" out of {here}: there is no such lesson')


@with_pages(LESSONS / "freezing-layers.md")
def test_the_five_costs_of_freezing_are_the_computed_ones(file):
    rows = table_rows(woven(file))
    shown = {cost: (*rows[cost][:2], rows[cost][3]) for cost in COSTS}  # the third is what is saved
    assert shown == COSTS
