"""search.py: search reads the words of a page and none of its drawings."""

import pytest

from weave.search import searchable


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<p>a <span class=x>4400</span> b</p>", "<p>a 4400 b</p>"),
        ("<p>a</p><svg><text>1</text><svg>2</svg>3</svg><p>b</p>", "<p>a</p> <p>b</p>"),
        ('<h2 id="x">T<a class="headerlink" href="#x">#</a></h2>', '<h2 id="x">T</h2>'),
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
