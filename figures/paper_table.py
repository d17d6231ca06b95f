"""A table of figures that papers print, beside what their formulas give."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from figures.kit.table import scroll_box

HEAD = ("What", "Printed", "Formula", "Gives", "Reproduces")
SIGNS = {"x": "×", "%": "%", "": ""}


@dataclass(frozen=True)
class PaperTable:
    """Recomputed figures of experiments/paper_figures.py as an HTML table; it draws itself."""

    rows: tuple
    name: str

    def _repr_html_(self):
        heads = "".join(f'<th{_right(head)} scope="col">{head}</th>' for head in HEAD)
        body = "".join(_row(row) for row in self.rows)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        return scroll_box(table, self.name)


def paper_table(rows, name):
    """Return the table of some Recomputed figures, in their order, under a name of its own.

    Raises:
        ValueError: there is none, or one is no Recomputed.
    """
    rows = tuple(rows)
    if not rows or not all(hasattr(row, "verdict") for row in rows):
        raise ValueError(f"rows must list Recomputed figures, one or more, got {rows!r}")
    return PaperTable(rows, name)


def _right(head):
    return ' class="right"' if head in ("Printed", "Gives") else ""


def with_unit(number, unit):
    """Write a figure with its unit: "18.9 M", "3×", "2.1%"."""
    return f"{number}{SIGNS[unit]}" if unit in SIGNS else f"{number}\N{NO-BREAK SPACE}{unit}"


def grouped(printed):
    """Write a printed figure with commas from 10,000 up, as all numbers here are."""
    whole, point, decimals = printed.partition(".")
    return (f"{int(whole):,}" if len(whole) > 4 else whole) + point + decimals


def typeset(formula):
    """Write a formula of the oracle with a power and a product as they are printed."""
    return formula.replace("^2", "²").replace("*", "·")


def digits(row):
    """Write what the formula gives, with a digit more than the paper prints, if it has more."""
    decimals = len(row.printed.partition(".")[2])
    more = round(row.value, decimals) != row.value
    return grouped(f"{row.value:.{decimals + more}f}")


def _row(row):
    verdict = row.verdict if row.verdict == "yes" else f"<strong>{row.verdict}</strong>"
    what, where = escape(row.what, quote=False), escape(row.where, quote=False)
    cells = (
        f"<td>{what}<br><small>{where}</small></td>",
        f'<td class="right">{row.bound} {with_unit(grouped(row.printed), row.unit)}</td>',
        f"<td>{escape(typeset(row.formula), quote=False)}</td>",
        f'<td class="right">{with_unit(digits(row), row.unit)}</td>',
        f"<td>{verdict}</td>",
    )
    note = escape(row.note, quote=False)
    below = f'<tr class="note"><td colspan="{len(HEAD)}">{note}</td></tr>' if note else ""
    return f"<tr>{''.join(cells)}</tr>{below}"
