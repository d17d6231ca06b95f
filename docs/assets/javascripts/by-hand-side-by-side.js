// Methods side by side: every panel takes the same steps, each its own way. See
// figures/instruments/side_by_side.py, which draws the panels and writes all words.

import {
  InputError, adapterForward, adapterStep, forward, headForward, headStep, loraForward, loraStep,
  merge, squaredError, trainStep,
} from "./engine.js";
import { Instrument, exact, format, readNumber } from "./instrument.js";

const TEMPO = 800; // milliseconds from step to step
const SWITCHES = ["full", "freeze", "merge", "zero"];
const lastPart = (trace) => Object.values(trace).at(-1);
const fillIn = (text, found) => text.replace(/\[(\w+)\]/g, (_, key) => found[key]);

/** Set what an element says, if that is new: laying out takes longest. */
function setWords(element, words) {
  if (element.innerHTML !== words) element.innerHTML = words;
}

/** Write a loss as figures/instruments/side_by_side.py does. */
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
    this.addEventListener("change", ({ target }) => this.typed(target));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.pause();
  }

  /* Computing */

  /** A method: its task, what it starts with, what that answers to X, and a step of it. */
  method(key, { rate, rank, alpha, zero }) {
    const { weights, tasks, ways, rows, outputs } = this.given;
    const [X, T] = tasks[key] ?? tasks.task;
    const { start } = ways[key];
    const names = Object.keys(start);
    if (key === "probe" || key === "head") {
      const [features, old] = [X, tasks.old[0]].map((given) => lastPart(forward(weights, given)));
      return {
        X, T, start,
        answer: (own, given) => (given === X ? headForward(own, features).Y : old),
        step: (own) => headStep(own, features, T, rate),
      };
    }
    if (key === "adapter") {
      return {
        X, T, start,
        answer: (own, given) => lastPart(adapterForward(weights, own, given)),
        step: (own) => adapterStep(weights, own, X, T, rate),
      };
    }
    if (key === "lora") {
      const A = rows.slice(0, rank).map((row) => row.map((value) => (zero ? 0 : value)));
      const B = outputs.map(() => A.map(() => 0));
      return {
        X, T, start: { [names[0]]: A, [names[1]]: B },
        answer: (own, given) => lastPart(loraForward(weights, own, given, alpha)),
        step: (own) => loraStep(weights, own, X, T, rate, alpha),
      };
    }
    return {
      X, T, start: weights,
      answer: (own, given) => lastPart(forward(own, given)),
      step: (own) => trainStep(own, X, T, names, rate),
    };
  }

  /** [{own, loss, old}, ...] after 0, 1, ... steps, as far as its numbers can be computed. */
  path(key, state) {
    const { steps, rate, rank, alpha, zero } = state;
    const settings = String(key === "lora" ? [rate, rank, alpha, zero] : rate);
    const method = this.method(key, state);
    const look = (own) => {
      const [loss, old] = [[method.X, method.T], this.given.tasks.old].map(([X, T]) =>
        squaredError(method.answer(own, X), T));
      if (!Number.isFinite(loss + old)) throw new InputError("too large");
      return { own, loss, old };
    };
    if (this.paths[key]?.settings !== settings) {
      this.paths[key] = { settings, list: [look(method.start)], isOver: false };
    }
    const found = this.paths[key];
    const { list } = found;
    while (list.length <= steps && !found.isOver) {
      try {
        list.push(look(method.step(list.at(-1).own).weights));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        found.isOver = true;
      }
    }
    if (steps && list.length === 1) {
      throw new InputError(fillIn(this.given.notes.refused, { way: this.given.ways[key].name }));
    }
    return { method, list: list.slice(0, steps + 1), isOver: list.length <= steps };
  }

  compute(state) {
    return Object.fromEntries(this.panels.map(([key]) => [key, this.path(key, state)]));
  }

  /** What the note below a panel says, and the matrices in it. */
  look(key, { method, list, isOver }) {
    const { weights, notes, top, ways, tasks } = this.given;
    const { state } = this;
    const { own, loss } = list.at(-1);
    let matrices = own;
    let note = ways[key].note;
    if (state[key]) {
      matrices = { ...own, [top]: weights[top] };
      const [now, old] = [tasks.task, tasks.old].map(([X, T]) => squaredError(method.answer(matrices, X), T));
      const start = list[0].old;
      note = fillIn(old === start ? notes.same : notes.other,
        { new: writeLoss(now), old: writeLoss(old), start: writeLoss(start) });
    }
    if (key === "lora") {
      const merged = merge(weights, own, state.alpha);
      matrices = { ...own, [top.replace("W", "W'")]: merged[top] };
      const [one, two] = [lastPart(forward(merged, method.X)), method.answer(own, method.X)]
        .map((answer) => answer.flat());
      const apart = Math.max(...one.map((value, i) => Math.abs(value - two[i])));
      const said = [];
      if (state.zero) said.push(notes.zero);
      if (state.merge) said.push(fillIn(notes.merge, { apart: writeLoss(apart), loss: writeLoss(loss) }));
      note = said.join(" ") || note;
    }
    if (isOver) note = `${fillIn(notes.stop, { step: list.length - 1 })} ${note}`;
    return [matrices, note];
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
      setWords(this.querySelector(`[data-do=${key}]`), state[key] ? given.notes.take : given.notes.put);
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
      const start = found.method.start[name] ?? matrices[name];
      setWords(table.tBodies[0], matrices[name].map((row, i) => `<tr>${row.map((value, j) =>
        `<td${value === start[i][j] ? "" : ' class="changed"'}>${writeEntry(value)}</td>`).join("")}</tr>`).join(""));
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
      setWords(cells[k + 1], writeLoss(entry.loss));
      setWords(cells[k + 3], writeLoss(entry.old));
    }
    this.showLosses(panel, list, given.ways[key].scale);
    if (key === "lora") {
      for (const [fact, value] of Object.entries(given.ranks[state.rank - 1])) {
        panel.querySelector(`[data-fact=${fact}]`).textContent = value;
      }
    }
    setWords(panel.querySelector(".way-note"), note);
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
        setWords(cell, write(first + k));
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
    if (what === "play" && !isPlaying) this.play();
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
      return `${this.given.ways[key].name} ${writeLoss(list.at(-1).loss)}${isOver ? ", stopped" : ""}`;
    });
    return `After ${steps} step${steps === 1 ? "" : "s"}: ${said.join(", ")}.`;
  }

  play() {
    this.playing = setInterval(() => {
      if (!this.go(this.state.steps + 1, true) || this.state.steps === this.given.most) this.pause();
    }, TEMPO);
    this.querySelector("[data-do=play]").textContent = "Pause";
  }

  pause() {
    clearInterval(this.playing);
    this.playing = 0;
    this.querySelector("[data-do=play]").textContent = "Play";
  }

  typed(field) {
    const { set } = field.dataset;
    if (!set) return;
    this.pause();
    if (set === "merge") {
      this.change({ merge: field.checked }, (result) => this.noteOf("lora", result));
      return;
    }
    let value;
    try {
      value = readNumber(field.value, ...this.limits[set]);
    } catch (error) {
      this.complain(error, field);
      return;
    }
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
