"""front_matter.py: what stands before a page is read once, and as it is typed."""

import pytest

from tests.weave.pages import block
from weave.front_matter import read_source
from weave.page import read_page
from weave.runner import weave_sources


def read(text):
    return read_source(text, "page.md")


FORMS = {
    "plain": "---\ntitle: T\n---\n# H\n",
    "spaces behind": "--- \ntitle: T\n---\t \n# H\n",
    "closed with dots": "---\ntitle: T\n...\n# H\n",
    "from another system": "\ufeff---\r\ntitle: T\r\n---\r\n# H\r\n",
    "from an old one": "---\rtitle: T\r---\r# H\r",
}


@pytest.mark.parametrize("form", FORMS)
def test_front_matter_is_read_in_every_form(form):
    front = read(FORMS[form])
    assert (front.meta, front.text, front.offset) == ({"title": "T"}, "# H\n", 3)
    assert (front.lines, front.problems) == ({"title": 2}, ())


def test_an_empty_one_takes_two_lines_and_nothing_of_the_page():
    front = read("---\n---\n# H\n\n---\n\nend\n")
    assert (front.meta, front.text, front.offset) == ({}, "# H\n\n---\n\nend\n", 2)


def test_one_that_ends_with_the_file_leaves_no_text():
    assert read("---\ntitle: T\n---").text == ""


@pytest.mark.parametrize(
    ("line", "meta"),
    [
        ("title: 404", {"title": "404"}),
        ("title: 010", {"title": "010"}),
        ("title: 1.10", {"title": "1.10"}),
        ("title: 2026-11-27", {"title": "2026-11-27"}),
        ("title: yes", {"title": "yes"}),
        ("title: null", {"title": "null"}),
        ("title:", {}),
        ("description:", {}),
        ("description: ''", {}),
        ("description: 3", {"description": "3"}),
        ("description: >-\n  two\n  lines", {"description": "two lines"}),
        ("title: Of {{ n }}", {"title": "Of {{ n }}"}),
        ("title: '{{ n }}'", {"title": "{{ n }}"}),
        ("hide: [toc]", {"hide": ["toc"]}),
    ],
)
def test_title_and_description_are_the_text_that_is_typed(line, meta):
    front = read(f"---\n{line}\n---\n")
    assert (front.meta, front.problems) == (meta, ())


CANT = "page.md:{}: the front matter can't be read: {}"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("---\ntitle: T\ndescription: a: b\n---\n", 3, "mapping values are not allowed here"),
        ("---\ntitle: {{ n }}\n---\n", 2, "a text that begins with {{ needs quotes round it"),
        ("---\ntitle: [a]\n---\n", 2, "the title needs quotes round it"),
        ("---\ntitle:\n  a: b\n---\n", 2, "the title needs a line of text"),
        ("---\ntitle: T\ntitle: U\n---\n", 3, "title is given twice"),
        ("---\ntitle: T\ndescripton: U\n---\n", 3, "nothing reads descripton"),
        ("---\ntemplate: nope.html\n---\n", 2, "nothing reads template"),
        ("---\n2024: a\n---\n", 2, "nothing reads 2024"),
        ("---\nhide: toc\n---\n", 2, "hide is a list of navigation and toc"),
        ("---\nhide: [tok]\n---\n", 2, "hide is a list of navigation and toc"),
        ("---\nhide: [{a: b}]\n---\n", 2, "hide is a list of navigation and toc"),
        ("---\n- a\n---\n", 2, "it is not a list of names and values"),
        ("---\njust words\n---\n", 2, "it is not a list of names and values"),
        ("---\ntitle: T\n\n# H\n", 1, "the line --- that ends it is missing"),
        ("---\nwhen: 2026-13-45\n---\n", 2, "month must be in 1..12"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text, line, message):
    assert [str(p) for p in read(text).problems] == [CANT.format(line, message)]


@pytest.mark.parametrize(
    "text",
    [
        "Note: this",
        "https://a.b is",
        "\nNote: this",
        "# H\n\nNote: this",
        "Two words: this",
        "**Note**: this",
        "---\n\n# H",
        "",
    ],
)
def test_a_page_without_front_matter_is_text_from_its_first_line_on(text):
    front = read(text)
    assert (front.text, front.problems, front.meta) == (text, (), {})


def test_title_and_description_may_hold_values():
    text = "---\ntitle: Of {{ n }}\ndescription: All {{ n }} <{{ s }}>\n---\n" + block(
        "n, s = 7, '&'"
    )
    (page,) = weave_sources([read_source(text, "page.md")])
    assert (page.title, page.description, page.problems) == ("Of 7", "All 7 <&amp;>", [])


def test_what_is_wrong_in_them_names_its_line():
    text = "---\nhide: []\ntitle: Of {{ no }}\ndescription: 4400\n---\n# H\n"
    (page,) = weave_sources([read_source(text, "page.md")])
    assert [p.line for p in page.problems] == [3, 4]


def test_a_number_may_be_a_title():
    (page,) = weave_sources([read_source("---\ntitle: 404\n---\n# H\n", "page.md")])
    assert (page.title, page.problems) == ("404", [])


def test_a_file_that_is_no_text_is_a_problem_of_its_line(tmp_path):
    file = tmp_path / "page.md"
    file.write_bytes(b"# H\n\n\xff\n")
    (problem,) = read_page(file).problems
    assert (problem.line, problem.message) == (3, "the file is not UTF-8")
