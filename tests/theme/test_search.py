"""The search reads the words of a page, section by section, and none of its drawings."""

import json

import pytest

from theme.search import make_index, searchable, sections


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a <span class=x>4400</span> b</p>", "<p>a 4400 b</p>"),
        ("<p>a</p><svg><text>1</text><svg>2</svg>3</svg><p>b</p>", "<p>a</p> <p>b</p>"),
        ('<h2 id="x">T<a class="headerlink" href="#x">#</a></h2>', '<h2 id="x">T</h2>'),
        ('<h2 id="x">T<a aria-label="a" class="headerlink">#</a></h2>', '<h2 id="x">T</h2>'),
        ("<pre><code><span>x</span> &lt; 1</code></pre>", "<pre><code>x &lt; 1</code></pre>"),
        ("<math><mi>W</mi><mn>3</mn></math>", "W3"),
        ("<p>no drawing</p>", "<p>no drawing</p>"),
        ("<p>a</p><by-hand-step><table>1</table><p>2</p></by-hand-step>", "<p>a</p>"),
        (
            '<by-hand-blocks><p>a</p><script type="application/json">[1]</script></by-hand-blocks>',
            "<p>a</p>",
        ),
    ],
)
def test_words_stay_and_drawings_go(html, left):
    assert searchable(html) == left


def found(html):
    return [tuple(section.values()) for section in sections("lora/", "LoRA", html)]


def test_each_heading_that_can_be_linked_to_begins_a_section():
    html = "<h1 id=a>A</h1>".replace("=a", '="a"') + '<p class="x">b</p><h2 id="c">C <i>c</i></h2>d'
    assert found(html) == [("lora/", "A", "<p>b</p>"), ("lora/#c", "C c", "d")]
    assert found("<p>a</p><h3>B</h3>c") == [("lora/", "LoRA", "<p>a</p>Bc")]


def test_what_stands_before_the_first_heading_has_the_title_of_the_page():
    assert found('<p>a</p><h1 id="b">B</h1>c') == [
        ("lora/", "LoRA", "<p>a</p>"),
        ("lora/#b", "B", "c"),
    ]


def test_white_space_stays_in_listings_alone_and_references_are_short():
    html = "<p>a\n  b&#x2212;1 &lt; &quot;</p><p> </p><pre><code>x\n  y</code></pre>"
    assert found(html)[0][2] == '<p>a b−1 &lt; "</p><pre><code>x\n  y</code></pre>'


def test_the_index_is_in_the_form_that_the_script_reads():
    index = json.loads(make_index([("lora/", "LoRA", "<p>4400</p>")]))
    assert index["docs"] == [{"location": "lora/", "title": "LoRA", "text": "<p>4400</p>"}]
    assert set(index["config"]) == {"lang", "separator", "pipeline", "fields"}
