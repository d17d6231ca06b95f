"""What builds remember of pages that came out right, so that what is unchanged need not run again.

A page comes out the same as long as its text stays, and all of our code that it imports, the data
that it names, what the labs found that it reads, the bibliography, this package, and the versions
of Python and of the packages that compute and write. All of that goes into the name under which
the woven page is kept below .cache/; where any of it changes, the name does, and the page runs.
Delete the folder to run everything.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import pickle
import platform
import re
from functools import lru_cache
from pathlib import Path

from weave import citations
from weave.dependencies import Code
from weave.fences import Fence, find_parts
from weave.runner import weave_sources

log = logging.getLogger("mkdocs.weave")
PAGES_KEPT = 3  # states of each page, so that going back and forth between two runs nothing
VERSIONS = ("numpy", "Pygments", "latex2mathml")


class Memory:
    """Woven pages by what they were made from: on the disk, and in the process that asks again."""

    def __init__(self, root):
        self.root, self.folder = root, root / ".cache" / "weave"
        self.woven = {}  # path -> (name, Page)

    def weave(self, sources, results):
        """Return the woven Page of each Source, and how many of them ran.

        Args:
            sources: Sources, as read_page returns them.
            results: a function from the code of a page's blocks to what labs found for it, as text.
        """
        code = Code(self.root)
        names = [self._name(source, code, results) for source in sources]
        pages = [self._recall(source, name) for source, name in zip(sources, names)]
        unknown = [number for number, page in enumerate(pages) if page is None]
        for number, page in zip(unknown, weave_sources([sources[n] for n in unknown])):
            log.debug("ran the blocks of %s", page.path)
            pages[number] = page
            self._keep(names[number], page)
        self.woven = {page.path: (name, page) for name, page in zip(names, pages)}
        return pages, len(unknown)

    def _name(self, source, code, results):
        blocks = [p.source for p in find_parts(source.text) if isinstance(p, Fence) and p.is_python]
        parts = (repr(source), code.digest(blocks), results(blocks), _sources(self.root), _ours())
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        return f"{re.sub(r'[^a-z0-9]+', '-', source.path)}.{digest[:32]}"

    def _recall(self, source, name):
        if self.woven.get(source.path, ("",))[0] == name:
            return self.woven[source.path][1]
        file = self.folder / f"{name}.pickle"
        return pickle.loads(file.read_bytes()) if file.is_file() else None

    def _keep(self, name, page):
        if page.problems:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{name}.partial"
        partial.write_bytes(pickle.dumps(page))
        partial.replace(self.folder / f"{name}.pickle")
        states = self.folder.glob(f"{name.partition('.')[0]}.*.pickle")
        for old in sorted(states, key=lambda file: file.stat().st_mtime_ns)[:-PAGES_KEPT]:
            old.unlink(missing_ok=True)


def _sources(root):
    file = root / citations.FILE
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


@lru_cache(maxsize=1)
def _ours():
    """A digest of this package and of the versions that have a say in what a page comes to."""
    made = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        made.update(file.read_bytes())
    versions = [importlib.metadata.version(package) for package in VERSIONS]
    made.update(" ".join([platform.python_version(), platform.machine(), *versions]).encode())
    return made.hexdigest()
