/* Runs before the page is drawn: a reader's choice of colours holds from the first frame on. */
document.documentElement.classList.replace("no-js", "js");
try {
  const scheme = localStorage.getItem("by-hand.scheme");
  if (scheme) document.documentElement.dataset.mdColorScheme = scheme;
} catch {
  // Storage is off: the colours follow the system.
}
