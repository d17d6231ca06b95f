"""The lists of all pages' claims and of all sources, and what is wrong with them as a whole."""

from __future__ import annotations

import re
from html import escape
from typing import NamedTuple

from weave.citations import FILE
from weave.fences import Problem
from weave.page import Page

PLACE = re.compile(r'<div data-list="(claims|sources)"></div>')


class Listed(NamedTuple):
    """A page of the site: its title, its address below the site's root, and what was woven."""

    title: str
    url: str
    page: Page


def lists_sources(page):
    """Whether a woven page asks for the list of sources."""
    return "sources" in PLACE.findall(page.text)


def uncited(sources, pages):
    """Return a Problem for each source that no page cites.

    Args:
        sources: {key: Entry}.
        pages: woven Pages.
    """
    cited = {key for page in pages for claim in page.claims for key, _ in claim.sources}
    return [
        Problem(FILE, entry.line, f"nothing cites {key}: cite it as [@{key}], or take it out")
        for key, entry in sources.items()
        if key not in cited
    ]


class Lists:
    """The two lists; `fill` puts them where a page says `<div data-list="claims"></div>`.

    Args:
        pages: Listed pages, in the order of the lists.
        sources: {key: Entry}.
        relative: a function of (address, address of the page that links) that gives a link.
    """

    def __init__(self, pages, sources, relative):
        self.pages, self.sources, self.relative = pages, sources, relative
        listing = (listed.url for listed in pages if lists_sources(listed.page))
        self.bibliography = next(listing, None)

    def fill(self, html, here):
        """Return the HTML of the page at the address `here` with its lists."""
        return PLACE.sub(lambda match: getattr(self, f"{match[1]}_list")(here), html)

    def claims_list(self, here):
        """Every claim with its sources or its block, page by page."""
        html = []
        for listed in self.pages:
            items = "".join(self._claim(claim, listed, here) for claim in listed.page.claims)
            if items:
                html.append(f'<h3>{escape(listed.title)}</h3><ul class="claims">{items}</ul>')
        return "".join(html)

    def _claim(self, claim, listed, here):
        if claim.block:
            shown = [self._link(listed.url, f"block-{claim.block}", f"block {claim.block}", here)]
        else:
            shown = [self._source(key, place, here) for key, place in claim.sources]
        text = listed.page.in_prose(escape(claim.text, quote=False))
        return f"<li>{self._link(listed.url, claim.anchor, text, here)}{_small(shown)}</li>"

    def _source(self, key, place, here):
        name = escape(f"{self.sources[key].short}, {place}" if place else self.sources[key].short)
        return name if self.bibliography is None else self._link(self.bibliography, key, name, here)

    def sources_list(self, here):
        """Every source by name and year, with the pages that cite it."""
        items = []
        for key, entry in sorted(self.sources.items(), key=lambda item: _order(item[1])):
            citing = [
                self._link(listed.url, claim.anchor, escape(listed.title), here)
                for listed in self.pages
                for claim in [c for c in listed.page.claims if key in dict(c.sources)][:1]
            ]
            items.append(f'<li id="{key}">{entry.html()}{_small(citing, "Cited in ")}</li>')
        return f'<ul class="claims">{"".join(items)}</ul>'

    def _link(self, url, anchor, text, here):
        return f'<a href="{self.relative(url, here)}#{anchor}">{text}</a>'


def _small(parts, before=""):
    return f" <small>{before}{', '.join(parts)}</small>"


def _order(entry):
    return entry.authors[0][1].lower(), entry.fields["year"], entry.key
