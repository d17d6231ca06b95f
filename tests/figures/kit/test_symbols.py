from xml.etree import ElementTree

import pytest

from figures.kit.symbols import html_text, svg_text


@pytest.mark.parametrize("text", ["W'3 = W3 + ΔW3", "H1 = ReLU(W1 X)", "X", "a < b", "ΔW", "plain"])
def test_symbols_keep_every_sign(text):
    tree = ElementTree.fromstring(f"<text>{svg_text(text)}</text>")
    assert "".join(tree.itertext()) == text.replace("'", "\N{PRIME}")


@pytest.mark.parametrize("text", ["W3 + W2 = H1 X", "W'3 H2", "W3ᵀ δ3", "δ Xᵀ + δ3 H2ᵀ = Bᵀ X"])
def test_every_subscript_is_lowered_and_climbed_back_from(text):
    tree = ElementTree.fromstring(f"<text>{svg_text(text)}</text>")
    level = 0
    for part in tree.iter("tspan"):
        level += float(part.get("dy", 0))
        raised = part.text == "T"
        assert level == (-6 if raised else 4 if part.get("class") == "sub" else 0)
    assert "ᵀ" not in text or "T" in [part.text for part in tree.iter("tspan")]


def test_captions_set_symbols_and_escape_the_rest():
    assert html_text("ΔW3 & X") == "Δ<i>W</i><sub>3</sub> &amp; <i>X</i>"
    assert html_text("A step, I said") == "A step, I said"
