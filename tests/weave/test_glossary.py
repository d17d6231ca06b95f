"""glossary.py: the first use of a term on a page is explained, and nothing else is."""

import re
from html import unescape

import markdown
import pytest

from tests.weave.pages import block
from weave import page
from weave.glossary import read_glossary
from weave.markdown_extension import makeExtension

GLOSSARY = """# Glossary

Adapter
:   A small *detour* with a `narrow` [middle](x.md).
    More about it.

Frozen
Freezing
:   A frozen layer stays
    the same.

LoRA
:   Low rank.

Adapter layer
:   A layer with "quotes".
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with the glossary above and nothing else."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/glossary.md").write_text(GLOSSARY, "utf-8")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    return tmp_path


def render(text, path="docs/models/lesson.md"):
    extensions = ["def_list", "footnotes", "tables", "toc", makeExtension(path=path)]
    return markdown.markdown(text, extensions=extensions)


def explained(text, path="docs/models/lesson.md"):
    """The words that were made terms, in order."""
    return re.findall(r'<a class="term"[^>]*>([^<]*)</a>', render(text, path))


def test_a_term_is_a_link_to_the_glossary_that_says_what_it_means(root):
    assert render("An adapter.") == (
        '<p>An <a class="term" href="../glossary.md#adapter" '
        'title="A small detour with a narrow middle.">adapter</a>.</p>'
    )


def test_each_definition_is_shown_once_whatever_the_word_for_it(root):
    text = "Frozen, frozen and freezing. An adapter, two adapters.\n\nAdapters again."
    assert explained(text) == ["Frozen", "adapter"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Two adapters", ["adapters"]),
        ("An adapter\nlayer and an adapter", ["adapter\nlayer", "adapter"]),
        ("the **frozen** layer, *LoRA*", ["frozen", "LoRA"]),
        ("- an adapter\n- frozen", ["adapter", "frozen"]),
        ("| a |\n| - |\n| frozen |", ["frozen"]),
        ("> frozen", ["frozen"]),
        ("lora", ["lora"]),
        ("non-frozen, adapterless, LoRA-like, frozenness", []),
        ("# Frozen adapter\n\n## LoRA", []),
        ("`frozen` and [an adapter](x.md) and ![LoRA](x.png)", []),
        ("| frozen |\n| - |\n| a |", []),
        ("$\\text{frozen}$", []),
        ("x[^1]\n\n[^1]: LoRA paper.", []),
        ("An [*adapter*](x.md), then an adapter.", ["adapter"]),
    ],
)
def test_terms_are_found_in_prose_alone(root, text, words):
    assert explained(text) == words


def test_what_blocks_print_and_values_are_left_alone(root):
    text = block('name = "frozen"\nprint(name)') + "\n{{ name }} is a word. An adapter.\n"
    assert explained(text) == ["adapter"]


def test_the_words_of_a_page_stay_the_same(root):
    text = "A *frozen* adapter, **LoRA** & an adapter layer; frozen.\n"
    plain = re.sub("<[^>]*>", "", render(text))
    assert unescape(plain) == "A frozen adapter, LoRA & an adapter layer; frozen."


def test_quotes_in_an_explanation_are_escaped(root):
    assert 'title="A layer with &quot;quotes&quot;."' in render("An adapter layer.")


def test_the_glossary_has_a_place_for_each_term_and_explains_none_in_itself(root):
    html = render(GLOSSARY, "docs/glossary.md")
    ids = re.findall(r'<dt id="([^"]*)">', html)
    assert ids == ["adapter", "frozen", "freezing", "lora", "adapter-layer"]
    assert 'class="term"' not in html


def test_a_page_outside_docs_and_one_without_a_glossary_stay_as_they_are(root):
    assert render("Frozen.", "page") == "<p>Frozen.</p>"
    (root / "docs/glossary.md").unlink()
    assert render("Frozen.") == "<p>Frozen.</p>"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "A\n:   One.\n\na\n:   Two.\n",
            "docs/glossary.md:4: a is defined twice: give it one home",
        ),
        (
            "A\n:   No end\n",
            "docs/glossary.md:2: the first sentence of a definition must be plain text: it explains",
        ),
        (
            "A\n:   It has {{ n }}.\n",
            "docs/glossary.md:2: the first sentence of a definition must be plain text: it explains",
        ),
    ],
)
def test_what_is_wrong_in_the_glossary_is_said_with_its_line(root, text, message):
    (root / "docs/glossary.md").write_text(text, "utf-8")
    assert [str(problem) for problem in read_glossary(root)[1]] == [message]


def test_a_glossary_that_is_not_utf8_is_a_problem_of_its_line(root):
    (root / "docs/glossary.md").write_bytes(GLOSSARY.encode() + b"\n\xff\n:   No.\n")
    known, problems = read_glossary(root)
    assert "adapter" in known
    assert list(map(str, problems)) == ["docs/glossary.md:18: the file is not UTF-8"]
