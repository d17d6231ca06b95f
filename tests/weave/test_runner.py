"""runner.py: pages run one by one or side by side, and none changes another."""

from tests.weave.pages import block
from weave.page import Source
from weave.runner import weave_sources


def test_pages_come_back_in_order_with_their_own_lines():
    sources = [Source("a.md", block("1 / 0"), 3), Source("b.md", "{{ 1 + 1 }}\n")]
    first, second = weave_sources(sources)
    assert [str(problem) for problem in first.problems] == [
        "a.md:5: ZeroDivisionError: division by zero"
    ]
    assert (second.path, second.problems) == ("b.md", [])
