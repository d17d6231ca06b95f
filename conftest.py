"""Makes the blocks of the lessons tests: see weave/pytest_adapter.py."""

import pytest
from pytest_markdown_docs.plugin import MarkdownDocstringCodeModule

from weave.pytest_adapter import Parser


def pytest_markdown_docs_markdown_it():
    return Parser()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Pages are tested, docstrings are not: the plugin would also import every Python file."""
    collectors = yield
    return [c for c in collectors if not isinstance(c, MarkdownDocstringCodeModule)]
