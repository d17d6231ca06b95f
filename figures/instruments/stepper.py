"""The stepper: one step of any method, stage by stage, that a reader can walk through and change.

A method is its lines, from snippets/method.py; every line of a step is a stage. Python draws each
of them, from the arrays of the page. In the browser by-hand-stepper.js shows one and fills in what
it computes from the same lines; without script all that this step needs are there to be read.
"""

import html
import re
from dataclasses import dataclass
from functools import cached_property

from figures.instruments import words
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
    number,
    state_buttons,
    table_of,
)
from figures.instruments.methods import check_step, forward_lines, layer_numbers
from figures.kit.numbers import format_number, join_words
from figures.kit.symbols import html_text
from snippets import check
from snippets.derive import evaluate, shape_of, shapes, step_lines
from snippets.forward import forward
from snippets.loss import squared_error
from snippets.method import bare, is_relu_of_one, merge_lines, new_name, parts_of

LARGEST = 6  # rows and columns of the largest matrix that is walked through cell by cell
MANY = 8  # cells beside each other in a bench: above that they are narrow
PARTS = {"Forward": {"activation"}, "Backward": {"gradient"}, "Update": {"delta", "new"}}
SPEEDS = {"slow": "Slow", "medium": "Medium", "fast": "Fast"}
LOSSES = {"squared error": "½ squared error", "cross-entropy": "cross-entropy"}


def stepper(
    weights,
    X,
    T,
    learning_rate,
    *,
    name,
    trainable=(),
    head=None,
    adapters=None,
    lora=None,
    lora_alpha=1,
    old_task=None,
    start=None,
    names=None,
    caption="",
):
    """Draw one step that a reader can walk through: forward, backward, update.

    Args:
        weights: {"W1": array (out, in), ...}; may be {} under a head.
        X: the examples as columns (in_features, columns). T: targets (outputs, columns).
        learning_rate: η, a finite number of 0 or more.
        name: an id of its own on the page; links to a state begin with it.
        trainable: names of the layers that train, if nothing is added.
        head: {"W4": ...}, trained on the frozen weights; one layer is a probe.
        adapters: {"D3": ..., "U3": ...}, trained. lora: {"A3": ..., "B3": ...}, trained.
        lora_alpha: α.
        old_task: (X, T) that the pretrained network solves, or None.
        start: the stage shown first, such as "ΔW3"; the first one by default.
        names: what a page calls a matrix otherwise, such as {"W1": "W0"}.
        caption: what to say beneath.

    Returns:
        A Stepper, which a page shows.

    Raises:
        ValueError: shapes that don't fit, a number that is not finite, more than one thing added,
            an unknown layer or stage, a name that is no id, a matrix too large to walk through.
    """
    check_name(name, "step")
    additions = [added for added in (head, adapters, lora) if added is not None]
    if len(additions) > 1:
        raise ValueError("head, adapters and lora: give one of them at most")
    if additions == [{}]:
        raise ValueError("head, adapters and lora: what is added must hold a matrix, got {}")
    added = additions[0] if additions else {}
    check_step(weights, X, T, learning_rate, trainable, head, adapters, lora, lora_alpha)
    given = {"X": X, "T": T, **weights, **added}
    given = {key: check.matrix(value, key) for key, value in given.items()}
    largest = max(max(values.shape) for values in given.values())
    if largest > LARGEST:
        raise ValueError(f"matrices must have at most {LARGEST} rows and columns, got {largest}")
    lines, output = forward_lines(weights, head, adapters, lora)
    old = None
    if old_task is not None:
        old = {"X": check.matrix(old_task[0], "old_task X"), "T": check.matrix(old_task[1], "T")}
        squared_error(list(forward(weights, old["X"]).values())[-1], old["T"])
        old["output"] = output
    figure = Stepper(
        name=name,
        lines=lines,
        merged=merge_lines(layer_numbers(lora or {})),
        given=given,
        free=() if added else tuple(weights),
        trained=frozenset(added or trainable),
        learning_rate=float(learning_rate),
        lora_alpha=float(lora_alpha),
        old=old,
        wished=start,
        names=dict(names or {}),
        caption=caption,
    )
    known = [stage.name for stage in figure.live]
    if start not in (None, *known):
        raise ValueError(f"start must be a stage of this step ({', '.join(known)}), got {start!r}")
    return figure


@dataclass(frozen=True)
class Stepper:
    """What stepper returns; a notebook or a page shows it by _repr_html_."""

    name: str
    lines: list  # of the forward pass
    merged: list  # lines after the step
    given: dict  # {"X": array, "T": array, "W1": array, ...}
    free: tuple  # names of the layers that a reader may let train, or freeze
    trained: frozenset  # names
    learning_rate: float
    lora_alpha: float
    old: dict | None  # X, T and the name of the output of the old task
    wished: str | None  # the stage shown first
    names: dict
    caption: str

    @cached_property
    def stages(self):
        """The lines of a step in which all trains that may train."""
        return self.lines_of_step(self.free or self.trained)

    @cached_property
    def live(self):
        """The lines that this step needs."""
        return self.lines_of_step(self.trained)

    @property
    def start(self):
        return self.wished or self.live[0].name

    def lines_of_step(self, trained, loss="squared error"):
        lines = [*step_lines(self.lines, trained, loss), *self.merged]
        return [line._replace(gate=self.gates.get(line.gate, line.gate)) for line in lines]

    @cached_property
    def gates(self):
        """{what gates a signal: what is shown in its place}: above 0 is Z3 wherever H3 is."""
        if any(name[0] == "D" for name in self.given):
            return {}
        return {n.name: n.terms[0].factors[0] for n in self.lines if is_relu_of_one(n)}

    @cached_property
    def numbers(self):
        ranks = [len(values) for name, values in self.given.items() if name[0] == "A"]
        return {"−η": -self.learning_rate, "α/r": self.lora_alpha / (ranks or [1])[0]}

    @cached_property
    def values(self):
        """Every matrix of this step."""
        return evaluate(self.live, self.given, self.numbers)

    @cached_property
    def shapes(self):
        """The shape of every matrix that is drawn."""
        given = {name: values.shape for name, values in self.given.items()}
        return shapes(self.stages, given) | {"P": given["T"]}

    @cached_property
    def losses(self):
        """[before, after] the step, of its own task and of the old one."""
        moved = self.given | {name: self.values[new_name(name)] for name in self.trained}
        tasks = [(self.given["X"], self.given["T"], self.lines[-1].name)]
        tasks += [tuple(self.old.values())] if self.old else []

        def loss(own, X, T, output):
            return squared_error(evaluate(self.lines, own | {"X": X}, self.numbers)[output], T)

        return [[loss(own, *task) for own in (self.given, moved)] for task in tasks]

    def data(self):
        """Return what the browser needs: the start state and the lines, nothing computed."""
        every = [*self.stages, *self.lines_of_step(self.trained, "cross-entropy")]
        names = {*self.given, *(n.name for n in every), *(p for n in every for p in parts_of(n))}
        old = self.old and {k: v if k == "output" else v.tolist() for k, v in self.old.items()}
        return {
            "name": self.name,
            "given": {key: values.tolist() for key, values in self.given.items()},
            "free": self.free,
            "trainable": sorted(self.trained),
            "rate": self.learning_rate,
            "alpha": self.lora_alpha,
            "old": old,
            "start": self.start,
            "labels": {key: self.label(key) for key in sorted(names)},
            "error": symbols("P − T"),
            "lines": self.lines,
            "merged": self.merged,
            "gates": self.gates,
        }

    def label(self, name):
        """Set the name of a matrix as HTML."""
        turned = "ᵀ" if name != bare(name) else ""
        plain = bare(name)
        if plain.startswith("dL/d"):
            return f"d<i>L</i>/d{symbols(self.names.get(plain[4:], plain[4:]) + turned)}"
        if plain == "E":
            output = self.lines[-1].name
            plain = self.lines[-1].slope or f"{self.names.get(output, output)} − T"
            text = self.names.get("E", plain)
        else:
            text = self.names.get(plain, plain)
        if text[0] in "AI" and not text[1:2].isdigit() and "'" not in text:
            return html.escape(text)
        return symbols(text + turned)

    def spoken(self, name):
        """Return a name as text for those who listen."""
        text = re.sub(r"<[^>]*>", "", self.label(bare(name)))
        return f"{text} transposed" if name != bare(name) else text

    def set_words(self, text):
        """Set a sentence as HTML, its symbols as the page calls them."""
        for name, other in self.names.items():
            text = re.sub(rf"(?<![\w/]){re.escape(name)}(?!\w)", f"\0{other}", text)
        return symbols(text.replace("\0", ""))

    def says(self, stage):
        """Set the sentence of a stage with the numbers of this step."""
        values = self.values.get(stage.name)
        live = {"loss": format_number(self.losses[0][0]), "rate": format_number(self.learning_rate)}
        if values is not None:
            old = self.values.get(stage.name.replace("'", ""), values)
            live |= {
                "zeros": int((values == 0).sum()),
                "size": values.size,
                "changed": int((old != values).sum()) if old.shape == values.shape else 0,
                "rows": len(values),
                "s": "s"[: len(values) != 1],
            }

        def fill(match):
            return f'<span data-live="{match[1]}">{live.get(match[1], "")}</span>'

        return re.sub(r"\{(\w+)\}", fill, self.set_words(words.says(stage)))

    def kind(self, name):
        """Return the kind of a matrix, which is its look."""
        if name in self.trained:
            return "trainable"
        if re.match(r"[WABDU]\d", name):
            return "frozen"
        if "'" in name and name[0] != "H":
            return "new"
        if name[0] == "Δ":
            return "delta"
        return "gradient" if re.match(r"[δγσEG]|dL/", name) else "activation"

    def grid(self, name, more="", *, note="", empty=False, hidden=False, unneeded=False):
        """Set a matrix as a table on squared paper; without numbers where this step has none.

        Args:
            more: classes. note: what to say after its name. hidden: it is shown later.
            unneeded: a step may do without it.
        """
        kind = self.kind(bare(name))
        tag = kind if kind in ("trainable", "frozen", "new") else ""
        rows, columns = shape_of(name, self.shapes)
        values = None if empty else self.values.get(bare(name))
        if values is None:
            cells = f"<tr>{'<td></td>' * columns}</tr>" * rows
        else:
            values = values.T if name != bare(name) else values
            cells = table_of(values, kind in ("delta", "gradient"))
        said = ", ".join(filter(None, [self.spoken(name), f"{rows} × {columns}", tag]))
        where = "where " if note else ""
        idle = '<span class="matrix-tag unneeded">not needed</span>' if unneeded else ""
        tag = f'<span class="matrix-tag">{tag}</span>' if tag else ""
        return (
            f'<div class="matrix {kind}{more}"{" hidden" if hidden else ""}>'
            f'<div class="matrix-head"><span>{where}{self.label(name)}{note}</span>{tag}</div>'
            f'{idle}<table data-matrix="{name}" aria-label="{said}"><tbody>{cells}</tbody></table>'
            "</div>"
        )

    def bench(self, stage, empty):
        """Set a stage as one multiplies by hand: factors at the left and above, result where they
        meet."""
        left, above = [], []
        for index, (times, factors) in enumerate(stage.terms):
            sign = _sign(times, index)
            left.append(f'<span class="sign">{sign}</span>' if sign else "")
            left.append(self.grid(factors[0], empty=empty))
            above += [self.grid(name, empty=empty) for name in factors[1:]]
        gate = self.grid(stage.gate, note=" &gt; 0", empty=empty) if stage.gate else ""
        beside = [factors[0] for _, factors in stage.terms] + [stage.name, stage.gate]
        columns = sum(shape_of(name, self.shapes)[1] for name in beside if name)
        return (
            f'<div class="bench{" tight" * (columns > MANY)}{" flat" * (not above)}">'
            f'<div class="bench-above needs-site">{"".join(above)}</div>'
            f'<div class="bench-left needs-site">{"".join(left)}<span class="sign">=</span></div>'
            f'<div class="bench-result">{self.grid(stage.name, empty=empty)}{gate}</div></div>'
        )

    def section(self, stage, loss=""):
        """Set one stage: what it says, and its bench. `loss`: only with that one."""
        empty = bool(loss) or stage.name not in self.values
        kinds = ["needs-script"] * empty + ["now"] * (stage.name == self.start and not loss)
        classes = f' class="{" ".join(kinds)}"' if kinds else ""
        only = f' data-loss="{loss}"' if loss else ""
        return (
            f'<section data-stage="{stage.name}"{only}{classes}>'
            f'<p class="says">{self.says(stage)}</p>{self.bench(stage, empty)}</section>'
        )

    @property
    def rows_of_network(self):
        """Return the names that stand beside each other in the drawing of the network.

        W is left of its result; what is fed to it stands above that, and its blame at the right.
        """
        names = {stage.name for stage in self.stages} | set(self.given)
        rows = [["", "X", ""]]
        for k in sorted({int(name[1:]) for name in names if re.fullmatch(r"W\d+", name)}):
            output = next(n for n in (f"H{k}", "Y") if n in names)
            blame = f"δ{k}" if f"δ{k}" in names else ""
            if f"A{k}" in names:
                rows += [[f"A{k}", f"S{k}", f"σ{k}"], [f"B{k}", "", ""]]
            rows.append([f"W{k}", output, blame])
            if f"D{k}" in names:
                rows += [[f"D{k}", f"S{k}", f"γ{k}"], [f"U{k}", f"H'{k}", ""]]
        return [*rows, ["", "T", "E"]]

    def network(self):
        """Set the network: what the stages so far have reached, and the rest to come."""
        live = [stage.name for stage in self.live]
        reached = {*self.given, *live[: live.index(self.start) + 1]}
        made = {stage.name for stage in self.stages}

        def place(name):
            if not name:
                return "<div></div>"
            new = new_name(name) if name in self.given else ""
            is_new = new in reached
            later = "" if name in reached else " later" if name in live else " idle"
            unneeded = bool(self.free) and name in made - {"E"}
            grids = self.grid(name, later, hidden=is_new, unneeded=unneeded)
            return f"<div>{grids}{self.grid(new, hidden=not is_new) if new in made else ''}</div>"

        cells = "".join(place(name) for row in self.rows_of_network for name in row)
        return f'<div class="network needs-site">{cells}</div>'

    def _repr_html_(self):
        sections = "".join(map(self.section, self.stages))
        for stage in self.lines_of_step(self.trained, "cross-entropy"):
            if stage.name in ("P", "E"):
                sections += self.section(stage, "cross-entropy")
        trained = join_words(sorted(self.names.get(name, name) for name in self.trained))
        many = " many" if self.given["X"].shape[1] > 2 else ""
        return instrument(
            "stepper",
            self.name,
            f"One step of {trained or 'a frozen network'}, stage by stage",
            self.data(),
            f'{self._rail()}<div class="sheet board{many}">{self.network()}'
            f'<div class="stages">{sections}</div>{self._cell_box()}{self._losses()}</div>'
            f"{self._settings()}{caption_of(self.caption, symbols)}",
        )

    def _rail(self):
        live = [stage.name for stage in self.live]
        lines = []
        for title, kinds in PARTS.items():
            chips = "".join(self._chip(n) for n in self.stages if self.kind(n.name) in kinds)
            if title == "Forward":  # with cross-entropy
                chips += '<button type="button" data-stage="P" hidden>softmax</button>'
            lines.append(f'<div class="rail-line"><span>{title}</span><div>{chips}</div></div>')
        speeds = "".join(
            f'<option value="{key}"{" selected" if key == "medium" else ""}>{word}</option>'
            for key, word in SPEEDS.items()
        )
        return (
            '<div class="rail needs-script" data-near role="group" aria-label="Stages">'
            f"{''.join(lines)}{MESSAGE}</div>"
            '<div class="transport needs-script" role="group" aria-label="Walk">'
            f"{button('back', 'Back')}{button('step', 'Step', ' class=main')}"
            f"{button('play', 'Play')}"
            f'<label>Speed <select data-set="speed">{speeds}</select></label>'
            '<label><input type="checkbox" data-set="cells"> cell by cell</label>'
            f'<span class="where">{live.index(self.start) + 1} of {len(live)}</span></div>'
        )

    def _chip(self, stage):
        state = "" if stage.name in self.values else " class=idle"
        state += " aria-current=step" if stage.name == self.start else ""
        idle = re.sub("<[^>]*>", "", self.set_words(words.idle(stage))).replace('"', "&quot;")
        return (
            f'<button type="button" data-stage="{stage.name}" data-idle="{idle}"{state}>'
            f"{'Loss' if stage.name == 'E' else self.label(stage.name)}</button>"
        )

    def _cell_box(self):
        """Lay the box that explains the chosen cell, and where a given number is changed."""
        return (
            '<div class="cell needs-script" data-near><p class="cell-name"></p>'
            f'<p class="cell-sum" id="{self.name}-sum"></p><div class="cell-more"></div>'
            f'<div class="cell-edit" hidden>{button("less", "− 1")}'
            '<label><span class="sr">Value</span><input data-set="value" size="7"'
            f' autocomplete="off"></label>{button("more", "+ 1")}</div>{MESSAGE}</div>'
        )

    def _losses(self):
        """Set the losses before and after the step; a column is added for each step taken."""
        titles = ["New task’s loss", "Old task’s loss"] if self.old else ["Loss"]
        rows = "".join(
            f'<tr><th scope="row">{title}</th>'
            f"{''.join(f'<td>{number(loss)}</td>' for loss in losses)}</tr>"
            for title, losses in zip(titles, self.losses, strict=True)
        )
        return (
            '<div class="losses needs-site"><table data-matrix="" aria-label="Losses">'
            '<thead><tr><th scope="col">After step</th>'
            f'<th scope="col">0</th><th scope="col">1</th></tr></thead><tbody>{rows}</tbody>'
            "</table></div>"
        )

    def _settings(self):
        switches = back = ""
        if self.free:
            boxes = "".join(
                f'<label><input type="checkbox" data-train="{name}"'
                f"{' checked' if name in self.trained else ''}>"
                f" <span>{self.label(name)} trains</span></label>"
                for name in self.free
            )
            boxes += '<label><input type="checkbox" data-set="stored">'
            switches = fieldset("Who trains", f"{boxes} store the frozen output</label>")
            if self.old:
                back = button("old-top", f"Put the old {self.label(self.free[-1])} back")
        elif self.merged:
            switches = fieldset(
                "LoRA",
                f"<label>rank {field('rank', size=4, mode='numeric')}</label>"
                f"<label>α {field('alpha', size=4)}</label>{button('both-zero', 'A = B = 0')}",
            )
        kinds = "".join(f'<option value="{key}">{word}</option>' for key, word in LOSSES.items())
        step = (
            f"<label>η {field('rate', f'{self.learning_rate:g}')}</label>"
            f'<label>loss <select data-set="loss">{kinds}</select></label>'
            f"{button('again', 'Take this step, go on')}{back}"
        )
        seed = f"<label>seed {field('seed', mode='numeric')}</label>"
        numbers = f"{button('new-numbers', 'New numbers')}{seed}"
        return (
            f'<div class="settings needs-script">{switches}{fieldset("Step", step)}'
            f"{fieldset('Numbers', numbers)}{fieldset('This state', state_buttons())}"
            f"{COPIED}{STATUS}</div>"
        )


def symbols(text):
    """Set symbols as html_text does, and those of this figure that it does not know."""
    return re.sub(r"(?<![\w<])([γσ])(\d*)", r"<i>\1</i><sub>\2</sub>", html_text(text))


def _sign(times, index):
    """Write what stands before a term: a sign, a number, or nothing."""
    if index:
        return {"1": "+", "−1": "−", "−1/n": "− 1/n"}.get(times, f"+ {times}")
    return {"1": "", "−1": "−"}.get(times, times)
