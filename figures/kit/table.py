"""A table that a notebook or a page shows: words at the left, numbers under each other."""

import html
from typing import NamedTuple

import numpy as np


class Table(NamedTuple):
    """`head` names the columns; each row begins with what it is about; cells are texts."""

    head: tuple
    rows: tuple

    def _repr_html_(self):
        head = "".join(_cell("th", text, i, ' scope="col"') for i, text in enumerate(self.head))
        rows = "".join(
            f'<tr><th scope="row">{html.escape(str(row[0]))}</th>'
            + "".join(_cell("td", text, 1) for text in row[1:])
            + "</tr>"
            for row in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def table(head, rows):
    """Return a Table.

    Args:
        head: the names of the columns.
        rows: lists of texts, as long as head; the first text says what the row is about.

    Raises:
        ValueError: no column, or a row of another length.
    """
    head, rows = tuple(head), tuple(tuple(row) for row in rows)
    if not head:
        raise ValueError("head must name a column or more, got none")
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"each of rows must have {len(head)} texts, as head has, got {row!r}")
    return Table(head, rows)


def mean_and_spread(values):
    """Return the mean of two numbers or more and their standard deviation, as "0.136 ± 0.061".

    Raises:
        ValueError: values holds fewer than two numbers.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"values must hold two numbers or more, got shape {values.shape}")
    return f"{values.mean():.3f} ± {values.std(ddof=1):.3f}".replace(" ", "\N{NO-BREAK SPACE}")


def _cell(tag, text, column, more=""):
    align = ' class="right"' if column else ""
    return f"<{tag}{align}{more}>{html.escape(str(text))}</{tag}>"
