"""Figures of lesson 7: layers with their detours, H′ = H + U ReLU(D H), and the skip connection.

W stands left of H, D left of S, U left of H′. A line leads from H past the detour to the plus.
"""

from math import ceil

from figures.kit.change import changes_of, upper_first
from figures.kit.figure import Figure
from figures.kit.layout import SQUARE, Box, columns, rows, table
from figures.kit.matrices import CHANGE, LARGEST_GRID, Blocks, Grids, Scale, largest
from figures.kit.numbers import count_in_words, format_count, join_words, rows_in_words
from figures.kit.primitives import equation, heading, operator
from figures.kit.sheet import FORMULA, NARROW, explained, given, moved, titled
from snippets import check
from snippets.adapter import adapter_forward

GAP = 1  # squares between what stands above each other, and between a matrix and its result
SKIP = 1.3  # squares at the right for the skip connection
UPDATE = 6.5  # squares for what stands between before and after


def adapter_update(weights, adapters, adapters_after, X):
    """Draw one step of adapters, from the lowest one up: before, update, after.

    Args:
        weights: {"W1": array (out, in), ...}, frozen.
        adapters: {"D3": array (r, out), "U3": array (out, r), ...} before the step.
        adapters_after: the same after it.
        X: the examples as columns (in_features, columns).

    Returns:
        A Figure. What it says comes from comparing the arrays.

    Raises:
        ValueError: no adapter, names or shapes that don't fit, a number that is not finite, a
            matrix too large to be drawn number by number.
    """
    before = Detours(weights, adapters, X)
    after = Detours(weights, adapters_after, X, "adapters_after")
    changes = changes_of(before.parameters, after.parameters, "adapters", "adapters_after")
    scales = [*before.scales(), *after.scales()]
    if largest(scales) > LARGEST_GRID:
        wish = f"at most {LARGEST_GRID} rows and columns"
        raise ValueError(f"weights and X must have {wish}, got {largest(scales)}")
    drawn = Grids([*scales, Scale("ΔD and ΔU", CHANGE, [c.delta for c in changes.values()])])
    shown = range(before.pairs[0], before.top + 1)
    left, right = (
        [line for k in shown for line in _layer(state, k, drawn, before)]
        for state in (before, after)
    )
    inputs = _inputs(before, shown[0], drawn)
    said = [text for k in shown for text in before.formulas(k)]
    updates = [update for k in shown for update in _updates(before, changes, k, drawn)]
    return Figure(
        wide=_before_and_after(left, right, updates, said, inputs),
        narrow=_folded(changes, right, said, inputs, drawn),
        title=f"One step of the adapter after {_layers_in_words(before.pairs)}",
        alt=_alt_of_update(before, after, changes),
        caption=_caption_of_update(before, changes),
    )


def adapter_network(weights, adapters, X, *, copy=1):
    """Draw a network with its adapters, layer beside layer; on a phone, layer under layer.

    Args:
        weights, adapters, X: as in adapter_update, of any size.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure.

    Raises:
        ValueError: no adapter, names or shapes that don't fit, a number that is not finite.
    """
    state = Detours(weights, adapters, X)
    scales = state.scales()
    drawn = Grids(scales) if largest(scales) <= LARGEST_GRID else Blocks(scales, copy)
    layers = {k: _layer(state, k, drawn) for k in state.layers}
    inputs = {k: _inputs(state, k, drawn) for k in state.layers}
    tallest = max(inputs.values(), key=lambda box: box.height)
    beside = [
        titled(f"Layer {k}", _topped(lines, state.formulas(k), inputs[k], tallest.height))
        for k, lines in layers.items()
    ]
    first = state.layers[0]
    chain = [line for lines in layers.values() for line in lines]
    below = _topped(chain, state.formulas(first), inputs[first])
    return Figure(
        wide=explained(columns(*beside), drawn.legend),
        narrow=explained(rows(Box(NARROW, 0), below, gap=GAP), drawn.legend),
        title=f"Adapters after {_layers_in_words(state.pairs)}",
        alt=_alt_of_network(state),
        caption=_caption_of_network(state),
        store=drawn.store,
    )


class Detours:
    """A frozen network with adapters, and all that it computes on X."""

    def __init__(self, weights, adapters, X, name="adapters"):
        self.trace = adapter_forward(weights, adapters, X)  # checks all three
        self.layers = check.layer_numbers(weights)
        self.top = self.layers[-1]
        self.W = {k: check.matrix(weights[f"W{k}"], f"weights W{k}") for k in self.layers}
        given = check.named_matrices(adapters, name, "D3")
        self.pairs = [k for k in self.layers if f"D{k}" in given]
        if not self.pairs:
            raise ValueError(f"{name} must hold D and U of a layer, got none")
        self.parameters = {n: given[n] for k in self.pairs for n in (f"D{k}", f"U{k}")}
        self.X = self.trace[f"H{self.layers[0] - 1}'"]

    def scales(self):
        """Return what the drawings compare: Z is not drawn."""
        down, up = ([v for n, v in self.parameters.items() if n[0] == letter] for letter in "DU")
        activations = [values for name, values in self.trace.items() if name[0] in "HS"]
        return [
            Scale("W", "W", list(self.W.values())),
            Scale("D", "D", down),
            Scale("U", "U", up),
            Scale("X, S and H", "XSH", activations),
        ]

    def output_label(self, k):
        """Write what layer k hands on: H'3 after an adapter, H3 without, X below the first."""
        if k < self.layers[0]:
            return "X"
        return f"H'{k}" if k in self.pairs else f"H{k}"

    def formulas(self, k):
        """Write what a layer and its adapter compute."""
        lines = [f"H{k} = ReLU(W{k} {self.output_label(k - 1)})"]
        if k in self.pairs:
            lines += [f"S{k} = ReLU(D{k} H{k})", f"H'{k} = H{k} + U{k} S{k}"]
        return lines

    def hands_on_unchanged(self, k):
        """Say whether the detour of a layer adds nothing, to the last bit."""
        return self.trace[f"H{k}'"].tobytes() == self.trace[f"H{k}"].tobytes()


def _layer(state, k, drawn, before=None):
    """Draw a layer as lines: W and H; with an adapter also D and S, U and H′.

    The third item of a line says how many lines a skip connection spans from there, or 0. With
    a state before, what differs from it is boxed, and a D or U that differs is new.
    """
    before = before or state

    def result(name, label):
        values = state.trace[name]
        changed = values != before.trace[name]
        return drawn.draw(values, kind="activation", label=label, changed=changed)

    def added(name):
        values = state.parameters[name]
        changed = values != before.parameters[name]
        kind = "new" if changed.any() else "trainable"
        return drawn.draw(values, kind=kind, label=name, changed=changed)

    W = drawn.draw(state.W[k], kind="frozen", label=f"W{k}")
    H = result(f"H{k}", f"H{k}")
    if k not in state.pairs:
        return [(W, H, 0)]
    return [
        (W, H, 2),
        (added(f"D{k}"), result(f"S{k}", f"S{k}"), 0),
        (added(f"U{k}"), result(f"H{k}'", f"H'{k}"), 0),
    ]


def _inputs(state, k, drawn):
    """Draw what a layer takes in."""
    label = state.output_label(k - 1)
    return drawn.draw(state.trace[f"H{k - 1}'"], kind="activation", label=label)


def _flow(lines):
    """Set lines of _layer under each other, with their skip connections."""
    network = table([line[:2] for line in lines], ["left", "left"], GAP, GAP)
    x = max(line[0].width for line in lines) + GAP
    middles, leaves = _middles(lines), network.leaves
    for i, (_, H, span) in enumerate(lines):
        if span:
            leaves += _skip(x + H.width, middles[i], middles[i + span])
    return Box(network.width + SKIP, network.height, leaves, network.below)


def _middles(lines):
    """Return how far down the middle of each line is, as table sets them."""
    middles, y = [], 0
    for line in lines:
        height, below = (max(getattr(box, n) for box in line[:2]) for n in ("height", "below"))
        middles.append(y + height / 2)
        y += height + ceil(below - 1e-9) + GAP
    return middles


def _skip(x, first, last):
    """Draw the line that carries H past its detour, and the plus where the two meet."""
    out, down = 22, (last - first) * SQUARE
    path = f"M3 0H{out}V{down:g}H5M10 {down - 4.5:g}L5 {down:g}L10 {down + 4.5:g}"
    plus = f'<text class="equation" x="{out - 7}" y="{down - 7:g}">+</text>'
    return ((x, first, f'<path class="arrow" d="{path}"/>{plus}'),)


def _topped(lines, said, inputs, height=0):
    """Set formulas and what goes in over a flow, so that it stands above its column of results.

    Both stand on the ground of a line of at least that height.
    """
    network = _flow(lines)
    left = max(line[0].width for line in lines) + GAP
    shift = max(FORMULA - left, 0)
    top = given(said, inputs, shift + left + inputs.width)
    top = columns(top, Box(0, height), align="bottom")
    return rows(top, columns(Box(shift, 0), network), gap=GAP)


def _before_and_after(left, right, updates, said, inputs):
    """Left the flow before, right after, and between them a line for each matrix."""
    halves = [
        titled(words, _topped(lines, said, inputs))
        for words, lines in (("Before", left), ("After", right))
    ]
    start = halves[0].height - _flow(left).height
    between = heading("Update").moved(UPDATE / 2, 0)
    for box, middle in zip(updates, _middles(left)):
        between += box.moved((UPDATE - box.width) / 2, start + middle - box.height / 2)
    return columns(halves[0], Box(UPDATE, halves[0].height, between), halves[1])


def _folded(changes, right, said, inputs, drawn):
    """For a phone: what is added to D or U, and under it the flow after."""
    sums = []
    for name, change in changes.items():
        if change.count:
            old = drawn.draw(change.before, kind="trainable", label=name)
            delta = drawn.draw(change.delta, kind="delta", label=f"Δ{name}")
            sums.append(columns(old, operator("+"), delta, align="middle"))
    return rows(
        heading("Update", width=NARROW),
        *sums,
        heading("After", width=NARROW),
        _topped(right, said, inputs),
        gap=GAP,
    )


def _updates(before, changes, k, drawn):
    """Return what stands between before and after: a box for each line of a layer."""
    boxes = [equation(f"W{k} stays", note=f"{before.W[k].size} numbers, no ΔW", width=UPDATE)]
    for name in (f"D{k}", f"U{k}") if k in before.pairs else ():
        if changes[name].count:
            boxes.append(moved(drawn.draw(changes[name].delta, kind="delta", label=f"Δ{name}")))
        else:
            boxes.append(equation(f"Δ{name} = 0", note="its gradient is 0", width=UPDATE))
    return boxes


def _layers_in_words(pairs):
    return f"layer{'s'[: len(pairs) > 1]} {join_words(map(str, pairs))}"


def _caption_of_update(before, changes):
    """Say what the step did, as the arrays have it."""
    same = [k for k in before.pairs if before.hands_on_unchanged(k)]
    sentences = [f"One step of the adapter after {_layers_in_words(before.pairs)}."]
    if same:
        handed = join_words(f"H'{k} is H{k}" for k in same)
        sentences.append(f"Before it, {handed}, to the last bit.")
    counted = [
        change.of_all(name)
        if change.count < change.size
        else f"all {count_in_words(change.size)} numbers of {name}"
        for name, change in changes.items()
        if change.count
    ]
    still = [f"every number of {name}" for name, change in changes.items() if not change.count]
    clauses = [f"{join_words(counted)} change"] if counted else []
    clauses.append(f"{join_words([*still, 'every W'])} stay{'' if still else 's'} as it was")
    return " ".join([*sentences, f"{upper_first('; '.join(clauses))}."])


def _alt_of_update(before, after, changes):
    """Describe the picture, numbers included."""
    sentences = [f"One step of the adapter after {_layers_in_words(before.pairs)}."]
    for k in before.pairs:
        for name in (f"D{k}", f"U{k}"):
            old, new = changes[name].before, changes[name].after
            went = f" and becomes {rows_in_words(new)}" if changes[name].count else " and stays"
            was = rows_in_words(old) if old.any() else "0"
            sentences.append(f"{name} ({check.shape_text(old.shape)}) is {was}{went}.")
        was, now = (s.trace[f"H{k}'"] for s in (before, after))
        sentences.append(f"H'{k} goes from {rows_in_words(was)} to {rows_in_words(now)}.")
    return " ".join(sentences)


def _caption_of_network(state):
    """Count what trains and what is frozen."""
    added = sum(values.size for values in state.parameters.values())
    frozen = sum(W.size for W in state.W.values())
    names = join_words(f"W{k}" for k in state.layers)
    return (
        f"{names}, {format_count(frozen)} numbers, are frozen. The adapters have"
        f" {format_count(added)}. The line at the right of each is its skip connection: it carries"
        " H past the detour."
    )


def _alt_of_network(state):
    """Describe the picture in some 45 words, numbers included."""
    sentences = []
    for k in state.layers:
        said = f"Layer {k}: W{k} ({check.shape_text(state.W[k].shape)}) is frozen"
        if k in state.pairs:
            D, U = (check.shape_text(state.parameters[f"{n}{k}"].shape) for n in "DU")
            said += f"; D{k} ({D}) and U{k} ({U}) train, and a line carries H{k} past them"
        sentences.append(said + ".")
    return " ".join(sentences)
