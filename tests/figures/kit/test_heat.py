import re

import numpy as np
import pytest

from figures.kit.heat import DEEP, PALE, heat_map, typical_size


def painted(path, shape):
    """Walk the path with its dashes, cell by cell, and return the mask that they paint."""
    cells, x, y = [], 0.0, 0.5
    for letter, number in re.findall(r"([hv])(-?\d+)", re.search(r' d="M0 \.5([^"]*)"', path)[1]):
        for _ in range(abs(int(number))):
            sign = 1 if int(number) > 0 else -1
            if letter == "h":
                cells.append((int(y), int(x + (sign - 1) / 2)))
                x += sign
            else:
                cells.append(None)
                y += sign
    dashes = [int(n) for n in re.search(r'stroke-dasharray="([^"]*)"', path)[1].split()]
    assert len(dashes) % 2 == 0
    on = [bool(1 - k % 2) for k, run in enumerate(dashes) for _ in range(run)]
    mask = np.zeros(shape, dtype=bool)
    for cell, lit in zip(cells, on):
        if lit:
            assert cell is not None, "a turn at the edge is painted"
            mask[cell] = True
    return mask


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1), (4, 4), (5, 3), (40, 30)])
def test_the_dashes_paint_exactly_the_cells_of_their_level(shape):
    values = np.random.default_rng(1).normal(size=shape)
    size = typical_size(values)
    levels = {
        "plus": (values >= PALE * size) & (values < DEEP * size),
        "plus deep": values >= DEEP * size,
        "minus": (-values >= PALE * size) & (-values < DEEP * size),
        "minus deep": -values >= DEEP * size,
    }
    drawn = re.findall("<path.*?/>", heat_map(values, size))
    paths = {re.search('class="([^"]*)"', path)[1]: path for path in drawn}
    assert paths.keys() == {name for name, mask in levels.items() if mask.any()}
    for name, path in paths.items():
        assert np.array_equal(painted(path, shape), levels[name])


def test_zeros_paint_nothing():
    assert typical_size(np.zeros((2, 2))) == 0
    assert heat_map(np.zeros((3, 3)), 0) == heat_map(np.zeros((3, 3)), 1) == ""


def test_the_typical_size_is_that_of_the_numbers_that_are_not_zero():
    assert typical_size(np.array([[3.0, 0.0]]), np.array([[-3.0]])) == 3
