"""What is said of a change is what the arrays have, to the last bit."""

import numpy as np

from figures.kit.change import Change, upper_first

BEFORE = np.array([[0.0, 1], [2, 3]])


def test_a_change_of_one_bit_counts():
    change = Change(BEFORE, np.array([[0.0, 1], [2, np.nextafter(3, 4)]]))
    assert change.count == 1 and change.changed.tolist() == [[False, False], [False, True]]
    assert change.counted() == "4 numbers, 1 of them changes"
    assert change.of_all("W2") == "one of the four numbers of W2"


def test_reach_and_first_row_name_the_numbers():
    change = Change(BEFORE, BEFORE + [[0, 0], [0.5, -2]])
    assert change.reach() == "2 of 4 numbers change, by −2 to +0.5"
    assert change.row() == 1
    assert change.first_row(" of W") == "row 2 of W goes from 2, 3 to 2.5, 1"


def test_nothing_that_changes_is_said_so():
    change = Change(BEFORE, BEFORE)
    assert change.counted() == "4 numbers, none of them changes"
    assert upper_first(change.reach()) == "0 of 4 numbers change"
