"""The figure of lesson 4: the network before, the update of each layer, the network after."""

import numpy as np

from figures.kit.change import changes_of_layers, upper_first
from figures.kit.figure import Figure
from figures.kit.layout import Box, columns, rows, spread, table
from figures.kit.matrices import LARGEST_GRID, drawing_of, network_scales
from figures.kit.numbers import format_count, join_words
from figures.kit.primitives import equation, formulas, heading, operator
from figures.kit.sheet import FORMULA, PHONE, before_and_after, explained, moved, noted
from snippets import check
from snippets.forward import forward


def freezing_layers(weights, weights_finetuned, X, trainable, *, copy=1):
    """Draw what one step does to a network of which some layers are frozen.

    Args:
        weights: {"W1": array (out, in), ...} before the step.
        weights_finetuned: the same after it.
        X: the examples as columns (in_features, columns).
        trainable: names of the layers that train, such as {"W3"}; the rest are frozen.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure. What it says of a layer (the same to the last bit, seven numbers change) comes
        from comparing the arrays, not from `trainable`.

    Raises:
        ValueError: an unknown layer, shapes that don't fit, a number that is not finite.
    """
    step = Comparison(weights, weights_finetuned, X, trainable)
    drawn = drawing_of(step.scales(), copy)
    parts = parts_of(step, drawn)
    return Figure(
        wide=explained(arrange_wide(step, parts), drawn.legend),
        narrow=explained(arrange_narrow(step, parts), drawn.legend),
        title=title_of(step),
        alt=alt_of(step),
        caption=caption_of(step),
        store=drawn.store,
    )


class Comparison:
    """Two networks, layer by layer, compared bit by bit."""

    def __init__(self, weights, weights_finetuned, X, trainable):
        self.layers = check.layer_numbers(weights)
        changes = changes_of_layers(weights, weights_finetuned, "weights", "weights_finetuned")
        self.W = dict(zip(self.layers, changes.values()))
        chosen = check.trainable_names(trainable, weights)
        self.trains = {k: f"W{k}" in chosen for k in self.layers}
        self.H, self.H_after = forward(weights, X), forward(weights_finetuned, X)
        self.X = self.H[f"H{self.layers[0] - 1}"]
        self.same = [k for k in self.layers if not self.W[k].count]

    def scales(self):
        """Return what the drawing compares: Z is not drawn."""
        changes, traces = self.W.values(), (self.H, self.H_after)
        weights = [*(W.before for W in changes), *(W.after for W in changes)]
        outputs = [H for trace in traces for name, H in trace.items() if name[0] == "H"]
        return network_scales(weights, [W.delta for W in changes], outputs)

    def has_delta(self, k):
        """Say whether a layer trains, or moved though it should not."""
        return self.trains[k] or self.W[k].count > 0

    def output_changes(self, k):
        """Say whether H of a layer differs before and after."""
        return not np.array_equal(self.H[f"H{k}"], self.H_after[f"H{k}"])


def parts_of(step, drawn):
    """Draw every matrix of the figure; return {"X": Box, "W1": ..., "ΔW3": ..., "W'1": ...}."""
    parts = {"X": drawn.draw(step.X, kind="activation", label="X")}
    for k, W in step.W.items():
        kind = "trainable" if step.trains[k] else "frozen"
        kind_after = "new" if step.has_delta(k) else "frozen"
        H, H_after = step.H[f"H{k}"], step.H_after[f"H{k}"]
        label = f"H'{k}" if step.output_changes(k) else f"H{k}"
        parts[f"W{k}"] = drawn.draw(W.before, kind=kind, label=f"W{k}")
        parts[f"W'{k}"] = drawn.draw(W.after, kind=kind_after, label=f"W'{k}", changed=W.changed)
        parts[f"H{k}"] = drawn.draw(H, kind="activation", label=f"H{k}")
        parts[f"H'{k}"] = drawn.draw(H_after, kind="activation", label=label, changed=H != H_after)
        if step.has_delta(k):
            parts[f"ΔW{k}"] = drawn.draw(W.delta, kind="delta", label=f"ΔW{k}")
    changed = [f"W'{k}" for k in step.layers if k not in step.same]
    if changed and drawn.boxes:
        parts[changed[-1]] = noted(parts[changed[-1]], drawn.boxes)
    return parts


def arrange_wide(step, parts):
    """Left the network before, in the middle the updates, right the network after."""

    def update(k):
        if not step.has_delta(k):
            size = format_count(step.W[k].size)
            return equation(f"W'{k} = W{k}", note=f"{size} numbers, no ΔW, not a bit moves")
        return moved(parts[f"ΔW{k}"], equation(f"W'{k} = W{k} + ΔW{k}", note=step.W[k].counted()))

    def layer(k, prime):
        return columns(parts[f"W{prime}{k}"], parts[f"H{prime}{k}"], gap=1)

    lines = [[layer(k, ""), update(k), layer(k, "'")] for k in step.layers]
    X = parts["X"]
    return before_and_after(lines, forward_of(step, ""), forward_of(step, "'"), X, X)


def arrange_narrow(step, parts):
    """For a phone, a row a layer: W = W′, or W + ΔW and under it = W′; each with its H at right."""
    plus, equals, space = operator("+"), operator("="), operator("")
    lines = []
    for k in step.layers:
        W, W_after, H, H_after = (parts[f"{name}{k}"] for name in ("W", "W'", "H", "H'"))
        if step.has_delta(k):
            lines.append([W, plus, parts[f"ΔW{k}"], space, H])
            lines.append([None, equals, W_after, space, H_after])
        else:
            lines.append([W, equals, W_after, space, H])
            if step.output_changes(k):
                lines.append([None, None, None, space, H_after])
    network = table(lines, align=["right", "middle", "left", "left", "left"], row_gap=1)
    if network.width > PHONE:
        return stacked(step, parts)
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
    return rows(spread(top, X, width=width), network, gap=1)


def stacked(step, parts):
    """For a phone, where not even W and its result go beside each other: all in one column."""
    lines = [[None, formulas(*forward_of(step, "'"))], [None, parts["X"]]]
    for k in step.layers:
        lines.append([None, parts[f"W{k}"]])
        if step.has_delta(k):
            lines.append([operator("+"), parts[f"ΔW{k}"]])
        lines.append([operator("="), parts[f"W'{k}"]])
        lines.append([None, parts[f"H{k}"]])
        if step.output_changes(k):
            lines.append([None, parts[f"H'{k}"]])
    return table(lines, align=["left", "left"], row_gap=1)


def forward_of(step, prime):
    """Write the forward pass, such as H'3 = ReLU(W'3 H2); an H that stays has no prime."""
    below, lines = "X", []
    for k in step.layers:
        result = f"H{prime}{k}" if step.output_changes(k) else f"H{k}"
        lines.append(f"{result} = ReLU(W{prime}{k} {below})")
        below = result
    return lines


def title_of(step):
    """Name what stays frozen, or what trains if nothing stays."""
    frozen = [f"W{k}" for k in step.layers if not step.trains[k]]
    trained = [f"W{k}" for k in step.layers]
    return f"Freezing {join_words(frozen)}" if frozen else f"Training {join_words(trained)}"


def alt_of(step):
    """Describe the picture in some 45 words, numbers included."""

    def sized(k):
        return f"W{k} ({check.shape_text(step.W[k].before.shape)})"

    sentences = ["A network before and after one step."]
    if step.same:
        one = len(step.same) == 1
        are = "is" if one else "are"
        frozen = "" if any(step.trains[k] for k in step.same) else f"{are} frozen and "
        stay = f"{frozen}stay{'s' if one else ''} the same to the last bit"
        sentences.append(f"{join_words(map(sized, step.same))} {stay}.")
    for k, W in step.W.items():
        if not W.count:
            continue
        how = "trains" if step.trains[k] else "was frozen, yet moved"
        said = f"{sized(k)} {how}: {W.reach()}"
        if max(W.before.shape) <= LARGEST_GRID and len(step.same) == len(step.layers) - 1:
            said += f"; {W.first_row()}"
        sentences.append(said + ".")
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
    clauses = []
    changed = [k for k in step.layers if k not in step.same]
    if changed:
        counts = [
            step.W[k].of_all(f"W{k}")
            + ("" if step.trains[k] else ", though it was to stay frozen,")
            for k in changed
        ]
        verb = "change" if len(changed) > 1 or step.W[changed[0]].count > 1 else "changes"
        clauses.append(f"{join_words(counts)} {verb}")
    if step.same:
        same = join_words(f"W{k}" for k in step.same)
        clauses.append(f"every number of {same} is the same to the last bit")
    return f"{start} {upper_first('; '.join(clauses))}."
