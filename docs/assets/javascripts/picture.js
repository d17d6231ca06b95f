// A part of the page as an SVG picture that looks right by itself: no stylesheet, own font.

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const round = (number) => Math.round(number * 10) / 10;

/** The @font-face rules that a set of families needs, each with its file inside. */
async function fontsFor(families) {
  const rules = [];
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSFontFaceRule)) continue;
      const family = rule.style.getPropertyValue("font-family").replaceAll(/["']/g, "");
      const source = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue("src"))?.[1];
      if (!families.has(family) || !source) continue;
      const file = await (await fetch(new URL(source, sheet.href ?? location.href))).arrayBuffer();
      const data = btoa(Array.from(new Uint8Array(file), (byte) => String.fromCharCode(byte)).join(""));
      const { fontWeight, fontStyle } = rule.style;
      rules.push(`@font-face{font-family:"${family}";font-weight:${fontWeight || 400};` +
        `font-style:${fontStyle || "normal"};src:url(data:font/woff2;base64,${data})}`);
    }
  }
  return rules.join("");
}

const isSeen = (color) => color && color !== "transparent" && !/, 0\)$|\/ 0\)$/.test(color);

function drawBox(element, style, at, hatch) {
  const fill = isSeen(style.backgroundColor) ? style.backgroundColor : "none";
  const width = parseFloat(style.borderTopWidth);
  const hasEdge = width && isSeen(style.borderTopColor) && style.borderTopStyle !== "none";
  const line = parseFloat(style.outlineWidth);
  const hasLine = style.outlineStyle !== "none" && line && isSeen(style.outlineColor);
  if (fill === "none" && !hasEdge && !hasLine) return "";
  const dash = { dashed: ' stroke-dasharray="4 3"', dotted: ' stroke-dasharray="1 2"' };
  const place = `x="${round(at.x)}" y="${round(at.y)}" width="${round(at.width)}" height="${round(at.height)}"`;
  const edge = hasEdge
    ? ` stroke="${style.borderTopColor}" stroke-width="${width}"${dash[style.borderTopStyle] ?? ""}`
    : hasLine ? ` stroke="${style.outlineColor}" stroke-width="${line}"${dash[style.outlineStyle] ?? ""}` : "";
  const box = `<rect ${place} rx="${parseFloat(style.borderTopLeftRadius) || 0}" fill="${fill}"${edge}/>`;
  return element.matches(".frozen > table, p.frozen, .frozen > .room > svg") && hatch
    ? `${box}<rect ${place} fill="url(#hatch)"/>` : box;
}

function drawText(node, style, origin, families) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const lines = [...range.getClientRects()].filter((line) => line.width);
  const words = node.textContent.replaceAll(/\s+/g, " ");
  if (!lines.length || !words.trim()) return "";
  families.add(style.fontFamily.split(",")[0].replaceAll(/["']/g, "").trim());
  const size = parseFloat(style.fontSize);
  const font = `font-family="${style.fontFamily.replaceAll('"', "'")}" font-size="${size}" ` +
    `font-weight="${style.fontWeight}" font-style="${style.fontStyle}" fill="${style.color}"`;
  const pieces = lines.length > 1 ? breakLines(node) : [[words, lines[0]]];
  return pieces.map(([text, at]) =>
    `<text x="${round(at.x - origin.x)}" y="${round(at.y - origin.y + at.height / 2 + size * 0.34)}" ` +
    `textLength="${round(at.width)}" lengthAdjust="spacingAndGlyphs" ${font}>${escape(text.trim())}</text>`).join("");
}

/** The words of a text node line by line, each with its place. */
function breakLines(node) {
  const lines = [];
  const range = document.createRange();
  for (const match of node.textContent.matchAll(/\S+/g)) {
    range.setStart(node, match.index);
    range.setEnd(node, match.index + match[0].length);
    const at = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last && Math.abs(last[1].y - at.y) < at.height / 2) {
      last[0] += ` ${match[0]}`;
      last[1] = new DOMRect(last[1].x, last[1].y, at.right - last[1].x, at.height);
    } else lines.push([match[0], at]);
  }
  return lines;
}

/** The lines of a drawing within, in the colours that the page gives them. */
function drawLines(svg, at) {
  const lines = Array.from(svg.querySelectorAll("path"), (path) => {
    const { fill, stroke, strokeWidth, strokeDasharray } = getComputedStyle(path);
    return `<path d="${path.getAttribute("d")}" fill="${fill}" stroke="${stroke}" stroke-width="${strokeWidth}" ` +
      `stroke-dasharray="${strokeDasharray}" vector-effect="non-scaling-stroke"/>`;
  });
  return `<svg x="${round(at.x)}" y="${round(at.y)}" width="${round(at.width)}" height="${round(at.height)}" ` +
    `viewBox="${svg.getAttribute("viewBox")}" preserveAspectRatio="none">${lines.join("")}</svg>`;
}

/** Draw what an element shows now: boxes, hatch and words, in the colours of the page. */
async function drawSvg(element, title) {
  const origin = element.getBoundingClientRect();
  const families = new Set();
  const ground = getComputedStyle(element).getPropertyValue("--sheet");
  const hatch = getComputedStyle(element).getPropertyValue("--frozen-hatch");
  const drawn = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      drawn.push(drawText(node, getComputedStyle(node.parentElement), origin, families));
    } else if (node.nodeType !== Node.ELEMENT_NODE) return;
    else if (getComputedStyle(node).display === "contents") node.childNodes.forEach(walk);
    else if (node.checkVisibility() && !node.matches("button, input, select, label")) {
      const at = node.getBoundingClientRect();
      const place = new DOMRect(at.x - origin.x, at.y - origin.y, at.width, at.height);
      if (node !== element) drawn.push(drawBox(node, getComputedStyle(node), place, hatch));
      if (node.localName === "svg") drawn.push(drawLines(node, place));
      else node.childNodes.forEach(walk);
    }
  };
  walk(element);
  const fonts = await fontsFor(families);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${round(origin.width)}" height="${round(origin.height)}" ` +
    `viewBox="0 0 ${round(origin.width)} ${round(origin.height)}" role="img"><title>${escape(title)}</title>` +
    `<style>${fonts}</style><defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" ` +
    `patternTransform="rotate(45)"><path d="M0 0V7" stroke="${hatch}" stroke-width="2"/></pattern></defs>` +
    `<rect width="100%" height="100%" fill="${ground}"/>${drawn.join("")}</svg>`;
}

/** Save the board of an instrument as a file. */
export async function savePicture(instrument) {
  const svg = await drawSvg(instrument.querySelector(".board") ?? instrument, document.title);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  link.download = `${instrument.name}.svg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  instrument.announce(`Saved as ${link.download}.`);
}
