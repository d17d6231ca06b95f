"""notebook.py: a figure is a picture of its own, in words too, and one call shows all so."""

import os
import re
from base64 import b64decode
from xml.etree import ElementTree

import pytest
from IPython.core.interactiveshell import InteractiveShell

from figures import freezing_layers, mark, matrices, pictogram
from figures.kit import notebook
from figures.kit.notebook import SCHEME, as_picture, as_words, show
from snippets.freeze import train_step
from snippets.network import FULL_SIZES, new_network
from snippets.pencil import LEARNING_RATE, pencil_network, pencil_task
from theme.fonts import FACES, stand_in_metrics
from theme.stylesheet import colour

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pencil():
    weights, task = pencil_network(), pencil_task()
    step = train_step(weights, *task, {"W3"}, LEARNING_RATE)
    return freezing_layers(weights, step.weights, task[0], {"W3"})


@pytest.fixture(scope="module")
def full():
    import numpy as np

    rng = np.random.default_rng(4)
    weights, X = new_network(FULL_SIZES, rng), rng.normal(size=(30, 12))
    new = {**weights, "W3": weights["W3"] + 0.1}
    return freezing_layers(weights, new, X, {"W3"})


def images(html):
    """The images of some HTML as trees: well-formed, or this fails."""
    found = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [ElementTree.fromstring(b64decode(source)) for source in found]


def words(tree):
    return [text for node in tree.iter(f"{SVG}text") for text in node.itertext()]


def test_a_figure_becomes_one_image_with_the_words_of_its_wide_arrangement(pencil):
    html = as_picture(pencil._repr_html_())
    (image,) = images(html)
    wide = ElementTree.fromstring(pencil.svg("wide"))
    assert words(image) == [text for node in wide.iter("text") for text in node.itertext()]
    assert "<svg" not in html
    assert html.count("<figcaption") == 1
    assert 'alt="A network before and after one step. W1 (4×3)' in html


def test_what_an_image_refers_to_is_in_it(full):
    (image,) = images(as_picture(full._repr_html_()))
    named = {node.get("href") for node in image.iter(f"{SVG}use")} - {None}
    ids = {f"#{node.get('id')}" for node in image.iter() if node.get("id")}
    assert named
    assert named <= ids


def test_an_image_shows_no_part_by_a_class_that_the_stylesheet_hides(pencil):
    (image,) = images(as_picture(pencil._repr_html_()))
    assert not {node.get("class") for node in image.iter(f"{SVG}g")} & {"wide", "narrow", "store"}


def test_an_image_has_the_colours_of_the_site_for_light_and_for_dark(pencil):
    (image,) = images(as_picture(pencil._repr_html_()))
    light, dark = image.find(f"{SVG}style").text.split("@media(prefers-color-scheme:dark)")
    tokens = (notebook.ROOT / notebook.STYLESHEETS[0]).read_text("utf-8")
    for name in ("sheet", "ink", "frozen-fill", "delta-line"):
        assert f"--{name}:{colour(tokens, name)}" in light
        assert f"--{name}:{colour(tokens, name, 'slate')}" in dark.partition("}}")[0]


def test_every_variable_that_the_style_uses_is_set_in_it(pencil):
    (image,) = images(as_picture(pencil._repr_html_()))
    style = image.find(f"{SVG}style").text
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used - set(re.findall(r"(--[\w-]+):", style)) == set()


def test_the_fonts_that_stand_in_are_as_wide_as_those_of_the_site():
    ours = {
        (face.family.split()[1].lower(), face.weight, face.style): stand_in_metrics(face)[0]
        for face in FACES
        if face.stands_in
    }
    theirs = {tuple(entry[:3]): entry[4] for entry in notebook.STAND_INS}
    assert theirs == pytest.approx(ours, abs=0.006)
    for face in FACES:
        if face.stands_in:
            assert any(entry[3] == face.stands_in[0] for entry in notebook.STAND_INS)


def test_svg_alone_is_an_image_too_and_other_html_stays_as_it_is():
    (image,) = images(as_picture(pictogram("lora").svg()))
    assert image.get("viewBox") == "0 0 176 58"
    assert len(images(as_picture(mark()))) == 1
    assert as_picture("<b>1600</b>") == "<b>1600</b>"


def test_two_drawings_are_two_images():
    html = as_picture(f"<div>{mark()} and {pictogram('lora').svg()}</div>")
    assert len(images(html)) == 2
    assert " and <img" in html
    assert html.count(SCHEME) == 1


def test_a_figure_in_words_is_its_title_and_what_it_shows():
    figure = matrices({"H2": [[2.0, 1.0]]})
    assert as_words(figure._repr_html_()) == "H2. H2 is 1×2: 2, 1."
    assert as_words("<b>1600</b> &amp; <i>400</i>") == "1600 & 400"


def test_a_figure_is_shown_as_picture_and_words_and_other_values_as_they_say(pencil):
    assert show(pencil) == {
        "text/html": as_picture(pencil._repr_html_()),
        "text/plain": as_words(pencil._repr_html_()),
    }
    assert show(4400) is None
    assert show(type(pencil)) is None

    class Other:
        def _repr_mimebundle_(self):
            return {"text/plain": "other"}

    assert show(Other()) == {"text/plain": "other"}


def test_start_makes_a_shell_show_figures_so_and_reads_data_from_the_repository(
    pencil, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    shell = InteractiveShell()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    notebook.start()
    assert os.getcwd() == str(notebook.ROOT)
    assert shell.display_formatter.format(pencil)[0] == show(pencil)
    value = {f"name {i}": i for i in range(30)}
    assert shell.display_formatter.format(value)[0] == {"text/plain": repr(value)}


def test_start_does_without_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    notebook.start()
    assert os.getcwd() == str(notebook.ROOT)


CONTROLS = (
    '<by-hand-thing class="instrument"><script type="application/json">{"a": "<b>"}</script>'
    '<div class="needs-script"><button>Step</button><br><input></div><p>Kept &amp; whole.</p>'
    '<div class="board needs-site"><svg viewBox="0 0 1 1"></svg></div>'
    "<table><tr><td>4</td></tr></table></by-hand-thing>"
)


def test_a_figure_one_can_touch_comes_without_controls():
    assert as_picture(CONTROLS) == (
        '<by-hand-thing class="instrument"><p>Kept &amp; whole.</p>'
        "<table><tr><td>4</td></tr></table></by-hand-thing>"
    )


def test_in_words_it_says_what_it_shows_and_nothing_of_its_controls():
    assert as_words(CONTROLS) == "Kept & whole. 4"
