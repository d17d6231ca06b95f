// What every figure one can touch shares: one state, undo and redo, the address, sharing.

import { InputError } from "./engine.js";

const MINUS = "−";
const DIGITS = 2;
const LONGEST_HASH = 20000;
const shownHtml = new WeakMap();

/** Write a number as figures/kit/numbers.py does, never longer than about six characters. */
export function format(value, signed = false) {
  const size = Math.abs(value);
  // .125 and .625 go to the even digit, as in Python; JavaScript alone would round them up.
  let text = ((size * 8) % 4 === 1 ? size - 0.001 : size).toFixed(DIGITS);
  if (Number(text) === size) text = String(Number(text));
  if (size >= 1e4 || (size > 0 && size < 0.005)) {
    text = size.toExponential(0).replace("e+", "e").replace("-", MINUS);
  }
  if (value < 0) return MINUS + text;
  return signed && value > 0 ? `+${text}` : text;
}

/** Write a number with all the digits that a person may need to check it. */
export function exact(value) {
  return String(Number(value.toPrecision(10))).replaceAll("-", MINUS);
}

/** The same as a factor of a product: a negative one stands in brackets. */
export function factor(value) {
  return value < 0 ? `(${exact(value)})` : exact(value);
}

/** Read what a person typed: 1, -0.5, −½ with a real minus, 1/4. Throws InputError. */
export function readNumber(text, name, { least = -Infinity, most = Infinity, whole = false } = {}) {
  const plain = text.trim().replaceAll(MINUS, "-").replace(",", ".");
  const [, top, bottom] = /^(-?\d+)\/(\d+)$/.exec(plain) ?? [];
  const value = top ? Number(top) / Number(bottom) : Number(plain);
  if (!plain) throw new InputError(`${name} is empty. Type a number.`);
  if (!Number.isFinite(value)) throw new InputError(`${name} must be a number such as 0.5.`);
  if (whole && !Number.isInteger(value)) throw new InputError(`${name} must be a whole number.`);
  if (value < least || value > most) {
    const wish = most === Infinity ? `${exact(least)} or more` : `from ${exact(least)} to ${exact(most)}`;
    throw new InputError(`${name} must be ${wish}.`);
  }
  return value;
}

/** Small whole numbers that a seed decides: mulberry32. Returns a function of (low, high). */
export function randomNumbers(seed) {
  let a = seed >>> 0;
  return (low, high) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return low + Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * (high - low + 1));
  };
}

/** Make a part have so many children: the last one is cloned, or goes. `renew` makes a clone new. */
export function fit(part, count, renew = () => {}) {
  while (part.children.length > count) part.lastElementChild.remove();
  while (part.children.length < count) {
    part.append(part.lastElementChild.cloneNode(true));
    renew(part.lastElementChild, part.children.length);
  }
}

/** Make a table of numbers have so many rows and columns; a new cell is a plain one. */
export function fitTable(table, rows, columns) {
  const [body] = table.tBodies;
  fit(body, rows);
  for (const row of body.rows) fit(row, columns, (cell) => { cell.className = ""; });
}

/** Set what an element says, if that is new: laying out takes longest. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Replace markup only if it differs, so that focus and selection stay. */
export function setHtml(element, html) {
  if (shownHtml.get(element) === html) return;
  element.innerHTML = html;
  shownHtml.set(element, html);
}

/** {key} in a text gives way to parts[key]. */
export const fillWords = (text, parts) => text.replaceAll(/\{(\w+)\}/g, (_, key) => parts[key]);

/** The part of the address that belongs to one figure: "step.rate=1&other.x=2" for "step"; null if too long. */
function readHash(name) {
  const found = {};
  if (!location.hash.includes("=")) return found;
  if (location.hash.length > LONGEST_HASH) return location.hash.includes(`${name}.`) ? null : found;
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (key.startsWith(`${name}.`)) found[key.slice(name.length + 1)] = value;
  }
  return found;
}

function hashWith(name, parts) {
  const old = location.hash.includes("=") ? location.hash.slice(1) : "";
  const kept = [...new URLSearchParams(old)].filter(([key]) => !key.startsWith(`${name}.`));
  const mine = Object.entries(parts).map(([key, value]) => [`${name}.${key}`, value]);
  return new URLSearchParams([...kept, ...mine]).toString();
}

/**
 * The base of a figure one can touch. A subclass gives
 *   begin()          once, when the figure is there
 *   compute(state)   all that follows from a state; throws InputError where it can't be
 *   show(result)     bring what is on the page up to date
 *   encode(state)    {key: text} of what differs from the start
 *   decode(parts)    the state out of such; throws InputError
 * States are plain objects and are never changed, only replaced.
 */
export class Instrument extends HTMLElement {
  connectedCallback() {
    if (this.given) { // put elsewhere on the page
      addEventListener("hashchange", this.openHash);
      return;
    }
    this.given = JSON.parse(this.querySelector("script[type='application/json']").textContent);
    this.name = this.given.name;
    this.past = [];
    this.future = [];
    this.begin();
    this.initial = this.state;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button && this.contains(button)) this.act(button.dataset.do);
    });
    this.openHash = () => this.fromHash();
    addEventListener("hashchange", this.openHash);
    const isAlone = new URLSearchParams(location.search).has("embed");
    if (isAlone) this.showAlone();
    const isLinked = this.fromHash(true);
    this.classList.add("live");
    if (isLinked && !isAlone) this.scrollIntoView();
  }

  disconnectedCallback() {
    removeEventListener("hashchange", this.openHash);
    this.pause();
  }

  /** Go to another state, if it can be computed. Returns whether it could. */
  change(part, said = "", { remember = true, where = null } = {}) {
    const state = { ...this.state, ...part };
    let result;
    try {
      result = this.compute(state);
    } catch (error) {
      this.complain(error, where);
      return false;
    }
    this.complain(null);
    if (remember) {
      this.past.push(this.state);
      if (this.past.length > 500) this.past.shift();
      this.future = [];
    }
    this.state = state;
    this.result = result;
    this.show(result);
    this.showHistory();
    this.writeHash();
    if (said) this.announce(typeof said === "function" ? said(result) : said);
    return true;
  }

  /** Say calmly what is wrong beside what was typed; the last good state stays. */
  complain(error, where = null) {
    if (error && !(error instanceof InputError)) throw error;
    for (const field of this.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const message of this.querySelectorAll(".message")) message.textContent = "";
    if (!error) return;
    const near = where?.closest("fieldset, [data-near]") ?? this;
    near.querySelector(".message").textContent = error.message;
    if (where?.matches("input, select")) where.setAttribute("aria-invalid", "true");
  }

  /** The number that a field holds; null, and said beside it what is wrong, if it can't be taken. */
  read(field, name, limits) {
    try {
      return readNumber(field.value, name, limits);
    } catch (error) {
      this.complain(error, field);
      return null;
    }
  }

  /** Go on by itself: as long as `step` returns true, or until it is paused. */
  play(step, milliseconds) {
    this.playing = setInterval(() => step() || this.pause(), milliseconds);
    this.querySelector("[data-do=play]").textContent = "Pause";
  }

  pause() {
    clearInterval(this.playing);
    this.playing = 0;
    const button = this.querySelector("[data-do=play]");
    if (button) button.textContent = "Play";
  }

  announce(text) {
    const status = this.querySelector(".status");
    if (status) status.textContent = text;
  }

  act(what) {
    if (what === "undo") this.travel(this.past, this.future, "Undone.");
    if (what === "redo") this.travel(this.future, this.past, "Done again.");
    if (what === "reset") this.change(this.initial, "As it was at the start.");
    if (what === "link") this.copy(this.link(), "The link is copied. It opens this very state.");
    if (what === "embed") this.copy(this.embedCode(), "The code to embed this figure is copied.");
    if (what === "picture") import("./picture.js").then(({ savePicture }) => savePicture(this)); // few do
  }

  travel(from, to, said) {
    if (!from.length) return;
    const now = this.state;
    const target = from.pop();
    if (this.change(target, said, { remember: false })) to.push(now);
    this.showHistory();
  }

  showHistory() {
    for (const [what, list] of [["undo", this.past], ["redo", this.future]]) {
      const button = this.querySelector(`[data-do=${what}]`);
      if (button) button.ariaDisabled = String(!list.length);
    }
  }

  /* The address */

  /** Show the state that the address holds. Returns whether it holds any. */
  fromHash(isFirst = false) {
    const parts = readHash(this.name);
    const hasParts = !parts || Object.keys(parts).length > 0;
    if (!hasParts && !isFirst) return false;
    let state = this.initial;
    let problem = null;
    try {
      if (!parts) throw new InputError("it is too long.");
      if (hasParts) state = { ...this.initial, ...this.decode(parts) };
      this.result = this.compute(state);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problem = new InputError(`The link holds a state that can't be shown: ${error.message}`);
      state = this.initial;
      this.result = this.compute(state);
    }
    if (!isFirst && JSON.stringify(state) !== JSON.stringify(this.state)) this.past.push(this.state);
    this.state = state;
    this.show(this.result);
    this.showHistory();
    this.complain(problem);
    return hasParts;
  }

  /** Bring the address up to date, once the change is on the screen. */
  writeHash() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => this.writeHashNow(), 30);
  }

  writeHashNow() {
    const hash = hashWith(this.name, this.encode(this.state));
    try { // whole: a path of its own could begin with "//", and name another host
      history.replaceState(history.state, "", location.href.replace(/#.*/, "") + (hash && `#${hash}`));
    } catch { /* a browser may refuse more than 100 in a while; the link button still works */ }
  }

  link(embed = false) {
    const hash = new URLSearchParams(
      Object.entries(this.encode(this.state)).map(([key, value]) => [`${this.name}.${key}`, value]));
    const address = new URL(location.href);
    address.search = embed ? `?embed=${this.name}` : "";
    address.hash = String(hash) || this.name;
    return address.href;
  }

  embedCode() {
    const title = (this.getAttribute("aria-label") ?? document.title).replaceAll('"', "&quot;");
    const address = this.link(true).replaceAll("&", "&amp;");
    const height = Math.ceil(this.getBoundingClientRect().height) + 40;
    return `<iframe src="${address}" title="${title}" width="800" height="${height}" ` +
      'loading="lazy" style="border:0;max-width:100%"></iframe>';
  }

  /** `?embed` shows the first figure alone, `?embed=name` that one. */
  showAlone() {
    const wish = new URLSearchParams(location.search).get("embed");
    const first = document.querySelector(".instrument");
    if (wish ? wish !== this.name : first !== this) return;
    document.documentElement.classList.add("embed", "alone");
    for (let part = this; part && part !== document.body; part = part.parentElement) {
      part.classList.add("embedded");
    }
  }

  async copy(text, said) {
    const field = this.querySelector(".copied");
    try {
      await navigator.clipboard.writeText(text);
      this.announce(said);
      if (field) field.hidden = true;
    } catch {
      if (!field) return;
      field.hidden = false;
      field.value = text;
      field.focus();
      field.select();
      this.announce("Copying is not allowed here. The text is selected: copy it by hand.");
    }
  }
}
