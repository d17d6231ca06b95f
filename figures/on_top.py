"""A frozen network with new layers on top, before and after they learned: a probe or a head."""

import numpy as np

from figures.kit.change import changes_of_layers, upper_first
from figures.kit.figure import Figure
from figures.kit.layout import columns, rows, table
from figures.kit.matrices import LARGEST_GRID, drawing_of, network_scales
from figures.kit.numbers import count_in_words, format_count, join_words
from figures.kit.primitives import equation, operator
from figures.kit.sheet import FORMULA, PHONE, before_and_after, explained, given, moved, noted
from snippets import check
from snippets.forward import forward
from snippets.head import head_forward


def on_top(weights, added, added_after, X, *, copy=1):
    """Draw a frozen network and what learned on top of it.

    The frozen part stands once, at the left. At the right there is what training still needs:
    the output of the topmost frozen layer, and the new matrices.

    Args:
        weights: {"W1": array (out, in), ...}, the frozen network.
        added: {"W4": array, ...} before training, numbered on from the network; ReLU after each
            of its layers but the last, whose output is Y.
        added_after: the same after it.
        X: the examples as columns (in_features, columns).
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: names that don't go on from the network's, shapes that don't fit, a number
            that is not finite.
    """
    return figure_of(Stack(weights, added, added_after, X), arrange, copy)


def figure_of(stack, arrange, copy):
    """Return the Figure; `arrange` takes the stack and its parts, and returns both arrangements."""
    drawn = drawing_of(stack.scales(), copy)
    wide, narrow = arrange(stack, parts_of(stack, drawn))
    return Figure(
        wide=explained(wide, drawn.legend),
        narrow=explained(narrow, drawn.legend),
        title=f"A frozen network with {join_words(stack.W)} on top",
        alt=alt_of(stack),
        caption=caption_of(stack),
        store=drawn.store,
    )


class Stack:
    """A frozen chain, the layers on top of it before and after, and all that they put out.

    Attributes:
        frozen, new: the numbers of the layers; top and last: of the topmost of each.
        below: {1: W1, ...}, frozen. W: {"W4": Change, ...}, on top of it.
        H, H_after: {"H0": X, "H1": ..., "H4": ..., "H5": Y}.
    """

    def __init__(self, weights, added, added_after, X):
        self.frozen = check.layer_numbers(weights)
        self.new = check.layer_numbers(added, "added")
        self.top, self.last = self.frozen[-1], self.new[-1]
        if self.new[0] != self.top + 1:
            raise ValueError(f"added must go on with W{self.top + 1}, got W{self.new[0]}")
        self.below = {k: check.matrix(weights[f"W{k}"], f"weights W{k}") for k in self.frozen}
        self.W = changes_of_layers(added, added_after, "added", "added_after")
        trace = forward(weights, X)
        H = {name: values for name, values in trace.items() if name[0] == "H"}
        self.stored = H[f"H{self.top}"]
        self.H = {**H, **self._outputs(added)}
        self.H_after = {**H, **self._outputs(added_after)}
        self.X = H[f"H{self.frozen[0] - 1}"]

    def _outputs(self, added):
        """Return {"H4": ..., "H5": Y}: the last output is stored under its layer's number."""
        trace = head_forward(added, self.stored)
        return {f"H{k}": trace.get(f"H{k}", trace["Y"]) for k in self.new}

    def scales(self):
        """Return what the drawing compares: all there is before, and all there is after."""
        below, changes = self.below.values(), self.W.values()
        weights = [*below, *(W.before for W in changes), *below, *(W.after for W in changes)]
        outputs = [*self.H.values(), *self.H_after.values()]
        return network_scales(weights, [W.delta for W in changes], outputs)

    def output_name(self, k, prime=""):
        """Name what a layer puts out, with a prime only if it differs after."""
        same = np.array_equal(self.H[f"H{k}"], self.H_after[f"H{k}"])
        prime = "" if same else prime
        return f"Y{prime}" if k == self.last else f"H{prime}{k}"

    def formulas(self, layers, prime=""):
        """Write what layers compute, such as H4 = ReLU(W4 H3) and Y = W5 H4."""
        lines, below = [], "X" if layers[0] == self.frozen[0] else f"H{self.top}"
        for k in layers:
            result, product = self.output_name(k, prime), f"W{prime}{k} {below}"
            lines.append(f"{result} = {product if k == self.last else f'ReLU({product})'}")
            below = result
        return lines

    def formulas_before(self):
        """Write the whole forward pass."""
        return self.formulas((*self.frozen, *self.new))

    def formulas_after(self):
        """Write what is left of it: H3 is stored, Y' = W'4 H3."""
        return [f"H{self.top} is stored", *self.formulas(self.new, "'")]


def parts_of(stack, drawn):
    """Draw every matrix; return {"X": Box, "W1": ..., "H1": ..., "ΔW4": ..., "W'4": ...}."""
    parts = {"X": drawn.draw(stack.X, kind="activation", label="X")}
    for k in (*stack.frozen, *stack.new):
        W = stack.below[k] if k in stack.below else stack.W[f"W{k}"].before
        kind = "frozen" if k in stack.frozen else "trainable"
        parts[f"W{k}"] = drawn.draw(W, kind=kind, label=f"W{k}")
        label = stack.output_name(k)
        parts[f"H{k}"] = drawn.draw(stack.H[f"H{k}"], kind="activation", label=label)
    for k in stack.new:
        H, H_after, label = stack.H[f"H{k}"], stack.H_after[f"H{k}"], stack.output_name(k, "'")
        W = stack.W[f"W{k}"]
        parts[f"ΔW{k}"] = drawn.draw(W.delta, kind="delta", label=f"ΔW{k}")
        parts[f"W'{k}"] = drawn.draw(W.after, kind="new", label=f"W'{k}", changed=W.changed)
        parts[f"H'{k}"] = drawn.draw(H_after, kind="activation", label=label, changed=H != H_after)
    if drawn.boxes and any(W.count for W in stack.W.values()):
        name = f"W'{stack.last}"
        parts[name] = noted(parts[name], drawn.boxes)
    return parts


def arrange(stack, parts):
    """Left the whole before, in the middle the updates, right what training still needs."""

    def layer(k, prime=""):
        return columns(parts[f"W{prime}{k}"], parts[f"H{prime}{k}"], gap=1)

    lines = []
    for k in stack.frozen:
        lines.append([layer(k), stays(stack, k), parts[f"H{k}"] if k == stack.top else None])
    for k in stack.new:
        said = equation(f"W'{k} = W{k} + ΔW{k}", note=stack.W[f"W{k}"].counted())
        lines.append([layer(k), moved(parts[f"ΔW{k}"], said), layer(k, "'")])
    said = stack.formulas_before(), stack.formulas_after()
    return before_and_after(lines, *said, parts["X"]), arrange_narrow(stack, parts)


def arrange_narrow(stack, parts):
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
    said = [*stack.formulas_before(), *stack.formulas_after()[1:]]
    width = max(network.width, FORMULA + parts["X"].width)
    return rows(given(said, parts["X"], width), network, gap=1)


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
    many = f"{format_count(stack.below[k].size)} numbers, frozen"
    return equation(f"W'{k} = W{k}", note=many, width=width)


def alt_of(stack):
    """Describe the picture in some 45 words, numbers included."""
    frozen = [f"W{k} ({check.shape_text(W.shape)})" for k, W in stack.below.items()]
    sentences = [
        f"{join_words(frozen)} {'are' if len(frozen) > 1 else 'is'} frozen.",
        f"The output H{stack.top} ({check.shape_text(stack.stored.shape)}) stays the same and is"
        " stored.",
    ]
    for name, W in stack.W.items():
        said = f"{name} ({check.shape_text(W.before.shape)}) on top trains: {W.reach()}"
        if W.count and len(stack.W) == 1 and max(W.before.shape) <= LARGEST_GRID:
            said += f"; {W.first_row()}"
        sentences.append(said + ".")
    return " ".join(sentences)


def caption_of(stack):
    """Say what is frozen, what is stored and what changed, as the arrays have it."""
    frozen = join_words(f"W{k}" for k in stack.frozen)
    get = "get" if len(stack.frozen) > 1 else "gets"
    counts = {name: W.count for name, W in stack.W.items() if W.count}
    said = join_words(stack.W[name].of_all(name) for name in counts)
    said = said or f"no number of {join_words(stack.W)}"
    verb = "changes" if sum(counts.values()) < 2 else "change"
    size = count_in_words(stack.stored.size)
    return (
        f"{frozen} {get} no ΔW. H{stack.top}, {size} numbers, is computed once."
        f" {upper_first(said)} {verb}."
    )
