"""markdown_extension.py: a page also comes out without MkDocs, and comes out the same."""

import markdown
import pytest

from tests.weave.pages import TYPED, block
from weave.markdown_extension import PageError, makeExtension
from weave.page import ROOT, read_page

EXTENSIONS = ["tables", "footnotes", "admonition", "md_in_html", "pymdownx.superfences", "toc"]


def convert(text, **options):
    return markdown.markdown(text, extensions=[*EXTENSIONS, makeExtension(**options)])


def test_a_page_is_woven_by_its_name_alone():
    html = markdown.markdown(
        block("n = 2800\nn") + "\n## All {{ n }}\n", extensions=["weave.markdown_extension"]
    )
    assert "<samp>2800</samp>" in html
    assert (
        '<h2>All <span class="value" data-expression="n" data-block="block-1">2800</span></h2>'
        in html
    )


def test_all_that_is_wrong_is_said_at_once_with_the_name_that_was_given():
    with pytest.raises(PageError) as caught:
        convert("It has 4400.\n\n" + block("assert 1 == 2") + "\n{{ nobody }}\n", path="lesson.md")
    assert str(caught.value).splitlines() == [
        "lesson.md:1: the number 4400 " + TYPED,
        "lesson.md:4: AssertionError: 1 != 2",
        "lesson.md:7: NameError: name 'nobody' is not defined",
    ]


def test_a_converter_can_be_used_again_and_after_a_page_that_failed():
    md = markdown.Markdown(extensions=["weave.markdown_extension"])
    first = md.convert("{{ 1 + 1 }}")
    with pytest.raises(PageError):
        md.reset().convert("{{ nobody }}")
    assert md.reset().convert("{{ 1 + 1 }}") == first
    assert md.reset().convert("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "a <b> & c\n\n    code\n",
        "- a\n- b\n\n1. c\n",
        "```text\n{{ x }}\n```\n",
        "| a |\n| - |\n| b |\n",
        "# T\n\na[^1]\n\n[^1]: b\n",
    ],
)
def test_text_without_blocks_and_values_is_as_without_the_extension(text):
    assert convert(text) == markdown.markdown(text, extensions=EXTENSIONS)


@pytest.mark.parametrize(
    "source", ["{{ 1 }}", "```python\nprint('x')\n```", "$x$", "![{{ 1 }}](a.png)"]
)
def test_no_placeholder_is_left(source):
    quoted = "\n".join(f"> {line}" for line in source.split("\n"))
    html = convert(f"# The {{{{ 2 }}}}\n\n{source}\n\n{quoted}\n")
    assert not any("\ue000" <= character <= "\uf8ff" for character in html)


def test_a_lesson_comes_out_whole():
    source = read_page(ROOT / "docs/models/fine-tuning/freezing-layers.md")
    html = convert(source.text, path=source.path)
    assert html.count('class="woven"') == source.text.count("```python")
    assert "woven-error" not in html
