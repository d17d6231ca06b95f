"""Sites of any number of lessons, made from the real one, for the benchmarks to build and serve."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LESSON = ROOT / "docs" / "models" / "fine-tuning" / "freezing-layers.md"
PARTS = ("weave", "theme", "figures", "experiments", "snippets", "data", "docs/assets")
KINDS = ("plain", "woven", "whole")

# The same Markdown extensions for all three, so that all read the same text in the same way.
PLAIN = """\
site_name: Fine-Tuning by Hand
site_url: http://127.0.0.1:8000/
theme:
  name: material
  font: false
plugins: [search]
"""


def extensions():
    """Return the part of mkdocs.yml that lists the Markdown extensions."""
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    return re.search(r"^markdown_extensions:\n(?:[ \t]+.*\n|\n)+", text, re.M)[0]


def lesson(number):
    """Return the Markdown of a copy of the lesson, under a file name of its own.

    A comment makes every block another one, so that nothing can be remembered from copy to copy;
    links to other lessons and labs lead to the copy itself.
    """
    text = LESSON.read_text("utf-8")
    text = re.sub(r"^(```python[^\n]*\n)", rf"\1# copy {number}\n", text, flags=re.M)
    return re.sub(r"\]\((?:[\w-]+\.md|labs/[\w-]+\.py)", f"](lesson-{number:04}.md", text)


def make_site(folder, lessons, kind):
    """Write a site of so many lessons into an empty folder.

    Args:
        folder: where to; made anew.
        lessons: how many, 1 or more.
        kind: "plain" is Material with stock settings, which leaves blocks and {{ }} as they are;
            "woven" adds weave/ alone; "whole" is our mkdocs.yml, theme and all.

    Raises:
        ValueError: `lessons` is below 1, or there is no such kind.
    """
    if lessons < 1:
        raise ValueError(f"lessons must be 1 or more, got {lessons}")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    folder = Path(folder)
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    series = folder / "docs" / "models" / "fine-tuning"
    series.mkdir(parents=True)
    (folder / "docs" / "index.md").write_text("# Library\n", "utf-8")
    (series / "index.md").write_text("# Fine-Tuning\n", "utf-8")
    names = [f"models/fine-tuning/lesson-{number:04}.md" for number in range(1, lessons + 1)]
    for number, name in enumerate(names, 1):
        (folder / "docs" / name).write_text(lesson(number), "utf-8")
    pages = ["models/fine-tuning/index.md", *names]
    nav = "nav:\n  - Library: index.md\n  - Fine-Tuning:\n"
    nav += "".join(f"      - {page}\n" for page in pages)
    if kind == "whole":
        shutil.copy(ROOT / "site_build.py", folder)
        shutil.copy(ROOT / "mkdocs.yml", folder / "base.yml")
        settings = "INHERIT: base.yml\n"
    else:
        settings = PLAIN + extensions()
        settings += "  - weave.markdown_extension\n" if kind == "woven" else ""
    (folder / "mkdocs.yml").write_text(settings + nav, "utf-8")


def build(folder):
    """Build a site with `mkdocs build`; return the seconds of processor time that it took.

    Raises:
        RuntimeError: the build failed; the message is what it said.
    """
    log = Path(folder) / "build.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build"],
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": "."},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the site in {folder} does not build:\n{log.read_text('utf-8')}")
    return usage.ru_utime + usage.ru_stime
