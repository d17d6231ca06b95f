"""Kept runs against the experiment itself, and four bits against what they stand for."""

import numpy as np
import pytest

from experiments.experiment import (
    GOOD_RATES,
    answer,
    compare,
    new_task,
    new_way,
    new_world,
    relative_error,
    train,
)
from experiments.runs import learn, quantised_world
from snippets.forward import forward
from snippets.lora import merge
from snippets.quantise import nf4_levels, quantise

NAMES = ("untouched", "full", "lora")


@pytest.fixture(scope="module")
def world():
    return new_world(7)


@pytest.mark.parametrize("turned", ["W3", "W1"])
def test_a_run_is_the_one_of_the_comparison(world, turned):
    results = compare(7, turned, world=world, names=NAMES)
    assert {name: learn(7, turned, name).result for name in NAMES} == results


def test_the_parameters_are_those_that_were_measured(world):
    run, task = learn(7, "W3", "lora"), new_task(world, "W3", 7)
    Y = world.readout @ forward(merge(world.pretrained, run.parameters), task.test.X)["H3"]
    # A second way: merged, where the experiment leaves A and B beside W.
    assert relative_error(Y, task.test.T) == pytest.approx(run.result.new_error, rel=1e-9)


def test_each_caller_gets_arrays_of_its_own():
    learn(7, "W3", "lora").parameters["B1"][:] = 99
    assert abs(learn(7, "W3", "lora").parameters["B1"]).max() < 1


@pytest.mark.parametrize(("rank", "trained"), [(1, 230), (2, 460), (4, 920), (8, 1840)])
def test_a_rank_trains_230_numbers_more(rank, trained):
    run = learn(7, "W3", "lora", rank)
    assert run.result.trained == sum(v.size for v in run.parameters.values()) == trained
    assert run.parameters["A2"].shape == (rank, 40)


def test_four_bits_leave_sixteen_levels_a_block(world):
    coarse = quantised_world(world)
    assert coarse.readout is world.readout and coarse.old is world.old
    for name, W in world.pretrained.items():
        absmax = np.repeat(quantise(W).absmax, 64)[: W.size].reshape(W.shape)
        distance = abs(coarse.pretrained[name][..., None] - absmax[..., None] * nf4_levels())
        assert distance.min(axis=-1).max() == 0


def test_tutors_beside_four_bits_are_trained_there(world):
    coarse, task = quantised_world(world), new_task(world, "W3", 7)
    way = new_way(coarse, "lora", 7)
    parameters = train(way, task.train, GOOD_RATES["lora"])
    error = relative_error(answer(way, parameters, task.test.X), task.test.T)
    assert learn(7, "W3", "lora", four_bits=True).result.new_error == error
    assert learn(7, "W3", "untouched", four_bits=True).result.new_error > error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, "W3", "lora"), "seed must be a whole number, 0 or more, got -1"),
        ((7, "W2", "lora"), "turned must be one of W3, W1, got 'W2'"),
        ((7, "W3", "tutor"), "name must be one of untouched, scratch, full"),
        ((7, "W3", "lora", 0), "rank must be a whole number, 1 or more, got 0"),
        ((7, "W3", "lora", 4, 1), "four_bits must be True or False, got 1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError) as error:
        learn(*arguments)
    assert message in str(error.value)
