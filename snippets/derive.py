"""What follows from the lines of a method, once it is said which names train.

The backward pass is lines too: a product for the gradient of each matrix that trains, and one for
each signal on the way down to the lowest of them. Counts of multiply-adds and of what is kept are
read off the lines; no array is needed for that, only shapes.

Nothing here checks what it gets; whoever hands over arrays does, once.
"""

import numpy as np

from snippets.method import Line, alone, bare, input_of, is_relu_of_one, new_name, parts_of, product

# The rest of a step, as lines.


def names_behind(lines, trainable):
    """Return the names of the forward pass that something trainable lies behind."""
    behind = set()
    for line in lines:
        if any(part in trainable or part in behind for part in parts_of(line)):
            behind.add(line.name)
    return behind


def backward_lines(lines, trainable):
    """Return the lines of the backward pass: gradients, and the signals that they need.

    Only a name with something trainable behind it gets a signal, so the pass ends at the lowest
    of them. Each use of a name sends a term down: where y = t · L R,

        dL/dL += t · dL/dy Rᵀ           dL/dR += t · Lᵀ dL/dy

    and a ReLU lets through what lies where its own output is above 0.

    Args:
        lines: of the forward pass; the last one is the output. Its signal is "E", dL/d(output).
        trainable: names of the matrices that train.

    Returns:
        Lines from the top down, such as δ3, dL/dW3, δ2, dL/dW2; [] if nothing trains.
    """
    behind = names_behind(lines, trainable)
    arrived = dict.fromkeys(behind, ()) | {lines[-1].name: alone("E")}  # terms of dL/d of it
    gates = {line.terms[0].factors[0]: line.name for line in lines if is_relu_of_one(line)}
    passed = []

    def send(name, terms):
        if name in behind:
            arrived[name] += terms

    for line in reversed(lines):
        if line.name not in behind:
            continue
        terms = arrived[line.name]
        if is_relu_of_one(line):  # H = ReLU(Z): what arrives at H goes on to Z, and H gates it
            send(line.terms[0].factors[0], terms)
            continue
        gate = line.name if line.function else gates.get(line.name, "")
        signal = terms[0].factors[0]
        if gate or terms != alone(signal):  # else there is nothing to compute
            signal = line.slope
            passed.append(Line(signal, terms, gate=gate))
        for times, factors in line.terms:
            if len(factors) == 1:
                send(factors[0], alone(signal, times))
                continue
            left, right = factors
            if left in trainable:
                passed.append(Line(f"dL/d{left}", product(signal, f"{right}ᵀ", times)))
            send(right, product(f"{left}ᵀ", signal, times))
    return passed


def error_lines(lines, loss="squared error"):
    """Return the lines of E, what a loss passes back: dL/d(output).

    Squared error: E = output − T. Cross-entropy: E = (P − T) / n, with P = softmax(output), T a 1
    in each column at its class and else 0, and n columns.
    """
    output = lines[-1].name
    if loss == "squared error":
        return [Line("E", alone(output) + alone("T", "−1"))]
    return [
        Line("P", alone(output), "softmax"),
        Line("E", alone("P", "1/n") + alone("T", "−1/n")),
    ]


def update_lines(lines, trainable):
    """Return ΔW = −η dL/dW and W' = W + ΔW of what trains, layer by layer from the bottom."""
    gradients = [line.name for line in backward_lines(lines, trainable)]
    names = [name.removeprefix("dL/d") for name in gradients if name.startswith("dL/d")]
    names.sort(key=lambda name: int(name[1:]))
    deltas = [Line(f"Δ{name}", alone(f"dL/d{name}", "−η")) for name in names]
    return deltas + [Line(new_name(name), alone(name) + alone(f"Δ{name}")) for name in names]


def step_lines(lines, trainable, loss="squared error"):
    """Return a whole step: forward, error, backward, update."""
    back = backward_lines(lines, trainable)
    return [*lines, *error_lines(lines, loss), *back, *update_lines(lines, trainable)]


def kept(lines, trainable):
    """Return the names that a program keeps from the forward to the backward pass: activations.

    They are what the backward lines read of the forward pass and its input. Weights are there
    anyway.
    """
    made = {input_of(lines)} | {line.name for line in lines}
    read = [bare(p) for line in backward_lines(lines, trainable) for p in parts_of(line)]
    return [name for name in dict.fromkeys(read) if name in made]


def steady_lines(lines, trainable):
    """Return what is the same in every step, and so need be computed only once.

    A term changes from step to step if a factor trains, or has something trainable behind it. The
    terms that don't are left, and lines that have some.
    """
    changing = names_behind(lines, trainable) | set(trainable)
    left = [
        line._replace(terms=tuple(t for t in line.terms if not changing & set(t.factors)))
        for line in lines
    ]
    return [line for line in left if line.terms]


# Computing, and counting.


def evaluate(lines, given, numbers=None):
    """Compute the lines, one after the other.

    Args:
        lines: in an order in which each needs only what stands before it, or is given.
        given: {"X": array, "W1": array, ...}.
        numbers: what the names of numbers stand for, such as {"−η": -0.5, "α/r": 1.0}.

    Returns:
        {name: array}, the given ones too.
    """
    values, numbers = dict(given), {"−1": -1.0} | (numbers or {})

    def matrix(name):
        return values[name[:-1]].T if name[-1] == "ᵀ" else values[name]

    def add_up(terms):
        total = None
        for times, factors in terms:
            term = matrix(factors[0])
            if len(factors) == 2:
                term = term @ matrix(factors[1])
            if times != "1":
                term = numbers[times] * term + 0.0  # −η · 0 is −0.0, and with + 0.0 a plain 0
            total = term if total is None else total + term
        return total

    for name, terms, function, gate, _ in lines:
        total = add_up(terms)
        if gate:
            total = np.where(values[gate] > 0, total, 0.0)
        values[name] = FUNCTIONS[function](total) if function else total
    return values


def rectify(Z):
    """Return every positive number as it is, every other number as 0."""
    return np.maximum(Z, 0.0)


def softmax(Y):
    """Return the shares of each column: e to the power of each entry, divided by their sum."""
    powers = np.exp(Y - Y.max(axis=0))  # no softmax changes by that, and no power overflows
    return powers / powers.sum(axis=0)


FUNCTIONS = {"relu": rectify, "softmax": softmax}


def shapes(lines, given):
    """Return the shape of every name, from those of the given ones: {"W1": (40, 30), ...}."""
    known = dict(given)
    for line in lines:
        first = line.terms[0].factors
        known[line.name] = (shape_of(first[0], known)[0], shape_of(first[-1], known)[1])
    return known


def shape_of(name, known):
    """Return the shape of a name, which may have a ᵀ at the end."""
    return known[bare(name)][::-1] if name != bare(name) else known[name]


def multiply_adds(lines, known):
    """Return the multiply-adds of all products in the lines; (m, n) times (n, p) has m · n · p."""
    products = [term.factors for line in lines for term in line.terms if len(term.factors) == 2]
    pairs = [(shape_of(left, known), shape_of(right, known)) for left, right in products]
    return sum(rows * inner * columns for (rows, inner), (_, columns) in pairs)
