"""Fixtures: Firefox and WebKit in turn. They share the site of the tests in Chromium."""

import pytest

from tests.browser.conftest import site
from tests.browsers.driven import KINDS
from tools.other_browsers import programs

__all__ = ["site"]


def pytest_collection_modifyitems(items):
    """Give each browser to one worker."""
    for item in items:
        if "driven" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.callspec.params["driven"]))


@pytest.fixture(scope="session", params=sorted(KINDS))
def driven(request):
    """A browser; see driven.py."""
    browser = KINDS[request.param](programs())
    yield browser
    browser.close()
