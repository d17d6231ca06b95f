"""The figures of lesson 8: a frozen W with A and B beside it, and the step of B on paper."""

import numpy as np

from figures.kit.by_hand import marked, small
from figures.kit.change import upper_first
from figures.kit.figure import Figure
from figures.kit.layout import EMPTY, Box, columns, crossed, rows
from figures.kit.matrices import CHANGE, Blocks, Grids, Scale
from figures.kit.numbers import (
    count_in_words,
    format_number,
    format_rounded,
    join_words,
    matrix_in_words,
    rows_in_words,
)
from figures.kit.primitives import arrow, equation, heading, operator
from figures.kit.sheet import NARROW, WIDE, centred, explained, on_sheet
from snippets import check
from snippets.lora import LORA_ALPHA, merge


def lora_layers(weights, stages, lora_alpha=LORA_ALPHA, *, copy=1):
    """Draw W′ = W + (α/r) B A: W as it is, B and A as the thin matrices they are, W′.

    B stands left of the product and A above it, so a row of B and a column of A meet in their
    cell, which is how one multiplies by hand.

    Args:
        weights: {"W1": array (out, in), ...}, frozen.
        stages: {"Before": {"A3": array (r, in), "B3": array (out, r), ...}, "After": ...}, one
            or more, under the words that stand above them; each has A and B for some layers.
        lora_alpha: α.
        copy: which showing of this very figure on its page this is; keeps ids apart.

    Returns:
        A Figure. What it says of W′ and of the rank comes from the arrays.

    Raises:
        ValueError: no stage, a stage without A and B, shapes that don't fit, α below 0, a
            number that is not finite.
    """
    if not stages:
        raise ValueError("stages must hold one or more, got none")
    tutored = {word: _tutored(weights, lora, lora_alpha) for word, lora in stages.items()}
    layers = [layer for stage in tutored.values() for layer in stage]
    drawn = _drawing_of(layers, copy)
    wide, narrow, before = [], [], {}
    for word, stage in tutored.items():
        wide.append(heading(word, width=WIDE) if word else Box(WIDE, 0))
        narrow.append(heading(word, width=NARROW) if word else Box(NARROW, 0))
        for layer in stage:
            parts = _parts(layer, before.get(layer.k), drawn)
            wide.append(_across(*parts))
            narrow.append(_folded(*parts))
        before = {layer.k: layer for layer in stage}
    return Figure(
        wide=explained(rows(*wide, gap=1), drawn.legend),
        narrow=explained(rows(*narrow, gap=1), drawn.legend),
        title=f"LoRA beside {join_words(dict.fromkeys(f'W{layer.k}' for layer in layers))}",
        alt=_alt(tutored, isinstance(drawn, Grids) and len(layers) == len(tutored)),
        caption=_caption(tutored),
        store=drawn.store,
    )


def lora_by_hand(lora, step, name, *, row, learning_rate):
    """Draw the first step of B as the two products that it is: S = A H, and δ Sᵀ.

    Args:
        lora: A and B before the step.
        step: a Step of snippets.lora.lora_step at α/r = 1.
        name: B of a layer, such as "B3".
        row: the row of B that is worked out in the text, counted from 1.
        learning_rate: η of the step.

    Returns:
        A Figure.

    Raises:
        ValueError: no B of that name; row lies outside; α/r is not 1, so that δ Sᵀ is not the
            gradient.
    """
    known = [key for key in step.gradients if key.startswith("B")]
    if name not in known:
        raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}")
    k = int(name[1:])
    H, S, delta = step.trace[f"H{k - 1}"], step.trace[f"S{k}"], step.deltas[f"Z{k}"]
    gradient, change = step.gradients[name], step.delta_weights[name]
    if not np.array_equal(gradient, delta @ S.T):
        raise ValueError("step must be one at α/r = 1, where δ Sᵀ is the gradient of B")
    if check.whole_number(row, "row") > len(gradient):
        raise ValueError(f"row must be from 1 to {len(gradient)}, got {row}")
    here = marked(gradient, row=row)
    input_label = f"H{k - 1}" if k > 1 else "X"
    down = crossed(
        small(f"A{k}", lora[f"A{k}"], kind="trainable"), small(input_label, H), small(f"S{k}", S)
    )
    product = crossed(
        small(f"δ{k}", delta, boxed=marked(delta, row=row)),
        small(f"S{k}ᵀ", S.T, boxed=marked(S.T)),
        small(f"δ{k} S{k}ᵀ", gradient, boxed=here),
    )
    moved = columns(
        product,
        Box(1, 0),
        rows(arrow(length=2), Box(0, len(gradient) / 2)),
        small(f"ΔB{k}", change, boxed=here),
        align="bottom",
    )
    first = equation(f"S{k} = A{k} {input_label}", width=down.width)
    second = equation(f"ΔB{k} = −{format_number(learning_rate)} × δ{k} S{k}ᵀ", width=moved.width)
    down, moved = rows(down, first, gap=0.4), rows(moved, second, gap=0.4)
    told = {
        f"A{k}": lora[f"A{k}"],
        f"S{k} = A{k} {input_label}": S,
        f"δ{k}": delta,
        f"The gradient of B{k}": gradient,
        f"ΔB{k}": change,
    }
    return Figure(
        wide=on_sheet(columns(down, moved, gap=3, align="bottom"), WIDE),
        narrow=on_sheet(rows(down, EMPTY, moved, gap=1, align="middle"), NARROW),
        title=f"The gradient of B{k} as a product",
        alt=" ".join(matrix_in_words(*named) for named in told.items()),
    )


class _Layer:
    """A layer with its A and B, and what follows from them."""

    def __init__(self, k, W, A, B, W_merged, scaling):
        self.k, self.W, self.A, self.B, self.W_merged = k, W, A, B, W_merged
        self.product = scaling * (B @ A)  # (out, r) @ (r, in)
        times = "" if scaling == 1 else f"{format_rounded(scaling)} × "
        self.label = f"{times}B{k} A{k}"
        self.changed = W_merged != W
        self.rank = int(np.linalg.matrix_rank(self.product))


def _tutored(weights, lora, lora_alpha):
    """Return a _Layer for each layer that has A and B, from the bottom up."""
    merged = merge(weights, lora, lora_alpha)  # checks all three
    numbers = sorted(int(name[1:]) for name in lora if name.startswith("A"))
    if not numbers:
        raise ValueError("each of stages must hold A and B of one layer or more, got none")
    layers = []
    for k in numbers:
        W, A, B = (np.asarray(m, float) for m in (weights[f"W{k}"], lora[f"A{k}"], lora[f"B{k}"]))
        layers.append(_Layer(k, W, A, B, merged[f"W{k}"], lora_alpha / len(A)))
    return layers


def _drawing_of(layers, copy):
    """Draw number by number if W, B and the product go beside each other on a phone."""
    scales = [
        Scale("W", "W", [M for layer in layers for M in (layer.W, layer.W_merged)]),
        Scale("A", "A", [layer.A for layer in layers]),
        Scale("B", "B", [layer.B for layer in layers]),
        Scale("B A", CHANGE, [layer.product for layer in layers]),
    ]
    grids = Grids(scales)
    numbers = max(2 * layer.W.shape[1] + layer.B.shape[1] for layer in layers)
    fits = grids.cells["W"] * numbers + 2 <= NARROW  # a square for +, one between B and B A
    return grids if fits else Blocks(scales, copy)


def _parts(layer, earlier, drawn):
    """Draw one layer; return (W, B and A round their product, W′)."""
    k, moved = layer.k, {"A": None, "B": None}
    if earlier is not None:
        moved = {"A": layer.A != earlier.A, "B": layer.B != earlier.B}
    still = not layer.changed.any()
    W = drawn.draw(layer.W, kind="frozen", label=f"W{k}")
    A = drawn.draw(layer.A, kind="trainable", label=f"A{k}", changed=moved["A"])
    B = drawn.draw(layer.B, kind="trainable", label=f"B{k}", tag="", changed=moved["B"])
    product = drawn.draw(layer.product, kind="delta", label=layer.label, sized=False)
    W_merged = drawn.draw(
        layer.W_merged,
        kind="frozen" if still else "new",
        label=f"W'{k}",
        tag="the same" if still else None,
        changed=layer.changed,
        sized=False,
    )
    A = rows(Box(0, -A.height % 1), A)  # whole squares, so that the product sits on them
    B = columns(Box(-B.width % 1, 0), B)
    return W, crossed(B, A, product), W_merged


def _across(W, product, W_merged):
    """For a screen: W + B A = W′ in one line."""
    plus, equals = _beside(W, "+"), _beside(W, "=")
    return centred(columns(W, plus, product, equals, W_merged, align="bottom"), WIDE)


def _folded(W, product, W_merged):
    """For a phone: W + B A, and W′ under the product."""
    first = columns(W, _beside(W, "+"), product, align="bottom")
    second = columns(_beside(W, "="), W_merged, align="bottom")
    return centred(rows(first, second, gap=1, align="right"), NARROW)


def _beside(W, sign):
    """Set + or = at half the height of what it stands beside."""
    return rows(operator(sign), Box(0, W.height / 2))


def _caption(tutored):
    """Say of each stage what moved, what B A is and what it does to W, as the arrays have it."""
    sentences, before = [], {}
    for word, stage in tutored.items():
        start = f"{word}: " if word else ""
        products = join_words(f"B{layer.k} A{layer.k}" for layer in stage)
        if not any(layer.changed.any() for layer in stage):
            verb = "is" if len(stage) == 1 else "are"
            old = join_words(f"W{layer.k}" for layer in stage)
            new = join_words(f"W'{layer.k}" for layer in stage)
            sentences.append(f"{start}{products} {verb} 0, so {new} {verb} {old} to the last bit.")
        else:
            if moved := [_moved(layer, before[layer.k]) for layer in stage if layer.k in before]:
                start += f"{'; '.join(moved)}. "
            ranks = sorted({layer.rank for layer in stage})
            has = "has" if len(stage) == 1 else "each have"
            sentences.append(f"{start}{products} {has} rank {' or '.join(map(str, ranks))}.")
            counts = join_words(
                f"{count_in_words(int(layer.changed.sum()))} of {count_in_words(layer.W.size)}"
                f" numbers of W'{layer.k}"
                for layer in stage
            )
            sentences.append(f"{upper_first(counts)} are new.")
        before = {layer.k: layer for layer in stage}
    return " ".join(sentences)


def _moved(layer, earlier):
    """Say how many numbers of B and of A moved since an earlier stage."""
    counts = []
    for name, new, old in (("B", layer.B, earlier.B), ("A", layer.A, earlier.A)):
        count = int((new != old).sum())
        many = count_in_words(count) if count else "none"
        counts.append(f"{many} of {count_in_words(new.size)} numbers of {name}{layer.k}")
    return f"{join_words(counts)} moved"


def _alt(tutored, small):
    """Describe the picture, with every number of A and B if that is a small one."""
    sentences = []
    for word, stage in tutored.items():
        for layer in stage:
            k, start = layer.k, f"{word}: " if word else ""
            if small:
                A, B = (rows_in_words(values) for values in (layer.A, layer.B))
                sized = f"A{k} is {A} and B{k} is {B}"
            else:
                A, B = (check.shape_text(values.shape) for values in (layer.A, layer.B))
                sized = f"frozen W{k} ({check.shape_text(layer.W.shape)}), A{k} {A}, B{k} {B}"
            count = int(layer.changed.sum())
            said = f"{count} of {layer.W.size} numbers of W′{k} differ from W{k}"
            sentences.append(f"{start}{sized}; B{k}A{k} has rank {layer.rank}; {said}.")
    return " ".join(sentences)
