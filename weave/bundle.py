"""What a page's code needs away from the repository, in one zip file: code, data, stylesheets."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import NamedTuple

from weave.dependencies import NAMED, Code

ALWAYS = ("LICENSE", "LICENSE-docs")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip file's first day, so that equal files give equal bytes


class Bundle(NamedTuple):
    """A zip file: its name holds a digest of its content."""

    name: str
    content: bytes

    @property
    def digest(self):
        return hashlib.sha256(self.content).hexdigest()


def make_bundle(root, name, sources):
    """Return the Bundle of a repository.

    Args:
        root: its folder.
        name: what the file's name begins with.
        sources: code that reads files of ours: each that they or the packages name is put in, or
            all that the named folder holds.
    """
    code = Code(root)
    ours = list(code.modules.values())
    data = [
        file
        for source in (*sources, *(file.read_text("utf-8", "replace") for file in ours))
        for path in NAMED.findall(source)
        for file in code.files_at(path)
    ]
    more = [root / path for path in ALWAYS if (root / path).is_file()]
    inside = {file.relative_to(root).as_posix(): file for file in [*ours, *data, *more]}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, file in sorted(inside.items()):
            entry = zipfile.ZipInfo(path, LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    content = packed.getvalue()
    return Bundle(f"{name}.{hashlib.sha256(content).hexdigest()[:10]}.zip", content)
