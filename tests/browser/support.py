"""The pages of the site, and what a browser tells of one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.browser.served import MISSING, ROOT

DOCS = ROOT / "docs"
LESSON = "models/fine-tuning/freezing-layers/"
SERIES = "models/fine-tuning/"
HOME = ""
MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")
LAUNCH_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def page_paths():
    """Return the address below the site's root of every page that docs/ holds, and of 404."""
    paths = []
    for file in sorted([*DOCS.rglob("*.md"), *DOCS.rglob("labs/*.py")]):
        inside = file.relative_to(DOCS).with_suffix("")
        folder = inside.parent if inside.name == "index" else inside
        paths.append("" if folder == Path(".") else f"{folder.as_posix()}/")
    return [*paths, MISSING]


def page_name(path):
    """Return what a test calls a page."""
    return path.strip("/") or "home"


@dataclass
class Log:
    """What a page said and asked for while it was open."""

    console: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    urls: list = field(default_factory=list)  # of every request, answered or not
    responses: list = field(default_factory=list)

    def listen(self, page):
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self.failed.append(f"{request.url} failed"))
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("response", lambda response: self.responses.append(response))
        return self


SETTLED = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  document.body.getBoundingClientRect(); // laid out, the page knows which fonts it wants
  await document.fonts.ready;
  await frame();
  await document.fonts.ready; // of what a script has made meanwhile
  await frame();
  return true;
}"""

FIGURES_AWAKE = "document.querySelector('.expects-script [data-addresses]') === null"


def wait_until_ready(page):
    """Wait until the page is loaded, its fonts are there and it is laid out and drawn."""
    page.wait_for_load_state("load")
    page.evaluate(SETTLED)


def wake_figures(page):
    """Bring the scripts of figures one can touch, as a reader does who takes the keyboard."""
    page.keyboard.press("Shift")
    wait_until(page, FIGURES_AWAKE)
    page.evaluate(SETTLED)


def resize(page, width, height=900):
    """Give the page another width, and wait until it is laid out and drawn anew."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(SETTLED)


def wait_until(page, expression, seconds=10):
    """Wait until some JavaScript is true; Playwright's own way is against the site's policy.

    Raises:
        AssertionError: it is still false after so many seconds.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"still false after {seconds} s: {expression}"
