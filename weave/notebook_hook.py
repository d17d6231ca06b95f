"""MkDocs hook: every lesson as a notebook, and the zip file with what notebooks import.

Templates find it as `page.notebook`: its address from the site's root, and its size.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from mkdocs.plugins import event_priority  # noqa: E402
from mkdocs.structure.files import File  # noqa: E402

from theme.lessons import find_places, find_series  # noqa: E402
from weave.bundle import make_bundle  # noqa: E402
from weave.markdown_extension import WeaveExtension  # noqa: E402
from weave.notebook import make_notebook, write_size  # noqa: E402

LATE = -90  # after all that change a page's content
FOLDER = "assets/notebooks"


class Notebook(NamedTuple):
    """A notebook that the site offers: its address from the root, and how large it is."""

    uri: str
    size: str


class _Site:
    """What is known between the events of one build."""

    def __init__(self):
        self.lessons = ()  # source_uris
        self.woven = {}  # source_uri -> Page


site = _Site()


def on_nav(nav, config, files):
    """Find the lessons."""
    site.lessons, site.woven = tuple(find_places(find_series(nav.items))), {}
    return nav


def on_page_content(html, page, config, files):
    """Keep each lesson's woven page."""
    if page.file.src_uri in site.lessons:
        weaver = next(e for e in config.markdown_extensions if isinstance(e, WeaveExtension))
        site.woven[page.file.src_uri] = weaver.page
    return html


@event_priority(LATE)
def on_env(env, config, files):
    """When every page is there: make the zip file, then the notebooks."""
    from figures.kit.notebook import STYLESHEETS

    blocks = [b.fence.source for woven in site.woven.values() for b in woven.blocks]
    name = re.sub(r"[^a-z0-9]+", "-", config.site_name.lower()).strip("-")
    bundle = make_bundle(ROOT, name, blocks, STYLESHEETS)
    bundle_uri = f"{FOLDER}/{bundle.name}"
    files.append(File.generated(config, bundle_uri, content=bundle.content))
    root = config.site_url or ""
    for uri, woven in site.woven.items():
        page = files.get_file_from_path(uri).page
        if woven.problems:  # `serve` shows them; a build has ended before this
            continue
        content = make_notebook(
            woven,
            page.content,
            title=page.title,
            address=urljoin(root, page.url),
            site=config.site_name,
            bundle=bundle,
            bundle_address=urljoin(root, bundle_uri),
            licence=config.copyright or "",
        )
        page.notebook = Notebook(uri.removesuffix(".md") + ".ipynb", write_size(len(content)))
        files.append(File.generated(config, page.notebook.uri, content=content))
    return env
