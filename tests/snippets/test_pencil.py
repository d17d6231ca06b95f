"""Every property that the pencil network was chosen for."""

import json
from pathlib import Path

import numpy as np
import pytest

from snippets.forward import forward
from snippets.freeze import train_step
from snippets.loss import squared_error
from snippets.network import layer_shapes
from snippets.pencil import (
    LEARNING_RATE,
    PENCIL_SIZES,
    pencil_network,
    pencil_old_task,
    pencil_task,
)

NAMES = ("W1", "W2", "W3")
RECORD = json.loads(
    (Path(__file__).parents[2] / "data" / "oracles" / "pencil.json").read_text(encoding="utf-8")
)


def step(trainable):
    return train_step(pencil_network(), *pencil_task(), trainable, LEARNING_RATE)


def loss(weights, X, T):
    return squared_error(forward(weights, X)["H3"], T)


def test_the_numbers_are_those_of_the_record_of_the_search():
    for name, W in pencil_network().items():
        assert W.tolist() == RECORD[name]
    for task, record in ((pencil_task(), RECORD), (pencil_old_task(), RECORD["old_task"])):
        assert task[0].tolist() == record["X"] and task[1].tolist() == record["T"]
    assert LEARNING_RATE == RECORD["learning_rate"] == 0.5


def test_the_shapes_are_those_of_the_pencil_sizes():
    assert PENCIL_SIZES == (3, 4, 4, 4)
    shapes = {name: W.shape for name, W in pencil_network().items()}
    assert shapes == layer_shapes(PENCIL_SIZES)
    assert pencil_task()[0].shape == (3, 2) and pencil_task()[1].shape == (4, 2)


def test_each_call_gives_fresh_arrays():
    pencil_network()["W1"][:] = 99
    pencil_task()[0][:] = 99
    pencil_old_task()[1][:] = 99
    test_the_numbers_are_those_of_the_record_of_the_search()


@pytest.mark.parametrize("trainable", [("W3",), NAMES])
def test_a_whole_step_meets_only_small_integers_and_halves(trainable):
    result = step(trainable)
    whole = [*result.trace.values(), *result.deltas.values(), *result.gradients.values()]
    halves = [*result.delta_weights.values(), *result.weights.values()]
    for array in whole:
        assert np.array_equal(array, np.round(array)) and abs(array).max() <= 4
    for array in halves:
        assert np.array_equal(2 * array, np.round(2 * array)) and abs(array).max() <= 4
    # A reader never meets −0.
    assert not any(np.signbit(array[array == 0]).any() for array in whole + halves)


def test_no_z_is_zero_so_no_derivative_is_a_convention():
    trace = step(NAMES).trace
    assert all((trace[f"Z{k}"] != 0).all() for k in (1, 2, 3))


@pytest.mark.parametrize(
    ("trainable", "after"),
    [((), 4), (("W3",), 0.625), (NAMES, 0.5)],
    ids=["none", "frozen", "full"],
)
def test_one_step_brings_the_loss_from_four_to_the_recorded_value(trainable, after):
    result = step(trainable)
    assert result.loss == RECORD["loss"]["before"] == 4
    assert loss(result.weights, *pencil_task()) == after
    recorded = {
        ("W3",): RECORD["loss"]["after one step, W1 and W2 frozen"],
        NAMES: RECORD["loss"]["after one step, all three train"],
    }
    assert after == recorded.get(trainable, 4)


def test_the_frozen_step_is_the_one_a_reader_computes_by_hand():
    result = step({"W3"})
    assert result.trace["H2"].tolist() == [[2, 1], [0, 0], [1, 0], [0, 2]]
    assert result.trace["H3"].tolist() == [[1, 0], [0, 2], [2, 1], [0, 0]]
    assert result.deltas["Z3"].tolist() == [[1, 0], [0, 2], [-1, 1], [0, 0]]
    assert result.gradients["W3"].tolist() == [
        [2, 0, 1, 0],
        [2, 0, 0, 4],
        [-1, 0, -1, 2],
        [0, 0, 0, 0],
    ]
    assert result.weights["W3"].tolist() == [
        [-1, 1, 0.5, -1],
        [-1, 2, -1, -1],
        [1.5, 1, 0.5, -1],
        [-1, -1, -1, 0],
    ]


def test_a_silent_unit_costs_exactly_one_half_whatever_trains():
    result = step(NAMES)
    _, T = pencil_task()
    assert T[3, 0] == 1 and result.trace["Z3"][3, 0] == -3 and result.trace["H3"][3, 0] == 0
    assert result.deltas["Z3"][3, 0] == 0
    for trainable in [("W3",), NAMES]:
        H3 = forward(step(trainable).weights, pencil_task()[0])["H3"]
        assert 0.5 * (H3[3, 0] - T[3, 0]) ** 2 == 0.5
    # With all three training, nothing else is left.
    wrong = forward(result.weights, pencil_task()[0])["H3"] - T
    assert np.count_nonzero(wrong) == 1 and wrong[3, 0] == -1


def test_unit_two_of_h2_is_silent_so_its_column_of_the_gradient_is_zero():
    result = step({"W3"})
    assert (result.trace["Z2"][1] < 0).all() and not result.trace["H2"][1].any()
    assert not result.gradients["W3"][:, 1].any()
    assert result.weights["W3"][:, 1].tolist() == pencil_network()["W3"][:, 1].tolist()


def test_the_same_rate_overshoots_when_the_frozen_step_is_repeated():
    weights, losses = pencil_network(), []
    for _ in range(6):
        result = train_step(weights, *pencil_task(), {"W3"}, LEARNING_RATE)
        losses.append(result.loss)
        weights = result.weights
    assert losses == [4, 0.625, 0.78125, 1.1328125, 1.923828125, 3.75244140625]


def test_the_old_task_is_lost_by_the_frozen_step_and_safe_with_the_old_w3_swapped_back():
    X, T = pencil_old_task()
    pretrained, finetuned = pencil_network(), step({"W3"}).weights
    swapped = {**finetuned, "W3": pretrained["W3"]}
    losses = [loss(weights, X, T) for weights in (pretrained, finetuned, swapped)]
    assert losses == [0, 1.125, 0]
    record = RECORD["old_task"]
    assert losses == [
        record["loss before"],
        record["loss after the frozen step"],
        record["loss with the old W3 swapped back"],
    ]
    before, after = forward(pretrained, X)["H3"], forward(swapped, X)["H3"]
    assert before.tobytes() == after.tobytes()


def test_the_features_of_the_old_task_do_not_drift_while_its_output_does():
    X, _ = pencil_old_task()
    before, after = forward(pencil_network(), X), forward(step({"W3"}).weights, X)
    assert before["H2"].tobytes() == after["H2"].tobytes()
    assert not np.array_equal(before["H3"], after["H3"])


def test_the_recorded_lora_step_follows_from_the_gradient_of_w3():
    record = RECORD["lora_on_W3"]
    A = np.array(record["A"], dtype=float)  # (rank, in)
    B = -LEARNING_RATE * step({"W3"}).gradients["W3"] @ A.T  # (out, rank), one step from 0
    assert B.tolist() == record["B after one step from 0"]
    weights = pencil_network()
    weights["W3"] = weights["W3"] + B @ A
    assert loss(weights, *pencil_task()) == record["loss"] == 1.125
