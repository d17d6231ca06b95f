"""Runs of the experiment, kept below .cache/ until the code of a run or its arguments change."""

import hashlib
import os
import pickle
from contextlib import suppress
from functools import lru_cache, wraps
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "experiments"
CODE = ("experiments", "snippets")
KEPT = 64  # runs on the disk; a run is some 35 kB, a world 0.4 MB


def kept(function):
    """Let a function of plain arguments run once for each of them, in whatever process it is asked.

    Each call returns a copy of its own.
    """

    @wraps(function)
    def ask(*arguments):
        file = FOLDER / f"{function.__name__}.{_digest(arguments)}.pickle"
        if file.is_file():
            return pickle.loads(file.read_bytes())
        result = function(*arguments)
        content = pickle.dumps(result)
        with suppress(OSError):  # where nothing can be written, nothing is kept
            _keep(file, content)
        return pickle.loads(content)

    return ask


def _keep(file, content):
    FOLDER.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(f".{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(file)
    runs = sorted(FOLDER.glob("*.pickle"), key=lambda run: run.stat().st_mtime_ns)
    for old in runs[:-KEPT]:
        old.unlink(missing_ok=True)


def _digest(arguments):
    return hashlib.sha256(f"{_code()} {arguments!r}".encode()).hexdigest()[:20]


@lru_cache(maxsize=1)
def _code():
    """A digest of all code that a run could use, and of NumPy's version."""
    made = hashlib.sha256(np.__version__.encode())
    for folder in CODE:
        for file in sorted((ROOT / folder).glob("*.py")):
            made.update(file.read_bytes())
    return made.hexdigest()
