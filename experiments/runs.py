"""Single runs of the experiment, kept: other ranks of LoRA, and frozen weights of four bits.

A run trains for 300 steps, some 30 ms. A page that looks at several of them from all sides is
woven often, so the last runs are kept.
"""

from typing import NamedTuple

from experiments.experiment import GOOD_RATES, Result, measure, new_task, new_way, new_world, train
from experiments.kept import kept
from snippets import check
from snippets.lora import RANK
from snippets.quantise import dequantise, quantise


class Run(NamedTuple):
    """What a way learned, and what it came to."""

    parameters: dict
    result: Result


def learn(seed, turned, name, rank=RANK, four_bits=False):
    """Learn a new task in one way, at its rate in GOOD_RATES.

    Args:
        seed: of the world, the task and the random start.
        turned: "W3" or "W1".
        name: of the way, as in new_way.
        rank: of LoRA, 1 or more. α stays what it is, so α/r falls as r grows.
        four_bits: True to train beside the weights of quantised_world.

    Returns:
        A Run, the caller's own copy. For rank 4 and exact weights its result is compare's.

    Raises:
        ValueError: as new_world, new_task and new_way; four_bits is not True or False.
    """
    seed = check.whole_number(seed, "seed", least=0)
    rank = check.whole_number(rank, "rank")
    if not isinstance(four_bits, bool):
        raise ValueError(f"four_bits must be True or False, got {four_bits!r}")
    return _learn(seed, turned, name, rank, four_bits)


@kept
def _learn(seed, turned, name, rank, four_bits):
    world = new_world(seed)
    task = new_task(world, turned, seed)
    if four_bits:
        world = quantised_world(world)
    way = new_way(world, name, seed, rank)
    if not way.start:  # nothing trains
        return Run({}, measure(world, task, way, {}, 0.0))
    rate = GOOD_RATES[name]
    parameters = train(way, task.train, rate)
    return Run(parameters, measure(world, task, way, parameters, rate))


def quantised_world(world):
    """Return a World whose pretrained weights have been through NF4 and back.

    It is QLoRA's setting: what is frozen was stored in 4 bits, A and B are exact.

    Args:
        world: a World.

    Returns:
        A World; each of its pretrained weights is a level of its block times absmax.
    """
    coarse = {name: dequantise(quantise(W)) for name, W in world.pretrained.items()}
    return world._replace(pretrained=coarse)
