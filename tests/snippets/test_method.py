"""Lines as they are handed to the browser; what follows from them is in test_derive.py."""

import json

from snippets.derive import step_lines
from snippets.method import Line, Term, lora_lines


def test_lines_pass_through_json():
    lines = step_lines(lora_lines((1, 2, 3), (2, 3)), {"A3", "B2"}, "cross-entropy")
    lists = json.loads(json.dumps(lines))
    back = [
        Line(name, tuple(Term(times, tuple(factors)) for times, factors in terms), *rest)
        for name, terms, *rest in lists
    ]
    assert back == lines
