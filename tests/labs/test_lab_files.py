"""A lab's file is read cell by cell, and becomes Markdown line by line."""

import pytest

from weave.labs import PLACE, LabFailed, as_markdown, read_lab

LAB = """\
# ---
# description: What it shows.
# ---

# %% [markdown]
# # A lab
#
# Prose with $x$.

# %%
a = 1

b = 2

# %% tags=["hide-input"]

a + b
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="a-lab"):
        file = tmp_path / "labs" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    return write


def test_cells_know_their_kind_their_text_and_their_line(written):
    lab = read_lab(written(LAB))
    assert lab.name == "a-lab"
    assert [(c.is_code, c.is_hidden, c.line) for c in lab.cells] == [
        (False, False, 6),
        (True, False, 11),
        (True, True, 17),
    ]
    assert [c.source for c in lab.cells] == [
        "# A lab\n\nProse with $x$.",
        "a = 1\n\nb = 2",
        "a + b",
    ]
    for cell in lab.cells:
        first = cell.source.split("\n")[0]
        assert LAB.split("\n")[cell.line - 1].removeprefix("# ") == first.removeprefix("# ") or (
            LAB.split("\n")[cell.line - 1] == f"# {first}"
        )


def test_markdown_has_every_line_where_the_file_has_it(written):
    lines = as_markdown(read_lab(written(LAB))).split("\n")
    assert len(lines) == len(LAB.split("\n"))
    assert lines[:3] == ["---", "description: What it shows.", "---"]
    assert {n: line for n, line in enumerate(lines, 1) if line} | {} == {
        1: "---",
        2: "description: What it shows.",
        3: "---",
        6: "# A lab",
        8: "Prose with $x$.",
        11: PLACE.format(1),
        17: PLACE.format(2),
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("# %%\na", "# %% raw\na", 10, "a cell begins with"),
        ('["hide-input"]', '["hidden"]', 15, "a cell begins with"),
        ("# Prose", "Prose", 8, "prose begins with #"),
    ],
)
def test_what_can_not_be_read_is_refused_by_line(written, old, new, line, message):
    with pytest.raises(LabFailed) as failed:
        read_lab(written(LAB.replace(old, new)))
    (problem,) = failed.value.problems
    assert problem.line == line
    assert message in problem.message
    assert problem.path.endswith("labs/a-lab.py")


def test_a_lab_that_is_not_utf8_is_refused_by_line(written):
    file = written(LAB)
    file.write_bytes(file.read_bytes().replace(b"# Prose", b"# Pros\xe9"))
    with pytest.raises(LabFailed) as failed:
        read_lab(file)
    (problem,) = failed.value.problems
    assert (problem.line, problem.message) == (8, "the file is not UTF-8")
