"""A method is its forward pass: say the forward lines, and the rest of a step follows.

A line names one matrix and says how it comes about: a sum of terms, each a number times one
matrix or a product of two, and perhaps a function of that sum.

    Z3 = W3 H2              H3 = ReLU(Z3)              frozen, or training
    Z3 = W3 H2 + α/r B3 S3  S3 = A3 H2                 LoRA
    H'3 = H3 + U3 S3        S3 = ReLU(D3 H3)           an adapter

Which names train then decides everything else: see derive.py. json.dumps writes lines as lists:
[name, [[times, [factor, factor]], ...], function, gate, slope].
"""

from typing import NamedTuple


class Term(NamedTuple):
    """A number times a matrix, or times a product of two."""

    times: str  # "1", "−1", "−η", "α/r", ...: a name for the number
    factors: tuple  # one or two names; a ᵀ at the end turns the matrix on its side


class Line(NamedTuple):
    """One matrix and how it comes about."""

    name: str  # such as "Z3"
    terms: tuple  # of Terms, to be summed
    function: str = ""  # of the sum: "relu", "softmax" or none
    gate: str = ""  # a matrix: an entry passes where that one's is above 0, and else is 0
    slope: str = ""  # what dL/d of this one is called where it gets a name: δ3 for Z3


def product(left, right, times="1"):
    """Return the terms of one product."""
    return (Term(times, (left, right)),)


def alone(name, times="1"):
    """Return the terms of one matrix as it is."""
    return (Term(times, (name,)),)


# The six methods.


def layer(k, below):
    """Return the lines of a layer: Zk = Wk below, Hk = ReLU(Zk)."""
    return [
        Line(f"Z{k}", product(f"W{k}", below), slope=f"δ{k}"),
        Line(f"H{k}", alone(f"Z{k}"), "relu"),
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
    below_top = f"H{hidden[-1]}" if hidden else below
    return [*network_lines(hidden, below), Line("Y", product(f"W{top}", below_top), slope="E")]


def adapter_lines(layers, adapted, below="X"):
    """Return the lines of layers, some with an adapter behind: H'k = Hk + Uk ReLU(Dk Hk)."""
    lines = []
    for k in layers:
        lines += layer(k, below)
        below = f"H{k}"
        if k in adapted:
            skip, detour = alone(below), product(f"U{k}", f"S{k}")
            lines.append(Line(f"S{k}", product(f"D{k}", below), "relu", slope=f"γ{k}"))
            lines.append(Line(f"H'{k}", skip + detour, slope=f"G{k}"))
            below = f"H'{k}"
    return lines


def lora_lines(layers, tutored, below="X", scaling="α/r"):
    """Return the lines of layers, some with A and B beside W: Zk = Wk H + α/r Bk (Ak H).

    `scaling` names the number; where ranks differ, "α/r{k}" gives each layer its own, "α/r3".
    """
    lines = []
    for k in layers:
        Z, H = layer(k, below)
        if k in tutored:
            lines.append(Line(f"S{k}", product(f"A{k}", below), slope=f"σ{k}"))
            beside = product(f"B{k}", f"S{k}", scaling.format(k=k))
            Z = Z._replace(terms=Z.terms + beside)
        lines += [Z, H]
        below = f"H{k}"
    return lines


def merge_lines(tutored, scaling="α/r"):
    """Return the lines that merge LoRA after a step: W'k = Wk + α/r B'k A'k."""
    return [
        Line(f"W'{k}", alone(f"W{k}") + product(f"B'{k}", f"A'{k}", scaling.format(k=k)))
        for k in tutored
    ]


# The names in them.


def is_relu_of_one(line):
    """Return whether a line is the ReLU of one matrix, as H3 = ReLU(Z3)."""
    return line.function == "relu" and line.terms == alone(line.terms[0].factors[0])


def input_of(lines):
    """Return the name that the lines start from, such as "X", or "H2" where that is stored."""
    return lines[0].terms[0].factors[-1]


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
