"""How every number of a drawing is written, rounded and said in words."""

from math import floor, log10

from snippets import check

MINUS = "−"  # U+2212, as wide as a digit and as the plus; a hyphen is neither

SMALL = (
    "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen twenty"
).split()


def format_number(value, signed=False):
    """Write a number as a cell shows it.

    A number that two decimals hold exactly is written as short as it goes: 1, −0.5, 0.25. Any
    other is rounded and keeps both decimals, so 0.50 is near a half and 0.5 is one.

    Args:
        value: a finite number.
        signed: write + before a positive one, as in ΔW.
    """
    value = float(value)
    text = f"{abs(value):.2f}"
    if float(text) == abs(value):
        text = text.rstrip("0").rstrip(".")
    if value < 0:
        return MINUS + text
    return "+" + text if signed and value > 0 else text


def format_rounded(value, signed=False):
    """Write a number with two significant digits, no exponent: 0.0312 becomes 0.031, 1.5 stays."""
    value = float(value)
    exponent = int(f"{value:.1e}".partition("e")[2])
    text = f"{abs(value):.{max(1 - exponent, 0)}f}"
    if float(text) == abs(value) and "." in text:
        text = text.rstrip("0").rstrip(".")
    sign = MINUS if value < 0 else "+" if signed and value > 0 else ""
    return sign + text


def format_count(count):
    """Write a count in digits, with commas from 10,000 up."""
    return f"{count:,}" if count >= 10_000 else str(count)


def count_in_words(count):
    """Write a count for prose: in words up to twenty."""
    return SMALL[count] if count < len(SMALL) else format_count(count)


def join_words(words):
    """Join words as prose does: W1; W1 and W2; W1, W2 and W3."""
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def rows_in_words(values):
    """Write the numbers of a matrix, row by row: 1, −2; 0.5, 3."""
    return "; ".join(", ".join(map(format_number, row)) for row in values)


def matrix_in_words(name, values):
    """Say of a matrix how large it is and what it holds: Z3 is 2×2: 1, −2; 0.5, 3."""
    return f"{name} is {check.shape_text(values.shape)}: {rows_in_words(values)}."


def round_up(value, leads):
    """Return the smallest round number that is not below a value.

    Args:
        value: above 0.
        leads: what a round number may be, times a power of ten; from 1 up to below 10.
    """
    power = 10.0 ** floor(log10(value))
    return next(lead * power for lead in (*leads, 10) if lead * power >= value)
