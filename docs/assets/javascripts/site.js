/* Colours, search, the lessons read, copying code, the section in view.
   Nothing is stored but on a click. */
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/* A browser may refuse storage: choices then last as long as the page. */
const store = {
  get(key) {
    try { return localStorage.getItem(`by-hand.${key}`); } catch { return null; }
  },
  set(key, value) {
    try {
      if (value) localStorage.setItem(`by-hand.${key}`, value);
      else localStorage.removeItem(`by-hand.${key}`);
    } catch { /* see above */ }
  },
};

/* Colours: no attribute follows the system. */
const schemes = all("[data-scheme]");
const showScheme = () => {
  const chosen = root.dataset.mdColorScheme ?? "";
  for (const button of schemes) button.ariaPressed = String(button.dataset.scheme === chosen);
};
for (const button of schemes) {
  button.addEventListener("click", () => {
    const scheme = button.dataset.scheme;
    if (scheme) root.dataset.mdColorScheme = scheme;
    else delete root.dataset.mdColorScheme;
    store.set("scheme", scheme);
    showScheme();
  });
}
showScheme();

/* Lessons read: a list of addresses below the site's root. */
const readLessons = () => new Set((store.get("read") ?? "").split(" ").filter(Boolean));
const readButton = document.querySelector("[data-read]");
let read = readLessons();
const showRead = () => {
  for (const item of all("[data-lesson]")) {
    const isRead = read.has(item.dataset.lesson);
    item.classList.toggle("is-read", isRead);
    item.querySelector(".lessons__read")?.remove();
    if (isRead) {
      const said = document.createElement("span");
      said.className = "lessons__read";
      said.textContent = "read";
      item.firstElementChild.append(" ", said);
    }
  }
  if (readButton) {
    const isRead = read.has(readButton.dataset.read);
    readButton.classList.toggle("is-read", isRead);
    readButton.textContent = isRead ? "Marked as read: undo" : "Mark as read";
  }
};
readButton?.addEventListener("click", () => {
  read = readLessons();
  const lesson = readButton.dataset.read;
  if (!read.delete(lesson)) read.add(lesson);
  store.set("read", [...read].join(" "));
  showRead();
});
showRead();

/* Search: Material's script, its worker and the index come when someone first asks for them. */
const dialog = document.querySelector(".search");
const searching = dialog.querySelector("[data-md-toggle=search]");
const query = dialog.querySelector(".search__query");
const results = dialog.querySelector(".search__list");
/* Material reads the field at a key's release; words can come in by paste or dictation too. */
const tellQuery = () => query.dispatchEvent(new Event("keyup"));
query.addEventListener("input", tellQuery);
let isLoaded = false;
const openSearch = () => {
  if (!isLoaded) {
    isLoaded = true;
    const { bundle } = JSON.parse(document.getElementById("__config").textContent);
    const script = Object.assign(document.createElement("script"), { src: bundle });
    script.onload = () => setTimeout(tellQuery, 0); /* what was typed while it loaded */
    document.head.append(script);
  }
  document.getElementById("menu").hidePopover?.();
  if (!dialog.open) dialog.showModal();
  query.focus();
  query.select();
};
for (const button of all("[data-search]")) button.addEventListener("click", openSearch);
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openSearch();
  }
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("a, [data-close]")) dialog.close();
});
dialog.addEventListener("close", () => {
  if (searching.checked) searching.click();
});
/* Material ends its search mode on Tab; ours lasts as long as the dialog is open. */
searching.addEventListener("change", () => {
  if (dialog.open && !searching.checked) queueMicrotask(() => dialog.open && searching.click());
});
/* Material takes its results out of the tab order. */
new MutationObserver(() => {
  for (const part of all("[tabindex]", results)) part.removeAttribute("tabindex");
}).observe(results, { childList: true });

/* Copy buttons. Where a page may not copy, the code is selected instead. */
for (const listing of all(".highlight")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy word";
  button.ariaLive = "polite";
  const say = (text, label = text) => {
    button.textContent = text;
    button.ariaLabel = label;
  };
  say("Copy", "Copy the code");
  button.addEventListener("click", async () => {
    const code = listing.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      say("Copied");
    } catch {
      getSelection().selectAllChildren(code);
      say("Can't copy here: selected", "Copying is not allowed here. The code is selected: copy it by hand.");
    }
    setTimeout(say, 4000, "Copy", "Copy the code");
  });
  listing.append(button);
}

/* A box that has nothing to scroll need not be a stop for Tab. */
const labels = new Map(
  all("article [role=region][tabindex]").map((box) => [box, box.getAttribute("aria-label")]));
const watch = new ResizeObserver((entries) => {
  const boxes = entries.map(({ target }) => (labels.has(target) ? target : target.parentElement));
  for (const target of new Set(boxes)) {
    const scrolls = target.scrollWidth > target.clientWidth + 1 ||
      target.scrollHeight > target.clientHeight + 1;
    const attributes = { tabindex: "0", role: "region", "aria-label": labels.get(target) };
    for (const [name, value] of Object.entries(attributes)) {
      if (scrolls) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});
for (const box of labels.keys()) {
  watch.observe(box);
  if (box.firstElementChild) watch.observe(box.firstElementChild); /* grows when fonts arrive */
}

/* The section in view. */
const links = new Map(all(".sections a").map((link) => [link.hash.slice(1), link]));
const headings = all("article h2[id]").filter((heading) => links.has(heading.id));
const showSection = () => {
  const line = innerHeight / 3;
  const above = headings.filter((heading) => heading.getBoundingClientRect().top < line);
  const present = above.at(-1)?.id;
  for (const [id, link] of links) {
    if (id === present) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
if (headings.length) {
  let waits = false;
  addEventListener("scroll", () => {
    if (!waits) requestAnimationFrame(() => { waits = false; showSection(); });
    waits = true;
  }, { passive: true });
  showSection();
}

/* Paper shows all that is shut, but the answers of questions at its end. */
const shut = [];
const answers = document.createElement("section");
addEventListener("beforeprint", () => {
  answers.className = "answers";
  answers.innerHTML = "<h2>Answers</h2>";
  const asked = all("article .by-hand details");
  for (const details of all("article details:not([open])")) {
    if (asked.includes(details)) continue;
    details.open = true;
    shut.push(details);
  }
  for (const [index, details] of asked.entries()) {
    const copy = document.createElement("div");
    copy.append(...[...details.cloneNode(true).children].slice(1));
    for (const named of all("[id]", copy)) named.removeAttribute("id");
    copy.dataset.answer = details.dataset.answer = index + 1;
    answers.append(copy);
  }
  if (asked.length) document.querySelector("article").append(answers);
});
addEventListener("afterprint", () => {
  answers.remove();
  for (const details of shut.splice(0)) details.open = false;
});

/* Figures one can touch: their scripts come when one is near, for a state in the address, for who
   embeds one, or for the keyboard. Until then each keeps the look that Python drew. */
const figures = all(".instrument, by-hand-blocks");
if (figures.length) {
  const { addresses } = document.querySelector("[data-addresses]").dataset;
  const asked = new AbortController();
  const near = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) bring();
  }, { rootMargin: "100%" }); /* a screen away */
  const bring = async () => {
    asked.abort();
    near.disconnect();
    await Promise.allSettled(
      addresses.split(" ").map((address) => import(new URL(address, document.baseURI))));
    root.classList.remove("expects-script");
  };
  if (location.hash.includes("=") || root.classList.contains("embed")) bring();
  else {
    for (const figure of figures) near.observe(figure);
    for (const type of ["keydown", "hashchange"]) addEventListener(type, bring, { signal: asked.signal });
  }
}

/* Only now is there a script: what needs one shows. */
root.classList.replace("no-js", "js");
