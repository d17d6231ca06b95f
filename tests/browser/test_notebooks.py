"""Every lesson downloads as a notebook that runs anywhere, and shows what the page shows."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from figures.kit.notebook import as_picture
from tests.browser import support
from weave.pytest_adapter import woven

SERIES = support.DOCS / support.SERIES
LESSONS = sorted(file.stem for file in SERIES.glob("*.md") if file.stem != "index")
NOWHERE = "http://127.0.0.1:9/"  # nobody listens there
ADDRESS = re.compile(r'^ADDRESS = "(.*)"$', re.M)


@pytest.fixture(scope="session")
def notebooks(site):
    """{lesson: its notebook as the site has it}."""
    return {
        slug: nbformat.read(site.folder / support.SERIES / f"{slug}.ipynb", as_version=4)
        for slug in LESSONS
    }


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs a notebook in an empty folder, with nothing of ours on Python's path."""
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    folder = tmp_path / "notebooks"
    folder.mkdir()

    def run(notebook):
        notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        resources = {"metadata": {"path": str(folder)}}
        return NotebookClient(notebook, timeout=60, resources=resources).execute()

    run.folder = folder
    return run


def blocks(notebook):
    """The code cells that are blocks of the page."""
    return [cell for cell in notebook.cells if cell.id.startswith("block-")]


def setup(notebook):
    return next(cell for cell in notebook.cells if cell.id == "setup")


def shown(cell):
    """What a cell shows: (text, HTML, error)."""
    text = html = error = ""
    for output in cell.outputs:
        if output.output_type == "stream":
            text += output.text
        elif output.output_type == "error":
            error = f"{output.ename}: {output.evalue}"
        elif "text/html" in output.data:
            html += output.data["text/html"]
        else:
            text += output.data["text/plain"] + "\n"
    return text, html, error


def shown_on_page(block):
    drawing = block.outcome.drawing
    return block.outcome.printed, drawing and as_picture(drawing), block.outcome.raised


def text_of(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_every_lesson_of_the_nav_has_a_notebook(site):
    config = (support.ROOT / "mkdocs.yml").read_text("utf-8")
    named = re.findall(rf"- {support.SERIES}([\w-]+)\.md", config)
    assert sorted(set(named) - {"index"}) == LESSONS
    assert sorted(file.stem for file in (site.folder / support.SERIES).glob("*.ipynb")) == LESSONS


@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_links_to_its_notebook_and_says_its_size(site, slug):
    html = (site.folder / support.SERIES / slug / "index.html").read_text("utf-8")
    link = re.search(r'<a href="([^"]+)" download>Download as notebook</a>, (\d+) kB<', html)
    file = (site.folder / support.SERIES / slug / link[1]).resolve()
    assert file.name == f"{slug}.ipynb"
    assert round(file.stat().st_size / 1000) == int(link[2])


@pytest.mark.parametrize("slug", LESSONS)
def test_a_notebook_is_valid_and_its_cells_are_the_blocks_of_the_page(notebooks, slug):
    nbformat.validate(notebooks[slug])
    cells, page = blocks(notebooks[slug]), woven(SERIES / f"{slug}.md")
    assert [cell.source + "\n" for cell in cells] == [block.fence.source for block in page.blocks]
    assert list(map(shown, cells)) == list(map(shown_on_page, page.blocks))


@pytest.mark.parametrize("slug", LESSONS)
def test_the_text_of_a_notebook_has_values_and_formulas_and_links_that_lead_away(
    notebooks, site, slug
):
    text = text_of(notebooks[slug])
    assert "{{ " not in text
    assert "<math" not in text
    assert not re.search("[\ue000-\uf8ff]", text)
    bars = [
        tex
        for tex in woven(SERIES / f"{slug}.md").formulas.values()
        if tex not in text and "|" not in tex
    ]
    assert bars == []
    links = re.findall(r"\]\(([^)\s]+)", text)
    assert [link for link in links if not re.match("https?://", link)] == []
    ours = [link.partition("#")[0] for link in links if link.startswith(site.url)]
    files = [site.folder / link[len(site.url) :] for link in ours]
    assert [str(f) for f in files if not (f.is_file() or (f / "index.html").is_file())] == []


@pytest.mark.parametrize("slug", LESSONS)
def test_a_notebook_runs_far_from_the_repository_and_shows_what_the_page_shows(
    notebooks, run, slug
):
    ran = run(notebooks[slug])
    assert list(map(shown, blocks(ran))) == list(map(shown, blocks(notebooks[slug])))
    assert setup(ran).outputs == []


def without_network(notebook):
    """The notebook with an address that nobody answers; fails if it had none."""
    notebook = nbformat.from_dict(json.loads(json.dumps(notebook)))
    cell = setup(notebook)
    cell.source, count = ADDRESS.subn(f'ADDRESS = "{NOWHERE}"', cell.source)
    assert count == 1
    notebook.cells = [cell, *blocks(notebook)[:1]]
    return notebook


def zip_file(site):
    (file,) = (site.folder / "assets/notebooks").glob("*.zip")
    return file


def test_a_notebook_takes_the_zip_file_that_lies_beside_it(notebooks, run, site):
    file = zip_file(site)
    (run.folder / file.name).write_bytes(file.read_bytes())
    assert shown(run(without_network(notebooks["freezing-layers"])).cells[1])[1]


def test_a_notebook_takes_the_zip_file_that_the_environment_names(
    notebooks, run, site, tmp_path, monkeypatch
):
    file = tmp_path / "any.zip"
    file.write_bytes(zip_file(site).read_bytes())
    monkeypatch.setenv("FINE_TUNING_BY_HAND_ZIP", str(file))
    assert shown(run(without_network(notebooks["freezing-layers"])).cells[1])[1]


def test_a_notebook_refuses_another_zip_file(notebooks, run, tmp_path, monkeypatch):
    file = tmp_path / "any.zip"
    file.write_bytes(b"something else")
    monkeypatch.setenv("FINE_TUNING_BY_HAND_ZIP", str(file))
    with pytest.raises(Exception, match="any.zip is not the file that this notebook needs"):
        run(without_network(notebooks["freezing-layers"]))


def test_a_notebook_in_the_repository_takes_the_code_that_is_there(notebooks, run, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(support.ROOT))
    notebook = without_network(notebooks["freezing-layers"])
    notebook.cells[1].source = "import figures, os\nprint(figures.__file__, os.getcwd())"
    printed = shown(run(notebook).cells[1])[0].split()
    assert [Path(path) for path in printed] == [support.ROOT / "figures/__init__.py", support.ROOT]
    assert list(run.folder.iterdir()) == []


def test_the_link_works_without_javascript_and_print_leaves_it_out(open_page):
    page = open_page(support.LESSON, java_script_enabled=False)
    link = page.get_by_role("link", name="Download as notebook")
    assert link.is_visible()
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "freezing-layers.ipynb"
    page.emulate_media(media="print")
    assert not link.is_visible()
