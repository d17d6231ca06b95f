"""The experiment through the series: one old task, one new task, eight ways from one to the other.

A teacher, a network that no student may look into, sets the old task. A student of the same
shape learns it from 200 columns. Turning one matrix of the teacher partly away sets the new task,
with 12 columns to learn it from. Every way gets the same columns and the same steps of Adam, and
a learning rate out of the same five, picked on columns kept for that.

Of H3 everyone sees P H3, ten numbers a column. P stands for the output layer that a pretrained
network has. It is known and frozen; the probe and the head replace it, and start as it. Without
P, a student whose last ReLU is silent could not be taught at all.

A step is done thousands of times, so it calls the unchecked parts of the other snippets, on
arrays made here.
"""

from copy import deepcopy
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from snippets import check
from snippets.adam import adam_move, adam_start
from snippets.adapter import BOTTLENECK, new_adapters, pass_back_with_adapters, run_with_adapters
from snippets.backward import pass_back
from snippets.forward import run_layers
from snippets.head import head_pass_back, run_head
from snippets.lora import LORA_ALPHA, RANK, new_lora, pass_back_with_lora, run_with_lora
from snippets.network import FULL_SIZES, new_network
from snippets.probe import CLASSES

OLD_COLUMNS = 200
NEW_COLUMNS = 12
PICK_COLUMNS = 200  # of a task, to pick a rate on
TEST_COLUMNS = 400  # of a task, to measure its error on
DIRECTIONS = 6  # inputs vary in 6 directions of the 30, as real inputs vary in few
NOISE = 0.03  # and off these by this much, where a signal is about 1
START = 0.5  # whoever starts from nothing starts from new_network's weights times this
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


class Way(NamedTuple):
    """A way to learn a task; its parameters are a dict of matrices."""

    start: dict  # parameters before the first step
    prepare: object  # X -> what the frozen bottom makes of it, computed once
    run: object  # (parameters, prepared) -> trace with the output "Y"
    back: object  # (parameters, trace, dL/dY) -> gradients, by name
    own_readout: bool = False  # True: the network and P stay as they are, for the old task


class Result(NamedTuple):
    """What a way came to. Errors are shares of the signal: Σ (Y − T)² / Σ T²."""

    trained: int  # numbers that trained
    rate: float  # the learning rate
    new_error: float  # on the new task
    old_error: float  # on the old task, afterwards
    old_drift: float  # change of the outputs on the old task, as a share of them


def new_world(seed):
    """Make a teacher and pretrain a student on the old task.

    That takes half a second, so the last worlds are kept; each caller gets a copy of its own.

    Args:
        seed: a whole number of 0 or more; the same seed gives the same world.

    Returns:
        A World.

    Raises:
        ValueError: seed is no whole number of 0 or more.
    """
    return deepcopy(_world(check.whole_number(seed, "seed", least=0)))


@lru_cache(maxsize=4)  # a world is some 0.4 MB
def _world(seed):
    rng = np.random.default_rng(seed)
    teacher = new_network(FULL_SIZES, rng)
    features = FULL_SIZES[-1]
    readout = rng.normal(0.0, np.sqrt(1 / features), size=(CLASSES, features))
    directions = np.linalg.qr(rng.normal(size=(FULL_SIZES[0], DIRECTIONS)))[0]
    old = _task(teacher, readout, directions, OLD_COLUMNS, rng)
    start = {name: START * W for name, W in new_network(FULL_SIZES, rng).items()}
    world = World(teacher, readout, directions, old, start, start)
    return world._replace(
        pretrained=train(_layers_way(world, start), old.train, PRETRAIN_RATE, PRETRAIN_STEPS)
    )


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


def new_way(world, name, seed, rank=RANK, bottleneck=BOTTLENECK):
    """Return a way to learn a new task.

    Args:
        world: a World.
        name: "untouched", "scratch", "full", "freeze", "probe", "head", "adapters" or "lora".
        seed: for what starts at random; a whole number of 0 or more.
        rank: of LoRA. bottleneck: of the adapters. 1 or more.

    Returns:
        A Way.

    Raises:
        ValueError: another name; a number that is not whole or too small.
    """
    if name not in WAYS:
        raise ValueError(f"name must be one of {', '.join(WAYS)}, got {name!r}")
    rng = np.random.default_rng((check.whole_number(seed, "seed", least=0), 99))
    if name == "untouched":
        return _layers_way(world, {})
    if name == "scratch":
        return _layers_way(world, {k: START * W for k, W in new_network(FULL_SIZES, rng).items()})
    if name == "full":
        return _layers_way(world, world.pretrained)
    if name == "freeze":
        return _layers_way(world, {"W3": world.pretrained["W3"]})
    if name == "probe":
        return _readout_way(world, {"W4": world.readout})
    if name == "head":
        return _readout_way(world, head_like(world.readout))
    if name == "adapters":
        return _adapters_way(world, new_adapters(world.pretrained, bottleneck, rng))
    return _lora_way(world, new_lora(world.pretrained, rank, rng))


WAYS = ("untouched", "scratch", "full", "freeze", "probe", "head", "adapters", "lora")


def head_like(readout):
    """Return a head that computes exactly what P computes: P H = ReLU(P H) − ReLU(−P H).

    So the head starts where every other way starts. It has two hidden units for each output,
    20 for 10: the very size of the lessons' head.

    Args:
        readout: P (outputs, features).

    Returns:
        {"W4": P above −P, "W5": the identity beside minus the identity}.
    """
    identity = np.eye(len(readout))
    return {"W4": np.vstack([readout, -readout]), "W5": np.hstack([identity, -identity])}


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
        state, changes = adam_move(state, gradients, rate)
        parameters = {name: value + changes[name] for name, value in parameters.items()}


def train(way, columns, rate, steps=STEPS):
    """Return a way's parameters after so many steps of Adam on ½ Σ (Y − T)²."""
    return next(islice(training(way, columns, rate), steps, None))


def relative_error(Y, T):
    """Return Σ (Y − T)² / Σ T²: 0 is perfect, 1 is what answering 0 comes to."""
    return float(np.sum((Y - T) ** 2) / np.sum(T**2))


def answer(way, parameters, X):
    """Return what a way answers on the columns of X: Y (10, columns)."""
    return way.run(parameters, way.prepare(X))["Y"]


def measure(world, task, way, parameters, rate):
    """Return the Result of a trained way."""
    untouched = _layers_way(world, {})
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
    layers, sets = _chain(teacher), []
    for n in (columns, PICK_COLUMNS, TEST_COLUMNS):
        signal = directions @ rng.normal(0.0, np.sqrt(inputs / varied), size=(varied, n))
        X = signal + NOISE * rng.normal(size=(inputs, n))  # entries of about 1
        sets.append(Columns(X, readout @ run_layers(layers, X)[f"H{max(layers)}"]))
    return Task(*sets)


def _chain(weights):
    return {int(name[1:]): W for name, W in weights.items()}


def _layers_way(world, start):
    """Some layers learn; those below the lowest of them run once."""
    frozen, names = _chain(world.pretrained), set(start)
    lowest = min(_chain(start), default=max(frozen) + 1)
    below = {k: W for k, W in frozen.items() if k < lowest}
    output, P = f"H{max(frozen)}", world.readout

    def prepare(X):
        return run_layers(below, X)[f"H{lowest - 1}"] if below else X

    def chain(parameters):
        return {k: parameters.get(f"W{k}", W) for k, W in frozen.items() if k >= lowest}

    def run(parameters, H):
        trace = run_layers(chain(parameters), H) if names else {output: H}
        return {**trace, "Y": P @ trace[output]}

    def back(parameters, trace, error):
        if not names:
            return {}
        return pass_back(chain(parameters), trace, P.T @ error, names)[1]

    return Way(start, prepare, run, back)


def _readout_way(world, start):
    """A probe or a head learns in place of P; the whole network runs once."""
    network = _chain(world.pretrained)

    def prepare(X):
        return run_layers(network, X)[f"H{max(network)}"]

    def run(parameters, H):
        return run_head(_chain(parameters), H)

    def back(parameters, trace, error):
        return head_pass_back(_chain(parameters), trace, error)[1]

    return Way(start, prepare, run, back, own_readout=True)


def _adapters_way(world, start):
    """The detours learn; the network runs in every step, since its layers' inputs change."""
    layers, P = _chain(world.pretrained), world.readout

    def pairs(parameters):
        return {k: (parameters[f"D{k}"], parameters[f"U{k}"]) for k in layers}

    def run(parameters, X):
        trace = run_with_adapters(layers, pairs(parameters), X)
        return {**trace, "Y": P @ trace[f"H{max(layers)}'"]}

    def back(parameters, trace, error):
        return pass_back_with_adapters(layers, pairs(parameters), trace, P.T @ error)[1]

    return Way(start, lambda X: X, run, back)


def _lora_way(world, start):
    """A and B learn beside every frozen W."""
    layers, P = _chain(world.pretrained), world.readout
    scaling = LORA_ALPHA / len(start["A1"])

    def triples(parameters):
        return {k: (parameters[f"A{k}"], parameters[f"B{k}"], scaling) for k in layers}

    def run(parameters, X):
        trace = run_with_lora(layers, triples(parameters), X)
        return {**trace, "Y": P @ trace[f"H{max(layers)}"]}

    def back(parameters, trace, error):
        return pass_back_with_lora(layers, triples(parameters), trace, P.T @ error)[1]

    return Way(start, lambda X: X, run, back)
