"""The pages of the site, for tests that look at each."""

import pytest

from weave.page import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def with_pages(*files):
    """Give a test one page after the other; their names give them to one worker: conftest.py."""
    names = [file.relative_to(ROOT).as_posix() for file in files]
    return pytest.mark.parametrize("file", files, ids=names)


every_page = with_pages(*PAGES)
