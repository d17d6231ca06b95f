"""How many words of prose a page has."""

from theme import markup


def test_words_are_those_of_the_prose():
    html = (
        "<h1>Two words</h1><p>and <b>three</b> more, − 7.</p><pre><code>not these</code></pre>"
        "<math><mi>W</mi></math><svg><text>nor these</text></svg><p>W&amp;B</p>"
        "<by-hand-step><p>nor what a figure says</p></by-hand-step>"
    )
    assert markup.count_words(html) == 7
