"""What some code depends on: all that it imports, directly or not, and the data that it names."""

import os
import sys

import pytest

from weave import dependencies
from weave.dependencies import Code, forget_modules


@pytest.fixture
def root(tmp_path):
    """Two packages: figures imports snippets.count, snippets.count imports snippets.check."""
    files = {
        "snippets/__init__.py": "",
        "snippets/count.py": "from snippets.check import positive\n",
        "snippets/check.py": "",
        "snippets/other.py": "",
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
        ("import snippets.check", ["snippets/check.py"]),
        ("import numpy, snippets.check as c", ["snippets/check.py"]),
        ("from snippets.count import f", ["snippets/check.py", "snippets/count.py"]),
        ("from snippets import other", ["snippets/__init__.py", "snippets/other.py"]),
        ("from snippets import (\n    check,  # sizes\n    other as o,\n)",
         ["snippets/__init__.py", "snippets/check.py", "snippets/other.py"]),
        ("if True:\n    import snippets.other as o", ["snippets/other.py"]),
        ("from figures import draw",
         ["figures/__init__.py", "figures/drawing.py", "snippets/__init__.py", "snippets/check.py",
          "snippets/count.py"]),
        ("from figures.drawing import draw",
         ["figures/drawing.py", "snippets/__init__.py", "snippets/check.py", "snippets/count.py"]),
        ("open('data/measured.json')", ["data/measured.json"]),
        ("open(f'data/{name}.json')", ["data/measured.json"]),
        ("Path('data') / name", ["data/measured.json"]),
        ("from snippets import reads", ["data/measured.json", "snippets/__init__.py",
                                        "snippets/reads.py"]),
        ("not python", []),
    ],
)  # fmt: skip
def test_code_depends_on_what_it_imports_directly_or_not_and_names(root, block, files):
    (root / "snippets/reads.py").write_text("FILE = 'data/measured.json'")
    behind = Code(root).behind([block])
    assert sorted(file.relative_to(root).as_posix() for file in behind) == sorted(files)


@pytest.mark.parametrize("block", ["import_module(name)", "__import__(name)"])
def test_code_whose_imports_cannot_be_seen_depends_on_everything(root, block):
    code = Code(root)
    assert code.behind([block]) == set(code.modules.values())


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
    before = Code(root).digest(blocks)
    os.utime(root / file, ns=(2, 2))
    assert Code(root).digest(blocks) == before
    (root / file).write_text("y = 1\n")
    os.utime(root / file, ns=(1, 1))
    assert (Code(root).digest(blocks) != before) == changes


def test_a_new_import_in_a_snippet_is_followed(root):
    (root / "snippets/check.py").write_text("import snippets.other\n")
    names = {file.name for file in Code(root).behind(["import snippets.count"])}
    assert names == {"check.py", "count.py", "other.py"}


def test_snippets_that_import_each_other_come_to_an_end(root):
    (root / "snippets/check.py").write_text("import snippets.count\n")
    assert len(Code(root).behind(["import snippets.check"])) == 2


def test_our_packages_are_forgotten_and_no_others(monkeypatch):
    ours = dict.fromkeys(("snippets", "snippets.made_up", "figures.made_up"), sys)
    others = dict.fromkeys(("snippets_of_another", "made_up.snippets"), sys)
    monkeypatch.setattr(dependencies.sys, "modules", {**ours, **others})
    forget_modules()
    assert sys.modules == others


def test_code_that_is_not_utf8_is_for_python_to_refuse(root):
    (root / "snippets/count.py").write_bytes(b"from snippets.check import positive\n# \xff\n")
    behind = Code(root).behind(["from snippets.count import f"])
    assert {file.name for file in behind} == {"count.py", "check.py"}
