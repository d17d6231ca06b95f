"""The fonts draw every character that the pages use, and weigh little."""

import io

import pytest
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import USE_MY_METRICS

from theme import fonts

PAGE = """
<h1>Freezing Layers</h1><p>W′ − × Δ η δ → ₁ ½ <strong>1600 Ω?</strong> <em>Wη</em></p>
<pre><code>☃</code></pre>
<math><mo>[</mo><mi>W</mi><mi>ReLU</mi><mi>h</mi><mi>&eta;</mi><mo>√</mo><mo>⏟</mo><mo>′</mo></math>
<svg><title>☃</title><text>ΔW −0.5</text></svg>
<table><tr><th>Cost</th></tr></table>
"""
BUDGET = 45_000  # bytes of all faces together, as a lesson loads them


@pytest.fixture(scope="module")
def wanted():
    return fonts.characters([PAGE], "Search")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fonts.make_fonts([PAGE], "Search", tmp_path_factory.mktemp("fonts"))


def characters_of(content):
    return {chr(code) for code in TTFont(io.BytesIO(content)).getBestCmap()}


def test_code_and_hidden_titles_ask_for_no_glyph(wanted):
    assert not any("☃" in found for found in wanted.values())


def test_each_face_gets_what_it_has_to_draw(wanted):
    assert set("′−×Δηδ→₁½Ω") <= wanted["serif"] & wanted["sans"]
    assert set("Ω?Δ−") <= wanted["serif-bold"]
    assert "½" not in wanted["serif-bold"]
    assert wanted["math"] == set("[𝑊ReLUℎ𝜂√⏟′")  # browsers set one letter alone in italics


def test_made_faces_draw_it(made, wanted):
    drawn = {
        name.split(".")[0]: characters_of(content)
        for name, content in made.files.items()
        if name.endswith(".woff2")
    }
    for slug in ("serif", "sans", "serif-bold", "sans-bold", "math"):
        assert wanted[slug] <= drawn[slug] | {" "}, slug
    lent = wanted["serif-italic"] - drawn["serif-italic"]
    assert lent == set("Δη")
    assert "unicode-range:U+394,U+3B7" in made.text


def test_brackets_roots_and_braces_can_grow(made):
    content = next(content for name, content in made.files.items() if name.startswith("math"))
    font = TTFont(io.BytesIO(content))
    variants = font["MATH"].table.MathVariants
    growing = variants.VertGlyphCoverage.glyphs + variants.HorizGlyphCoverage.glyphs
    drawn = font.getBestCmap()
    assert {drawn[ord(c)] for c in "[√⏟"} <= set(growing)


def test_all_faces_together_stay_in_the_budget(made):
    assert sum(len(c) for name, c in made.files.items() if name.endswith(".woff2")) <= BUDGET


def test_our_faces_are_not_called_source_and_the_licence_goes_with_them(made):
    for name, content in made.files.items():
        if name.endswith(".woff2"):
            assert TTFont(io.BytesIO(content))["name"].getDebugName(1).startswith("Hand ")
    licence = made.files["OFL.txt"].decode()
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Adobe" in licence and "STIX" in licence


def test_a_composed_glyph_is_not_drawn_at_the_width_of_its_part():
    for face in fonts.FACES:
        font = fonts.open_font(face)
        parts = [
            part
            for name in font.getGlyphOrder()
            for part in getattr(font["glyf"][name], "components", ())
        ]
        assert not any(part.flags & USE_MY_METRICS for part in parts), face.slug


def test_the_same_characters_are_cut_once(tmp_path, monkeypatch):
    face = fonts.FACES[0]
    first = fonts.cut_cached(face, set("abc"), tmp_path)
    monkeypatch.setattr(fonts, "cut", lambda *_: pytest.fail("cut again"))
    assert fonts.cut_cached(face, set("cba"), tmp_path) == first


def test_a_stand_in_has_our_width_and_height():
    face = fonts.FACES[0]
    size, ascent, descent, _ = (percent / 100 for percent in fonts.stand_in_metrics(face))
    font = TTFont(fonts.font_path(face))
    glyphs, widths = font.getBestCmap(), font["hmtx"]
    ours = sum(widths[glyphs[ord(c)]][0] for c in fonts.SAMPLE)
    theirs = sum(fonts.TIMES[c] for c in fonts.SAMPLE)
    assert theirs * size == pytest.approx(ours)
    assert ascent * size == pytest.approx(font["hhea"].ascent / 1000)
    assert descent * size == pytest.approx(-font["hhea"].descent / 1000)


def test_text_never_moves_for_a_font_that_comes_late_but_formulas_and_drawings_get_theirs(made):
    assert made.text.count("font-display:optional") == made.text.count("../fonts/") > 4
    assert "Hand Math" not in made.text
    assert made.formulas.count("font-display:swap") == made.formulas.count("@font-face") > 5
    assert made.formulas.count("Drawn") == made.text.count("../fonts/")
    assert made.formulas.count("Hand Math") == 1
    assert {name.split(".")[0] for name in made.preload} == {f.slug for f in fonts.FACES[:-1]}


def test_a_missing_package_is_named():
    face = fonts.FACES[0]._replace(package="font_of_nowhere")
    with pytest.raises(ValueError, match="package font_of_nowhere must be installed"):
        fonts.font_path(face)
