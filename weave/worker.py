"""The other side of runner.py: processes that run pages.

A template has imported what pages need and waits. For each page it makes a copy of itself, which
runs that page and ends. So a page starts at once, and from the same state whatever ran before.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import selectors
import signal
import socket
from multiprocessing.connection import Connection
from typing import NamedTuple

from weave.execute import ROOT_VARIABLE, run_steps, set_timer
from weave.off_limits import keep_out

MEMORY = 4 << 30  # bytes that a page may take
FILE = 1 << 28  # bytes of the largest file that it may write
SHOW_LINE = getattr(signal, "SIGUSR2", 0)  # asks a page's process where it is


class Job(NamedTuple):
    """What a process needs to run a page."""

    steps: tuple
    path: str
    root: str
    seconds: float


def run_job(connection, trace=None):
    """Take a Job, send its process id and the Outcome of each step, and end the process."""
    _limit_resources()
    if trace is not None:
        faulthandler.enable(trace, all_threads=False)
        faulthandler.register(SHOW_LINE, trace, all_threads=False)
    me = os.getpid()
    _current[:] = [connection]
    job = connection.recv()
    connection.send(("process", me))
    keep_out(job.root)
    for outcome in run_steps(job.steps, job.path, job.root, job.seconds):
        if os.getpid() != me:
            os._exit(0)  # a copy that the page made of itself, and forgot
        connection.send(("outcome", outcome))
    os._exit(0)


def _limit_resources():
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, FILE)):
            hard = resource.getrlimit(kind)[1]
            if hard == resource.RLIM_INFINITY or hard > most:
                resource.setrlimit(kind, (most, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


_current: list[Connection] = []  # the connection of the page that this process runs


@contextlib.contextmanager
def take_time():
    """Stop the step's clock while it waits for something that has a limit of its own: a lab."""
    if not _current:
        yield
        return
    left = set_timer(0)
    _current[0].send(("wait", True))
    try:
        yield
    finally:
        _current[0].send(("wait", False))
        if left:
            set_timer(left)


def run_template(control, modules):
    """Import modules, then make a process for each request until whoever asks is gone.

    Args:
        control: number of a socket. A request is a byte with two open files: the socket of the
            page, and where to write the line of a crash. The page's process sends Outcomes through
            its socket; at its end the template sends its status.
        modules: names of what pages will import; what can't be imported fails on its page.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    with socket.socket(fileno=control) as requests:
        _Template(requests).run()


class _Template:
    def __init__(self, requests):
        self.requests, self.pages = requests, {}  # process id -> Connection
        self.woken, self.wake = socket.socketpair()
        self.wake.setblocking(False)
        signal.set_wakeup_fd(self.wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self):
        ends_quietly = contextlib.suppress(ConnectionError)  # when whoever asks is gone
        with ends_quietly, selectors.DefaultSelector() as selector:
            self.requests.send(b"r")  # ready
            selector.register(self.requests, selectors.EVENT_READ, self._start)
            selector.register(self.woken, selectors.EVENT_READ, self._reap)
            asked = True
            while asked:
                for key, _ in selector.select():
                    asked = key.data() and asked
        for process in self.pages:
            end(process)

    def _start(self):
        data, descriptors, _, _ = socket.recv_fds(self.requests, 1, 2)
        if not data:
            return False
        connection, trace = descriptors
        process = os.fork()
        if process == 0:
            self._become_page(connection, trace)
        os.close(trace)
        self.pages[process] = Connection(connection)
        return True

    def _become_page(self, connection, trace):
        try:
            if ROOT_VARIABLE not in os.environ:
                os.setpgid(0, 0)  # what the page starts ends with it
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for other in self.pages.values():
                other.close()
            self.pages.clear()
            for ours in (self.requests, self.woken, self.wake):
                ours.close()
            run_job(Connection(connection), trace)
        finally:
            os._exit(1)

    def _reap(self):
        self.woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if not process:
                    break
                connection = self.pages.pop(process, None)
                if connection:
                    end_group(process)
                    with connection, contextlib.suppress(OSError):
                        connection.send(("ended", os.waitstatus_to_exitcode(status)))
        return True


def end(process):
    """End a page's process and all that it started."""
    end_group(process)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process, signal.SIGKILL)


def end_group(process):
    """End what a page's process started. In a page that weaves itself all ends with that page."""
    if ROOT_VARIABLE not in os.environ:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)
