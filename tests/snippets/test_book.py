"""The order in which snippets are read is one in which each needs only those before it."""

import ast
import re
from pathlib import Path

import snippets

FOLDER = Path(snippets.__file__).parent
TOOLS = {"check", "pencil", "pencil_methods"}
ORDER = re.findall(r"^    (\w+) +\w", snippets.__doc__, re.M)


def needs(name):
    """Return the snippets that a file imports."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "snippets":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("snippets."):
            found.add(node.module.removeprefix("snippets."))
    return found


def test_the_reading_order_names_every_file():
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert sorted([*ORDER, *TOOLS]) == sorted(files)


def test_each_file_needs_only_those_before_it():
    for i, name in enumerate(ORDER):
        assert needs(name) <= {*ORDER[:i], "check"}, name
    assert not any(needs(name) for name in TOOLS)
