"""How soon the words of a page stand on the screen, against a bare page of the same HTML.

python -m benchmarks.first_words
"""

import re
import statistics
import sys
from pathlib import Path

from benchmarks.visits import site_and_browser
from tests.browser import support

PAGES = (support.LESSON, support.HOME)
VIEWPORTS = ((1280, 900), (360, 740))
ROUNDS = 5
SLOW_4G = {  # Lighthouse's: 1.6 Mbit/s down, 0.75 Mbit/s up, 150 ms there and back
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_638_400 / 8,
    "uploadThroughput": 768_000 / 8,
}
SLOWER = 4
DRESS = re.compile(
    r'<link rel="(?:stylesheet|preload|modulepreload|icon)"[^>]*>|<style\b.*?</style>'
    r"|<script\b(?![^>]*application/json).*?</script>",
    re.S,
)
WATCH = """
  window.seen = { paint: 0, shift: 0, words: "" };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      seen.paint = entry.startTime;
      seen.words = entry.element?.textContent.trim().slice(0, 40);
    }
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
"""


def bare(html):
    """Return a page without its scripts, stylesheets, fonts and icon."""
    return DRESS.sub("", html)


def visit(browser, url, viewport):
    """Return (ms to the largest paint, its words, layout shift, ms of main thread) of a visit."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), viewport, strict=True)))
    page = context.new_page()
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    session.send("Performance.enable")
    page.goto(url)
    page.wait_for_load_state("networkidle")
    support.wait_until_ready(page)
    metrics = session.send("Performance.getMetrics")["metrics"]
    busy = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
    seen = page.evaluate("seen")
    context.close()
    return seen["paint"], seen["words"], seen["shift"], busy * 1000


def compare(browser, site, path, viewport):
    """Print a row: medians of the page and of the bare one, visited in turn, and their ratios."""
    file = site.folder / path / "index.html"
    undressed = Path(path) / "bare.html"
    (site.folder / undressed).write_text(bare(file.read_text("utf-8")), "utf-8")
    rounds = [
        [visit(browser, site.url + address, viewport) for address in (path, str(undressed))]
        for _ in range(ROUNDS)
    ]
    ours, plain = ([one[which] for one in rounds] for which in (0, 1))
    paint, plain_paint = (statistics.median(v[0] for v in visits) for visits in (ours, plain))
    busy, plain_busy = (statistics.median(v[3] for v in visits) for visits in (ours, plain))
    shift = max(v[2] for v in ours)
    print(
        f"{path or '/':<36} {viewport[0]:>5} {paint:>6.0f} {plain_paint:>6.0f} "
        f"{paint / plain_paint:>6.2f} {busy:>7.0f} {plain_busy:>6.0f} {busy / plain_busy:>6.2f} "
        f"{shift:>7.4f}  {ours[-1][1]!r} / {plain[-1][1]!r}",
        flush=True,
    )


def main():
    """Build the site and print the table."""
    print(f"Slow 4G (1.6 Mbit/s, 150 ms), processor {SLOWER}× slower; medians of {ROUNDS}, in ms")
    print(
        f"{'page':<36} {'width':>5} {'paint':>6} {'bare':>6} {'ratio':>6} "
        f"{'thread':>7} {'bare':>6} {'ratio':>6} {'shift':>7}  largest words, ours / bare"
    )
    with site_and_browser() as (site, browser):
        for path in PAGES:
            for viewport in VIEWPORTS:
                compare(browser, site, path, viewport)
    return 0


if __name__ == "__main__":
    sys.exit(main())
