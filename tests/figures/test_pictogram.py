import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from figures import favicon, mark, pictogram
from figures.pictogram import HEIGHT, LESSONS, WIDTH
from snippets.count import count_parameters

DOCS = Path(__file__).parents[2] / "docs"
every_lesson = pytest.mark.parametrize("slug", LESSONS)


def blocks(slug):
    """Return (kind, x, y, width, height) of every block of a pictogram."""
    found = []
    for group in ElementTree.fromstring(pictogram(slug).svg()).findall("g"):
        x, y = map(float, re.findall(r"[\d.]+", group.get("transform")))
        frame = group.find("rect")
        size = float(frame.get("width")), float(frame.get("height"))
        found.append((group.get("class"), x, y, *size))
    return found


def area(slug, kind):
    shapes = [(int(h), int(w)) for name, _, _, w, h in blocks(slug) if name == kind]
    return count_parameters(shapes)


@pytest.mark.parametrize(
    ("slug", "trainable", "frozen"),
    [
        ("full-fine-tuning", 4400, 0),
        ("freezing-layers", 1600, 2800),
        ("linear-probe", 400, 4400),
        ("feature-extraction-head", 1000, 4400),
        ("adapter-layers", 960, 4400),
        ("lora", 920, 4400),
    ],
)
def test_the_area_of_the_blocks_is_the_count_of_the_lesson(slug, trainable, frozen):
    assert area(slug, "trainable") == trainable
    assert area(slug, "frozen") == frozen


def test_the_first_two_lessons_show_a_delta_as_large_as_its_weight():
    assert area("weight-update", "delta") == area("weight-update", "pretrained") == 1200
    assert area("pretrain-vs-fine-tune", "delta") == 1600
    assert area("pretrain-vs-fine-tune", "delta large") == 1600


@every_lesson
def test_blocks_stay_inside_and_apart(slug):
    placed = blocks(slug)
    for _, x, y, width, height in placed:
        assert 1 <= x and x + width <= WIDTH - 1 and 1 <= y and y + height <= HEIGHT - 1
    for i, (_, x, y, width, height) in enumerate(placed):
        for _, x2, y2, width2, height2 in placed[:i]:
            across = x2 + width2 + 2 <= x or x + width + 2 <= x2
            assert across or y2 + height2 + 2 <= y or y + height + 2 <= y2


def test_pictograms_all_differ():
    assert len({pictogram(slug).svg() for slug in LESSONS}) == 8


def test_there_is_a_pictogram_for_every_lesson_and_no_other():
    pages = {page.stem for page in (DOCS / "models/fine-tuning").glob("*.md")} - {"index"}
    assert pages == set(LESSONS)


@every_lesson
def test_a_pictogram_is_decoration_unless_it_has_text(slug):
    for drawing in (pictogram(slug).svg(), pictogram(slug)._repr_html_()):
        tree = ElementTree.fromstring(drawing)
        written = tree.find(".//text") is not None
        assert (tree.get("aria-hidden") == "true") == (not written)
        assert (tree.get("role") == "img") == written == bool(tree.get("aria-label"))
        assert " id=" not in drawing and " style=" not in drawing


def test_an_unknown_lesson_is_refused_by_name():
    with pytest.raises(ValueError, match="^lesson_slug must be one of weight-update, .*'loro'$"):
        pictogram("loro")


@pytest.mark.parametrize("drawing", [mark(), favicon()])
def test_the_mark_is_three_squares_two_of_them_hatched(drawing):
    tree = ElementTree.fromstring(drawing)
    plain = re.sub(r"\{[^}]*\}", "", drawing)
    assert plain.count("<rect") == 3
    assert len(re.findall(r'<path class="hatch"', drawing)) == 2
    assert tree.get("viewBox") == "0 0 24 24"


def test_the_favicon_brings_the_colours_of_the_tokens():
    tokens = (DOCS / "assets/stylesheets/tokens.css").read_text()
    light, dark = tokens.split('[data-md-color-scheme="slate"]')
    names = "frozen-fill frozen-line frozen-hatch trainable-fill trainable-line".split()
    for part, scheme in zip((light, dark), favicon().split("@media")):
        for token in names:
            assert re.search(f"--{token}: (#[0-9a-f]+)", part)[1] in scheme
