"""Six methods side by side: the same pencil network, the same steps, each its own way.

Python draws every panel after the first step, from the arrays of the page. In the browser
by-hand-side-by-side.js takes the panels over in place and goes on from there; without script they
stay as they were drawn. All words are written here.
"""

import html
from dataclasses import dataclass

import numpy as np

from figures.instruments.instrument import (
    COPIED,
    MESSAGE,
    STATUS,
    button,
    caption_of,
    check_name,
    field,
    instrument,
    number,
    state_buttons,
    table_of,
)
from figures.instruments.methods import check_step, forward_lines, layer_numbers
from figures.kit.numbers import count_in_words, join_words
from figures.kit.symbols import html_text
from snippets import check
from snippets.cost import Method, costs_of
from snippets.derive import evaluate, step_lines
from snippets.loss import squared_error
from snippets.method import merge_lines, new_name

TASKS = 10
MOST_STEPS = 200
LARGEST = 4  # rows and columns that a panel has room for
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
    "same": "With the old W{top} the new task's loss is {new}. The old task's is exactly {old}"
    " again, as before any step: nothing below W{top} has moved.",
    "other": "With the old W{top} the new task's loss is {new}. The old task's is {old}, not"
    " {start}: the layers below have moved, and the old W{top} no longer fits them.",
    "zero": "A{top} and B{top} are both 0. The gradient of B{top} is a product with A{top}, that of"
    " A{top} a product with B{top}. So both are 0, and the loss never moves.",
    "merge": "One matrix, no cost at use. Its outputs differ from those of W{top} beside A{top} and"
    " B{top} by {apart} at most; its loss is {loss}.",
    "stop": "Stopped at step {step}: the next numbers are too large to compute with. Take a smaller"
    " rate.",
    "put": "Put the old W{top} back",
    "take": "Take it away again",
    "refused": "the first step of {way} is too large to compute with. Take a smaller number.",
}
PRESSED = ' aria-pressed="false"'
SAME_SCALE = "Scale 0 to {top}, the same for four methods"
OWN_TARGETS = ", <small>a question of its own</small>"
OWN_SCALE = "Scale 0 to {top}, of this question alone"


@dataclass(frozen=True)
class Way:
    """One method: what it is called and computes, before the first step and after it."""

    key: str
    name: str
    lines: list  # of the forward pass
    output: str  # what answers the old task
    start: dict  # what trains, before the first step
    own: list  # all matrices after 0 and 1 steps
    losses: list  # of its task, after 0 and 1 steps
    old_losses: list
    costs: dict

    @property
    def frozen(self):
        """The names of the network's layers that stay."""
        return [n for n in self.own[0] if n[0] == "W" and n not in self.start]


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
    check_name(name, "methods")
    layers = [f"W{k}" for k in check.layers(weights)]
    top = layers[-1][1:]
    for what, given, letters in (("adapter", adapter, "DU"), ("lora", lora, "AB")):
        wish = {letter + top for letter in letters}
        if set(given) != wish:
            got = ", ".join(given) or "nothing"
            raise ValueError(f"{what} must hold {' and '.join(sorted(wish))}, got {got}")
    for key, values in {**weights, "probe": probe, **head, **adapter, **lora}.items():
        if max(check.matrix(values, key).shape) > LARGEST:
            got = check.shape_text(np.shape(values))
            raise ValueError(f"{key} must have at most {LARGEST} rows and columns, got {got}")
    A, B = lora[f"A{top}"], lora[f"B{top}"]
    rows = np.vstack([A, np.reshape(more_rows, (-1, A.shape[1]))])[:LARGEST].astype(float)
    check.matrix(rows, "more_rows")
    tasks = {"task": task, "old": old_task, "probe": probe_task, "head": head_task}
    tasks = {
        key: tuple(check.matrix(part, f"{key} {letter}") for part, letter in zip(pair, "XT"))
        for key, pair in tasks.items()
    }
    numbers = {"−η": -float(learning_rate), "α/r": lora_alpha / len(A)}
    ways = {}
    for key, trainable, added in (
        ("full", layers, {}),
        ("freeze", layers[-1:], {}),
        ("probe", (), {"head": {f"W{int(top) + 1}": probe}}),
        ("head", (), {"head": head}),
        ("adapter", (), {"adapters": adapter}),
        ("lora", (), {"lora": lora}),
    ):
        task = tasks.get(key, tasks["task"])
        check_step(weights, *task, learning_rate, trainable, lora_alpha=lora_alpha, **added)
        called = NAMES[key][0].format(top=top, below=join_words(layers[:-1]))
        ways[key] = _way(key, called, weights, trainable, added, task, tasks["old"], numbers)
    return SideBySide(
        name=name,
        ways=ways,
        weights=weights,
        tasks=tasks,
        rows=rows,
        rank=len(A),
        outputs=len(B),
        alpha=float(lora_alpha),
        rate=float(learning_rate),
        questions=dict(zip(("probe", "head"), questions, strict=True)),
        caption=caption,
    )


def _way(key, name, weights, trainable, added, task, old_task, numbers):
    """Take a step of a method, and look at both tasks before and after it."""
    lines, output = forward_lines(weights, **added)
    more = next(iter(added.values()), {})
    start = dict(more) or {name: weights[name] for name in trainable}
    before = {**weights, **more}
    values = evaluate(step_lines(lines, start), {**before, "X": task[0], "T": task[1]}, numbers)
    own = [before, {n: values.get(new_name(n), W) for n, W in before.items()}]

    def losses(X, T, output):
        answers = [evaluate(lines, matrices | {"X": X}, numbers)[output] for matrices in own]
        return [squared_error(answer, T) for answer in answers]

    return Way(
        key=key,
        name=name,
        lines=lines,
        output=output,
        start=start,
        own=own,
        losses=losses(*task, lines[-1].name),
        old_losses=losses(*old_task, output),
        costs=_costs(lines, before, start),
    )


def _costs(lines, matrices, trained):
    """Return the costs that a panel shows."""
    shapes = {name: np.shape(values) for name, values in matrices.items()}
    costs = costs_of(Method(lines, shapes, {}, frozenset(trained)), tasks=TASKS)
    return {
        "all": costs.weights_in_memory,
        "trained": costs.trainable,
        "multiply_adds": costs.multiply_adds,
        "stored": costs.stored_for_tasks,
    }


@dataclass(frozen=True)
class SideBySide:
    """What side_by_side returns; a notebook or a page shows it by _repr_html_."""

    name: str
    ways: dict  # {"full": Way, ...}
    weights: dict
    tasks: dict  # {"task": (X, T), "old": ..., "probe": ..., "head": ...}
    rows: np.ndarray  # of A, for the highest rank
    rank: int
    outputs: int  # rows of B
    alpha: float
    rate: float
    questions: dict  # {"probe": ..., "head": ...}: ways whose loss is of a question of their own
    caption: str

    @property
    def top(self):
        return list(self.weights)[-1]

    @property
    def ranks(self):
        """The costs of LoRA by rank, from 1 up."""
        names, way = list(self.ways["lora"].start), self.ways["lora"]
        zeros = np.zeros((self.outputs, len(self.rows)))
        pairs = [(self.rows[:r], zeros[:, :r]) for r in range(1, len(self.rows) + 1)]
        return [_costs(way.lines, way.own[0] | dict(zip(names, p)), way.start) for p in pairs]

    @property
    def scales(self):
        """What stands at the top of each way's curve."""
        shared = [way for key, way in self.ways.items() if key not in self.questions]
        common = max(max(*way.losses, *way.old_losses) for way in shared)
        return {
            key: max(way.losses) if key in self.questions else common
            for key, way in self.ways.items()
        }

    def data(self):
        """Return what the browser needs: the start, the lines, the costs and the words; no step."""
        scales = self.scales
        return {
            "name": self.name,
            "rate": self.rate,
            "alpha": self.alpha,
            "rank": self.rank,
            "most": MOST_STEPS,
            "span": SPAN,
            "top": self.top,
            "weights": {key: values.tolist() for key, values in self.weights.items()},
            "tasks": {key: [part.tolist() for part in pair] for key, pair in self.tasks.items()},
            "rows": self.rows.tolist(),
            "ranks": self.ranks,
            "merged": merge_lines(layer_numbers(self.ways["lora"].start)),
            "ways": {
                key: {
                    "name": NAMES[key][1],
                    "lines": way.lines,
                    "output": way.output,
                    "start": {name: values.tolist() for name, values in way.start.items()},
                    "scale": scales[key],
                    "note": self.note(key),
                }
                for key, way in self.ways.items()
            },
            "notes": {key: self.note(key) for key in NOTES if key not in self.ways},
        }

    def note(self, key):
        """Write one of NOTES as HTML; what stands in {} is filled in by the browser."""
        text = NOTES[key].replace("{top}", self.top[1:])
        return html_text(text.replace("{question}", self.questions.get(key, "")))

    def panel(self, key):
        """Set one method: its matrices, losses, costs, and what to say of them."""
        way = self.ways[key]
        nets = "".join(
            grid(name, way.own[1][name], "trainable", start=W) for name, W in way.start.items()
        )
        if key == "lora":
            now = {new_name(name): way.own[1][name] for name in way.start}
            scaling = {"α/r": self.alpha / self.rank}
            [line] = merge_lines(layer_numbers(way.start))
            merged = evaluate([line], {**self.weights, **now}, scaling)[line.name]
            nets += grid(line.name, merged, "new", "merged", hidden=True)
        nets = f'<div class="way-grids">{nets}</div>'
        if way.frozen:
            words = html_text(join_words(way.frozen))
            nets = f'<p class="way-frozen frozen"><span>{words} frozen</span></p>{nets}'
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
            return button(key, self.note("put"))
        if key != "lora":
            return ""
        return (
            f"{self._field('rank', 'rank', self.rank)}{self._field('alpha', 'α', self.alpha)}"
            '<label><input type="checkbox" data-set="merge"> merge</label>'
            f"{button('zero', 'A = B = 0', PRESSED)}"
            f'<p class="message way-message" id="{self.name}-wrong" role="alert"></p>'
        )

    def _field(self, key, word, value):
        place = "wrong" if key != "rate" else "message"
        more = f' aria-describedby="{self.name}-{place}"'
        return f"<label>{word} {field(key, f'{value:g}', size=4, more=more)}</label>"

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
        def line(tag, kind, cells):
            marked = "".join(
                f"<{tag}{' class=now' if k == 1 else ''}>{cell}</{tag[:2]}>"
                for k, cell in enumerate(cells)
            )
            return f'<tr><th scope="row">{kind}</th>{marked}</tr>'

        own = "Its own task" if way.key in self.questions else "New task"
        unknown = ["–"] * (SHOWN - 2)
        body = "".join(
            line("td", kind, [*map(number, losses), *unknown])
            for kind, losses in ((own, way.losses), ("Old task", way.old_losses))
        )
        return (
            '<table data-matrix="" class="way-losses"'
            f' aria-label="Losses, {html.escape(way.name)}">'
            f"<thead>{line('th scope=col', 'Loss at step', range(SHOWN))}</thead>"
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

    def _before(self):
        """Set what trains as it was before the first step, for those without script."""
        return "".join(
            f'<p>Before any step, {html.escape(NAMES[key][1])}:</p><div class="way-grids">'
            f"{''.join(grid(name, W, 'trainable') for name, W in way.start.items())}</div>"
            for key, way in self.ways.items()
        )

    def _repr_html_(self):
        steps = button("step", "One step", ' class="main"') + button("ten", "Ten steps")
        again = button("again", "Start again") + state_buttons("undo", "redo")
        wrong = MESSAGE.replace("<p", f'<p id="{self.name}-message"')
        return instrument(
            "side-by-side",
            self.name,
            "Six methods side by side",
            self.data(),
            '<div class="way-steps needs-script" role="group" aria-label="Steps of all methods">'
            f"{steps}{button('play', 'Play')}</div>"
            '<div class="way-bar needs-script">'
            f"{self._field('rate', 'learning rate η', self.rate)}{again}{wrong}</div>"
            '<div class="sheet board ways">'
            f'<p class="way-now">After <b data-now="steps">1</b> step<span data-now="s"></span>'
            f' at the rate of <b data-now="rate">{number(self.rate)}</b>.</p>'
            '<p class="way-key">Boxed numbers have moved. Solid curves are the new task, dashed'
            " ones the old.</p>"
            f"{self._summary()}{''.join(map(self.panel, self.ways))}</div>"
            '<div class="way-bar needs-script">'
            f"{state_buttons('reset', 'link', 'embed', 'picture')}{COPIED}</div>{STATUS}"
            f'<div class="without-script">{self._before()}</div>{caption_of(self.caption)}',
        )


def grid(name, values, kind, tag="trainable", start=None, hidden=False):
    """Set a matrix as a table on squared paper; what differs from start is boxed."""
    said = f"{name}, {tag}".replace("'", "′")
    moved = None if start is None else values != start
    return (
        f'<div class="matrix {kind}"{" hidden" if hidden else ""}>'
        f'<div class="matrix-head"><span>{html_text(name)}</span>'
        f'<span class="matrix-tag">{tag}</span></div>'
        f'<table data-matrix="{name}" aria-label="{said}">'
        f"<tbody>{table_of(values, changed=moved)}</tbody></table></div>"
    )


def curve(losses, top):
    """Return the path of losses after 0, 1, ... steps; 0 is at the bottom, top near the top."""
    points = (
        f"{WIDTH * k / SPAN:g} {HEIGHT - 2 - (HEIGHT - 4) * loss / (top or 1):.1f}"
        for k, loss in enumerate(losses)
    )
    return "M" + "L".join(points)
