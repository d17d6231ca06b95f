"""What the theme does to the HTML of a page."""

import re

from figures import table
from theme import markup


def test_words_are_those_of_the_prose():
    html = (
        "<h1>Two words</h1><p>and <b>three</b> more, − 7.</p><pre><code>not these</code></pre>"
        "<math><mi>W</mi></math><svg><text>nor these</text></svg><p>W&amp;B</p>"
        "<by-hand-step><p>nor what a figure says</p></by-hand-step>"
    )
    assert markup.count_words(html) == 7


def test_the_lede_follows_the_title_and_is_escaped():
    html = markup.with_lede("<h1>A</h1>\n<p>B</p>", "x < y & z")
    assert html == '<h1>A</h1>\n<p class="lede">x &lt; y &amp; z</p>\n<p>B</p>'


def test_no_lede_without_description_or_title_and_never_two():
    for html, description in (
        ("<h1>A</h1>", ""),
        ("<p>A</p>", "B"),
        ('<h1>A</h1><p class="lede">C</p>', "B"),
    ):
        assert markup.with_lede(html, description) == html


def test_whatever_scrolls_takes_focus_under_a_name_of_its_own():
    table = '<table><tr><th>Cost &amp; share</th><th align="right">Full</th></tr></table>'
    formula = '<math display="block"><mi>W</mi></math>'
    html = markup.with_scroll_boxes(
        f"{table}{table}{formula}<math><mi>W</mi></math><pre><code>1</code></pre>"
        "<pre><samp>1</samp></pre>"
    )
    names = re.findall(r'tabindex="0" role="region" aria-label="([^"]+)"', html)
    assert sorted(names) == [
        "Code 1",
        "Formula 1",
        "Output 1",
        "Table 1: Cost &amp; share, Full",
        "Table 2: Cost &amp; share, Full",
    ]
    assert '<th class="right">Full' in html
    assert "align=" not in html


def test_a_box_that_can_scroll_is_left_alone():
    html = '<pre tabindex="0" role="region" aria-label="Mine"><code>1</code></pre>'
    assert markup.with_scroll_boxes(html) == html


def test_links_beside_headings_are_named_and_out_of_the_tab_order():
    html = '<h2>A<a class="headerlink" href="#a" title="Link to this section">#</a></h2>'
    assert markup.with_quiet_links(html) == (
        '<h2>A<a class="headerlink" href="#a" tabindex="-1" aria-label="Link to this section">#</a>'
        "</h2>"
    )


def test_a_matrix_of_a_figure_is_no_table_that_scrolls():
    html = '<table data-matrix="W3"><tbody><tr><td>1</td></tr></tbody></table>'
    assert markup.with_scroll_boxes(html) == html


def test_a_table_that_has_brought_its_box_is_left_alone():
    html = table(["Way", "Error"], [["full", "0.1"]])._repr_html_()
    assert markup.with_scroll_boxes(html) == html
