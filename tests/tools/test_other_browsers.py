"""Finding Firefox and WebKit, and getting them, as tools/other_browsers.py promises."""

import pytest

from tools import other_browsers
from tools.browser import BrowserNotFound
from tools.other_browsers import PACKAGES, Programs, find_programs, programs

ALL = Programs("/bin/firefox", "/bin/driver", "/lib/MiniBrowser", "/bin/Xvfb")


def test_what_is_here_is_found_in_its_usual_places(monkeypatch):
    monkeypatch.setattr(other_browsers, "starts", lambda path: path != "/bin/firefox-esr")
    found = find_programs(lambda name: f"/bin/{name}", lambda pattern: ["/b/Mini", "/a/Mini"])
    assert found == Programs("/bin/firefox", "/bin/WebKitWebDriver", "/a/Mini", "/bin/Xvfb")


def test_with_all_here_nothing_is_installed():
    assert programs(lambda: ALL, lambda *packages: pytest.fail("installed")) == ALL


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_missing_is_installed(name):
    state = [ALL, ALL._replace(**{name: None})]
    assert programs(state.pop, lambda *packages: packages == (PACKAGES[name],)) == ALL


def test_if_that_fails_the_message_says_what_to_type():
    none = Programs(None, None, None, None)
    with pytest.raises(
        BrowserNotFound, match="sudo apt-get install firefox-esr webkit2gtk-driver xvfb"
    ):
        programs(lambda: none, lambda *packages: False)
