"""A frozen network with new layers on top, before and after they learned: a probe or a head."""

import numpy as np

from figures.freezing_layers import (
    FORMULA,
    LARGEST_GRID,
    PHONE,
    WIDEST_GRID,
    Blocks,
    Grids,
    explained,
)
from figures.kit.figure import Figure
from figures.kit.layout import EMPTY, beneath, columns, rows, spread, table
from figures.kit.numbers import (
    count_in_words,
    format_count,
    format_number,
    format_rounded,
    join_words,
)
from figures.kit.primitives import arrow, equation, formulas, heading, note, operator
from snippets import check
from snippets.forward import forward
from snippets.head import head_forward


def on_top(weights, added, added_after, X, *, caption=None, copy=1):
    """Draw a frozen network and what learned on top of it.

    The frozen part stands once, at the left. At the right there is what training still needs:
    the output of the topmost frozen layer, and the new matrices.

    Args:
        weights: {"W1": array (out, in), ...}, the frozen network.
        added: {"W4": array, ...} before training, numbered on from the network; ReLU after each
            of its layers but the last, whose output is Y.
        added_after: the same after it.
        X: the examples as columns (in_features, columns).
        caption: overrides the computed one.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: names that don't go on from the network's, shapes that don't fit, a number
            that is not finite.
    """
    stack = Stack(weights, added, added_after, X)
    drawn = drawing_of(stack, copy)
    parts = parts_of(stack, drawn)
    return Figure(
        wide=arrange_wide(stack, parts, drawn.legend),
        narrow=arrange_narrow(stack, parts, drawn.legend),
        title=f"A frozen network with {join_words(stack.names)} on top",
        alt=alt_of(stack),
        caption=caption_of(stack) if caption is None else caption,
        store=drawn.store,
    )


def drawing_of(stack, copy):
    """Choose how to draw: number by number where that fits, else to scale."""
    drawn = Grids(stack) if stack.largest <= LARGEST_GRID else None
    return Blocks(stack, copy) if drawn is None or drawn.widest > WIDEST_GRID else drawn


class Stack:
    """A frozen chain, the layers on top of it before and after, and all that they put out."""

    def __init__(self, weights, added, added_after, X):
        self.frozen = check.layer_numbers(weights)
        self.new = check.layer_numbers(added, "added")
        self.top, self.last = self.frozen[-1], self.new[-1]
        self.names = [f"W{k}" for k in self.new]
        if self.new[0] != self.top + 1:
            raise ValueError(f"added must go on with W{self.top + 1}, got {self.names[0]}")
        after = [f"W{k}" for k in check.layer_numbers(added_after, "added_after")]
        if after != self.names:
            wish, got = ", ".join(self.names), ", ".join(after)
            raise ValueError(f"added_after must hold {wish} like added, got {got}")
        self.W = {k: check.matrix(weights[f"W{k}"], f"weights W{k}") for k in self.frozen}
        self.W_after = dict(self.W)
        for k, name in zip(self.new, self.names):
            self.W[k] = check.matrix(added[name], f"added {name}")
            self.W_after[k] = check.matrix(added_after[name], f"added_after {name}")
            check.same_shape(self.W_after[k], f"added_after {name}", self.W[k], f"added {name}")
        below = forward(weights, X)
        self.stored = below[f"H{self.top}"]
        self.H = {**below, **self._outputs(added)}
        self.H_after = {**below, **self._outputs(added_after)}
        self.X = self.H[f"H{self.frozen[0] - 1}"]
        self.delta = {k: self.W_after[k] - self.W[k] for k in self.new}
        self.changed = {
            k: self.W[k].view(np.int64) != self.W_after[k].view(np.int64) for k in self.new
        }
        self.changes = {k: int(mask.sum()) for k, mask in self.changed.items()}
        self.largest = max(max(W.shape) for W in (self.X, *self.W.values()))

    def _outputs(self, added):
        """Return {"H4": ..., "H5": Y}: the last output is stored under its layer's number."""
        trace = head_forward(added, self.stored)
        return {f"H{k}": trace.get(f"H{k}", trace["Y"]) for k in self.new}

    def output_changes(self, k):
        """Say whether what a layer puts out differs before and after."""
        return not np.array_equal(self.H[f"H{k}"], self.H_after[f"H{k}"])

    def output_name(self, k, prime=""):
        """Name what a layer puts out, with a prime only if it differs after."""
        prime = prime if self.output_changes(k) else ""
        return f"Y{prime}" if k == self.last else f"H{prime}{k}"


def parts_of(stack, drawn):
    """Draw every matrix; return {"X": Box, "W1": ..., "H1": ..., "ΔW4": ..., "W'4": ...}."""
    parts = {"X": drawn.draw(stack.X, kind="activation", label="X")}
    for k in (*stack.frozen, *stack.new):
        kind = "frozen" if k in stack.frozen else "trainable"
        parts[f"W{k}"] = drawn.draw(stack.W[k], kind=kind, label=f"W{k}")
        H, label = stack.H[f"H{k}"], stack.output_name(k)
        parts[f"H{k}"] = drawn.draw(H, kind="activation", label=label)
    for k in stack.new:
        H, H_after, label = stack.H[f"H{k}"], stack.H_after[f"H{k}"], stack.output_name(k, "'")
        changed = stack.changed[k]
        parts[f"ΔW{k}"] = drawn.draw(stack.delta[k], kind="delta", label=f"ΔW{k}")
        parts[f"W'{k}"] = drawn.draw(stack.W_after[k], kind="new", label=f"W'{k}", changed=changed)
        parts[f"H'{k}"] = drawn.draw(H_after, kind="activation", label=label, changed=H != H_after)
    if drawn.boxes and any(stack.changes.values()):
        name = f"W'{stack.last}"
        parts[name] = beneath(parts[name], note(drawn.boxes, width=parts[name].width), gap=0.3)
    return parts


def arrange_wide(stack, parts, legend):
    """Left the whole before, in the middle the updates, right what training still needs."""
    before = {
        k: columns(parts[f"W{k}"], parts[f"H{k}"], gap=1) for k in (*stack.frozen, *stack.new)
    }
    after = {k: columns(parts[f"W'{k}"], parts[f"H'{k}"], gap=1) for k in stack.new}
    width = max(FORMULA + parts["X"].width, *(box.width for box in before.values()))
    head = [heading("Before", width=width), heading("Update"), heading("After", width=width)]
    inputs = [
        spread(formulas(*forward_of(stack)), parts["X"], width=width),
        None,
        spread(formulas(*forward_after(stack)), EMPTY, width=width),
    ]
    lines = [head, inputs]
    for k in stack.frozen:
        lines.append([before[k], stays(stack, k), parts[f"H{k}"] if k == stack.top else None])
    for k in stack.new:
        moved = columns(arrow(length=2), parts[f"ΔW{k}"], arrow(length=2), align="middle")
        said = equation(f"W'{k} = W{k} + ΔW{k}", note=count_of(stack, k))
        lines.append([before[k], beneath(moved, said, gap=0.3), after[k]])
    network = table(lines, align=["right", "middle", "right"], row_gap=1)
    return explained(network, legend)


def arrange_narrow(stack, parts, legend):
    """For a phone, a row a layer; a new one goes on below with = W′."""
    plus, equals, space = operator("+"), operator("="), operator("")
    lines = []
    for k in stack.frozen:
        lines.append([parts[f"W{k}"], None, stays(stack, k, width=4), space, parts[f"H{k}"]])
    for k in stack.new:
        W, delta, W_after, H, H_after = (parts[f"{n}{k}"] for n in ("W", "ΔW", "W'", "H", "H'"))
        lines.append([W, plus, delta, space, H])
        lines.append([None, equals, W_after, space, H_after])
    network = table(lines, align=["right", "middle", "left", "left", "left"], row_gap=1)
    if network.width > PHONE:
        network = stacked(stack, parts)
    said = formulas(*forward_of(stack), *forward_after(stack)[1:])
    width = max(network.width, FORMULA + parts["X"].width)
    top = spread(said, parts["X"], width=width)
    return explained(rows(top, network, gap=1), legend)


def stacked(stack, parts):
    """For a phone, where W + ΔW and their output don't go beside each other."""
    plus, equals, space = operator("+"), operator("="), operator("")
    lines = [[None, parts[f"W{k}"], space, parts[f"H{k}"]] for k in stack.frozen]
    for k in stack.new:
        lines.append([None, parts[f"W{k}"], space, parts[f"H{k}"]])
        lines.append([plus, parts[f"ΔW{k}"], None, None])
        lines.append([equals, parts[f"W'{k}"], space, parts[f"H'{k}"]])
    return table(lines, align=["left"] * 4, row_gap=1)


def stays(stack, k, width=8):
    """Write that a frozen layer keeps its weights."""
    many = f"{format_count(stack.W[k].size)} numbers, frozen"
    return equation(f"W'{k} = W{k}", note=many, width=width)


def forward_of(stack):
    """Write the forward pass: H1 = ReLU(W1 X), ..., Y = W4 H3."""
    lines, below = [], "X"
    for k in (*stack.frozen, *stack.new):
        result = stack.output_name(k)
        product = f"W{k} {below}"
        lines.append(f"{result} = {product}" if k == stack.last else f"{result} = ReLU({product})")
        below = result
    return lines


def forward_after(stack):
    """Write what is left of it: H3 is stored, Y' = W'4 H3."""
    below = f"H{stack.top}"
    lines = [f"{below} is stored"]
    for k in stack.new:
        result = stack.output_name(k, "'")
        product = f"W'{k} {below}"
        lines.append(f"{result} = {product}" if k == stack.last else f"{result} = ReLU({product})")
        below = result
    return lines


def count_of(stack, k):
    """Say how many numbers a new layer holds and how many of them changed."""
    changes = stack.changes[k]
    many = format_count(changes) if changes else "none"
    one = "s" if changes < 2 else ""
    return f"{format_count(stack.W[k].size)} numbers, {many} of them change{one}"


def alt_of(stack):
    """Describe the picture in some 45 words, numbers included."""
    frozen = [f"W{k} ({check.shape_text(stack.W[k].shape)})" for k in stack.frozen]
    stored = check.shape_text(stack.stored.shape)
    are = "are" if len(frozen) > 1 else "is"
    sentences = [
        f"{join_words(frozen)} {are} frozen.",
        f"The output H{stack.top} ({stored}) stays the same and is stored.",
    ]
    for k in stack.new:
        W, W_after, changes = stack.W[k], stack.W_after[k], stack.changes[k]
        said = f"W{k} ({check.shape_text(W.shape)}) on top trains: {changes} of {W.size} numbers"
        said += " change"
        if changes:
            moves = stack.delta[k][stack.changed[k]]
            low, high = (format_rounded(move, signed=True) for move in (moves.min(), moves.max()))
            said += f", by {low} to {high}"
            if stack.largest <= LARGEST_GRID and len(stack.new) == 1:
                row = int(stack.changed[k].any(axis=1).argmax())
                old, new = (", ".join(map(format_number, M[row])) for M in (W, W_after))
                said += f"; row {row + 1} goes from {old} to {new}"
        sentences.append(said + ".")
    return " ".join(sentences)


def caption_of(stack):
    """Say what is frozen, what is stored and what changed, as the arrays have it."""
    frozen = join_words(f"W{k}" for k in stack.frozen)
    get = "get" if len(stack.frozen) > 1 else "gets"
    changed = [k for k in stack.new if stack.changes[k]]
    moved = [
        f"{count_in_words(stack.changes[k])} of the {count_in_words(stack.W[k].size)}"
        f" numbers of W{k}"
        for k in changed
    ]
    one = len(changed) == 1 and stack.changes[changed[0]] == 1
    said = f"{join_words(moved) or f'no number of {join_words(stack.names)}'} change"
    said = f"{said[0].upper()}{said[1:]}{'s' if one or not changed else ''}."
    size = count_in_words(stack.stored.size)
    return f"{frozen} {get} no ΔW. H{stack.top}, {size} numbers, is computed once. {said}"
