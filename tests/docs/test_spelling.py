"""No page and no README holds a misspelling that codespell knows."""

import subprocess
import sys

import pytest

from weave.page import ROOT

COMMAND = [sys.executable, "-m", "codespell_lib", "--builtin", "clear,rare"]


def misspelled(*paths):
    """What codespell says of some files, a line for each word."""
    done = subprocess.run(
        [*COMMAND, *map(str, paths)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def texts():
    docs = [file for kind in ("*.md", "*.py") for file in (ROOT / "docs").rglob(kind)]
    return sorted([*docs, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def test_nothing_is_misspelled():
    assert misspelled(*texts()) == []


def test_a_misspelling_is_found(tmp_path):
    file = tmp_path / "page.md"
    file.write_text("All is well.\n\nThe wieghts are frozen.\n", "utf-8")
    (line,) = misspelled(file)
    assert line == f"{file}:3: wieghts ==> weights"


@pytest.mark.parametrize("name", ["README.md", "docs/index.md", "docs/glossary.md"])
def test_the_texts_that_matter_are_read(name):
    assert ROOT / name in texts()
