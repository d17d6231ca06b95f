"""to_markdown.py: HTML of a page as plain Markdown, and the same HTML again from that Markdown."""

import mistune
import pytest
from bs4 import BeautifulSoup

from weave.to_markdown import to_markdown

BASE = "https://example.org/site/lesson/"
CASES = {
    "heading": ("<h2 id='a'>The <em>old</em> task</h2>", "## The *old* task"),
    "link beside a heading": ("<h2>A<a class='headerlink' href='#a'>#</a></h2>", "## A"),
    "strong": ("<p>the <strong>1600</strong> weights</p>", "the **1600** weights"),
    "a value": ("<p><span class='value' data-expression='n'>1600</span></p>", "1600"),
    "white space": ("<p>one\n   two</p>", "one two"),
    "relative link": ('<p><a href="../lora/#x">L</a></p>', f"[L]({BASE[:-7]}lora/#x)"),
    "anchor": ('<p><a href="#x">L</a></p>', f"[L]({BASE}#x)"),
    "brackets in a link": ('<p><a href="a_(b)">L</a></p>', f"[L]({BASE}a_%28b%29)"),
    "explained word": ('<p><a href="#x" title="it says">L</a></p>', f'[L]({BASE}#x "it says")'),
    "picture": ('<p><img src="a.png" alt="An A"></p>', f"![An A]({BASE}a.png)"),
    "code": ("<p><code>x_1 * 2</code> and <code>a`b</code></p>", "`x_1 * 2` and ``a`b``"),
    "typed marks": ("<p>2 * 3, a_b, _x_, $5, [a](b), `c`</p>",
                    r"2 \* 3, a_b, \_x\_, \$5, \[a](b), \`c\`"),
    "typed tags": ("<p>a &lt; b, &lt;b&gt;, &amp;lt;</p>", "a < b, &lt;b>, &amp;lt;"),
    "a number first": ("<p>1. April</p>", r"1\. April"),
    "a number last": ("<p>It is 1. So</p>", "It is 1. So"),
    "a sign first": ("<p>- so</p><p># so</p>", "\\- so\n\n\\# so"),
    "list": ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n  1. c"),
    "list from 3 on": ("<ol start='3'><li>a</li><li>b</li></ol>", "3. a\n4. b"),
    "loose list": ("<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>", "1. a\n\n   b\n\n2. c"),
    "table": ("<table><thead><tr><th>a</th><th align='right'>b</th></tr></thead>"
              "<tbody><tr><td>x|y</td><td align='right'>2</td></tr></tbody></table>",
              "| a | b |\n| --- | --: |\n| x\\|y | 2 |"),
    "table with classes": ("<table><tr><th class='center'>a</th></tr><tr><td class='center'>b</td>"
                           "</tr></table>", "| a |\n| :-: |\n| b |"),
    "quotation": ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
    "admonition": ("<div class='admonition'><p class='admonition-title'>Note</p><p>a</p></div>",
                   "> **Note**\n>\n> a"),
    "by hand": ("<div class='by-hand'><p>a</p></div>", "> a"),
    "answer": ("<details><summary>Answer</summary><p><b>4</b></p></details>",
               "<details>\n<summary>Answer</summary>\n\n**4**\n\n</details>"),
    "definitions": ("<dl><dt>rank</dt><dd>columns</dd></dl>", "**rank**\n\ncolumns"),
    "listing": ("<div class='highlight'><pre><code>a\n  b\n</code></pre></div>",
                "```text\na\n  b\n```"),
    "note": ("<p>so<sup id='fnref:a'><a class='footnote-ref' href='#fn:a'>1</a></sup>.</p>",
             "so[1]."),
    "notes": ("<div class='footnote'><hr><ol><li id='fn:a'><p>An A.&#160;"
              "<a class='footnote-backref' href='#fnref:a'>back</a></p></li></ol></div>",
              "## Notes\n\n1. An A."),
    "tabs": ("<div class='tabbed-set'><input type='radio'><div class='tabbed-labels'>"
             "<label>A</label><label>B</label></div><div class='tabbed-content'>"
             "<div class='tabbed-block'><p>a</p></div><div class='tabbed-block'><p>b</p></div></div></div>",
             "**A**\n\na\n\n**B**\n\nb"),
    "not seen": ("<p>a<button>b</button><span hidden>c</span></p><script>d</script>", "a"),
    "sub": ("<p>W<sub>3</sub></p>", "W<sub>3</sub>"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_element_becomes_plain_markdown(case):
    html, expected = CASES[case]
    assert "\n\n".join(to_markdown(html, BASE)) == expected


SAME = ["heading", "strong", "code", "typed marks", "typed tags", "a number first", "a sign first"]
SAME += ["list", "loose list", "quotation", "relative link", "picture", "explained word"]


@pytest.mark.parametrize("case", SAME)
def test_the_markdown_gives_the_words_of_the_html(case):
    html = CASES[case][0]
    again = mistune.html("\n\n".join(to_markdown(html, BASE)))
    words = [" ".join(BeautifulSoup(h, "html.parser").get_text(" ").split()) for h in (html, again)]
    assert words[0] == words[1]


PUT = ["$x|y$", "$$y$$", "<img>"]


def test_what_is_put_in_stands_in_its_line_or_on_its_own():
    html = "<p>so <put-text n='0'></put-text> is</p><put-text n='1'></put-text><p>a</p>"
    assert to_markdown(html, BASE, PUT) == ["so $x|y$ is", "$$y$$", "a"]


def test_a_bar_in_a_formula_ends_no_table_cell():
    html = "<table><tr><th><put-text n='0'></put-text></th></tr></table>"
    assert to_markdown(html, BASE, PUT)[0].startswith(r"| $x\vert y$ |")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><put-block n='1'></put-block><p>b</p>", ["a", 1, "b"]),
        ("<blockquote><p>a</p><put-block n='1'></put-block></blockquote>", ["a", 1]),
        ("<details><summary>s</summary><put-block n='1'></put-block></details>", ["**s**", 1]),
        ("<ol><li>a</li><li>b<put-block n='1'></put-block>c</li><li>d</li></ol>",
         ["1. a", "2. b", 1, "c", "3. d"]),
        ("<div class='admonition'><p class='admonition-title'>t</p><put-block n='1'></put-block>"
         "</div>", ["**t**", 1]),
    ],
)  # fmt: skip
def test_a_cell_stands_between_texts_and_opens_what_holds_it(html, expected):
    assert to_markdown(html, BASE) == expected
