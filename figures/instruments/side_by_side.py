"""Six methods side by side: the same pencil network, the same steps, each its own way.

Python draws every panel after the first step, from the arrays of the page. In the browser
by-hand-side-by-side.js takes the panels over in place and goes on from there; without script they
stay as they were drawn. All words are written here.
"""

import html
import json
import re
from typing import NamedTuple

import numpy as np

from figures.kit.numbers import MINUS, count_in_words, format_number, join_words
from figures.kit.symbols import html_text
from snippets import check
from snippets.adapter import adapter_forward, adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_forward, head_step
from snippets.lora import lora_forward, lora_step, merge
from snippets.loss import squared_error
from snippets.method_cost import Product

TASKS = 10
MOST_STEPS = 200
LARGEST = 4  # rows and columns that a panel has room for
CHANGED = ' class="changed"'
SHOWN = 4  # columns of the table of losses
WIDTH, HEIGHT, SPAN = 300, 64, 10  # of a curve: its drawing, and the steps it shows at least

# The further rows of A, for ranks above the given one.
MORE_ROWS = ((0, 1, 1, 0), (1, 1, 0, 0), (0, 0, 1, -1))

NAMES = {
    "full": ("Full fine-tuning", "full"),
    "freeze": ("Freezing {below}", "freezing"),
    "probe": ("Linear probe", "probe"),
    "head": ("Head", "head"),
    "adapter": ("Adapter after layer {top}", "adapter"),
    "lora": ("LoRA beside W{top}", "LoRA"),
}
NOTES = {
    "full": "The step overwrites all layers. The old task's loss is what that costs.",
    "freeze": "The step overwrites W{top} alone, and the old task suffers all the same.",
    "probe": "Another question, so another loss: {question}. Don't hold it against the others. The"
    " network is untouched: its old answers are exactly as before.",
    "head": "Another question, so another loss: {question}. Don't hold it against the others. The"
    " network is untouched: its old answers are exactly as before.",
    "adapter": "Leave D{top} and U{top} out, and the old answers are back exactly.",
    "lora": "Leave A{top} and B{top} out, and the old answers are back exactly.",
    "same": "With the old W{top} the new task's loss is [new]. The old task's is exactly [old]"
    " again, as before any step: nothing below W{top} has moved.",
    "other": "With the old W{top} the new task's loss is [new]. The old task's is [old], not"
    " [start]: the layers below have moved, and the old W{top} no longer fits them.",
    "zero": "A{top} and B{top} are both 0. The gradient of B{top} is a product with A{top}, that of"
    " A{top} a product with B{top}. So both are 0, and the loss never moves.",
    "merge": "One matrix, no cost at use. Its outputs differ from those of W{top} beside A{top} and"
    " B{top} by [apart] at most; its loss is [loss].",
    "stop": "Stopped at step [step]: the next numbers are too large to compute with. Take a smaller"
    " rate.",
    "put": "Put the old W{top} back",
    "take": "Take it away again",
    "refused": "the first step of [way] is too large to compute with. Take a smaller number.",
}
SAME_SCALE = "Scale 0 to {top}, the same for four methods"
OWN_TARGETS = ", <small>a question of its own</small>"
OWN_SCALE = "Scale 0 to {top}, of this question alone"


class Way(NamedTuple):
    """One method: what it is called, what it has to start with, and after each step."""

    key: str
    name: str
    start: dict  # of the matrices shown, before the first step
    trained: tuple  # their names
    frozen: tuple  # names of the layers that stay
    own: list  # the matrices after 0 and 1 steps
    losses: list  # of the new task, after 0 and 1 steps
    old_losses: list
    costs: dict


def side_by_side(
    weights,
    task,
    old_task,
    *,
    probe,
    probe_task,
    head,
    head_task,
    adapter,
    lora,
    learning_rate,
    name,
    lora_alpha=1,
    more_rows=MORE_ROWS,
    questions=("which of two classes", "either, or"),
    caption="",
):
    """Draw one step of six methods, and let a reader take more of them.

    Args:
        weights: {"W1": array (out, in), ...}, the pretrained network.
        task: (X, T), what full fine-tuning, freezing, the adapter and LoRA learn.
        old_task: (X, T) that the pretrained network solves.
        probe: W of the probe, one above the network. probe_task: its (X, T).
        head: {"W4": ..., "W5": ...}. head_task: its (X, T).
        adapter: {"D3": ..., "U3": ...}, after the top layer.
        lora: {"A3": ..., "B3": ...}, beside the top layer.
        learning_rate: η, a finite number of 0 or more.
        name: an id of its own on the page; links to a state begin with it.
        lora_alpha: α.
        more_rows: rows that A gets for higher ranks; B gets columns of 0.
        questions: what the probe and the head are asked, in words.
        caption: what to say beneath.

    Returns:
        A SideBySide, which a page shows.

    Raises:
        ValueError: shapes that don't fit, a number that is not finite, a matrix with more than
            four rows or columns, an adapter or LoRA elsewhere, a name that is no id.
    """
    if not re.fullmatch("[a-z][a-z-]*", str(name)):
        raise ValueError(f'name must be small letters and hyphens such as "methods", got {name!r}')
    layers = [f"W{k}" for k in check.layers(weights)]
    top = layers[-1][1:]
    for what, given, letters in (("adapter", adapter, "DU"), ("lora", lora, "AB")):
        wish = {letter + top for letter in letters}
        if set(given) != wish:
            got = ", ".join(given) or "nothing"
            raise ValueError(f"{what} must hold {' and '.join(sorted(wish))}, got {got}")
    given = {**weights, "probe": probe, **head, **adapter, **lora}
    for key, values in given.items():
        if max(check.matrix(values, key).shape) > LARGEST:
            got = check.shape_text(np.shape(values))
            raise ValueError(f"{key} must have at most {LARGEST} rows and columns, got {got}")
    A, B = lora[f"A{top}"], lora[f"B{top}"]
    rows = np.vstack([A, np.reshape(more_rows, (-1, A.shape[1]))])[:LARGEST].astype(float)
    check.matrix(rows, "more_rows")
    probe = {f"W{int(top) + 1}": probe}
    rate = float(learning_rate)
    tasks = {"task": task, "old": old_task, "probe": probe_task, "head": head_task}
    tasks = {
        key: tuple(check.matrix(part, f"{key} {letter}") for part, letter in zip(pair, "XT"))
        for key, pair in tasks.items()
    }

    def answers(network, X):
        return list(network.values())[-1] if X is None else list(forward(network, X).values())[-1]

    def layered(key, trainable):
        def run(own, X):
            return answers(own, X)

        def step(own):
            return train_step(own, *tasks["task"], trainable, rate)

        return key, weights, trainable, run, step

    def on_top(key, own):
        X, T = tasks[key]
        features = answers(weights, X)

        def run(own, X):
            return head_forward(own, answers(weights, X))["Y"]

        return key, own, set(own), run, lambda own: head_step(own, features, T, rate)

    def beside(key, own, forward_with, step_with, *more):
        def run(own, X):
            return list(forward_with(weights, own, X, *more).values())[-1]

        def step(own):
            return step_with(weights, own, *tasks["task"], rate, *more)

        return key, own, set(own), run, step

    made = []
    for key, own, trainable, run, step in (
        layered("full", set(layers)),
        layered("freeze", {layers[-1]}),
        on_top("probe", probe),
        on_top("head", head),
        beside("adapter", adapter, adapter_forward, adapter_step),
        beside("lora", lora, lora_forward, lora_step, lora_alpha),
    ):
        X, T = tasks.get(key, tasks["task"])
        states = [own, step(own).weights]
        losses = [squared_error(run(state, X), T) for state in states]
        on_old = (lambda own, X: answers(weights, X)) if key in ("probe", "head") else run
        old = [squared_error(on_old(state, old_task[0]), old_task[1]) for state in states]
        frozen = tuple(layer for layer in layers if layer not in trainable)
        called = NAMES[key][0].format(top=top, below=join_words(layers[:-1]))
        shown = {k: own[k] for k in own if k in trainable}
        costs = count(_products(key, weights, own, trainable))
        made.append(Way(key, called, shown, tuple(shown), frozen, states, losses, old, costs))
    ranks = [
        count(_products("lora", weights, {f"A{top}": rows[:r], f"B{top}": B[:, :1].repeat(r, 1)}))
        for r in range(1, len(rows) + 1)
    ]
    return SideBySide(
        name,
        made,
        weights,
        tasks,
        rows,
        A.shape[0],
        B,
        float(lora_alpha),
        rate,
        ranks,
        dict(zip(("probe", "head"), questions)),
        caption,
    )


def _products(key, weights, own, trainable=()):
    """List the products of a method, in the order of computing: (weight, source, target)."""
    products, output = [], "H0"

    def add(name, W, source, target, trains):
        products.append(Product(name, np.shape(W), source, target, False, trains, name in weights))

    for name, W in weights.items():
        k = name[1:]
        add(name, W, output, f"H{k}", key in ("full", "freeze") and name in trainable)
        if f"A{k}" in own:
            add(f"A{k}", own[f"A{k}"], output, f"S{k}", True)
            add(f"B{k}", own[f"B{k}"], f"S{k}", f"H{k}", True)
        output = f"H{k}"
        if f"D{k}" in own:
            add(f"D{k}", own[f"D{k}"], output, f"S{k}", True)
            add(f"U{k}", own[f"U{k}"], f"S{k}", output := f"H{k}'", True)
    if key in ("probe", "head"):
        for name, W in own.items():
            add(name, W, output, output := f"H{name[1:]}", True)
    return products


def count(products, tasks=TASKS):
    """Count what a list of products costs, by the rule of snippets/method_cost.py.

    Returns:
        {"all": numbers, "trained": of them, "multiply_adds": of a step and column,
        "stored": numbers kept for so many tasks}.
    """
    changing, total, trained, adds = set(), 0, 0, 0
    for product in products:
        size = int(np.prod(product.shape))
        signal = product.source in changing
        if product.trains or signal:
            changing.add(product.target)
        total += size
        trained += size * product.trains
        adds += size * (1 + product.trains + signal)
    return {
        "all": total,
        "trained": trained,
        "multiply_adds": adds,
        "stored": total - trained + tasks * trained,
    }


class SideBySide:
    """What side_by_side returns; a notebook or a page shows it by _repr_html_."""

    def __init__(
        self, name, ways, weights, tasks, rows, rank, B, alpha, rate, ranks, questions, caption
    ):
        self.name, self.weights, self.tasks = name, weights, tasks
        self.ways = {way.key: way for way in ways}
        self.rows, self.rank, self.B, self.alpha, self.rate = rows, rank, B, alpha, rate
        self.ranks, self.questions, self.caption = ranks, questions, caption
        self.top = list(weights)[-1]
        shared = [w for w in ways if w.key not in questions]
        common = max(max(*way.losses, *way.old_losses) for way in shared)
        self.scales = {way.key: common if way in shared else max(way.losses) for way in ways}

    def data(self):
        """Return what the browser needs: the start, the costs and the words; no step."""
        return {
            "name": self.name,
            "rate": self.rate,
            "alpha": self.alpha,
            "rank": self.rank,
            "most": MOST_STEPS,
            "span": SPAN,
            "top": self.top,
            "weights": {key: value.tolist() for key, value in self.weights.items()},
            "tasks": {key: [part.tolist() for part in pair] for key, pair in self.tasks.items()},
            "rows": self.rows.tolist(),
            "outputs": list(range(len(self.B))),
            "ranks": self.ranks,
            "ways": {
                key: {
                    "name": NAMES[key][1],
                    "start": {name: way.start[name].tolist() for name in way.trained},
                    "scale": self.scales[key],
                    "note": self.note(key),
                }
                for key, way in self.ways.items()
            },
            "notes": {key: self.note(key) for key in NOTES if key not in self.ways},
        }

    def note(self, key):
        """Write one of NOTES as HTML; what stands in [] is filled in by the browser."""
        question = self.questions.get(key, "")
        return html_text(NOTES[key].format(top=self.top[1:], question=question))

    def panel(self, key):
        """Set one method: its matrices, losses, costs, and what to say of them."""
        way = self.ways[key]
        own = way.own[1]
        nets = "".join(
            grid(name, own[name], "trainable", start=way.start[name]) for name in way.trained
        )
        if key == "lora":
            merged = merge(self.weights, own, self.alpha)[self.top]
            merged = grid(self.top.replace("W", "W'"), merged, "new", "merged")
            nets += merged.replace("<div", "<div hidden", 1)
        if way.frozen:
            words = html_text(join_words(way.frozen))
            nets = f'<p class="way-frozen frozen"><span>{words} frozen</span></p>' + (
                f'<div class="way-grids">{nets}</div>'
            )
        else:
            nets = f'<div class="way-grids">{nets}</div>'
        title = f"{self.name}-{key}"
        return (
            f'<div class="way" role="group" data-way="{key}" aria-labelledby="{title}">'
            f'<p class="way-name" id="{title}">{html_text(way.name)}</p>'
            f'<div class="way-nets">{nets}</div>'
            f'<div class="way-set needs-script" data-near>{self._controls(key)}</div>'
            f'<div class="way-curve">{self._curve(key)}</div>'
            f"{self._losses(way)}{self._facts(way)}"
            f'<p class="way-note">{self.note(key)}</p></div>'
        )

    def _controls(self, key):
        if key in ("full", "freeze"):
            return f'<button type="button" data-do="{key}">{self.note("put")}</button>'
        if key != "lora":
            return ""
        return (
            f"{self._field('rank', 'rank', self.rank)}{self._field('alpha', 'α', self.alpha)}"
            '<label><input type="checkbox" data-set="merge"> merge</label>'
            '<button type="button" data-do="zero" aria-pressed="false">A = B = 0</button>'
            f'<p class="message way-message" id="{self.name}-wrong" role="alert"></p>'
        )

    def _field(self, key, word, value):
        place = "wrong" if key != "rate" else "message"
        return (
            f'<label>{word} <input data-set="{key}" value="{value:g}" size="4" autocomplete="off"'
            f' inputmode="decimal" aria-describedby="{self.name}-{place}"></label>'
        )

    def _curve(self, key):
        way, top = self.ways[key], self.scales[key]
        alone = key in self.questions
        paths = "" if alone else f'<path class="old" d="{curve(way.old_losses, top)}"/>'
        scale = (OWN_SCALE if alone else SAME_SCALE).format(top=number(top))
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
            f'{paths}<path class="now" d="{curve(way.losses, top)}"/></svg>'
            f'<p class="way-scale">{scale}</p>'
        )

    def _losses(self, way):
        steps = range(SHOWN)
        head = "".join(f'<th scope="col"{" class=now" if k == 1 else ""}>{k}</th>' for k in steps)
        kinds = {"New task": way.losses, "Old task": way.old_losses}
        if way.key in self.questions:
            kinds = {"Its own task": way.losses, "Old task": way.old_losses}
        body = "".join(
            f'<tr><th scope="row">{kind}</th>'
            + "".join(
                f"<td{' class=now' if k == 1 else ''}>{number(found[k]) if k < 2 else '–'}</td>"
                for k in steps
            )
            + "</tr>"
            for kind, found in kinds.items()
        )
        return (
            '<table data-matrix="" class="way-losses"'
            f' aria-label="Losses, {html.escape(way.name)}">'
            f'<thead><tr><th scope="row">Loss at step</th>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )

    def _summary(self):
        rows = "".join(
            f'<tr data-of="{key}"><th scope="row">{html_text(way.name)}'
            f"{OWN_TARGETS if key in self.questions else ''}</th>"
            f"<td>{number(way.losses[0])}</td><td class=now>{number(way.losses[1])}</td>"
            f"<td>{number(way.old_losses[0])}</td><td class=now>{number(way.old_losses[1])}</td>"
            "</tr>"
            for key, way in self.ways.items()
        )
        return (
            '<table data-matrix="" class="way-losses way-sum" aria-label="Losses of all methods">'
            '<thead><tr><th scope="col">Loss</th><th scope="col">At the start</th>'
            '<th scope="col">Now</th><th scope="col">Old task, start</th>'
            f'<th scope="col">Old task, now</th></tr></thead><tbody>{rows}</tbody></table>'
        )

    def _facts(self, way):
        facts = {key: f'<b data-fact="{key}">{value}</b>' for key, value in way.costs.items()}
        return (
            '<ul class="way-facts">'
            f"<li>{facts['trained']} of {facts['all']} numbers train</li>"
            f"<li>{facts['multiply_adds']} multiply-adds a step, for each example</li>"
            f"<li>{facts['stored']} numbers kept for {count_in_words(TASKS)} tasks</li></ul>"
        )

    def _repr_html_(self):
        data = json.dumps(self.data(), ensure_ascii=False, separators=(",", ":"))

        def button(do, word, more=""):
            return f'<button type="button" data-do="{do}"{more}>{word}</button>'

        main = ' class="main"'
        before = "".join(
            "<p>Before any step, "
            + html.escape(NAMES[key][1])
            + ':</p><div class="way-grids">'
            + "".join(grid(name, way.start[name], "trainable") for name in way.trained)
            + "</div>"
            for key, way in self.ways.items()
        )
        return (
            f'<by-hand-side-by-side id="{self.name}" class="instrument"'
            ' aria-label="Six methods side by side">'
            f'<script type="application/json">{data.replace("<", chr(92) + "u003c")}</script>'
            '<div class="way-steps needs-script" role="group" aria-label="Steps of all methods">'
            f"{button('step', 'One step', main)}{button('ten', 'Ten steps')}"
            f"{button('play', 'Play')}"
            "</div>"
            '<div class="way-bar needs-script">'
            f"{self._field('rate', 'learning rate η', self.rate)}"
            f"{button('again', 'Start again')}{button('undo', 'Undo')}{button('redo', 'Redo')}"
            f'<p class="message" id="{self.name}-message" role="alert"></p></div>'
            '<div class="sheet board ways">'
            f'<p class="way-now">After <b data-now="steps">1</b> step<span data-now="s"></span>'
            f' at the rate of <b data-now="rate">{number(self.rate)}</b>.</p>'
            '<p class="way-key">Boxed numbers have moved. Solid curves are the new task, dashed'
            " ones the old.</p>"
            f"{self._summary()}{''.join(map(self.panel, self.ways))}</div>"
            '<div class="way-bar needs-script">'
            f"{button('reset', 'Reset')}{button('link', 'Copy link')}{button('embed', 'Embed')}"
            f"{button('picture', 'Save picture')}"
            '<textarea class="copied" aria-label="To copy" readonly hidden></textarea></div>'
            '<p class="status" role="status"></p>'
            f"<noscript>{before}</noscript>"
            f'<p class="way-caption">{html_text(self.caption)}</p>'
            "</by-hand-side-by-side>"
        )


def grid(name, values, kind, tag="trainable", start=None):
    """Set a matrix as a table on squared paper; what differs from start is boxed."""
    start = values if start is None else start
    lines = "".join(
        "<tr>"
        + "".join(
            f"<td{CHANGED if new != old else ''}>{format_number(new)}</td>"
            for new, old in zip(*pair)
        )
        + "</tr>"
        for pair in zip(values.tolist(), start.tolist())
    )
    said = f"{name}, {tag}".replace("'", "′")
    return (
        f'<div class="matrix {kind}"><div class="matrix-head"><span>{html_text(name)}</span>'
        f'<span class="matrix-tag">{tag}</span></div>'
        f'<table data-matrix="{name}" aria-label="{said}"><tbody>{lines}</tbody></table></div>'
    )


def number(value):
    """Write a loss with four significant digits, eight characters or so."""
    value = float(value)
    text = f"{float(f'{value:.4g}'):g}"
    if value and not 1e-3 <= abs(value) < 1e4:
        text = re.sub(r"e\+?(-?)0*", r"e\1", f"{value:.2e}")
    return text.replace("-", MINUS)


def curve(losses, top):
    """Return the path of losses after 0, 1, ... steps; 0 is at the bottom, top near the top."""
    points = (
        f"{WIDTH * k / SPAN:g} {HEIGHT - 2 - (HEIGHT - 4) * loss / (top or 1):.1f}"
        for k, loss in enumerate(losses)
    )
    return "M" + "L".join(points)
