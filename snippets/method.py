"""A method is its forward pass: say the forward lines, and the rest of a step follows.

A line names one matrix and says how it comes about: a sum of terms, each a number times one
matrix or a product of two, and perhaps a ReLU.

    Z3 = W3 H2              H3 = ReLU(Z3)              frozen, or training
    Z3 = W3 H2 + α/r B3 S3  S3 = A3 H2                 LoRA
    H'3 = H3 + U3 S3        S3 = ReLU(D3 H3)           an adapter

Which names train then decides everything else. The backward pass is lines too: a product for the
gradient of each matrix that trains, and one for each signal on the way down to the lowest of
them. Counts of parameters, of multiply-adds and of what is kept are read off the lines; no array
is needed for that, only shapes.
"""

from typing import NamedTuple

import numpy as np

NUMBERS = {"1": 1.0, "−1": -1.0}


class Term(NamedTuple):
    """A number times a matrix, or times a product of two."""

    times: str  # "1", "−1", "−η", "α/r", ...: a name for the number
    factors: tuple  # one or two names; a ᵀ at the end turns the matrix on its side


class Line(NamedTuple):
    """One matrix and how it comes about."""

    name: str  # such as "Z3"
    terms: tuple  # of Terms
    relu: bool = False
    gate: str = ""  # a matrix: an entry passes where that one's is above 0, and else is 0
    slope: str = ""  # what dL/d of this one is called where it gets a name: δ3 for Z3


def product(left, right, times="1"):
    """Return the terms of one product."""
    return (Term(times, (left, right)),)


def alone(name, times="1"):
    """Return the term of one matrix."""
    return Term(times, (name,))


# The six methods, as lines.


def layer(k, below):
    """Return the lines of a layer: Zk = Wk below, Hk = ReLU(Zk)."""
    return [
        Line(f"Z{k}", product(f"W{k}", below), slope=f"δ{k}"),
        Line(f"H{k}", (alone(f"Z{k}"),), relu=True),
    ]


def network_lines(layers, below="X"):
    """Return the lines of plain layers; full fine-tuning and freezing differ in what trains."""
    lines = []
    for k in layers:
        lines += layer(k, below)
        below = f"H{k}"
    return lines


def head_lines(layers, below):
    """Return the lines of a head on features; its last layer has no ReLU. One layer: a probe."""
    *hidden, top = layers
    lines = network_lines(hidden, below)
    below = f"H{hidden[-1]}" if hidden else below
    return [*lines, Line("Y", product(f"W{top}", below))]


def adapter_lines(layers, adapted, below="X"):
    """Return the lines of layers, some with an adapter behind: H'k = Hk + Uk ReLU(Dk Hk)."""
    lines = []
    for k in layers:
        lines += layer(k, below)
        below = f"H{k}"
        if k in adapted:
            skip_and_detour = (alone(f"H{k}"), Term("1", (f"U{k}", f"S{k}")))
            lines.append(Line(f"S{k}", product(f"D{k}", below), relu=True, slope=f"γ{k}"))
            lines.append(Line(f"H'{k}", skip_and_detour, slope=f"G{k}"))
            below = f"H'{k}"
    return lines


def lora_lines(layers, tutored, below="X"):
    """Return the lines of layers, some with A and B beside W: Zk = Wk H + α/r Bk (Ak H)."""
    lines = []
    for k in layers:
        Z, H = layer(k, below)
        if k in tutored:
            lines.append(Line(f"S{k}", product(f"A{k}", below), slope=f"σ{k}"))
            Z = Z._replace(terms=(*Z.terms, Term("α/r", (f"B{k}", f"S{k}"))))
        lines += [Z, H]
        below = f"H{k}"
    return lines


# What follows from them.


def backward_lines(lines, trainable):
    """Return the lines of the backward pass: gradients, and the signals that they need.

    A name is *behind* if something that trains is in it. Only those get a signal, so the pass
    ends at the lowest of them. Each use of a name sends a term down: where y = t · L R,

        dL/dL += t · dL/dy Rᵀ           dL/dR += t · Lᵀ dL/dy

    and a ReLU lets through what lies where its own output is above 0.

    Args:
        lines: of the forward pass; the last one is the output. Its signal is "E", dL/d(output).
        trainable: names of the matrices that train.

    Returns:
        Lines from the top down, such as δ3, dL/dW3, δ2, dL/dW2; [] if nothing trains.
    """
    behind = names_behind(lines, trainable)
    sent = {lines[-1].name: [alone("E")]}  # name -> terms of dL/d of it
    passed = []

    def send(name, terms):
        if name in behind or name in trainable:
            sent.setdefault(name, []).extend(terms)

    gates = {}
    for line in reversed(lines):
        if line.name not in behind:
            continue
        terms = tuple(sent[line.name])
        gate = line.name if line.relu else gates.get(line.name, "")
        first = line.terms[0]
        if line.relu and len(line.terms) == 1 and len(first.factors) == 1:
            sent[first.factors[0]], gates[first.factors[0]] = list(terms), gate
            continue  # H = ReLU(Z): the signal of H is needed for that of Z alone
        if len(terms) == 1 and not gate and terms[0] == alone(terms[0].factors[0]):
            signal = terms[0].factors[0]  # nothing to compute: it is the same matrix
        else:
            signal = line.slope
            passed.append(Line(signal, terms, gate=gate))
        for times, factors in line.terms:
            if len(factors) == 1:
                send(factors[0], [alone(signal, times)])
                continue
            left, right = factors
            if left in trainable:
                passed.append(Line(f"dL/d{left}", product(signal, f"{right}ᵀ", times)))
            send(right, product(f"{left}ᵀ", signal, times))
    return passed


def names_behind(lines, trainable):
    """Return the names of the forward pass that change when what trains does."""
    behind = set()
    for line in lines:
        if any(part in trainable or part in behind for part in parts_of(line)):
            behind.add(line.name)
    return behind


def error_line(lines):
    """Return E = output − T: what squared error passes back."""
    return Line("E", (alone(lines[-1].name), alone("T", "−1")))


def update_lines(lines, trainable):
    """Return ΔW = −η dL/dW and W' = W + ΔW of what trains, in the order of the backward pass."""
    gradients = [n.name for n in backward_lines(lines, trainable) if n.name.startswith("dL/d")]
    names = [gradient.removeprefix("dL/d") for gradient in gradients]
    deltas = [Line(f"Δ{name}", (alone(f"dL/d{name}", "−η"),)) for name in names]
    return deltas + [Line(new_name(name), (alone(name), alone(f"Δ{name}"))) for name in names]


def step_lines(lines, trainable):
    """Return a whole step: forward, error, backward, update."""
    backward = backward_lines(lines, trainable)
    return [*lines, error_line(lines), *backward, *update_lines(lines, trainable)]


def evaluate(lines, given, numbers=None):
    """Compute the lines, one after the other.

    Args:
        lines: in an order in which each needs only what stands before it, or is given.
        given: {"X": array, "W1": array, ...}.
        numbers: what the names of numbers stand for, such as {"−η": -0.5, "α/r": 1.0}.

    Returns:
        {name: array}, the given ones too.
    """
    values, numbers = dict(given), NUMBERS | (numbers or {})

    def part(name):
        return values[name[:-1]].T if name[-1] == "ᵀ" else values[name]

    for name, terms, relu, gate, _ in lines:
        total = None
        for times, factors in terms:
            term = part(factors[0]) if len(factors) == 1 else part(factors[0]) @ part(factors[1])
            term = term if times == "1" else numbers[times] * term
            total = term if total is None else total + term
        if gate:
            total = np.where(values[gate] > 0, total, 0.0)
        values[name] = np.maximum(total, 0.0) if relu else total
    return values


def shapes(lines, given):
    """Return the shape of every name, from those of the given ones: {"W1": (40, 30), ...}."""
    known = dict(given)

    def part(name):
        return known[name[:-1]][::-1] if name[-1] == "ᵀ" else known[name]

    for line in lines:
        first = line.terms[0].factors
        known[line.name] = (part(first[0])[0], part(first[-1])[1])
    return known


def multiply_adds(lines, known):
    """Return the multiply-adds of all products in the lines; (m, n) times (n, p) has m · n · p."""
    total = 0
    for line in lines:
        for _, factors in line.terms:
            if len(factors) == 2:
                left, right = (known[f[:-1]][::-1] if f[-1] == "ᵀ" else known[f] for f in factors)
                total += left[0] * left[1] * right[1]
    return total


def kept(lines, trainable):
    """Return the names that a program keeps from the forward to the backward pass: activations.

    Whatever of X and the forward pass the backward lines read; weights are there anyway.
    """
    made = {"X"} | {line.name for line in lines}
    read = [bare(p) for line in backward_lines(lines, trainable) for p in parts_of(line)]
    return [name for name in dict.fromkeys(read) if name in made]


def parts_of(line):
    """Return the names that a line is made of."""
    gate = [line.gate] if line.gate else []
    return [name for term in line.terms for name in term.factors] + gate


def bare(name):
    """Return the name without the ᵀ of a matrix turned on its side."""
    return name.removesuffix("ᵀ")


def new_name(name):
    """Return the name after a step: W3 becomes W'3."""
    return f"{name[0]}'{name[1:]}"
