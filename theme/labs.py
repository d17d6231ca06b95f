"""MkDocs hook for the labs: runs those that must run, makes pages and downloads of them."""

from __future__ import annotations

import json
import logging
import re
import sys
from hashlib import sha256
from html import escape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.exceptions import PluginError  # noqa: E402
from mkdocs.plugins import event_priority  # noqa: E402
from mkdocs.structure.files import File  # noqa: E402

from weave import labs, render  # noqa: E402
from weave.fences import Problem  # noqa: E402
from weave.notebook import SETUP, write_size  # noqa: E402
from weave.notebook_hook import FOLDER  # noqa: E402

log = logging.getLogger("mkdocs.hooks.labs")
PLACE = '<div data-cell="{}"></div>'
PLACED = re.compile(PLACE.format(r"(\d+)"))
IS_LAB = re.compile(r"(?:.*/)?labs/[^/]+\.py")
LATE = -95  # after the zip file with what notebooks import
HOW = """\
> This notebook is a [lab]({address}) of {site}. {licence}
>
> Run the next cell first, then the others from top to bottom. You need Python 3.11 or later, \
NumPy and Matplotlib. The next cell gets the code that the lab imports: from the repository if you \
are in it, or else [a zip file]({bundle}) of {size} from the site.
>
> Without a network: save the zip file as `{name}` beside this notebook, or let the environment \
variable `{variable}` say where it is."""
STALE = "This is an earlier run: something that the lab imports has changed since. A build runs it."


class LabFile(File):
    """A Python file below docs/ that is a page, not a file to copy."""

    def is_documentation_page(self):
        return True


class _Site:
    """What is known between the events of one build, and in `serve` between builds."""

    def __init__(self):
        self.labs = {}  # source_uri -> (Lab, Run or None, Problems)
        self.failed = {}  # recipe of a lab that failed -> its Problems: it need not fail twice


site = _Site()


def on_startup(command, dirty):
    """Where a person is watching, a lab need not run again for every file that it imports."""
    labs.stale_is_fine = command == "serve"


def on_files(files, config):
    """Make a page of each lab, after running it where nothing kept fits."""
    found = [file for file in files.media_files() if IS_LAB.fullmatch(file.src_uri)]
    site.labs = {file.src_uri: _obtain(file.abs_src_path) for file in found}
    problems = [problem for _, _, problems in site.labs.values() for problem in problems]
    for problem in problems:
        log.error("%s", problem)
    if problems and not labs.stale_is_fine:
        raise PluginError(f"{len(problems)} error{'s' * (len(problems) > 1)} in labs, listed above")
    for file in found:
        files.remove(file)
        page = LabFile(file.src_uri, file.src_dir, file.dest_dir, config.use_directory_urls)
        files.append(page)
    return files


def on_page_read_source(page, config):
    """Give MkDocs a lab's prose, with a place for each cell of code, in place of Python."""
    if page.file.src_uri not in site.labs:
        return None
    lab, _, _ = site.labs[page.file.src_uri]
    return labs.as_markdown(lab, PLACE) if lab else "# A lab that can't be read"


def on_page_content(html, page, config, files):
    """Put the cells in their places: the same boxes as a lesson's blocks."""
    if page.file.src_uri not in site.labs:
        return html
    lab, run, problems = site.labs[page.file.src_uri]
    if problems:
        return render.error_box(problems) + html

    def put(match):
        number = int(match[1])
        cell = lab.code[number - 1]
        fence = SimpleNamespace(source=cell.source, flags={"hide"} if cell.is_hidden else set())
        return render.block(fence, labs.outcome_of(run.outputs[number - 1]), number)

    return _note(lab, run) + PLACED.sub(put, html)


@event_priority(LATE)
def on_env(env, config, files):
    """Add what a reader may take home."""
    packed = next((f for f in files if f.src_uri.startswith(FOLDER) and ".zip" in f.src_uri), None)
    for uri, (lab, run, _) in site.labs.items():
        page = files.get_file_from_path(uri)
        if run is None:
            continue
        address = urljoin(config.site_url or "", page.url)
        first = _first_cells(lab, packed, address, config) if packed else ()
        made = {"ipynb": labs.as_notebook(lab, run, address, first), "py": lab.text}
        found = labs.results_of(run)
        made |= {"json": json.dumps(found, indent=1)} if found else {}
        for kind, content in made.items():
            name = f"{uri.removesuffix('.py')}/{lab.name}.{kind}"
            files.append(File.generated(config, name, content=content))
    return env


def _obtain(file):
    """Return (Lab, Run, Problems) of a file; what failed has no Run, or neither."""
    lab = None
    try:
        lab = labs.read_lab(file)
        run = labs.load_run(lab, accept_stale=labs.stale_is_fine)
        if run is None and labs.recipe(lab) in site.failed:
            return lab, None, site.failed[labs.recipe(lab)]
        if run is None:
            log.info("Running the lab %s: no run of it is kept", lab.path)
            run = labs.run_lab(lab)
            log.info("It took %.0f s and is kept for later builds", run.seconds)
        return lab, run, []
    except labs.LabFailed as error:
        if lab:
            site.failed[labs.recipe(lab)] = error.problems
        return lab, None, error.problems
    except ImportError as error:
        problem = Problem(str(Path(file).relative_to(ROOT)), 1, f"ImportError: {error}")
        return lab, None, [problem]


def _first_cells(lab, packed, address, config):
    """Return the cells that get what a lab imports, as those of a lesson's notebook do."""
    name = packed.src_uri.rpartition("/")[2]
    variable = re.sub(r"\W+", "_", name.partition(".")[0]).upper() + "_ZIP"
    zipped = urljoin(config.site_url or "", packed.url)
    how = HOW.format(
        address=address, site=config.site_name, bundle=zipped, name=name, variable=variable,
        size=write_size(len(packed.content_bytes)), licence=config.copyright or "",
    )  # fmt: skip
    digest = sha256(packed.content_bytes).hexdigest()
    setup = SETUP.format(name=name, address=zipped, digest=digest, variable=variable)
    return (False, how), (True, setup)


def _note(lab, run):
    """Say above the title what this is, how long it ran, and where its files are."""
    kinds = {"ipynb": "Download as notebook", "py": "Python"}
    if labs.results_of(run):
        kinds["json"] = "results"
    links = " · ".join(
        f'<a href="{escape(lab.name)}.{kind}" download>{word}</a>' for kind, word in kinds.items()
    )
    took = f"{run.processor_seconds or run.seconds:.0f} seconds of processor time"
    stale = f'<p class="woven-error">{STALE}</p>' if run.is_stale else ""
    return f'<p class="kicker">Lab · {took} · {links}</p>\n{stale}'
