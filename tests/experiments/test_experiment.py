"""The experiment: fair, reproducible, right step by step, and what one seed shows."""

from itertools import islice

import numpy as np
import pytest

from experiments import experiment, kept
from experiments.experiment import (
    GOOD_RATES,
    RATES,
    TURNS,
    WAYS,
    answer,
    compare,
    measure,
    new_task,
    new_way,
    new_world,
    pick_rate,
    relative_error,
    train,
    training,
)
from experiments.ways import START, head_like
from snippets.adam import adam_start, adam_step
from snippets.forward import forward
from snippets.head import head_forward
from snippets.loss import squared_error
from snippets.network import FULL_SIZES, layer_shapes
from snippets.update import add_delta
from tests.snippets.second_ways import backward, slow_gradients

SIZES = {
    "untouched": 0,
    "scratch": 4400,
    "full": 4400,
    "freeze": 1600,
    "probe": 400,
    "head": 1000,
    "adapters": 960,
    "lora": 920,
}


@pytest.fixture(scope="module")
def world():
    return new_world(0)


@pytest.fixture(scope="module", params=list(TURNS))
def task(request, world):
    return new_task(world, request.param, 0)


def same(one, two):
    return all(one[name].tobytes() == two[name].tobytes() for name in one) and set(one) == set(two)


def test_the_same_seed_gives_the_same_world_and_another_seed_another(world):
    again, other = experiment._world.__wrapped__(0), new_world(1)
    assert same(again.pretrained, world.pretrained)
    assert again.old.train.X.tobytes() == world.old.train.X.tobytes()
    assert not np.array_equal(other.old.train.X, world.old.train.X)
    one, two = new_task(world, "W3", 5), new_task(world, "W3", 5)
    assert one.test.T.tobytes() == two.test.T.tobytes()


def test_a_world_is_made_once_and_copied_for_each_caller(monkeypatch, tmp_path):
    made = []
    monkeypatch.setattr(kept, "FOLDER", tmp_path)  # its students are untrained
    monkeypatch.setattr(experiment, "train", lambda way, *rest: made.append(1) or dict(way.start))
    one = new_world(12)
    before = one.old.train.X.copy(), one.pretrained["W1"].copy()
    one.old.train.X[:] = 0
    one.pretrained["W1"][:] = 0
    one.teacher.clear()
    two = new_world(np.int64(12))
    assert len(made) == 1
    assert np.array_equal(two.old.train.X, before[0])
    assert np.array_equal(two.pretrained["W1"], before[1])
    assert list(two.teacher) == ["W1", "W2", "W3"]


def test_tasks_have_the_columns_that_the_lessons_say(world, task):
    assert world.old.train.X.shape == (30, 200) and world.old.train.T.shape == (10, 200)
    assert task.train.X.shape == (30, 12) and task.pick.X.shape == (30, 200)
    assert task.test.X.shape == (30, 400) and task.test.T.shape == (10, 400)
    assert {name: W.shape for name, W in world.pretrained.items()} == layer_shapes(FULL_SIZES)


def test_targets_are_what_the_teacher_answers_through_the_readout(world):
    H3 = forward(world.teacher, world.old.test.X)["H3"]
    assert np.array_equal(world.old.test.T, world.readout @ H3)


@pytest.mark.parametrize("turned", list(TURNS))
def test_a_turn_keeps_the_size_of_a_matrix_and_the_other_two(world, turned, monkeypatch):
    seen = {}
    monkeypatch.setattr(experiment, "_task", lambda teacher, *rest: seen.update(teacher))
    new_task(world, turned, 0)
    for name, W in world.teacher.items():
        if name != turned:
            assert seen[name].tobytes() == W.tobytes()
    W, after = world.teacher[turned], seen[turned]
    # 1200 or 1600 random entries: sizes and angles within a few percent.
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(W), rel=0.08)
    cosine = np.sum(W * after) / np.linalg.norm(W) / np.linalg.norm(after)
    assert np.arccos(cosine) == pytest.approx(TURNS[turned], abs=0.08)


def test_inputs_vary_in_six_directions_of_thirty(world):
    sizes = np.linalg.svd(world.old.test.X, compute_uv=False) / 20  # √400 columns
    assert sizes[5] > 1.5 and sizes[6] < 0.05


def test_pretraining_learns_the_old_task_on_columns_it_never_saw(world):
    untouched = new_way(world, "untouched", 0)
    learned = relative_error(answer(untouched, {}, world.old.test.X), world.old.test.T)
    before = world.readout @ forward(world.start, world.old.test.X)["H3"]
    assert learned < 0.15 < 0.5 < relative_error(before, world.old.test.T)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_trains_as_many_numbers_as_its_lesson_says(world, name):
    assert sum(value.size for value in new_way(world, name, 0).start.values()) == SIZES[name]


@pytest.mark.parametrize("name", [name for name in WAYS if name != "scratch"])
def test_every_way_but_scratch_starts_at_the_pretrained_answer(world, task, name):
    way = new_way(world, name, 0)
    X = task.test.X
    expected = world.readout @ forward(world.pretrained, X)["H3"]
    got = answer(way, way.start, X)
    if name == "head":  # P H is cut in two and put together again
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
    else:
        assert got.tobytes() == expected.tobytes()


def test_scratch_starts_small_and_random_as_pretraining_did(world):
    start = new_way(world, "scratch", 0).start
    for name, W in start.items():
        assert W.std() == pytest.approx(START * np.sqrt(2 / W.shape[1]), rel=0.1)
        assert not np.array_equal(W, world.start[name])


def test_a_head_made_of_p_and_minus_p_is_p():
    rng = np.random.default_rng(0)
    P, H = rng.normal(size=(10, 40)), rng.normal(size=(40, 7))
    head = head_like(P)
    assert {name: W.shape for name, W in head.items()} == {"W4": (20, 40), "W5": (10, 20)}
    np.testing.assert_allclose(head_forward(head, H)["Y"], P @ H, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", WAYS[1:])
def test_the_gradients_of_every_way_match_finite_differences(world, task, name):
    way = new_way(world, name, 0)
    rng = np.random.default_rng(1)
    # Off the start, where U and B are 0 and gradients vanish.
    parameters = {n: v + 0.05 * rng.normal(size=v.shape) for n, v in way.start.items()}
    prepared, T = way.prepare(task.train.X), task.train.T
    trace = way.run(parameters, prepared)
    gradients = way.back(parameters, trace, trace["Y"] - T)
    assert set(gradients) == set(parameters)
    few = {n: v[:2, :3].copy() for n, v in parameters.items()}

    def loss(corners):
        whole = {n: v.copy() for n, v in parameters.items()}
        for n, corner in corners.items():
            whole[n][:2, :3] = corner
        return squared_error(way.run(whole, prepared)["Y"], T)

    for n, slow in slow_gradients(few, loss).items():
        # Rounding of a loss of about 100 gives 1e-14 / 1e-6.
        np.testing.assert_allclose(gradients[n][:2, :3], slow, rtol=1e-5, atol=1e-6)


def test_training_is_what_the_checked_snippets_do_step_by_step(world, task):
    """The unchecked loop of full fine-tuning against forward, backward, adam_step, add_delta."""
    way, (X, T) = new_way(world, "full", 0), task.train
    weights, state = world.pretrained, adam_start(world.pretrained)
    for parameters in islice(training(way, task.train, 1e-3), 5):
        assert same(parameters, weights)
        trace = forward(weights, X)
        error = world.readout @ trace["H3"] - T
        _, gradients = backward(weights, trace, world.readout.T @ error, set(weights))
        state, changes = adam_step(state, gradients, 1e-3)
        weights = add_delta(weights, changes)


def test_freezing_from_stored_outputs_is_freezing_to_the_bit(world, task):
    way = new_way(world, "freeze", 0)
    weights, state = dict(world.pretrained), adam_start(way.start)
    for parameters in islice(training(way, task.train, 1e-3), 5):
        assert parameters["W3"].tobytes() == weights["W3"].tobytes()
        trace = forward(weights, task.train.X)
        signal = world.readout.T @ (world.readout @ trace["H3"] - task.train.T)
        _, gradients = backward(weights, trace, signal, {"W3"})
        state, changes = adam_step(state, gradients, 1e-3)
        weights["W3"] = weights["W3"] + changes["W3"]


def test_training_leaves_the_world_as_it_was(world, task):
    before = {name: W.tobytes() for name, W in world.pretrained.items()}
    P = world.readout.tobytes()
    for name in WAYS:
        train(new_way(world, name, 0), task.train, 1e-2, 3)
    assert {name: W.tobytes() for name, W in world.pretrained.items()} == before
    assert world.readout.tobytes() == P


def test_the_same_number_of_steps_is_done_for_each(world, task):
    way = new_way(world, "lora", 0)
    seventh = next(islice(training(way, task.train, 1e-3), 7, None))
    assert same(train(way, task.train, 1e-3, 7), seventh)
    assert same(train(way, task.train, 1e-3, 0), way.start)


def test_the_rate_is_the_one_that_does_best_on_the_columns_kept_for_picking(world, task):
    way = new_way(world, "probe", 0)
    rate, parameters = pick_rate(task, way)
    errors = {
        r: relative_error(answer(way, train(way, task.train, r), task.pick.X), task.pick.T)
        for r in RATES
    }
    assert errors[rate] == min(errors.values()) and len(set(errors.values())) == len(RATES)
    assert same(parameters, train(way, task.train, rate))


@pytest.fixture(scope="module")
def results(world):
    return {turned: compare(0, turned, world=world) for turned in TURNS}


def test_a_comparison_takes_the_good_rates_and_is_the_same_twice(world, results):
    again = compare(0, "W3")
    assert again == results["W3"]
    assert list(again) == list(WAYS)
    for name, result in again.items():
        assert result.trained == SIZES[name]
        assert result.rate == (GOOD_RATES[name] if name in GOOD_RATES else 0)
    assert set(GOOD_RATES) == set(WAYS) - {"untouched"}
    assert set(GOOD_RATES.values()) <= set(RATES)


def test_some_ways_may_be_taken_alone(world, results):
    row = compare(0, "W3", world=world, names=("lora", "probe"))
    assert list(row) == ["lora", "probe"]
    assert all(row[name] == results["W3"][name] for name in row)


def test_a_comparison_measures_what_its_parts_measure(world, results):
    task = new_task(world, "W1", 0)
    way = new_way(world, "lora", 0)
    parameters = train(way, task.train, GOOD_RATES["lora"])
    rate = GOOD_RATES["lora"]
    assert measure(world, task, way, parameters, rate) == results["W1"]["lora"]
    Y = answer(way, parameters, task.test.X)
    error = sum((y - t) ** 2 for y, t in zip(Y.ravel(), task.test.T.ravel()))
    signal = sum(t**2 for t in task.test.T.ravel())
    assert results["W1"]["lora"].new_error == pytest.approx(error / signal, rel=1e-12)


def test_a_search_is_no_worse_on_the_columns_kept_for_it_than_the_good_rates(world):
    searched, task = compare(0, "W3", RATES, world), new_task(world, "W3", 0)
    for name in WAYS[1:]:
        way = new_way(world, name, 0)
        picked, good = (
            relative_error(answer(way, train(way, task.train, rate), task.pick.X), task.pick.T)
            for rate in (searched[name].rate, GOOD_RATES[name])
        )
        assert searched[name].rate in RATES and picked <= good


@pytest.mark.parametrize("turned", list(TURNS))
def test_probe_and_head_leave_the_old_task_alone_and_the_others_do_not(results, turned):
    row = results[turned]
    for name in ("untouched", "probe", "head"):
        assert row[name].old_drift == 0
        assert row[name].old_error == row["untouched"].old_error
    for name in ("scratch", "full", "freeze", "adapters", "lora"):
        assert row[name].old_drift > 0.01 and row[name].old_error > row["untouched"].old_error


@pytest.mark.parametrize("turned", list(TURNS))
def test_every_way_from_the_pretrained_network_learns_something_from_twelve_columns(
    results, turned
):
    row = results[turned]
    for name in ("full", "freeze", "probe", "head", "adapters", "lora"):
        assert row[name].new_error < row["untouched"].new_error
    assert row["full"].new_error < row["scratch"].new_error


def test_a_rank_or_bottleneck_may_be_chosen(world):
    start = new_way(world, "lora", 0, rank=2).start
    assert start["A1"].shape == (2, 30) and sum(v.size for v in start.values()) == 460
    start = new_way(world, "adapters", 0, bottleneck=1).start
    assert start["D3"].shape == (1, 40) and sum(v.size for v in start.values()) == 240


BAD = [
    (lambda w: new_world(-1), "seed must be a whole number, 0 or more, got -1"),
    (lambda w: new_world("0"), "seed must be a whole number, 0 or more, got '0'"),
    (lambda w: new_task(w, "W2", 0), "turned must be one of W3, W1, got 'W2'"),
    (lambda w: new_task(w, "W3", 0.5), "seed must be a whole number, 0 or more, got 0.5"),
    (
        lambda w: new_way(w, "bitfit", 0),
        "name must be one of untouched, scratch, full, freeze, probe, head, adapters, lora,"
        " got 'bitfit'",
    ),
    (lambda w: new_way(w, "lora", 0, rank=0), "rank must be a whole number, 1 or more, got 0"),
    (lambda w: compare(0, "W3", [], w), "rates must hold a rate or more, got none"),
    (
        lambda w: compare(0, "W3", [-1], w),
        "each of rates must be a finite number, 0 or more, got -1",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_does_not_fit_is_refused(world, call, message):
    with pytest.raises(ValueError) as error:
        call(world)
    assert str(error.value) == message
