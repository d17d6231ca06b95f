"""What contributors are told is so: messages are those of the source, files are where they are."""

import ast
import re
from pathlib import Path

import pytest

from weave.page import ROOT

GUIDES = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ROWS = re.findall(r"^\| (`.*?) \|", TEXT.partition("What the messages mean")[2], re.M)
MESSAGES = [message for row in ROWS for message in re.findall(r"`` ?(.+?) ?``|`(.+?)`", row)]
OF_PYTHON = re.compile(r"[A-Z]\w+(?:Error|Warning): ")  # a block raised it
TO_BE_WRITTEN = {"snippets/my_method.py", "tests/snippets/test_my_method.py"}
TO_BE_WRITTEN |= {"docs/models/fine-tuning/my-method.md", "page.md"}
MADE = {"site/", ".cache/"}
ENOUGH = 11  # characters of a message that no value stands in


def said():
    """All strings of what checks pages, without the values that are put into them."""
    for file in [*(ROOT / "weave").glob("*.py"), ROOT / "site_build.py"]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield " ".join(node.value.split())


SAID = "\n".join(said())


@pytest.mark.parametrize("message", [long or short for long, short in MESSAGES])
def test_a_message_of_the_table_stands_in_the_source(message):
    if OF_PYTHON.match(message):
        return
    for part in re.split(r"…|\.\.\.", message):
        length = min(ENOUGH, len(part.strip()))
        if any(part[at : at + length] in SAID for at in range(len(part) - length + 1) if length):
            return
    pytest.fail("nothing in weave/ says so: correct the table in CONTRIBUTING.md")


def test_the_table_was_found():
    assert len(MESSAGES) > 50


@pytest.mark.parametrize("guide", GUIDES)
def test_files_that_a_guide_names_are_there(guide):
    text = (ROOT / guide).read_text("utf-8")
    named = set(re.findall(r"`([\w./-]+(?:/|\.(?:py|md|toml|yml|js|css|in|txt)))`", text))
    named |= {link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link}
    folders = [Path(), *map(Path, ("docs", "weave", "figures", "snippets", "experiments", "theme"))]
    folders += [Path("docs/assets/javascripts"), Path("docs/models/fine-tuning")]
    missing = {
        name
        for name in named - TO_BE_WRITTEN - MADE
        if not any((ROOT / folder / name).exists() for folder in folders)
    }
    assert missing == set()
