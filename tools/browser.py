"""Find a Chromium-like browser for the tests, or get one.

    python -m tools.browser

In this order: the one that BROWSER_PATH names; one on PATH or where its maker installs it; the one
that Playwright has fetched before; Debian's package, where apt-get may be used without asking;
Playwright's own download. If all fail, the run fails and says what to type: a test that needs a
browser is never skipped.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
USUAL_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
        r"C:\Program Files\Microsoft\Edge\Application\msedge.exe",
    ),
}
DEBIAN_PACKAGE = "chromium-headless-shell"
HELP = f"""\
The browser tests need Chromium, Chrome or Edge, and none was found. Do one of these:
  sudo apt-get install {DEBIAN_PACKAGE}            on Debian
  python -m playwright install chromium               anywhere with a direct connection
  BROWSER_PATH=/path/to/chrome python -m pytest       if you have one elsewhere"""


class BrowserNotFound(RuntimeError):
    """No browser is here and none could be installed; the message says what to type."""


def starts(path):
    """Say whether a program answers `--version`: Ubuntu's chromium-browser may be a mere note."""
    if sys.platform == "win32":  # there it would open a window
        return Path(path).is_file()
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def find_browser(environ=os.environ, which=shutil.which, platform=sys.platform):
    """Return the path of a browser that is already here, or None.

    Raises:
        BrowserNotFound: BROWSER_PATH names something that does not start.
    """
    named = environ.get("BROWSER_PATH")
    if named:
        if not starts(named):
            raise BrowserNotFound(f"BROWSER_PATH names {named}, which does not start")
        return named
    found = [which(name) for name in NAMES] + list(USUAL_PLACES.get(platform, ()))
    return next((path for path in found if path and starts(path)), None)


def fetched_by_playwright():
    """Return the path of the browser that Playwright has fetched, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install_with_apt(*packages, run=subprocess.run):
    """Install Debian's packages if apt-get is here and asks for no password; say whether it did."""
    if not shutil.which("apt-get"):
        return False
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if prefix and not shutil.which("sudo"):
        return False
    print(f"Installing what is missing from the system: {', '.join(packages)}.", flush=True)
    update = [*prefix, "apt-get", "update", "-qq"]
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    quiet = {"check": False, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    run(update, **quiet)
    return run([*install, *packages], **quiet).returncode == 0


def install_with_playwright(run=subprocess.run):
    """Let Playwright fetch its own browser; say whether it did."""
    print("No browser found; letting Playwright fetch one.", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    return run(command, check=False, stdin=subprocess.DEVNULL).returncode == 0


def browser_path():
    """Return the path of a browser, after installing one if none is here.

    Raises:
        BrowserNotFound: none is here and none could be installed.
    """
    path = find_browser() or fetched_by_playwright()
    if not path and install_with_apt(DEBIAN_PACKAGE):
        path = find_browser()
    if not path and install_with_playwright():
        path = fetched_by_playwright()
    if not path:
        raise BrowserNotFound(HELP)
    return path


if __name__ == "__main__":
    try:
        print(f"Browser: {browser_path()}", flush=True)
    except BrowserNotFound as error:
        sys.exit(str(error))
