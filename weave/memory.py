"""What builds remember of pages that came out right, so that what is unchanged need not run again.

A page comes out the same as long as its text stays, and all of our code that it imports, the data
that it names, what the labs found that it reads, the bibliography, this package, and the versions
of Python and of the packages that compute and write. All of that goes into the name under which
the woven page is kept below .cache/; where any of it changes, the name does, and the page runs.
Delete the folder to run everything.
"""

from __future__ import annotations

import logging
import pickle
from functools import lru_cache
from pathlib import Path

from weave import citations
from weave.fences import Fence, find_parts
from weave.kept import Kept, digest_of, versions
from weave.runner import weave_sources

log = logging.getLogger("mkdocs.weave")
QUICK = "-quick"  # after the digest of a page that ran as often as `serve` needs
PACKAGES = ("numpy", "Pygments", "latex2mathml", "Markdown")


class Memory:
    """Woven pages by what they were made from: on the disk, and in the process that asks again."""

    def __init__(self, root):
        self.root, self.kept = root, Kept(root / ".cache" / "weave")
        self.woven = {}  # path -> (digest of what it was made from, Page)

    def digest(self, path):
        """Return the digest of what the page of that path was made from last."""
        return self.woven[path][0]

    def weave(self, sources, code, results, thorough=True):
        """Return the woven Page of each Source, and how many of them ran.

        Args:
            sources: Sources, as read_page returns them.
            code: our Code as it lies on the disk.
            results: a function from the code of a page's blocks to what labs found for it, as text.
            thorough: as for weave_sources; what came out right in fewer runs is known to those
                alone who ask for no more.
        """
        digests = [self._digest(source, code, results) for source in sources]
        pages = [self._recall(source, digest, thorough) for source, digest in zip(sources, digests)]
        unknown = [number for number, page in enumerate(pages) if page is None]
        ran = weave_sources([sources[n] for n in unknown], thorough=thorough) if unknown else []
        for number, page in zip(unknown, ran):
            log.debug("ran the blocks of %s", page.path)
            pages[number] = page
            if not page.problems:
                digest = digests[number] + QUICK * (not thorough)
                self.kept.put(page.path, digest, pickle.dumps(page))
        self.woven = {page.path: (digest, page) for digest, page in zip(digests, pages)}
        return pages, len(unknown)

    def remember(self, name, made_from, make):
        """Return what make() makes, or what it made before of the same texts."""
        digest = digest_of(*made_from, ours())
        return pickle.loads(self.kept.remember(name, digest, lambda: pickle.dumps(make())))

    def _digest(self, source, code, results):
        blocks = [p.source for p in find_parts(source.text) if isinstance(p, Fence) and p.is_python]
        behind = code.digest(blocks)
        return digest_of(repr(source), behind, results(blocks), _sources(self.root), ours())

    def _recall(self, source, digest, thorough):
        if self.woven.get(source.path, ("",))[0] == digest:
            return self.woven[source.path][1]
        content = self.kept.get(source.path, digest)
        if content is None and not thorough:
            content = self.kept.get(source.path, digest + QUICK)
        return content and pickle.loads(content)


def _sources(root):
    file = root / citations.FILE
    return file.read_bytes() if file.is_file() else b""


@lru_cache(maxsize=1)
def ours():
    """A digest of this package and of the versions that have a say in what a page comes to."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return digest_of(*(file.read_bytes() for file in files), versions(*PACKAGES))
