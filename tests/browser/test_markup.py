"""What no page may hold, as the Nu HTML checker sees it; axe is content with some of it."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

NAMELESS = {"b", "code", "div", "em", "i", "p", "pre", "small", "span", "strong", "sub", "sup"}
CELLS = {"tr", "th", "td"}


class Markup(HTMLParser):
    """Collect start tags that give a name or a role to what can't have one."""

    def __init__(self, html):
        super().__init__()
        self.refused = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        keys = {key for key, _ in attrs}
        is_named = keys & {"aria-label", "aria-labelledby"}
        if (tag in NAMELESS and is_named and "role" not in keys) or (
            tag in CELLS and "role" in keys
        ):
            self.refused.append(f"line {self.getpos()[0]}: {self.get_starttag_text()}")


@pytest.mark.parametrize(
    "html",
    [
        '<div aria-label="x">',
        '<br><span\naria-labelledby="x"/>',
        '<td role="cell">',
        "<tr role=row>",
    ],
)
def test_a_name_or_role_without_use_is_found(html):
    assert len(Markup(html).refused) == 1


@pytest.mark.parametrize(
    "html",
    ['<div role="group" aria-label="x">', '<table aria-label="x"><td>', '<td aria-label="x">'],
)
def test_a_name_that_is_read_out_is_let_through(html):
    assert Markup(html).refused == []


def test_no_page_gives_a_name_or_a_role_to_what_cannot_have_one(site):
    pages = sorted(Path(site.folder).rglob("*.html"))
    assert pages
    refused = [
        f"{page.relative_to(site.folder)}, {found}"
        for page in pages
        for found in Markup(page.read_text(encoding="utf-8")).refused
    ]
    assert not refused, "\n".join(refused)
