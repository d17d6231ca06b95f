"""Code is marked where it has a colour."""

import re

from tests.browser.support import DOCS
from weave import render


def test_only_code_with_a_colour_is_marked():
    html = render.code("for i in x:\n    print(i + 1)  # why", 1)
    assert re.findall(r'<span class="([^"]*)">', html) == ["k", "ow", "nb", "mi", "c1"]
    assert re.sub(r"<[^>]*>", "", html).strip() == "for i in x:\n    print(i + 1)  # why"


def test_the_stylesheet_colours_what_is_marked_and_no_more():
    css = (DOCS / "assets/stylesheets/site.css").read_text("utf-8")
    lists = re.findall(r"\.highlight :is\(([^)]*)\)", css)
    assert " ".join(lists).replace(",", "").replace(".", "").split() == render.MARKED.split()
