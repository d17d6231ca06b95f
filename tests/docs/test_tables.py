"""Tables in the pages: their numbers come from blocks, and each has a name of its own."""

import re

from tests.docs.pages import every_page
from weave.pytest_adapter import woven


@every_page
def test_no_row_of_a_table_holds_more_than_three_values(file):
    rows = [line for line in file.read_text(encoding="utf-8").split("\n") if line[:1] == "|"]
    crowded = [row for row in rows if row.count("{{") > 3]
    assert not crowded, "make it a table(...) in a block, see figures/kit/table.py"


@every_page
def test_each_table_of_a_block_has_a_name_of_its_own(file):
    drawn = [block.outcome.drawing or "" for block in woven(file).blocks]
    names = re.findall(r'class="table-scroll"[^>]* aria-label="([^"]*)"', "".join(drawn))
    assert len(names) == len(set(names))
