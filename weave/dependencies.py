"""Which of our files some code depends on: what it imports and what it reads below data/."""

from __future__ import annotations

import hashlib
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("snippets", "experiments", "figures")
DATA = "data"
NAMED = re.compile(  # in a string: how a path begins
    rf"""["']({DATA}(?:/[\w./-]*|(?=["']))|docs/assets/[\w./-]+)"""
)
FROM = re.compile(r"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.M)
IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n]+)", re.M)
UNSEEN = re.compile(r"\bimport_module\b|\b__import__\b|^[ \t]*from[ \t]+\.", re.M)


class _Read(NamedTuple):
    """What one file holds: `asks` for everything if its imports can't be seen."""

    digest: bytes
    modules: tuple
    data: tuple
    asks: bool


class Code:
    """Our code and data as they lie on the disk now.

    Args:
        root: the folder that holds the packages and data/.
    """

    def __init__(self, root):
        self.root, self.modules = root, {}
        for package in PACKAGES:
            for file in (root / package).rglob("*.py"):
                names = file.relative_to(root).with_suffix("").parts
                self.modules[".".join(names[:-1] if names[-1] == "__init__" else names)] = file
        self.data = sorted(file for file in (root / DATA).rglob("*") if file.is_file())

    def stamps(self):
        """Return {file of our code: when it was changed, and its size}."""
        return {file: stamp(file) for file in self.modules.values()}

    def behind(self, sources):
        """Return our files that some code imports, and those below data/ that any of it names.

        `from figures.kit.plot import plot` does not count figures/__init__.py, which only passes
        names on: else each figure of each lesson would be behind all that is plotted.
        """
        seen: set[Path] = set()
        waiting = [_read_text(source) for source in sources]
        while waiting:
            read = waiting.pop()
            found = {self.modules[name] for name in read.modules if name in self.modules}
            if read.asks:
                found.update(self.modules.values())
            new = found - seen
            seen |= new
            seen.update(file for path in read.data for file in self.files_at(path))
            waiting += [_read_file(file, stamp(file)) for file in new]
        return seen

    def digest(self, sources):
        """Return a digest of all that is behind some code, names and contents."""
        made = hashlib.sha256()
        for file in sorted(self.behind(sources)):
            made.update(file.relative_to(self.root).as_posix().encode() + b"\0")
            made.update(_read_file(file, stamp(file)).digest)
        return made.hexdigest()

    def files_at(self, path):
        """Return the file of that path; else all below it, or in the folder where it begins."""
        found = self.root / path
        if found.is_file():
            return [found]
        folder = found if found.is_dir() else found.parent
        return [file for file in self.data if folder in file.parents]


def stamp(file):
    """A file's time and size."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def forget_modules():
    """Make Python read our packages anew at their next import."""
    for name in [n for n in sys.modules if n.partition(".")[0] in PACKAGES]:
        del sys.modules[name]


@lru_cache(maxsize=1024)
def _read_file(file, stamp):
    content = file.read_bytes()
    read = (
        _read_text(content.decode("utf-8", "replace"))
        if file.suffix == ".py"
        else _Read(b"", (), (), False)
    )
    return read._replace(digest=hashlib.sha256(content).digest())


@lru_cache(maxsize=4096)
def _read_text(source):
    """Read the imports of some code without parsing it, which takes as long as some pages."""
    names = []
    for module, imported in FROM.findall(source):
        words = re.sub(r"#[^\n]*|\bas[ \t]+\w+|[()\\]", " ", imported).replace(",", " ").split()
        names += [module, *(f"{module}.{word}" for word in words)]
    for line in IMPORT.findall(source):
        names += [part.split()[0] for part in line.partition("#")[0].split(",") if part.split()]
    ours = tuple(name for name in names if name.partition(".")[0] in PACKAGES)
    # `import a.b` runs a/__init__.py as `import a` does; what it passes on is asked for by name
    return _Read(b"", ours, tuple(NAMED.findall(source)), bool(UNSEEN.search(source)))
