"""Keeps what a page's code writes out of the repository: other pages read it, and `serve` watches.

A page that wrote below data/ would change what the next one reads, and make `serve` build again
without end.
"""

from __future__ import annotations

import os
import sys

WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
CHANGES = {  # events of Python's auditing, and which of their arguments is a path that changes
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.truncate": (0,),
    "os.rename": (0, 1),
    "os.link": (1,),
    "os.symlink": (1,),
}
FREE = {".cache", "__pycache__"}  # folders that may be written: each file there says what it is of


def keep_out(root):
    """Refuse, in this process from now on, what would write below a folder.

    The code that tries gets a PermissionError that names the file.
    """
    root = os.path.realpath(root)

    def refuse(event, arguments):
        if event == "open":
            paths = arguments[:1] if (arguments[2] or 0) & WRITES else ()
        else:
            paths = [arguments[number] for number in CHANGES.get(event, ())]
        for path in paths:
            if isinstance(path, (str, bytes, os.PathLike)):
                inside = _inside(root, os.fsdecode(path))
                if inside and not FREE.intersection(inside.split(os.sep)):
                    raise PermissionError(f"a page may not write into the repository: {inside}")

    sys.addaudithook(refuse)


def _inside(root, path):
    """A path relative to a folder, if it lies below."""
    path = os.path.realpath(path)
    return os.path.relpath(path, root) if path.startswith(root + os.sep) else ""
