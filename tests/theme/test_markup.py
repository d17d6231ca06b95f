"""How many words of prose a page has."""

from theme import markup


def test_words_are_those_of_the_prose():
    html = (
        "<h1>Two words</h1><p>and <b>three</b> more, − 7.</p><pre><code>not these</code></pre>"
        "<math><mi>W</mi></math><svg><text>nor these</text></svg><p>W&amp;B</p>"
        "<by-hand-step><p>nor what a figure says</p></by-hand-step>"
    )
    assert markup.count_words(html) == 7


def test_first_words_end_before_what_the_first_rules_do_not_dress():
    words = '<h1>A</h1><p class="lede">B <a href="#">c</a></p><h2>D</h2><ul><li>e</li></ul>'
    for rest in (
        "<div><p>F</p></div>",
        "<figure></figure><p>F</p>",
        "<p>F <math><mi>W</mi></math></p>",
        "<ul><li>F <small>g</small></li></ul>",
    ):
        assert markup.first_words(words + rest) == (words, rest)
    assert markup.first_words(words) == (words, "")


def test_the_claim_of_the_front_door_stands_whole_before_its_figure():
    claim = '<div class="hero"><div class="hero-claim"><h1>A</h1><div class="woven"></div></div>'
    figure = '<div class="hero-figure"><p>B</p></div></div>'
    assert markup.first_words(claim + figure) == (claim, figure)
