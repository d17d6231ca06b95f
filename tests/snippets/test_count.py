"""Counts against real arrays and against real models."""

import json
from pathlib import Path

import numpy as np
import pytest

from snippets.count import count_parameters
from snippets.network import FULL_SIZES, layer_shapes, new_network

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
MODELS = [
    model
    for path in sorted(ORACLES.glob("*.json"))
    if "config" in (model := json.loads(path.read_text(encoding="utf-8")))
]
CASES = [
    ([], 0),
    ([(1, 1)], 1),
    ([(40, 30)], 1200),
    ([(40, 40)], 1600),
    ([(40, 30), (40, 40)], 2800),
    ([(40, 30), (40, 40), (40, 40)], 4400),
    ([(4, 3), (4, 4), (4, 4)], 44),
]


@pytest.mark.parametrize(("shapes", "expected"), CASES)
def test_count_matches_real_arrays(shapes, expected):
    assert count_parameters(shapes) == expected
    assert sum(np.zeros(shape).size for shape in shapes) == expected


def test_the_full_network_holds_as_many_numbers_as_are_counted():
    weights = new_network(FULL_SIZES, np.random.default_rng(0))
    counted = count_parameters(layer_shapes().values())
    assert counted == sum(W.size for W in weights.values()) == 4400


def test_shapes_that_come_one_by_one_are_counted_too():
    assert count_parameters(shape for shape in [(2, 3), (4, 5)]) == 26


def test_large_counts_do_not_overflow():
    assert count_parameters([(np.int32(2**31 - 1), np.int32(2**31 - 1))]) == (2**31 - 1) ** 2


BAD = [
    ([(0, 40)], "sizes must be 1 or more, got 0×40"),
    ([(40, 30), (40, -1)], "sizes must be 1 or more, got 40×-1"),
    ([(40, 30.0)], "shapes must list pairs of whole numbers such as (40, 30), got (40, 30.0)"),
    ([(True, 3)], "shapes must list pairs of whole numbers such as (40, 30), got (True, 3)"),
    ([(1, 2, 3)], "shapes must list pairs of whole numbers such as (40, 30), got (1, 2, 3)"),
    ((40, 30), "shapes must list pairs of whole numbers such as (40, 30), got 40"),
    ({"W1": 1}, "shapes must list pairs of whole numbers such as (40, 30), got {'W1': 1}"),
    ("W1", "shapes must list pairs of whole numbers such as (40, 30), got 'W1'"),
    (7, "shapes must list pairs of whole numbers such as (40, 30), got 7"),
]


@pytest.mark.parametrize(("shapes", "message"), BAD)
def test_what_is_no_list_of_shapes_is_refused(shapes, message):
    with pytest.raises(ValueError) as error:
        count_parameters(shapes)
    assert str(error.value) == message


def block_shapes(config):
    """The weight matrices of one transformer block, (out, in) each."""
    d, ffn = config["hidden"], config["ffn"]
    queries, keys = (config[key] * config["head_dim"] for key in ("heads", "kv_heads"))
    attention = [(queries, d), (keys, d), (keys, d), (d, queries)]
    up = {"mlp": 1, "gated": 2}[config["ffn_kind"]]
    return attention + [(ffn, d)] * up + [(d, ffn)]


def block_extras(config):
    """Biases and norms of one block, counted apart from count_parameters."""
    shapes, d = block_shapes(config), config["hidden"]
    has_bias = [config[f"bias_{m}"] for m in "qkvo"] + [config["bias_ffn"]] * (len(shapes) - 4)
    biases = sum(out for (out, _), bias in zip(shapes, has_bias) if bias)
    norm = {"layernorm": 2 * d, "rmsnorm": d}[config["norm"]]
    return biases + config["norms_per_block"] * norm


def test_all_eleven_architectures_are_there():
    assert len(MODELS) == 11


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_the_matrices_of_real_models_are_counted_as_their_framework_counts_them(model):
    config, counts = model["config"], model["counts"]
    matrices = count_parameters(block_shapes(config))
    assert matrices * config["layers"] == counts["block_linear_weights_all_blocks"]
    assert matrices + block_extras(config) == counts["block"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model["name"])
def test_each_frozen_block_takes_one_block_off_what_trains(model):
    block = count_parameters(block_shapes(model["config"])) + block_extras(model["config"])
    rows = {row["k"]: row["trainable_embeddings_trained"] for row in model["freeze"]}
    assert rows[0] == model["counts"]["total"]
    for k, trainable in rows.items():
        assert trainable == model["counts"]["total"] - k * block
