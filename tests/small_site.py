"""A site with a few pages for the tests: our mkdocs.yml, with nothing of ours in docs/ but assets."""

import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
HOOK = str(ROOT / "site_build.py")


def make_site(folder, pages, nav=None, **settings):
    """Write mkdocs.yml and docs/ into a folder.

    Args:
        folder: where to.
        pages: {path below docs/: text}.
        nav: as in mkdocs.yml; the Markdown pages in order if there is none.
        settings: what else differs from our mkdocs.yml.
    """
    shutil.copytree(ROOT / "docs/assets", folder / "docs/assets")
    config = {
        "INHERIT": str(ROOT / "mkdocs.yml"),
        "nav": nav or [path for path in pages if path.endswith((".md", ".py"))],
        "theme": {"custom_dir": str(ROOT / "theme/templates")},
        "hooks": [HOOK],
        "watch": [],
        **settings,
    }
    write(folder, {"mkdocs.yml": yaml.safe_dump(config)})
    write(folder / "docs", pages)


def write(folder, files):
    """Write {path below the folder: text}."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
