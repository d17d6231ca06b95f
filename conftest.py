"""Makes the blocks of the lessons tests, and serves one built site to all workers of a run."""

import os
import re

import pytest
from pytest_markdown_docs.plugin import MarkdownDocstringCodeModule
from xdist.scheduler import LoadScopeScheduling

from tests.browser.served import serve_kept_site
from weave.pytest_adapter import Parser


def pytest_markdown_docs_markdown_it():
    return Parser()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Pages are tested, docstrings are not: the plugin would also import every Python file."""
    collectors = yield
    return [c for c in collectors if not isinstance(c, MarkdownDocstringCodeModule)]


class Shares(LoadScopeScheduling):
    """Gives what shares something dear to one worker, which makes it once, and the rest singly."""

    DEAR = re.compile(r"docs/[\w/-]+\.md|test_fonts\.py|\[(firefox|webkit)\b")

    def _split_scope(self, nodeid):
        shared = self.DEAR.search(nodeid)
        return shared[0] if shared else nodeid


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, as all below
def pytest_xdist_make_scheduler(config, log):
    return Shares(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are processors: many tests wait, for a browser or a time limit."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config):
    """Serve the site from the process that starts the workers: it outlasts each of them."""
    if worker := getattr(config, "workerinput", None):
        config.site_url = worker["site_url"]
    else:
        server = serve_kept_site()
        config.add_cleanup(server.stop)
        config.site_url = server.url


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    node.workerinput["site_url"] = node.config.site_url
