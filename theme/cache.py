"""What is slow to make and depends on nothing but its recipe is made once."""

import hashlib
from pathlib import Path


def digest(*parts):
    """Return a short name for some content."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part if isinstance(part, bytes) else str(part).encode())
        made.update(b"\0")
    return made.hexdigest()[:10]


def remember(folder, name, make):
    """Return the bytes of folder/name; where there is no such file, those of make(), kept there."""
    kept = Path(folder) / name
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(make())
    return kept.read_bytes()
