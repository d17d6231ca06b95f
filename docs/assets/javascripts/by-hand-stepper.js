// The stepper: walks through one step stage by stage, explains each cell, recomputes what changed.
// figures/instruments/stepper.py draws every stage; a stage is a line of the step, of any method.

import {
  InputError, bare, evaluate, isTurned, lossOf, multiply, newName, partsOf, readLines, steadyBottom,
  stepLines, toClasses, transpose,
} from "./engine.js";
import {
  Instrument, exact, factor, fit, fitTable, format, randomNumbers, readNumber, setHtml,
  setText,
} from "./instrument.js";

const PAUSE = { slow: 3000, medium: 1600, fast: 700 }; // milliseconds a stage
const FEW_LOSSES = 6;
const HIGHEST_RANK = 4;
const MANY_CELLS = 8; // beside each other in a bench: above that they are narrow
const TRIES = 1000; // for friendly numbers
const WEIGHT_TRIES = 40;
const LARGEST = 1e6;
const LIMITS = { // of what one may type: what it is called, and from where to where it goes
  value: ["The value", { least: -LARGEST, most: LARGEST }],
  rate: ["The rate η", { least: 0, most: LARGEST }],
  alpha: ["α", { least: 0, most: LARGEST }],
  rank: ["The rank", { least: 1, most: HIGHEST_RANK, whole: true }],
  seed: ["The seed", { least: 0, most: LARGEST, whole: true }],
  count: ["The number of steps", { least: 0, most: LARGEST, whole: true }],
};
const SHOWN = ".matrix:not([hidden], .idle) > table"; // of the network, and of a bench
const isSame = (a, b) => a.length === b.length && a.every((row, i) =>
  row.length === b[i].length && row.every((value, j) => value === b[i][j]));

const writeMatrix = (matrix) => matrix.map((row) => row.join("_")).join("__");
function readMatrix(text, name) {
  const matrix = text.split("__").map((row) => row.split("_").map((value) => (value ? Number(value) : NaN)));
  if (!matrix.flat().every(Number.isFinite)) throw new InputError(`${name} holds something that is no number.`);
  return matrix;
}

class Stepper extends Instrument {
  begin() {
    const { given, trainable, rate, alpha, start, lines, merged } = this.given;
    this.lines = readLines(lines);
    this.merged = readLines(merged);
    this.ranked = Object.keys(given).find((name) => /^A\d/.test(name));
    this.state = {
      matrices: given, trainable, rate, alpha, loss: "squared error", stored: false, stage: start,
      cell: null, cells: false, seed: 0, count: 0, losses: [],
    };
    const all = (selector) => [...this.querySelectorAll(selector)];
    this.board = this.querySelector(".board");
    this.network = this.querySelector(".network");
    this.cellBox = this.querySelector(".cell");
    this.lossTable = this.querySelector(".losses table");
    this.sections = all("section[data-stage]");
    this.chips = all("button[data-stage]");
    this.switches = all("[data-train]");
    this.fields = Object.fromEntries(all("[data-set]").map((field) => [field.dataset.set, field]));
    this.addEventListener("click", (event) => this.clicked(event));
    this.addEventListener("keydown", (event) => this.pressed(event));
    this.addEventListener("change", (event) => this.set(event.target));
    this.addEventListener("focusin", (event) => {
      const cell = event.target.closest("td");
      if (cell?.closest(".bench, .network")) this.choose(cell);
    });
    this.listenToCellBox();
    new ResizeObserver(() => this.order()).observe(this.board);
  }

  /** The network stands before the stage or, where it is narrow, below it: the Tab key follows. */
  order() {
    const isBelow = this.network.getBoundingClientRect().top > this.cellBox.getBoundingClientRect().top;
    if (isBelow === (this.board.lastElementChild === this.network)) return;
    if (this.network.contains(document.activeElement)) return;
    if (isBelow) this.board.append(this.network);
    else this.board.prepend(this.network);
  }

  /* Computing */

  compute(state) {
    const { matrices, trainable, loss } = state;
    const { gates, old } = this.given;
    const [n, rank] = [matrices.X[0].length, matrices[this.ranked]?.length];
    const numbers = { 1: 1, "−1": -1, "−η": -state.rate, "α/r": state.alpha / rank, "1/n": 1 / n, "−1/n": -1 / n };
    const given = { ...matrices };
    let { lines } = this;
    let cut = "";
    if (state.stored) {
      const bottom = trainable.length ? steadyBottom(lines, trainable) : [];
      if (!bottom.length) throw new InputError(whyNotStored(trainable));
      cut = bottom.at(-1).name;
      given[cut] = evaluate(bottom, given)[cut];
      lines = lines.slice(bottom.length);
    }
    if (loss === "cross-entropy") given.T = toClasses(matrices.T);
    const live = [...stepLines(lines, trainable, loss), ...this.merged]
      .map((line) => ({ ...line, gate: gates[line.gate] ?? line.gate }));
    const values = evaluate(live, given, numbers);
    const moved = { ...matrices, ...mapValues(trainable, (name) => values[newName(name)]) };
    const output = lines.at(-1).name;
    const run = (own, X) => evaluate(this.lines, { ...own, X }, numbers);
    const oldOf = (own) => old && lossOf(run(own, old.X)[old.output], old.T);
    const losses = {
      loss: lossOf(values[output], given.T, loss),
      lossAfter: lossOf(run(moved, moved.X)[output], given.T, loss),
      old: oldOf(matrices), oldAfter: oldOf(moved),
    };
    if (!Object.values(losses).every(isFinite)) throw new InputError("The loss would be too large to compute with.");
    return { live, values, numbers, cut, ...losses, moved };
  }

  /* Showing */

  show(result) {
    const { live, values } = result;
    this.present = live.find(({ name }) => name === this.state.stage) ?? live[0];
    const at = live.indexOf(this.present);
    if (!this.state.cell || !this.isThere(this.state.cell, values)) {
      this.state = { ...this.state, cell: [this.present.name, 0, 0] };
    }
    this.showRail(result, at);
    this.showStage(result);
    this.showNetwork(new Set([
      ...Object.keys(this.state.matrices), result.cut, ...live.slice(0, at + 1).map(({ name }) => name),
    ]));
    this.showCell();
    this.showSettings(result);
  }

  isThere([name, i, j], values) {
    const matrix = Object.hasOwn(values, name) && values[name];
    return matrix && i < matrix.length && j < matrix[0].length;
  }

  value(name) {
    const matrix = this.result.values[bare(name)];
    return matrix && isTurned(name) ? transpose(matrix) : matrix;
  }

  label(name) {
    return name === "E" && this.state.loss === "cross-entropy" ? this.given.error : this.given.labels[name];
  }

  showRail({ live }, at) {
    for (const chip of this.chips) {
      const index = live.findIndex(({ name }) => name === chip.dataset.stage);
      chip.classList.toggle("idle", index < 0);
      if (chip.dataset.stage === "P") chip.hidden = index < 0;
      chip.classList.toggle("done", index >= 0 && index < at);
      chip.ariaCurrent = index === at ? "step" : null;
    }
    const { cells } = this.state;
    setText(this.querySelector(".where"), `${at + 1} of ${live.length}`);
    const cellsLeft = cells && this.at() < this.value(this.present.name).flat().length - 1;
    this.querySelector("[data-do=back]").ariaDisabled = String(!at && !(cells && this.at() > 0));
    this.querySelector("[data-do=step]").ariaDisabled = String(at === live.length - 1 && !cellsLeft);
    this.fields.cells.checked = cells;
  }

  /** The section of the present stage; with a loss of its own where the stage depends on it. */
  showStage({ loss }) {
    const { name } = this.present;
    const found = this.sections.filter(({ dataset }) => dataset.stage === name);
    const section = found.find(({ dataset }) => dataset.loss === this.state.loss) ?? found[0];
    if (!section.classList.contains("now")) {
      for (const other of this.sections) other.classList.toggle("now", other === section);
    }
    this.says = section.querySelector(".says");
    this.bench = section.querySelector(".bench");
    const matrix = this.value(name);
    const before = this.state.matrices[name.replace("'", "")];
    const now = {
      zeros: matrix.flat().filter((value) => value === 0).length, size: matrix.flat().length,
      rows: matrix.length, s: matrix.length === 1 ? "" : "s", loss: format(loss), rate: format(this.state.rate),
      changed: before?.flatMap((row, i) => row.filter((value, j) => value !== matrix[i]?.[j])).length,
    };
    for (const part of section.querySelectorAll("[data-live]")) setText(part, now[part.dataset.live]);
    let columns = 0;
    for (const table of this.bench.querySelectorAll("table")) {
      this.fill(table);
      if (!table.closest(".bench-above")) columns += table.rows[0].cells.length;
    }
    this.bench.classList.toggle("tight", columns > MANY_CELLS);
    setStop(this.bench, ".bench-result td");
  }

  /** Every place of the network; where W moves, W' takes its place once it is reached. */
  showNetwork(reached) {
    for (const place of this.network.children) {
      const boxes = [...place.children];
      const nameOf = (box) => box.lastElementChild.dataset.matrix;
      const shown = boxes.findLast((box) => reached.has(nameOf(box))) ?? boxes[0];
      for (const box of boxes) {
        const isThere = this.value(nameOf(box));
        box.hidden = box !== shown;
        box.classList.toggle("idle", !isThere);
        box.classList.toggle("later", Boolean(isThere) && !reached.has(nameOf(box)));
        if (box === shown && isThere) this.fill(box.lastElementChild);
      }
    }
    setStop(this.network, `${SHOWN} td`);
  }

  /** Bring a table up to date: its numbers, and what its figure depends on. */
  fill(table) {
    const { matrix: name } = table.dataset;
    const { matrices, trainable, cells } = this.state;
    const [matrix, box] = [this.value(name), table.parentElement];
    if (table.rows.length !== matrix.length || table.rows[0].cells.length !== matrix[0].length) {
      fitTable(table, matrix.length, matrix[0].length);
      knownCells.delete(table);
    }
    if (!knownCells.has(table)) this.prepare(table);
    const isGiven = name in matrices && !this.isLocked(name);
    table.classList.toggle("given", isGiven);
    table.ariaReadOnly = String(!isGiven);
    const tag = box.querySelector(".matrix-tag:not(.unneeded)");
    if (this.given.free.includes(bare(name))) {
      const trains = trainable.includes(bare(name));
      box.classList.toggle("trainable", trains);
      box.classList.toggle("frozen", !trains);
      setText(tag, trains ? "trainable" : "frozen");
    }
    if (name === "E") setHtml(box.querySelector(".matrix-head > span"), this.label(name));
    const said = plain(this.label(bare(name))) + (isTurned(name) ? " transposed" : "");
    table.ariaLabel = [said, `${matrix.length} × ${matrix[0].length}`, ...(tag ? [tag.textContent] : [])].join(", ");
    const isSigned = box.matches(".delta, .gradient");
    const old = box.matches(".new") && matrices[name.replace("'", "")];
    const isLater = box.matches(".later");
    const upTo = cells && name === this.present.name && this.at() >= 0 ? this.at() : Infinity;
    knownCells.get(table).forEach((row, i) => row.forEach((cell, j) => {
      setText(cell, isLater || i * row.length + j > upTo ? "" : format(matrix[i][j], isSigned));
      const { length } = cell.textContent;
      cell.classList.toggle("wide", length > 4);
      cell.classList.toggle("wider", length > 5);
      cell.classList.toggle("zero", isSigned && matrix[i][j] === 0);
      cell.classList.toggle("changed", Boolean(old) && old[i][j] !== matrix[i][j]);
    }));
  }

  /** Make a table a grid that the arrows walk through. */
  prepare(table) {
    knownCells.set(table, [...table.rows].map((row) => [...row.cells]));
    table.setAttribute("role", "grid");
    for (const cell of table.querySelectorAll("td:not([tabindex])")) cell.tabIndex = -1;
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

  lineOf(name) {
    return this.result.live.find((line) => line.name === name);
  }

  showCell(force = false) {
    const [name, i, j] = this.state.cell;
    const value = this.result.values[name][i][j];
    const line = this.lineOf(name);
    const box = (part) => this.cellBox.querySelector(part);
    const where = `row ${i + 1}, column ${j + 1}`;
    const isGiven = name in this.state.matrices && !this.isLocked(name);
    setHtml(box(".cell-name"), `<b>${this.label(name)}</b> ${where}`);
    setHtml(box(".cell-sum"), line ? this.explain(line, i, j) : this.explainGiven(name, value));
    const sources = line ? [...new Set(partsOf(line).map(bare))].filter((part) => this.lineOf(part)) : [];
    setHtml(box(".cell-more"), sources.map((part) =>
      `<button type="button" class="quiet" data-do="why" data-name="${part}">How ${this.label(part)} came about</button>`).join(""));
    box(".cell-edit").hidden = !isGiven;
    const input = box("input");
    if (force || document.activeElement !== input) input.value = exact(value).replace("−", "-");
    input.setAttribute("aria-label", `${name}, ${where}`);
    this.light(line, i, j);
  }

  explainGiven(name, value) {
    if (this.state.stored && name === this.result.cut) return `${exact(value)}, stored: computed once, not in this step.`;
    if (this.isLocked(name)) return name === "T"
      ? "With cross-entropy the target names a class."
      : "A stored output stands for it.";
    return `${exact(value)}, given. Type another number.`;
  }

  /** What a cell is made of, term by term. */
  explain(line, i, j) {
    const { values, numbers } = this.result;
    if (line.function === "softmax") {
      return `e to the power of the score, divided by the sum of its column: <b>${exact(values[line.name][i][j])}</b>`;
    }
    const parts = line.terms.map(([by, [left, right]], index) => {
      const isPlain = /^−?1$/.test(by);
      const scale = isPlain ? "" : `${factor(numbers[by])} × `;
      const sign = by === "−1" ? (index ? " − " : "−") : index ? " + " : "";
      const before = index ? (by.startsWith("−1") ? " − " : " + ") : "";
      if (!right) {
        const value = this.value(left)[i][j];
        const times = isPlain ? "" : `${index ? by.replace("−", "") : by} × `;
        return {
          said: before + times + this.label(left), value: numbers[by] * value,
          sum: sign + scale + (sign || scale ? factor(value) : exact(value)), isPlain: !sign && !scale,
        };
      }
      const row = this.value(left)[i];
      const column = this.value(right).map((one) => one[j]);
      const text = row.map((value, k) => `${factor(value)} × ${factor(column[k])}`).join(" + ");
      const isLong = scale || (line.terms.length > 1 && row.length > 1);
      return {
        said: `${before}row ${i + 1} of ${this.label(left)} · column ${j + 1} of ${this.label(right)}`,
        sum: sign + (isLong ? `${scale}(${text})` : text),
        value: numbers[by] * row.reduce((total, value, k) => total + value * column[k], 0),
      };
    });
    const join = (key) => parts.map((part) => part[key]).join("");
    const sum = parts.reduce((total, { value }) => total + value, 0);
    const written = parts.length === 1 && parts[0].isPlain ? "" : `${join("sum")} = `;
    let end = `${join("said")}: ${written}<b>${exact(sum + 0)}</b>`;
    if (line.gate) {
      const gate = values[line.gate][i][j];
      end += `. ${this.label(line.gate)} is ${exact(gate)} here, `;
      end += gate > 0 ? "above 0: it gets through." : "not above 0: <b>0</b>";
    }
    if (line.function === "relu") end += sum > 0 ? ", above 0: ReLU keeps it." : ", not above 0: ReLU makes it <b>0</b>";
    return end;
  }

  /** Light the row and the column that meet in the cell, wherever they are drawn. */
  light(line, i, j) {
    const lit = new Set();
    const add = (name, a, b) => {
      lit.add(`${name} ${a} ${b}`);
      lit.add(isTurned(name) ? `${bare(name)} ${b} ${a}` : `${name}ᵀ ${b} ${a}`);
    };
    for (const [, [left, right]] of line?.terms ?? []) {
      if (line.function === "softmax") this.value(left).forEach((_, k) => add(left, k, j));
      else if (!right) add(left, i, j);
      else this.value(left)[i].forEach((_, k) => { add(left, i, k); add(right, k, j); });
    }
    if (line?.gate) add(line.gate, i, j);
    const chosen = this.state.cell.join(" ");
    for (const table of this.tables()) {
      knownCells.get(table).forEach((row, a) => row.forEach((cell, b) => {
        const key = `${table.dataset.matrix} ${a} ${b}`;
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

  /** The tables that are shown, of the bench and of the network. */
  tables(areas = [this.bench, this.network]) {
    return areas.flatMap((area) => [...area.querySelectorAll(SHOWN)]);
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
      for (const table of this.tables()) if (table.dataset.matrix === this.present.name) this.fill(table);
    }
    this.showCell(true);
    this.writeHash();
  }

  focusCell(area = this.lastArea ?? this.bench) {
    const [name, i, j] = this.state.cell;
    for (const table of this.tables([area, this.bench, this.network])) {
      const { matrix } = table.dataset;
      if (bare(matrix) !== name) continue;
      table.rows[isTurned(matrix) ? j : i].cells[isTurned(matrix) ? i : j].focus();
      return;
    }
  }

  /* What a person does */

  clicked(event) {
    const chip = event.target.closest("button[data-stage]");
    if (chip) this.goTo(chip.dataset.stage);
    const cell = event.target.closest("td");
    if (cell?.closest(".bench, .network")) {
      this.lastArea = cell.closest(".bench, .network");
      cell.focus();
    }
  }

  goTo(name) {
    if (!this.lineOf(name)) {
      const [chip] = this.chips.filter(({ dataset }) => dataset.stage === name);
      this.complain(new InputError(chip.dataset.idle), chip);
      return;
    }
    this.change({ stage: name, cell: [name, 0, 0] }, () => this.says.textContent, { remember: false });
  }

  /** One stage on or back; cell by cell, one cell of its result. */
  walk(by) {
    const { name } = this.present;
    const next = this.at() + by;
    const columns = this.value(name)[0].length;
    if (this.state.cells && next >= 0 && next < this.value(name).length * columns) {
      return this.change({ cell: [name, Math.floor(next / columns), next % columns] }, () =>
        this.cellBox.querySelector(".cell-sum").textContent, { remember: false });
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

  togglePlay() {
    if (this.playing) return this.pause();
    if (this.present === this.result.live.at(-1)) this.goTo(this.result.live[0].name);
    const pause = PAUSE[this.fields.speed.value] / (this.state.cells ? 2 : 1);
    return this.play(() => this.walk(1), pause);
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
    const others = this.tables([cell.closest(".bench, .network")]).filter((other) => other !== table).flatMap((other) => knownCells.get(other).flat());
    const all = others.map((other) => [reach(other.getBoundingClientRect()), other]).sort((a, b) => a[0] - b[0]);
    return all.length && all[0][0] < Infinity ? all[0][1] : null;
  }

  act(what) {
    const { count, losses, seed, matrices } = this.state;
    const { free, given, trainable } = this.given;
    const doing = {
      back: () => this.walk(-1),
      step: () => this.walk(1),
      play: () => this.togglePlay(),
      less: () => this.nudge(-1),
      more: () => this.nudge(1),
      why: () => this.tellWhy(document.activeElement.dataset.name),
      again: () => this.change({
        matrices: this.result.moved, count: count + 1, stage: this.result.live[0].name, cell: null,
        losses: [...losses, [this.result.loss, this.result.old]].slice(-FEW_LOSSES),
      }, (now) => `Step ${count + 1} is taken. The loss is ${exact(now.loss)}.`),
      "old-top": () => this.change({ matrices: { ...matrices, [free.at(-1)]: given[free.at(-1)] } },
        (now) => `The old ${free.at(-1)} is back. The old task's loss is ${exact(now.old)}.`),
      "new-numbers": () => this.newNumbers(seed + 1, this.fields.seed),
      "both-zero": () => this.change({
        matrices: { ...matrices, ...mapValues(trainable, (name) => matrices[name].map((row) => row.map(() => 0))) },
      }, "A and B are both 0. Both gradients are 0, so neither ever moves."),
    };
    if (Object.hasOwn(doing, what)) doing[what]();
    else super.act(what);
  }

  /** Go to where a matrix comes about, to the same cell of it or the nearest. */
  tellWhy(name) {
    const [, i, j] = this.state.cell;
    const matrix = this.result.values[name];
    const cell = [name, Math.min(i, matrix.length - 1), Math.min(j, matrix[0].length - 1)];
    this.change({ stage: name, cell }, "", { remember: false });
    this.focusCell(this.bench);
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
    const { set: key, train } = field.dataset;
    if (train) return this.setTraining(train, field);
    if (key === "cells") {
      return this.change({ cells: field.checked, cell: [this.present.name, 0, 0] }, "", { remember: false });
    }
    if (key === "loss") return this.change({ loss: field.value, cell: null }, loss, { where: field });
    if (key === "stored") {
      const done = this.change({ stored: field.checked, cell: null }, loss, { where: field });
      field.checked = this.state.stored;
      return done;
    }
    if (!Object.hasOwn(LIMITS, key)) return true; // the speed
    const value = this.read(field, ...LIMITS[key]);
    if (value === null) return false;
    if (key === "value") return this.setCell(value);
    if (key === "seed") return this.newNumbers(value, field);
    const matrices = key === "rank" ? this.ofRank(value) : this.state.matrices;
    return this.change(key === "rank" ? { matrices, cell: null } : { [key]: value }, loss, { where: field });
  }

  setTraining(name, field) {
    const { trainable } = this.state;
    const names = field.checked ? [...trainable, name].sort() : trainable.filter((one) => one !== name);
    const done = this.change({ trainable: names }, ({ live }) => (names.length
      ? `The backward pass now ends at ${live.findLast((line) => line.name[0] === "δ").name}.`
      : "Nothing trains: no gradient is needed."), { where: field });
    field.checked = this.state.trainable.includes(name);
    if (done && !names.length) this.complain(new InputError("Nothing trains: there is no ΔW."), field);
    return done;
  }

  /** All matrices, A and B of another rank: A gets rows of small whole numbers, B starts at 0. */
  ofRank(rank) {
    const draw = randomNumbers(rank);
    const { given, trainable } = this.given;
    return { ...this.state.matrices, ...mapValues(trainable, (name) => (name[0] === "A"
      ? Array.from({ length: rank }, (_, i) => given[name][i] ?? given[name][0].map(() => draw(-1, 1)))
      : given[name].map(() => Array(rank).fill(0)))) };
  }

  /** Small whole numbers of a seed, drawn again until no Z is 0 and every number stays small. */
  newNumbers(seed, field) {
    const draw = randomNumbers(seed);
    const { given, free, trainable } = this.given;
    const added = free.length ? [] : trainable;
    for (let n = 0; n < TRIES; n++) {
      let H; // so far up; no weight is kept that makes a 0 of it
      const matrices = mapValues(Object.keys(given), (name) => {
        if (added.includes(name) && !given[name].flat().some(Boolean)) return given[name];
        const [low, high] = name === "X" ? [0, 2] : name === "T" ? [0, 3] : [-1, 1];
        for (let k = 0; ; k++) {
          const drawn = given[name].map((row) => row.map(() => draw(low, high)));
          const Z = name[0] === "W" ? multiply(drawn, H) : drawn;
          if (name[0] === "W" && k < WEIGHT_TRIES && Z.flat().includes(0)) continue;
          if (/^[WX]/.test(name)) H = Z.map((row) => row.map((value) => Math.max(value, 0)));
          return drawn;
        }
      });
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
    const texts = { rate, alpha, loss: kind, seed, rank: matrices[this.ranked]?.length };
    for (const [key, value] of Object.entries(texts)) {
      const field = this.fields[key];
      if (field && field !== document.activeElement) field.value = value;
    }
    if (this.fields.stored) this.fields.stored.checked = stored;
    for (const one of this.switches) one.checked = trainable.includes(one.dataset.train);
    const found = [...losses, [result.loss, result.old], [result.lossAfter, result.oldAfter]];
    const [heads, ...lines] = this.lossTable.rows;
    for (const row of [heads, ...lines]) fit(row, found.length + 1);
    found.forEach((pair, k) => {
      setText(heads.cells[k + 1], count - losses.length + k);
      lines.forEach((row, which) => setText(row.cells[k + 1], short(pair[which])));
    });
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
    const { given, free, trainable, old } = this.given;
    const state = { ...this.initial, matrices: { ...this.initial.matrices } };
    const read = {
      stage: (text) => { state.stage = text; },
      cell: (text) => {
        const [name, ...at] = text.split("_");
        state.cell = [name, ...[0, 1].map((k) => readNumber(at[k] ?? "", "cell", { least: 0, whole: true }))];
      },
      train: (text) => { state.trainable = text ? text.split("_") : []; },
      loss: (text) => { state.loss = text; },
      stored: (text) => { state.stored = text === "1"; },
      cells: (text) => { state.cells = text === "1"; },
      losses: (text) => {
        state.losses = readMatrix(text, "losses").slice(-FEW_LOSSES).map(([a, b]) => [a, old ? b ?? 0 : null]);
      },
    };
    for (const key of ["rate", "alpha", "seed", "count"]) {
      read[key] = (text) => { state[key] = readNumber(text, ...LIMITS[key]); };
    }
    for (const [key, text] of Object.entries(parts)) {
      if (Object.hasOwn(given, key)) state.matrices[key] = this.readGiven(text, key);
      else if (Object.hasOwn(read, key)) read[key](text);
    }
    const isFree = state.trainable.every((name) => free.includes(name));
    if (free.length ? !isFree : state.stored || state.trainable.join() !== trainable.join()) {
      throw new InputError("train must name layers that this figure can train.");
    }
    if (![...this.fields.loss.options].some(({ value }) => value === state.loss)) {
      throw new InputError("loss is not one of this figure.");
    }
    if (!this.chips.some(({ dataset }) => dataset.stage === state.stage)) {
      throw new InputError("stage is not one of this figure.");
    }
    if (state.cell && !this.isThere(state.cell, this.compute(state).values)) {
      throw new InputError("cell is not one of this figure.");
    }
    return state;
  }

  /** A given matrix out of a link: of its own shape, but A and B may have another rank. */
  readGiven(text, name) {
    const matrix = readMatrix(text, name);
    const wish = this.given.given[name];
    const shape = [matrix.length, matrix[0].length];
    const free = this.ranked ? { A: 0, B: 1 }[name[0]] : undefined;
    const fits = (size, k) => size === [wish.length, wish[0].length][k] || (k === free && size <= HIGHEST_RANK);
    if (!shape.every(fits) || matrix.some((row) => row.length !== shape[1])) {
      throw new InputError(`${name} must be ${wish.length} × ${wish[0].length}.`);
    }
    return matrix;
  }
}

const mapValues = (names, make) => Object.fromEntries(names.map((name) => [name, make(name)]));
const loss = (now) => `The loss is ${exact(now.loss)}, after the step ${exact(now.lossAfter)}.`;
const short = (value) => exact(Number(value.toPrecision(4)));
const plain = (html) => html.replaceAll(/<[^>]*>/g, "");

function whyNotStored(trainable) {
  if (!trainable.length) return "Nothing trains: there is no step.";
  return `${[...trainable].sort()[0]} trains, and nothing below it is frozen: outputs change with every step.`;
}

/** One cell of an area is where the Tab key stops: the one that was, or the first. */
function setStop(area, first) {
  const stops = [...area.querySelectorAll("td[tabindex='0']")];
  if (stops.some((cell) => cell.matches(`${SHOWN} td`))) return;
  for (const cell of stops) cell.tabIndex = -1;
  area.querySelector(first).tabIndex = 0;
}

const knownCells = new WeakMap(); // of a table that is prepared: its cells, row by row

customElements.define("by-hand-stepper", Stepper);
