"""Labs: longer experiments, notebooks in percent format. One is run once and kept by content.

nbclient runs a lab and stops at the first error. What its cells put out is kept in .cache/, under
the content of all that could change it: the lab's code, the files that it imports, the versions of
the packages. Its prose is not part of that. So a build with everything kept does not even load
nbclient, which takes as long as some pages.

    python -m weave.labs FILE    runs one lab and says what is wrong with it, as JSON
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from weave import notebook, render
from weave.dependencies import Code
from weave.execute import Outcome
from weave.fences import Fence, Problem, read_utf8
from weave.kept import Kept, digest_of, versions
from weave.page import ROOT, token
from weave.worker import take_time

KEPT = ROOT / ".cache" / "labs"
PACKAGES = ("numpy", "matplotlib", "ipykernel")  # others have no say in what a lab comes to
FORM = "3"  # of a kept run; another one makes all labs run again
RUNS_KEPT = 5  # of each lab, so that going back and forth between two states runs nothing
SECONDS_A_CELL = 120  # then it hangs; a whole lab should take 30
MARKER = re.compile(r'^# %%(?P<markdown> \[markdown\])?(?: tags=\["(?P<tag>hide-input)"\])?$')
PLACE = '<div data-cell="{}"></div>'  # of a code cell in a lab's Markdown
PLACED = re.compile("^" + PLACE.format(r"(\d+)") + "$", re.M)
READS = re.compile(r"""\bresults\(\s*["']([\w-]+)["']\s*\)""")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Cell(NamedTuple):
    """A cell of a lab; `line` is that of its first line in the file, from 1."""

    is_code: bool
    line: int
    source: str
    is_hidden: bool = False  # the page shows what it puts out, and its code one click away


class Lab(NamedTuple):
    """A lab as it is written."""

    file: Path
    path: str  # as messages name it
    text: str
    cells: tuple

    @property
    def name(self):
        return self.file.stem

    @property
    def code(self):
        return [cell for cell in self.cells if cell.is_code]


class Run(NamedTuple):
    """What came of a lab."""

    outputs: list  # for each code cell the outputs that a notebook file has
    seconds: float  # on the clock, start of the kernel included
    processor_seconds: float


class LabFailed(Exception):
    """A lab that must not be shown; `problems` name file and line."""

    def __init__(self, problems):
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def recipe(lab):
    """Return a digest of all that a lab's run depends on, under which the run is kept."""
    written = [cell.source for cell in lab.code]
    return digest_of(FORM, *written, Code(ROOT).digest(written), versions(*PACKAGES))


def find_labs(docs):
    """Return the files of all labs below a folder: the Python files in folders named labs."""
    return sorted(Path(docs).rglob("labs/*.py"))


def read_lab(file):
    """Read a lab's file.

    Raises:
        LabFailed: a marker of a cell that says something unknown, prose without its #, no UTF-8.
    """
    file = Path(file).resolve()
    path = os.path.relpath(file, ROOT).replace(os.sep, "/")
    text, problems = read_utf8(file, path)
    text = text.replace("\r\n", "\n")
    cells, lines = [], text.split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("# %%")]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        marker = MARKER.match(lines[start])
        body = lines[start + 1 : end]
        if marker is None:
            message = 'a cell begins with "# %%", "# %% [markdown]" or "# %% tags=["hide-input"]"'
            problems.append(Problem(path, start + 1, message))
            continue
        if marker["markdown"]:
            wrong = [i for i, line in enumerate(body) if line and not re.match(r"#( |$)", line)]
            problems += [Problem(path, start + 2 + i, "prose begins with #") for i in wrong]
            body = [line[2:] for line in body]
        source = "\n".join(body).rstrip()
        line = start + 2 + len(source) - len(source.lstrip("\n"))
        cells.append(Cell(not marker["markdown"], line, source.lstrip("\n"), bool(marker["tag"])))
    if problems:
        raise LabFailed(problems)
    return Lab(file, path, text, tuple(cells))


def as_markdown(lab):
    """Return a lab as Markdown of exactly as many lines, so that messages name the right one.

    For a cell of code it has a place; with_cells puts the cell there.
    """
    lines = [""] * len(lab.text.split("\n"))
    head = _head(lab.text)
    lines[: len(head)] = head
    number = 0
    for cell in lab.cells:
        written = cell.source.split("\n")
        if cell.is_code:
            number += 1
            written = [PLACE.format(number)]
        lines[cell.line - 1 : cell.line - 1 + len(written)] = written
    return "\n".join(lines)


def with_cells(page, lab, run=None):
    """Return a lab's woven prose with its cells in their places, boxes like a lesson's blocks.

    Args:
        page: the woven Page of as_markdown.
        lab: a Lab.
        run: its Run; without one the boxes hold code alone.
    """
    pieces = list(page.pieces)

    def put(match):
        number = int(match[1])
        cell = lab.code[number - 1]
        outcome = outcome_of(run.outputs[number - 1]) if run else Outcome()
        flags = frozenset({"hide"} if cell.is_hidden else ())
        fence = Fence(cell.line, cell.line, "", "python", [], cell.source, flags)
        pieces.append((render.block(fence, outcome, number), ""))
        return token(len(pieces) - 1)

    text = PLACED.sub(put, page.text)
    return replace(page, text=text, pieces=pieces)


def load_run(lab):
    """Return the Run that is kept of a lab, or None."""
    kept = Kept(KEPT, RUNS_KEPT).get(lab.name, recipe(lab))
    return Run(**json.loads(kept)) if kept else None


def run_lab(lab):
    """Run a lab with nbclient, keep what came of it and return that as a Run.

    Raises:
        LabFailed: a cell raised an error or wrote a warning.
    """
    made_from = recipe(lab)
    clock, processor = time.monotonic(), _processor_seconds()
    run = Run(
        _execute(lab),
        round(time.monotonic() - clock, 1),
        round(_processor_seconds() - processor, 1),
    )
    if recipe(lab) != made_from:
        return run_lab(lab)  # a file that it imports has changed while it ran
    made = json.dumps(run._asdict(), sort_keys=True).encode()
    Kept(KEPT, RUNS_KEPT).put(lab.name, made_from, made)
    return Run(**json.loads(made))


def results(name):
    """Return what a lab found: the JSON that a cell of it puts out. A lab not run yet is run.

    A page's block calls this; what a lab takes does not count as the block's own time. Names in
    the JSON come sorted.

    Args:
        name: of the lab's file, such as "eight-ways-ten-seeds".

    Raises:
        ValueError: there is no such lab, or none of its cells puts out JSON.
        LabFailed: as run_lab.
    """
    files = {file.stem: file for file in find_labs(ROOT / "docs")}
    if name not in files:
        raise ValueError(f"name must be one of {', '.join(files)}, got {name!r}")
    with take_time():
        lab = read_lab(files[name])
        found = results_of(load_run(lab) or run_lab(lab))
    if found is None:
        raise ValueError(f"name must be of a lab that puts out JSON, got {name!r}")
    return found


def names_read(sources):
    """Return the names of the labs whose results some blocks ask for; None stands for any lab."""
    asking = [source for source in sources if "weave.labs" in source]
    named = {name for source in sources for name in READS.findall(source)} if asking else set()
    return named if named or not asking else {None}


class Background:
    """Runs labs one after the other beside whatever else goes on, each in a process of its own.

    Args:
        done: a function that is called when one of them has ended.
    """

    def __init__(self, done):
        self.done = done
        self.failed = {}  # recipe -> Problems: it need not fail twice
        self._worker = ThreadPoolExecutor(1, "labs")
        self._asked, self._process = [], None

    def ask(self, wanted):
        """Run these labs, and none that waits from before."""
        for waiting in self._asked:
            waiting.cancel()
        self._asked = [self._worker.submit(self._run, lab) for lab in wanted]

    def stop(self):
        """End the lab that runs, and run no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        if self._process:
            self._process.terminate()

    def _run(self, lab):
        name, command = recipe(lab), [sys.executable, "-m", "weave.labs", str(lab.file)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        said, _ = self._process.communicate()
        if self._process.returncode > 0:
            problems = json.loads(said) if said else [(lab.path, 1, "the lab's process ended")]
            self.failed[name] = [Problem(*problem) for problem in problems]
        if self._process.returncode >= 0:
            self.done()


def results_of(run):
    """Return the JSON that a cell of a lab put out, or None."""
    bundles = [out.get("data", {}) for outputs in run.outputs for out in outputs]
    return next((b["application/json"] for b in bundles if "application/json" in b), None)


def outcome_of(outputs):
    """Return the outputs of a cell as a page shows them: what was printed, then what was drawn."""
    printed, drawn = [], []
    for output in outputs:
        bundle = output.get("data", {})
        if output["output_type"] == "stream":
            printed.append(output["text"])
        elif "text/html" in bundle:
            drawn.append(bundle["text/html"])
        elif "application/json" not in bundle:
            printed.append(bundle.get("text/plain", "") + "\n")
    return Outcome(printed="".join(printed), drawing="".join(drawn))


def as_notebook(page, lab, run, site, *, title, address, **links):
    """Return a lab as the content of a notebook file, with what its cells put out.

    Args:
        page: its woven Page, with_cells.
        lab: a Lab. run: its Run.
        site, title, address, links: as for notebook.make_notebook.
    """

    def cell(number):
        written = lab.code[number - 1]
        folded = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
        shown = [_carried(output, site.as_picture) for output in run.outputs[number - 1]]
        more = folded if written.is_hidden else {}
        return notebook.code_cell(f"cell-{number}", written.source, shown, **more)

    lab_page = f"a {notebook.link_to('lab', address)}"
    first = site.first_cells(lab_page, needs=", NumPy and Matplotlib")
    return notebook.put_together(page, site, first, cell, title=title, **links)


def _carried(output, as_picture):
    """Return an output as a notebook carries it: drawings as pictures, no count of executions."""
    from nbformat import from_dict

    output, data = dict(output), dict(output.get("data", {}))
    if "text/html" in data:
        output["data"] = data | {"text/html": as_picture(data["text/html"])}
    if "execution_count" in output:
        output["execution_count"] = None
    return from_dict(output)


def _head(text):
    """Return the lines of the YAML between two `# ---`, with plain `---`."""
    match = re.match(r"# ---\n(?:#.*\n)*?# ---\n", text)
    return [line[2:] for line in match[0].split("\n")[:-1]] if match else []


def _processor_seconds():
    """Return the processor time of all child processes that have ended; 0 on Windows."""
    return os.times().children_user + os.times().children_system


def _execute(lab):
    """Return the outputs of each code cell, from a kernel of this Python that starts at ROOT."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat import v4

    failed = []

    def note(cell, cell_index, execute_reply):
        failed.append(_problem(lab, lab.code[cell_index], execute_reply["content"]))

    cells = [v4.new_code_cell(cell.source) for cell in lab.code]
    with _own_settings():
        client = NotebookClient(
            v4.new_notebook(cells=cells),
            kernel_name="python3",
            timeout=SECONDS_A_CELL,
            on_cell_error=note,
            coalesce_streams=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(ROOT)}},
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            message = str(error).strip().split("\n", 1)[0]
            raise LabFailed(failed or [Problem(lab.path, 1, message)]) from None
    outputs = [cell["outputs"] for cell in cells]
    warned = [
        Problem(lab.path, cell.line, "the cell warns: " + output["text"].strip())
        for cell, shown in zip(lab.code, outputs, strict=True)
        for output in shown
        if output.get("name") == "stderr"
    ]
    if warned:
        raise LabFailed(warned)
    return outputs


def _problem(lab, cell, reply):
    """Return the Problem of a cell that raised an error."""
    trace = ANSI.sub("", "\n".join(reply.get("traceback", [])))
    lines = re.findall(r"Cell In\s*\[\d+\], line (\d+)", trace)
    line = cell.line + int(lines[-1]) - 1 if lines else cell.line
    message = reply["evalue"] or lab.text.split("\n")[line - 1].strip()
    return Problem(lab.path, line, f"{reply['ename']}: {message}")


def _own_settings():
    """Keep Jupyter, IPython and Matplotlib from reading what a person has set up for themselves."""
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR")
    ours = {name: KEPT / name.lower() for name in folders}
    for folder in ours.values():
        folder.mkdir(parents=True, exist_ok=True)
    more = {"JUPYTER_PREFER_ENV_PATH": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return patch.dict(os.environ, {name: str(folder) for name, folder in ours.items()} | more)


def main(arguments):
    """Run the lab in a file; return 1 after saying as JSON what is wrong with it."""
    try:
        lab = read_lab(arguments[0])
        load_run(lab) or run_lab(lab)
    except LabFailed as failed:
        print(json.dumps([(p.path, p.line, p.message) for p in failed.problems]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
