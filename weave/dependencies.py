"""Which of our files a page depends on, so that `serve` runs again only what changed."""

from __future__ import annotations

import ast
import hashlib
import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy

PACKAGES = ("snippets", "experiments", "figures")
DATA = "data"
RUNNER = "weave"


def fingerprint(sources, root):
    """Return what must stay the same for a page with these blocks to come out the same."""
    seen, waiting = {}, [imported for source in sources for imported in _imports(source)]
    while waiting:
        for file in _files_of(waiting.pop(), root):
            if file not in seen:
                seen[file] = stamp(file)
                waiting += _imports_of_file(file, seen[file])
    reads = any(_reads_data(file, when) for file, when in seen.items())
    if reads or any(DATA in source for source in sources):
        seen.update((file, stamp(file)) for file in (root / DATA).rglob("*") if file.is_file())
    return tuple(sorted((str(file), when) for file, when in seen.items()))


def stamp(file):
    """A file's time and size."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def forget_modules():
    """Make Python read our packages anew at their next import."""
    for name in [n for n in sys.modules if n.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


@lru_cache(maxsize=1024)
def _reads_data(file, when):
    return f"{DATA}/" in file.read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _imports_of_file(file, when):
    return _imports(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=8192)
def _imports(source):
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in found if name.partition(".")[0] in PACKAGES]


def _files_of(module, root):
    """The files that importing `a.b.c` runs: a/__init__.py, a/b/__init__.py, a/b/c.py."""
    names = module.split(".")
    for count in range(1, len(names) + 1):
        base = Path(root, *names[:count])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                yield file


class Memory:
    """What builds remember of a page that came out right, for as long as it and the code stay.

    That it is the same when it runs again, so that it runs twice only once; and the HTML of its
    listings. Kept below .cache/, a file a page, named for the page's text and all our code.
    """

    def __init__(self, root):
        self.folder = root / ".cache" / "weave"
        code = hashlib.sha256(f"{sys.version} {numpy.__version__}".encode())
        for package in (*PACKAGES, DATA, RUNNER):
            for file in sorted((root / package).rglob("*.*")):
                if file.suffix in (".py", ".json", ".bib", ".csv"):
                    code.update(file.read_bytes())
        self.code = code.digest()

    def recall(self, *page):
        """Return {source: HTML} of the listings of a page, or None of an unknown one."""
        file = self._file(page)
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def keep(self, listings, *page):
        """Remember a page that ran twice and came out right."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(page).write_text(json.dumps(listings), encoding="utf-8")

    def _file(self, page):
        name = hashlib.sha256(self.code + repr(page).encode()).hexdigest()
        return self.folder / f"{name[:32]}.json"
