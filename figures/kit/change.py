"""What a step did to a matrix, compared bit by bit, and how one says it."""

import numpy as np

from figures.kit.numbers import count_in_words, format_count, format_number, format_rounded
from snippets import check


class Change:
    """A matrix before and after a step.

    Attributes:
        before, after, delta: arrays of one shape; delta is after − before.
        changed: mask of the numbers of which a bit changed. count: how many; size: of how many.
    """

    def __init__(self, before, after):
        self.before, self.after, self.delta = before, after, after - before
        self.changed = before.view(np.int64) != after.view(np.int64)
        self.count, self.size = int(self.changed.sum()), before.size

    def counted(self):
        """Say how many numbers there are and how many change, in a line of a drawing."""
        many = format_count(self.count) if self.count else "none"
        verb = "changes" if self.count < 2 else "change"
        return f"{format_count(self.size)} numbers, {many} of them {verb}"

    def of_all(self, name):
        """Say the same in prose: seven of the sixteen numbers of W3."""
        return f"{count_in_words(self.count)} of the {count_in_words(self.size)} numbers of {name}"

    def reach(self):
        """Say between what the changes lie: 7 of 16 numbers change, by −2 to +0.5."""
        said = f"{self.count} of {self.size} numbers change"
        if not self.count:
            return said
        moves = self.delta[self.changed]
        low, high = (format_rounded(move, signed=True) for move in (moves.min(), moves.max()))
        return f"{said}, by {low} to {high}"

    def row(self):
        """Return the first row that changes, counted from 0."""
        return int(self.changed.any(axis=1).argmax())

    def first_row(self, of=""):
        """Say what becomes of that row: row 1 goes from 0, 1 to −1, 0.5."""
        old, new = (", ".join(map(format_number, M[self.row()])) for M in (self.before, self.after))
        return f"row {self.row() + 1}{of} goes from {old} to {new}"


def changes_of(before, after, name, name_after):
    """Return {"W1": Change, ...} of matrices before and after a step.

    Args:
        before, after: dicts of matrices, checked before.
        name, name_after: what to call the two.

    Raises:
        ValueError: they don't hold the same names, or two shapes differ.
    """
    if list(after) != list(before):
        wish, got = ", ".join(before), ", ".join(after)
        raise ValueError(f"{name_after} must hold {wish} like {name}, got {got}")
    for key, values in before.items():
        check.same_shape(after[key], f"{name_after} {key}", values, f"{name} {key}")
    return {key: Change(values, after[key]) for key, values in before.items()}


def changes_of_layers(before, after, name, name_after):
    """Return the same of two networks, from the bottom up, and look at their matrices first.

    Raises:
        ValueError: as changes_of; names that are no chain, a number that is not finite.
    """
    layers = [
        {f"W{k}": check.matrix(W[f"W{k}"], f"{of} W{k}") for k in check.layer_numbers(W, of)}
        for W, of in ((before, name), (after, name_after))
    ]
    return changes_of(*layers, name, name_after)


def upper_first(text):
    """Begin a sentence."""
    return text[0].upper() + text[1:]
