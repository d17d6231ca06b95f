"""Symbols as mathematics sets them, from the plain W'3 = W3 + ΔW3 that an author types.

A capital letter or δ on its own is a variable and stands in italics (A and I are words unless a
digit or a prime follows); Δ, digits and operators are upright; digits right after a letter are its
subscript, ' is its prime, ᵀ transposes.
"""

import html
import re

SYMBOL = re.compile(r"(?<![A-Za-z])(Δ?)([B-HJ-Zδ]|[AI](?=['′\d]))(?![A-Za-z])(['′]?)(\d*)(ᵀ?)")


def svg_text(text):
    """Return the inside of an SVG <text> whose class sets italics (see figures.css).

    The subscript is tucked under the prime, as in print; what follows climbs back to the line.
    """
    parts, end, level = [], 0, 0

    def add(content, name, shift="", to=0):
        nonlocal level
        if to != level:
            shift += f' dy="{to - level}"'
        level = to
        attributes = (f' class="{name}"' if name else "") + shift
        parts.append(f"<tspan{attributes}>{content}</tspan>" if attributes else content)

    for match in SYMBOL.finditer(text):
        if match.start() > end:
            add(html.escape(text[end : match.start()], quote=False), "up")
        delta, letter, prime, digits, transposed = match.groups()
        if delta:
            add("Δ", "up")
        add(letter + ("′" if prime else ""), "")
        if digits:
            add(digits, "sub", ' dx="-4"' if prime else "", to=4)
        if transposed:
            add("T", "sub", to=-6)
        end = match.end()
    if end < len(text):
        add(html.escape(text[end:], quote=False), "up")
    return "".join(parts)


def html_text(text):
    """Return the same as HTML, for a caption."""

    def symbol(match):
        delta, letter, prime, digits, transposed = match.groups()
        below = f"<sub>{digits}</sub>" if digits else ""
        above = "<sup>T</sup>" if transposed else ""
        return f"{delta}<i>{letter}</i>{'′' if prime else ''}{below}{above}"

    return SYMBOL.sub(symbol, html.escape(text, quote=False))
