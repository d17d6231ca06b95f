"""Counting parameters: the arithmetic behind every "trains only so many"."""

from snippets import check


def count_parameters(shapes):
    """Return how many numbers a list of weight matrices holds.

    Args:
        shapes: (out_features, in_features) of each matrix; every size 1 or more.

    Returns:
        The count, in parameters (not bytes).

    Raises:
        ValueError: a size is below 1, or shapes is no list of pairs of whole numbers.
    """
    shapes = check.matrix_shapes(shapes)
    for out_features, in_features in shapes:
        if out_features < 1 or in_features < 1:
            raise ValueError(f"sizes must be 1 or more, got {out_features}×{in_features}")
    return sum(out_features * in_features for out_features, in_features in shapes)
