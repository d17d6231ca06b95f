"""Runs the steps of one page, in a process of its own: says what each printed, drew or raised.

Nothing here is put back afterwards: the process ends with its page.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import io
import linecache
import operator
import os
import re
import signal
import symtable
import sys
import tempfile
import threading
import traceback
import types
import warnings
from dataclasses import dataclass, replace
from numbers import Number

from weave.foreign import why_not
from weave.numbers import numbers_of, write
from weave.screen import as_shown

OUTPUT_LIMIT = 100_000  # characters
ROOT_VARIABLE = "WEAVE_ROOT"  # in the environment of a page's process: its root
FUTURE = 0
for _name in __future__.all_feature_names:
    FUTURE |= getattr(__future__, _name).compiler_flag
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}\b")
COMPLAINT = re.compile(  # what Python itself says of errors that reach nobody
    r"^(Exception ignored in|Exception in thread|Task exception was never retrieved"
    r"|Process \S+:\nTraceback)",
    re.M,
)
TAG = re.compile(
    r"<!--.*?-->|<(script|style)\b.*?</\1\s*>"
    r"|<(?P<closes>/?)(?P<name>[a-zA-Z][\w:-]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?(?P<ends>/?)>",
    re.S | re.I,
)
VOID = set("area base br col embed hr img input link meta source track wbr".split())
OPTIONAL = set("li dt dd p option thead tbody tfoot tr td th colgroup".split())  # need no end
NOT_IN_HTML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


NOT_RUN = "not run"  # the error of a step that came after the end of its process


class BlockStopped(BaseException):
    """Raised inside a block that ran too long; not an Exception, so that no block swallows it."""


@dataclass(frozen=True)
class Step:
    """What a page asks for: `kind` is block, value, or skip (a block that is not run)."""

    kind: str
    source: str
    line: int  # a block's code begins on the line after it
    continues: bool = False
    raises: str = ""
    specification: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a step; all of it text.

    A step that failed has an `error` and its line. One that `follows` failed only because a step
    before it did, which was reported. `printed` ends with the `value`, if that is text.
    """

    printed: str = ""
    value: str = ""
    drawing: str = ""
    raised: str = ""  # the error that the block was meant to raise
    error: str = ""
    error_line: int = 0
    follows: bool = False
    blocks: tuple = ()  # numbers of the blocks that a value comes from
    numbers: frozenset = frozenset()  # single numbers that the page has names for


def run_steps(steps, path, root, seconds):
    """Yield the Outcome of each step, in order. The process has this page for itself.

    Args:
        steps: Steps.
        path: the page's file, as messages name it.
        root: the folder that its code finds itself in, and imports from.
        seconds: how long a step may run.
    """
    os.chdir(root)
    os.environ[ROOT_VARIABLE] = str(root)
    sys.path[:] = [str(root), *(place for place in sys.path if place not in ("", str(root)))]
    sys.argv = [""]
    page = _Page(path, str(root), seconds)
    for step in steps:
        yield page.run(step)


class _Output(io.TextIOWrapper):
    """Standard output and error: what Python prints stands in order with what C does."""

    def __init__(self, descriptor, screen, errors):
        raw = io.FileIO(descriptor, "wb", closefd=False)
        super().__init__(raw, "utf-8", errors, newline="\n", write_through=True)
        self.screen = screen

    def write(self, text):
        self.screen.count += len(text)
        if self.screen.count > OUTPUT_LIMIT:
            raise ValueError(TOO_MUCH)
        return super().write(text)


TOO_MUCH = f"a block may print {OUTPUT_LIMIT} characters; this one prints more"


class _Screen:
    """Holds what the process and those that it starts print, in a file."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.start = self.count = 0
        for descriptor in (1, 2):
            os.dup2(self.file.fileno(), descriptor)
        with open(os.devnull) as nothing:
            os.dup2(nothing.fileno(), 0)
        self.stdout = _Output(1, self, "strict")
        streams = io.StringIO(), self.stdout, _Output(2, self, "backslashreplace")
        for name, stream in zip(("stdin", "stdout", "stderr"), streams):
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

    def take(self):
        """Return what was printed since the last time."""
        end = os.lseek(self.file.fileno(), 0, os.SEEK_CUR)
        size = min(end - self.start, 4 * OUTPUT_LIMIT + 1)
        text = os.pread(self.file.fileno(), size, self.start).decode("utf-8", "replace")
        self.start, self.count = end, 0
        return text


class _Page:
    def __init__(self, path, root, seconds):
        self.path, self.root, self.seconds = path, root, seconds
        self.screen = _Screen()
        self.chains, self.number = [], 0
        self.aside = []  # (line, error) of errors that reach nobody
        self.lines = []  # the page's code, each line where the page has it
        sys.unraisablehook = lambda e: self._note(e.exc_type, e.exc_value, e.exc_traceback)
        threading.excepthook = self._note_of_thread
        warnings.simplefilter("error")
        setattr(builtins, COMPARE, _compare)
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self._stop)

    def run(self, step):
        if not self.chains or (step.kind != "value" and not step.continues):
            self.chains.append(_Chain())  # the ones before stay: nothing of them is cleared away
        chain = self.chains[-1]
        if step.kind == "skip":
            with contextlib.suppress(SyntaxError, ValueError):
                chain.lacking |= _names_set(step.source, self.path)
            return Outcome()
        if step.kind == "block":
            self.number += 1
        made: dict = {}
        error, line = None, step.line
        try:
            with self._limit():
                try:
                    self._show(step, chain, made)
                finally:
                    _put_back_builtins()
        except BaseException as caught:
            error, line = caught, self._line_of(caught, made.get("line", step.line))
        printed = self.screen.take()
        if error is None and self.aside:
            line, error = self.aside[0]
        self.aside.clear()
        try:
            return self._outcome(step, chain, made, printed, error, line)
        except BaseException as caught:  # what it shows cannot be shown
            return Outcome(error=self._describe(caught), error_line=made.get("line", step.line))

    def _show(self, step, chain, made):
        """Run a step, and put what it shows into `made`."""
        if step.kind == "value":
            tree = ast.parse(step.source, mode="eval")
            made["names"] = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            ast.increment_lineno(tree, step.line - 1)
            value = eval(self._compile(tree, chain, "eval"), chain.namespace)
            if value is None:
                raise ValueError(f"{{{{ {step.source} }}}} is None: it shows nothing")
            made["drawing"] = "" if step.specification else draw(value)
            if not made["drawing"]:
                made["value"] = write(_ordered(value), step.specification)
            return
        for number, line in enumerate(step.source.split("\n"), step.line):
            self.lines += ["\n"] * (number + 1 - len(self.lines))
            self.lines[number] = line + "\n"
        linecache.cache[self.path] = (1, None, self.lines, self.path)
        tree = ast.parse("\n" * step.line + step.source, self.path)
        names = made["names"] = _names_set("\n" * step.line + step.source, self.path)
        chain.set_by.update(dict.fromkeys(names, self.number))
        if "assert" in step.source:
            tree = ast.fix_missing_locations(_ShowBothSides().visit(tree))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = self._compile(tree, chain, "exec")
        chain.flags |= body.co_flags & FUTURE
        if last is None:
            exec(body, chain.namespace)
        else:
            shown = self._compile(ast.Expression(last.value), chain, "eval")
            exec(body, chain.namespace)
            made["line"] = last.lineno
            value = eval(shown, chain.namespace)
            made["drawing"] = draw(value)
            if value is not None and not made["drawing"]:
                made["value"] = repr(_ordered(value))

    def _compile(self, tree, chain, mode):
        return compile(tree, self.path, mode, flags=chain.flags, dont_inherit=True)

    def _outcome(self, step, chain, made, printed, error, line):
        value, drawing = made.get("value", ""), made.get("drawing", "")
        if error is None:
            if len(printed) + len(value) > OUTPUT_LIMIT:
                raise ValueError(TOO_MUCH)
            self._check_shown(printed + "\n" + value, drawing)
        value = as_shown(str.__str__(value))
        if step.kind == "value":
            names = made.get("names", ())
            blocks = tuple(sorted(chain.set_by[n] for n in names if n in chain.set_by))
            outcome = Outcome(value=value, drawing=drawing, blocks=blocks)
        else:
            printed = as_shown(printed)
            if value:
                printed += "\n" * (printed != "" and not printed.endswith("\n")) + value + "\n"
            numbers = frozenset(numbers_of(chain.namespace))
            outcome = Outcome(printed, value, drawing, numbers=numbers)
        if step.raises and error is None:
            nothing = f"this block should raise {step.raises}; it raises nothing"
            return replace(outcome, error=f"AssertionError: {nothing}", error_line=step.line)
        if error is None:
            return outcome
        if step.raises and step.raises in _kinds(error):
            return replace(outcome, raised=as_shown(self._describe(error)))
        follows = isinstance(error, NameError) and error.name in chain.lacking
        if step.kind == "block":
            chain.lacking |= made.get("names", set()) - set(chain.namespace)
        return replace(
            outcome, error=as_shown(self._describe(error)), error_line=line, follows=follows
        )

    def _check_shown(self, text, drawing):
        """Refuse what differs from run to run, or from machine to machine, or is no text."""
        text.encode()  # a lone surrogate is none
        shown = text + drawing
        if found := COMPLAINT.search(text):
            raise ValueError(f"Python says {found[0]!r}: an error that nothing catches")
        if found := ADDRESS.search(text):
            raise ValueError(
                f"this shows a place in memory ({found[0]}), another one in each run: give what "
                "is shown a __repr__, or show something else of it"
            )
        if len(self.root) > 1 and re.search(re.escape(self.root) + r"(?![\w-])", shown):
            raise ValueError("this shows where the repository lies on this machine")
        if found := NOT_IN_HTML.search(drawing):
            raise ValueError(f"the drawing holds the character {found[0]!a}")
        if message := why_not(drawing):
            raise ValueError(f"the drawing can't stand on a page: {message}")
        if loose := _loose_tag(drawing):
            raise ValueError(f"the drawing is no whole HTML: its {loose} has no other half")

    # ---- errors -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _limit(self):
        """Stop a step that runs too long; who runs the page stops what ignores this."""
        set_timer(self.seconds)
        try:
            yield
        finally:
            set_timer(0)

    def _stop(self, *_):
        raise BlockStopped(stopped_after(self.seconds))

    def _note(self, kind, error, trace):
        line = self._last_line(traceback.walk_tb(trace))
        line = line or self._last_line(reversed([*traceback.walk_stack(None)]))
        self.aside.append((line or 1, error or kind()))

    def _note_of_thread(self, caught):
        if not issubclass(caught.exc_type, SystemExit):
            self._note(*caught[:3])

    def _last_line(self, frames):
        """The last line of the page itself in some frames, with their lines; 0 if there is none."""
        return [0, *(n for frame, n in frames if frame.f_code.co_filename == self.path)][-1]

    def _line_of(self, error, line):
        """The deepest line of the page itself that was running."""
        if isinstance(error, SyntaxError) and error.filename == self.path and error.lineno:
            return error.lineno
        return self._last_line(traceback.walk_tb(error.__traceback__)) or line

    def _describe(self, error):
        name = type(error).__name__
        try:
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            message = str(message).encode("utf-8", "backslashreplace").decode()
        except BaseException as caught:
            return f"{name}, whose text can't be had ({type(caught).__name__})"
        if isinstance(error, BlockStopped):
            return message
        message = message.replace(self.root + os.sep, "")
        return f"{name}: {message}" if message else name


def set_timer(seconds):
    """Let the step end after so long, or never for 0; return how long was left before."""
    return signal.setitimer(signal.ITIMER_REAL, seconds)[0] if hasattr(signal, "setitimer") else 0


def stopped_after(seconds):
    """What is said of a step that ran too long."""
    return f"the block still ran after {seconds:g} s and was stopped"


def _kinds(error):
    if isinstance(error, BlockStopped):
        return ()
    return [kind.__name__ for kind in type(error).__mro__]


def draw(value):
    """Return HTML or SVG of a value that can draw itself, or an empty string.

    Raises:
        TypeError: what it draws is no text.
    """
    if isinstance(value, type) or _method(value, "_has_every_name_that_one_asks_for_"):
        return ""
    for name in ("_repr_html_", "_repr_svg_"):
        method = _method(value, name)
        drawn = method() if method else None
        if isinstance(drawn, tuple) and drawn:
            drawn = drawn[0]  # Jupyter's (drawing, what is known about it)
        if drawn is None:
            continue
        if not isinstance(drawn, str):
            kind = type(drawn).__name__
            raise TypeError(f"{name} of {type(value).__name__} returned {kind}, not text")
        return str.__str__(drawn)
    return ""


def _loose_tag(html):
    """The tag of some HTML that is not closed, or closes nothing; "" if there is none."""
    opened: list[str] = []
    for tag in TAG.finditer(html):
        name = (tag["name"] or "").lower()
        if not tag["closes"]:
            if name and name not in VOID and not tag["ends"]:
                opened.append(name)
            continue
        while opened and opened[-1] != name and opened[-1] in OPTIONAL:
            opened.pop()
        if not opened or opened.pop() != name:
            return f"</{name}>"
    return next((f"<{name}>" for name in opened if name not in OPTIONAL), "")


def _method(value, name):
    with contextlib.suppress(Exception):
        method = getattr(value, name, None)
        return method if callable(method) else None


def _ordered(value, depth=3):
    """Return a value; refuse a set whose order is another one in each process."""
    if isinstance(value, (set, frozenset)) and len(value) > 1 and not all(map(_is_fixed, value)):
        raise ValueError("a set has no order, and shows another one each time: show sorted(…)")
    if depth and isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, (list, tuple, dict, set, frozenset)):
                _ordered(part, depth - 1)
    return value


def _is_fixed(value):
    """Whether the hash of a value is the same in each process."""
    return isinstance(value, Number) or (
        isinstance(value, (tuple, frozenset)) and all(map(_is_fixed, value))
    )


_BUILTINS, _ORIGINAL = builtins.__dict__, builtins.__dict__.copy()


def _put_back_builtins():
    """Refuse another `len`: what runs the page needs Python's own, and so does all that follows."""
    changed = [name for name in _ORIGINAL if _BUILTINS.get(name) is not _ORIGINAL[name]]
    _BUILTINS.update(_ORIGINAL)
    if changed:
        raise ValueError(f"builtins.{changed[0]} is replaced: give yours a name of its own")


# ---- what is not quite as Python has it: `assert` shows both sides --------------------------

COMPARE = "compare both sides of an assert"  # a name that nobody can type
SIGNS = {  # operator -> (function, what its opposite is called)
    ast.Eq: (operator.eq, "!="),
    ast.NotEq: (operator.ne, "=="),
    ast.Lt: (operator.lt, ">="),
    ast.LtE: (operator.le, ">"),
    ast.Gt: (operator.gt, "<="),
    ast.GtE: (operator.ge, "<"),
    ast.Is: (operator.is_, "is not"),
    ast.IsNot: (operator.is_not, "is"),
    ast.In: (lambda left, right: left in right, "not in"),
    ast.NotIn: (lambda left, right: left not in right, "in"),
}
CHECKS = {kind.__name__: check for kind, check in SIGNS.items()}


class _ShowBothSides(ast.NodeTransformer):
    """`assert a == b` fails with the values of both sides, each evaluated once.

    Any other assert without a message of its own fails with its own text.
    """

    def visit_Assert(self, node):
        test = node.test
        if node.msg is not None:
            return node
        if not isinstance(test, ast.Compare) or len(test.ops) > 1:
            node.msg = ast.copy_location(ast.Constant(f"{ast.unparse(test)} is false"), node)
            return node
        kind = ast.Constant(type(test.ops[0]).__name__)
        name = ast.Name(COMPARE, ast.Load())
        call = ast.Expr(ast.Call(name, [test.left, kind, test.comparators[0]], []))
        for made in (call, call.value, name, kind):
            ast.copy_location(made, node)
            made.end_lineno = node.lineno
        return call


def _compare(left, kind, right):
    check, opposite = CHECKS[kind]
    if not check(left, right):
        raise AssertionError(f"{left!r} {opposite} {right!r}")


# ---- who set what ---------------------------------------------------------------------------


class _Chain:
    """What a block and its continuations share: a module, and who set each name in it."""

    def __init__(self):
        self.module = sys.modules["__main__"] = types.ModuleType("__main__")
        self.namespace = self.module.__dict__
        self.flags = 0  # what the chain takes from __future__
        self.set_by = {}  # name -> number of the block that set it last
        self.lacking = set()  # names that a failed block should have set


def _names_set(source, path):
    """Names that a block binds or changes at its top level: x = …, x[0] = …, def x, import x."""
    table = symtable.symtable(source, path, "exec")
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_local()}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            while isinstance(node, (ast.Subscript, ast.Attribute)):
                node = node.value
            names |= {node.id} if isinstance(node, ast.Name) else set()
    return names
