// The freeze switchboard: which layers train, whether the frozen outputs are stored, what it costs.

import { InputError, costsOf, partsOf, readLines, steadyBottom } from "./engine.js";
import { Instrument, fillWords, fit, readNumber, setText } from "./instrument.js";

/** figures/kit/numbers.py, format_count. */
const writeCount = (count) => (count >= 1e4 ? count.toLocaleString("en-US") : String(count));
const joinWords = (words) => words.join(", ").replace(/, (?=[^,]*$)/, " and ");
const setSymbols = (text) => text.replaceAll(/([WH])(\d)/g, "<i>$1</i><sub>$2</sub>");

class Switchboard extends Instrument {
  begin() {
    this.state = this.given.state;
    this.lines = readLines(this.given.lines);
    this.addEventListener("change", ({ target }) => this.set(target));
    this.addEventListener("click", (event) => this.clicked(event.target));
  }

  compute({ sizes, train, stored, columns, tasks }) {
    const { most, layers, words } = this.given;
    const isFine = (value) => Number.isInteger(value) && value >= 1 && value <= most;
    if (sizes.length < 2 || sizes.length > layers + 1 || ![...sizes, columns, tasks].every(isFine)) {
      throw new InputError(`Sizes are two to ${layers + 1} whole numbers from 1 to ${most}; examples and tasks too.`);
    }
    const shapes = Object.fromEntries(sizes.slice(1).map((out, i) => [`W${i + 1}`, [out, sizes[i]]]));
    const names = Object.keys(shapes);
    const wrong = train.find((name) => !Object.hasOwn(shapes, name));
    if (wrong !== undefined) throw new InputError(`What trains must be among ${joinWords(names)}.`);
    const lines = this.lines.slice(0, 2 * names.length);
    const bottom = steadyBottom(lines, train);
    const below = bottom.flatMap(partsOf).filter((name) => names.includes(name));
    if (stored && !train.length) throw new InputError(words.no_reader);
    if (stored && !below.length) throw new InputError(words.unstorable);
    const running = stored ? lines.slice(bottom.length) : lines;
    return {
      shapes, below,
      all: costsOf(lines, shapes, names, columns, tasks),
      now: train.length ? costsOf(running, shapes, train, columns, tasks) : null,
    };
  }

  encode(state) {
    const parts = {};
    for (const [key, value] of Object.entries(state)) {
      if (String(value) === String(this.initial[key])) continue;
      parts[key] = Array.isArray(value) ? value.join("_") || "none" : String(Number(value));
    }
    return parts;
  }

  decode(parts) {
    const state = {};
    const whole = (text) => readNumber(text, "Each number", { least: 1, most: this.given.most, whole: true });
    if (parts.sizes) state.sizes = parts.sizes.split("_").map(whole);
    if (parts.train) state.train = parts.train === "none" ? [] : [...new Set(parts.train.split("_"))].sort();
    if (parts.columns) state.columns = whole(parts.columns);
    if (parts.tasks) state.tasks = whole(parts.tasks);
    if (parts.stored) state.stored = parts.stored === "1";
    return state;
  }

  /* What a reader does */

  clicked(target) {
    const network = target.closest("[data-network]")?.dataset.network;
    if (network) {
      const [sizes, columns] = this.given.networks[network];
      this.resize(sizes, { columns });
    }
    const layer = target.closest(".layer");
    if (layer && !target.closest("label")) layer.querySelector("input").click();
  }

  act(what) {
    const { sizes } = this.state;
    if (what === "more" && sizes.length > this.given.layers) {
      this.complain(new InputError(`${this.given.layers} layers are the most that are drawn here.`), this.querySelector("[data-do=more]"));
    } else if (what === "more") this.resize([...sizes, sizes.at(-1)]);
    else if (what === "less" && sizes.length < 3) {
      this.complain(new InputError("One layer is the least."), this.querySelector("[data-do=less]"));
    } else if (what === "less") this.resize(sizes.slice(0, -1));
    else super.act(what);
  }

  /** Other sizes: a layer that is new on top trains, one that is gone doesn't. */
  resize(sizes, more = {}, where = null) {
    const had = this.state.sizes.length - 1;
    const names = sizes.slice(1).map((_, i) => `W${i + 1}`);
    const train = names.filter((name, i) => i >= had || this.state.train.includes(name));
    this.turn({ sizes, train: train.length ? train : names.slice(-1), ...more }, where);
  }

  set(field) {
    const { layer, set } = field.dataset;
    if (layer) {
      const { train } = this.state;
      const next = train.includes(layer) ? train.filter((name) => name !== layer) : [...train, layer].sort();
      this.turn({ train: next });
    } else if (set === "stored") {
      if (!this.turn({ stored: field.checked }, field)) field.checked = this.state.stored;
    } else if (set) {
      const label = field.parentElement.textContent.trim();
      const name = set in this.state ? `The number of ${label}` : `The size of ${label}`;
      const value = this.read(field, name, { least: 1, most: this.given.most, whole: true });
      if (value === null) return;
      if (set in this.state) this.turn({ [set]: value }, field);
      else this.resize(this.state.sizes.with(Number(set.slice(5)), value), {}, field);
    }
  }

  /** Go to a state; where its outputs can no longer be stored, stop storing, and say why. */
  turn(part, where = null) {
    const { stored, train } = this.state;
    const next = part.train ?? train;
    const ends = stored && (!next.length || next.includes("W1"));
    const { words } = this.given;
    const told = ({ now }) => (ends ? words.ends : "") +
      (now ? fillWords(words.trains, { count: writeCount(now.trainable) }) : words.nothing);
    return this.change(ends ? { ...part, stored: false } : part, told, { where });
  }

  /* What a reader sees */

  show({ shapes, below, now, all }) {
    const { sizes, train, stored, columns, tasks } = this.state;
    const [large, small, few, least] = this.given.sides;
    const names = Object.keys(shapes);
    this.draw(names);
    const scale = (names.length > few ? small : large) / Math.max(...sizes);
    names.forEach((name, i) => {
      const layer = this.querySelector(".layers").children[i];
      const [out, into] = shapes[name];
      const trains = train.includes(name);
      const block = layer.querySelector("svg");
      layer.className = `layer ${trains ? "trainable" : "frozen"}`;
      block.setAttribute("width", Math.max(least, into * scale));
      block.setAttribute("height", Math.max(least, out * scale));
      setText(layer.querySelector(".shape"), `${out} × ${into}`);
      layer.querySelector("input").checked = trains;
      setText(layer.querySelector(".turn-on > span"), trains ? "trains" : "frozen");
    });
    this.querySelector(".why").innerHTML = setSymbols(this.explain(names, below, now));
    for (const row of this.querySelectorAll("[data-cost]")) {
      const [most, value] = [all, now].map((costs) => costs?.[row.dataset.cost]);
      setText(row.querySelector(".now"), now ? writeCount(value) : "–");
      setText(row.querySelector(".of"), `of ${writeCount(most)}`);
      setText(row.querySelector(".ratio"), now ? `${(most / value).toFixed(2)}×` : "–");
      row.querySelector("svg").setAttribute("width", `${now ? (100 * value) / most : 0}%`);
    }
    const values = { columns, tasks, ...Object.fromEntries(sizes.map((size, i) => [`size-${i}`, size])) };
    for (const field of this.querySelectorAll("[data-set]")) {
      if (field.type === "checkbox") field.checked = stored;
      else field.value = values[field.dataset.set];
    }
    for (const button of this.querySelectorAll("[data-network]")) {
      const [wish, examples] = this.given.networks[button.dataset.network];
      button.ariaPressed = String(String([...wish, examples]) === String([...sizes, columns]));
    }
    this.querySelector("[data-do=more]").ariaDisabled = String(names.length >= this.given.layers);
    this.querySelector("[data-do=less]").ariaDisabled = String(names.length < 2);
  }

  /** As many layers and fields as there are; those that stay are not touched. */
  draw(names) {
    const layers = this.querySelector(".layers");
    layers.classList.toggle("few", names.length <= this.given.sides[2]);
    fit(layers, names.length, (layer, k) => {
      layer.querySelector("b").innerHTML = setSymbols(`W${k}`);
      layer.querySelector("input").dataset.layer = `W${k}`;
      layer.querySelector("input").ariaLabel = `W${k} trains`;
    });
    fit(this.querySelector("[data-sizes]"), names.length + 1, (field, count) => { // the inputs too
      field.querySelector("sub").textContent = count - 1;
      field.querySelector("input").dataset.set = `size-${count - 1}`;
    });
  }

  /** figures/instruments/switchboard.py, explanation. */
  explain(names, below, now) {
    const { words } = this.given;
    if (!now) return words.nothing;
    const { train, stored } = this.state;
    const above = names.slice(below.length).filter((name) => !train.includes(name));
    let said = words.changing;
    if (below.length) said = words[stored ? "stored" : "storable"] + (above.length ? words.in_the_way : "");
    return fillWords(said, {
      below: joinWords(below), top: `H${below.length}`, count: writeCount(now.stored_outputs),
      above: joinWords(above), first: names[below.length],
    });
  }
}

customElements.define("by-hand-switchboard", Switchboard);
