"""Where a page stands among the lessons: all of it follows from the nav in mkdocs.yml.

A series is a section of the nav with an index page; its other pages are its lessons, in order.
Labs are Python files, and no lessons.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

WORDS_A_MINUTE = 138  # reading to memorise, after R. P. Carver, Reading Rate (1990)
NEIGHBOURS = 12  # lessons listed to each side; a page stays small however long its series


@dataclass(frozen=True)
class Series:
    """`section` is MkDocs' section; `index` its index page; `lessons` its other pages, in order."""

    section: Any
    index: Any
    lessons: list

    @property
    def title(self):
        return self.section.title


class Place(NamedTuple):
    """The number of a lesson, from 1, in its series."""

    series: Series
    number: int

    @property
    def page(self):
        return self.series.lessons[self.number - 1]

    @property
    def count(self):
        return len(self.series.lessons)


class Entry(NamedTuple):
    """A lesson as a list shows it: its number in the series, and its page."""

    number: int
    page: object


def find_series(items):
    """Return every Series in a nav's items, in order."""
    found = []
    for item in items:
        children = item.children or []
        pages = [child for child in children if child.is_page]
        indexes = [page for page in pages if page.is_index]
        lessons = [p for p in pages if not p.is_index and p.file.src_uri.endswith(".md")]
        if indexes and lessons:
            found.append(Series(item, indexes[0], lessons))
        found += find_series([child for child in children if child.is_section])
    return found


def find_places(all_series):
    """Return {source file of the lesson: Place}."""
    return {
        lesson.file.src_uri: Place(series, number)
        for series in all_series
        for number, lesson in enumerate(series.lessons, 1)
    }


def nearby(series, number=1):
    """Return the entries next to a lesson, itself included: all of them in a short series.

    Args:
        series: a Series.
        number: the lesson's number, from 1.
    """
    first = max(1, number - NEIGHBOURS)
    last = first + 2 * NEIGHBOURS
    return [Entry(n, page) for n, page in enumerate(series.lessons[first - 1 : last], first)]


def find_trail(page, homepage):
    """Return the breadcrumb as (title, page or None) from the library down to `page`.

    A section links to its index page, if it has one; the last entry is where the reader is.
    """
    trail = [(homepage.title, homepage)] if homepage else []
    for section in reversed(page.ancestors):
        pages = [child for child in section.children if child.is_page and child.is_index]
        trail.append((section.title, pages[0] if pages else None))
    if not trail or trail[-1][1] is not page:
        trail.append((page.title, page))
    return trail


def reading_minutes(words):
    """Return how many minutes a careful reader takes for so many words, 1 at least.

    Raises:
        ValueError: `words` is negative.
    """
    if words < 0:
        raise ValueError(f"words must be 0 or more, got {words}")
    return max(1, math.ceil(words / WORDS_A_MINUTE))
