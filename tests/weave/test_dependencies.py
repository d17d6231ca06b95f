"""dependencies.py: a page is run again when, and only when, something that it uses changed."""

import os
import sys

import pytest

from weave import dependencies
from weave.dependencies import Memory, fingerprint, forget_modules


@pytest.fixture
def root(tmp_path):
    """Two packages: figures imports snippets.count, snippets.count imports snippets.check."""
    files = {
        "snippets/__init__.py": "",
        "snippets/count.py": "from snippets.check import positive\n",
        "snippets/check.py": "",
        "snippets/other.py": "",
        "snippets/oracle.py": "FOLDER = 'data/'\n",
        "figures/__init__.py": "from figures.drawing import draw\n",
        "figures/drawing.py": "def draw():\n    from snippets import count\n",
        "data/measured.json": "{}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("block", "files"),
    [
        ("x = 1", []),
        ("import numpy as np", []),
        ("import snippets.check", ["snippets/__init__.py", "snippets/check.py"]),
        (
            "from snippets.count import f",
            ["snippets/__init__.py", "snippets/check.py", "snippets/count.py"],
        ),
        ("from snippets import other", ["snippets/__init__.py", "snippets/other.py"]),
        ("if True:\n    import snippets.other as o", ["snippets/__init__.py", "snippets/other.py"]),
        (
            "from figures import draw",
            [
                "figures/__init__.py",
                "figures/drawing.py",
                "snippets/__init__.py",
                "snippets/check.py",
                "snippets/count.py",
            ],
        ),
        ("open('data/measured.json')", ["data/measured.json"]),
        (
            "from snippets import oracle",
            ["data/measured.json", "snippets/__init__.py", "snippets/oracle.py"],
        ),
        ("not python", []),
    ],
)
def test_a_page_depends_on_what_its_blocks_import_directly_or_not(root, block, files):
    assert [file for file, _ in fingerprint([block], root)] == sorted(
        str(root / file) for file in files
    )


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("snippets/check.py", True),
        ("snippets/count.py", True),
        ("snippets/other.py", False),
        ("figures/drawing.py", False),
    ],
)
def test_a_change_counts_for_those_that_depend_on_it(root, file, changes):
    blocks = ["x = 1", "from snippets.count import f"]
    before = fingerprint(blocks, root)
    assert fingerprint(blocks, root) == before
    (root / file).write_text("y = 1\n")
    os.utime(root / file, ns=(1, 1))
    assert (fingerprint(blocks, root) != before) == changes


def test_a_new_import_in_a_snippet_is_followed(root):
    (root / "snippets/check.py").write_text("import snippets.other\n")
    files = [os.path.basename(file) for file, _ in fingerprint(["import snippets.count"], root)]
    assert files == ["__init__.py", "check.py", "count.py", "other.py"]


def test_snippets_that_import_each_other_come_to_an_end(root):
    (root / "snippets/check.py").write_text("import snippets.count\n")
    assert len(fingerprint(["import snippets.check"], root)) == 3


def test_our_packages_are_forgotten_and_no_others(monkeypatch):
    ours = dict.fromkeys(("snippets", "snippets.made_up", "figures.made_up"), sys)
    others = dict.fromkeys(("snippets_of_another", "made_up.snippets"), sys)
    monkeypatch.setattr(dependencies.sys, "modules", {**ours, **others})
    forget_modules()
    assert sys.modules == others


def test_a_page_is_remembered_until_it_or_the_code_changes(tmp_path):
    (tmp_path / "snippets").mkdir()
    snippet = tmp_path / "snippets" / "one.py"
    snippet.write_text("x = 1")
    first = Memory(tmp_path)
    assert first.recall("page", "text") is None
    first.keep({"x = 1\n": "<b>x</b>"}, "page", "text")

    later = Memory(tmp_path)
    assert later.recall("page", "text") == {"x = 1\n": "<b>x</b>"}
    assert later.recall("page", "other text") is None
    assert later.recall("other page", "text") is None

    snippet.write_text("x = 2")
    assert Memory(tmp_path).recall("page", "text") is None
