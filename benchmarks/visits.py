"""The built site and a browser to visit it with, for the benchmarks that look at pages."""

import tempfile
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from tests.browser import support
from tests.browser.served import serve_site
from tools.browser import browser_path


@contextmanager
def site_and_browser():
    """Build the site, serve it, and start a browser; yield both."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_site(folder) as site,
        sync_playwright() as playwright,
    ):
        arguments = list(support.LAUNCH_ARGUMENTS)
        browser = playwright.chromium.launch(executable_path=browser_path(), args=arguments)
        yield site, browser
        browser.close()
