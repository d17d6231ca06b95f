"""Symbols as mathematics sets them, from the plain W'3 = W3 + ΔW3 that an author types.

A capital letter on its own is a variable and stands in italics (A and I are words unless a digit
or a prime follows); Δ, digits and operators are upright; digits right after a letter are its
subscript, ' is its prime.
"""

import html
import re

SYMBOL = re.compile(r"(?<![A-Za-z])(Δ?)([B-HJ-Z]|[AI](?=['′\d]))(?![A-Za-z])(['′]?)(\d*)")


def svg_text(text):
    """Return the inside of an SVG <text> whose class sets italics (see figures.css).

    The subscript is tucked under the prime, as in print; what follows climbs back to the line.
    """
    parts, end, lowered = [], 0, False

    def add(content, name, shift=""):
        nonlocal lowered
        climb = ' dy="-4"' if lowered and "dy" not in shift else ""
        lowered = "dy" in shift
        attributes = (f' class="{name}"' if name else "") + shift + climb
        parts.append(f"<tspan{attributes}>{content}</tspan>" if attributes else content)

    for match in SYMBOL.finditer(text):
        if match.start() > end:
            add(html.escape(text[end : match.start()], quote=False), "up")
        delta, letter, prime, digits = match.groups()
        if delta:
            add("Δ", "up")
        add(letter + ("′" if prime else ""), "")
        if digits:
            add(digits, "sub", (' dx="-4"' if prime else "") + ' dy="4"')
        end = match.end()
    if end < len(text):
        add(html.escape(text[end:], quote=False), "up")
    return "".join(parts)


def html_text(text):
    """Return the same as HTML, for a caption."""

    def symbol(match):
        delta, letter, prime, digits = match.groups()
        return f"{delta}<i>{letter}</i>{'′' if prime else ''}" + (
            f"<sub>{digits}</sub>" if digits else ""
        )

    return SYMBOL.sub(symbol, html.escape(text, quote=False))
