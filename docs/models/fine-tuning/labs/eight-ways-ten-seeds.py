# ---
# description: The lessons show one run of each method. Here are ten runs of all eight ways, and what holds across them.
# ---

# %% [markdown]
# # Eight ways, ten seeds
#
# Every lesson of the series reports the same three numbers: the error on the new task, the error on the old task, and how many numbers trained. They come from one **seed**, the number that fixes all that is random: the teacher, the columns, the start. Another seed gives other errors. Which differences between the methods are real, and which are luck?
#
# So run everything ten times, each time with another teacher and other columns. Before you scroll, guess: does the choice of the method change the error more, or the choice of the seed?
#
# ## What is run
#
# A teacher network sets an old task. A student learns it from many columns. Then one matrix of the teacher is turned partly away, and the student has 12 columns to follow. Twice: once the top matrix W3 is turned, once the bottom matrix W1.
#
# The eight ways are *untouched* (no step at all), *scratch* (the 12 columns alone, from a random start), and the six methods of the lessons. All but the first get the same number of steps of [Adam](../pretrain-vs-fine-tune.md). Each way picks its learning rate from the same five, in every seed anew, on columns kept for that. An error is a share of the signal: 0 is perfect, and always answering 0 gives 1.

# %%
import numpy as np

from experiments.experiment import RATES, TURNS, WAYS, compare, new_world

SEEDS = range(10)
runs = {turned: [] for turned in TURNS}
for seed in SEEDS:
    world = new_world(seed)
    for turned in TURNS:
        runs[turned].append(compare(seed, turned, RATES, world))


def of_each_seed(turned, way, name):
    """One number of each seed, such as the new_error of "lora"."""
    return np.array([getattr(run[way], name) for run in runs[turned]])


print(len(SEEDS), "seeds,", len(TURNS), "new tasks,", len(WAYS), "ways")

# %% [markdown]
# ## Every run

# %% tags=["hide-input"]
from figures.kit.plot import colour, paper, plot
from figures.kit.table import mean_and_spread, table

HEADINGS = {"W3": "W3 turned: the top", "W1": "W1 turned: the bottom"}
KINDS = {
    "untouched": "soft",
    "scratch": "soft",
    "full": "delta",
    "freeze": "frozen",
    "probe": "activation",
    "head": "activation",
    "adapters": "trainable",
    "lora": "new",
}


def rows_of_ways(axes, ways):
    """Give each way two rows of squares, the first on top; return the middle of each."""
    middles = [2 * i + 1 for i in range(len(ways))][::-1]
    axes.set_yticks(middles, ways)
    return dict(zip(ways, middles))


def draw(panels):
    for axes, turned in zip(panels, TURNS):
        paper(axes, x=(0, 0.05, 2), y=None)
        for way, y in rows_of_ways(axes, WAYS).items():
            errors = of_each_seed(turned, way, "new_error")
            lift = np.linspace(-0.45, 0.45, len(errors))
            axes.scatter(
                errors,
                y + lift,
                s=30,
                color="none",
                edgecolors=colour(KINDS[way]),
            )
            axes.plot(
                [errors.mean()] * 2,
                [y - 0.8, y + 0.8],
                color=colour("ink"),
                lw=2.5,
            )
        axes.set_xlabel("error on the new task, share of the signal")


means = {
    t: {way: of_each_seed(t, way, "new_error").mean() for way in WAYS}
    for t in TURNS
}
alt = " ".join(
    f"{HEADINGS[t]}. Mean errors: "
    + ", ".join(f"{w} {e:.3f}" for w, e in means[t].items())
    + "."
    for t in TURNS
)
rows = [
    [
        f"{turned}, seed {seed}",
        *(f"{runs[turned][seed][way].new_error:.3f}" for way in WAYS),
    ]
    for turned in TURNS
    for seed in SEEDS
]
plot(
    draw,
    "The error of every run on the new task",
    alt
    + " The ten circles of each of the six methods spread wider than their means differ.",
    table(["Turned, seed", *WAYS], rows),
    "A circle is one seed, from seed 0 at the bottom of a row to seed 9 at its top. "
    "The bar is their mean.",
    panels=HEADINGS.values(),
    squares=(12, 16),
    narrow=(12, 16),
)

# %% [markdown]
# The seed matters more. A teacher that is easy to follow is easy for every method, and a hard one is hard for all. Set side by side, the methods drown in that.
#
# ## Mean and spread
#
# The **standard deviation** says how far a single seed typically lies from the mean.


# %% tags=["hide-input"]
table(
    [
        "Way",
        "Train",
        "New error, W3 turned",
        "Old error",
        "New error, W1 turned",
        "Old error",
    ],
    [
        [
            way,
            str(runs["W3"][0][way].trained),
            *(
                mean_and_spread(of_each_seed(turned, way, error))
                for turned in TURNS
                for error in ("new_error", "old_error")
            ),
        ]
        for way in WAYS
    ],
)

# %% [markdown]
# *Untouched* shows where everyone but *scratch* begins. Its old error is what pretraining left.
#
# ## The same seed, two methods
#
# There is a better question than "what is the mean error of LoRA?". Ask: *in the same seed*, how much worse is LoRA than full fine-tuning? What makes a seed easy or hard then cancels out. This is a **paired difference**.
#
# With ten of them you can say how sure their mean is. The bars below are 95% confidence intervals, by Student's t for ten values. Where a bar crosses zero, ten seeds don't tell the two methods apart. There are ten such bars, so a single one may be off by luck.

# %%
# Student's t: of the distribution with 9 degrees of freedom, 95% lie within
T_OF_NINE = 2.262


def paired(turned, way, other="full"):
    """How much worse a way is, seed by seed; the mean; half its interval."""
    mine = of_each_seed(turned, way, "new_error")
    worse = mine - of_each_seed(turned, other, "new_error")
    error_of_mean = worse.std(ddof=1) / np.sqrt(len(worse))
    return worse, worse.mean(), T_OF_NINE * error_of_mean


METHODS = WAYS[3:]  # the five that train less than everything
for turned in TURNS:
    print(turned, "turned: error minus that of full fine-tuning")
    for way in METHODS:
        worse, mean, half = paired(turned, way)
        seeds = f"worse in {np.sum(worse > 0)} of {len(worse)}"
        print(f"  {way:9}{mean:+.3f} ± {half:.3f}   {seeds}")


# %% tags=["hide-input"]
def draw(panels):
    for axes, turned in zip(panels, TURNS):
        paper(axes, x=(-0.03, 0.01, 3), y=None)
        axes.axvline(0, color=colour("ink"), lw=1)
        for way, y in rows_of_ways(axes, METHODS).items():
            worse, mean, half = paired(turned, way)
            lift = np.linspace(-0.45, 0.45, len(worse))
            axes.scatter(
                worse,
                y + lift,
                s=30,
                color="none",
                edgecolors=colour(KINDS[way]),
            )
            axes.plot(
                [mean - half, mean + half],
                [y, y],
                color=colour("ink"),
                lw=2.5,
            )
        axes.set_xlabel("error minus that of full fine-tuning")


alt = " ".join(
    f"{HEADINGS[turned]}. Mean difference and half its 95% interval: "
    + ", ".join(
        "{} {:+.3f} ± {:.3f}".format(way, *paired(turned, way)[1:])
        for way in METHODS
    )
    + "."
    for turned in TURNS
)
plot(
    draw,
    "Paired differences to full fine-tuning",
    alt,
    table(
        ["Turned, seed", *METHODS],
        [
            [
                f"{turned}, seed {s}",
                *(f"{paired(turned, way)[0][s]:+.3f}" for way in METHODS),
            ]
            for turned in TURNS
            for s in SEEDS
        ],
    ),
    "Right of zero, full fine-tuning was better. The bar is the 95% interval of the mean.",
    panels=HEADINGS.values(),
    squares=(12, 10),
    narrow=(12, 10),
)

# %% [markdown]
# ## What ten seeds allow you to say
#
# Each sentence is checked by the cell below it. If a change made one of them false, this page would not build.
#
# - **Change on top.** Freezing W1 and W2, the probe and the head can't be told from full fine-tuning. They train a fraction of it.
# - **Change on top, low rank.** Adapters and LoRA are a little worse than full fine-tuning, by less than a tenth of the error that an untouched network makes.
# - **Change at the bottom.** All five are worse than full fine-tuning, each in nine or ten seeds of ten. Adapters lose most. The bar of freezing still touches zero: one seed, in which it did badly, makes it broad. Nine seeds of ten and a bar that touches zero both belong in the report.
# - **Twelve columns alone** bring a random start about as far as the pretrained network is without a single step. Ten seeds don't tell the two apart.
# - **The old task.** Probe and head leave its error exactly where it was. All others raise it in every seed.
# - **Seed against method.** For each new task, the spread between seeds is larger than the difference between the means of any two of the six methods.


# %%
def crosses_zero(turned, way, other="full"):
    _, mean, half = paired(turned, way, other)
    return abs(mean) < half


for way in ("freeze", "probe", "head"):
    assert crosses_zero("W3", way), way
for way in ("adapters", "lora"):
    _, mean, half = paired("W3", way)
    assert half < mean < 0.1 * means["W3"]["untouched"], way
for way in METHODS:
    worse, mean, half = paired("W1", way)
    assert np.sum(worse > 0) >= 9, way
    assert (mean < half) == (way == "freeze"), way
    assert mean <= paired("W1", "adapters")[1], way
worse = np.sort(paired("W1", "freeze")[0])  # the one seed is the last
assert worse[:-1].std(ddof=1) < 0.6 * worse.std(ddof=1)
for turned in TURNS:
    assert crosses_zero(turned, "scratch", "untouched"), turned
    before = of_each_seed(turned, "untouched", "old_error")
    for way in WAYS[1:]:
        after = of_each_seed(turned, way, "old_error")
        keeps = way in ("probe", "head")
        assert np.all(after == before if keeps else after > before), way
    six = [means[turned][way] for way in WAYS[2:]]
    errors = [of_each_seed(turned, way, "new_error") for way in WAYS[2:]]
    spreads = [error.std(ddof=1) for error in errors]
    assert min(spreads) > max(six) - min(six), turned
print("Every sentence holds.")

# %% [markdown]
# What they don't allow: a ranking of methods for your network. This is one small kind of network, one kind of teacher, one way to change a task. Lee and others found in trained image models that the best layers to tune depend on the kind of change [@lee2023].
#
# The last cell hands all runs on. The closing table of [the series](../index.md) is made from them.

# %% tags=["hide-input"]
from IPython.display import JSON

found = {
    "seeds": list(SEEDS),
    "runs": {
        turned: {
            way: {
                name: of_each_seed(turned, way, name).tolist()
                for name in (
                    "trained",
                    "rate",
                    "new_error",
                    "old_error",
                    "old_drift",
                )
            }
            for way in WAYS
        }
        for turned in TURNS
    },
}
JSON(found)
