"""A table that a page or a notebook shows: words at the left, numbers under each other."""

import html
import re
from typing import NamedTuple

import numpy as np

from figures.kit.numbers import MINUS, format_count

HYPHEN = re.compile(r"(?<![\w.])-(?=\d)")
RANGE = re.compile(r"(?<=\d)–(?=\d)")
MARKS = ((re.compile(r"\*\*(.+?)\*\*"), "strong"), (re.compile(r"\*(.+?)\*"), "em"))


class Table(NamedTuple):
    """`head` names the columns; each row begins with what it is about; cells are texts."""

    head: tuple
    rows: tuple
    name: str

    def _repr_html_(self):
        right = [any(map(_has_digit, column)) for column in zip(*self.rows)]
        right = [False, *right[1:]] if right else [False] * len(self.head)
        head = "".join(_cell("th", text, at, ' scope="col"') for text, at in zip(self.head, right))
        rows = "".join(
            "<tr>"
            + _cell("th", row[0], False, ' scope="row"')
            + "".join(_cell("td", text, at) for text, at in zip(row[1:], right[1:]))
            + "</tr>"
            for row in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        return scroll_box(table, self.name)


def table(head, rows, name=None):
    """Return a Table.

    Args:
        head: the names of the columns.
        rows: lists of texts and whole numbers, as long as head; the first says what the row is
            about. **bold** and *italic* are set as such. A column with a digit in it is set right.
        name: what a screen reader calls the table; None for the names of the columns. No two
            tables of a page have the same.

    Raises:
        ValueError: no column, a row of another length, or a cell that is neither text nor a whole
            number: how many decimals a number has is for the page to say.
    """
    head, rows = tuple(head), tuple(tuple(row) for row in rows)
    if not head:
        raise ValueError("head must name a column or more, got none")
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"each of rows must have {len(head)} texts, as head has, got {row!r}")
    head, *rows = (tuple(map(_written, row)) for row in (head, *rows))
    return Table(head, tuple(rows), name or ", ".join(head).replace("*", ""))


def scroll_box(table, name):
    """Put the HTML of a table in a box of its own that scrolls, by keyboard too."""
    label = html.escape(f"Table: {name}")
    focus = f'tabindex="0" role="region" aria-label="{label}"'
    return f'<div class="table-scroll" {focus}>{table}</div>'


def mean_and_spread(values):
    """Return the mean of two numbers or more and their standard deviation, as "0.136 ± 0.061".

    Raises:
        ValueError: values holds fewer than two numbers.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"values must hold two numbers or more, got shape {values.shape}")
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}".replace(" ", "\N{NO-BREAK SPACE}")


def _written(cell):
    """Write a cell as all numbers are: commas from 10,000 up, a real minus, ranges in one line."""
    if isinstance(cell, (int, np.integer)) and not isinstance(cell, bool):
        return format_count(cell)
    if not isinstance(cell, str):
        raise ValueError(f"each cell of rows must be a text or a whole number, got {cell!r}")
    return RANGE.sub("–\N{WORD JOINER}", HYPHEN.sub(MINUS, cell))


def _cell(tag, text, right, more=""):
    align = ' class="right"' if right else ""
    text = html.escape(text)
    for mark, name in MARKS:
        text = mark.sub(rf"<{name}>\1</{name}>", text)
    return f"<{tag}{align}{more}>{text}</{tag}>"


def _has_digit(text):
    return any(character.isdigit() for character in text)
