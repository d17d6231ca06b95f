/* Stands in the page and runs before it is drawn: a reader's choice of colours, and a figure that
   stands alone in another page, hold from the first frame on. */
{
  const root = document.documentElement;
  /* What needs a script keeps its room until site.js has brought it or, as from a file, failed. */
  root.classList.add("expects-script");
  addEventListener("load", () => {
    if (root.classList.contains("no-js")) root.classList.remove("expects-script");
  });
  if (/[?&]embed\b/.test(location.search)) root.classList.add("embed");
  try {
    const scheme = localStorage.getItem("by-hand.scheme");
    if (scheme) root.dataset.mdColorScheme = scheme;
  } catch {
    // Storage is off: the colours follow the system.
  }
}
