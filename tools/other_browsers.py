"""Find Firefox and WebKit for `make browsers`, or get them.

    python -m tools.other_browsers

Firefox is driven by its own protocol, WebKit by WebKitGTK's driver on a screen of its own (Xvfb).
What is missing is installed with Debian's packages, where apt-get may be used without asking. If
that fails, the run fails and says what to type: no browser is skipped.
"""

import glob
import shutil
import sys
from typing import NamedTuple

from tools.browser import BrowserNotFound, install_with_apt, starts

PACKAGES = {
    "firefox": "firefox-esr",
    "webkit_driver": "webkit2gtk-driver",
    "webkit": "webkit2gtk-driver",
    "screen": "xvfb",
}
HELP = """\
The tests in other browsers need Firefox, WebKitGTK with its driver, and Xvfb. Missing: {missing}.
On Debian type: sudo apt-get install {packages}
On Ubuntu Firefox is not in a package of the system: https://support.mozilla.org/kb/install-firefox-linux
WebKitGTK runs on Linux alone: elsewhere use a container."""


class Programs(NamedTuple):
    """Paths of the programs that the tests in other browsers start; None is missing."""

    firefox: str | None
    webkit_driver: str | None
    webkit: str | None
    screen: str | None

    @property
    def missing(self):
        return [name for name, path in self._asdict().items() if path is None]


def find_programs(which=shutil.which, places=glob.glob):
    """Return the Programs that are here."""
    foxes = filter(None, (which(name) for name in ("firefox-esr", "firefox")))
    return Programs(
        firefox=next((path for path in foxes if starts(path)), None),
        webkit_driver=which("WebKitWebDriver"),
        webkit=next(iter(sorted(places("/usr/lib*/**/webkit2gtk-4.*/MiniBrowser"))), None),
        screen=which("Xvfb"),
    )


def programs(find=find_programs, install=install_with_apt):
    """Return all Programs, after installing what is missing.

    Raises:
        BrowserNotFound: some are missing and could not be installed; the message says what to type.
    """
    found = find()
    if found.missing:
        packages = sorted({PACKAGES[name] for name in found.missing})
        found = find() if install(*packages) else found
    if found.missing:
        packages = sorted({PACKAGES[name] for name in found.missing})
        raise BrowserNotFound(
            HELP.format(missing=", ".join(found.missing), packages=" ".join(packages))
        )
    return found


if __name__ == "__main__":
    try:
        for name, path in programs()._asdict().items():
            print(f"{name}: {path}", flush=True)
    except BrowserNotFound as error:
        sys.exit(str(error))
