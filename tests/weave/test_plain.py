"""The Markdown of a page becomes Markdown that any reader takes, and says the same words."""

import re
from urllib.parse import urljoin

import markdown
import mistune
import pytest
from bs4 import BeautifulSoup

from tests.weave.pages import block, weave
from weave.glossary import Term
from weave.markdown_extension import makeExtension
from weave.plain import Plain

BASE = "https://example.org/site/lesson/"
EXTENSIONS = [
    "abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables",
    "pymdownx.details", "pymdownx.superfences", "pymdownx.tabbed",
]  # fmt: skip
TERMS = {"rank": Term("Rank", 1, 'Columns that "count".')}


def plain(text, **options):
    page = weave(text)
    assert page.problems == []
    return Plain(
        page, lambda target: urljoin(BASE, target), lambda html: "<img>", **options
    ).write()


CASES = {
    "heading": ("## The *old* task { #a .b }", "## The *old* task"),
    "paragraphs": ("one\n  two\n\nthree", "one\ntwo\n\nthree"),
    "strong and code": ("the **1** `x_1 * 2` and ``a`b``", "the **1** `x_1 * 2` and ``a`b``"),
    "relative link": ("[L](../lora/#x)", f"[L]({BASE[:-7]}lora/#x)"),
    "anchor": ("[L](#x)", f"[L]({BASE}#x)"),
    "brackets in a link": ("[L](a_(b))", f"[L]({BASE}a_(b))"),
    "title of a link": ('[L](x "it says")', f'[L]({BASE}x "it says")'),
    "attributes": ("[L](x){ .button } so *a*{ #b }", f"[L]({BASE}x) so *a*"),
    "link by name": ("[L][a]\n\n[a]: x.png", f"[L][a]\n\n[a]: {BASE}x.png"),
    "picture": ("![An A](a.png){ .wide }", f"![An A]({BASE}a.png)"),
    "dollar": ("It costs \\$5 and $5.", r"It costs \$5 and \$5."),
    "escapes": (r"2 \* 3, \{{ a }}", r"2 \* 3, {{ a }}"),
    "comment": ("a <!-- b -->c", "a c"),
    "no list within a paragraph": ("a\n- b\n1. c", "a\n\\- b\n1\\. c"),
    "list": ("- a\n- b\n    1. c", "- a\n- b\n  1. c"),
    "list from 3 on": ("3. a\n3. b", "3. a\n4. b"),
    "loose list": ("1. a\n\n    b\n\n2. c", "1. a\n\n   b\n\n2. c"),
    "lazy list": ("- a\nb\n- c", "- a\n  b\n- c"),
    "table": ("| a | b |\n| - | -: |\n| `x|y` | $|z|$ |",
              "| a | b |\n| - | -: |\n| `x\\|y` | $\\vert z\\vert $ |"),
    "quotation": ("> a\n>\n> b", "> a\n>\n> b"),
    "admonition": ('!!! note "So"\n    a\n\n    b', "> **So**\n>\n> a\n>\n> b"),
    "admonition without title": ("!!! warning\n    a", "> **Warning**\n>\n> a"),
    "admonition with no title": ('!!! note ""\n    a', "> a"),
    "folded": ('??? note "So"\n    a', "<details>\n<summary>So</summary>\n\na\n\n</details>"),
    "by hand": ('<div class="by-hand" markdown>\n\na\n\n</div>', "> a"),
    "answer": ("<details markdown>\n<summary>Answer</summary>\n\n**4**\n\n</details>",
               "<details>\n<summary>Answer</summary>\n\n**4**\n\n</details>"),
    "boxes in boxes": ('<div class="a" markdown>\n<div markdown>\n\na\n\n</div>\n</div>\n\nb', "a\n\nb"),
    "a line as an element": ('<p class="lede" markdown>a *b*</p>', "a *b*"),
    "definitions": ("rank\n:   columns\n    of it\n\n:   more", "**rank**\n\ncolumns\nof it\n\nmore"),
    "listing": ("```text\na\n  $b\n```", "```text\na\n  $b\n```"),
    "indented listing": ("a\n\n    b\n\n      c\n\nd", "a\n\n    b\n\n      c\n\nd"),
    "tabs": ('=== "A"\n\n    a\n\n=== "B"\n\n    b', "**A**\n\na\n\n**B**\n\nb"),
    "abbreviation": ("RAM\n\n*[RAM]: memory", "RAM"),
    "notes": ("b[^b] a[^a].\n\n[^a]: An *A*.\n[^b]: B[^a].\n", "b[1] a[2].\n\n## Notes\n\n1. B[2].\n2. An *A*."),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_markdown_with_extensions_becomes_plain(case):
    text, expected = CASES[case]
    assert "\n\n".join(plain(text)) == expected


DIFFERENT = {"dollar", "notes", "abbreviation", "tabs", "admonition without title", "escapes"}


@pytest.mark.parametrize("case", sorted(set(CASES) - DIFFERENT))
def test_plain_markdown_says_the_words_of_the_page(case):
    text = CASES[case][0].replace("$|z|$", "z").replace("$b", "b")
    ours = markdown.markdown(text, extensions=[*EXTENSIONS, makeExtension()])
    theirs = mistune.html("\n\n".join(plain(text)))
    words = [
        re.findall(r"\w+", BeautifulSoup(h, "html.parser").get_text(" ")) for h in (ours, theirs)
    ]
    assert words[0] == words[1]


def test_values_are_text_whatever_signs_they_hold():
    text = block('a = "2 * 3 | _x_ $5 <b> [a](b)"\nn = 44000') + "\n{{ a }}: **{{ n }}**\n"
    assert plain(text)[1] == r"2 \* 3 \| \_x\_ \$5 &lt;b> \[a](b): **44,000**"


def test_formulas_are_tex_with_values_in_it():
    text = block("n = 44000\nr = -0.5") + "\n$W_{3}^\\top = {{ r }}$\n\n$$x = {{ n }}$$\n"
    assert plain(text)[1:] == ["$W_{3}^\\top = {-0.5}$", "$$x = {44{,}000}$$"]


def test_a_drawing_is_a_picture():
    text = (
        block("class D:\n    def _repr_html_(self):\n        return '<svg></svg>'")
        + "\nSo {{ D() }}.\n"
    )
    assert plain(text)[1] == "So <img>."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n\n```python\nn\n```\n\nb", ["a", 1, "b"]),
        ("> a\n>\n> ```python\n> n\n> ```\n", ["a", 1]),
        ('!!! note "t"\n    ```python\n    n\n    ```\n', ["**t**", 1]),
        (
            "<details markdown>\n<summary>s</summary>\n\n```python\nn\n```\n\n</details>",
            ["**s**", 1],
        ),
        (
            "1. a\n2. b\n\n    ```python\n    n\n    ```\n\n    c\n3. d",
            ["1. a", "2. b", 1, "c", "3. d"],
        ),
    ],
)
def test_a_cell_stands_between_texts_and_opens_what_holds_it(text, expected):
    assert plain(text.replace("\nn\n", "\n1\n").replace(" n\n", " 1\n")) == expected


def test_a_term_is_explained_once_where_prose_uses_it_first():
    text = "# Rank\n\n`rank` [rank](x) Rank and rank.\n"
    _, said = plain(text, terms=TERMS, explained="https://e.org/g/")
    link = """[Rank](https://e.org/g/#rank "Columns that 'count'.")"""
    assert said == f"`rank` [rank]({BASE}x) {link} and rank."
    assert "e.org/g" not in plain(text, terms=TERMS)[1]


def test_sources_are_notes_with_their_links():
    (said, heading, notes) = plain("Low layers are general [@yosinski2014].\n")
    assert said == "Low layers are general[1]."
    assert heading == "## Notes"
    assert re.match(r"1\. J\. Yosinski.*\[arXiv:\d+\.\d+\]\(https://arxiv\.org/abs/", notes)


def test_a_claim_that_a_block_shows_names_the_block():
    assert plain(block("1") + "\nSo it is [@block].\n")[1].startswith(
        "So it is\N{NO-BREAK SPACE}[block 1]"
    )
