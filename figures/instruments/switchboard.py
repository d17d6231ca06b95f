"""The freeze switchboard: a switch for each layer, and what a step costs with those that train.

Python draws it whole. In the browser by-hand-switchboard.js takes it over in place; without script
it stays as it was drawn.
"""

from dataclasses import dataclass
from functools import cached_property

from figures.instruments.instrument import (
    COPIED,
    MESSAGE,
    STATUS,
    button,
    caption_of,
    check_name,
    field,
    fieldset,
    instrument,
    state_buttons,
)
from figures.kit.numbers import format_count, join_words
from figures.kit.symbols import html_text
from figures.tables import FIVE
from snippets import check
from snippets.cost import cost_words, costs_of, plain_layers
from snippets.freeze import frozen_below
from snippets.method import network_lines
from snippets.network import FULL_SIZES, layer_shapes
from snippets.pencil import PENCIL_SIZES, pencil_task

MOST = 10_000  # of a size, of the examples, of the tasks
LAYERS = 5
SIDE, SMALL_SIDE, FEW = 84, 48, 3  # CSS pixels of the largest side; above so many layers the small
LEAST = 3  # CSS pixels of a side
TASKS = 10
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
    check_name(name, "costs")
    sizes = check.layer_sizes(sizes)
    if len(sizes) > LAYERS + 1 or max(sizes) > MOST:
        got = ", ".join(map(str, sizes))
        raise ValueError(f"sizes must be two to {LAYERS + 1}, each {MOST} at most, got {got}")
    for word, value in (("columns", columns), ("tasks", tasks)):
        if check.whole_number(value, word) > MOST:
            raise ValueError(f"{word} must be {MOST} at most, got {value}")
    if not check.trainable_names(trainable, layer_shapes(sizes)):
        raise ValueError("trainable must name a layer, else there is no step; got none")
    plain_layers(sizes, trainable, stored)  # raises where nothing can be stored
    return Switchboard(sizes, frozenset(trainable), columns, name, stored, tasks, caption)


@dataclass(frozen=True)
class Switchboard:
    """What `switchboard` returns; a page shows it by _repr_html_."""

    sizes: tuple
    trainable: frozenset
    columns: int
    name: str
    stored: bool
    tasks: int
    caption: str

    @property
    def shapes(self):
        return layer_shapes(self.sizes)

    @cached_property
    def now(self):
        return costs_of(
            plain_layers(self.sizes, self.trainable, self.stored), self.columns, self.tasks
        )

    @cached_property
    def all(self):
        return costs_of(plain_layers(self.sizes, set(self.shapes)), self.columns, self.tasks)

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
            "lines": network_lines(range(1, LAYERS + 1)),
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
        now, most = (getattr(costs, key) for costs in (self.now, self.all))
        word = cost_words("all examples", "all tasks")[key]
        return (
            f'<tr data-cost="{key}"><th scope="row" class="cost">{word}</th>'
            f'<td class="now">{format_count(now)}</td>'
            f'<td class="of">of {format_count(most)}</td>'
            f'<td class="ratio">{most / now:.2f}×</td>'
            f'<td class="bar"><svg class="needs-site" width="{100 * now / most:.2f}%" height="9"'
            ' aria-hidden="true"></svg></td></tr>'
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
            count=format_count(self.now.stored_outputs),
            above=join_words(above),
            first=names[len(below)],
        )

    def _repr_html_(self):
        layers = "".join(map(self.layer, self.shapes))
        few = " few" if len(self.shapes) <= FEW else ""
        heads = "".join(
            f'<th scope="col" class="{key}">{word}</th>'
            for key, word in (
                ("cost", "Cost"),
                ("now", "now"),
                ("of", "of all train"),
                ("ratio", "all ÷ now"),
            )
        )
        return instrument(
            "switchboard",
            self.name,
            "The freeze switchboard",
            self.data(),
            f'<div class="board"><div class="who" data-near><div class="layers{few}">{layers}</div>'
            '<label class="needs-script"><input type="checkbox" role="switch" data-set="stored"'
            f"{' checked' if self.stored else ''}> store the frozen outputs</label>{MESSAGE}"
            f'<p class="why">{html_text(self.explanation())}</p></div>'
            '<table data-matrix="" class="costs" aria-label="Five costs of a step">'
            f"<thead><tr>{heads}</tr></thead><tbody>{''.join(map(self.cost, FIVE))}</tbody>"
            f"</table></div>{self._settings()}{caption_of(self.caption)}",
        )

    def _settings(self):
        networks = (
            '<button type="button" data-network="pencil">Pencil size</button>'
            '<button type="button" data-network="full">Full size</button>'
            f"{button('less', 'Layer off the top')}{button('more', 'Layer on top')}"
        )
        sizes = "".join(
            f"<label><span>{html_text(f'W{i}') if i else 'inputs'}</span>"
            f" {_field(f'size-{i}', size)}</label>"
            for i, size in enumerate(self.sizes)
        )
        used_for = (
            f"<label>examples {_field('columns', self.columns)}</label>"
            f"<label>tasks {_field('tasks', self.tasks)}</label>"
        )
        return (
            f'<div class="settings needs-script">{fieldset("Network", networks)}'
            f"{fieldset('Your sizes', f'<span data-sizes>{sizes}</span>')}"
            f"{fieldset('Used for', used_for)}{fieldset('This state', state_buttons())}"
            f"{COPIED}{STATUS}</div>"
        )


def _field(key, value):
    return field(key, value, size=5, mode="numeric")
