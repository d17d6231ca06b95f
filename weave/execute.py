"""Runs the blocks of one chain: captures what they print, stops what never ends."""

from __future__ import annotations

import ast
import contextlib
import ctypes
import faulthandler
import io
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from weave.numbers import typed_numbers
from weave.render import rich

SECONDS = 10
GRACE = 5  # seconds that a stopped block gets to unwind before the whole process ends
OUTPUT_LIMIT = 100_000  # characters


class BlockStopped(BaseException):
    """Raised inside a block that ran too long; not an Exception, so that no block swallows it."""


@dataclass
class Outcome:
    """What one block did: `error` is None when it did what it should."""

    printed: str = ""  # what it printed, then its last value as text
    value: str = ""  # its last value as text
    drawing: str = ""  # its last value, if that can draw itself
    error: BaseException | None = None
    error_line: int = 0
    raised: str = ""


class _Output(io.StringIO):
    def write(self, text):
        if self.tell() + len(text) > OUTPUT_LIMIT:
            raise ValueError(f"a block may print {OUTPUT_LIMIT} characters; this one prints more")
        return super().write(text)


class _ShowBothSides(ast.NodeTransformer):
    """`assert a == b` fails with the values of both sides, each evaluated once.

    Any other assert without a message of its own fails with its own text.
    """

    TEMPLATE = """
_left = 0
_right = 0
assert _left == _right, f"{_left!r} {_sign} {_right!r}"
"""
    OPPOSITE = {
        ast.Eq: "!=",
        ast.NotEq: "==",
        ast.Lt: ">=",
        ast.LtE: ">",
        ast.Gt: "<=",
        ast.GtE: "<",
        ast.Is: "is not",
        ast.IsNot: "is",
        ast.In: "not in",
        ast.NotIn: "in",
    }

    def visit_Assert(self, node):
        test = node.test
        if node.msg is not None:
            return node
        if not isinstance(test, ast.Compare) or len(test.ops) > 1:
            node.msg = ast.copy_location(ast.Constant(f"{ast.unparse(test)} is false"), node)
            return node
        sign = self.OPPOSITE[type(test.ops[0])]
        left, right, check = ast.parse(self.TEMPLATE.replace("{_sign}", sign)).body
        for made in (left, right, check):
            for child in ast.walk(made):
                if hasattr(child, "lineno"):
                    child.lineno = child.end_lineno = node.lineno
        left.value, right.value, check.test.ops = test.left, test.comparators[0], test.ops
        return [left, right, check]


class Chain:
    """The namespace that a block and its continuations share, and who set each name."""

    def __init__(self):
        self.namespace = {"__name__": "__page__"}
        self.set_by = {}  # name -> number of the block that set it last
        self.lacking = set()  # names that a failed block should have set

    def run(self, fence, path, number, seconds=SECONDS):
        """Run one fence; never raises (but on Ctrl-C): what went wrong is in the Outcome."""
        outcome, output, names, line = Outcome(), _Output(), set(), fence.line
        try:
            _arm_last_resort(seconds)
            with _quiet(output), _watchdog.limit(seconds, f"{path}:{line}"):
                body, last, last_line, names = _compile_block(fence.source, path, fence.line)
                self.set_by.update(dict.fromkeys(names, number))
                exec(body, self.namespace)
                if last is not None:
                    value, line = eval(last, self.namespace), last_line
                    outcome.drawing = rich(value)
                    if value is not None and not outcome.drawing:
                        outcome.value = repr(value)
                        output.write(outcome.value + "\n")
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            outcome.error = error
            outcome.error_line = _line_of(error, path, line)
        outcome.printed = output.getvalue()
        outcome = _expect_error(outcome, fence)
        if outcome.error is not None:
            self.lacking |= names - set(self.namespace)
        return outcome

    def skip(self, source):
        """Take note of a block that is not run: what it should have set is lacking."""
        with contextlib.suppress(SyntaxError):
            self.lacking |= set(_names_set(ast.parse(source).body, walrus=True))

    def follows(self, error):
        """Whether an error only follows from a block that failed before, and was reported."""
        return isinstance(error, NameError) and error.name in self.lacking

    def evaluate(self, expression, path, line):
        """Return (value, format specification, numbers of the blocks that it comes from)."""
        code, specification, names = _compile_expression(expression, path, line)
        _arm_last_resort(SECONDS)
        with _quiet(_Output()), _watchdog.limit(SECONDS, f"{path}:{line}"):
            value = eval(code, self.namespace)
        return value, specification, sorted(self.set_by[n] for n in names if n in self.set_by)


def split_expression(source):
    """Split `expression:format` at the first colon that leaves a whole expression before it."""
    source = source.strip()
    if not source:
        raise SyntaxError("{{ }} holds no expression")
    cuts = [len(source), *(i for i, character in enumerate(source) if character == ":")]
    for cut in cuts:
        with contextlib.suppress(SyntaxError):
            return ast.parse(source[:cut].strip(), mode="eval"), source[cut + 1 :]
    raise SyntaxError(f"{{{{ {source} }}}} is not a Python expression")


@lru_cache(maxsize=4096)  # a page runs twice
def _compile_expression(expression, path, line):
    tree, specification = split_expression(expression)
    if isinstance(tree.body, ast.Constant) and any(typed_numbers(str(tree.body.value))):
        raise ValueError(f"{{{{ {expression.strip()} }}}} is typed: name what a block computed")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    ast.increment_lineno(tree, line - 1)
    return compile(tree, path, "eval"), specification, names


@lru_cache(maxsize=1024)
def _compile_block(source, path, line):
    """Return (code of the block, code of its last expression or None, its line, names set)."""
    tree = ast.parse("\n" * line + source, path)  # lines of the page
    if "assert" in source:
        tree = _ShowBothSides().visit(tree)
    names = set(_names_set(tree.body, walrus=":=" in source))
    last, last_line = None, line
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last_line = tree.body[-1].lineno
        last = compile(ast.Expression(tree.body.pop().value), path, "eval")
    return compile(tree, path, "exec"), last, last_line, names


def _names_set(statements, walrus=False):
    """Names that a block binds or changes at its top level: x = …, x[0] = …, def x, import x."""
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
        elif isinstance(statement, ast.Assign) and not walrus:  # its value binds nothing
            for target in statement.targets:
                yield from _names_bound(target)
        elif not isinstance(statement, ast.Expr) or walrus:
            yield from _names_bound(statement)


def _names_bound(node):
    if isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store):
            yield node.id
    elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        while isinstance(node, (ast.Subscript, ast.Attribute)):
            node = node.value
        if isinstance(node, ast.Name):
            yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0]
    elif not isinstance(node, _SCOPES):  # functions and comprehensions keep their names
        for child in ast.iter_child_nodes(node):
            yield from _names_bound(child)


_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _line_of(error, path, line):
    """The deepest line of the page itself that was running."""
    if isinstance(error, SyntaxError) and error.filename == path and error.lineno:
        return error.lineno
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    return lines[-1] if lines else line


def _expect_error(outcome, fence):
    if not fence.raises:
        return outcome
    if outcome.error is None:
        outcome.error = AssertionError(f"this block should raise {fence.raises}; it raises nothing")
        outcome.error_line = fence.line
    elif fence.raises in (kind.__name__ for kind in type(outcome.error).__mro__):
        outcome.raised = f"{type(outcome.error).__name__}: {outcome.error}"
        outcome.error = None
    return outcome


@contextlib.contextmanager
def _quiet(output):
    """Capture output, give no input, make warnings errors, leave NumPy's printing as it was."""
    with (
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
        warnings.catch_warnings(),
        np.printoptions(),
    ):
        warnings.simplefilter("error")
        keyboard, sys.stdin = sys.stdin, io.StringIO()
        try:
            yield
        finally:
            sys.stdin = keyboard


@contextlib.contextmanager
def last_resort():
    """End the process, and name the line, when compiled code never comes back to Python.

    Holds for the blocks and values run inside. Arming starts a thread, so it is done at most
    once a second.
    """
    outer = list(_armed)
    _armed[:] = [-1.0, 0.0]
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        _armed[:] = [-1.0, 0.0] if outer else []


_armed = []  # when, and for how many seconds; empty outside of last_resort


def _arm_last_resort(seconds):
    now = time.monotonic()
    if _armed and not (_armed[1] == seconds and now - _armed[0] < 1):
        _armed[:] = [now, seconds]
        faulthandler.dump_traceback_later(seconds + 2 * GRACE + 1, exit=True, file=sys.__stderr__)


@contextlib.contextmanager
def take_time():
    """Stop the block's clock while it waits for something that has a limit of its own: a lab."""
    seconds = _armed[1] if _armed else 0
    faulthandler.cancel_dump_traceback_later()
    try:
        with _watchdog.pause(), warnings.catch_warnings():
            warnings.simplefilter("default")
            yield
    finally:
        if seconds:
            _armed[:] = [-1.0, 0.0]
            _arm_last_resort(seconds)


class _Watchdog:
    """Stops a block that runs too long; ends the process when even that does not help.

    On a main thread with signals an alarm interrupts the block, sleeping or not. Elsewhere an
    exception is put into its thread. Code that ignores both is ended with the whole process,
    after GRACE more seconds: a build that says so is better than one that hangs.
    """

    def __init__(self):
        self.deadline, self.message, self.where, self.by_signal = None, "", "", False
        self.thread = self.running = None

    @contextlib.contextmanager
    def limit(self, seconds, where):
        outer = (self.deadline, self.message, self.where, self.by_signal, self.running)
        self._start()
        self.message = f"the block still ran after {seconds:g} s and was stopped"
        self.where, self.running = where, threading.get_ident()
        on_main = threading.current_thread() is threading.main_thread()
        self.by_signal = on_main and hasattr(signal, "setitimer")
        self.deadline = time.monotonic() + seconds
        if self.by_signal:
            handler = signal.signal(signal.SIGALRM, self._stop)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        except BlockStopped as stopped:
            raise BlockStopped(self.message).with_traceback(stopped.__traceback__) from None
        finally:
            if self.by_signal:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, handler)
            self.deadline, self.message, self.where, self.by_signal, self.running = outer
            if self.deadline is not None and self.by_signal:  # a block that weaves a page itself
                left = max(self.deadline - time.monotonic(), 0.001)
                signal.setitimer(signal.ITIMER_REAL, left)

    @contextlib.contextmanager
    def pause(self):
        deadline, self.deadline = self.deadline, None
        if deadline is None:
            yield
            return
        left = max(deadline - time.monotonic(), 0.001)
        if self.by_signal:
            signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            yield
        finally:
            self.deadline = time.monotonic() + left
            if self.by_signal:
                signal.setitimer(signal.ITIMER_REAL, left)

    def _start(self):
        if self.thread is None or not self.thread.is_alive():
            self.thread = threading.Thread(target=self._watch, daemon=True, name="weave watchdog")
            self.thread.start()

    def _stop(self, *_):
        raise BlockStopped(self.message)

    def _watch(self):
        interrupted = None
        while True:
            time.sleep(0.2)
            deadline = self.deadline
            if deadline is None or time.monotonic() < deadline:
                continue
            if not self.by_signal and interrupted != deadline:
                interrupted = deadline
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.running), ctypes.py_object(BlockStopped)
                )
            if time.monotonic() > deadline + GRACE:
                text = f"{self.where}: {self.message}, and the build with it: it ignored the stop"
                print(text, file=sys.__stderr__, flush=True)
                os._exit(1)


_watchdog = _Watchdog()
