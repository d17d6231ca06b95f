/* Runs before the page is drawn: a reader's choice of colours, and a figure that stands alone in
   another page, hold from the first frame on. */
document.documentElement.classList.replace("no-js", "js");
/* A figure one can touch waits for its script, unless that can't be loaded, as from a file. */
document.documentElement.classList.add("expects-script");
addEventListener("error", ({ target }) => {
  const isOurs = target === window || target.type === "module";
  if (isOurs) document.documentElement.classList.remove("expects-script");
}, true);
if (/[?&]embed\b/.test(location.search)) document.documentElement.classList.add("embed");
try {
  const scheme = localStorage.getItem("by-hand.scheme");
  if (scheme) document.documentElement.dataset.mdColorScheme = scheme;
} catch {
  // Storage is off: the colours follow the system.
}
