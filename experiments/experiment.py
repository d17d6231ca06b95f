"""The experiment through the series: one old task, one new task, eight ways from one to the other.

A teacher, a network that no student may look into, sets the old task. A student of the same
shape learns it from 200 columns. Turning one matrix of the teacher partly away sets the new task,
with 12 columns to learn it from. Every way gets the same columns and the same steps of Adam, and
a learning rate out of the same five, picked on columns kept for that.
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from experiments.kept import kept
from experiments.ways import WAYS, new_student, new_way, way_of
from snippets import check
from snippets.adam import adam_start, adam_step
from snippets.derive import evaluate
from snippets.method import network_lines
from snippets.network import FULL_SIZES, new_network
from snippets.probe import CLASSES

OLD_COLUMNS = 200
NEW_COLUMNS = 12
PICK_COLUMNS = 200  # of a task, to pick a rate on
TEST_COLUMNS = 400  # of a task, to measure its error on
DIRECTIONS = 6  # inputs vary in 6 directions of the 30, as real inputs vary in few
NOISE = 0.03  # and off these by this much, where a signal is about 1
PRETRAIN_STEPS, PRETRAIN_RATE = 1500, 3e-3
STEPS = 300  # of Adam, for every way
RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)

# How far a matrix of the teacher is turned, in radians. Both angles leave an untouched student
# wrong by about the same, over a quarter of the signal, so that the new tasks can be compared.
TURNS = {"W3": 0.5, "W1": 0.6}

# Rates near the best for both new tasks, for a lesson that has no time to search.
GOOD_RATES = {
    "scratch": 1e-3,
    "full": 1e-4,
    "freeze": 3e-4,
    "probe": 3e-4,
    "head": 3e-4,
    "adapters": 3e-4,
    "lora": 3e-4,
}


class Columns(NamedTuple):
    """Examples: inputs X (30, columns) and targets T (10, columns)."""

    X: np.ndarray
    T: np.ndarray


class Task(NamedTuple):
    """Columns to train on, to pick a rate on, and to measure the error on."""

    train: Columns
    pick: Columns
    test: Columns


class World(NamedTuple):
    """What all ways share."""

    teacher: dict  # weights
    readout: np.ndarray  # P (10, 40)
    directions: np.ndarray  # (30, 6), orthonormal
    old: Task
    start: dict  # the student's weights before it learned anything
    pretrained: dict  # and after it learned the old task


class Result(NamedTuple):
    """What a way came to. Errors are shares of the signal: Σ (Y − T)² / Σ T²."""

    trained: int  # numbers that trained
    rate: float  # the learning rate
    new_error: float  # on the new task
    old_error: float  # on the old task, afterwards
    old_drift: float  # change of the outputs on the old task, as a share of them


def new_world(seed):
    """Make a teacher and pretrain a student on the old task.

    That takes half a second, so the last worlds are kept: see kept.py.

    Args:
        seed: a whole number of 0 or more; the same seed gives the same world.

    Returns:
        A World.

    Raises:
        ValueError: seed is no whole number of 0 or more.
    """
    return _world(check.whole_number(seed, "seed", least=0))


@kept
def _world(seed):
    rng = np.random.default_rng(seed)
    teacher = new_network(FULL_SIZES, rng)
    features = FULL_SIZES[-1]
    readout = rng.normal(0.0, np.sqrt(1 / features), size=(CLASSES, features))
    directions = np.linalg.qr(rng.normal(size=(FULL_SIZES[0], DIRECTIONS)))[0]
    old = _task(teacher, readout, directions, OLD_COLUMNS, rng)
    start = new_student(rng)
    way = way_of(network_lines((1, 2, 3)), start, {"P": readout})
    pretrained = train(way, old.train, PRETRAIN_RATE, PRETRAIN_STEPS)
    return World(teacher, readout, directions, old, start, pretrained)


def new_task(world, turned, seed):
    """Return the task that the teacher sets with one matrix turned partly away.

        W turned = cos(angle) W + sin(angle) R,   R random and about as large as W

    Args:
        world: a World.
        turned: "W3", the top of the teacher, or "W1", the bottom.
        seed: a whole number of 0 or more.

    Returns:
        A Task with 12 columns to train on.

    Raises:
        ValueError: another name; seed is no whole number of 0 or more.
    """
    if turned not in TURNS:
        raise ValueError(f"turned must be one of {', '.join(TURNS)}, got {turned!r}")
    seed = check.whole_number(seed, "seed", least=0)
    rng = np.random.default_rng((seed, int(turned[1:])))
    W, angle = world.teacher[turned], TURNS[turned]
    R = rng.normal(0.0, np.sqrt(2 / W.shape[1]), size=W.shape)
    teacher = {**world.teacher, turned: np.cos(angle) * W + np.sin(angle) * R}
    return _task(teacher, world.readout, world.directions, NEW_COLUMNS, rng)


def training(way, columns, rate):
    """Yield a way's parameters before the first step of Adam, after it, after the next, ...

    Args:
        way: a Way. columns: Columns to train on, all of them in every step. rate: η.

    Yields:
        Parameters, a dict of matrices, without end.
    """
    parameters, state, prepared = way.start, adam_start(way.start), way.prepare(columns.X)
    while True:
        yield parameters
        trace = way.run(parameters, prepared)
        gradients = way.back(parameters, trace, trace["Y"] - columns.T)
        state, changes = adam_step(state, gradients, rate)
        parameters = {name: value + changes[name] for name, value in parameters.items()}


def train(way, columns, rate, steps=STEPS):
    """Return a way's parameters after so many steps of Adam on ½ Σ (Y − T)²."""
    return next(islice(training(way, columns, rate), steps, None))


def answer(way, parameters, X):
    """Return what a way answers on the columns of X: Y (10, columns)."""
    return way.run(parameters, way.prepare(X))["Y"]


def relative_error(Y, T):
    """Return Σ (Y − T)² / Σ T²: 0 is perfect, 1 is what answering 0 comes to."""
    return float(np.sum((Y - T) ** 2) / np.sum(T**2))


def measure(world, task, way, parameters, rate):
    """Return the Result of a trained way."""
    untouched = new_way(world, "untouched", 0)
    before = answer(untouched, {}, world.old.test.X)
    after = before if way.own_readout else answer(way, parameters, world.old.test.X)
    return Result(
        trained=sum(value.size for value in parameters.values()),
        rate=rate,
        new_error=relative_error(answer(way, parameters, task.test.X), task.test.T),
        old_error=relative_error(after, world.old.test.T),
        old_drift=relative_error(after, before),
    )


def pick_rate(task, way, rates=RATES):
    """Train once for each rate; return (rate, parameters) of the lowest error on pick columns."""
    runs = [(rate, train(way, task.train, rate)) for rate in rates]
    pick = task.pick
    return min(runs, key=lambda run: relative_error(answer(way, run[1], pick.X), pick.T))


def compare(seed, turned, rates=None, world=None, names=WAYS):
    """Learn a new task in all eight ways, or some of them.

    Args:
        seed: of the world, the task and the random starts.
        turned: "W3" or "W1".
        rates: the rates to pick from, for each way; None takes GOOD_RATES without a search.
        world: new_world(seed), if it is there already.
        names: of the ways to take.

    Returns:
        {"untouched": Result, "scratch": Result, ...}, in the order of names.

    Raises:
        ValueError: as new_world, new_task and new_way; a rate that is no finite number of 0 or
            more, or no rate at all.
    """
    world = new_world(seed) if world is None else world
    task = new_task(world, turned, seed)
    if rates is not None:
        rates = [check.real_number(rate, "each of rates") for rate in rates]
        if not rates:
            raise ValueError("rates must hold a rate or more, got none")
    results = {}
    for name in names:
        way = new_way(world, name, seed)
        if not way.start:
            rate, parameters = 0.0, {}
        else:
            rate, parameters = pick_rate(task, way, rates or [GOOD_RATES[name]])
        results[name] = measure(world, task, way, parameters, rate)
    return results


def _task(teacher, readout, directions, columns, rng):
    """Draw the three sets of columns; the teacher's P H3 are the targets."""
    inputs, varied = directions.shape
    lines, sets = network_lines((1, 2, 3)), []
    for n in (columns, PICK_COLUMNS, TEST_COLUMNS):
        signal = directions @ rng.normal(0.0, np.sqrt(inputs / varied), size=(varied, n))
        X = signal + NOISE * rng.normal(size=(inputs, n))  # entries of about 1
        sets.append(Columns(X, readout @ evaluate(lines, {**teacher, "X": X})["H3"]))
    return Task(*sets)
