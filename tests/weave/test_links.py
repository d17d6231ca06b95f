"""links.py: a link that leads nowhere is refused where it stands."""

import pytest

from tests.weave.pages import block, weave
from weave.front_matter import read_source
from weave.links import check_links, links_of
from weave.runner import weave_sources

FILES = {"index.md", "a/one.md", "a/two.md", "a/x y.png", "a/one/", "./"}
ANCHORS = {"index.md": set(), "a/one.md": {"top", "block-1"}, "a/two.md": {"part"}}


def check(text):
    return [str(problem) for problem in check_links(weave(text), "a/one.md", ANCHORS, FILES)]


@pytest.mark.parametrize(
    "text",
    [
        "[t](two.md)",
        "[t](two.md#part)",
        "[t](#top)",
        "[t](#block-1)",
        "[t](../index.md)",
        '[t](two.md "Title")',
        "[t](<two.md>)",
        "![t](x%20y.png)",
        "[![t](x%20y.png)](two.md)",
        "[t][r]\n\n[r]: two.md#part",
        "[t](https://example.org/nowhere.md#x)",
        "<a href='https://example.org'>t</a>",
        "<a href='#top'>t</a>",
        "[t](mailto:a@example.org)",
        "`[t](nowhere.md)`",
        "<!-- [t](nowhere.md) -->",
        "```text\n[t](nowhere.md)\n```",
        "A[^1].\n\n[^1]: [arXiv](https://arxiv.org)",
        block("f = [abs]") + "\n{{ f[0](3) }}",
        block("1") + "\n[block 1](#block-1)",
        "    [t](nowhere.md)\n",
        "[t]({{ 'https://a.b/' }})",
        "<code>[t](nowhere.md)</code>",
        "[r][]\n\n[r]: two.md",
    ],
)
def test_links_that_lead_somewhere_and_what_is_no_link_pass(text):
    assert check(text) == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[t](three.md)", 1, "three.md leads nowhere: there is no a/three.md below docs/"),
        ("a\n\n- b [t](../one.md) c", 3, "../one.md leads nowhere: there is no one.md below docs/"),
        ("![t](y.png)", 1, "y.png leads nowhere: there is no a/y.png below docs/"),
        ("[t](two.md#top)", 1, "two.md#top leads nowhere: a/two.md has no heading or block #top"),
        ("[t](#part)", 1, "#part leads nowhere: a/one.md has no heading or block #part"),
        ("[t](/a/two.md)", 1, "/a/two.md starts with a slash: write it relative to the page"),
        (
            "a [t][r]\n\n[r]: three.md",
            3,
            "three.md leads nowhere: there is no a/three.md below docs/",
        ),
        ("[![t](y.png)](two.md)", 1, "y.png leads nowhere: there is no a/y.png below docs/"),
        (
            "[![t](x%20y.png)](three.md)",
            1,
            "three.md leads nowhere: there is no a/three.md below docs/",
        ),
        ("[a *b\nc*](three.md)", 2, "three.md leads nowhere: there is no a/three.md below docs/"),
        ("> [t](three.md)", 1, "three.md leads nowhere: there is no a/three.md below docs/"),
        (
            "[^1]: see [t](three.md) [^1]",
            1,
            "three.md leads nowhere: there is no a/three.md below docs/",
        ),
        ("<a href='#part'>t</a>", 1, "#part leads nowhere: a/one.md has no heading or block #part"),
        (
            '<a href="two.md">t</a>',
            1,
            "two.md stands in HTML: write it in Markdown, where it follows the page",
        ),
    ],
)
def test_a_dead_link_is_said_with_its_line(text, line, message):
    assert check(text) == [f"page.md:{line}: the link {message}"]


def test_lines_are_right_after_blocks_and_front_matter():
    text = "---\ntitle: T\n---\n# T\n\n" + block("x = 1") + "\n[a](b.md)\n\n![c](d.png)\n"
    (page,) = weave_sources([read_source(text, "page.md")])
    assert list(links_of(page.parts)) == [(10, "b.md", False), (12, "d.png", False)]


@pytest.mark.parametrize("text", ["a [t][nope] b", "a claim [^nope].", "x\n\n[t][No Pe]"])
def test_a_reference_that_nothing_defines_is_said(text):
    (problem,) = check(text)
    assert problem.endswith("leads nowhere: nothing defines it")


@pytest.mark.parametrize("text", ["[^1]: note", "x [^a]\n\n[^1]: note\n\n[^a]: note"])
def test_a_note_that_nothing_leads_to_is_said(text):
    (problem,) = check(text)
    assert problem.endswith("nothing leads to the note [^1]")


@pytest.mark.parametrize("text", ["[t][R]\n\n[r]: two.md", "x [^a]\n\n[^a]: note", "`[t][nope]`"])
def test_a_reference_that_is_defined_passes(text):
    assert check(text) == []


@pytest.mark.parametrize("target", ["{{ n }}.md", "a.md#{{ n }}", "#{{ n }}", "b/{{ n }}.png"])
def test_a_link_that_nobody_can_check_is_refused(target):
    page = weave(
        block("n = 'a'") + f"\n[x]({target}) [y](https://a.b/{{{{ n }}}}) [z]({{{{ n }}}})\n"
    )
    assert [str(problem) for problem in check_links(page, "page.md", {}, {"page.md"})] == [
        f"page.md:5: the link {target} holds a value: type where it leads, so that it can be checked"
    ]


ELSEWHERE = "lies elsewhere: put it below docs/, the site loads nothing from elsewhere"
NO_CODE = "does nothing here: pages hold no code, frame or style of their own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("![x](https://example.org/x.png)", f"the picture https://example.org/x.png {ELSEWHERE}"),
        ("![a [b] c](//example.org/x.png)", f"the picture //example.org/x.png {ELSEWHERE}"),
        ("[![x](http://a.org/x.png)](two.md)", f"the picture http://a.org/x.png {ELSEWHERE}"),
        ('<img src="https://a.org/x.png" alt="x">', f"https://a.org/x.png {ELSEWHERE}"),
        ("<img alt=x src=//a.org/x.png>", f"//a.org/x.png {ELSEWHERE}"),
        ('<video poster="https://a.org/x.png"></video>', f"https://a.org/x.png {ELSEWHERE}"),
        ("<script>document.write(1)</script>", f"<script> {NO_CODE}"),
        ("<iframe srcdoc='x'></iframe>", f"<iframe> {NO_CODE}"),
        ("<style>p { color: red }</style>", f"<style> {NO_CODE}"),
        ('<p style="color: red">x</p>', "style= does nothing here: pages hold no code or style"),
        ('<b title="a > b" onclick="f()">x</b>', "onclick= does nothing here: pages hold no code"),
        ("[x](javascript:alert(1))", "the link javascript:alert(1) leads nowhere: write http"),
        ("<a href='data:text/html,x'>x</a>", "the link data:text/html,x leads nowhere: write http"),
    ],
)
def test_what_a_browser_refuses_to_load_or_to_run_is_refused_where_it_stands(text, message):
    (problem,) = check(f"Text.\n\n{text}\n")
    assert problem.startswith("page.md:3: ") and message in problem


@pytest.mark.parametrize(
    "text",
    [
        "[![x](x%20y.png)](https://example.org)",
        "!\\[x](https://example.org/x.png)",
        "An exclamation![^1]\n\n[^1]: [x](https://example.org)",
        '<a href="https://example.org/on=1" title="style=x">x</a>',
        '<p class="style" id="one" data-src="//a.org">x</p>',
        "`<script>` and `![x](https://a.org/x.png)`",
    ],
)
def test_what_only_looks_like_it_passes(text):
    assert check(text) == []


@pytest.mark.parametrize(
    "html",
    [
        "<script>f()</script>",
        "<iframe></iframe>",
        "<p style='color: red'></p>",
        "<p onclick=f></p>",
    ],
)
def test_what_a_block_draws_is_held_to_the_same(html):
    source = f"class A:\n    def _repr_html_(self):\n        return {html!r}\nA()"
    (problem,) = weave(block(source)).problems
    assert "the drawing can't stand on a page: <" in str(problem) or "does nothing" in str(problem)
