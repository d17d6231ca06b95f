"""Counts and measurements of real models, made with real frameworks and kept below data/oracles/.

Here and not in figures/, which draw what they are given, nor in snippets/, which compute.
"""

import json
from pathlib import Path

ORACLES = Path(__file__).parents[1] / "data/oracles"


def oracle(name):
    """Return what an oracle holds, as read from its JSON.

    Args:
        name: of the file, such as "llama-2-7b".

    Raises:
        ValueError: there is no such oracle.
    """
    file = ORACLES / f"{name}.json"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in ORACLES.glob("*.json")))
        raise ValueError(f"name must be one of {known}, got {name!r}")
    return json.loads(file.read_text(encoding="utf-8"))
