"""Savings against an oracle, a really deep network, and their limits."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.oracles import oracle
from snippets.cost import costs_of, plain_layers
from snippets.savings import even_network_savings

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)
ORACLE = oracle("freezing_80_percent")
# Keys of the oracle, and ours with the number of epochs they mean.
EVEN_KEYS = {
    "trainable": ("trainable", 10),
    "gradients": ("gradient_and_optimizer", 10),
    "adam_states": ("gradient_and_optimizer", 10),
    "checkpoint_of_changed_weights": ("saved_change", 10),
    "activations_kept": ("activations_kept", 10),
    "flops_per_step": ("multiply_adds", 10),
    "model_states_mixed_16_bytes": ("memory_mixed", 10),
    "model_states_fp32_adam": ("memory_float32", 10),
    "flops_cached_features": ("multiply_adds_stored", 10),
    "flops_cached_3_epochs": ("multiply_adds_stored_epochs", 3),
    "flops_cached_10_epochs": ("multiply_adds_stored_epochs", 10),
    "model_states_cached_prefix_not_loaded": ("memory_stored", 10),
}


@pytest.mark.parametrize(
    "row", ORACLE["even_network"]["rows"], ids=lambda row: str(row["frozen_fraction"])
)
def test_savings_of_an_even_network_are_those_of_the_oracle(row):
    assert set(row) == {"frozen_fraction", *EVEN_KEYS}
    for key, (ours, epochs) in EVEN_KEYS.items():
        ratio = even_network_savings(row["frozen_fraction"], epochs)[ours]
        if row[key] is None:
            assert ratio == math.inf
        else:
            assert ratio == pytest.approx(row[key], abs=5.1e-5)  # given to four decimals


@pytest.mark.parametrize("frozen", [0, 1, 50, 80, 99])
def test_a_really_deep_even_network_comes_near_the_formula(frozen):
    sizes = (10,) * 101  # 100 layers; the formula leaves out the one layer at the edge
    names = [f"W{k}" for k in range(1, 101)]
    full = costs_of(plain_layers(sizes, names), 8)
    found = costs_of(plain_layers(sizes, names[frozen:]), 8)
    formula = even_network_savings(frozen / 100)
    assert full.trainable / found.trainable == pytest.approx(formula["trainable"], rel=1e-12)
    # One layer in 100 more or less: within 1 % for products.
    ratio = full.multiply_adds / found.multiply_adds
    assert ratio == pytest.approx(formula["multiply_adds"], rel=0.01)
    # Kept are the H of 100 − frozen layers and one input more.
    kept = found.activations_kept / full.activations_kept
    assert kept == pytest.approx(1 / formula["activations_kept"], abs=0.01)


@FIXED
@given(st.floats(0, 1), st.integers(1, 1000))
def test_savings_stay_within_their_limits(share, epochs):
    savings = even_network_savings(share, epochs)
    assert all(ratio >= 1 for ratio in savings.values())
    # Rounding may pass a limit by a unit in the last place.
    assert savings["multiply_adds"] <= 3 * (1 + 1e-15)
    assert savings["memory_mixed"] <= 8 * (1 + 1e-15)
    assert savings["memory_float32"] <= 4 * (1 + 1e-15)
    assert savings["multiply_adds_stored_epochs"] <= savings["multiply_adds_stored"] * (1 + 1e-12)


def test_freezing_nothing_saves_nothing():
    assert set(even_network_savings(0).values()) == {1}


@pytest.mark.parametrize("share", [-0.1, 1.01, 80, math.nan, math.inf, "0.8", None, True])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(ValueError) as error:
        even_network_savings(share)
    assert str(error.value) == f"frozen_share must be a number from 0 to 1, got {share!r}"


def test_epochs_below_one_are_refused():
    with pytest.raises(ValueError, match="epochs must be a whole number, 1 or more, got 0"):
        even_network_savings(0.8, epochs=0)
