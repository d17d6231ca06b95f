# ---
# description: Time and memory of a training step, measured on the machine that built this page, beside what the formulas say.
# ---

# %% [markdown]
# # What freezing saves, measured
#
# The lessons count multiply-adds and numbers held. A computer has never heard of either: it takes time and memory. So run real steps on this machine, and put the stopwatch beside the formula.
#
# The network of the lessons is too small for that: most of a step would be Python, not arithmetic. Here is a larger one of the same make, ten equal layers. The first eight are frozen, four fifths of the network. You may have read that this makes fine-tuning ten times cheaper. Guess two numbers before you scroll: how many times less time, how many times less memory?
#
# ## The network and its step

# %%
import os

# One thread: a ratio should not depend on how many processors are idle.
for library in ("OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM"):
    os.environ.setdefault(f"{library}_THREADS", "1")

import platform
import time
import tracemalloc

import numpy as np

from snippets.adam import BETA1, BETA2, EPSILON
from snippets.lora import new_lora
from snippets.derive import backward_lines, evaluate, rectify
from snippets.method import lora_lines, network_lines
from snippets.network import new_network

LAYERS, WIDTH, COLUMNS, RANK = 10, 256, 512, 8
SIZES = (WIDTH,) * (LAYERS + 1)
weights = new_network(SIZES, np.random.default_rng(0))
rng = np.random.default_rng(1)
X, T = rng.normal(size=(2, WIDTH, COLUMNS))
print(f"{LAYERS} layers of {WIDTH} × {WIDTH}, {COLUMNS} columns a step")
print(
    "NumPy",
    np.__version__,
    "Python",
    platform.python_version(),
    platform.machine(),
)

# %% [markdown]
# A step keeps what the backward pass will read and drops everything else. A frozen layer below all trainable ones leaves nothing behind. Adam works in place.


# %%
def forward_step(network, done, frozen, H):
    """Run the layers above `done`; return each H needed on the way back."""
    for k in range(done + 1, frozen + 1):
        H = rectify(network[f"W{k}"] @ H)  # the old H is dropped
    kept = {f"H{frozen}": H}
    for k in range(frozen + 1, LAYERS + 1):
        kept[f"H{k}"] = H = rectify(network[f"W{k}"] @ H)
    return kept


def backward_step(lines, trained, values):
    """Return the gradient of each matrix that trains."""
    error = {"E": values[f"H{LAYERS}"] - T}
    found = evaluate(lines, values | error, {"α/r": 1.0})
    return {name: found[f"dL/d{name}"] for name in trained}


def move(parameters, state, gradients, rate=1e-4):
    """Adam, in place."""
    state["steps"] += 1
    for name, gradient in gradients.items():
        mean, square = state[name]
        mean += (1 - BETA1) * (gradient - mean)
        square += (1 - BETA2) * (gradient**2 - square)
        step = mean / (1 - BETA1 ** state["steps"])
        step /= np.sqrt(square / (1 - BETA2 ** state["steps"])) + EPSILON
        parameters[name] -= rate * step


def no_moments(parameters):
    pairs = {
        name: (np.zeros_like(W), np.zeros_like(W))
        for name, W in parameters.items()
    }
    return {"steps": 0, **pairs}


# %% tags=["hide-input"]
def train_layers(frozen, inputs=None):
    """Return a function that does one step; with inputs, the frozen layers never run again."""
    below = {f"W{k}" for k in range(1, frozen + 1)}
    network = {
        name: W.copy()
        for name, W in weights.items()
        if inputs is None or name not in below
    }
    trained = {name: W for name, W in network.items() if name not in below}
    lines = network_lines(range(frozen + 1, LAYERS + 1), f"H{frozen}")
    lines, state = backward_lines(lines, trained), no_moments(trained)

    def step():
        if inputs is None:
            kept = forward_step(network, 0, frozen, X)
        else:
            kept = forward_step(network, frozen, frozen, inputs)
        gradients = backward_step(lines, trained, network | kept)
        move(trained, state, gradients)

    return step


def train_lora():
    """The same for LoRA in every layer."""
    network = {name: W.copy() for name, W in weights.items()}
    lora = new_lora(weights, RANK, np.random.default_rng(2))
    layers = range(1, LAYERS + 1)
    lines = backward_lines(lora_lines(layers, layers), lora)
    state = no_moments(lora)

    def step():
        kept, H = {"X": X}, X
        for k in layers:
            kept[f"S{k}"] = lora[f"A{k}"] @ H
            Z = network[f"W{k}"] @ H
            Z += lora[f"B{k}"] @ kept[f"S{k}"]  # α is r, so α/r is 1
            kept[f"H{k}"] = H = rectify(Z)
        gradients = backward_step(lines, lora, network | lora | kept)
        move(lora, state, gradients)

    return step


FROZEN = 8
stored = forward_step(weights, 0, FROZEN, X)[f"H{FROZEN}"]
WAYS = {
    "all ten train": lambda: train_layers(0),
    "first 8 frozen": lambda: train_layers(FROZEN),
    "… H8 stored": lambda: train_layers(FROZEN, stored),
    "LoRA, rank 8": train_lora,
}
print("Four ways to train:", ", ".join(WAYS))

# %% [markdown]
# ## What the formulas say

# %%
from snippets.cost import costs_of, plain_layers, six_methods

top = {f"W{k}" for k in range(FROZEN + 1, LAYERS + 1)}
methods = (
    plain_layers(SIZES, set(weights)),
    plain_layers(SIZES, top),
    plain_layers(SIZES, top, stored=True),
    six_methods(SIZES, rank=RANK)["lora"],
)
formulas = dict(zip(WAYS, (costs_of(way, COLUMNS) for way in methods)))
names = list(WAYS)
arithmetic = {name: costs.multiply_adds for name, costs in formulas.items()}
held = {  # weights, gradient, Adam's moments, and what the backward pass reads
    name: costs.held_with_adam + costs.activations_kept
    for name, costs in formulas.items()
}
for name in names:
    products, numbers = arithmetic[name], held[name]
    print(f"{name:15}{products:>10,} multiply-adds a column,", end="")
    print(f"{numbers:>11,} numbers held")

# %% [markdown]
# ## What the machine says
#
# **Time.** The four ways take turns, one step each, round after round, so that whatever else the machine does falls on all of them. Time is processor time of one thread. The ratio is taken within each round; the median of the rounds counts.
#
# **Memory.** Python's own `tracemalloc` sees every array that NumPy makes. What counts is the peak: the most that was held at one time, from the copy of the weights to the end of a step.

# %%
ROUNDS = 21


def seconds_of(step):
    start = time.process_time()
    step()
    return time.process_time() - start


def peak_bytes(way):
    tracemalloc.start()
    step = way()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


steps = {name: way() for name, way in WAYS.items()}
for step in steps.values():
    step()  # warms the processor's memory up; not counted
rounds = [
    {name: seconds_of(step) for name, step in steps.items()}
    for _ in range(ROUNDS)
]
del steps
seconds = {name: np.array([one[name] for one in rounds]) for name in names}
peaks = {name: peak_bytes(way) for name, way in WAYS.items()}
for name in names:
    median, peak = 1000 * np.median(seconds[name]), peaks[name] / 1e6
    print(f"{name:15}{median:>6.1f} ms a step,{peak:>6.1f} MB at the peak")

# %% [markdown]
# ## Side by side
#
# All are ratios: training everything, divided by this way. Measured means measured here, by the machine that built this page. Another machine gives other times; run the notebook on yours.

# %% tags=["hide-input"]
from figures.kit.plot import colour, paper, plot
from figures.kit.table import table

faster = {name: seconds[names[0]] / seconds[name] for name in names}
smaller = {name: peaks[names[0]] / peaks[name] for name in names}
expected = {name: arithmetic[names[0]] / arithmetic[name] for name in names}
held_less = {name: held[names[0]] / held[name] for name in names}
trained_less = {
    n: formulas[names[0]].trainable / formulas[n].trainable
    for n in names
}
spread = {name: np.percentile(faster[name], [25, 75]) for name in names}
table(
    [
        "All train ÷ this way",
        "Numbers trained",
        "Arithmetic, formula",
        "Time, measured",
        "Half the rounds",
        "Numbers held, formula",
        "Peak memory, measured",
    ],
    [
        [
            name,
            f"{trained_less[name]:.1f}×",
            f"{expected[name]:.2f}×",
            f"{np.median(faster[name]):.2f}×",
            "{:.2f} to\N{NO-BREAK SPACE}{:.2f}×".format(*spread[name]),
            f"{held_less[name]:.2f}×",
            f"{smaller[name]:.2f}×",
        ]
        for name in names[1:]
    ],
)

# %% tags=["hide-input"]
HEADINGS = ("Time of a step", "Memory at the peak")


drawn = (
    expected.values(),
    held_less.values(),
    smaller.values(),
    *spread.values(),
)
most = max(np.concatenate([[*values] for values in drawn]))


def draw(panels):
    for axes, formula, measured in zip(
        panels, (expected, held_less), (faster, smaller)
    ):
        paper(axes, x=(0, 0.5 if most < 6.2 else 1, 2), y=None)
        axes.set_yticks([7, 4, 1], names[1:])
        axes.axvline(1, color=colour("soft"), lw=1)
        for name, y in zip(names[1:], (7, 4, 1)):
            low, median, high = np.percentile(measured[name], [25, 50, 75])
            axes.plot(
                [low, high],
                [y, y],
                color=colour("new"),
                lw=5,
                solid_capstyle="butt",
            )
            axes.scatter([median], [y], s=46, color=colour("new"))
            axes.plot(
                [formula[name]] * 2,
                [y - 0.8, y + 0.8],
                color=colour("ink"),
                lw=2.5,
            )
        axes.set_xlabel("times less than training everything")


alt = "Times less than training all ten layers. " + " ".join(
    f"{name}: formula {expected[name]:.2f} in arithmetic, measured {np.median(faster[name]):.2f} in "
    f"time; formula {held_less[name]:.2f} in numbers held, measured {smaller[name]:.2f} in memory."
    for name in names[1:]
)
plot(
    draw,
    "Formula and measurement, side by side",
    alt,
    table(
        [
            "Way",
            "Arithmetic, formula",
            "Time, median",
            "Numbers held, formula",
            "Peak memory",
        ],
        [
            [
                name,
                f"{expected[name]:.2f}",
                f"{np.median(faster[name]):.2f}",
                f"{held_less[name]:.2f}",
                f"{smaller[name]:.2f}",
            ]
            for name in names[1:]
        ],
    ),
    "Bar: the formula. Dot: measured, the median; the stroke through it holds half of the rounds.",
    panels=HEADINGS,
    squares=(13, 8),
    narrow=(13, 8),
    left=5,
)

# %% [markdown]
# ## What to read from it
#
# Freezing eight of ten layers trains five times fewer numbers. Time falls by far less. Frozen layers still run forward, and in full training that is a third of the work. Memory falls by less too, since frozen weights are still held.
#
# With H8 stored, the frozen layers need not run, nor be loaded. Then time and memory fall about as far as the count of weights does. Even so, no time and no memory here falls tenfold.
#
# LoRA trains the fewest numbers of all, and its time falls least. The signal still has to cross every frozen matrix on its way down. What LoRA saves is memory and storage.
#
# Measured time is not the formula's: ReLU, Adam and Python take time too, and the formula counts products alone. Measured memory also holds what a step needs only for a moment.

# %%
assert trained_less[names[1]] == LAYERS / (LAYERS - FROZEN)
assert trained_less[names[3]] > trained_less[names[1]] > held_less[names[1]]
assert max(*expected.values(), *held_less.values(), *smaller.values()) < 10
assert expected[names[3]] < expected[names[1]] < expected[names[2]]
assert smaller[names[1]] < 5
for name in names[1:]:  # memory hardly differs from machine to machine
    assert abs(smaller[name] / held_less[name] - 1) < 0.25, name
print("Counts and memory hold. Time is this machine's.")

# %% tags=["hide-input"]
from IPython.display import JSON

JSON(
    {
        name: {
            "trained": formulas[name].trainable,
            "multiply_adds": arithmetic[name],
            "numbers_held": held[name],
            "seconds": seconds[name].tolist(),
            "peak_bytes": peaks[name],
        }
        for name in names
    }
)
