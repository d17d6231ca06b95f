"""Tables in the pages: their numbers come from blocks, and each has a name of its own."""

import re

import pytest

from weave.page import ROOT
from weave.runner import weave_file

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
every_page = pytest.mark.parametrize("file", PAGES, ids=lambda f: f.relative_to(DOCS).as_posix())


@every_page
def test_no_row_of_a_table_holds_more_than_three_values(file):
    rows = [line for line in file.read_text(encoding="utf-8").split("\n") if line[:1] == "|"]
    crowded = [row for row in rows if row.count("{{") > 3]
    assert not crowded, "make it a table(...) in a block, see figures/kit/table.py"


@every_page
def test_each_table_of_a_block_has_a_name_of_its_own(file):
    drawn = [block.outcome.drawing or "" for block in weave_file(file).blocks]
    names = re.findall(r'class="table-scroll"[^>]* aria-label="([^"]*)"', "".join(drawn))
    assert len(names) == len(set(names))
