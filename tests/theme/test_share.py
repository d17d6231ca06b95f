"""A lesson's share picture is drawn from its pictogram."""

import io

import pytest
from PIL import Image

from figures import mark, pictogram
from theme import share
from theme.stylesheet import colour

COLOURS = "docs/assets/stylesheets/tokens.css"


@pytest.fixture
def css(pytestconfig):
    return (pytestconfig.rootpath / COLOURS).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("drawing", "kinds"),
    [
        (pictogram("freezing-layers").svg(), ["frozen", "frozen", "trainable"]),
        (pictogram("weight-update").svg(), ["pretrained", "delta", "new"]),
        (mark(), ["frozen", "frozen", "trainable"]),
    ],
)
def test_the_blocks_of_a_drawing_are_found(drawing, kinds):
    assert [kind for kind, *_ in share.read_blocks(drawing)] == kinds


def test_the_picture_has_the_size_that_readers_expect_and_the_blocks_colours(css, tmp_path):
    drawing = pictogram("freezing-layers").svg()
    picture, content = share.make_picture(
        "Freezing Layers", "4 of 8", "Site", css, drawing, tmp_path
    )
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size == (picture.width, picture.height) == (1200, 630)
    seen = {colour for _, colour in image.getcolors(1 << 16)}
    for token in ("paper", "ink", "frozen-fill", "trainable-fill", "trainable-line"):
        assert tuple(bytes.fromhex(colour(css, token)[1:])) in seen, token
    assert picture.alt == (
        "Freezing Layers. 4 of 8. Below, blocks on squared paper: 2 frozen, 1 trainable."
    )


def test_a_long_title_is_set_smaller_rather_than_cut(css, tmp_path):
    _, content = share.make_picture("A title " * 12, "", "Site", css, mark(), tmp_path)
    image = Image.open(io.BytesIO(content)).convert("RGB")
    margin = image.crop((share.WIDTH - share.MARGIN + 4, 100, share.WIDTH, 220))
    assert margin.getcolors() == [(margin.width * margin.height, image.getpixel((1, 1)))]


def test_the_same_picture_is_drawn_once(css, tmp_path, monkeypatch):
    first = share.make_picture("A", "", "Site", css, mark(), tmp_path)
    monkeypatch.setattr(share, "draw_picture", lambda *_: pytest.fail("drawn again"))
    assert share.make_picture("A", "", "Site", css, mark(), tmp_path) == first
