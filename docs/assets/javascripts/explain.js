// Hover, focus or tap explains: of a computed value the expression and its block, of a term what
// it means. Without this script a value is plain text, and a term a link to the glossary. The values
// of a matrix stand too close for fingers; one button beside it explains them all.

const GAP = 6; // pixels between a word and its box

let box = null;
let shownFor = null;
let hiding = 0;
let isTouch = false;
const valuesOf = new Map(); // a formula's button -> the values in it

function makeBox() {
  box = document.createElement("div");
  box.className = "explanation";
  box.hidden = true;
  box.addEventListener("pointerenter", () => clearTimeout(hiding));
  box.addEventListener("pointerleave", hideSoon);
  document.body.append(box);
}

function addLink(href, text) {
  const link = document.createElement("a");
  link.href = href;
  link.textContent = text;
  box.append(link);
  return link;
}

function fillForTerm(term) {
  box.replaceChildren(`${term.ariaDescription} `);
  addLink(term.href, "Glossary");
}

function addExpression(value) {
  const code = document.createElement("code");
  code.textContent = value.dataset.expression;
  box.append(code);
}

function addBlockLink(id) {
  const block = document.getElementById(id ?? "");
  if (!block?.checkVisibility()) return;
  const number = block.id.replace("block-", "");
  addLink(`#${block.id}`, `computed in block ${number}`).addEventListener("click", () => {
    hide();
    block.querySelector("pre")?.focus({ preventScroll: true });
  });
}

function fillForValues(values) {
  box.replaceChildren();
  const unlike = new Map(values.map((value) => [value.dataset.expression, value]));
  for (const value of unlike.values()) addExpression(value);
  for (const id of new Set(values.map((value) => value.dataset.block))) addBlockLink(id);
}

function place(word) {
  const at = word.getBoundingClientRect();
  const end = [...word.getClientRects()].at(-1); // a term can go on in the next line
  const size = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth - size.width - GAP;
  const below = at.bottom + GAP + size.height < innerHeight || at.top < size.height + GAP;
  box.style.left = `${Math.max(GAP, Math.min(end.left, room))}px`;
  box.style.top = `${below ? at.bottom + GAP : at.top - GAP - size.height}px`;
}

function show(word) {
  clearTimeout(hiding);
  if (shownFor === word) return;
  hide();
  shownFor = word;
  if (word.href) fillForTerm(word);
  else fillForValues(valuesOf.get(word) ?? [word]);
  box.hidden = false;
  (word.closest("math") ?? word).after(box); // so that Tab goes from the word to its link
  place(word);
  if (word.ariaExpanded) word.ariaExpanded = "true";
}

function hide() {
  clearTimeout(hiding);
  if (shownFor?.ariaExpanded) shownFor.ariaExpanded = "false";
  shownFor = null;
  if (box) box.hidden = true;
}

function hideSoon() {
  clearTimeout(hiding);
  hiding = setTimeout(hide, 250);
}

function enhance(word) {
  word.ariaExpanded = "false";
  word.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(word));
  word.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
  word.addEventListener("focus", () => show(word));
}

function enhanceTerm(term) {
  term.ariaDescription = term.title;
  term.removeAttribute("title");
  enhance(term);
  term.addEventListener("click", (event) => { // a tap explains; the box has the link
    if (!isTouch || !event.detail) return;
    event.preventDefault();
    show(term);
  });
}

function enhanceValue(value) {
  value.tabIndex = 0;
  value.role = "button";
  enhance(value);
  value.addEventListener("click", () => show(value));
  value.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    if (shownFor === value) hide();
    else show(value);
  });
}

function enhanceFormula(formula, values) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "word";
  button.textContent = "Where from";
  button.ariaLabel = "Where the numbers of this formula come from";
  valuesOf.set(button, values);
  enhance(button);
  button.addEventListener("click", () => show(button));
  const line = document.createElement("div");
  line.className = "sources";
  line.append(button);
  (formula.closest(".formula-scroll") ?? formula).after(line);
  for (const value of values) {
    value.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && show(value));
    value.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideSoon());
  }
}

makeBox();
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !shownFor) return;
  if (box.contains(document.activeElement)) shownFor.focus();
  hide();
});
document.addEventListener("scroll", () => shownFor && place(shownFor), { passive: true });
document.addEventListener("pointerdown", (event) => {
  isTouch = event.pointerType === "touch";
  if (shownFor && !box.contains(event.target) && !shownFor.contains(event.target)) hide();
}, { capture: true });
document.addEventListener("focusin", (event) => {
  if (shownFor && !box.contains(event.target) && event.target !== shownFor) hide();
});
for (const term of document.querySelectorAll("a.term[title]")) enhanceTerm(term);
for (const formula of document.querySelectorAll('math[display="block"]')) {
  const values = [...formula.querySelectorAll(".value")];
  if (values.length > 1) enhanceFormula(formula, values);
}
const explained = new Set([...valuesOf.values()].flat());
for (const value of document.querySelectorAll(".value[data-expression]")) {
  if (!explained.has(value) && !value.closest("a, button, summary")) enhanceValue(value);
}
