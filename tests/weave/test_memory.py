"""A woven page is remembered until something changes that has a say in it."""

import pytest

import weave.memory
from tests.weave.pages import block
from weave.dependencies import Code
from weave.memory import Memory
from weave.page import Source


@pytest.fixture
def root(tmp_path):
    files = {"snippets/one.py": "x = 1", "data/references.bib": "", "data/n.json": "1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def ask(root):
    """A function that weaves sources in a new Memory, as a build does: (pages, how many ran)."""

    def ask(*sources, results="", memory=None, **options):
        return (memory or Memory(root)).weave(
            list(sources), Code(root), lambda blocks: results, **options
        )

    return ask


def page(text="n = 4400", path="docs/a.md", **more):
    return Source(path, "# A\n\n" + block(text) + "\n{{ n }} weights.\n", **more)


def test_a_page_that_is_unchanged_does_not_run_and_is_the_same(ask):
    first, ran = ask(page())
    assert ran == 1
    again, ran = ask(page())
    assert ran == 0
    assert again == first
    assert ask(page(), page("n = 1600", "docs/b.md"))[1] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "n = 1600"},
        {"path": "docs/b.md"},
        {"offset": 3},
        {"meta": {"description": "All {{ n }}."}},
        {"meta": {"title": "B"}},
    ],
)
def test_text_and_front_matter_have_a_say(ask, changed):
    ask(page())
    assert ask(page(**changed))[1] == 1


def test_code_data_bibliography_and_labs_have_a_say(ask, root):
    source = page("n = 4400\nif n < 0:\n    import snippets.one\n    open('data/n.json')")
    assert ask(source)[1] == 1
    for name in ("snippets/one.py", "data/n.json", "data/references.bib"):
        assert ask(source)[1] == 0
        (root / name).write_text("2 ")
        assert ask(source)[1] == 1, name
    assert ask(source, results="other")[1] == 1


def test_weave_itself_and_versions_have_a_say(ask, monkeypatch):
    ask(page())
    monkeypatch.setattr(weave.memory, "ours", lambda: "another NumPy")
    assert ask(page())[1] == 1


def test_a_page_with_problems_is_remembered_only_while_someone_is_watching(ask, root):
    broken, memory = page("n = nobody"), Memory(root)
    assert ask(broken, memory=memory)[1] == 1
    pages, ran = ask(broken, memory=memory)
    assert ran == 0
    assert "nobody" in str(pages[0].problems[0])
    assert ask(broken)[1] == 1


def test_what_ran_less_often_while_someone_watched_runs_again_in_a_build(ask):
    assert ask(page(), thorough=False)[1] == 1
    assert ask(page(), thorough=False)[1] == 0
    assert ask(page())[1] == 1
    assert ask(page(), thorough=False)[1] == 0
