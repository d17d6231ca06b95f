"""Four bits a weight: NF4 in blocks, as QLoRA stores what is frozen.

A frozen weight is only ever read, so it may be stored coarsely. Each block of 64 weights keeps
its largest magnitude, absmax, and for each weight which of 16 levels comes nearest to w / absmax.
The levels lie densely near 0, where weights are frequent.

Source: Dettmers et al., "QLoRA", NeurIPS 2023, sections 2 and 3.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from snippets import check

BLOCK = 64  # weights that share an absmax
SECOND_BLOCK = 256  # absmax values that share a scale, in double quantization


class Quantised(NamedTuple):
    """A matrix in 4 bits a weight."""

    codes: np.ndarray  # 0 to 15, one for each weight, shaped like the matrix
    absmax: np.ndarray  # one for each block, rows of the matrix read one after the other


def nf4_levels():
    """Return the 16 levels of NF4, from −1 to 1: quantiles of a normal distribution.

    7 below 0, 0 itself, 8 above; each side evenly spaced in probability, the largest scaled to
    1. The outermost probability, δ = 1 − (1/30 + 1/32) / 2, is half a step from certainty.
    """
    outermost = 1 - (1 / 30 + 1 / 32) / 2
    quantile = NormalDist().inv_cdf
    above = [quantile(p) for p in np.linspace(outermost, 0.5, 9)[:-1]]
    below = [-quantile(p) for p in np.linspace(outermost, 0.5, 8)[:-1]]
    levels = np.array(sorted([*below, 0.0, *above]))
    return levels / levels.max()


def quantise(weight, block=BLOCK):
    """Round each weight of a matrix to one of 16 levels of its block.

    Args:
        weight: a matrix (out, in), read row by row; the last block may be shorter.
        block: weights in a block, 1 or more.

    Returns:
        A Quantised. A block of zeros has absmax 0.

    Raises:
        ValueError: weight is no matrix of finite numbers; block is below 1.
    """
    W = check.matrix(weight, "weight")
    block = check.whole_number(block, "block")
    starts = np.arange(0, W.size, block)
    absmax = np.maximum.reduceat(np.abs(W).ravel(), starts)
    spread = np.repeat(absmax, block)[: W.size].reshape(W.shape)
    levels = nf4_levels()
    middles = (levels[:-1] + levels[1:]) / 2
    # Where all of a block is 0, dividing by 1 gives the 0 it is.
    return Quantised(np.searchsorted(middles, W / np.where(spread == 0, 1, spread)), absmax)


def dequantise(quantised, block=BLOCK):
    """Return the matrix that 4-bit codes stand for: level × absmax of its block.

    Args:
        quantised: a Quantised.
        block: as it was in quantise.

    Returns:
        The matrix (out, in); each entry near the one before, few of them equal to it.

    Raises:
        ValueError: as quantise; codes that are none, or absmax values that don't fit them.
    """
    block = check.whole_number(block, "block")
    codes, absmax = np.asarray(quantised.codes), np.asarray(quantised.absmax, dtype=float)
    if codes.dtype.kind not in "iu" or codes.ndim != 2 or codes.min() < 0 or codes.max() > 15:
        raise ValueError(f"codes must be a matrix of whole numbers from 0 to 15, got {codes!r}")
    blocks = -(-codes.size // block)  # rounded up
    if absmax.shape != (blocks,):
        raise ValueError(f"absmax must hold {blocks} numbers, got shape {absmax.shape}")
    spread = np.repeat(absmax, block)[: codes.size].reshape(codes.shape)
    return nf4_levels()[codes] * spread


def bits_per_weight(block=BLOCK, double=True):
    """Return what a weight takes in a large matrix: its 4 bits and its share of the constants.

    Plain: 4 + 32 / 64. Double: 4 + 8 / 64 + 32 / (64 · 256), the one mean left out.

    Args:
        block: weights in a block, 1 or more. double: whether absmax is quantised too.

    Raises:
        ValueError: block is below 1; double is not True or False.
    """
    block = check.whole_number(block, "block")
    if not isinstance(double, bool):
        raise ValueError(f"double must be True or False, got {double!r}")
    return 4 + (8 / block + 32 / (block * SECOND_BLOCK) if double else 32 / block)
