"""Matrices of one figure: which are numbers and which are blocks, and on what scale."""

import numpy as np
import pytest

from figures.kit.heat import DEEP
from figures.kit.matrices import (
    LARGEST_GRID,
    WIDEST_GRID,
    Blocks,
    Grids,
    Scale,
    drawing_of,
    network_scales,
    numbers_per_square,
)
from figures.kit.numbers import format_rounded


def scales(size, value=1.0):
    W = np.full((size, size), value)
    return network_scales([W], [W - W], [np.ones((size, 2))])


@pytest.mark.parametrize(
    ("size", "value", "kind"),
    [
        (LARGEST_GRID, 1.0, Grids),
        (LARGEST_GRID + 1, 1.0, Blocks),
        (LARGEST_GRID, -100.25, Blocks),  # six cells of three squares
    ],
)
def test_numbers_are_drawn_where_they_fit(size, value, kind):
    drawn = drawing_of(scales(size, value))
    assert type(drawn) is kind
    if kind is Grids:
        assert drawn.widest <= WIDEST_GRID and not drawn.legend and drawn.store is None


@pytest.mark.parametrize(
    ("most", "count"), [(1, 1), (4, 1), (5, 2), (9, 2), (10, 5), (22, 5), (23, 10), (40, 10)]
)
def test_a_square_holds_a_round_number_and_a_block_four_and_a_half_squares(most, count):
    assert numbers_per_square(most) == count
    assert most <= 4.5 * count


def test_cells_are_of_one_width_save_those_of_a_scale_apart():
    W, outputs = np.full((2, 2), -10.5), np.ones((2, 2))
    drawn = Grids(network_scales([W], [W / 100], [outputs]))
    assert drawn.cells == {"W": 2, "Δ": 2, "X": 1, "H": 1, "Y": 1}
    assert drawn.widest == 4


def test_a_change_is_as_deep_as_its_own_scale_says():
    W, delta = np.eye(8), np.eye(8) / 100
    drawn = Blocks([Scale("W", "W", [W]), Scale("ΔW", "Δ", [delta])])
    for values, kind, label in ((W, "new", "W'1"), (delta, "delta", "B1 A1")):
        drawn.draw(values, kind=kind, label=label)
    maps = [part.split(">", 1)[1] for part in drawn.store.maps.values()]
    assert maps[0] == maps[1]  # each eye is deep where it is not 0
    deep = [format_rounded(DEEP), format_rounded(DEEP / 100)]
    assert f"Deep colour starts at {deep[0]} for W and {deep[1]} for ΔW" in drawn.legend
    assert "One square is 2 × 2 numbers." in drawn.legend
