"""What the stepper says of each line: how it comes about, and why a step may not need it.

A line is found by how it is written out, "Z3 = W3 H2" or "δ2 = W3ᵀ δ3 where Z2". {zeros}, {size},
{changed}, {rows}, {s}, {loss} and {rate} stand for live numbers.
"""

import re

SAYS = {
    r"Z\d = (\S+) (\S+)": r"Each row of \1 meets each column of \2: multiply in pairs, add up.",
    r"Z\d = (\S+) \S+ \+ α/r (B\d) S\d": (
        r"\1 answers as ever, and \2 adds what the tutor says. As long as \2 is 0, that is nothing."
    ),
    r"H\d = relu Z\d": (
        "ReLU keeps what is above 0 and silences the rest. Here {zeros} of {size} entries are 0."
    ),
    r"S\d = relu (D\d) (\S+)": (
        r"\1 squeezes \2 through the bottleneck. ReLU keeps what is above 0."
    ),
    r"H'\d = (H\d) \+ (U\d) S\d": r"\2 widens it again, and the skip connection adds \1 as it is.",
    r"S\d = (A\d) (\S+)": r"\1 sums each column of \2 up in {rows} number{s}.",
    r"Y = (\S+) (\S+)": (
        r"Each row of \1 meets each column of \2. There is no ReLU: an answer may have any sign."
    ),
    r"P = softmax (\S+)": (
        r"Softmax turns each column of \1 into shares that add up to 1. The target names a class:"
        " the row of its largest number."
    ),
    r"E = (\S+) \+ −1 T": (
        r"\1 − T says how wrong each answer is. Half the sum of the squares is the loss: {loss}."
    ),
    r"E = 1/n P \+ −1/n T": (
        "The error is the share less the target, divided by the number of examples. The loss is"
        " the mean of −log of the right class's share: {loss}."
    ),
    r"δ\d = E where (Z\d)": (
        r"The error is passed back where \1 is above 0. A silent unit gets no blame."
    ),
    r"δ\d = (W\d)ᵀ .* where (Z\d)": (
        r"\1 turned on its side carries the blame down. It gets through where \2 is above 0."
    ),
    r"δ(\d) = .* where (H\d)": (
        r"On its way further down the blame passes layer \1: where \2 is above 0."
    ),
    r"γ\d = (U\d)ᵀ \S+ where S\d": (
        r"\1 turned on its side carries the blame into the detour. As long as \1 is 0, none"
        " arrives."
    ),
    r"G\d = (W\d)ᵀ \S+": (
        r"\1 is frozen, but the blame must cross it. That is a product like any other: adapters"
        " save memory, and here hardly any arithmetic."
    ),
    r"σ\d = α/r (B(\d))ᵀ \S+": (
        r"\1 turned on its side carries the blame to A\2. It is 0 as long as \1 is 0."
    ),
    r"dL/d(B(\d)) = .*": r"Blame times what \1 was fed. It is 0 as long as A\2 is 0.",
    r"dL/d(\S+) = .*": (
        r"The gradient of \1: the blame of each unit times what it was fed, summed over the"
        " examples."
    ),
    r"Δ.*": "Against the gradient, {rate} times as far. {zeros} of {size} cells are 0.",
    r".'\d = (\S+) \+ Δ.*": r"\1 moves: {changed} of its {size} weights change.",
    r"W'\d = (\S+) \+ α/r B'\d A'\d": (
        r"Merged: B times A has the shape of \1. Added once, it costs nothing at use."
    ),
}
IDLE = {
    r"Z\d = \S+ (\S+)": r"\1 is not needed: a stored output stands for it.",
    r"δ(\d) = .*": r"Nothing that trains lies in layer \1 or below it, so nobody asks.",
    r"dL/d(\S+) = .*": r"\1 is frozen: it gets no gradient.",
    r"Δ(\S+) = .*": r"\1 is frozen: it gets no ΔW.",
    r".'\d = (\S+) \+ Δ.*": r"\1 is frozen: it stays the same to the bit.",
}


def write(line):
    """Return a line written out, such as "δ2 = W3ᵀ δ3 where Z2"."""
    terms = (" ".join([times] * (times != "1") + list(names)) for times, names in line.terms)
    words = [line.name, "=", *filter(None, [line.function]), " + ".join(terms)]
    return " ".join(words) + (f" where {line.gate}" if line.gate else "")


def says(line):
    """Return the sentence for a line.

    Raises:
        ValueError: no sentence is written for such a line.
    """
    found = _find(SAYS, line)
    if not found:
        raise ValueError(f"no sentence says how this comes about: {write(line)}")
    return found


def idle(line):
    """Return why a step may not need a line."""
    return _find(IDLE, line) or "This stage is not needed in this step."


def _find(table, line):
    for pattern, sentence in table.items():
        if found := re.fullmatch(pattern, write(line)):
            return found.expand(sentence)
    return ""
