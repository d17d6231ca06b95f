"""Runs pages: the one way in for the build, the tests and whoever else weaves."""

from __future__ import annotations

from weave.page import weave_page


def weave_sources(sources, *, twice=True, processes=None):
    """Run pages and return them as a list of Page, in order; never raises for what is on a page.

    Args:
        sources: Sources, as read_page returns them.
        twice: run each page a second time, and refuse what comes out different.
        processes: how many pages may run side by side; None for one a processor.
    """
    pages = []
    for source in sources:
        page = weave_page(
            source.text,
            source.path,
            source.offset,
            source.description,
            source.description_line,
            twice,
        )
        page.problems[:0] = source.problems
        pages.append(page)
    return pages
