import numpy as np
import pytest

from figures.kit.numbers import (
    count_in_words,
    format_count,
    format_number,
    format_rounded,
    join_words,
    matrix_in_words,
    round_up,
)

MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (0, "0", "0"),
        (-0.0, "0", "0"),
        (1.0, "1", "+1"),
        (-2, f"{MINUS}2", f"{MINUS}2"),
        (0.5, "0.5", "+0.5"),
        (-0.25, f"{MINUS}0.25", f"{MINUS}0.25"),
        (100, "100", "+100"),
        (1 / 3, "0.33", "+0.33"),
        (0.4999, "0.50", "+0.50"),
        (-0.001, f"{MINUS}0.00", f"{MINUS}0.00"),
    ],
)
def test_numbers_have_a_real_minus_and_short_halves(value, plain, signed):
    assert format_number(value) == plain
    assert format_number(value, signed=True) == signed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.0312, "0.031"),
        (-0.37123, f"{MINUS}0.37"),
        (1.5, "1.5"),
        (123.4, "123"),
        (0.045, "0.045"),
        (1600, "1600"),
    ],
)
def test_rounded_numbers_keep_two_digits(value, expected):
    assert format_rounded(value) == expected


def test_counts():
    words = [count_in_words(count) for count in (0, 7, 20, 21, 1600)]
    assert words == ["no", "seven", "twenty", "21", "1600"]
    assert format_count(9999) == "9999" and format_count(44_000) == "44,000"


def test_words_are_joined_as_in_prose():
    assert [join_words("abc"[:n]) for n in (0, 1, 2, 3)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("value", "leads", "rounded"),
    [(0.3, (1, 2, 4), 0.4), (0.4, (1, 2, 4), 0.4), (41, (1, 2, 4), 100), (1, (1, 2, 5), 1)],
)
def test_a_number_is_rounded_up_to_the_next_round_one(value, leads, rounded):
    assert round_up(value, leads) == pytest.approx(rounded)


def test_a_matrix_is_said_row_by_row():
    values = np.array([[1.0, -2], [0.5, 3]])
    assert matrix_in_words("Z3", values) == f"Z3 is 2×2: 1, {MINUS}2; 0.5, 3."
