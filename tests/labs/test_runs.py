"""A lab runs once; what came of it is kept by content. An error or a warning ends it."""

import threading
from urllib.parse import urljoin

import pytest

from figures.kit.notebook import as_picture, as_words
from weave import labs
from weave.bundle import Bundle
from weave.dependencies import Code
from weave.front_matter import read_source
from weave.notebook import Site
from weave.runner import weave_sources

LAB = """\
# %% [markdown]
# # A lab
#
# See [LoRA](../lora.md#counts), [labs](index.md) or [elsewhere](https://example.org/).

# %%
from snippets.count import count_parameters

print(count_parameters([(40, 30)]))
40 * 30

# %% tags=["hide-input"]
from figures.kit.table import table

table(["a", "b"], [["x", "1200"]])

# %%
from IPython.display import JSON

JSON({"seeds": [0, 1], "b": 1, "a": 2})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module", autouse=True)
def own_cache(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labs, "KEPT", folder / "kept")
        yield


def write(folder, text, name="small"):
    file = folder / "labs" / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return labs.read_lab(file)


@pytest.fixture(scope="module")
def lab(folder):
    return write(folder, LAB)


@pytest.fixture(scope="module")
def run(lab):
    assert labs.load_run(lab) is None
    return labs.run_lab(lab)


def test_a_page_shows_what_cells_print_and_draw(run):
    outcomes = [labs.outcome_of(outputs) for outputs in run.outputs]
    assert [outcome.printed for outcome in outcomes] == ["1200\n1200\n", "", ""]
    assert ["<table>" in outcome.drawing for outcome in outcomes] == [False, True, False]


def test_json_that_a_cell_puts_out_is_the_result(run):
    assert list(labs.results_of(run).items()) == [("a", 2), ("b", 1), ("seeds", [0, 1])]


def test_a_kept_run_is_the_run_and_nothing_runs_again(lab, run, monkeypatch):
    monkeypatch.setattr(labs, "_execute", lambda lab: pytest.fail("it ran again"))
    kept = labs.load_run(lab)
    assert kept == run
    assert 0 < kept.seconds < 60


def test_prose_may_change_without_a_new_run_and_code_may_not(folder, lab, run):
    prose = write(folder, LAB.replace("# # A lab", "# # The lab"))
    assert labs.load_run(prose) == run
    assert labs.load_run(write(folder, LAB.replace("(40, 30)", "(40, 40)"))) is None
    write(folder, LAB)


def test_an_import_that_changed_asks_for_a_new_run(lab, run, monkeypatch):
    behind = {file.name for file in Code(labs.ROOT).behind([cell.source for cell in lab.code])}
    assert {"count.py", "table.py"} <= behind
    assert "pictogram.py" not in behind
    monkeypatch.setattr(labs, "versions", lambda *_: "another NumPy")
    assert labs.load_run(lab) is None


def test_a_run_during_which_a_file_changed_is_made_again(folder, monkeypatch):
    lab = write(folder, LAB.replace("(40, 30)", "(40, 4)"))
    versions = iter(["before", "after", "after", "after", "after"])
    monkeypatch.setattr(labs, "versions", lambda *_: next(versions))
    made = []
    monkeypatch.setattr(labs, "_execute", lambda lab: made.append(lab) or [[]])
    labs.run_lab(lab)
    assert len(made) == 2
    write(folder, LAB)


@pytest.mark.parametrize(
    ("block", "names"),
    [
        ("x = results('a')", set()),
        ("from weave.labs import results\nresults('a-b')['runs']", {"a-b"}),
        ("from weave.labs import results\nresults(name)", {None}),
        ("import weave.labs", {None}),
    ],
)
def test_which_labs_a_block_reads_is_seen_without_running_it(block, names):
    assert labs.names_read(["a = 1", block]) == names


def test_labs_that_run_beside_the_rest_tell_when_they_end_and_what_is_wrong(folder):
    file = folder / "labs" / "beside.py"
    file.write_text("# %% [markdown]\n# # A\n\n# %%\n1 / 0\n", "utf-8")
    lab, ended = labs.read_lab(file), threading.Event()
    background = labs.Background(ended.set)
    background.ask([lab])
    assert ended.wait(60)
    (problem,) = background.failed[labs.recipe(lab)]
    assert (problem.line, problem.message) == (5, "ZeroDivisionError: division by zero")
    background.stop()


def test_a_reader_takes_home_prose_code_and_output_with_links_that_lead(lab, run):
    import nbformat

    source = read_source(labs.as_markdown(lab), lab.path)
    (page,) = weave_sources([source])
    site = Site("Labs", "Free.", Bundle("a-site.zip", b""), "", as_picture, as_words)
    address = "https://example.org/labs/small/"
    told = {"title": "A lab", "address": address, "lead": lambda target: urljoin(address, target)}
    content = labs.as_notebook(labs.with_cells(page, lab, run), lab, run, site, **told)
    notebook = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(notebook)
    title, how, setup, text, *code = notebook.cells
    assert title.source == "# A lab"
    assert f"This notebook is a [lab]({address}) of Labs. Free." in how.source
    assert "import start" in setup.source
    assert "](https://example.org/labs/lora.md#counts)" in text.source
    assert "](https://example.org/)" in text.source
    assert [cell.source for cell in code] == [cell.source for cell in lab.code]
    assert code[0].outputs[0].text == "1200\n"
    assert "<table>" in code[1].outputs[0].data["text/html"]
    assert code[1].metadata["tags"] == ["hide-input"]
    assert code[2].outputs[0].data["application/json"] == {"seeds": [0, 1], "b": 1, "a": 2}
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize(
    ("cell", "line", "message"),
    [
        ("a = 1\nassert a == 2", 9, "AssertionError: assert a == 2"),
        ("a = 1\n\n1 / 0", 10, "ZeroDivisionError: division by zero"),
        ("import warnings\nwarnings.warn('careful')", 8, "the cell warns: "),
    ],
)
def test_an_error_names_file_and_line_and_is_not_kept(folder, cell, line, message):
    text = f"# %% [markdown]\n# # A lab\n\n# %%\nok = 1\n\n# %%\n{cell}\n"
    broken = write(folder, text, "broken")
    with pytest.raises(labs.LabFailed) as failed:
        labs.run_lab(broken)
    (problem,) = failed.value.problems
    assert (problem.line, problem.message[: len(message)]) == (line, message)
    assert str(problem).endswith(f"{problem.path}:{line}: {problem.message}")
    assert labs.load_run(broken) is None


def test_the_results_of_no_lab_are_refused():
    with pytest.raises(ValueError, match="name must be one of .*eight-ways-ten-seeds.*got 'none'"):
        labs.results("none")
