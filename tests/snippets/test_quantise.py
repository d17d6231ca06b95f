"""NF4 against bitsandbytes, against a slow search for the nearest level, and its own limits."""

import json

import numpy as np
import pytest

from snippets.quantise import (
    BLOCK,
    Quantised,
    bits_per_weight,
    dequantise,
    nf4_levels,
    quantise,
)
from tests.snippets.second_ways import MODELS, ORACLES

CASES = json.loads((ORACLES / "nf4_blockwise.json").read_text(encoding="utf-8"))["cases"]
FIGURES = json.loads((ORACLES / "paper_figures.json").read_text(encoding="utf-8"))
LEVELS = FIGURES["nf4_levels"]
SHAPES = {"two blocks": (2, 64), "8x40: five blocks, rows straddle blocks": (8, 40)}


def test_the_sixteen_levels_are_those_of_the_formula_and_of_the_library():
    levels = nf4_levels()
    np.testing.assert_allclose(levels, LEVELS["formula_values"], rtol=0, atol=1e-14)
    # The library holds 32-bit values of a quantile function of its own.
    difference = abs(levels - LEVELS["bitsandbytes_float32"]).max()
    assert difference == pytest.approx(LEVELS["max_abs_difference"], abs=1e-12)
    assert levels[0] == -1 and levels[7] == 0 and levels[15] == 1
    assert (np.diff(levels) > 0).all()


def test_levels_are_quantiles_of_a_normal_distribution():
    """A second way: draw many, sort, and read off the same places."""
    drawn = np.sort(np.random.default_rng(0).normal(size=2_000_000))
    places = np.linspace(1 - (1 / 30 + 1 / 32) / 2, 0.5, 9)[:-1]
    above = np.quantile(drawn, places)
    # Sampling: the outermost quantile is uncertain by about 0.002 of 1.85.
    np.testing.assert_allclose(nf4_levels()[8:], (above / above[0])[::-1], atol=4e-3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_codes_and_absmax_are_those_of_the_library(case):
    weight = np.array(case["weights"]).reshape(SHAPES[case["name"]])
    quantised = quantise(weight)
    assert quantised.codes.shape == weight.shape
    assert quantised.codes.ravel().tolist() == case["codes"]
    assert quantised.absmax.tolist() == case["absmax"]
    back = dequantise(quantised)
    # Levels differ by 2e-7, absmax is at most 2.4.
    np.testing.assert_allclose(back.ravel(), case["dequantized"], rtol=0, atol=5e-7)
    error = back - weight
    assert abs(error).max() == pytest.approx(case["error"]["max_abs"], abs=1e-6)
    assert (error**2).mean() == pytest.approx(case["error"]["mse"], rel=1e-5)
    share = np.linalg.norm(error) / np.linalg.norm(weight)
    assert share == pytest.approx(case["error"]["relative_frobenius"], rel=1e-5)


@pytest.mark.parametrize("shape", [(8, 40), (1, 1), (3, 21), (64, 1), (40, 40)])
def test_each_code_is_the_nearest_level_by_a_slow_search(shape):
    weight = np.random.default_rng(3).normal(size=shape)
    quantised, levels = quantise(weight), nf4_levels()
    flat = weight.ravel()
    for i, w in enumerate(flat):
        first = i // BLOCK * BLOCK
        absmax = max(abs(flat[first : first + BLOCK]))
        assert quantised.absmax[i // BLOCK] == absmax
        distance = [abs(level - w / absmax) for level in levels]
        assert distance[quantised.codes.ravel()[i]] == min(distance)
    assert len(quantised.absmax) == -(-weight.size // BLOCK)


def test_the_error_is_at_most_half_the_widest_gap_times_absmax():
    weight = np.random.default_rng(4).normal(size=(40, 40))
    quantised = quantise(weight)
    widest = np.diff(nf4_levels()).max() / 2
    spread = np.repeat(quantised.absmax, BLOCK).reshape(weight.shape)
    assert (abs(dequantise(quantised) - weight) <= widest * spread * (1 + 1e-12)).all()


def test_the_largest_weight_of_a_block_and_zero_come_back_exactly():
    weight = np.random.default_rng(5).normal(size=(4, 64))
    weight[:, 7] = 0
    back = dequantise(quantise(weight))
    largest = abs(weight).argmax(axis=1)
    assert [back[i, j] for i, j in enumerate(largest)] == [
        weight[i, j] for i, j in enumerate(largest)
    ]
    assert not back[:, 7].any()


def test_quantising_what_was_dequantised_changes_nothing_more():
    once = dequantise(quantise(np.random.default_rng(6).normal(size=(40, 40))))
    assert dequantise(quantise(once)).tobytes() == once.tobytes()


def test_a_block_of_zeros_stays_zero():
    quantised = quantise(np.zeros((2, 64)))
    assert quantised.absmax.tolist() == [0, 0] and not dequantise(quantised).any()


def test_blocks_help_against_a_single_large_weight():
    """One outlier costs its own block the fine levels, not the others."""
    weight = np.random.default_rng(7).normal(size=(40, 40))
    weight[0, 0] = 100
    small, whole = (
        np.linalg.norm(dequantise(quantise(weight, block), block) - weight) for block in (64, 1600)
    )
    assert small < 0.5 * whole


def test_bits_are_those_of_the_paper():
    rows = {row["id"]: row["computed"] for row in FIGURES["rows"]}
    assert bits_per_weight(double=False) - 4 == rows["nf4_const"] == 0.5
    assert bits_per_weight() - 4 == rows["nf4_dq"] == 0.126953125
    assert bits_per_weight(double=False) - bits_per_weight() == rows["nf4_saving"]
    assert 65e9 * bits_per_weight() / 8 == pytest.approx(rows["qlora_65b_weights"], rel=1e-12)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_frozen_weights_in_four_bits_take_what_the_oracle_says(model):
    states = model["model_state_bytes"]["qlora_all_r16_double_quant"]
    assert states["bits_per_nf4_weight"] == bits_per_weight()
    size = states["nf4_weights"] * bits_per_weight() / 8
    assert size == pytest.approx(states["base_nf4_bytes"], abs=1)  # whole bytes


GOOD = quantise(np.ones((2, 64)))
BAD = [
    (lambda: quantise([1.0]), "weight must be a matrix (rows, columns), got shape (1,)"),
    (
        lambda: quantise([[np.inf]]),
        "weight must hold finite numbers only, got inf in row 1, column 1",
    ),
    (lambda: quantise([[1.0]], 0), "block must be a whole number, 1 or more, got 0"),
    (lambda: dequantise(GOOD, 32), "absmax must hold 4 numbers, got shape (2,)"),
    (
        lambda: dequantise(Quantised(np.array([[16]]), np.ones(1))),
        "codes must be a matrix of whole numbers from 0 to 15, got array([[16]])",
    ),
    (
        lambda: dequantise(Quantised(np.array([[0.5]]), np.ones(1))),
        "codes must be a matrix of whole numbers from 0 to 15, got array([[0.5]])",
    ),
    (lambda: bits_per_weight(1.5), "block must be a whole number, 1 or more, got 1.5"),
    (lambda: bits_per_weight(double=1), "double must be True or False, got 1"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message
