"""Heat maps of thousands of cells in a few hundred bytes, without an element per cell.

A cell is a dash of a line that runs through the matrix like an ox with a plough: right along the
first row, left along the second. The browser's list of dashes (on, off, on, ...) is then a
run-length code of one level of the map, and NumPy finds the runs.

The sign is told by shape: a positive cell is filled, a negative one is a thin minus. The size is
told by depth: pale from a third of the typical size (root mean square), deep from 1.1 times it,
and nothing for what is nearer to 0.
"""

import numpy as np

PALE, DEEP = 1 / 3, 1.1  # of the root mean square


def typical_size(*matrices):
    """Return the root mean square of all numbers that are not 0; 0 if all are."""
    squares = np.concatenate([np.square(values).ravel() for values in matrices])
    squares = squares[squares > 0]
    return float(np.sqrt(squares.mean())) if squares.size else 0.0


def heat_map(values, size):
    """Return the map as SVG paths, one user unit a cell, for numbers typically as large as size."""
    rows, columns = values.shape
    turns = "".join(f"v1h{-columns if row % 2 else columns}" for row in range(1, rows))
    line = f"M0 .5h{columns}{turns}"
    paths = []
    for sign, side in (("plus", values), ("minus", -values)):
        deep = side >= DEEP * size
        pale = (side >= PALE * size) & ~deep
        for name, mask in ((sign, pale), (f"{sign} deep", deep)):
            if size and mask.any():
                dashes = " ".join(map(str, _runs(mask)))
                paths.append(f'<path class="{name}" d="{line}" stroke-dasharray="{dashes}"/>')
    return "".join(paths)


def _runs(mask):
    """Return the lengths of the runs along the furrow: on, off, on, ..., off."""
    furrow = mask.copy()
    furrow[1::2] = furrow[1::2, ::-1]
    furrow = np.pad(furrow, ((0, 0), (0, 1))).ravel()  # the turn to the next row is off
    edges = np.flatnonzero(np.diff(furrow)) + 1
    runs = np.diff(edges, prepend=0, append=furrow.size).tolist()
    return runs if furrow[0] else [0, *runs]
