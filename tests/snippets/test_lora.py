"""LoRA: gradients two ways, full rank against full ΔW, merging in three number types, counts."""

import numpy as np
import pytest

from snippets.count import count_parameters
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.lora import (
    LORA_ALPHA,
    RANK,
    break_even_rank,
    lora_forward,
    lora_shapes,
    lora_step,
    merge,
    new_lora,
)
from snippets.loss import cross_entropy, squared_error, squared_error_gradient
from snippets.network import FULL_SIZES, layer_shapes, new_network
from tests.snippets.second_ways import MODELS, backward, block_shapes, slow_gradients

SIZES = (5, 4, 6, 3)
CHOICES = [(1, 2, 3), (3,), (1,), (2,), (1, 3)]


def task(sizes=SIZES, columns=4, seed=0, layers=(1, 2, 3), zero=False, rank=2):
    """Return a network, A and B beside some layers (B random unless zero), inputs, targets."""
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    lora = new_lora(weights, rank, rng)
    lora = {name: value for name, value in lora.items() if int(name[1:]) in layers}
    if not zero:
        lora = {name: rng.normal(size=value.shape) / 2 for name, value in lora.items()}
    X = rng.normal(size=(sizes[0], columns))
    return weights, lora, X, rng.normal(size=(sizes[-1], columns))


@pytest.mark.parametrize("sizes", [SIZES, (3, 4, 4, 4), FULL_SIZES])
def test_with_b_zero_the_output_is_the_pretrained_one_to_the_bit(sizes):
    weights, lora, X, _ = task(sizes, columns=12, zero=True)
    assert all(lora[f"A{k}"].any() and not lora[f"B{k}"].any() for k in (1, 2, 3))
    trace, plain = lora_forward(weights, lora, X), forward(weights, X)
    for name in plain:
        assert trace[name].tobytes() == plain[name].tobytes()
    assert all(merge(weights, lora)[name].tobytes() == W.tobytes() for name, W in weights.items())


@pytest.mark.parametrize("layers", CHOICES)
@pytest.mark.parametrize("alpha", [4, 1, 16.0])
def test_unmerged_and_merged_agree_to_rounding(layers, alpha):
    weights, lora, X, _ = task(layers=layers)
    whole = {
        name: W + alpha / 2 * lora[f"B{name[1:]}"] @ lora[f"A{name[1:]}"]
        if int(name[1:]) in layers
        else W
        for name, W in weights.items()
    }
    merged = merge(weights, lora, alpha)
    for name in whole:
        np.testing.assert_allclose(merged[name], whole[name], rtol=1e-14, atol=1e-14)
    output = forward(merged, X)["H3"]
    np.testing.assert_allclose(lora_forward(weights, lora, X, alpha)["H3"], output, rtol=1e-11)


def test_merged_and_unmerged_need_not_agree_to_the_bit():
    weights, lora, X, _ = task(FULL_SIZES, columns=12, rank=4)
    one, two = lora_forward(weights, lora, X)["H3"], forward(merge(weights, lora), X)["H3"]
    assert one.tobytes() != two.tobytes()
    np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "unit"), [(np.float64, 2**-52), (np.float32, 2**-23), (np.float16, 2**-10)]
)
def test_merging_rounds_as_finely_as_the_number_type(dtype, unit):
    weights, lora, X, _ = task(FULL_SIZES, columns=12, rank=4)
    merged = merge(weights, lora, dtype=dtype)
    exact = merge(weights, lora)
    for name, W in weights.items():
        assert merged[name].dtype == dtype
        size = abs(W).max() + abs(exact[name]).max()
        # W, A, B, four products, their sum and the total are each rounded once.
        assert abs(merged[name] - exact[name]).max() <= 10 * unit * size
    output = lora_forward(weights, lora, X)["H3"]
    difference = abs(forward(merged, X)["H3"] - output).max()
    assert difference <= 200 * unit * abs(output).max()


def test_sixteen_bits_lose_a_small_change_altogether():
    """W's neighbours in 16 bits lie 2⁻¹⁰ apart near 1: a smaller change is rounded away."""
    weights, lora = {"W1": [[1.0]]}, {"A1": [[1.0]], "B1": [[2.0**-12]]}
    assert merge(weights, lora, 1, np.float16)["W1"] == 1
    assert merge(weights, lora, 1, np.float32)["W1"] == 1 + 2.0**-12


@pytest.mark.parametrize("layers", CHOICES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_gradient_matches_finite_differences(layers, seed):
    weights, lora, X, T = task(seed=seed, layers=layers)
    slow = slow_gradients(lora, lambda p: squared_error(lora_forward(weights, p, X, 6)["H3"], T))
    step = lora_step(weights, lora, X, T, 0.1, 6)
    assert set(step.gradients) == set(lora)
    for name, gradient in step.gradients.items():
        # Rounding of a loss of about 1000 gives 1e-13 / 1e-6.
        np.testing.assert_allclose(gradient, slow[name], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(step.weights[name], lora[name] - 0.1 * gradient, rtol=1e-15)


def test_ranks_may_differ_from_layer_to_layer():
    weights, _, X, T = task()
    rng, lora = np.random.default_rng(8), {}
    for k, rank in ((1, 3), (2, 1), (3, 2)):
        out_features, in_features = weights[f"W{k}"].shape
        lora[f"A{k}"] = rng.normal(size=(rank, in_features)) / 2
        lora[f"B{k}"] = rng.normal(size=(out_features, rank)) / 2
    slow = slow_gradients(lora, lambda p: squared_error(lora_forward(weights, p, X, 6)["H3"], T))
    for name, gradient in lora_step(weights, lora, X, T, 0.1, 6).gradients.items():
        np.testing.assert_allclose(gradient, slow[name], rtol=1e-5, atol=1e-6)
    output = forward(merge(weights, lora, 6), X)["H3"]
    np.testing.assert_allclose(lora_forward(weights, lora, X, 6)["H3"], output, rtol=1e-11)


@pytest.mark.parametrize("layers", CHOICES)
def test_the_gradients_of_cross_entropy_match_finite_differences(layers):
    weights, lora, X, _ = task(seed=1, layers=layers)
    labels = [0, 2, 1, 2]
    slow = slow_gradients(
        lora, lambda p: cross_entropy(lora_forward(weights, p, X, 6)["H3"], labels)
    )
    step = lora_step(weights, lora, X, labels, 0.1, 6, "cross-entropy")
    assert step.loss == cross_entropy(step.trace["H3"], labels)
    for name, gradient in step.gradients.items():
        # Rounding of a loss of about 10 gives 1e-15 / 1e-6.
        np.testing.assert_allclose(gradient, slow[name], rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(step.weights[name], lora[name] - 0.1 * gradient, rtol=1e-15)


@pytest.mark.parametrize("layers", CHOICES)
def test_the_same_gradients_follow_from_those_of_the_merged_weights(layers):
    weights, lora, X, T = task(FULL_SIZES, columns=12, layers=layers, rank=4)
    alpha, scaling = 6, 6 / 4
    merged = merge(weights, lora, alpha)
    plain = forward(merged, X)
    _, of_w = backward(merged, plain, squared_error_gradient(plain["H3"], T), set(merged))
    step = lora_step(weights, lora, X, T, 0.1, alpha)
    for k in layers:
        A, B, of_product = lora[f"A{k}"], lora[f"B{k}"], of_w[f"W{k}"]
        of_a, of_b = scaling * B.T @ of_product, scaling * of_product @ A.T
        for mine, other in ((step.gradients[f"A{k}"], of_a), (step.gradients[f"B{k}"], of_b)):
            # Sums of 40 terms in another order, through three layers.
            np.testing.assert_allclose(mine, other, rtol=1e-7, atol=1e-9 * abs(other).max())


def test_the_first_step_moves_b_alone_and_the_second_both():
    weights, lora, X, T = task(zero=True)
    first = lora_step(weights, lora, X, T, 0.1)
    assert all(first.weights[f"A{k}"].tobytes() == lora[f"A{k}"].tobytes() for k in (1, 2, 3))
    assert any(first.gradients[f"B{k}"].any() for k in (1, 2, 3))
    second = lora_step(weights, first.weights, X, T, 0.1)
    assert any(second.gradients[f"A{k}"].any() for k in (1, 2, 3))


def test_with_a_and_b_both_zero_nothing_ever_moves():
    weights, lora, X, T = task()
    lora = {name: 0 * value for name, value in lora.items()}
    for _ in range(5):
        step = lora_step(weights, lora, X, T, 0.5)
        assert not any(gradient.any() for gradient in step.gradients.values())
        lora = step.weights
    assert not any(value.any() for value in lora.values())


def test_with_a_the_identity_the_first_step_is_the_full_step():
    """At full rank, B A can be any ΔW: with A = I and α = r, B takes the step that W would."""
    weights, _, X, T = task(FULL_SIZES, columns=12)
    for k in (1, 2, 3):
        rank = weights[f"W{k}"].shape[1]
        lora = {f"A{k}": np.eye(rank), f"B{k}": np.zeros_like(weights[f"W{k}"])}
        step = lora_step(weights, lora, X, T, 1e-3, rank)
        full = train_step(weights, X, T, {f"W{k}"}, 1e-3)
        assert not step.gradients[f"A{k}"].any()
        moved = merge(weights, step.weights, rank)
        np.testing.assert_allclose(moved[f"W{k}"], full.weights[f"W{k}"], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("trainable", "enough"), [({"W3"}, 12), ({"W1", "W2", "W3"}, 40)])
def test_lora_of_full_rank_reaches_what_a_full_delta_reaches(trainable, enough):
    """Any ΔW of rank r is a product of r columns and r rows; the SVD finds it.

    With W1 and W2 frozen H2 stays the same, so ΔW3 of 12 columns never exceeds rank 12.
    """
    weights, _, X, T = task(FULL_SIZES, columns=12)
    finetuned = weights
    for _ in range(100):
        finetuned = train_step(finetuned, X, T, trainable, 1e-3).weights
    target = forward(finetuned, X)["H3"]

    def distance(rank):
        lora = {}
        for name, W in weights.items():
            U, sizes, V = np.linalg.svd(finetuned[name] - W, full_matrices=False)
            A, B = V[:rank], U[:, :rank] * sizes[:rank]
            lora |= {f"A{name[1:]}": A, f"B{name[1:]}": len(A) * B}  # so that α = 1 gives B A
        return np.linalg.norm(lora_forward(weights, lora, X, 1)["H3"] - target)

    far = [distance(rank) for rank in (1, 4, enough)]
    assert far == sorted(far, reverse=True)
    assert far[1] > 1e-3 * np.linalg.norm(target)
    assert far[2] < 1e-12 * np.linalg.norm(target)


def test_training_at_full_rank_ends_as_low_as_training_w_and_rank_one_does_not():
    weights, _, X, T = task((5, 4), columns=8, seed=4)
    H = forward(weights, X)["H1"]
    T = abs(H + np.random.default_rng(9).normal(size=H.shape))  # a target that ReLU can give

    def trained(rank):
        lora = new_lora(weights, rank, np.random.default_rng(1))
        for _ in range(6000):
            lora = lora_step(weights, lora, X, T, 0.01, rank).weights
        return squared_error(lora_forward(weights, lora, X, rank)["H1"], T)

    full = weights
    for _ in range(6000):
        full = train_step(full, X, T, {"W1"}, 0.01).weights
    reached = squared_error(forward(full, X)["H1"], T)
    assert trained(4) == pytest.approx(reached, rel=0.02)
    assert trained(1) > 1.1 * reached


def test_only_the_ratio_of_alpha_and_rank_matters():
    weights, lora, X, _ = task(rank=2)
    wide = {}
    for k in (1, 2, 3):  # the same product B A, with two rows and columns of zeros
        wide[f"A{k}"] = np.vstack([lora[f"A{k}"], 0 * lora[f"A{k}"]])
        wide[f"B{k}"] = np.hstack([lora[f"B{k}"], 0 * lora[f"B{k}"]])
    one, two = lora_forward(weights, lora, X, 3)["H3"], lora_forward(weights, wide, X, 6)["H3"]
    np.testing.assert_allclose(one, two, rtol=1e-13)
    assert not np.allclose(one, lora_forward(weights, lora, X, 6)["H3"])


def test_tutors_are_swapped_and_the_network_comes_back():
    weights, one, X, _ = task(seed=0)
    _, two, _, _ = task(seed=1)
    plain = forward(weights, X)["H3"].tobytes()
    answers = [lora_forward(weights, lora, X)["H3"] for lora in (one, two, one)]
    assert answers[0].tobytes() == answers[2].tobytes() != answers[1].tobytes()
    assert forward(weights, X)["H3"].tobytes() == plain


@pytest.mark.parametrize(("rank", "total"), [(1, 230), (2, 460), (4, 920), (8, 1840)])
def test_the_full_network_gets_230_weights_a_rank(rank, total):
    shapes = lora_shapes(layer_shapes(), rank)
    assert count_parameters(shapes.values()) == total
    lora = new_lora(new_network(FULL_SIZES, np.random.default_rng(0)), rank, RNG)
    assert {name: value.shape for name, value in lora.items()} == shapes
    assert RANK == 4 and LORA_ALPHA / RANK == 1


RNG = np.random.default_rng(0)


def test_the_break_even_ranks_are_18_and_20():
    assert break_even_rank(40, 30) == 18 and break_even_rank(40, 40) == 20
    for out, into in [(40, 30), (40, 40), (4, 3), (1, 1), (7, 100)]:
        sizes = [rank * (out + into) for rank in range(1, out * into + 1)]
        first = next(i for i, size in enumerate(sizes, start=1) if size >= out * into)
        assert break_even_rank(out, into) == first


ROWS = [(model, row) for model in MODELS for row in model["lora"]]


@pytest.mark.parametrize(
    ("model", "row"), ROWS, ids=lambda x: x.get("name") or f"{x['targets']} {x['rank']}"
)
def test_counts_are_those_of_the_framework(model, row):
    config = model["config"]
    shapes, d = block_shapes(config), config["hidden"]
    fused = {"qkv": (3 * d, d), **{name: shapes[name] for name in list(shapes)[3:]}}
    chosen = {
        "q,v": [shapes["q"], shapes["v"]],
        "all linear in blocks": list(shapes.values()),
        "c_attn (fused qkv)": [fused["qkv"]],
        "all linear in blocks (qkv fused)": list(fused.values()),
    }[row["targets"]]
    named = {f"W{k}": shape for k, shape in enumerate(chosen, start=1)}
    block = count_parameters(lora_shapes(named, row["rank"]).values())
    assert config["layers"] * block == row["trainable"]


def test_steps_share_no_memory_with_their_arguments():
    weights, lora, X, T = task()
    kept = {name: value.copy() for name, value in lora.items()}
    step = lora_step(weights, lora, X, T, 0.1)
    for value in [*step.weights.values(), *step.trace.values(), *merge(weights, lora).values()]:
        value[:] = 99
    assert all(np.array_equal(lora[name], kept[name]) for name in kept)
    assert all(np.array_equal(W, task()[0][name]) for name, W in weights.items())


WEIGHTS, LORA, X, T = task()
BAD = [
    (lambda: lora_forward(WEIGHTS, {"A3": LORA["A3"]}, X), "lora must hold A3 and B3, got no B3"),
    (
        lambda: lora_forward(WEIGHTS, {**LORA, "B3": np.ones((3, 5))}, X),
        "lora B3 must be 3×2, got 3×5",
    ),
    (
        lambda: lora_forward(WEIGHTS, {"lora_A": LORA["A3"]}, X),
        "lora must be named among A1, B1, A2, B2, A3, B3, got 'lora_A'",
    ),
    (
        lambda: lora_forward(WEIGHTS, LORA, X, -1),
        "lora_alpha must be a finite number, 0 or more, got -1",
    ),
    (lambda: lora_forward(WEIGHTS, LORA, T), "X must have 5 rows to fit W1, got 3×4"),
    (lambda: lora_step(WEIGHTS, LORA, X, X, 0.1), "T must be 3×4 like H, got 5×4"),
    (
        lambda: lora_step(WEIGHTS, LORA, X, T, 0.1, loss="hinge"),
        "loss must be 'squared error' or 'cross-entropy', got 'hinge'",
    ),
    (lambda: new_lora(WEIGHTS, 0, RNG), "rank must be a whole number, 1 or more, got 0"),
    (lambda: break_even_rank(0, 3), "out_features must be a whole number, 1 or more, got 0"),
    (
        lambda: merge(WEIGHTS, LORA, dtype=int),
        "dtype must be np.float16, np.float32 or np.float64, got <class 'int'>",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_weight_too_large_for_the_number_type_is_refused_by_name():
    with pytest.raises(ValueError, match="W1 as float16 must hold finite numbers only, got inf"):
        merge({"W1": [[1e6]]}, {}, dtype=np.float16)
