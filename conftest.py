"""Makes the blocks of the lessons tests, and serves one built site to all workers of a run."""

import pytest
from pytest_markdown_docs.plugin import MarkdownDocstringCodeModule

from tests.browser.served import serve_kept_site
from weave.pytest_adapter import Parser


def pytest_markdown_docs_markdown_it():
    return Parser()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Pages are tested, docstrings are not: the plugin would also import every Python file."""
    collectors = yield
    return [c for c in collectors if not isinstance(c, MarkdownDocstringCodeModule)]


def pytest_configure(config):
    """Serve the site from the process that starts the workers: it outlasts each of them."""
    if worker := getattr(config, "workerinput", None):
        config.site_url = worker["site_url"]
    else:
        server = serve_kept_site()
        config.add_cleanup(server.stop)
        config.site_url = server.url


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_configure_node(node):
    node.workerinput["site_url"] = node.config.site_url
