// Computed values in prose: hover, focus or tap shows the expression and leads to its block.
// Without this script a value is plain text.

const GAP = 6; // pixels between a value and its box

let box = null;
let shownFor = null;
let hiding = 0;

function makeBox() {
  box = document.createElement("div");
  box.className = "value-source";
  box.id = "value-source";
  box.hidden = true;
  box.addEventListener("pointerenter", () => clearTimeout(hiding));
  box.addEventListener("pointerleave", hideSoon);
  document.body.append(box);
}

function fill(value) {
  const code = document.createElement("code");
  code.textContent = value.dataset.expression;
  box.replaceChildren(code);
  const block = document.getElementById(value.dataset.block ?? "");
  if (!block?.checkVisibility()) return;
  const link = document.createElement("a");
  link.href = `#${block.id}`;
  link.textContent = `computed in block ${block.id.replace("block-", "")}`;
  link.addEventListener("click", () => {
    hide();
    block.querySelector("pre")?.focus({ preventScroll: true });
  });
  box.append(link);
}

function place(value) {
  const at = value.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth - size.width - GAP;
  const below = at.bottom + GAP + size.height < window.innerHeight || at.top < size.height + GAP;
  box.style.left = `${Math.max(GAP, Math.min(at.left, room))}px`;
  box.style.top = `${below ? at.bottom + GAP : at.top - GAP - size.height}px`;
}

function show(value) {
  clearTimeout(hiding);
  if (shownFor === value) return;
  hide();
  shownFor = value;
  fill(value);
  box.hidden = false;
  (value.closest("math") ?? value).after(box); // so that Tab goes from the value to its link
  place(value);
  value.setAttribute("aria-expanded", "true");
}

function hide() {
  clearTimeout(hiding);
  shownFor?.setAttribute("aria-expanded", "false");
  shownFor = null;
  if (box) box.hidden = true;
}

function hideSoon() {
  clearTimeout(hiding);
  hiding = setTimeout(hide, 250);
}

function enhance(value) {
  value.tabIndex = 0;
  value.setAttribute("role", "button");
  value.setAttribute("aria-expanded", "false");
  value.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(value));
  value.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
  value.addEventListener("focus", () => show(value));
  value.addEventListener("click", () => show(value));
  value.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const wasShown = shownFor === value;
    if (wasShown) hide();
    else show(value);
  });
}

function start() {
  if (!box) {
    makeBox();
    document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    document.addEventListener("scroll", () => shownFor && place(shownFor), { passive: true });
    document.addEventListener("pointerdown", (event) => {
      if (shownFor && !box.contains(event.target) && !shownFor.contains(event.target)) hide();
    });
    document.addEventListener("focusin", (event) => {
      if (shownFor && !box.contains(event.target) && event.target !== shownFor) hide();
    });
  }
  const values = document.querySelectorAll(".value[data-expression]:not([tabindex])");
  for (const value of values) if (!value.closest("a, button, summary")) enhance(value);
}

start();
