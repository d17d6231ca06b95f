"""The figure of lesson 4: the network before, the update of each layer, the network after."""

import textwrap

import numpy as np

from figures.instruments.blocks import BlockStore, legend_of, numbers_per_square
from figures.kit.figure import Figure
from figures.kit.heat import typical_size
from figures.kit.layout import SQUARE, Box, beneath, columns, rows, spread, table
from figures.kit.numbers import (
    count_in_words,
    format_count,
    format_number,
    format_rounded,
    join_words,
)
from figures.kit.primitives import (
    arrow,
    block,
    cell_width,
    equation,
    formulas,
    heading,
    matrix,
    note,
    operator,
)
from snippets import check
from snippets.forward import forward

LARGEST_GRID = 6  # rows and columns of the largest matrix that is drawn number by number
WIDEST_GRID = 11  # squares
PHONE = 12.5  # squares beside each other that can be read on a phone
FORMULA = 5  # squares that a formula needs
LETTER = 5.9  # user units that a letter of a note needs


def freezing_layers(weights, weights_finetuned, X, trainable, *, caption=None, copy=1):
    """Draw what one step does to a network of which some layers are frozen.

    Args:
        weights: {"W1": array (out, in), ...} before the step.
        weights_finetuned: the same after it.
        X: the examples as columns (in_features, columns).
        trainable: names of the layers that train, such as {"W3"}; the rest are frozen.
        caption: overrides the computed one.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure. What it says of a layer (the same to the last bit, seven numbers change) comes
        from comparing the arrays, not from `trainable`.

    Raises:
        ValueError: an unknown layer, shapes that don't fit, a number that is not finite.
    """
    step = Comparison(weights, weights_finetuned, X, trainable)
    drawn = Grids(step) if step.largest <= LARGEST_GRID else None
    if drawn is None or drawn.widest > WIDEST_GRID:
        drawn = Blocks(step, copy)
    parts = parts_of(step, drawn)
    return Figure(
        wide=arrange_wide(step, parts, drawn.legend),
        narrow=arrange_narrow(step, parts, drawn.legend),
        title=title_of(step),
        alt=alt_of(step),
        caption=caption_of(step) if caption is None else caption,
        store=drawn.store,
    )


class Comparison:
    """Two networks, layer by layer, compared bit by bit."""

    def __init__(self, weights, weights_finetuned, X, trainable):
        self.layers = check.layer_numbers(weights)
        names = [f"W{k}" for k in self.layers]
        after_names = [f"W{k}" for k in check.layer_numbers(weights_finetuned, "weights_finetuned")]
        if after_names != names:
            wish, got = ", ".join(names), ", ".join(after_names)
            raise ValueError(f"weights_finetuned must hold {wish} like weights, got {got}")
        self.W, self.W_after = {}, {}
        for k, name in zip(self.layers, names):
            self.W[k] = check.matrix(weights[name], f"weights {name}")
            self.W_after[k] = check.matrix(weights_finetuned[name], f"weights_finetuned {name}")
            check.same_shape(
                self.W_after[k], f"weights_finetuned {name}", self.W[k], f"weights {name}"
            )
        chosen = check.trainable_names(trainable, weights)
        self.trains = {k: name in chosen for k, name in zip(self.layers, names)}
        self.H = forward(weights, X)
        self.H_after = forward(weights_finetuned, X)
        self.X = self.H[f"H{self.layers[0] - 1}"]
        self.changed = {
            k: self.W[k].view(np.int64) != self.W_after[k].view(np.int64) for k in self.layers
        }
        self.changes = {k: int(mask.sum()) for k, mask in self.changed.items()}
        self.has_delta = {k: self.trains[k] or self.changes[k] > 0 for k in self.layers}
        self.delta = {k: self.W_after[k] - self.W[k] for k in self.layers}
        self.largest = max(max(W.shape) for W in (self.X, *self.W.values()))

    def output_changes(self, k):
        """Say whether H of a layer differs before and after."""
        return not np.array_equal(self.H[f"H{k}"], self.H_after[f"H{k}"])


def outputs_of(trace):
    """Return X and every H of a forward pass; Z is not drawn."""
    return [values for name, values in trace.items() if name.startswith("H")]


class Grids:
    """Draws matrices number by number; matrices that belong together get cells of one width."""

    boxes = "boxed: changed"
    legend = ""
    store = None

    def __init__(self, step):
        weights = [*step.W.values(), *step.W_after.values()]
        outputs = [H for trace in (step.H, step.H_after) for H in outputs_of(trace)]
        deltas = cell_width(*step.delta.values(), signed=True)
        self.weight_cell = max(cell_width(*weights), deltas)
        self.output_cell = cell_width(*outputs)
        self.widest = max(
            self.weight_cell * max(W.shape[1] for W in weights), self.output_cell * step.X.shape[1]
        )

    def draw(self, values, *, kind, label, tag=None, changed=None):
        cell = self.output_cell if kind == "activation" else self.weight_cell
        return matrix(values, kind=kind, label=label, cell=cell, tag=tag, changed=changed)


class Blocks:
    """Draws matrices to scale, as heat maps; each distinct one is stored once and referred to."""

    boxes = ""

    def __init__(self, step, copy):
        self.per_square = numbers_per_square(step.largest)
        self.store = BlockStore(copy)
        self.typical = {
            "W": typical_size(*step.W.values(), *step.W_after.values()),
            "ΔW": typical_size(*step.delta.values()),
            "X and H": typical_size(*outputs_of(step.H), *outputs_of(step.H_after)),
        }

    @property
    def legend(self):
        return legend_of(self.per_square, self.typical)

    def draw(self, values, *, kind, label, tag=None, changed=None):
        typical = self.typical[{"activation": "X and H", "delta": "ΔW"}.get(kind, "W")]
        down, across = values.shape
        return block(
            self.store.add(values, typical, kind),
            values.shape,
            kind=kind,
            label=label,
            per_square=self.per_square,
            tag=tag,
            sizes=("" if label.startswith("H") else down, across),
        )


def parts_of(step, drawn):
    """Draw every matrix of the figure; return {"X": Box, "W1": ..., "ΔW3": ..., "W'1": ...}."""
    parts = {"X": drawn.draw(step.X, kind="activation", label="X")}
    for k in step.layers:
        kind = "trainable" if step.trains[k] else "frozen"
        kind_after = "new" if step.has_delta[k] else "frozen"
        H, H_after = step.H[f"H{k}"], step.H_after[f"H{k}"]
        label = f"H'{k}" if step.output_changes(k) else f"H{k}"
        parts[f"W{k}"] = drawn.draw(step.W[k], kind=kind, label=f"W{k}")
        parts[f"W'{k}"] = drawn.draw(
            step.W_after[k], kind=kind_after, label=f"W'{k}", changed=step.changed[k]
        )
        parts[f"H{k}"] = drawn.draw(H, kind="activation", label=f"H{k}")
        parts[f"H'{k}"] = drawn.draw(H_after, kind="activation", label=label, changed=H != H_after)
        if step.has_delta[k]:
            parts[f"ΔW{k}"] = drawn.draw(step.delta[k], kind="delta", label=f"ΔW{k}")
    changed = [f"W'{k}" for k in step.layers if step.changes[k]]
    if changed and drawn.boxes:
        last = parts[changed[-1]]
        parts[changed[-1]] = beneath(last, note(drawn.boxes, width=last.width), gap=0.3)
    return parts


def arrange_wide(step, parts, legend):
    """Left the network before, in the middle the updates, right the network after."""

    def update(k):
        said = equation(update_of(step, k), note=count_of(step, k))
        if not step.has_delta[k]:
            return said
        moved = columns(arrow(length=2), parts[f"ΔW{k}"], arrow(length=2), align="middle")
        return beneath(moved, said, gap=0.3)

    before = {k: columns(parts[f"W{k}"], parts[f"H{k}"], gap=1) for k in step.layers}
    after = {k: columns(parts[f"W'{k}"], parts[f"H'{k}"], gap=1) for k in step.layers}
    width = max(FORMULA + parts["X"].width, *(box.width for box in before.values()))
    network = table(
        [
            [heading("Before", width=width), heading("Update"), heading("After", width=width)],
            [
                spread(formulas(*forward_of(step, "")), parts["X"], width=width),
                None,
                spread(formulas(*forward_of(step, "'")), parts["X"], width=width),
            ],
            *([before[k], update(k), after[k]] for k in step.layers),
        ],
        align=["right", "middle", "right"],
        row_gap=1,
    )
    return explained(network, legend)


def arrange_narrow(step, parts, legend):
    """For a phone, a row a layer: W = W′, or W + ΔW and under it = W′; each with its H at right."""
    plus, equals, space = operator("+"), operator("="), operator("")
    lines = []
    for k in step.layers:
        W, W_after, H, H_after = (parts[f"{name}{k}"] for name in ("W", "W'", "H", "H'"))
        if step.has_delta[k]:
            lines.append([W, plus, parts[f"ΔW{k}"], space, H])
            lines.append([None, equals, W_after, space, H_after])
        else:
            lines.append([W, equals, W_after, space, H])
            if step.output_changes(k):
                lines.append([None, None, None, space, H_after])
    network = table(lines, align=["right", "middle", "left", "left", "left"], row_gap=1)
    if network.width > PHONE:
        return explained(stacked(step, parts), legend)
    second = max(FORMULA, 1 + max(parts[f"W{k}"].width for k in step.layers))
    top = table(
        [
            [heading("Before", width=second), heading("After", width=second)],
            [formulas(*forward_of(step, "")), formulas(*forward_of(step, "'"))],
        ],
        align=["left", "left"],
        row_gap=1,
    )
    X = rows(Box(0, 2), parts["X"])
    width = max(network.width, 2 * FORMULA + parts["X"].width)
    return explained(rows(spread(top, X, width=width), network, gap=1), legend)


def stacked(step, parts):
    """For a phone, where not even W and its result go beside each other: all in one column."""
    lines = [[None, formulas(*forward_of(step, "'"))], [None, parts["X"]]]
    for k in step.layers:
        lines.append([None, parts[f"W{k}"]])
        if step.has_delta[k]:
            lines.append([operator("+"), parts[f"ΔW{k}"]])
        lines.append([operator("="), parts[f"W'{k}"]])
        lines.append([None, parts[f"H{k}"]])
        if step.output_changes(k):
            lines.append([None, parts[f"H'{k}"]])
    return table(lines, align=["left", "left"], row_gap=1)


def explained(box, legend):
    """Add the legend, if there is one, beneath what it explains."""
    lines = textwrap.wrap(legend, int(box.width * SQUARE / LETTER))
    return rows(box, note(*lines), gap=0.6) if lines else box


def forward_of(step, prime):
    """Write the forward pass, such as H'3 = ReLU(W'3 H2); an H that stays has no prime."""
    below, lines = "X", []
    for k in step.layers:
        result = f"H{prime}{k}" if step.output_changes(k) else f"H{k}"
        lines.append(f"{result} = ReLU(W{prime}{k} {below})")
        below = result
    return lines


def update_of(step, k):
    """Write the update of a layer."""
    return f"W'{k} = W{k} + ΔW{k}" if step.has_delta[k] else f"W'{k} = W{k}"


def count_of(step, k):
    """Say how many numbers a layer holds and what becomes of them."""
    size, changes = format_count(step.W[k].size), step.changes[k]
    if not step.has_delta[k]:
        return f"{size} numbers, no ΔW, not a bit moves"
    many = format_count(changes) if changes else "none"
    return f"{size} numbers, {many} of them change{'s' if changes < 2 else ''}"


def title_of(step):
    """Name what stays frozen, or what trains if nothing stays."""
    frozen = [f"W{k}" for k in step.layers if not step.trains[k]]
    trained = [f"W{k}" for k in step.layers]
    return f"Freezing {join_words(frozen)}" if frozen else f"Training {join_words(trained)}"


def alt_of(step):
    """Describe the picture in some 45 words, numbers included."""

    def sized(k):
        return f"W{k} ({check.shape_text(step.W[k].shape)})"

    same = [k for k in step.layers if not step.changes[k]]
    sentences = ["A network before and after one step."]
    if same:
        one = len(same) == 1
        are = "is" if one else "are"
        frozen = "" if any(step.trains[k] for k in same) else f"{are} frozen and "
        stay = f"{frozen}stay{'s' if one else ''} the same to the last bit"
        sentences.append(f"{join_words(map(sized, same))} {stay}.")
    for k in step.layers:
        if not step.changes[k]:
            continue
        moves = step.delta[k][step.changed[k]]
        low, high = (format_rounded(move, signed=True) for move in (moves.min(), moves.max()))
        moved = "trains" if step.trains[k] else "was frozen, yet moved"
        change = f"{sized(k)} {moved}: {step.changes[k]} of {step.W[k].size} numbers change"
        change += f", by {low} to {high}"
        if step.largest <= LARGEST_GRID and len(same) == len(step.layers) - 1:
            row = int(step.changed[k].any(axis=1).argmax())
            old, new = (", ".join(map(format_number, W[k][row])) for W in (step.W, step.W_after))
            change += f"; row {row + 1} goes from {old} to {new}"
        sentences.append(change + ".")
    return " ".join(sentences)


def caption_of(step):
    """Say what one step did, as the arrays have it."""
    frozen = [str(k) for k in step.layers if not step.trains[k]]
    if not frozen:
        start = "One step with no layer frozen."
    elif len(frozen) == len(step.layers):
        start = "One step with every layer frozen."
    else:
        start = f"One step with layer{'s'[: len(frozen) > 1]} {join_words(frozen)} frozen."
    changed = [k for k in step.layers if step.changes[k]]
    same = [f"W{k}" for k in step.layers if not step.changes[k]]
    clauses = []
    if changed:
        moved = [
            f"{count_in_words(step.changes[k])} of the {count_in_words(step.W[k].size)}"
            f" numbers of W{k}" + ("" if step.trains[k] else ", though it was to stay frozen,")
            for k in changed
        ]
        verb = "change" if len(changed) > 1 or step.changes[changed[0]] > 1 else "changes"
        clauses.append(f"{join_words(moved)} {verb}")
    if same:
        clauses.append(f"every number of {join_words(same)} is the same to the last bit")
    said = "; ".join(clauses)
    return f"{start} {said[0].upper()}{said[1:]}."
