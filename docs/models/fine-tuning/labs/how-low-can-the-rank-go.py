# ---
# description: LoRA at every rank from 1 up, beside the rank of what full fine-tuning learned. How few directions are enough?
# ---

# %% [markdown]
# # How low can the rank go?
#
# [LoRA](../lora.md) bets that ΔW needs few directions: a matrix of rank *r* instead of a full one. The lessons use rank 4. Is that too few, or already too many? And what would full fine-tuning have answered: how many directions does *its* ΔW use?
#
# Guess before you scroll: which rank is the first that no longer does clearly worse than the highest one?
#
# ## Two questions, asked of the same network
#
# 1. Train LoRA at rank 1, 2, 4, 8, 16 and 30. What is its error on the new task?
# 2. Fine-tune everything, take ΔW apart into directions, and keep only the strongest *r* of each layer. What is the error now?
#
# Everything else is as in [Eight ways, ten seeds](eight-ways-ten-seeds.py): as many steps on 12 columns, a learning rate picked from the same five for each run. Here are five seeds.

# %%
import numpy as np

from experiments.experiment import (
    TURNS,
    answer,
    new_task,
    new_way,
    new_world,
    pick_rate,
    relative_error,
)

SEEDS = range(5)
RANKS = (1, 2, 4, 8, 16, 30)
LAYERS = ("W1", "W2", "W3")
worlds = [new_world(seed) for seed in SEEDS]


def error_of(task, way, parameters):
    return relative_error(answer(way, parameters, task.test.X), task.test.T)


def low_rank(delta, rank):
    """The matrix of this rank that is nearest to ΔW."""
    U, sizes, V = np.linalg.svd(delta, full_matrices=False)
    return (U[:, :rank] * sizes[:rank]) @ V[:rank]


lora, cut, untouched, full, deltas = {}, {}, {}, {}, {}
for turned in TURNS:
    for seed, world in zip(SEEDS, worlds):
        key, task = (turned, seed), new_task(world, turned, seed)
        still = new_way(world, "untouched", seed)
        untouched[key] = error_of(task, still, {})
        for rank in RANKS:
            way = new_way(world, "lora", seed, rank=rank)
            lora[key, rank] = error_of(task, way, pick_rate(task, way)[1])
        way = new_way(world, "full", seed)
        trained = pick_rate(task, way)[1]
        full[key] = error_of(task, way, trained)
        deltas[key] = {k: trained[k] - world.pretrained[k] for k in LAYERS}
        for rank in RANKS:
            kept = {
                k: world.pretrained[k] + low_rank(deltas[key][k], rank)
                for k in LAYERS
            }
            cut[key, rank] = error_of(task, way, kept)
print(
    f"{len(SEEDS)} seeds, {len(TURNS)} new tasks, LoRA at {len(RANKS)} ranks"
)

# %% [markdown]
# ## Error against rank

# %% tags=["hide-input"]
from figures.kit.plot import colour, paper, plot
from figures.kit.table import mean_and_spread, table

HEADINGS = {"W3": "W3 turned: the top", "W1": "W1 turned: the bottom"}
PLACES = dict(zip(RANKS, (1, 3, 5, 7, 9, 11)))  # two squares for each rank


def over_seeds(errors, turned, rank=None):
    keys = [(turned, seed) for seed in SEEDS]
    return np.array(
        [errors[key if rank is None else (key, rank)] for key in keys]
    )


def draw(panels):
    for axes, turned in zip(panels, TURNS):
        paper(axes, x=(0, 1, 1), y=(0.12, 0.02, 3))
        axes.set_xticks(list(PLACES.values()), [str(rank) for rank in RANKS])
        begin = over_seeds(untouched, turned).mean()
        axes.plot(
            [0, 12], [begin] * 2, color=colour("soft"), ls=(0, (1.5, 3))
        )
        axes.text(
            12, begin + 0.005, "untouched", color=colour("soft"), ha="right"
        )
        for errors, kind, line, word in (
            (lora, "new", "-", "LoRA"),
            (cut, "delta", (0, (4, 2.5)), "full, cut to rank r"),
        ):
            means = [
                over_seeds(errors, turned, rank).mean() for rank in RANKS
            ]
            axes.plot(
                list(PLACES.values()), means, color=colour(kind), ls=line
            )
            axes.scatter(
                list(PLACES.values()), means, s=30, color=colour(kind)
            )
        ends = [
            over_seeds(errors, turned, RANKS[-1]).mean()
            for errors in (lora, cut)
        ]
        above = ends[0] > ends[1]
        axes.text(
            12,
            ends[0] + (0.007 if above else -0.007),
            "LoRA",
            color=colour("new"),
            ha="right",
            va="bottom" if above else "top",
        )
        axes.text(
            12,
            ends[1] + (-0.007 if above else 0.007),
            "full, cut to rank r",
            color=colour("delta"),
            ha="right",
            va="top" if above else "bottom",
        )
        axes.set_xlabel("rank r")


def listed(errors, turned):
    return ", ".join(
        f"{over_seeds(errors, turned, r).mean():.3f} at {r}" for r in RANKS
    )


alt = " ".join(
    f"{HEADINGS[turned]}. LoRA's mean error by rank: {listed(lora, turned)}. Full fine-tuning cut "
    f"to a rank: {listed(cut, turned)}. Untouched: {over_seeds(untouched, turned).mean():.3f}."
    for turned in TURNS
)


plot(
    draw,
    "Error on the new task against rank",
    alt,
    table(
        ["Turned, what", *(f"rank {rank}" for rank in RANKS)],
        [
            [f"{turned}, {word}"]
            + [
                mean_and_spread(over_seeds(errors, turned, rank))
                for rank in RANKS
            ]
            for turned in TURNS
            for errors, word in ((lora, "LoRA"), (cut, "full, cut"))
        ],
    ),
    "Means of five seeds; the axis does not start at zero. Solid: LoRA trained at rank r. Dashed: full fine-tuning, each ΔW cut "
    "to its r strongest directions.",
    panels=HEADINGS.values(),
    squares=(12, 9),
    narrow=(12, 9),
)

# %% [markdown]
# ## Against the same seed
#
# Seeds differ more than ranks do. So compare each rank with rank 30 in the same seed, where A and B hold as much freedom as LoRA can have.

# %%
from snippets.count import count_parameters
from snippets.lora import break_even_rank, lora_shapes
from snippets.network import FULL_SIZES, layer_shapes

shapes = layer_shapes(FULL_SIZES)
total = count_parameters(shapes.values())
for turned in TURNS:
    print(f"{turned} turned: LoRA's error minus that of rank {RANKS[-1]}")
    for rank in RANKS[:-1]:
        worse = over_seeds(lora, turned, rank) - over_seeds(
            lora, turned, RANKS[-1]
        )
        trained = count_parameters(lora_shapes(shapes, rank).values())
        seeds = f"worse in {np.sum(worse > 0)} of {len(worse)}"
        numbers = f"{trained} of {total} numbers train"
        print(f"  rank {rank:2}: {worse.mean():+.3f}, {seeds}; {numbers}")
print(
    "A and B are no longer smaller than W from rank",
    ", ".join(f"{break_even_rank(*shapes[k])} ({k})" for k in LAYERS),
)

# %% [markdown]
# ## The directions of a full ΔW
#
# The **singular values** of ΔW say how far it moves along each of its directions, the strongest first. Squared and summed they give the whole size of ΔW. Which share of it do the first few hold?


# %% tags=["hide-input"]
def shares(turned, layer):
    """Share of ΔW's squared size that its r strongest directions hold, r = 1, 2, ...: (seeds, r)."""
    sizes = [
        np.linalg.svd(deltas[turned, seed][layer], compute_uv=False)
        for seed in SEEDS
    ]
    return np.array([np.cumsum(s**2) / np.sum(s**2) for s in sizes])


LINES = {
    "W1": ("frozen", (0, (1.5, 2.5))),
    "W2": ("trainable", (0, (5, 2.5))),
    "W3": ("new", "-"),
}
SHOWN = 12


def draw(panels):
    for axes, turned in zip(panels, TURNS):
        paper(axes, x=(0, 1, 2), y=(0, 0.1, 2))
        for layer, (kind, line) in LINES.items():
            share = np.concatenate(
                [[0], shares(turned, layer).mean(0)[:SHOWN]]
            )
            axes.plot(range(SHOWN + 1), share, color=colour(kind), ls=line)
        lowest = {k: shares(turned, k).mean(0)[3] for k in LINES}
        for i, layer in enumerate(
            sorted(lowest, key=lowest.get, reverse=True)
        ):
            kind, line = LINES[layer]
            y = 0.42 - 0.1 * i
            axes.plot([7, 8.6], [y, y], color=colour(kind), ls=line)
            axes.text(
                9, y, f"Δ{layer}", color=colour(kind), va="center_baseline"
            )
        axes.set_xlabel("directions kept, the strongest first")


alt = (
    "Share of the squared size of each ΔW, mean of five seeds. "
    + " ".join(
        f"{HEADINGS[t]}: "
        + "; ".join(
            f"Δ{k} {shares(t, k).mean(0)[0]:.0%} in 1, {shares(t, k).mean(0)[3]:.0%} in 4, "
            f"{shares(t, k).mean(0)[7]:.0%} in 8 directions"
            for k in LAYERS
        )
        + "."
        for t in TURNS
    )
)
plot(
    draw,
    "How much of a full ΔW lies in few directions",
    alt,
    table(
        ["Turned, matrix", *(f"first {r}" for r in (1, 2, 4, 8, 16))],
        [
            [
                f"{t}, Δ{k}",
                *(
                    f"{shares(t, k).mean(0)[r - 1]:.0%}"
                    for r in (1, 2, 4, 8, 16)
                ),
            ]
            for t in TURNS
            for k in LAYERS
        ],
    ),
    "Share of the squared size of ΔW that its strongest directions hold. Means of five seeds.",
    panels=HEADINGS.values(),
    squares=(12, 10),
    narrow=(12, 10),
)

# %% [markdown]
# ## What holds
#
# - **Rank 1 goes far.** For the change on top it brings three quarters of what the highest rank brings, for the change at the bottom nearly half. It trains about a twentieth of the weights.
# - **From rank 8 on there is next to nothing to gain.** Rank 4, as in the lessons, brings four fifths or more of what the highest brings.
# - **Above rank 16 there is no point at all.** A and B then hold about as many numbers as the matrices that they stand beside.
# - **A full ΔW is not of low rank.** Its four strongest directions hold two thirds to four fifths of its squared size, and the rest is spread thin. Yet you may cut it to eight directions and lose almost nothing. What is small in ΔW does little for the task.
# - **A cut ΔW beats LoRA** of the same rank, in the mean, at every rank here. Training in few directions is not the same as finding the best few after training in all.

# %%
for turned, at_least in (("W3", 0.7), ("W1", 0.45)):
    begin = over_seeds(untouched, turned).mean()
    error = {r: over_seeds(lora, turned, r).mean() for r in RANKS}
    gain = {r: (begin - error[r]) / (begin - error[30]) for r in RANKS}
    assert at_least < gain[1] < 0.8 < gain[4] < 1
    assert all(gain[rank] > 0.94 for rank in (8, 16)), gain
    for rank in RANKS:
        assert over_seeds(cut, turned, rank).mean() < error[rank], rank
    uncut = over_seeds(full, turned).mean()
    lost = over_seeds(cut, turned, 8).mean() - uncut
    assert lost < 0.05 * (begin - uncut)
    assert all(
        0.6 < shares(turned, layer).mean(0)[3] < 0.8 for layer in LAYERS
    )
    shown = ", ".join(f"{g:.0%} at rank {r}" for r, g in gain.items())
    print(f"{turned} turned, share of the gain: {shown}")

# %% [markdown]
# With LoRA on GPT-3, rank 1 was already competitive on both tasks tried, and rank 64 gained next to nothing [@hu2022, section 7.2]. That was with LoRA on the query and value matrices of attention; on the query matrices alone it took a larger rank. It depends on how far the new task lies from the old one. Five seeds of a small network can't tell you the rank for yours; a run at two ranks can.
