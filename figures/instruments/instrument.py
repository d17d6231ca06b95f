"""What every figure one can touch has: a name, data, buttons, messages. instrument.js wakes it."""

import html
import json
import re

from figures.kit.numbers import MINUS, format_number
from figures.kit.symbols import html_text

MESSAGE = '<p class="message" role="alert"></p>'
STATUS = '<p class="status" role="status"></p>'
COPIED = '<textarea class="copied" rows="3" readonly hidden aria-label="To copy"></textarea>'
DOING = {
    "undo": "Undo",
    "redo": "Redo",
    "reset": "Reset",
    "link": "Copy link",
    "embed": "Embed",
    "picture": "Save picture",
}  # what instrument.js does to the state of any figure


def check_name(name, example):
    """Return a name that can be the id of a figure.

    Raises:
        ValueError: it holds something else than small letters and hyphens.
    """
    if not re.fullmatch("[a-z][a-z-]*", str(name)):
        raise ValueError(
            f'name must be small letters and hyphens such as "{example}", got {name!r}'
        )
    return name


def instrument(kind, name, title, data, inside):
    """Return the element of a figure.

    Args:
        kind: by-hand-{kind}.js takes it over. name: its id. title: what it is called, plain text.
        data: what the script needs; json.dumps must take it.
        inside: HTML.
    """
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")
    return (
        f'<by-hand-{kind} id="{name}" class="instrument" role="group"'
        f' aria-label="{html.escape(title)}">'
        f'<script type="application/json">{told}</script>{inside}</by-hand-{kind}>'
    )


def button(do, word, more=""):
    """Return a button; `do` is what the script does."""
    return f'<button type="button" data-do="{do}"{more}>{word}</button>'


def state_buttons(*which):
    """Return buttons for the state of a figure: all, or those named in DOING."""
    return "".join(button(do, DOING[do]) for do in which or DOING)


def field(key, value="", size=6, mode="decimal", more=""):
    """Return an input for a number; `key` is what the script calls it."""
    value = f' value="{value}"' if value != "" else ""
    return (
        f'<input data-set="{key}"{value} inputmode="{mode}" size="{size}" autocomplete="off"{more}>'
    )


def fieldset(legend, inside, message=MESSAGE):
    """Return controls that belong together, and where it is said what is wrong with them."""
    return f"<fieldset><legend>{legend}</legend>{inside}{message}</fieldset>"


def table_of(values, signed=False, changed=None):
    """Return the rows of a matrix, one cell to a number.

    Args:
        values: (rows, columns). changed: boxes the cells where it is True, the same shape.
    """
    boxed = values != values if changed is None else changed
    return "".join(
        "<tr>"
        + "".join(
            f"<td{' class=changed' if box else ''}>{format_number(value, signed)}</td>"
            for value, box in zip(*pair, strict=True)
        )
        + "</tr>"
        for pair in zip(values.tolist(), boxed.tolist(), strict=True)
    )


def number(value):
    """Write a loss with four significant digits, eight characters or so."""
    value = float(value)
    text = f"{float(f'{value:.4g}'):g}"
    if value and not 1e-3 <= abs(value) < 1e4:
        text = re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.2e}")
    return text.replace("-", MINUS)


def caption_of(text, setting=html_text):
    """Return what is said beneath, or nothing."""
    return f'<p class="caption">{setting(text)}</p>' if text else ""
