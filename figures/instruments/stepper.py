"""The stepper: one step of any method, stage by stage, that a reader can walk through and change.

Python draws it whole, from the arrays of the page. In the browser by-hand-stepper.js takes it over
in place: same tables, same words. Without script it stays as it was drawn.
"""

import html
import json
import re

import numpy as np

from figures.instruments.stages import (
    bare,
    evaluate,
    needed,
    parts_of,
    stages_of_adapters,
    stages_of_head,
    stages_of_layers,
    stages_of_lora,
)
from figures.kit.numbers import format_number, join_words
from figures.kit.symbols import html_text
from snippets import check
from snippets.adapter import adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_step
from snippets.lora import lora_step
from snippets.loss import squared_error

LARGEST = 6  # rows and columns of the largest matrix that is walked through cell by cell
PARTS = {"forward": "Forward", "backward": "Backward", "update": "Update"}
MESSAGE = '<p class="message" role="alert"></p>'
SPEEDS = {"slow": "Slow", "medium": "Medium", "fast": "Fast"}


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
    if not re.fullmatch("[a-z][a-z-]*", str(name)):
        raise ValueError(f'name must be small letters and hyphens such as "step", got {name!r}')
    added = [kind for kind in (head, adapters, lora) if kind is not None]
    if len(added) > 1:
        raise ValueError("head, adapters and lora: give one of them at most")
    if added == [{}]:
        raise ValueError("head, adapters and lora: what is added must hold a matrix, got {}")
    layers = list(check.layer_numbers(weights)) if weights else []
    step, stages, method = _method(
        weights, X, T, learning_rate, trainable, head, adapters, lora, lora_alpha, layers
    )
    given = {"X": X, "T": T, **weights, **(added[0] if added else {})}
    given = {key: check.matrix(value, key) for key, value in given.items()}
    largest = max(max(values.shape) for values in given.values())
    if largest > LARGEST:
        raise ValueError(f"matrices must have at most {LARGEST} rows and columns, got {largest}")
    trained = set(added[0]) if added else check.trainable_names(trainable, weights)
    alpha_over_r = lora_alpha / _rank(lora) if lora else 1.0
    numbers = {"−η": -float(learning_rate), "α/r": alpha_over_r}
    wanted = needed(stages, trained)
    values = evaluate([stage for stage in stages if stage.name in wanted], given, numbers)
    _agree(values, step)
    known = [stage.name for stage in stages if stage.name in wanted]
    start = known[0] if start is None else start
    if start not in known:
        raise ValueError(f"start must be a stage of this step ({', '.join(known)}), got {start!r}")
    old = None
    if old_task is not None:
        old = {"X": check.matrix(old_task[0], "old_task X"), "T": check.matrix(old_task[1], "T")}
        squared_error(list(forward(weights, old["X"]).values())[-1], old["T"])
    return Stepper(
        name,
        method,
        stages,
        given,
        values,
        wanted,
        trained,
        step.loss,
        float(learning_rate),
        float(lora_alpha),
        old,
        start,
        dict(names or {}),
        caption,
    )


def _method(weights, X, T, learning_rate, trainable, head, adapters, lora, lora_alpha, layers):
    """Take the step with snippets/; return it, its stages and the name of the method."""
    if head is not None:
        numbers = list(check.layer_numbers(head, "head"))
        features = list(forward(weights, X).values())[-1] if weights else X
        step = head_step(head, features, T, learning_rate)
        return step, stages_of_head(layers, numbers), "head"
    if adapters is not None:
        step = adapter_step(weights, adapters, X, T, learning_rate)
        return step, stages_of_adapters(layers, _pairs(adapters)), "adapters"
    if lora is not None:
        step = lora_step(weights, lora, X, T, learning_rate, lora_alpha)
        return step, stages_of_lora(layers, _pairs(lora)), "lora"
    step = train_step(weights, X, T, trainable, learning_rate)
    return step, stages_of_layers(layers), "layers"


def _pairs(added):
    return sorted({int(key[1:]) for key in added})


def _rank(lora):
    return next(values for key, values in lora.items() if key[0] == "A").shape[0]


def _agree(values, step):
    """Raise if what is drawn differs from what snippets/ computed."""
    other = {name: value for name, value in step.trace.items() if name[0] in "ZS"}
    for name, value in step.deltas.items():
        if name[0] == "Z":
            other[f"δ{name[1:]}"] = value
    other |= {f"dL/d{name}": value for name, value in step.gradients.items()}
    other |= {f"Δ{name}": value for name, value in step.delta_weights.items()}
    for name, value in other.items():
        if name in values and not np.allclose(values[name], value, rtol=1e-12, atol=0):
            raise AssertionError(f"{name} of the stages differs from the step's")


class Stepper:
    """What stepper returns; a notebook or a page shows it by _repr_html_."""

    def __init__(
        self,
        name,
        method,
        stages,
        given,
        values,
        wanted,
        trained,
        loss,
        learning_rate,
        lora_alpha,
        old,
        start,
        names,
        caption,
    ):
        self.name, self.method, self.stages = name, method, stages
        self.given, self.values, self.wanted, self.trained = given, values, wanted, trained
        self.loss, self.learning_rate, self.lora_alpha = loss, learning_rate, lora_alpha
        self.old, self.start, self.names, self.caption = old, start, names, caption

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

    def data(self):
        """Return what the browser needs: the start state and the stages, nothing computed."""
        names = set(self.given) | {stage.name for stage in self.stages}
        names |= {part for stage in self.stages for part in parts_of(stage)}
        return {
            "name": self.name,
            "method": self.method,
            "given": {key: value.tolist() for key, value in self.given.items()},
            "trainable": sorted(self.trained),
            "rate": self.learning_rate,
            "alpha": self.lora_alpha,
            "old": self.old and {key: value.tolist() for key, value in self.old.items()},
            "start": self.start,
            "labels": {key: self.label(key) for key in sorted(names)},
            "network": self.rows_of_network,
            "stages": [
                {
                    "name": stage.name,
                    "part": stage.part,
                    "terms": [[term.times, *term.factors] for term in stage.terms],
                    "says": self.words(stage.says),
                    **({"gate": stage.gate} if stage.gate else {}),
                    **({"relu": True} if stage.relu else {}),
                    **({"idle": self.words(stage.idle)} if stage.idle else {}),
                }
                for stage in self.stages
            ],
        }

    def label(self, name):
        """Set the name of a matrix as HTML."""
        turned = "ᵀ" if name.endswith("ᵀ") else ""
        plain = bare(name)
        if plain == "E" and self.method == "adapters":
            text = f"G{max(int(key[1:]) for key in self.given if key[0] == 'W')}"
        elif plain == "E":
            output = next(stage for stage in self.stages if stage.name == "E").terms[0].factors[0]
            text = f"{self.names.get(output, output)} − T"
            text = f"({text})" if turned else text
            text = self.names.get("E", text)
        elif plain.startswith("dL/d"):
            return f"d<i>L</i>/d{symbols(self.names.get(plain[4:], plain[4:]) + turned)}"
        else:
            text = self.names.get(plain, plain)
        if text[0] in "AI" and not text[1:2].isdigit() and "'" not in text:
            return html.escape(text)
        return symbols(text + turned)

    def words(self, text):
        """Set a sentence as HTML, its symbols as the page calls them."""
        for name, other in self.names.items():
            text = re.sub(rf"(?<![\w/]){re.escape(name)}(?!\w)", f"\0{other}", text)
        return symbols(text.replace("\0", ""))

    def kind(self, name):
        """Return the kind of a matrix, which is its look, and the word that says so."""
        if name in self.trained:
            return "trainable", "trainable"
        if re.match(r"[WABDU]\d", name):
            return "frozen", "frozen"
        if "'" in name and name[0] != "H":
            return "new", "new"
        if name.startswith("Δ"):
            return "delta", ""
        if name[0] in "δγσEG" or name.startswith("dL/"):
            return "gradient", ""
        return "activation", ""

    def grid(self, name, *, later=False, note=""):
        """Set a matrix as a table on squared paper; one made later is there, but not yet shown."""
        kind, tag = self.kind(bare(name))
        values = self.values.get(bare(name))
        if values is None:  # of a stage that this step does not need
            return (
                '<div class="matrix idle"><div class="matrix-head">'
                f"<span>{self.label(name)}</span></div>"
                '<span class="matrix-tag">not needed</span></div>'
            )
        values = values.T if name.endswith("ᵀ") else values
        signed = kind in ("delta", "gradient")
        lines = "".join(
            "<tr>" + "".join(f"<td>{format_number(v, signed)}</td>" for v in row) + "</tr>"
            for row in values.tolist()
        )
        said = f"{self.spoken(name)}, {values.shape[0]} × {values.shape[1]}"
        said += f", {tag}" if tag else ""
        tag = f'<span class="matrix-tag">{tag}</span>' if tag else ""
        return (
            f'<div class="matrix {kind}{" later" if later else ""}">'
            f'<div class="matrix-head"><span>{"where " if note else ""}{self.label(name)}{note}'
            f"</span>{tag}</div>"
            f'<table data-matrix="{name}" aria-label="{said}"><tbody>{lines}</tbody></table></div>'
        )

    def _spoken_title(self):
        trained = join_words(sorted(self.names.get(name, name) for name in self.trained))
        return f"One step of {trained or 'a frozen network'}, stage by stage"

    def spoken(self, name):
        """Return a name as text for those who listen."""
        text = re.sub(r"<[^>]*>", "", self.label(bare(name)))
        return f"{text} transposed" if name.endswith("ᵀ") else text

    def bench(self, stage):
        """Set a stage as one multiplies by hand: factors at the left and above, result where they
        meet."""
        left, above = [], []
        for index, term in enumerate(stage.terms):
            sign = _sign(term.times, index, len(term.factors))
            left.append(f'<span class="sign">{sign}</span>' if sign else "")
            left.append(self.grid(term.factors[0]))
            if term.factors[1:]:
                above.append(self.grid(term.factors[1]))
        gate = ""
        if stage.gate:
            gate = self.grid(stage.gate, note=" &gt; 0")
        result = self.grid(stage.name)
        tight = " tight" if self._columns(stage) > 8 else ""
        flat = "" if above else " flat"
        return (
            f'<div class="bench{tight}{flat}"><div class="bench-above">{"".join(above)}</div>'
            f'<div class="bench-left">{"".join(left)}<span class="sign">=</span></div>'
            f'<div class="bench-result">{result}{gate}</div></div>'
        )

    def _columns(self, stage):
        """Return how many cells stand beside each other in the bench of a stage."""
        names = [term.factors[0] for term in stage.terms] + [stage.name, stage.gate]
        turned = [name.endswith("ᵀ") for name in names]
        shapes = [self.values[bare(name)].shape if name else (0, 0) for name in names]
        return sum(shape[0] if side else shape[1] for shape, side in zip(shapes, turned))

    def network(self, reached):
        """Set the network: what the stages so far have reached, and the rest to come."""
        cells = [
            f"<div>{self.grid(name, later=name not in reached) if name else ''}</div>"
            for row in self.rows_of_network
            for name in row
        ]
        return f'<div class="network">{"".join(cells)}</div>'

    def _repr_html_(self):
        stage = next(stage for stage in self.stages if stage.name == self.start)
        before = [s.name for s in self.stages[: self.stages.index(stage) + 1]]
        reached = set(self.given) | set(before)
        live = [s for s in self.stages if s.name in self.wanted]
        many = " many" if self.given["X"].shape[1] > 2 else ""
        data = json.dumps(self.data(), ensure_ascii=False, separators=(",", ":"))
        return (
            f'<by-hand-stepper id="{self.name}" class="instrument" role="group"'
            f' aria-label="{self._spoken_title()}">'
            f'<script type="application/json">{data.replace("<", chr(92) + "u003c")}</script>'
            f"{self._rail()}"
            f'<p class="says needs-site">{self.fill(stage)}</p>'
            f'<div class="sheet board needs-site{many}">{self.network(reached)}<div class="desk">'
            f"{self.bench(stage)}"
            f"{self._cell_box()}"
            '<div class="losses needs-script"></div></div></div>'
            f"{self._settings()}"
            f"{self._in_full(live)}"
            f'<p class="caption">{symbols(self.caption)}</p>'
            "</by-hand-stepper>"
        )

    def _cell_box(self):
        """Lay the box that explains the chosen cell, and where a given number is changed."""
        return (
            '<div class="cell needs-script" data-near><p class="cell-name"></p>'
            f'<p class="cell-sum" id="{self.name}-sum"></p><div class="cell-more"></div>'
            '<div class="cell-edit" hidden><button type="button" data-do="less">− 1</button>'
            '<label><span class="sr">Value</span><input data-set="value" size="7"'
            ' autocomplete="off"></label><button type="button" data-do="more">+ 1</button></div>'
            f"{MESSAGE}</div>"
        )

    def fill(self, stage):
        """Write a stage's sentence with the numbers of this step."""
        values = self.values[stage.name]
        changed = 0
        if "'" in stage.name and (old := self.values.get(stage.name.replace("'", ""))) is not None:
            changed = int((old != values).sum())
        live = {
            "zeros": int((values == 0).sum()),
            "size": values.size,
            "changed": changed,
            "rows": values.shape[0],
            "s": "" if values.shape[0] == 1 else "s",
            "loss": format_number(self.loss),
            "rate": format_number(self.learning_rate),
        }
        return re.sub(r"\{(\w+)\}", lambda m: str(live[m[1]]), self.words(stage.says))

    def _rail(self):
        live = [stage.name for stage in self.stages if stage.name in self.wanted]
        at = live.index(self.start) + 1
        lines = []
        for part, title in PARTS.items():
            chips = "".join(
                f'<button type="button" data-stage="{stage.name}"'
                f"{' class=idle' if stage.name not in self.wanted else ''}"
                f"{' aria-current=step' if stage.name == self.start else ''}>"
                f"{'Loss' if stage.name == 'E' else self.label(stage.name)}</button>"
                for stage in self.stages
                if stage.part == part
            )
            if part == "forward":  # with cross-entropy
                chips += '<button type="button" data-stage="P" hidden>softmax</button>'
            lines.append(f'<div class="rail-line"><span>{title}</span><div>{chips}</div></div>')
        speeds = "".join(
            f'<option value="{key}"{" selected" if key == "medium" else ""}>{word}</option>'
            for key, word in SPEEDS.items()
        )
        return (
            '<div class="rail needs-script" data-near role="group" aria-label="Stages">'
            f"{''.join(lines)}"
            '<p class="message" role="alert"></p></div>'
            '<div class="transport needs-script" role="group" aria-label="Walk">'
            '<button type="button" data-do="back">Back</button>'
            '<button type="button" data-do="step" class="main">Step</button>'
            '<button type="button" data-do="play">Play</button>'
            f'<label>Speed <select data-set="speed">{speeds}</select></label>'
            '<label><input type="checkbox" data-set="cells"> cell by cell</label>'
            f'<span class="where">{at} of {len(live)}</span></div>'
        )

    def _settings(self):
        switches = ""
        if self.method == "layers":
            boxes = "".join(
                f'<label><input type="checkbox" data-train="{name}"'
                f"{' checked' if name in self.trained else ''}>"
                f" <span>{self.label(name)} trains</span></label>"
                for name in self.given
                if name[0] == "W"
            )
            boxes += '<label><input type="checkbox" data-set="stored">'
            boxes += " store the frozen output</label>"
            switches = f"<fieldset><legend>Who trains</legend>{boxes}{MESSAGE}</fieldset>"
        if self.method == "lora":
            switches = (
                "<fieldset><legend>LoRA</legend>"
                '<label>rank <input data-set="rank" inputmode="numeric" size="4"></label>'
                '<label>α <input data-set="alpha" inputmode="decimal" size="4"></label>'
                f'<button type="button" data-do="both-zero">A = B = 0</button>{MESSAGE}</fieldset>'
            )
        top = max(name for name in self.given if name[0] == "W")
        back = (
            f'<button type="button" data-do="old-top">Put the old {self.label(top)} back</button>'
            if self.old and self.method == "layers"
            else ""
        )
        return (
            f'<div class="settings needs-script">{switches}'
            "<fieldset><legend>Step</legend>"
            f'<label>η <input data-set="rate" inputmode="decimal" size="6"'
            f' value="{self.learning_rate:g}"></label>'
            '<label>loss <select data-set="loss"><option value="squared error">½ squared error'
            '</option><option value="cross-entropy">cross-entropy</option></select></label>'
            '<button type="button" data-do="again">Take this step, go on</button>'
            f"{back}{MESSAGE}</fieldset>"
            "<fieldset><legend>Numbers</legend>"
            '<button type="button" data-do="new-numbers">New numbers</button>'
            '<label>seed <input data-set="seed" inputmode="numeric" size="6"></label>'
            f"{MESSAGE}</fieldset>"
            "<fieldset><legend>This state</legend>"
            '<button type="button" data-do="undo">Undo</button>'
            '<button type="button" data-do="redo">Redo</button>'
            '<button type="button" data-do="reset">Reset</button>'
            '<button type="button" data-do="link">Copy link</button>'
            '<button type="button" data-do="embed">Embed</button>'
            f'<button type="button" data-do="picture">Save picture</button>{MESSAGE}</fieldset>'
            '<textarea class="copied" rows="3" readonly hidden aria-label="To copy"></textarea>'
            '<p class="status" role="status"></p></div>'
        )

    def _in_full(self, live):
        """Write every stage for those without script: the sentence, and the result as a table."""
        items = "".join(
            f"<li><p>{self.fill(stage)}</p>{self.grid(stage.name)}</li>" for stage in live
        )
        return f'<noscript><ol class="in-full">{items}</ol></noscript>'


def symbols(text):
    """Set symbols as html_text does, and those of this figure that it does not know."""
    return re.sub(r"(?<![\w<])([γσ])(\d*)", r"<i>\1</i><sub>\2</sub>", html_text(text))


def _sign(times, index, factors):
    """Write what stands before a term: a sign, a number, or nothing."""
    plus = {"1": "+", "−1": "−"}.get(times, f"+ {times}")
    if index:
        return plus
    return {"1": "", "−1": "−"}.get(times, times)
