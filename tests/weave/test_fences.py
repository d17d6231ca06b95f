"""fences.py: each block that a reader sees is found, where it stands, as it is written."""

import textwrap
from itertools import pairwise

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.weave.pages import FLAGS, NOT_RUN, problems
from weave.fences import Fence, Text, find_parts


def fences(text, offset=0):
    return [part for part in find_parts(textwrap.dedent(text), offset) if isinstance(part, Fence)]


CONTAINERS = {
    "none": ("", ""),
    "list item": ("- item\n\n", "    "),
    "numbered list": ("1. item\n\n", "    "),
    "nested list": ("- a\n\n    - b\n\n", "        "),
    "admonition": ("!!! note\n\n", "    "),
    "folded admonition": ('??? note "Title"\n\n', "    "),
    "tab": ('=== "One"\n\n', "    "),
    "quote": ("> Said:\n>\n", "> "),
    "quote in a quote": ("> > Said:\n> >\n", "> > "),
    "list in a quote": ("> - item\n>\n", ">     "),
    "details": ("<details markdown>\n<summary>More</summary>\n\n", ""),
    "tab character": ("- item\n\n", "\t"),
    "list item, right below": ("- item\n", "    "),
    "list item with a lazy line": ("- item\nmore\n\n", "    "),
    "list item of two paragraphs": ("1. item\n\n    more\n\n", "    "),
    "list of three levels": ("- a\n\n    - b\n\n        - c\n\n", " " * 12),
    "footnote": ("A[^1].\n\n[^1]: Note.\n\n", "    "),
    "footnote, right below": ("A[^1].\n\n[^1]: Note.\n", "    "),
    "definition": ("Term\n:   It is.\n\n", "    "),
    "list in an admonition": ("!!! note\n\n    - item\n\n", "        "),
    "admonition in a list": ("- item\n\n    !!! note\n\n", "        "),
    "three spaces and no list": ("Text.\n\n", "   "),
    "element with Markdown": ("<div markdown>\n\n", ""),
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_fence_is_found_in_every_container_with_its_source_and_line(container):
    before, prefix = CONTAINERS[container]
    source = "x = 1\n\nif x:\n    y = 2\n"
    lines = ["```python", *source.splitlines(), "```"]
    page = before + "\n".join((prefix + line).rstrip() for line in lines) + "\n\nEnd.\n"
    (fence,) = fences(page)
    assert (fence.source, fence.is_python, fence.problems) == (source, True, [])
    assert fence.line == before.count("\n") + 1
    assert fence.last == fence.line + 5


def test_lines_count_from_the_top_of_the_file_when_front_matter_is_cut_off():
    (fence,) = fences("# Title\n\n```python\nx\n```\n", offset=4)
    assert (fence.line, fence.last) == (7, 9)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("```", "```"), ("~~~", "~~~"), ("````", "````"), ("```", "`````"), ("``` ", "```  ")],
)
def test_ticks_and_tildes_of_any_length_open_and_close(opening, closing):
    (fence,) = fences(f"{opening}python\nx\n{closing}\ntext\n")
    assert (fence.source, fence.problems) == ("x\n", [])


@pytest.mark.parametrize(
    ("outer", "inner"), [("````", "```"), ("~~~", "```"), ("```", "~~~"), ("~~~~", "~~~")]
)
def test_a_longer_or_other_fence_wraps_one_that_is_only_shown(outer, inner):
    (fence,) = fences(f"{outer}markdown\n{inner}python\n1 / 0\n{inner}\n{outer}\n")
    assert not fence.is_python
    assert fence.source == f"{inner}python\n1 / 0\n{inner}\n"


def test_two_python_blocks_in_a_row_stay_two():
    assert [f.source for f in fences("```python\na\n```\n```python\nb\n```\n")] == ["a\n", "b\n"]


@pytest.mark.parametrize(
    "page",
    [
        "<!--\n```python\n1 / 0\n```\n-->\n",
        "<!-- a --> <!-- b\n```python\n1 / 0\n```\nend -->\n",
        "Use ``` in a line, or `` ```python `` as code.\n",
    ],
)
def test_what_no_reader_sees_as_a_block_is_none(page):
    assert fences(page) == []


@pytest.mark.parametrize("before", ["<!-- closed -->", "Code `<!--` and on.", "<!--\na\n-->"])
def test_a_comment_that_is_closed_or_only_code_hides_nothing(before):
    assert len(fences(f"{before}\n\n```python\nx\n```\n")) == 1


@pytest.mark.parametrize(
    ("info", "flags", "raises"),
    [
        ("python", set(), ""),
        ("python continuation", {"continuation"}, ""),
        ("python hide continuation", {"continuation", "hide"}, ""),
        ("python raises=ValueError", set(), "ValueError"),
    ],
)
def test_flags_are_read(info, flags, raises):
    (fence,) = fences(f"```{info}\nx\n```\n")
    assert (fence.flags, fence.raises, fence.problems) == (flags, raises, [])


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ("python contination", "unknown flag 'contination' after python: " + FLAGS),
        ("python raises", "unknown flag 'raises' after python: " + FLAGS),
        ("python raises=", "unknown flag 'raises=' after python: " + FLAGS),
        ('python title="x"', "unknown flag 'title=\"x\"' after python: " + FLAGS),
        ("py", "a block opened with 'py' " + NOT_RUN),
        ("Python", "a block opened with 'Python' " + NOT_RUN),
        ("python3", "a block opened with 'python3' " + NOT_RUN),
        ("{.python}", "a block opened with '{.python}' " + NOT_RUN),
        ("pyhton", "unknown language 'pyhton': write python, or for example text"),
    ],
)
def test_a_misspelt_flag_or_language_is_a_problem(info, message):
    (fence,) = fences(f"```{info}\nx\n```\n")
    assert fence.problems == [message]


@pytest.mark.parametrize("info", ["", "text", "console", "markdown", "json"])
def test_other_languages_are_left_alone(info):
    (fence,) = fences(f"```{info}\nx\n```\n")
    assert (fence.is_python, fence.problems) == (False, [])


def test_a_fence_that_is_never_closed_is_a_problem_and_runs_to_the_end():
    (fence,) = fences("text\n\n````python\nx\n```\ny\n")
    assert fence.problems == ["this block is opened with ```` and never closed"]
    assert (fence.line, fence.last) == (3, 7)


@pytest.mark.parametrize("opening", ["- ```python", "1. ```python", "> * ~~~python"])
def test_a_fence_on_the_line_of_a_list_item_is_refused(opening):
    fence = fences(f"{opening}\n")[0]
    assert fence.problems == [
        "start the fence on a line of its own below the list item, indented by four spaces"
    ]


def indented(source, prefix="    "):
    """A Python fence, each line with something before it."""
    lines = ["```python", *source.split("\n"), "```"]
    return "".join(f"{prefix}{line}".rstrip() + "\n" for line in lines)


SHOWN = {  # what stands before, the indentation
    "below a paragraph": ("Shown:\n\n", "    "),
    "at the start": ("", "    "),
    "below other code": ("Shown:\n\n    x = 1\n\n", "    "),
    "below a heading": ("# Title\n\n", "    "),
    "behind a list that has ended": ("- item\n\nText.\n\n", "    "),
    "in a list item": ("- item\n\n", "        "),
    "in a quote": ("> Said:\n>\n", ">     "),
    "in a list in a quote": ("> - item\n>\n", ">         "),
    "in an admonition": ("!!! note\n\n", "        "),
    "in a definition": ("Term\n:   It is.\n\n", "        "),
    "with a tab": ("Shown:\n\n", "\t"),
    "below what is a list elsewhere": ("1) item\n\n", "    "),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_fence_that_is_indented_as_code_is_text_and_the_next_is_not(name):
    before, prefix = SHOWN[name]
    page = f"{before}{indented('1 / 0', prefix)}\nEnd.\n\n```python\nx\n```\n"
    parts = find_parts(page)
    assert [p.source for p in parts if isinstance(p, Fence)] == ["x\n"]
    text = parts[0]
    code = [text.lines[i].strip(" \t>") for i in sorted(text.code)]
    assert code[-3:] == ["```python", "1 / 0", "```"]


@pytest.mark.parametrize("name", [*SHOWN, *CONTAINERS])
def test_markdown_takes_for_code_what_is_not_run_and_for_a_fence_what_is(name):
    before, prefix = (SHOWN | CONTAINERS)[name]
    page = f"{before}{indented('1 / 0', prefix)}\n"
    extensions = ["admonition", "def_list", "footnotes", "md_in_html"]
    extensions += ["pymdownx.superfences", "pymdownx.details", "pymdownx.tabbed"]
    configs = {"pymdownx.tabbed": {"alternate_style": True}}
    html = markdown.markdown(page, extensions=extensions, extension_configs=configs)
    assert ("```python" in html) is (name in SHOWN)
    found = [part for part in find_parts(page) if isinstance(part, Fence)]
    assert (found == []) is (name in SHOWN)


@pytest.mark.parametrize(
    ("before", "prefix"),
    [
        ("1. item\n\n", "   "),
        ("1. item\n", "   "),
        ("- item\n\n", "  "),
        ("10. item\n\n", "    "[:3]),
        ("- item\n\n  more\n\n", "  "),
        ("- a\n\n    - b\n\n", "      "),
        ("> - item\n>\n", ">   "),
    ],
)
def test_a_fence_that_would_cut_its_list_is_refused_with_what_to_do(before, prefix):
    (fence,) = fences(before + indented("1 + 1", prefix))
    assert fence.problems == [
        "indent the fence, and what follows in its list item, by four spaces for each list"
    ]


@pytest.mark.parametrize(
    ("before", "prefix"), [("Text\n", "    "), ("Text\n", "\t"), ("> Text\n", ">     ")]
)
def test_a_fence_that_is_neither_code_nor_a_block_is_refused(before, prefix):
    (fence,) = fences(before + indented("1 + 1", prefix))
    assert fence.problems == [
        "a fence that is indented by four spaces right below a paragraph is neither code nor run: "
        "take the spaces away"
    ]


@pytest.mark.parametrize(
    "before",
    ["Shown:\n\n    <!-- open\n\n", "`<!--` and ``<!-- ` ``\n\n", "<!-- a --> b <!-- c -->\n\n"],
)
def test_a_comment_in_code_or_one_that_is_closed_opens_none(before):
    assert [f.source for f in fences(f"{before}```python\nx\n```\n")] == ["x\n"]


MARKDOWN_LINES = st.sampled_from(
    [
        "",
        "text",
        "# Heading",
        "```",
        "```python",
        "````markdown",
        "````",
        "~~~",
        "~~~text",
        "<!--",
        "-->",
        "<!-- x -->",
        "- ```python",
        "- item",
        "    ```python",
        "    ```",
        "> ```",
        "> x",
        "\t```",
        "{{ x }}",
        "$$",
        "`code`",
        "| a | b |",
        "[^1]: note",
        "``` `x`",
        "<details markdown>",
    ]
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.lists(MARKDOWN_LINES | st.text(max_size=8).map(lambda s: s.replace("\n", "")), max_size=25)
)
def test_parts_keep_every_line_once_and_in_order(lines):
    parts = find_parts("\n".join(lines), offset=3)
    assert [line for part in parts for line in part.lines] == "\n".join(lines).split("\n")
    following = 4
    for part in parts:
        assert part.line == following
        assert part.last == part.line + len(part.lines) - 1
        following = part.last + 1
    assert not any(isinstance(a, Text) and isinstance(b, Text) for a, b in pairwise(parts))


def test_a_fence_in_pre_is_refused_and_one_beside_it_runs():
    fence = "```python\nx = 4400\n```\n"
    message = "a fence in <pre> is no code there: show it in a longer fence, such as ````text"
    assert problems(f"<pre>\n{fence}</pre>\n") == [f"page.md:2: {message}"]
    assert problems("> <pre class='a'>\n> ```python\n> 1\n> ```\n> </pre>\n") == [
        f"page.md:2: {message}"
    ]
    assert problems(f"The `<pre>` element.\n\n<pre>x</pre>\n\n<pre>\ny\n</pre>\n\n{fence}") == []
