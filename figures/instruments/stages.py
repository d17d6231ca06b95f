"""The stages of one step, in the order of computing: what the stepper walks through.

Every stage is a sum of terms, each a number times one matrix or a product of two:

    Z3 = W3 H2              H3 = ReLU(Z3)           E  = H3 − T
    δ3 = E where Z3 > 0     dL/dW3 = δ3 H2ᵀ         ΔW3 = −η dL/dW3       W'3 = W3 + ΔW3

So one rule draws them all, explains each cell of them, and computes them.
"""

from typing import NamedTuple

import numpy as np

PARTS = ("forward", "backward", "update")


class Term(NamedTuple):
    """A number times a matrix, or times a product of two."""

    times: str  # "1", "−1", "−η" or "α/r"
    factors: tuple  # one or two names; a ᵀ at the end turns the matrix on its side


class Stage(NamedTuple):
    """One matrix and how it comes about."""

    name: str  # such as "Z3"
    part: str  # one of PARTS
    terms: tuple
    says: str  # a sentence; {zeros}, {size}, {changed}, {loss} and {rate} stand for live numbers
    gate: str = ""  # the matrix that lets an entry through where it is above 0
    relu: bool = False
    idle: str = ""  # why it may not be needed


def product(left, right, times="1"):
    """Return the terms of one product."""
    return (Term(times, (left, right)),)


def stages_of_layers(layers, *, first_input="X", frozen=False):
    """List the stages of a step through plain layers.

    Args:
        layers: their numbers, from the bottom.
        first_input: what the lowest of them is fed.
        frozen: only the forward pass of layers that never train.
    """
    stages = list(_forward(layers, first_input))
    if frozen:
        return stages
    top = layers[-1]
    stages.append(_error(f"H{top}"))
    for k in reversed(layers):
        below = f"H{k - 1}" if k > layers[0] else first_input
        stages.append(_blame(k, top))
        stages.append(_gradient(f"W{k}", f"δ{k}", below))
    return stages + _updates([f"W{k}" for k in layers])


def stages_of_head(frozen, head):
    """List the stages of a frozen network and the head on it; a head of one layer is a probe."""
    features = f"H{frozen[-1]}" if frozen else "X"
    *below, top = head
    stages = list(_forward(frozen, "X")) + list(_forward(below, features))
    fed = f"H{top - 1}" if below else features
    stages.append(
        Stage(
            "Y",
            "forward",
            product(f"W{top}", fed),
            f"Each row of W{top} meets each column of {fed}. There is no ReLU: an answer may have"
            " any sign.",
        )
    )
    stages.append(_error("Y"))
    stages.append(_gradient(f"W{top}", "E", fed))
    for k in reversed(below):
        signal = "E" if k + 1 == top else f"δ{k + 1}"
        stages.append(
            Stage(
                f"δ{k}",
                "backward",
                product(f"W{k + 1}ᵀ", signal),
                f"W{k + 1} turned on its side carries the blame down. It gets through where Z{k} is"
                " above 0.",
                gate=f"Z{k}",
            )
        )
        stages.append(_gradient(f"W{k}", f"δ{k}", f"H{k - 1}" if k > head[0] else features))
    return stages + _updates([f"W{k}" for k in head])


def stages_of_adapters(layers, pairs):
    """List the stages of a network with adapters after some of its layers."""
    stages = []

    def output(k):
        return f"H'{k}" if k in pairs else f"H{k}" if k >= layers[0] else "X"

    for k in layers:
        stages += _forward([k], output(k - 1))
        if k in pairs:
            stages.append(
                Stage(
                    f"S{k}",
                    "forward",
                    product(f"D{k}", f"H{k}"),
                    f"D{k} squeezes H{k} through the bottleneck. ReLU keeps what is above 0.",
                    relu=True,
                )
            )
            stages.append(
                Stage(
                    f"H'{k}",
                    "forward",
                    (Term("1", (f"H{k}",)), Term("1", (f"U{k}", f"S{k}"))),
                    f"U{k} widens it again, and the skip connection adds H{k} as it is.",
                )
            )
    top, lowest = layers[-1], min(pairs)
    stages.append(_error(output(top)))
    signal = "E"
    for k in range(top, lowest - 1, -1):
        if k in pairs:
            stages.append(_gradient(f"U{k}", signal, f"S{k}"))
            stages.append(
                Stage(
                    f"γ{k}",
                    "backward",
                    product(f"U{k}ᵀ", signal),
                    f"U{k} turned on its side carries the blame into the detour. As long as U{k}"
                    " is 0, none arrives.",
                    gate=f"S{k}",
                )
            )
            stages.append(_gradient(f"D{k}", f"γ{k}", f"H{k}"))
        if k > lowest:
            detour = product(f"D{k}ᵀ", f"γ{k}") if k in pairs else ()
            stages.append(
                Stage(
                    f"δ{k}",
                    "backward",
                    (Term("1", (signal,)), *detour),
                    f"On its way further down the blame passes layer {k}: where H{k} is above 0.",
                    gate=f"H{k}",
                )
            )
            signal = f"G{k - 1}"
            stages.append(
                Stage(
                    signal,
                    "backward",
                    product(f"W{k}ᵀ", f"δ{k}"),
                    f"W{k} is frozen, but the blame must cross it. That is a product like any"
                    " other: adapters save memory, hardly any arithmetic.",
                )
            )
    trained = [f"{letter}{k}" for k in reversed(layers) if k in pairs for letter in "UD"]
    return stages + _updates(trained)


def stages_of_lora(layers, pairs):
    """List the stages of a network with A and B beside some of its layers, merged at the end."""
    stages = []
    for k in layers:
        below = f"H{k - 1}" if k > layers[0] else "X"
        if k not in pairs:
            stages += _forward([k], below)
            continue
        stages += [
            Stage(
                f"S{k}",
                "forward",
                product(f"A{k}", below),
                f"A{k} sums each column of {below} up in {{rows}} number{{s}}.",
            ),
            Stage(
                f"Z{k}",
                "forward",
                (Term("1", (f"W{k}", below)), Term("α/r", (f"B{k}", f"S{k}"))),
                f"W{k} answers as ever, and B{k} adds what the tutor says. As long as B{k} is 0,"
                " that is nothing.",
            ),
            _relu(k),
        ]
    top, lowest = layers[-1], min(pairs)
    stages.append(_error(f"H{top}"))
    for k in range(top, lowest - 1, -1):
        above = _blame(k, top)
        if k < top and k + 1 in pairs:
            terms = (*above.terms, Term("1", (f"A{k + 1}ᵀ", f"σ{k + 1}")))
            above = above._replace(terms=terms)
        stages.append(above)
        if k in pairs:
            below = f"H{k - 1}" if k > layers[0] else "X"
            stages += [
                Stage(
                    f"dL/dB{k}",
                    "backward",
                    product(f"δ{k}", f"S{k}ᵀ", "α/r"),
                    f"Blame times what B{k} was fed. It is 0 as long as A{k} is 0.",
                ),
                Stage(
                    f"σ{k}",
                    "backward",
                    product(f"B{k}ᵀ", f"δ{k}", "α/r"),
                    f"B{k} turned on its side carries the blame to A{k}. It is 0 as long as B{k}"
                    " is 0.",
                ),
                _gradient(f"A{k}", f"σ{k}", below),
            ]
    trained = [f"{letter}{k}" for k in reversed(layers) if k in pairs for letter in "BA"]
    stages += _updates(trained)
    for k in sorted(pairs):
        stages.append(
            Stage(
                f"W'{k}",
                "update",
                (Term("1", (f"W{k}",)), Term("α/r", (f"B'{k}", f"A'{k}"))),
                f"Merged: B times A has the shape of W{k}. Added once, it costs nothing at use.",
            )
        )
    return stages


def evaluate(stages, given, numbers):
    """Compute the stages, one after the other.

    Args:
        stages: from one of the functions above.
        given: {"X": array, "W1": array, ...}; the targets are "T".
        numbers: what "−η" and "α/r" are.

    Returns:
        {name: array}, the given ones too.
    """
    values = dict(given)
    numbers = {"1": 1.0, "−1": -1.0, **numbers}

    def part(name):
        return values[name[:-1]].T if name.endswith("ᵀ") else values[name]

    for stage in stages:
        total = 0.0
        for times, factors in stage.terms:
            found = [part(name) for name in factors]
            total = total + numbers[times] * (found[0] @ found[1] if found[1:] else found[0])
        if stage.gate:
            total = np.where(values[stage.gate] > 0, total, 0.0)
        values[stage.name] = np.maximum(total, 0.0) if stage.relu else total + 0.0
    return values


def needed(stages, trainable):
    """Return the names of the stages that a step needs if these weights train.

    The forward pass and the error always; of the rest, what leads to a new weight that trains.
    """
    parts = {stage.name: parts_of(stage) for stage in stages}
    wanted = {stage.name for stage in stages if stage.part == "forward"} | {"E"}
    ask = [f"{name[0]}'{name[1:]}" for name in trainable]
    merged = [name for name in parts if name.startswith("W'")]
    ask += [name for name in merged if f"ΔW{name[2:]}" not in parts]
    while ask:
        name = ask.pop()
        if name in parts and name not in wanted:
            wanted.add(name)
            ask += [bare(part) for part in parts[name]]
    return wanted


def parts_of(stage):
    """Return the names that a stage is made of."""
    gate = [stage.gate] if stage.gate else []
    return [name for term in stage.terms for name in term.factors] + gate


def bare(name):
    """Return the name without the ᵀ of a matrix turned on its side."""
    return name.removesuffix("ᵀ")


def _forward(layers, first_input):
    below = first_input
    for k in layers:
        yield Stage(
            f"Z{k}",
            "forward",
            product(f"W{k}", below),
            f"Each row of W{k} meets each column of {below}: multiply in pairs, add up.",
            idle=f"{below} is not needed: a stored output stands for it.",
        )
        yield _relu(k)
        below = f"H{k}"


def _relu(k):
    return Stage(
        f"H{k}",
        "forward",
        (Term("1", (f"Z{k}",)),),
        "ReLU keeps what is above 0 and silences the rest. Here {zeros} of {size} entries are 0.",
        relu=True,
    )


def _error(output):
    return Stage(
        "E",
        "backward",
        (Term("1", (output,)), Term("−1", ("T",))),
        f"{output} − T says how wrong each answer is. Half the sum of the squares is the loss:"
        " {loss}.",
    )


def _blame(k, top):
    idle = f"Nothing that trains lies in layer {k} or below it, so nobody asks."
    if k == top:
        says = "The error is passed back where Z{k} is above 0. A silent unit gets no blame."
        terms, says = (Term("1", ("E",)),), says.replace("{k}", str(k))
        return Stage(f"δ{k}", "backward", terms, says, gate=f"Z{k}", idle=idle)
    return Stage(
        f"δ{k}",
        "backward",
        product(f"W{k + 1}ᵀ", f"δ{k + 1}"),
        f"W{k + 1} turned on its side carries the blame down. It gets through where Z{k} is above"
        " 0.",
        gate=f"Z{k}",
        idle=idle,
    )


def _gradient(weight, signal, fed):
    return Stage(
        f"dL/d{weight}",
        "backward",
        product(signal, f"{fed}ᵀ"),
        f"The gradient of {weight}: the blame of each unit times what it was fed, summed over the"
        " examples.",
        idle=f"{weight} is frozen: it gets no gradient.",
    )


def _updates(weights):
    idle = "{weight} is frozen: it gets no ΔW."
    deltas = [
        Stage(
            f"Δ{weight}",
            "update",
            (Term("−η", (f"dL/d{weight}",)),),
            "Against the gradient, {rate} times as far. {zeros} of {size} cells are 0.",
            idle=idle.replace("{weight}", weight),
        )
        for weight in weights
    ]
    return deltas + [
        Stage(
            f"{weight[0]}'{weight[1:]}",
            "update",
            (Term("1", (weight,)), Term("1", (f"Δ{weight}",))),
            f"{weight} moves: {{changed}} of its {{size}} weights change.",
            idle=f"{weight} is frozen: it stays the same to the bit.",
        )
        for weight in weights
    ]
