// Blocks of a full-size figure: hover, focus or tap one for its shape, state and top left corner.
// The drawing stays one image; over each block lies a button, in whichever arrangement is shown.

const BLOCK_AIR = 8; // pixels between a block, its box and the edge of the window
const LEAVING = 250; // milliseconds in which a pointer may go from a block to its box
const SIDES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, most) => Math.max(BLOCK_AIR, Math.min(value, most));

/** A symbol of a drawing as HTML; svg_text in figures/kit/symbols.py sets them. */
const symbolHtml = (symbol) => [...symbol.childNodes].map((part) => {
  const tag = { up: "span", sub: "sub" }[part.className?.baseVal] ?? "i";
  return `<${tag}>${part.textContent}</${tag}>`;
}).join("");

class FigureBlocks extends HTMLElement {
  connectedCallback() {
    if (!this.spots) this.begin();
    this.stop = new AbortController();
    const on = (type, act) =>
      document.addEventListener(type, act, { signal: this.stop.signal, capture: true });
    on("scroll", () => this.place());
    on("keydown", (event) => event.key === "Escape" && this.hide());
    on("pointerdown", (event) => this.spots.contains(event.target) || this.hide());
    this.watcher = new ResizeObserver(() => this.lay());
    this.watcher.observe(this);
  }

  disconnectedCallback() {
    this.stop.abort();
    this.watcher.disconnect();
  }

  begin() {
    this.told = JSON.parse(this.querySelector("script").textContent);
    this.insertAdjacentHTML("beforeend", '<div class="spots" role="group" ' +
      'aria-label="Blocks of this figure, by arrows"></div><div class="block-box" hidden></div>');
    [this.spots, this.box] = [...this.children].slice(-2);
    const on = (type, act) => this.spots.addEventListener(type, act);
    for (const type of ["pointermove", "focusin", "click"]) {
      on(type, ({ target, pointerType }) => {
        if (type !== "pointermove" || pointerType !== "touch") {
          this.show(target.closest(".spot") ?? this.shown);
        }
      });
    }
    on("pointerout", () => this.leave(LEAVING));
    on("focusout", () => this.leave(0));
    on("keydown", (event) => this.press(event));
  }

  /** Put a button over each block of the arrangement that is shown. */
  lay() {
    const svg = [...this.querySelectorAll(".sheet > svg:not(.store)")]
      .find((drawing) => drawing.checkVisibility());
    if (!svg) return; // not shown, as beside an embedded figure
    if (svg !== this.svg) {
      this.hide();
      this.svg = svg;
      this.all = [...svg.querySelectorAll("use")].map((use) => this.spot(use));
      this.spots.replaceChildren(...this.all);
      this.all[0].tabIndex = 0;
    }
    const origin = this.getBoundingClientRect();
    for (const spot of this.all) {
      const { x, y, width, height } = spot.outline.getBoundingClientRect();
      spot.style.left = `${x - origin.x + width / 2}px`;
      spot.style.top = `${y - origin.y + height / 2}px`;
      spot.style.width = `${width}px`;
      spot.style.height = `${height}px`;
    }
    this.place();
  }

  spot(use) {
    const block = use.closest("[class]");
    const kind = block.getAttribute("class");
    const symbol = block.querySelector(".symbol");
    const [rows, columns, count, corner] = this.told.blocks[use.getAttribute("href").slice(1)];
    const state = this.told.states[kind];
    const size = `${rows} × ${columns}, ${count}`;
    const lines = corner.split(";").map((line) => line.split(" "));
    const [down, across] = [lines.length, lines[0].length];
    const spot = document.createElement("button");
    spot.className = "spot";
    spot.tabIndex = -1;
    spot.ariaLabel = `${symbol.textContent}: ${size}; ${state}`;
    spot.ariaExpanded = "false";
    spot.style.setProperty("--down", down / rows);
    spot.style.setProperty("--across", across / columns);
    spot.outline = block.querySelector(".outline");
    spot.told = `<p><b>${symbolHtml(symbol)}</b> ${size}<br>${state}</p><table class="${kind}">` +
      `<caption>rows 1–${down}, columns 1–${across}</caption><tr><td>` +
      `${lines.map((line) => line.join("<td>")).join("<tr><td>")}</table>`;
    return spot;
  }

  show(spot) {
    clearTimeout(this.leaving);
    if (this.shown === spot) return;
    this.hide();
    this.shown = spot;
    for (const other of this.all) other.tabIndex = other === spot ? 0 : -1;
    spot.ariaExpanded = "true";
    spot.after(this.box); // read right after its button
    this.box.innerHTML = spot.told;
    this.box.hidden = false;
    this.place();
  }

  /** Beside the block, if there is room, else below or above it. */
  place() {
    if (!this.shown) return;
    const at = this.shown.getBoundingClientRect();
    const { width, height } = this.box.getBoundingClientRect();
    const right = document.documentElement.clientWidth - width - BLOCK_AIR;
    const bottom = innerHeight - height - BLOCK_AIR;
    const [x, y] = [within(at.x, right), within(at.y, bottom)];
    const places = [
      [at.right + BLOCK_AIR, y],
      [at.x - width - BLOCK_AIR, y],
      [x, at.bottom + BLOCK_AIR],
      [x, at.y - height - BLOCK_AIR],
    ];
    const [left, top] = places.find(([a, b]) => within(a, right) === a && within(b, bottom) === b) ??
      places[2];
    this.box.style.left = `${left}px`;
    this.box.style.top = `${top}px`;
  }

  hide() {
    clearTimeout(this.leaving);
    if (!this.shown) return;
    this.shown.ariaExpanded = "false";
    this.shown = null;
    this.box.hidden = true;
  }

  /** A pointer or the focus has left; what has the focus stays open. */
  leave(pause) {
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => {
      const focused = this.spots.querySelector(":focus");
      if (focused) this.show(focused);
      else this.hide();
    }, pause);
  }

  press(event) {
    const { target, key } = event;
    let to = { Home: this.all[0], End: this.all.at(-1) }[key];
    const [dx, dy] = SIDES[key] ?? [0, 0];
    let nearest = Infinity;
    for (const spot of this.all) {
      const [right, down] = [spot.offsetLeft - target.offsetLeft, spot.offsetTop - target.offsetTop];
      const along = right * dx + down * dy;
      const far = along + 2 * Math.abs(right * dy + down * dx);
      if (along > 1 && far < nearest) [nearest, to] = [far, spot];
    }
    if (to || dx || dy) event.preventDefault();
    to?.focus();
  }
}

customElements.define("by-hand-blocks", FigureBlocks);
