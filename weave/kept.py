"""What was made before, below .cache/: each file under the digest of all that it was made from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
from functools import lru_cache

STATES = 3  # of each thing, so that going back and forth between two makes nothing anew


class Kept:
    """A folder of such files.

    Args:
        folder: where they lie; made when the first is put there.
        states: how many of each name stay.
    """

    def __init__(self, folder, states=STATES):
        self.folder, self.states = folder, states

    def get(self, name, digest):
        """Return the content of what was put there, or None."""
        file = self._file(name, digest)
        return file.read_bytes() if file.is_file() else None

    def put(self, name, digest, content):
        """Keep some content; an old state of the same name goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self._file(name, digest)
        partial = file.with_suffix(f".{os.getpid()}")  # another process may write it too
        partial.write_bytes(content)
        partial.replace(file)
        states = self.folder.glob(f"{file.name.partition('.')[0]}.*.kept")
        for old in sorted(states, key=lambda state: state.stat().st_mtime_ns)[: -self.states]:
            old.unlink(missing_ok=True)

    def remember(self, name, digest, make):
        """Return the content kept; where there is none, that of make(), and keep it."""
        content = self.get(name, digest)
        if content is None:
            content = make()
            self.put(name, digest, content)
        return content

    def _file(self, name, digest):
        return self.folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.{digest}.kept"


@lru_cache(maxsize=8)
def versions(*packages):
    """Return as text what runs here: the version of Python, the machine, versions of packages."""
    found = [importlib.metadata.version(package) for package in packages]
    return " ".join([platform.python_version(), platform.machine(), *found])


def digest_of(*parts):
    """Return a digest of some texts, one for each order and division of them."""
    made = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        made.update(len(content).to_bytes(8, "big") + content)
    return made.hexdigest()[:32]
