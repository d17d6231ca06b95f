"""The head: gradients, loops, and that it is the network's own mathematics once more."""

import numpy as np
import pytest

from snippets.forward import forward
from snippets.head import HIDDEN, head_forward, head_step, new_head
from snippets.loss import cross_entropy, squared_error
from snippets.network import new_network
from tests.snippets.second_ways import backward, slow_gradients, slow_product

SIZES = [(5, 3), (5, 4, 3), (5, 4, 6, 3)]


@pytest.mark.parametrize("sizes", SIZES)
def test_the_output_is_computed_term_by_term(sizes):
    rng = np.random.default_rng(0)
    head, H3 = new_head(sizes, rng), rng.normal(size=(5, 4))
    H = H3
    for i, W in enumerate(head.values(), start=1):
        H = slow_product(W, H)
        if i < len(head):
            H = np.array([[max(z, 0.0) for z in row] for row in H])
    np.testing.assert_allclose(head_forward(head, H3)["Y"], H, atol=1e-13)


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("sizes", SIZES)
def test_every_gradient_matches_finite_differences(sizes, loss):
    rng = np.random.default_rng(2)
    head, H3 = new_head(sizes, rng), rng.normal(size=(5, 4))
    targets = rng.normal(size=(3, 4)) if loss == "squared error" else [0, 2, 1, 2]
    measure = squared_error if loss == "squared error" else cross_entropy
    slow = slow_gradients(head, lambda p: measure(head_forward(p, H3)["Y"], targets))
    step = head_step(head, H3, targets, 0.1, loss)
    assert set(step.gradients) == set(head)
    for name in head:
        # Rounding of a loss of about 10 gives 1e-15 / 1e-6.
        np.testing.assert_allclose(step.gradients[name], slow[name], rtol=1e-6, atol=1e-8)
        moved = head[name] - 0.1 * step.gradients[name]
        np.testing.assert_allclose(step.weights[name], moved, atol=1e-15)


def test_where_the_output_is_positive_a_head_is_a_network():
    """With a positive output the network's last ReLU does nothing, so both must agree."""
    rng = np.random.default_rng(0)
    weights = {name: abs(W) for name, W in new_network((5, 4, 3), rng).items()}
    head = {"W4": weights["W1"], "W5": weights["W2"]}
    H3, T = abs(rng.normal(size=(5, 6))), rng.normal(size=(3, 6))
    step, network = head_step(head, H3, T, 0.1), forward(weights, H3)
    assert step.trace["Y"].tobytes() == network["H2"].tobytes()
    _, expected = backward(weights, network, network["H2"] - T, {"W1", "W2"})
    assert step.gradients["W4"].tobytes() == expected["W1"].tobytes()
    assert step.gradients["W5"].tobytes() == expected["W2"].tobytes()


def test_the_names_go_on_from_those_of_the_network():
    head = new_head((40, HIDDEN, 10), np.random.default_rng(0))
    assert {name: W.shape for name, W in head.items()} == {"W4": (20, 40), "W5": (10, 20)}
    step = head_step(head, np.ones((40, 2)), np.ones((10, 2)), 0.1)
    assert list(step.trace) == ["H3", "Z4", "H4", "Y"]
    assert list(step.deltas) == ["Y", "Z4"] and list(step.gradients) == ["W5", "W4"]
    assert list(new_head((4, 2), np.random.default_rng(0), first=3)) == ["W3"]


def test_scores_may_be_negative():
    assert head_forward({"W4": [[1.0]], "W5": [[-2.0]]}, [[3.0]])["Y"].tolist() == [[-6]]


def test_one_backbone_serves_many_heads():
    rng = np.random.default_rng(1)
    H3 = abs(rng.normal(size=(6, 8)))
    before = H3.tobytes()
    for seed in range(3):
        head = new_head((6, 12, 2), np.random.default_rng(seed))
        labels, losses = rng.integers(2, size=8), []
        for _ in range(1500):
            step = head_step(head, H3, labels, 0.5, "cross-entropy")
            head, losses = step.weights, [*losses, step.loss]
        assert losses[-1] < 0.1 * losses[0]
        assert np.array_equal(head_forward(head, H3)["Y"].argmax(axis=0), labels)
    assert H3.tobytes() == before


def test_a_step_shares_no_memory_with_its_arguments():
    head = new_head((5, 4, 3), np.random.default_rng(0))
    kept = {name: W.copy() for name, W in head.items()}
    for value in head_step(head, np.ones((5, 2)), np.ones((3, 2)), 0).weights.values():
        value[:] = 99
    assert all(np.array_equal(head[name], kept[name]) for name in head)


HEAD = {"W4": np.ones((2, 4)), "W5": np.ones((1, 2))}
H3 = np.ones((4, 3))
BAD = [
    (lambda: head_forward(HEAD, np.ones((3, 3))), "H3 must have 4 rows to fit W4, got 3×3"),
    (
        lambda: head_forward({**HEAD, "W5": np.ones((1, 3))}, H3),
        "W5 must have 2 columns to fit W4, got 1×3",
    ),
    (lambda: head_step(HEAD, H3, np.ones((2, 3)), 0.1), "T must be 1×3 like H, got 2×3"),
    (
        lambda: head_step(HEAD, H3, [0, 1, 2], 0.1, "cross-entropy"),
        "labels must be from 0 to 0, got 1",
    ),
    (
        lambda: new_head((4, 2), np.random.default_rng(0), first=0),
        "first must be a whole number, 1 or more, got 0",
    ),
    (lambda: new_head((4, 2), 5), "rng must be a NumPy Generator, got 5"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_overflow_on_the_way_is_reported_not_passed_on():
    with pytest.raises(ValueError, match="Y must hold finite numbers only, got inf"):
        head_forward({"W4": [[1e200]]}, [[1e200]])
