"""How soon the stepper shows a change, on a slowed processor, and what its scripts weigh.

python -m benchmarks.instruments
"""

import statistics
import sys

from benchmarks.visits import site_and_browser
from tests.browser import support

LESSONS = [f"{support.SERIES}{name}/" for name in ("freezing-layers", "full-fine-tuning", "lora")]
ROUNDS = 30
SLOWER = 4
CHANGES = {
    "edit a cell": """(stepper, round) => {
      stepper.querySelector('.network [data-matrix="X"] td').focus();
      const field = stepper.querySelector("[data-set=value]");
      field.value = String(round % 3);
      return () => field.dispatchEvent(new Event("change", { bubbles: true }));
    }""",
    "toggle W2": """(stepper) => {
      const box = stepper.querySelector("[data-train=W2]");
      return box && (() => box.click());
    }""",
    "one step": """(stepper) => {
      if (stepper.present === stepper.result.live.at(-1)) stepper.goTo(stepper.result.live[0].name);
      const button = stepper.querySelector("[data-do=step]");
      return () => button.click();
    }""",
}
# [milliseconds of script, of script, style and layout, until the next frame is painted] a round.
MEASURE = """async (rounds) => {
  const stepper = document.getElementById("step");
  stepper.scrollIntoView();
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  }));
  const prepare = %s;
  const times = [];
  for (let round = 1; round <= rounds; round++) {
    const change = prepare(stepper, round);
    if (!change) return times;
    await painted();
    await new Promise((done) => setTimeout(done, 5 + (round * 7) %% 16)); // anywhere in a frame
    const start = performance.now();
    change();
    const script = performance.now();
    stepper.getBoundingClientRect();
    const layout = performance.now();
    await painted();
    times.push([script - start, layout - start, performance.now() - start]);
  }
  return times;
}"""


def measure(page):
    """Yield (what was changed, rows of times) at the slower pace."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    for what, change in CHANGES.items():
        if times := page.evaluate(MEASURE % change, ROUNDS):
            yield what, times


def main():
    """Build the site; print medians and worst in milliseconds, and scripts in bytes (gzip)."""
    print(f"{SLOWER}× throttle, {ROUNDS} rounds: median / worst ms")
    print(f"{'lesson':<20} {'change':<12} {'script':>14} {'and layout':>14} {'painted':>14}")
    with site_and_browser() as (site, browser):
        for path in LESSONS:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            log = support.Log().listen(page)
            page.goto(site.url + path)
            support.wait_until_ready(page)
            support.wake_figures(page)
            name = path.split("/")[-2]
            for what, times in measure(page):
                cells = [
                    f"{statistics.median(column):.1f} / {max(column):.1f}"
                    for column in zip(*times, strict=True)
                ]
                print(f"{name:<20} {what:<12} " + " ".join(f"{cell:>14}" for cell in cells))
            scripts = {
                response.url.split("/")[-1]: response.request.sizes()["responseBodySize"]
                for response in log.responses
                if response.request.resource_type == "script"
            }
            page.close()
            print(f"{name:<20} scripts      {scripts}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
