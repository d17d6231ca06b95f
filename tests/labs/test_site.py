"""MkDocs makes a page of a lab, with the boxes of a lesson, and refuses a lab that fails."""

import os
import re
import subprocess
import sys

import pytest

from tests.small_site import ROOT, make_site

ADDRESS = "https://example.org/base/"
LAB = """\
# ---
# description: What it shows.
# ---

# %% [markdown]
# # A small lab
#
# A formula, $W_3$.

# %%
print(40 * 30)
"""


def build(folder, lab):
    home = "# Home\n\n[A lab](labs/a-small-lab.py)\n"
    make_site(folder, {"index.md": home, "labs/a-small-lab.py": lab}, site_url=ADDRESS)
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labs")
    result = build(folder, LAB)
    assert result.returncode == 0, result.stderr
    return folder / "site"


def test_a_lab_is_a_page_that_others_can_link_to(built):
    assert 'href="labs/a-small-lab/"' in (built / "index.html").read_text("utf-8")
    html = (built / "labs/a-small-lab/index.html").read_text("utf-8")
    assert '<h1 id="a-small-lab">A small lab<' in html
    assert "<math" in html
    assert "data-cell" not in html


def test_its_cells_are_boxes_as_those_of_a_lesson(built):
    html = (built / "labs/a-small-lab/index.html").read_text("utf-8")
    box = html[html.index('<div class="woven" id="block-1">') :]
    assert re.search(r"<samp>1200</samp>", box)
    assert "jp-" not in html


def test_it_can_be_taken_home(built):
    page = built / "labs/a-small-lab"
    assert {file.name for file in page.iterdir()} == {
        "index.html",
        "a-small-lab.ipynb",
        "a-small-lab.py",
    }
    assert (page / "a-small-lab.py").read_text("utf-8") == LAB
    html = (page / "index.html").read_text("utf-8")
    assert set(re.findall(r'href="(a-small-lab\.\w+)"', html)) == {
        "a-small-lab.ipynb",
        "a-small-lab.py",
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("print(40 * 30)", "print(1)\n1 / 0", "labs/a-small-lab.py:12: ZeroDivisionError"),
        ("A formula, $W_3$", "Of 1234 numbers", "labs/a-small-lab.py:8: the number 1234 is typed"),
        ("$W_3$", "[x](gone.md)", "labs/a-small-lab.py:8: the link gone.md leads nowhere"),
    ],
)
def test_what_is_wrong_ends_the_build_with_file_and_line(tmp_path, old, new, message):
    assert old in LAB
    result = build(tmp_path, LAB.replace(old, new))
    assert result.returncode != 0
    assert message in result.stderr
