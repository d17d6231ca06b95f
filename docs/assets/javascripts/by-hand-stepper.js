// The stepper: walks through one step stage by stage, explains each cell, recomputes what changed.

import {
  InputError, adapterStep, dotProductTerms, forward, frozenBelow, headStep, loraStep, multiply,
  squaredError, trainStep, transpose,
} from "./engine.js";
import { Instrument, exact, factor, format, randomNumbers, readNumber } from "./instrument.js";

const PAUSE = { slow: 3000, medium: 1600, fast: 700 }; // milliseconds a stage
const FEW_LOSSES = 6;
const TRIES = 1000; // for friendly numbers
const WEIGHT_TRIES = 40;
const LARGEST = 1e6; // that one may type
const bare = (name) => name.replace("ᵀ", "");
const isTurned = (name) => name.endsWith("ᵀ");
const spoken = (name) => (isTurned(name) ? `${bare(name)} transposed` : name);
const scaled = (matrix, number) => matrix.map((row) => row.map((value) => value * number));
const isSame = (a, b) => a.length === b.length && a.every((row, i) =>
  row.length === b[i].length && row.every((value, j) => value === b[i][j]));
const zeros = (matrix) => matrix.flat().filter((value) => value === 0).length;
const newName = (weight) => `${weight[0]}'${weight.slice(1)}`;

/** The stages that a step needs if these weights train: figures/instruments/stages.py, needed. */
function neededStages(stages, trainable) {
  const parts = new Map(stages.map((stage) => [stage.name, partsOf(stage)]));
  const wanted = new Set(["E"]);
  for (const stage of stages) if (stage.part === "forward") wanted.add(stage.name);
  const ask = [...trainable].map(newName);
  for (const name of parts.keys()) {
    if (name.startsWith("W'") && !parts.has(`ΔW${name.slice(2)}`)) ask.push(name);
  }
  while (ask.length) {
    const name = ask.pop();
    if (!parts.has(name) || wanted.has(name)) continue;
    wanted.add(name);
    ask.push(...parts.get(name).map(bare));
  }
  return wanted;
}

function partsOf(stage) {
  const parts = stage.terms.flatMap(([, ...factors]) => factors);
  return stage.gate ? [...parts, stage.gate] : parts;
}

/** Compute the stages one after the other: figures/instruments/stages.py, evaluate. */
function evaluateStages(stages, given, numbers) {
  const values = { ...given };
  const part = (name) => (isTurned(name) ? transpose(values[bare(name)]) : values[name]);
  for (const { name, terms, gate, relu } of stages) {
    let total = null;
    for (const [by, left, right] of terms) {
      const term = scaled(right ? multiply(part(left), part(right)) : part(left), numbers[by]);
      total = total ? total.map((row, i) => row.map((value, j) => value + term[i][j])) : term;
    }
    values[name] = total.map((row, i) => row.map((value, j) => {
      if (!Number.isFinite(value)) throw new InputError(`${name} would hold a number too large to compute with.`);
      if (gate && values[gate][i][j] <= 0) return 0;
      return (relu ? Math.max(value, 0) : value) + 0;
    }));
  }
  return values;
}

const writeMatrix = (matrix) => matrix.map((row) => row.join("_")).join("__");
function readMatrix(text, name) {
  const matrix = text.split("__").map((row) => row.split("_").map((value) => (value ? Number(value) : NaN)));
  if (!matrix.flat().every(Number.isFinite)) throw new InputError(`${name} holds something that is no number.`);
  return matrix;
}

class Stepper extends Instrument {
  begin() {
    const { given, trainable, rate, alpha, start, stages, labels } = this.given;
    this.stages = stages;
    this.labels = labels;
    this.state = {
      matrices: given, trainable, rate, alpha, loss: "squared error", stored: false, stage: start,
      cell: null, cells: false, seed: 0, count: 0, losses: [],
    };
    this.board = this.querySelector(".board");
    this.bench = this.querySelector(".bench");
    this.grids = new Map(); // tables of the network by place
    this.cellBox = this.querySelector(".cell");
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("change", (event) => this.set(event.target));
    this.addEventListener("focusin", (event) => {
      const cell = event.target.closest("td");
      if (cell && this.board.contains(cell)) this.choose(cell);
    });
    this.listenToCellBox();
    this.fields = {};
    for (const field of this.querySelectorAll("[data-set]")) this.fields[field.dataset.set] = field;
    this.switches = this.querySelectorAll("[data-train]");
    this.lossTable = this.querySelector(".losses");
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.playing);
  }

  /* Computing */

  split(state) {
    const { matrices } = state;
    const pick = (test) => Object.fromEntries(Object.entries(matrices).filter(([name]) => test(name)));
    const added = new Set(this.given.method === "layers" ? [] : this.given.trainable);
    return { weights: pick((name) => /^W\d/.test(name) && !added.has(name)), added: pick((name) => added.has(name)) };
  }

  takeStep(state) {
    const { weights, added } = this.split(state);
    const { X } = state.matrices;
    const { rate, alpha, loss, trainable } = state;
    const T = loss === "cross-entropy" ? classesOf(state.matrices.T) : state.matrices.T;
    const method = this.given.method;
    if (method === "adapters") return adapterStep(weights, added, X, T, rate, loss);
    if (method === "lora") return loraStep(weights, added, X, T, rate, alpha, loss);
    if (method === "layers") return trainStep(weights, X, T, trainable, rate, loss);
    const features = Object.keys(weights).length ? Object.values(forward(weights, X)).at(-1) : X;
    return headStep(added, features, T, rate, loss);
  }

  compute(state) {
    const { matrices } = state;
    const step = this.takeStep(state);
    let stages = state.loss === "cross-entropy" ? this.withClasses() : this.stages;
    const wanted = neededStages(stages, state.trainable);
    const A = Object.entries(matrices).find(([name]) => /^A\d/.test(name))?.[1];
    const numbers = {
      1: 1, "−1": -1, "−η": -state.rate, "α/r": A ? state.alpha / A.length : 1,
      "1/n": 1 / matrices.X[0].length, "−1/n": -1 / matrices.X[0].length,
    };
    const given = { ...matrices };
    let cut = "";
    if (state.stored) {
      const { weights } = this.split(state);
      const below = state.trainable.length ? frozenBelow(weights, state.trainable) : [];
      if (!below.length) throw new InputError(this.whyNotStored(state));
      cut = `H${below.at(-1).slice(1)}`;
      given[cut] = forward(weights, matrices.X)[cut];
      stages = stages.filter(({ name }) => !/^[ZH]\d/.test(name) || Number(name.slice(1)) > Number(cut.slice(1)));
    }
    if (state.loss === "cross-entropy") {
      const classes = classesOf(matrices.T);
      given.T = matrices.T.map((row, i) => row.map((_, j) => Number(classes[j] === i)));
      const output = stages.find(({ name }) => name === "P").terms[0][1];
      given.P = softmax(evaluateStages(stages.filter((stage) => stage.part === "forward" && stage.name !== "P"), given, numbers)[output]);
    }
    const live = stages.filter(({ name }) => wanted.has(name));
    const values = evaluateStages(live.filter(({ name }) => name !== "P"), given, numbers);
    const after = { ...state, matrices: this.moved(matrices, values, state.trainable) };
    const losses = {
      loss: step.loss, lossAfter: this.takeStep(after).loss, old: this.oldLoss(state), oldAfter: this.oldLoss(after),
    };
    if (!Object.values(losses).every(isFinite)) throw new InputError("The loss would be too large to compute with.");
    return {
      stages, live, values, numbers, cut, ...losses, moved: after.matrices,
      names: new Set(live.map(({ name }) => name)),
    };
  }

  whyNotStored({ trainable }) {
    if (!trainable.length) return "Nothing trains: there is no step.";
    const first = [...trainable].sort()[0];
    return `${first} trains, and nothing below it is frozen: outputs change with every step.`;
  }

  moved(matrices, values, trainable) {
    return Object.fromEntries(Object.entries(matrices).map(([name, matrix]) =>
      [name, trainable.includes(name) ? values[newName(name)] : matrix]));
  }

  /** The old task's loss under the weights of a state; for what is merged or added, with it. */
  oldLoss(state) {
    const { old, method } = this.given;
    if (!old) return null;
    const { weights, added } = this.split(state);
    if (method === "adapters") return adapterStep(weights, added, old.X, old.T, 0).loss;
    if (method === "lora") return loraStep(weights, added, old.X, old.T, 0, state.alpha).loss;
    return squaredError(Object.values(forward(weights, old.X)).at(-1), old.T);
  }

  /** The stages for cross-entropy: scores become shares P, and the error is their difference. */
  withClasses() {
    return this.stages.flatMap((stage) => {
      if (stage.name !== "E") return [stage];
      const output = stage.terms[0][1];
      const label = this.labels[output];
      return [
        {
          name: "P", part: "forward", terms: [["1", output]], softmax: true,
          says: `Softmax turns each column of ${label} into shares that add up to 1. The target names a class: the row of its largest number.`,
        },
        {
          ...stage, terms: [["1/n", "P"], ["−1/n", "T"]],
          says: "The error is the share less the target, divided by the number of examples. The loss is the mean of −log of the right class's share: {loss}.",
        },
      ];
    });
  }

  /* Showing */

  show(result) {
    const { stage } = this.state;
    const present = result.live.find(({ name }) => name === stage) ?? result.live[0];
    this.present = present;
    const at = result.live.indexOf(present);
    const reached = new Set([...Object.keys(this.state.matrices), result.cut]);
    for (const { name } of result.live.slice(0, at + 1)) reached.add(name);
    if (!this.state.cell || !this.isThere(this.state.cell)) {
      this.state = { ...this.state, cell: [present.name, 0, 0] };
    }
    this.showRail(result, at);
    setHtml(this.querySelector(".says"), this.says(present));
    this.showBench(present);
    this.showNetwork(result, reached);
    this.showCell();
    this.showSettings(result);
  }

  isThere([name, i, j], { values } = this.result) {
    const matrix = Object.hasOwn(values, name) && values[name];
    return matrix && i < matrix.length && j < matrix[0].length;
  }

  value(name) {
    const matrix = this.result.values[bare(name)];
    return matrix && isTurned(name) ? transpose(matrix) : matrix;
  }

  says({ name, says }) {
    const matrix = this.result.values[name];
    const before = this.state.matrices[name.replace("'", "")];
    const live = {
      zeros: zeros(matrix), size: matrix.flat().length, rows: matrix.length,
      s: matrix.length === 1 ? "" : "s", loss: format(this.result.loss), rate: format(this.state.rate),
      changed: before?.flatMap((row, i) => row.filter((value, j) => value !== matrix[i]?.[j])).length,
    };
    return says.replaceAll(/\{(\w+)\}/g, (_, key) => live[key]);
  }

  showRail(result, at) {
    const shown = `${at} ${[...result.names]} ${this.state.cells && this.at()}`;
    if (shown === this.railShown) return;
    this.railShown = shown;
    for (const chip of this.querySelectorAll("[data-stage]")) {
      const index = result.live.findIndex(({ name }) => name === chip.dataset.stage);
      chip.classList.toggle("idle", index < 0);
      if (chip.dataset.stage === "P") chip.hidden = index < 0;
      chip.classList.toggle("done", index >= 0 && index < at);
      if (index === at) chip.setAttribute("aria-current", "step");
      else chip.removeAttribute("aria-current");
    }
    const where = this.querySelector(".where");
    where.textContent = `${at + 1} of ${result.live.length}`;
    this.querySelector("[data-do=back]").ariaDisabled = String(!at && !(this.state.cells && this.at() > 0));
    const cellsLeft = this.state.cells && this.at() < this.value(this.present.name).flat().length - 1;
    this.querySelector("[data-do=step]").ariaDisabled = String(at === result.live.length - 1 && !cellsLeft);
    this.fields.cells.checked = this.state.cells;
  }

  kind(name) {
    if (this.state.trainable.includes(name)) return ["trainable", "trainable"];
    if (/^[WABDU]\d/.test(name)) return ["frozen", "frozen"];
    if (name.includes("'") && name[0] !== "H") return ["new", "new"];
    if (name[0] === "Δ") return ["delta", ""];
    if (/^([δγσEG]|dL\/)/.test(name)) return ["gradient", ""];
    return ["activation", ""];
  }

  label(name) {
    if (name === "E" && this.state.loss === "cross-entropy") return "<i>P</i> − <i>T</i>";
    return this.labels[name] ?? `<i>${bare(name)}</i>${isTurned(name) ? "<sup>T</sup>" : ""}`;
  }

  /** The same table as figures/instruments/stepper.py, grid. */
  grid(name, later = false, note = "") {
    const matrix = this.value(name);
    if (!matrix) return `<div class="matrix idle"><div class="matrix-head"><span>${this.label(name)}</span></div><span class="matrix-tag">not needed</span></div>`;
    const [kind, tag] = this.kind(bare(name));
    const signed = kind === "delta" || kind === "gradient";
    const cells = (row) => row.map((value) => `<td>${format(value, signed)}</td>`).join("");
    const rows = matrix.map((row) => `<tr>${cells(row)}</tr>`).join("");
    const plain = this.label(bare(name)).replaceAll(/<[^>]*>/g, "") + (isTurned(name) ? " transposed" : "");
    const said = `${plain}, ${matrix.length} × ${matrix[0].length}${tag && ", "}${tag}`;
    const word = tag && `<span class="matrix-tag">${tag}</span>`;
    return `<div class="matrix ${kind}${later ? " later" : ""}"><div class="matrix-head"><span>${note && "where "}${this.label(name)}${note}</span>` +
      `${word}</div>` +
      `<table data-matrix="${name}" aria-label="${said}"><tbody>${rows}</tbody></table></div>`;
  }

  showBench(stage) {
    const names = [stage.name, ...partsOf(stage)];
    const shape = JSON.stringify([stage.terms, stage.gate, names.map((name) => this.value(name).map((row) => row.length)), this.state.trainable, names.map((name) => this.isLocked(name))]);
    if (shape === this.benchShape) {
      for (const table of this.bench.querySelectorAll("table")) this.fill(table);
      return;
    }
    this.benchShape = shape;
    const beside = [...stage.terms.map(([, one]) => one), stage.name, stage.gate].filter(Boolean);
    const columns = beside.reduce((sum, name) => sum + this.value(name)[0].length, 0);
    this.bench.classList.toggle("tight", columns > 8);
    this.bench.classList.toggle("flat", !stage.terms.some(([, , two]) => two));
    const left = [];
    const above = [];
    stage.terms.forEach(([by, one, two], index) => {
      const sign = { 1: "+", "−1": "−", "−1/n": "− 1/n" }[by] ?? `+ ${by}`;
      const mark = index ? sign : { 1: "", "−1": "−" }[by] ?? by;
      if (mark) left.push(`<span class="sign">${mark}</span>`);
      left.push(this.grid(one));
      if (two) above.push(this.grid(two));
    });
    const gate = stage.gate
      ? this.grid(stage.gate, false, " &gt; 0") : "";
    setHtml(this.bench, `<div class="bench-above">${above.join("")}</div>` +
      `<div class="bench-left">${left.join("")}<span class="sign">=</span></div>` +
      `<div class="bench-result">${this.grid(stage.name)}${gate}</div>`);
    this.prepare(this.bench);
  }

  showNetwork(result, reached) {
    const network = this.querySelector(".network");
    const places = this.given.network.flat();
    places.forEach((name, index) => {
      if (!name) return;
      const place = network.children[index];
      const moved = newName(name);
      const shown = reached.has(moved) && name in this.state.matrices ? moved : name;
      const matrix = this.value(shown);
      const later = !reached.has(shown);
      const key = matrix ? `${shown} ${matrix.length} ${matrix[0].length} ${this.kind(shown)[0]} ${later} ${this.state.loss} ${this.isLocked(shown)}` : "";
      if (place.dataset.key === key) {
        if (matrix) this.fill(place.querySelector("table"), shown !== name && this.state.matrices[name]);
        return;
      }
      place.dataset.key = key;
      setHtml(place, this.grid(shown, later));
      this.prepare(place);
      if (matrix) this.fill(place.querySelector("table"), shown !== name && this.state.matrices[name]);
    });
  }

  /** Write the numbers of a table; `before` boxes those that differ. */
  fill(table, before = null) {
    const { matrix: name } = table.dataset;
    const matrix = this.value(name);
    const [kind] = this.kind(bare(name));
    const signed = kind === "delta" || kind === "gradient";
    const isLater = table.parentElement.classList.contains("later");
    const upTo = this.state.cells && name === this.present.name && this.at() >= 0 ? this.at() : Infinity;
    const old = before || (kind === "new" && this.state.matrices[name.replace("'", "")]);
    cellsOf(table).forEach((row, i) => row.forEach((cell, j) => {
      const text = isLater || i * row.length + j > upTo ? "" : format(matrix[i][j], signed);
      if (cell.textContent !== text) cell.textContent = text;
      cell.classList.toggle("wide", text.length > 4);
      cell.classList.toggle("wider", text.length > 5);
      cell.classList.toggle("zero", signed && matrix[i][j] === 0);
      cell.classList.toggle("changed", Boolean(old) && old[i][j] !== matrix[i][j]);
    }));
  }

  /** Make tables into grids that the arrows walk through. */
  prepare(part) {
    for (const table of part.querySelectorAll("table")) {
      table.setAttribute("role", "grid");
      const isGiven = table.dataset.matrix in this.state.matrices && !this.isLocked(table.dataset.matrix);
      table.setAttribute("aria-readonly", String(!isGiven));
      table.classList.toggle("given", isGiven);
      this.fill(table);
      for (const cell of table.querySelectorAll("td")) cell.tabIndex = -1;
    }
    for (const area of [this.bench, this.querySelector(".network")]) {
      const first = area.querySelector(".bench-result td") ?? area.querySelector("td");
      if (first && !area.querySelector("td[tabindex='0']")) first.tabIndex = 0;
    }
  }

  isLocked(name) {
    return (name === "T" && this.state.loss === "cross-entropy") || (this.state.stored && name === "X");
  }

  /* One cell */

  listenToCellBox() {
    const input = this.cellBox.querySelector("input");
    input.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by) {
        event.preventDefault();
        this.nudge(by * (event.shiftKey ? 10 : 1));
      } else if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        if (event.key === "Escape") this.showCell(true);
        else if (!this.set(input)) return;
        this.complain(null);
        this.focusCell();
      }
    });
  }

  stageOf(name) {
    return this.result.live.find((stage) => stage.name === name);
  }

  showCell(force = false) {
    const [name, i, j] = this.state.cell;
    const value = this.result.values[name][i][j];
    const stage = this.stageOf(name);
    const box = (part) => this.cellBox.querySelector(part);
    const where = `row ${i + 1}, column ${j + 1}`;
    const isGiven = name in this.state.matrices && !this.isLocked(name);
    setHtml(box(".cell-name"), `<b>${this.label(name)}</b> ${where}`);
    setHtml(box(".cell-sum"), stage ? this.explain(stage, i, j) : this.explainGiven(name, value));
    const sources = stage ? [...new Set(partsOf(stage).map(bare))].filter((part) => this.stageOf(part)) : [];
    setHtml(box(".cell-more"), sources.map((part) =>
      `<button type="button" class="quiet" data-do="why" data-name="${part}">How ${this.label(part)} came about</button>`).join(""));
    box(".cell-edit").hidden = !isGiven;
    const input = box("input");
    if (force || document.activeElement !== input) input.value = exact(value).replace("−", "-");
    input.setAttribute("aria-label", `${name}, ${where}`);
    this.light(stage, i, j);
  }

  explainGiven(name, value) {
    if (this.state.stored && name === this.result.cut) return `${exact(value)}, stored: computed once, not in this step.`;
    if (this.isLocked(name)) return name === "T"
      ? "With cross-entropy the target names a class."
      : "A stored output stands for it.";
    return `${exact(value)}, given. Type another number.`;
  }

  /** What a cell is made of, term by term. */
  explain(stage, i, j) {
    const { values, numbers } = this.result;
    const total = values[stage.name][i][j];
    if (stage.softmax) return `e to the power of the score, divided by the sum of its column: <b>${exact(total)}</b>`;
    const names = [];
    const sums = [];
    let sum = 0;
    let count = 0;
    for (const [by, left, right] of stage.terms) {
      const number = numbers[by];
      const minus = by === "−1";
      const head = sums.length ? (minus ? " − " : " + ") : minus ? "−" : "";
      const scale = /^−?1$/.test(by) ? "" : `${factor(number)} × `;
      if (right) {
        const terms = dotProductTerms(this.value(left), this.value(right), i, j);
        const text = terms.map((term) => `${factor(term.left)} × ${factor(term.right)}`).join(" + ");
        const value = terms.reduce((all, term) => all + term.product, 0);
        names.push(`row ${i + 1} of ${this.label(left)} · column ${j + 1} of ${this.label(right)}`);
        sums.push(head + (scale || (stage.terms.length > 1 && terms.length > 1) ? `${scale}(${text})` : text));
        sum += number * value;
        count += terms.length;
      } else {
        const value = this.value(left)[i][j];
        names.push((scale ? `${sums.length ? by.replace("−", "") : by} × ` : "") + this.label(left));
        sums.push(head + scale + (sums.length || scale || minus ? factor(value) : exact(value)));
        sum += number * value;
        count += 1;
      }
    }
    const signs = stage.terms.map(([by], index) => (index ? (/^−1/.test(by) ? " − " : " + ") : ""));
    const joined = names.map((text, index) => signs[index] + text).join("");
    const isPlain = count === 1 && !/[×(]/.test(sums[0]);
    const written = isPlain ? "" : `${sums.join("")} = `;
    let end = `${joined}: ${written}<b>${exact(sum + 0)}</b>`;
    if (stage.gate) {
      const gate = values[stage.gate][i][j];
      end += `. ${this.label(stage.gate)} is ${exact(gate)} here, `;
      end += gate > 0 ? "above 0: it gets through." : "not above 0: <b>0</b>";
    }
    if (stage.relu) end += sum > 0 ? ", above 0: ReLU keeps it." : ", not above 0: ReLU makes it <b>0</b>";
    return end;
  }

  /** Light the row and the column that meet in the cell, wherever they are drawn. */
  light(stage, i, j) {
    const lit = new Set([`${this.state.cell[0]} ${i} ${j}`]);
    const add = (name, a, b) => {
      lit.add(`${name} ${a} ${b}`);
      lit.add(isTurned(name) ? `${bare(name)} ${b} ${a}` : `${name}ᵀ ${b} ${a}`);
    };
    for (const [, left, right] of stage?.terms ?? []) {
      if (stage.softmax) this.value(left).forEach((_, k) => add(left, k, j));
      else if (!right) add(left, i, j);
      else {
        this.value(left)[i].forEach((_, k) => { add(left, i, k); add(right, k, j); });
      }
    }
    if (stage?.gate) add(stage.gate, i, j);
    const chosen = this.state.cell.join(" ");
    for (const table of this.board.querySelectorAll("table[data-matrix]")) {
      const { matrix } = table.dataset;
      cellsOf(table).forEach((row, a) => row.forEach((cell, b) => {
        const key = `${matrix} ${a} ${b}`;
        const look = key === chosen ? "chosen" : lit.has(key) ? "lit" : "";
        if (cell.look === look) return;
        if (cell.look) cell.classList.remove(cell.look);
        if (look) cell.classList.add(look);
        if (look === "chosen") cell.setAttribute("aria-describedby", `${this.id}-sum`);
        else if (cell.look === "chosen") cell.removeAttribute("aria-describedby");
        cell.look = look;
      }));
    }
  }

  place(cell) {
    const { matrix } = cell.closest("table").dataset;
    const [i, j] = [cell.parentElement.rowIndex, cell.cellIndex];
    return isTurned(matrix) ? [bare(matrix), j, i] : [matrix, i, j];
  }

  choose(cell) {
    const area = cell.closest(".bench, .network");
    for (const old of area.querySelectorAll("td[tabindex='0']")) old.tabIndex = -1;
    cell.tabIndex = 0;
    if (cell.closest(".later")) return;
    const place = this.place(cell);
    if (place.join() === this.state.cell.join()) return;
    this.state = { ...this.state, cell: place };
    this.complain(null);
    if (this.state.cells) {
      for (const table of this.board.querySelectorAll(`[data-matrix="${this.present.name}"]`)) this.fill(table);
    }
    this.showCell(true);
    this.writeHash();
  }

  focusCell(area = null) {
    const [name, i, j] = this.state.cell;
    const find = (part) => {
      const table = part.querySelector(`table[data-matrix="${name}"]`);
      if (table) return table.rows[i].cells[j];
      return part.querySelector(`table[data-matrix="${name}ᵀ"]`)?.rows[j].cells[i];
    };
    (find(area ?? this.lastArea ?? this.bench) ?? find(this.board))?.focus();
  }

  /* What a person does */

  clicked(event) {
    const chip = event.target.closest("[data-stage]");
    if (chip) this.goTo(chip.dataset.stage);
    const cell = event.target.closest("td");
    if (cell && this.board.contains(cell)) {
      this.lastArea = cell.closest(".bench, .network");
      cell.focus();
    }
  }

  goTo(name) {
    if (!this.result.names.has(name)) {
      const { idle = "This stage is not needed in this step." } = this.stages.find((one) => one.name === name) ?? {};
      this.complain(new InputError(plain(idle)), this.querySelector(".rail button"));
      return;
    }
    this.change({ stage: name, cell: [name, 0, 0] }, () => plain(this.says(this.stageOf(name))), { remember: false });
  }

  /** One stage on or back; cell by cell, one cell of its result. */
  walk(by) {
    const { name } = this.present;
    const next = this.at() + by;
    const columns = this.value(name)[0].length;
    if (this.state.cells && next >= 0 && next < this.value(name).length * columns) {
      return this.change({ cell: [name, Math.floor(next / columns), next % columns] }, () =>
        plain(this.cellBox.querySelector(".cell-sum").innerHTML), { remember: false });
    }
    const at = this.result.live.indexOf(this.present) + by;
    if (at < 0 || at >= this.result.live.length) return false;
    this.goTo(this.result.live[at].name);
    return true;
  }

  /** The chosen cell of the stage's result, counted row by row; −1 if another matrix has it. */
  at() {
    const [name, i, j] = this.state.cell;
    return name === this.present.name ? i * this.value(name)[0].length + j : -1;
  }

  play() {
    const button = this.querySelector("[data-do=play]");
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = 0;
      button.textContent = "Play";
      return;
    }
    if (this.present === this.result.live.at(-1)) this.goTo(this.result.live[0].name);
    button.textContent = "Pause";
    const speed = this.querySelector("[data-set=speed]").value;
    this.playing = setInterval(() => this.walk(1) || this.play(), PAUSE[speed] / (this.state.cells ? 2 : 1));
  }

  pressed(event) {
    const cell = event.target.closest("td");
    if (!cell || event.ctrlKey && !/Home|End/.test(event.key) || event.metaKey || event.altKey) return;
    const row = [...cell.parentElement.cells];
    const rows = [...cell.closest("table").rows];
    const target = {
      ArrowLeft: () => this.neighbour(cell, -1, 0), ArrowRight: () => this.neighbour(cell, 1, 0),
      ArrowUp: () => this.neighbour(cell, 0, -1), ArrowDown: () => this.neighbour(cell, 0, 1),
      Home: () => (event.ctrlKey ? rows[0].cells[0] : row[0]),
      End: () => (event.ctrlKey ? [...rows.at(-1).cells].at(-1) : row.at(-1)),
    }[event.key];
    if (target) {
      event.preventDefault();
      target()?.focus();
      return;
    }
    if (this.cellBox.querySelector(".cell-edit").hidden) return;
    const input = this.cellBox.querySelector("input");
    if (event.key === "Enter" || event.key === "F2" || /^[-\d.]$/.test(event.key)) {
      event.preventDefault();
      this.lastArea = cell.closest(".bench, .network");
      input.focus();
      if (event.key.length === 1) input.value = event.key;
      else input.select();
    }
  }

  /** The next cell in a direction: of this table, else of the nearest one there. */
  neighbour(cell, right, down) {
    const table = cell.closest("table");
    const inside = table.rows[cell.parentElement.rowIndex + down]?.cells[cell.cellIndex + right];
    if (inside) return inside;
    const from = cell.getBoundingClientRect();
    const reach = (at) => {
      const [x, y] = [at.x + at.width / 2 - from.x - from.width / 2, at.y + at.height / 2 - from.y - from.height / 2];
      const along = x * right + y * down;
      const aside = Math.abs(x * down) + Math.abs(y * right);
      return along > 4 ? along + 3 * aside : Infinity;
    };
    const others = [...cell.closest(".bench, .network").querySelectorAll("td")].filter((other) => other.closest("table") !== table);
    const all = others.map((other) => [reach(other.getBoundingClientRect()), other]).sort((a, b) => a[0] - b[0]);
    return all.length && all[0][0] < Infinity ? all[0][1] : null;
  }

  act(what) {
    const { count, losses, seed } = this.state;
    if (what === "back") this.walk(-1);
    else if (what === "step") this.walk(1);
    else if (what === "play") this.play();
    else if (what === "less" || what === "more") this.nudge(what === "more" ? 1 : -1);
    else if (what === "why") {
      const [, i, j] = this.state.cell;
      const { name } = document.activeElement.dataset;
      const matrix = this.result.values[name];
      const cell = [name, Math.min(i, matrix.length - 1), Math.min(j, matrix[0].length - 1)];
      this.change({ stage: name, cell }, "", { remember: false });
      this.focusCell(this.bench);
    } else if (what === "again") {
      const { loss, old, moved } = this.result;
      this.change({
        matrices: moved, count: count + 1, losses: [...losses, [loss, old]].slice(-FEW_LOSSES),
        stage: this.result.live[0].name, cell: null,
      }, (now) => `Step ${count + 1} is taken. The loss is ${exact(now.loss)}.`);
    } else if (what === "old-top") {
      const top = Object.keys(this.split(this.state).weights).at(-1);
      this.change({ matrices: { ...this.state.matrices, [top]: this.given.given[top] } },
        (now) => `The old ${top} is back. The old task's loss is ${exact(now.old)}.`);
    } else if (what === "new-numbers") this.newNumbers(seed + 1);
    else if (what === "both-zero") {
      const matrices = { ...this.state.matrices };
      for (const name of this.given.trainable) matrices[name] = scaled(matrices[name], 0);
      this.change({ matrices: absolute(matrices) }, "A and B are both 0. Both gradients are 0, so neither ever moves.");
    } else super.act(what);
  }

  nudge(by) {
    const [name, i, j] = this.state.cell;
    this.setCell(this.state.matrices[name][i][j] + by);
    this.showCell(true);
  }

  setCell(value) {
    const [name, i, j] = this.state.cell;
    const matrix = this.state.matrices[name].map((row) => [...row]);
    if (exact(matrix[i][j]) === exact(value)) { // after Enter, leaving the field says it once more
      this.complain(null);
      return true;
    }
    matrix[i][j] = value;
    const field = this.cellBox.querySelector("input");
    return this.change({ matrices: { ...this.state.matrices, [name]: matrix } }, (now) =>
      `${name}, row ${i + 1}, column ${j + 1} is ${exact(value)}. The loss is ${exact(now.loss)}, after the step ${exact(now.lossAfter)}.`,
    { where: field });
  }

  /** Take over what a control says. Returns whether it could be done. */
  set(field) {
    const key = field.dataset.set;
    try {
      if (key === "value") return this.setCell(readNumber(field.value, "The value", { least: -LARGEST, most: LARGEST }));
      if (key === "rate") return this.change({ rate: readNumber(field.value, "The rate η", { least: 0, most: LARGEST }) }, loss, { where: field });
      if (key === "alpha") return this.change({ alpha: readNumber(field.value, "α", { least: 0, most: LARGEST }) }, loss, { where: field });
      if (key === "loss") return this.change({ loss: field.value, cell: null }, loss, { where: field });
      if (key === "seed") return this.newNumbers(readNumber(field.value, "The seed", { least: 0, most: LARGEST, whole: true }), field);
      if (key === "rank") return this.setRank(readNumber(field.value, "The rank", { least: 1, most: 4, whole: true }), field);
      if (key === "cells") {
        const { name } = this.present;
        return this.change({ cells: field.checked, cell: [name, 0, 0] }, "", { remember: false });
      }
      if (key === "stored") {
        const done = this.change({ stored: field.checked, cell: null }, loss, { where: field });
        field.checked = this.state.stored;
        return done;
      }
    } catch (error) {
      this.complain(error, field);
      return false;
    }
    if (field.dataset.train) {
      const names = new Set(this.state.trainable);
      if (field.checked) names.add(field.dataset.train);
      else names.delete(field.dataset.train);
      const done = this.change({ trainable: [...names].sort() }, (now) => {
        const low = now.live.findLast(({ name }) => name[0] === "δ")?.name;
        return names.size ? `The backward pass now ends at ${low}.` : "Nothing trains: no gradient is needed.";
      }, { where: field });
      field.checked = this.state.trainable.includes(field.dataset.train);
      if (done && !names.size) this.complain(new InputError("Nothing trains: there is no ΔW."), field);
      return done;
    }
    return true;
  }

  /** A and B of another rank: A gets rows of small whole numbers, B starts at 0. */
  setRank(rank, field) {
    const draw = randomNumbers(rank);
    const matrices = { ...this.state.matrices };
    for (const name of this.given.trainable) {
      const start = this.given.given[name];
      matrices[name] = name[0] === "A"
        ? Array.from({ length: rank }, (_, i) => start[i] ?? start[0].map(() => draw(-1, 1)))
        : start.map(() => Array(rank).fill(0));
    }
    return this.change({ matrices, cell: null }, loss, { where: field });
  }

  /** Small whole numbers of a seed, drawn again until no Z is 0 and every number stays small. */
  newNumbers(seed, field = this.querySelector("[data-set=seed]")) {
    const draw = randomNumbers(seed);
    const added = this.given.method === "layers" ? [] : this.given.trainable;
    for (let n = 0; n < TRIES; n++) {
      let H; // so far up; no weight is kept that makes a 0 of it
      const matrices = Object.fromEntries(Object.entries(this.given.given).map(([name, matrix]) => {
        if (added.includes(name) && !matrix.flat().some(Boolean)) return [name, matrix];
        const [low, high] = name === "X" ? [0, 2] : name === "T" ? [0, 3] : [-1, 1];
        for (let k = 0; ; k++) {
          const drawn = matrix.map((row) => row.map(() => draw(low, high)));
          const Z = name[0] === "W" ? multiply(drawn, H) : drawn;
          if (name[0] === "W" && k < WEIGHT_TRIES && Z.flat().includes(0)) continue;
          if (/^[WX]/.test(name)) H = Z.map((row) => row.map((value) => Math.max(value, 0)));
          return [name, drawn];
        }
      }));
      const state = { ...this.state, matrices, seed, count: 0, losses: [] };
      const { values, live, loss: size } = this.compute(state);
      const isFriendly = size > 0 && size <= 20 && live.every(({ name }) => {
        const all = values[name].flat();
        return all.every((value) => Math.abs(value) <= 9) && (name[0] !== "Z" || !all.includes(0)) &&
          (!/^[HE]/.test(name) || all.some(Boolean));
      });
      if (isFriendly) {
        return this.change({ ...state, cell: null }, `New numbers, seed ${seed}. The loss is ${exact(size)}.`, { where: field });
      }
    }
    this.complain(new InputError(`Seed ${seed} gives no friendly numbers. Try another one.`), field);
    return false;
  }

  showSettings(result) {
    const { rate, alpha, loss: kind, stored, trainable, seed, matrices, losses, count } = this.state;
    const set = (key, value) => {
      const field = this.fields[key];
      if (field && field !== document.activeElement && field.value !== value) field.value = value;
    };
    set("rate", String(rate));
    set("alpha", String(alpha));
    set("loss", kind);
    set("seed", String(seed));
    const A = Object.entries(matrices).find(([name]) => /^A\d/.test(name))?.[1];
    if (A) set("rank", String(A.length));
    if (this.fields.stored) this.fields.stored.checked = stored;
    for (const one of this.switches) one.checked = trainable.includes(one.dataset.train);
    const rows = [...losses, [result.loss, result.old]];
    const first = count - losses.length;
    const heads = [...rows, 0].map((_, i) => `<th scope="col">${first + i}</th>`).join("");
    const line = (title, at, next) => `<tr><th scope="row">${title}</th>` +
      [...rows.map((row) => row[at]), next].map((value) => `<td>${short(value)}</td>`).join("") + "</tr>";
    const old = result.old === null ? "" : line("Old task’s loss", 1, result.oldAfter);
    setHtml(this.lossTable, `<table><thead><tr><th scope="col">After step</th>${heads}</tr></thead>` +
      `<tbody>${line(result.old === null ? "Loss" : "New task’s loss", 0, result.lossAfter)}${old}</tbody></table>`);
  }

  /* The address */

  encode(state) {
    const start = this.initial ?? state;
    const parts = {};
    for (const [name, matrix] of Object.entries(state.matrices)) {
      if (!isSame(matrix, start.matrices[name])) parts[name] = writeMatrix(matrix);
    }
    if (state.stage !== start.stage) parts.stage = state.stage;
    const cell = state.cell?.join("_");
    if (cell && cell !== `${state.stage}_0_0`) parts.cell = cell;
    if (state.trainable.join() !== start.trainable.join()) parts.train = state.trainable.join("_");
    for (const key of ["rate", "alpha", "loss", "seed", "count"]) if (state[key] !== start[key]) parts[key] = state[key];
    if (state.stored) parts.stored = 1;
    if (state.cells) parts.cells = 1;
    if (state.losses.length) parts.losses = writeMatrix(state.losses.map(([a, b]) => [a, b ?? 0]));
    return parts;
  }

  decode(parts) {
    const state = { ...this.initial };
    const matrices = { ...state.matrices };
    for (const [key, text] of Object.entries(parts)) {
      if (Object.hasOwn(matrices, key)) {
        const matrix = readMatrix(text, key);
        const wish = matrices[key];
        const isFree = this.given.method === "lora" && /^[AB]\d/.test(key);
        const fits = (a, b) => a === b || (isFree && a >= 1 && a <= 4);
        if (!matrix.every((row) => row.length === matrix[0].length) ||
          !(key[0] === "A" ? fits(matrix.length, wish.length) : matrix.length === wish.length) ||
          !(key[0] === "B" ? fits(matrix[0].length, wish[0].length) : matrix[0].length === wish[0].length)) {
          throw new InputError(`${key} must be ${wish.length} × ${wish[0].length}.`);
        }
        matrices[key] = matrix;
      } else if (key === "stage") state.stage = text;
      else if (key === "cell") {
        const [name, i, j] = text.split("_");
        state.cell = [name, readNumber(i ?? "", "cell", { least: 0, whole: true }), readNumber(j ?? "", "cell", { least: 0, whole: true })];
      } else if (key === "train") state.trainable = text ? text.split("_") : [];
      else if (key === "loss") state.loss = text;
      else if (key === "stored") state.stored = text === "1";
      else if (key === "cells") state.cells = text === "1";
      else if (key === "losses") state.losses = readMatrix(text, key).slice(-FEW_LOSSES).map(([a, b]) => [a, this.given.old ? b ?? 0 : null]);
      else if (key === "rate" || key === "alpha") state[key] = readNumber(text, key, { least: 0 });
      else if (key === "seed" || key === "count") state[key] = readNumber(text, key, { least: 0, most: LARGEST, whole: true });
    }
    if (this.given.method !== "layers" && state.trainable.join() !== this.initial.trainable.join()) {
      throw new InputError("train can't be chosen for this method.");
    }
    if (!state.trainable.every((name) => /^W\d+$/.test(name) || this.given.method !== "layers")) {
      throw new InputError("train must name layers such as W3.");
    }
    state.matrices = matrices;
    if (!this.withClasses().some(({ name }) => name === state.stage)) throw new InputError("stage is not one of this figure.");
    if (state.cell && !this.isThere(state.cell, this.compute(state))) throw new InputError("cell is not one of this figure.");
    return state;
  }
}

const loss = (now) => `The loss is ${exact(now.loss)}, after the step ${exact(now.lossAfter)}.`;
const short = (value) => exact(Number(value.toPrecision(4)));
const plain = (html) => html.replaceAll(/<[^>]*>/g, "");
const absolute = (matrices) => Object.fromEntries(Object.entries(matrices).map(([name, matrix]) =>
  [name, matrix.map((row) => row.map((value) => value + 0))]));
const classesOf = (T) => T[0].map((_, j) => T.reduce((best, row, i) => (row[j] > T[best][j] ? i : best), 0));

function softmax(Y) {
  const columns = transpose(Y).map((column) => {
    const top = Math.max(...column);
    const powers = column.map((value) => Math.exp(value - top));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((value) => value / sum);
  });
  return transpose(columns);
}

const shownHtml = new WeakMap();
const knownCells = new WeakMap();

function cellsOf(table) {
  if (!knownCells.has(table)) knownCells.set(table, [...table.rows].map((row) => [...row.cells]));
  return knownCells.get(table);
}

/** Replace markup only if it differs, so that focus and selection stay. */
function setHtml(element, html) {
  if (element && shownHtml.get(element) !== html) {
    element.innerHTML = html;
    shownHtml.set(element, html);
  }
}

customElements.define("by-hand-stepper", Stepper);
