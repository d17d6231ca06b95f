"""The matrices of one figure: number by number where they are small, else blocks to scale."""

from typing import NamedTuple

from figures.kit.blocks import BlockStore
from figures.kit.heat import DEEP, typical_size
from figures.kit.numbers import format_rounded, join_words, round_up
from figures.kit.primitives import block, cell_width, matrix

LARGEST_GRID = 6  # rows and columns of the largest matrix that is drawn number by number
WIDEST_GRID = 11  # squares
TALLEST_BLOCK = 4.5  # squares
CHANGE = "Δ"


class Scale(NamedTuple):
    """Matrices that one compares: numbers in cells of one width, colours of one depth.

    Attributes:
        name: what the legend calls them, such as "X and H".
        letters: the first letters of their labels; Δ for all that is drawn as a change.
        matrices: the arrays.
        apart: whether their cells may be of another width than those of the other scales.
    """

    name: str
    letters: str
    matrices: list
    apart: bool = False


def network_scales(weights, deltas, outputs, letter="H"):
    """Return the scales of layers that learn: of their weights, of ΔW, of X and what comes out."""
    return [
        Scale("W", "W", weights),
        Scale("ΔW", CHANGE, deltas),
        Scale(f"X and {letter}", f"X{letter}Y", outputs, apart=True),
    ]


def drawing_of(scales, copy=1):
    """Return what draws the matrices of a figure: Grids where they fit, else Blocks.

    Args:
        scales: a list of Scale.
        copy: which showing of this very figure on its page this is; keeps ids apart.
    """
    if largest(scales) <= LARGEST_GRID and (grids := Grids(scales)).widest <= WIDEST_GRID:
        return grids
    return Blocks(scales, copy)


def largest(scales):
    """Return how many rows or columns the largest matrix has."""
    return max(max(values.shape) for scale in scales for values in scale.matrices)


class Grids:
    """Draws matrices number by number."""

    boxes = "boxed: changed"
    legend = ""
    store = None

    def __init__(self, scales):
        widths = [cell_width(*s.matrices, signed=s.letters == CHANGE) for s in scales]
        shared = max((w for s, w in zip(scales, widths) if not s.apart), default=0)
        self.cells, self.widest = {}, 0
        for scale, width in zip(scales, widths):
            cell = width if scale.apart else shared
            self.cells |= dict.fromkeys(scale.letters, cell)
            self.widest = max(self.widest, *(cell * M.shape[1] for M in scale.matrices))

    def draw(self, values, *, kind, label, tag=None, changed=None, sized=True):
        """Draw a matrix; `sized` is for blocks alone: a grid can be counted."""
        cell = self.cells[_letter(kind, label)]
        return matrix(values, kind=kind, label=label, cell=cell, tag=tag, changed=changed)


class Blocks:
    """Draws matrices to scale, as heat maps; each distinct one is stored once and referred to."""

    boxes = ""

    def __init__(self, scales, copy=1, mark=""):
        self.store = BlockStore(copy, mark)
        self.per_square = numbers_per_square(largest(scales))
        self.typical = {scale.name: typical_size(*scale.matrices) for scale in scales}
        self.names = {letter: scale.name for scale in scales for letter in scale.letters}

    @property
    def legend(self):
        return legend_of(self.per_square, self.typical)

    def draw(self, values, *, kind, label, tag=None, changed=None, sized=True):
        """Draw a matrix; `sized` writes its rows and columns along it, `changed` is for grids."""
        down, across = values.shape if sized else ("", "")
        return block(
            self.store.add(values, self.typical[self.names[_letter(kind, label)]], kind),
            values.shape,
            kind=kind,
            label=label,
            per_square=self.per_square,
            tag=tag,
            sizes=("" if label.startswith("H") else down, across),  # W left of H says it
        )


def numbers_per_square(most):
    """Return how many rows or columns go to a square: 1, 2, 5, 10, ..."""
    return max(int(round_up(most / TALLEST_BLOCK, (1, 2, 5))), 1)


def legend_of(per_square, typical):
    """Say how to read heat maps; `typical` has the size of the numbers of each kind of matrix."""
    deep = [f"{format_rounded(DEEP * size)} for {name}" for name, size in typical.items() if size]
    return (
        "Filled cells are positive, thin lines negative, blanks near 0."
        f" One square is {per_square} × {per_square} numbers."
        f" Deep colour starts at {join_words(deep)}, whichever the sign."
    )


def _letter(kind, label):
    return CHANGE if kind == "delta" else label[0]
