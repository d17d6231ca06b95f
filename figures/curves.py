"""Errors while training, as curves on squared paper."""

import html

import numpy as np

from figures.kit.figure import Figure
from figures.kit.layout import SQUARE, Box, columns, rows
from figures.kit.numbers import format_count, format_number, format_rounded, join_words, round_up
from figures.kit.primitives import note
from snippets import check

KINDS = ("new", "trainable", "frozen", "delta")  # of the runs, in order
WIDE, NARROW = 15, 9  # squares that the plot is wide
HEIGHT, PARTS = 8, 4  # squares that it is high, and parts of the axis
TOPS = (1, 2, 4)  # where an axis ends, times a power of ten: a quarter of it is short to write
APART = 17  # user units from one label to the next
LEFT, LABELS = 1.5, 5.5  # squares for the numbers of the axis, and for the labels


def error_curves(steps, runs, *, caption=""):
    """Draw two errors of each run: of the columns it learns from, dashed, and of others, solid.

    Args:
        steps: where the errors were measured, rising whole numbers, two or more; they stand
            evenly apart.
        runs: {"fine-tuning": (errors on the columns seen, errors on others), ...}; up to four.
        caption: what to say beneath.

    Returns:
        A Figure.

    Raises:
        ValueError: steps that don't rise, no run or more than four, errors that are not one
            number of 0 or more for each step.
    """
    steps = [check.whole_number(step, "each of steps", least=0) for step in steps]
    if len(steps) < 2 or steps != sorted(set(steps)):
        raise ValueError(f"steps must be two or more rising numbers, got {steps}")
    if not 1 <= len(runs) <= len(KINDS):
        raise ValueError(f"runs must hold 1 to {len(KINDS)} runs, got {len(runs)}")
    curves = []
    for (name, pair), kind in zip(runs.items(), KINDS):
        values = check.matrix(pair, f"runs {name!r}")
        check.shape(values, f"runs {name!r}", (2, len(steps)))
        if values.min() < 0:
            raise ValueError(f"runs {name!r} must be 0 or more, got {values.min():g}")
        curves.append((f"{name}, seen", kind, True, values[0]))
        curves.append((f"{name}, held out", kind, False, values[1]))
    largest = max(values.max() for *_, values in curves)
    top = round_up(largest or 1, TOPS)
    return Figure(
        wide=columns(Box(LEFT, 0), _plot(steps, curves, top, WIDE, labels=True), Box(LABELS, 0)),
        narrow=_narrow(steps, curves, top),
        title=f"Errors of {join_words(runs)} while training",
        alt=_in_words(steps, curves),
        caption=caption,
    )


def _narrow(steps, curves, top):
    """Draw the plot with what its lines mean beneath it."""
    plot = columns(Box(LEFT, 0), _plot(steps, curves, top, NARROW), Box(0.75, 0))
    return rows(plot, *(_key(*curve) for curve in curves), gap=0.25)


def _plot(steps, curves, top, width, labels=False):
    """Draw axes and curves; the corner of the box is the corner of the plot."""
    across, down = width * SQUARE, HEIGHT * SQUARE
    x = [across * k / (len(steps) - 1) for k in range(len(steps))]
    parts = [f'<path class="rule" d="M0 0V{down}H{across}"/>']
    for k in range(PARTS + 1):
        value = format_number(top * k / PARTS)
        y = down * (1 - k / PARTS)
        parts.append(f'<text class="size" x="-8" y="{y + 4.5:g}">{value}</text>')
    for step, at in zip(steps, x):
        parts.append(f'<text class="note" x="{at:.1f}" y="{down + 18}">{format_count(step)}</text>')
    parts.append(f'<text class="note" x="{across / 2:g}" y="{down + 37}">steps</text>')
    for _, kind, dashed, values in curves:
        points = [(at, down * (1 - value / top)) for at, value in zip(x, values)]
        line = "L".join(f"{at:.1f} {y:.1f}" for at, y in points)
        dots = "".join(f"M{at:.1f} {y:.1f}h0" for at, y in points)
        name = "curve seen" if dashed else "curve"
        path = f'<path class="{name}" d="M{line}"/><path class="dots" d="{dots}"/>'
        parts.append(f'<g class="{kind}">{path}</g>')
    if labels:
        ends = [(down * (1 - values[-1] / top), name, kind) for name, kind, _, values in curves]
        for y, name, kind in _apart(ends):
            words = html.escape(name)
            text = f'<text class="note start" x="{across + 12}" y="{y + 4.5:.1f}">{words}</text>'
            parts.append(f'<g class="{kind}">{text}</g>')
    return Box(width, HEIGHT, ((0, 0, "".join(parts)),), below=1.4)


def _key(name, kind, dashed, values):
    """Draw a piece of a line and what it means."""
    line = "curve seen" if dashed else "curve"
    path = f'<g class="{kind}"><path class="{line}" d="M0 9H36"/></g>'
    return columns(Box(1.6, 0.6, ((0, 0, path),)), note(name))


def _apart(ends):
    """Move labels up until none lies on another; the lowest stays."""
    placed, last = [], np.inf
    for y, name, kind in sorted(ends, reverse=True):
        last = min(y, last - APART)
        placed.append((last, name, kind))
    return placed


def _in_words(steps, curves):
    first, last = format_count(steps[0]), format_count(steps[-1])
    said = [
        f"{name}: from {format_rounded(values[0])} to {format_rounded(values[-1])}"
        for name, _, _, values in curves
    ]
    return f"Errors from step {first} to step {last}. {'; '.join(said)}."
