"""The freeze switchboard: a switch for each layer, and what a step costs with those that train.

Python draws it whole. In the browser by-hand-switchboard.js takes it over in place; without script
it stays as it was drawn.
"""

import html
import json
import re

from figures.kit.numbers import format_count, join_words
from figures.kit.symbols import html_text
from snippets import check
from snippets.cost import costs_of_step
from snippets.freeze import frozen_below
from snippets.network import FULL_SIZES, layer_shapes
from snippets.pencil import PENCIL_SIZES, pencil_task

MOST = 10_000  # of a size, of the examples, of the tasks
LAYERS = 5
SIDE, SMALL_SIDE, FEW = 84, 48, 3  # CSS pixels of the largest side; above so many layers the small
LEAST = 3  # CSS pixels of a side
TASKS = 10
COSTS = {
    "trainable": "Weights that train",
    "gradient_and_optimizer": "Gradient and Adam's two moments",
    "activations_kept": "Activations kept, all examples",
    "multiply_adds": "Multiply-adds per example and step",
    "stored_for_tasks": "Weights stored for all tasks",
}
MESSAGE = '<p class="message" role="alert"></p>'
WORDS = {  # {below}: the frozen bottom; {top}: its output; {above}: what is frozen over {first}
    "nothing": "Nothing trains, so there is no step and nothing to pay for. Turn a layer on.",
    "stored": "{top} is stored, {count} numbers, so {below} need not run.",
    "storable": "{top} never changes, so it can be stored.",
    "changing": "W1 trains: every output changes with each step, and none can be stored.",
    "in_the_way": " For {above}, frozen too, nothing can be stored: {first} is in the way. It"
    " trains, so what comes up from it changes with each step.",
    "no_reader": "Nothing trains, so no step would read what was stored.",
    "unstorable": "W1 is in the way: it trains, so every output changes with each step. Freeze W1"
    " first.",
    "ends": "Storing is off: no output stays the same now. ",
    "trains": "{count} weights train.",
}


def switchboard(sizes, trainable, *, columns, name, stored=False, tasks=TASKS, caption=""):
    """Draw a network whose layers a reader can freeze, and the five costs of a step.

    Args:
        sizes: (inputs, out of layer 1, ...), two to six, each from 1 to 10,000.
        trainable: names of the layers that train at the start; the rest are frozen.
        columns: examples in a step, from 1 to 10,000.
        name: an id of its own on the page; links to a state begin with it.
        stored: True if the output of the frozen bottom is stored at the start.
        tasks: how many tasks are fine-tuned from the one network, from 1 to 10,000.
        caption: what to say beneath.

    Returns:
        A Switchboard, which a page shows.

    Raises:
        ValueError: a size out of its range, an unknown layer, nothing that trains, storing where
            nothing can be stored, a name that is no id.
    """
    if not re.fullmatch("[a-z][a-z-]*", str(name)):
        raise ValueError(f'name must be small letters and hyphens such as "costs", got {name!r}')
    sizes = check.layer_sizes(sizes)
    if len(sizes) > LAYERS + 1 or max(sizes) > MOST:
        got = ", ".join(map(str, sizes))
        raise ValueError(f"sizes must be two to {LAYERS + 1}, each {MOST} at most, got {got}")
    for word, value in (("columns", columns), ("tasks", tasks)):
        if check.whole_number(value, word) > MOST:
            raise ValueError(f"{word} must be {MOST} at most, got {value}")
    if not check.trainable_names(trainable, layer_shapes(sizes)):
        raise ValueError("trainable must name a layer, else there is no step; got none")
    return Switchboard(sizes, frozenset(trainable), columns, name, stored, tasks, caption)


class Switchboard:
    """What `switchboard` returns; a page shows it by _repr_html_."""

    def __init__(self, sizes, trainable, columns, name, stored, tasks, caption):
        self.sizes, self.trainable, self.columns = sizes, trainable, columns
        self.name, self.stored, self.tasks, self.caption = name, stored, tasks, caption
        self.shapes = layer_shapes(sizes)
        self.now = costs_of_step(sizes, trainable, columns, stored, tasks)
        self.all = costs_of_step(sizes, set(self.shapes), columns, tasks=tasks)

    def data(self):
        """Return what the browser needs: the start, the ready networks, the limits."""
        return {
            "name": self.name,
            "state": {
                "sizes": self.sizes,
                "train": sorted(self.trainable),
                "stored": self.stored,
                "columns": self.columns,
                "tasks": self.tasks,
            },
            "networks": {
                "pencil": [PENCIL_SIZES, pencil_task()[0].shape[1]],
                "full": [FULL_SIZES, self.columns],
            },
            "words": WORDS,
            "most": MOST,
            "layers": LAYERS,
            "sides": [SIDE, SMALL_SIDE, FEW, LEAST],
        }

    def layer(self, name):
        """Draw a layer: its name, its block to scale, its shape, its switch and what it does."""
        out, into = self.shapes[name]
        longest = SIDE if len(self.shapes) <= FEW else SMALL_SIDE
        scale = longest / max(self.sizes)
        width, height = (f"{max(LEAST, size * scale):.1f}" for size in (into, out))
        trains = name in self.trainable
        kind = "trainable" if trains else "frozen"
        return (
            f'<div class="layer {kind}"><b>{html_text(name)}</b>'
            f'<div class="room"><svg class="needs-site" width="{width}" height="{height}"'
            f' aria-hidden="true"></svg></div><span class="shape">{out} × {into}</span>'
            '<div class="turn-on">'
            f'<label class="needs-script"><input type="checkbox" role="switch" data-layer="{name}"'
            f' aria-label="{name} trains"{" checked" if trains else ""}></label>'
            f"<span>{'trains' if trains else 'frozen'}</span></div></div>"
        )

    def cost(self, key):
        """Write one cost: now, of all that training everything takes, the ratio, a bar."""
        now, most = self.now[key], self.all[key]
        share = 100 * now / most
        return (
            f'<tr role="row" data-cost="{key}">'
            f'<th role="rowheader" scope="row" class="cost">{COSTS[key]}</th>'
            f'<td role="cell" class="now">{format_count(now)}</td>'
            f'<td role="cell" class="of">of {format_count(most)}</td>'
            f'<td role="cell" class="ratio">{most / now:.2f}×</td>'
            '<td role="presentation" class="bar">'
            f'<svg class="needs-site" width="{share:.2f}%" height="9" aria-hidden="true"></svg>'
            "</td></tr>"
        )

    def explanation(self):
        """Say what these switches mean for what runs and what can be stored."""
        below = frozen_below(self.shapes, self.trainable)
        names = list(self.shapes)
        above = [name for name in names[len(below) :] if name not in self.trainable]
        said = WORDS["stored" if self.stored else "storable" if below else "changing"]
        return (said + (WORDS["in_the_way"] if below and above else "")).format(
            below=join_words(below),
            top=f"H{len(below)}",
            count=format_count(self.now["stored_outputs"]),
            above=join_words(above),
            first=names[len(below)],
        )

    def _repr_html_(self):
        data = json.dumps(self.data(), ensure_ascii=False, separators=(",", ":"))
        layers = "".join(map(self.layer, self.shapes))
        few = " few" if len(self.shapes) <= FEW else ""
        heads = "".join(
            f'<th role="columnheader" scope="col" class="{key}">{word}</th>'
            for key, word in (
                ("cost", "Cost"),
                ("now", "now"),
                ("of", "of all train"),
                ("ratio", "all ÷ now"),
            )
        )
        costs = "".join(map(self.cost, COSTS))
        caption = f'<p class="caption">{html_text(self.caption)}</p>' if self.caption else ""
        return (
            f'<by-hand-switchboard id="{self.name}" class="instrument"'
            ' aria-label="The freeze switchboard" role="group">'
            f'<script type="application/json">{data}</script>'
            f'<div class="board"><div class="who" data-near><div class="layers{few}">{layers}</div>'
            '<label class="needs-script"><input type="checkbox" role="switch" data-set="stored"'
            f"{' checked' if self.stored else ''}> store the frozen outputs</label>{MESSAGE}"
            f'<p class="why">{html_text(self.explanation())}</p></div>'
            '<table data-matrix role="table" class="costs" aria-label="Five costs of a step">'
            f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
            f'<tbody role="rowgroup">{costs}</tbody></table></div>'
            f"{self._settings()}{caption}</by-hand-switchboard>"
        )

    def _settings(self):
        fields = "".join(
            f"<label><span>{html_text(f'W{i}') if i else 'inputs'}</span>"
            f" {_field(f'size-{i}', size)}</label>"
            for i, size in enumerate(self.sizes)
        )
        doing = "".join(
            f'<button type="button" data-do="{key}">{word}</button>'
            for key, word in (
                ("undo", "Undo"),
                ("redo", "Redo"),
                ("reset", "Reset"),
                ("link", "Copy link"),
                ("embed", "Embed"),
                ("picture", "Save picture"),
            )
        )
        return (
            '<div class="settings needs-script"><fieldset><legend>Network</legend>'
            '<button type="button" data-network="pencil">Pencil size</button>'
            '<button type="button" data-network="full">Full size</button>'
            '<button type="button" data-do="less">Layer off the top</button>'
            '<button type="button" data-do="more">Layer on top</button>'
            f"{MESSAGE}</fieldset>"
            f"<fieldset><legend>Your sizes</legend><span data-sizes>{fields}</span>{MESSAGE}"
            "</fieldset>"
            f"<fieldset><legend>Used for</legend><label>examples {_field('columns', self.columns)}"
            f"</label><label>tasks {_field('tasks', self.tasks)}</label>{MESSAGE}</fieldset>"
            f"<fieldset><legend>This state</legend>{doing}"
            '</fieldset><textarea class="copied" rows="3" readonly hidden aria-label="To copy">'
            '</textarea><p class="status" role="status"></p></div>'
        )


def _field(key, value):
    return (
        f'<input data-set="{html.escape(key)}" value="{value}" inputmode="numeric" size="5"'
        ' autocomplete="off">'
    )
