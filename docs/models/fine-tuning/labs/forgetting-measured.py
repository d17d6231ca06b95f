# ---
# description: While a network learns the new task, what becomes of the old one? Both errors, step by step, for six methods and ten seeds.
# ---

# %% [markdown]
# # Forgetting, measured
#
# A network that learns something new may lose what it knew [@mccloskey1989]. That is called **catastrophic forgetting**. The lessons show the old task's error before and after. Here you watch it on the way.
#
# Before you scroll, guess: does forgetting keep pace with learning, does it come first, or does it come last?
#
# ## What is run
#
# The same old and new task as in the lessons, the top matrix W3 of the teacher being turned. Each of the six methods takes the lessons' steps on 12 columns of the new task. No step ever sees a column of the old task. The learning rates are the fixed ones of the lessons, so that nobody is stopped early or late by a search.

# %%
from itertools import islice

import numpy as np

from experiments.experiment import (
    GOOD_RATES,
    STEPS,
    answer,
    new_task,
    new_way,
    new_world,
    relative_error,
    train,
    training,
)

SEEDS = range(10)
METHODS = ("full", "freeze", "probe", "head", "adapters", "lora")
EVERY = 5  # steps between two looks


def curves(world, task, way, rate):
    """Errors of both tasks, on columns that nobody trained on, step by step."""
    untouched, errors = new_way(world, "untouched", 0), []
    looks = islice(training(way, task.train, rate), 0, STEPS + 1, EVERY)
    for parameters in looks:
        new = answer(way, parameters, task.test.X)
        if way.own_readout:  # the old network still answers the old task
            old = answer(untouched, {}, world.old.test.X)
        else:
            old = answer(way, parameters, world.old.test.X)
        errors.append(
            (
                relative_error(new, task.test.T),
                relative_error(old, world.old.test.T),
            )
        )
    return errors


worlds = [new_world(seed) for seed in SEEDS]
tasks = [new_task(world, "W3", seed) for world, seed in zip(worlds, SEEDS)]
errors = {  # (seeds, looks, new or old)
    name: np.array(
        [
            curves(world, task, new_way(world, name, seed), GOOD_RATES[name])
            for world, task, seed in zip(worlds, tasks, SEEDS)
        ]
    )
    for name in METHODS
}
steps = np.arange(0, STEPS + 1, EVERY)
print(
    len(METHODS), "methods,", len(SEEDS), "seeds,", len(steps), "looks each"
)

# %% [markdown]
# ## Both errors, step by step

# %% tags=["hide-input"]
from figures.kit.plot import colour, paper, plot
from figures.kit.table import mean_and_spread, table

TITLES = {
    "full": "Full fine-tuning",
    "freeze": "W1, W2 frozen",
    "probe": "Linear probe",
    "head": "Head",
    "adapters": "Adapters",
    "lora": "LoRA",
}


def draw(panels):
    for axes, name in zip(panels, METHODS):
        paper(axes, x=(0, 25, 4), y=(0, 0.05, 2))
        mean, spread = errors[name].mean(0), errors[name].std(0, ddof=1)
        for task, kind, line in (
            (0, "new", "-"),
            (1, "delta", (0, (4, 2.5))),
        ):
            middle, half = mean[:, task], spread[:, task]
            axes.fill_between(
                steps,
                middle - half,
                middle + half,
                color=colour(kind),
                alpha=0.16,
                lw=0,
            )
            axes.plot(steps, middle, color=colour(kind), ls=line)
        new_above = mean[-1, 0] > mean[-1, 1]
        for task, kind, word in (
            (0, "new", "new task"),
            (1, "delta", "old task"),
        ):
            above = new_above == (task == 0)
            place = (
                max(mean[-20:, task]) + 0.012
                if above
                else min(mean[-20:, task]) - 0.012
            )
            axes.text(
                STEPS,
                place,
                word,
                color=colour(kind),
                ha="right",
                va="bottom" if above else "top",
            )
        axes.set_xlabel("steps on the new task")


LOOKS = [0, 10, 50, 150, 300]
at = {step: step // EVERY for step in LOOKS}
alt = " ".join(
    f"{TITLES[name]}: new error {errors[name][:, 0, 0].mean():.3f} before and "
    f"{errors[name][:, -1, 0].mean():.3f} after, old error {errors[name][:, 0, 1].mean():.3f} "
    f"before and {errors[name][:, -1, 1].mean():.3f} after."
    for name in METHODS
)
plot(
    draw,
    "Error of the new and the old task while the new one is learned",
    alt,
    table(
        ["Method, task", *(f"{step} steps" for step in LOOKS)],
        [
            [f"{TITLES[name]}, {word}"]
            + [
                mean_and_spread(errors[name][:, i, task])
                for i in at.values()
            ]
            for name in METHODS
            for task, word in enumerate(("new", "old"))
        ],
    ),
    "Errors as shares of the signal. Lines: mean of ten seeds. Bands: one standard deviation "
    "to each side. Solid: the new task. Dashed: the old one.",
    panels=TITLES.values(),
    squares=(12, 9),
    narrow=(12, 9),
)

# %% [markdown]
# Probe and head never touch the network, so their dashed line is flat. For the other four, look at the two ends of the curves. Most of the learning is done early. Forgetting goes on long after.
#
# ## What comes first?


# %%
def share_done(name, task, step):
    """How much of the final change of the mean is done after so many steps."""
    mean = errors[name][:, :, task].mean(0)
    return (mean[at[step]] - mean[0]) / (mean[-1] - mean[0])


MOVING = [name for name in METHODS if name not in ("probe", "head")]
for name in MOVING:
    print(TITLES[name])
    for step in (50, 150):
        learned, forgot = (share_done(name, task, step) for task in (0, 1))
        done = f"{learned:>5.0%} learned, {forgot:.0%} forgotten"
        print(f"  after {step:3} of {STEPS} steps: {done}")

# %% [markdown]
# The second half of the steps buys little of the new task and still costs the old one. So stopping early is a cheap guard, if you can measure the old error. It is no cure: after 25 steps each of the four dashed lines has risen.
#
# ## Can it be undone?
#
# What a method adds can be taken away, and what it overwrites can be put back if you kept it. Then the old outputs return, exactly. What differs is how many numbers you must have kept.

# %%
from snippets.count import count_parameters

world, task = worlds[0], tasks[0]
X = world.old.test.X
before = answer(new_way(world, "untouched", 0), {}, X)
for name in MOVING:
    way = new_way(world, name, 0)
    trained = train(way, task.train, GOOD_RATES[name])
    assert not np.array_equal(answer(way, trained, X), before)
    overwritten = {
        k: W for k, W in way.start.items() if k in world.pretrained
    }
    undone = {
        k: overwritten.get(k, np.zeros_like(W)) for k, W in trained.items()
    }
    assert np.array_equal(answer(way, undone, X), before)  # to the bit
    kept = count_parameters(W.shape for W in overwritten.values())
    print(
        f"{TITLES[name]:17} back, bit for bit; {kept} old weights were kept"
    )

# %% [markdown]
# Adapters and LoRA overwrite nothing: set what they added to zero and the old network stands there. But merge LoRA into W, and W is overwritten too. Freezing leaves one matrix to keep, full fine-tuning all three.
#
# ## What holds
#
# - Every method learns: in the mean over seeds, the new error falls.
# - Learning comes first. After a sixth of the steps more than half is learned, and less than half is forgotten.
# - Probe and head forget nothing, in any seed. Every other method forgets, in every seed.
# - Freezing W1 and W2 does **not** prevent forgetting. At these rates it forgets at least half as much as full fine-tuning.

# %%
for name in METHODS:
    assert errors[name][:, -1, 0].mean() < errors[name][:, 0, 0].mean(), name
    rise = errors[name][:, -1, 1] - errors[name][:, 0, 1]
    assert np.all(rise > 0) if name in MOVING else np.all(rise == 0), name
for name in MOVING:
    assert share_done(name, 0, 50) > 0.5 > share_done(name, 1, 50), name
    assert share_done(name, 0, 150) > 0.85 > share_done(name, 1, 150), name
    old = errors[name][:, :, 1].mean(0)
    assert old[25 // EVERY] > 1.02 * old[0], name
rise = {
    name: (errors[name][:, -1, 1] - errors[name][:, 0, 1]).mean()
    for name in MOVING
}
assert rise["freeze"] > 0.5 * rise["full"]
print({name: round(float(value), 3) for name, value in rise.items()})

# %% [markdown]
# How much a method forgets depends on its rate and on how long it trains, so this is no ranking. A method that learns less also forgets less. And one small network is no proof about large ones.
