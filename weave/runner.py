"""Runs pages, each in a process of its own: the one way in for the build, the tests and the guide.

    read_page(file) -> Source -> weave_sources -> Page

A page's process starts equal whatever ran before, and whatever the page does to it stays in it. It
is watched from outside: it may crash, hang or end, and the message names the line. The same page
runs again in a process whose strings have other hashes and whose clock stands in another zone.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path

from weave import page as pages
from weave.execute import NOT_RUN, Outcome, stopped_after
from weave.fences import Problem
from weave.front_matter import Source
from weave.page import Draft
from weave.worker import SHOW_LINE, Job, end, run_job

SECONDS = 10  # that a block or a value may take
GRACE = 2  # seconds more, for a block that does not stop by itself
START = 30  # seconds that a process may take to start
SEEDS = (0, 188)  # of the hashes, in the first run of a page and in the second
MORE_SEEDS = (399, 9)  # of a page that has sets: found by search, 60 sets of usual words all differ
ZONES = ("UTC+12", "UTC-14")  # they never have the same date
HERE = Path(__file__).resolve().parent.parent
BOOT = (
    "import sys; sys.path[:0] = sys.argv[1:3]; import numpy; "
    "from weave.worker import run_template; run_template(int(sys.argv[3]), sys.argv[4:])"
)
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def weave_sources(sources, *, twice=True, thorough=True, processes=None):
    """Run pages and return them as a list of Page, in order; never raises for what is on a page.

    Args:
        sources: Sources, as read_page returns them.
        twice: run each page again, and refuse what comes out different.
        thorough: run a page that has sets some times more: an order may be the same by chance.
        processes: how many pages may run side by side; None for one a processor.
    """
    drafts = [_draft(source) for source in sources]
    runs: list[list[list[Outcome]]] = [[] for _ in drafts]
    waiting = deque((index, SEEDS[0]) for index, draft in enumerate(drafts) if draft.steps)
    seeds = {seed for index, _ in waiting for seed in _seeds(drafts[index], twice, thorough)}
    with _Pool(processes or os.cpu_count() or 1, _shared_imports(drafts)) as pool:
        pool.prepare(seeds)
        while waiting or pool.running:
            while waiting and pool.has_room:
                index, seed = waiting.popleft()
                pool.start(index, seed, drafts[index])
            for index, outcomes in pool.finished():
                runs[index].append(outcomes)
                more = _seeds(drafts[index], twice, thorough)[len(runs[index]) :]
                if more and not _went_wrong(runs[index]):
                    waiting.appendleft((index, more[0]))
    return [_fill(draft, outcomes) for draft, outcomes in zip(drafts, runs)]


def weave_page(text, path):
    """Run the Markdown of one page and return it as a Page."""
    return weave_sources([Source(path, text)])[0]


def weave_file(file):
    """Run the page in a file and return it as a Page."""
    return weave_sources([pages.read_page(file)])[0]


def _draft(source):
    try:
        return Draft(source)
    except Exception as error:  # a fault of ours: it names its page, and ends no other
        return Draft(_faulty(source, error))


def _fill(draft, outcomes):
    try:
        return draft.fill(outcomes)
    except Exception as error:
        return Draft(_faulty(draft.source, error)).fill([])


def _faulty(source, error):
    message = f"the page can't be woven: {type(error).__name__}: {error}"
    problems = (*source.problems, Problem(source.path, source.offset + 1, message))
    return Source(source.path, "", problems=problems)


def _seeds(draft, twice, thorough):
    """The seeds with which a page is to be run, one after the other."""
    if not twice:
        return SEEDS[:1]
    return SEEDS + MORE_SEEDS if thorough and draft.has_sets else SEEDS


def _went_wrong(runs):
    return any(outcome.error for outcome in runs[-1]) or runs[-1] != runs[0]


def _shared_imports(drafts):
    """Names of modules that several of the pages import: a template does that once for all."""
    counts = Counter(name for draft in drafts for name in draft.imports)
    return tuple(sorted(name for name, count in counts.items() if count > 1))


@dataclass
class _Run:
    """A page in its process."""

    index: int
    seed: int
    draft: Draft
    worker: _Forked | _Spawned
    deadline: float | None
    tries: int  # how often it may start, if its template ends before it has
    outcomes: list = field(default_factory=list)

    @property
    def is_done(self):
        return len(self.outcomes) == len(self.draft.steps)

    def take(self, kind, content):
        """Take note of what its process says."""
        if kind == "process":
            self.worker.process = content
        elif kind == "outcome":
            self.outcomes.append(content)
        if kind == "wait" and content:
            self.deadline = None
        else:
            self.deadline = time.monotonic() + SECONDS + GRACE

    def fail(self, message):
        """The step that runs is the last one: it ended the process, or was ended with it."""
        step = self.draft.steps[len(self.outcomes)]
        line = self.worker.line_of_crash(self.draft.source.path) or step.line
        self.outcomes.append(Outcome(error=message, error_line=line))
        missing = len(self.draft.steps) - len(self.outcomes)
        self.outcomes += [Outcome(error=NOT_RUN, follows=True)] * missing


class _Pool:
    """The runs of some pages that are going on; none is left when it closes."""

    def __init__(self, size, modules):
        self.size, self.modules = size, modules
        self.running: dict = {}  # connection -> _Run
        self.templates = {} if modules else _kept_templates(os.getpid())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for run in self.running.values():
            run.worker.end()
        if self.modules:
            for template in self.templates.values():
                template.close()

    def prepare(self, seeds):
        """Begin to start the templates for some seeds: they load side by side."""
        if hasattr(os, "fork"):
            for seed in seeds - self.templates.keys():
                self.templates[seed] = _Template(seed, self.modules)

    @property
    def has_room(self):
        return len(self.running) < self.size

    def start(self, index, seed, draft, tries=3):
        """Start a run of a page."""
        job = Job(draft.steps, draft.source.path, str(pages.ROOT), SECONDS)
        worker = self._worker(seed, job)
        self.running[worker.connection] = _Run(
            index, seed, draft, worker, time.monotonic() + START, tries=tries
        )

    def _worker(self, seed, job):
        if not hasattr(os, "fork"):
            return _Spawned(seed, job)
        for modules in (self.modules, ()):
            template = self.templates.get(seed)
            if template is None or template.process.poll() is not None:
                template = self.templates[seed] = _Template(seed, modules)
            with contextlib.suppress(OSError):
                return _Forked(template, job)
            template.kill()  # a page, or what it imports, ended it or keeps it
            self.templates.pop(seed)
        raise RuntimeError("the process that runs pages ends at once")

    def finished(self):
        """Wait until something happens; yield (index, Outcomes) of each run that is over."""
        deadlines = [run.deadline for run in self.running.values() if run.deadline is not None]
        left = max(0, min(deadlines) - time.monotonic()) if deadlines else None
        ready = wait(list(self.running), left)
        for connection in ready:
            run = self.running[connection]
            try:
                kind, content = run.worker.connection.recv()
            except (EOFError, OSError):
                kind, content = "ended", run.worker.status()
            if kind == "ended" and content is None and not run.worker.process and run.tries:
                del self.running[connection]
                run.worker.end()
                self.start(run.index, run.seed, run.draft, run.tries - 1)
            elif kind == "ended":
                run.fail(_how_it_ended(content))
            else:
                run.take(kind, content)
        for run in self.running.values():
            if run.deadline is not None and time.monotonic() > run.deadline and not run.is_done:
                run.worker.show_line()
                run.fail(stopped_after(SECONDS))
        for connection, run in list(self.running.items()):
            if run.is_done:
                del self.running[connection]
                run.worker.end()
                yield run.index, run.outcomes


def _how_it_ended(status):
    if status is None:
        return "the block ended the process that runs the pages"
    if status >= 0:
        return f"the block ended its process (status {status}): a page's code may not do that"
    name = signal.Signals(-status).name
    if name == "SIGKILL":
        return "the block's process was killed (SIGKILL): perhaps it took too much memory"
    return f"the block crashed its process ({name})"


# ---- templates, and the processes that they make --------------------------------------------


@cache
def _kept_templates(process):
    """Templates for pages that come one by one; a process keeps its own as long as it lasts."""
    templates: dict = {}
    atexit.register(lambda: [template.close() for template in templates.values()])
    return templates


def _environment(seed):
    """What the process of a page finds in its environment."""
    own = {"PYTHONHASHSEED": str(seed), "TZ": ZONES[seed != SEEDS[0]]}
    return {**os.environ, **dict.fromkeys(ONE_THREAD, "1"), **own}


class _Template:
    """A process that waits to become pages: see worker.run_template."""

    def __init__(self, seed, modules):
        self.control, theirs = socket.socketpair()
        with theirs:
            told = [str(pages.ROOT), str(HERE), str(theirs.fileno()), *modules]
            self.process = subprocess.Popen(
                [sys.executable, "-c", BOOT, *told],
                env=_environment(seed),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.is_ready = False

    def request(self, connection, trace):
        """Ask for a page's process; raise OSError if this one is gone."""
        if not self.is_ready:
            self.control.settimeout(START)
            if not self.control.recv(1):
                raise OSError("it ended")
            self.is_ready = True
        socket.send_fds(self.control, [b"p"], [connection, trace])

    def close(self):
        """Let it end, and what it made with it."""
        self.control.close()
        try:
            self.process.wait(timeout=START)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """End it at once."""
        self.control.close()
        self.process.kill()
        self.process.wait()


class _Forked:
    """A page's process that a template made."""

    def __init__(self, template, job):
        ours, theirs = socket.socketpair()
        self.trace, write = os.pipe()
        self.process, self.patience = None, 0  # seconds to wait for its line
        self.connection = Connection(ours.detach())
        try:
            with theirs:
                template.request(theirs.fileno(), write)
            self.connection.send(job)
        except OSError:
            self.connection.close()
            os.close(self.trace)
            raise
        finally:
            os.close(write)

    def status(self):
        return None  # its template says it; without a template nobody does

    def show_line(self):
        """Make it say where it is, even in compiled code."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process, SHOW_LINE)
                self.patience = 1

    def line_of_crash(self, path):
        """The line of the page that it was in when it crashed, or was asked; None if unknown."""
        text, until = "", time.monotonic() + self.patience
        path = path.encode("ascii", "backslashreplace").decode()
        while select.select([self.trace], [], [], max(0, until - time.monotonic()))[0]:
            read = os.read(self.trace, 1 << 16).decode("ascii", "replace")
            text += read
            if found := re.search(rf'File "{re.escape(path)}", line (\d+) ', text):
                return int(found[1])
            if not read:
                break
        return None

    def end(self):
        self.connection.close()
        os.close(self.trace)
        if self.process:
            end(self.process)


class _Spawned:
    """A page's process where there is no fork: a fresh Python each time."""

    def __init__(self, seed, job):
        from multiprocessing import get_context

        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = None
        self.python = context.Process(target=run_job, args=(theirs,), daemon=True)
        before = dict(os.environ)
        os.environ.update(_environment(seed))
        try:
            self.python.start()
        finally:
            os.environ.clear()
            os.environ.update(before)
        theirs.close()
        self.connection.send(job)

    def status(self):
        self.python.join(START)
        return self.python.exitcode

    def show_line(self):
        """Nothing can ask it."""

    def line_of_crash(self, path):
        return None

    def end(self):
        self.connection.close()
        self.python.kill()
        self.python.join()
