// Methods side by side: every panel takes the same steps, each its own way. See
// figures/instruments/side_by_side.py, which draws the panels and writes all words.

import { InputError, evaluate, lossOf, newName, readLines, stepLines } from "./engine.js";
import {
  Instrument, exact, fillWords, fitTable, format, readNumber, setHtml, setText,
} from "./instrument.js";

const TEMPO = 800; // milliseconds from step to step
const SWITCHES = ["full", "freeze", "merge", "zero"];

/** Write a loss as figures/instruments/instrument.py does. */
function writeLoss(value) {
  const isPlain = !value || (value >= 1e-3 && value < 1e4);
  return (isPlain ? String(Number(value.toPrecision(4))) : value.toExponential(2))
    .replace("+", "").replace("-", "−");
}

/** Write a number of a matrix, in five characters wherever that can be. */
const writeEntry = (value) => format(Math.abs(value) < 10 ? value : Number(value.toPrecision(3)));

class SideBySide extends Instrument {
  begin() {
    const { rate, rank, alpha } = this.given;
    this.state = { steps: 1, rate, rank, alpha, full: false, freeze: false, merge: false, zero: false };
    this.paths = {};
    this.limits = {
      steps: ["The number of steps", { least: 0, most: this.given.most, whole: true }],
      rate: ["The learning rate", { least: 0 }],
      rank: ["The rank", { least: 1, most: this.given.ranks.length, whole: true }],
      alpha: ["α", { least: 0 }],
    };
    this.panels = [...this.querySelectorAll("[data-way]")].map((panel) => [panel.dataset.way, panel]);
    this.merged = readLines(this.given.merged);
    this.ways = Object.fromEntries(Object.entries(this.given.ways).map(([key, way]) => {
      const lines = readLines(way.lines);
      const [X, T] = this.given.tasks[key] ?? this.given.tasks.task;
      return [key, { ...way, lines, step: stepLines(lines, Object.keys(way.start)), X, T }];
    }));
    this.addEventListener("change", ({ target }) => this.typed(target));
  }

  /* Computing */

  numbers({ rate, rank, alpha }) {
    return { "−η": -rate, "α/r": alpha / rank };
  }

  /** What a way starts with; LoRA has a rank to choose. */
  start(key, { rank, zero }) {
    const { weights, rows } = this.given;
    const own = { ...weights, ...this.ways[key].start };
    if (key === "lora") {
      const [A, B] = Object.keys(this.ways[key].start);
      own[A] = rows.slice(0, rank).map((row) => row.map((value) => (zero ? 0 : value)));
      own[B] = own[B].map(() => Array(rank).fill(0));
    }
    return own;
  }

  /** [loss, old loss] of a way with some matrices. */
  losses(key, own, numbers) {
    const { lines, output, X, T } = this.ways[key];
    const [oldX, oldT] = this.given.tasks.old;
    const answer = (given, name) => evaluate(lines, { ...own, X: given }, numbers)[name];
    const found = [lossOf(answer(X, lines.at(-1).name), T), lossOf(answer(oldX, output), oldT)];
    if (!found.every(Number.isFinite)) throw new InputError("too large");
    return found;
  }

  /** [{own, loss, old}, ...] after 0, 1, ... steps, as far as its numbers can be computed. */
  path(key, state) {
    const { steps, rate, rank, alpha, zero } = state;
    const settings = String(key === "lora" ? [rate, rank, alpha, zero] : rate);
    const [way, numbers] = [this.ways[key], this.numbers(state)];
    const look = (own) => {
      const [loss, old] = this.losses(key, own, numbers);
      return { own, loss, old };
    };
    const move = (own) => {
      const values = evaluate(way.step, { ...own, X: way.X, T: way.T }, numbers);
      return Object.fromEntries(Object.entries(own).map(([name, W]) => [name, values[newName(name)] ?? W]));
    };
    if (this.paths[key]?.settings !== settings) {
      this.paths[key] = { settings, list: [look(this.start(key, state))], isOver: false };
    }
    const found = this.paths[key];
    const { list } = found;
    while (list.length <= steps && !found.isOver) {
      try {
        list.push(look(move(list.at(-1).own)));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        found.isOver = true;
      }
    }
    if (steps && list.length === 1) {
      throw new InputError(fillWords(this.given.notes.refused, { way: way.name }));
    }
    return { list: list.slice(0, steps + 1), isOver: list.length <= steps };
  }

  compute(state) {
    return Object.fromEntries(this.panels.map(([key]) => [key, this.path(key, state)]));
  }

  /** What the note below a panel says, and the matrices in it. */
  look(key, { list, isOver }) {
    const { weights, notes, top } = this.given;
    const { state } = this;
    const { own, loss } = list.at(-1);
    const numbers = this.numbers(state);
    let matrices = own;
    let { note } = this.ways[key];
    if (state[key]) {
      matrices = { ...own, [top]: weights[top] };
      const [now, old] = this.losses(key, matrices, numbers);
      const start = list[0].old;
      note = fillWords(old === start ? notes.same : notes.other,
        { new: writeLoss(now), old: writeLoss(old), start: writeLoss(start) });
    }
    if (key === "lora") {
      const now = Object.fromEntries(Object.keys(this.ways[key].start).map((name) => [newName(name), own[name]]));
      matrices = evaluate(this.merged, { ...own, ...now }, numbers);
      const said = state.zero ? [notes.zero] : [];
      if (state.merge) said.push(fillWords(notes.merge, { apart: writeLoss(this.apart(matrices, numbers)), loss: writeLoss(loss) }));
      note = said.join(" ") || note;
    }
    if (isOver) note = `${fillWords(notes.stop, { step: list.length - 1 })} ${note}`;
    return [matrices, note];
  }

  /** How far the answers of the merged matrix are from those of the three, at most. */
  apart(matrices, numbers) {
    const { top } = this.given;
    const { lora: { lines, X }, full } = this.ways;
    const [one, two] = [
      evaluate(lines, { ...matrices, X }, numbers),
      evaluate(full.lines, { ...matrices, [top]: matrices[newName(top)], X }),
    ].map((values) => values[full.lines.at(-1).name].flat());
    return Math.max(...one.map((value, i) => Math.abs(value - two[i])));
  }

  /* Showing */

  show(result) {
    const { state, given } = this;
    const { steps, rate } = state;
    for (const [key, panel] of this.panels) this.showPanel(key, panel, result[key]);
    for (const [key, text] of Object.entries({ steps, s: steps === 1 ? "" : "s", rate: writeLoss(rate) })) {
      this.querySelector(`[data-now=${key}]`).textContent = text;
    }
    for (const field of this.querySelectorAll("[data-set]")) {
      field.value = exact(Number(state[field.dataset.set]));
      field.checked = state[field.dataset.set];
    }
    for (const key of ["full", "freeze"]) {
      setHtml(this.querySelector(`[data-do=${key}]`), state[key] ? given.notes.take : given.notes.put);
    }
    this.querySelector("[data-do=zero]").ariaPressed = String(state.zero);
    for (const [what, end] of [["step", given.most], ["ten", given.most], ["play", given.most], ["again", 0]]) {
      this.querySelector(`[data-do=${what}]`).ariaDisabled = String(steps === end);
    }
  }

  showPanel(key, panel, found) {
    const { state, given } = this;
    const { list } = found;
    const [matrices, note] = this.look(key, found);
    for (const table of panel.querySelectorAll(".matrix > table")) {
      const name = table.dataset.matrix;
      const [matrix, start] = [matrices[name], list[0].own[name]];
      fitTable(table, matrix.length, matrix[0].length);
      matrix.forEach((row, i) => row.forEach((value, j) => {
        const cell = table.rows[i].cells[j];
        setText(cell, writeEntry(value));
        cell.classList.toggle("changed", start !== undefined && value !== start[i][j]);
      }));
      const grid = table.parentElement;
      if (key === "lora") grid.hidden = name.includes("'") !== state.merge;
      const isOld = Boolean(state[key]) && name === given.top;
      if (state[key] !== undefined) {
        const tag = isOld ? "the old one" : "trainable";
        grid.className = `matrix ${isOld ? "pretrained" : "trainable"}`;
        grid.querySelector(".matrix-tag").textContent = tag;
        table.ariaLabel = `${name}, ${tag}`;
      }
    }
    const { cells } = this.querySelector(`[data-of=${key}]`);
    for (const [k, entry] of [list[0], list.at(-1)].entries()) {
      setText(cells[k + 1], writeLoss(entry.loss));
      setText(cells[k + 3], writeLoss(entry.old));
    }
    this.showLosses(panel, list, this.ways[key].scale);
    if (key === "lora") {
      for (const [fact, value] of Object.entries(given.ranks[state.rank - 1])) {
        panel.querySelector(`[data-fact=${fact}]`).textContent = value;
      }
    }
    setHtml(panel.querySelector(".way-note"), note);
  }

  showLosses(panel, list, scale) {
    const now = list.length - 1;
    const [head, ...rows] = panel.querySelector(".way-losses").rows;
    const columns = head.cells.length - 1;
    const first = Math.max(0, now - columns + 1);
    for (const [row, write] of [
      [head, String],
      [rows[0], (k) => (list[k] ? writeLoss(list[k].loss) : "–")],
      [rows[1], (k) => (list[k] ? writeLoss(list[k].old) : "–")],
    ]) {
      for (let k = 0; k < columns; k++) {
        const cell = row.cells[k + 1];
        setText(cell, write(first + k));
        cell.className = first + k === now ? "now" : "";
      }
    }
    for (const path of panel.querySelectorAll("path")) {
      const { width, height } = path.ownerSVGElement.viewBox.baseVal;
      const part = path.matches(".old") ? "old" : "loss";
      const points = list.map((entry, k) => {
        const y = height - 2 - ((height - 4) * entry[part]) / (scale || 1);
        return `${(width * k) / Math.max(this.given.span, now)} ${Math.max(y, -height).toFixed(1)}`;
      });
      path.setAttribute("d", `M${points.join("L")}`);
    }
  }

  /* What a reader does */

  act(what) {
    const { steps } = this.state;
    const isPlaying = Boolean(this.playing);
    this.pause();
    if (what === "play" && !isPlaying) {
      this.play(() => this.go(this.state.steps + 1, true) && this.state.steps < this.given.most, TEMPO);
    }
    if (what === "play" && isPlaying) this.announce(this.tell(this.result));
    if (what === "step") this.go(steps + 1);
    if (what === "ten") this.go(steps + 10);
    if (what === "again" && steps) this.go(0);
    if (SWITCHES.includes(what)) {
      this.change({ [what]: !this.state[what] }, (result) => this.noteOf(what === "zero" ? "lora" : what, result));
    }
    super.act(what);
  }

  noteOf(key, result) {
    const words = document.createElement("p");
    [, words.innerHTML] = this.look(key, result[key]);
    return words.textContent;
  }

  go(wish, isQuiet = false) {
    const { most } = this.given;
    const steps = Math.min(wish, most);
    if (steps === this.state.steps) this.announce(`${most} steps are the most.`);
    else return this.change({ steps }, isQuiet ? "" : (result) => this.tell(result));
    return false;
  }

  tell(result) {
    const { steps } = this.state;
    const said = this.panels.map(([key]) => {
      const { list, isOver } = result[key];
      return `${this.ways[key].name} ${writeLoss(list.at(-1).loss)}${isOver ? ", stopped" : ""}`;
    });
    return `After ${steps} step${steps === 1 ? "" : "s"}: ${said.join(", ")}.`;
  }

  typed(field) {
    const { set } = field.dataset;
    if (!set) return;
    this.pause();
    if (set === "merge") {
      this.change({ merge: field.checked }, (result) => this.noteOf("lora", result));
      return;
    }
    const value = this.read(field, ...this.limits[set]);
    if (value === null) return;
    this.change({ [set]: value }, (result) => this.tell(result), { where: field });
  }

  /* The address */

  encode(state) {
    const parts = {};
    for (const key of Object.keys(this.limits)) {
      if (state[key] !== this.initial[key]) parts[key] = state[key];
    }
    const on = SWITCHES.filter((key) => state[key]);
    if (on.length) parts.on = on.join(" ");
    return parts;
  }

  decode(parts) {
    const state = {};
    for (const [key, text] of Object.entries(parts)) {
      if (key === "on") {
        for (const word of text.split(" ")) {
          if (!SWITCHES.includes(word)) throw new InputError("it has a switch that this figure lacks.");
          state[word] = true;
        }
      } else if (Object.hasOwn(this.limits, key)) state[key] = readNumber(text, ...this.limits[key]);
      else throw new InputError("it has a setting that this figure lacks.");
    }
    return state;
  }
}

customElements.define("by-hand-side-by-side", SideBySide);
