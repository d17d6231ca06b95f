/* What a test wants to know of the page that a browser shows, measured in that browser. */
() => {
  const root = document.documentElement;
  const name = (element) => {
    const classes = [...element.classList].map((word) => "." + word).join("");
    const words = (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 30);
    return element.localName + (element.id ? "#" + element.id : "") + classes + ` "${words}"`;
  };
  const box = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return { left, top, right, bottom };
  };
  const isVisible = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 0 && height > 0 &&
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const scrolls = (element, side) => {
    const style = getComputedStyle(element);
    const [how, over] = side === "x"
      ? [style.overflowX, element.scrollWidth - element.clientWidth]
      : [style.overflowY, element.scrollHeight - element.clientHeight];
    return over > 1 && (how === "auto" || how === "scroll");
  };
  const all = [...document.body.querySelectorAll("*")];
  const shown = all.filter(isVisible);

  /* Things that stick out of the page at the right, unless a box of their own scrolls them. */
  const inScroller = (element) => {
    for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== "visible") return true;
    }
    return false;
  };
  const tooWide = shown.filter(
    (element) => element.getBoundingClientRect().right > root.clientWidth + 1 &&
      getComputedStyle(element).position !== "fixed" && !inScroller(element));

  const scrollers = shown
    .filter((element) => scrolls(element, "x") || scrolls(element, "y"))
    .filter((element) => element !== document.body)
    .map((element) => ({
      name: name(element),
      isContent: element.closest("article") !== null,
      takesFocus: element.tabIndex >= 0,
      hasFocusable: [...element.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
        .some(isVisible),
      role: element.getAttribute("role") || element.localName,
      label: element.getAttribute("aria-label") || element.getAttribute("aria-labelledby") || "",
    }));

  /* Text of figures: where it stands and how large it is on the screen. */
  const drawings = shown
    .filter((element) => element.localName === "svg" && !element.parentElement.closest("svg"))
    .map((svg) => ({
      name: name(svg),
      box: box(svg),
      outlines: [...svg.querySelectorAll("rect.outline")].filter(isVisible).map(box),
      texts: [...svg.querySelectorAll("text")].filter(isVisible).map((text) => {
        const { a, b } = text.getScreenCTM();
        const sizes = [text, ...text.querySelectorAll("tspan")]
          .filter((part) => [...part.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
          .map((part) => parseFloat(getComputedStyle(part).fontSize) * Math.hypot(a, b));
        return { words: text.textContent.trim(), box: box(text), size: Math.min(...sizes) };
      }).filter((text) => text.words),
    }))
    .filter((drawing) => drawing.texts.length);

  return {
    title: document.title,
    lang: root.lang,
    description: document.querySelector("meta[name=description]")?.content ?? "",
    canonical: document.querySelector("link[rel=canonical]")?.href ?? "",
    paper: getComputedStyle(document.body).getPropertyValue("--paper").trim(),
    headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(isVisible)
      .map((heading) => ({
        level: Number(heading.localName[1]),
        words: heading.textContent.trim(),
      })),
    repeatedIds: [...document.querySelectorAll("[id]")].map((element) => element.id)
      .filter((id, index, ids) => ids.indexOf(id) !== index),
    overflow: root.scrollWidth - root.clientWidth,
    tooWide: tooWide.map(name),
    scrollers,
    drawings,
    stored: {
      local: { ...localStorage },
      session: { ...sessionStorage },
      cookies: document.cookie,
    },
  };
}
