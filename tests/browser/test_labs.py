"""Labs on the site: no lessons, nothing of the notebook's own style, and they run at home."""

import json
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.browser import support
from tests.browser.served import compressed
from weave.labs import find_labs

LABS = [file.stem for file in find_labs(support.DOCS)]
FOLDER = "models/fine-tuning/labs"
KB = 1000
ADDRESS = re.compile(r'^ADDRESS = "(.*)"$', re.M)


def html_of(site, name):
    return (site.folder / FOLDER / name / "index.html").read_text("utf-8")


@pytest.mark.parametrize("name", LABS)
def test_a_lab_is_no_lesson_and_stands_below_labs(site, name):
    html = html_of(site, name)
    assert not re.search(r"\d of \d", html.partition("<h1")[0].rpartition("<article")[2])
    trail = re.search(r'<nav class="trail".*?</nav>', html, re.S)[0]
    assert [text for text in re.findall(r">([^<>\n]+)<", trail) if text.strip()][:4] == [
        "Library",
        "Models",
        "Fine-Tuning",
        "Labs",
    ]
    assert html.count("data-lesson=") == 8


@pytest.mark.parametrize("name", LABS)
def test_nothing_of_the_notebook_style_is_left(site, name):
    html = html_of(site, name)
    article = html[html.index("<article") : html.index("</article>")]
    article = article.replace("<script>;</script>", "")  # lets the text wait for its stylesheet
    assert not re.search(r"<style|<script|\sstyle=|class=\"jp-|anchor-link", article)
    assert len(compressed(str(site.folder / FOLDER / name / "index.html"))[0]) <= 35 * KB


@pytest.fixture
def away(site, tmp_path, monkeypatch):
    """A function that runs a lab's notebook as a reader has it: in an empty folder."""
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def run(name):
        notebook = nbformat.read(site.folder / FOLDER / name / f"{name}.ipynb", as_version=4)
        before = json.dumps(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        resources = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=120, resources=resources).execute()
        return json.loads(before), notebook

    return run


def kinds(outputs):
    """What a cell puts out: kinds, and how many pictures; what is printed may come in parts."""
    found = []
    for output in outputs:
        kind = sorted(output.get("data", {"text": ""}))
        if kind != ["text"] or found[-1:] != [kind]:
            found.append(kind)
    pictures = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    return found, ["".join(picture).count("<img") for picture in pictures]


def test_a_lab_taken_home_runs_and_shows_the_same_kinds_of_things(away):
    kept, ran = away("what-freezing-saves")
    setup = next(c for c in ran.cells if c.cell_type == "code")
    assert ADDRESS.search(setup.source)
    for old, new in zip(kept["cells"], ran.cells, strict=True):
        if old["cell_type"] == "code":
            assert kinds(new.outputs) == kinds(old["outputs"])
