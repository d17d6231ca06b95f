"""What `mkdocs serve` runs again when a file is saved: the page alone, or who imports the snippet.

    python -m benchmarks.serve_cost [--lessons 10]

The site holds copies of the freezing lesson, and one page that imports a snippet of its own.
Ends with 1 if anything else ran, or too little.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.sites import make_site
from tests.browser.served import free_port

RAN = re.compile(r"ran the blocks of (\S+)")
BEGINS, ENDS = "Detected file changes", "Reloading browsers"
SERIES = "docs/models/fine-tuning"
ALONE = """\
# Alone

```python
from snippets.alone import answer

print(answer())
```
"""


class Server:
    """`mkdocs serve` on a folder, with its log read as it comes."""

    def __init__(self, folder):
        self.lines, self.changed = [], threading.Condition()
        command = [sys.executable, "-m", "mkdocs", "serve", "--verbose"]
        self.process = subprocess.Popen(
            [*command, "--dev-addr", f"127.0.0.1:{free_port()}"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify()
        with self.changed:
            self.lines.append("")  # the end
            self.changed.notify()

    def wait(self, start, said, seconds=60):
        """Return the index of the first line from `start` on that says something.

        Raises:
            RuntimeError: the server ended, or said nothing like it in time.
        """
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for index, line in enumerate(self.lines[start:], start):
                    if said in line:
                        return index
                    if not line:
                        raise RuntimeError("mkdocs serve ended:\n" + "".join(self.lines))
                if not self.changed.wait(end - time.monotonic()):
                    log = "".join(self.lines[start:])
                    raise RuntimeError(f"no {said!r} within {seconds} s:\n{log}")

    def ran(self, start, end):
        """Return the pages whose blocks ran, by the lines from `start` to `end`."""
        return [match[1] for line in self.lines[start:end] if (match := RAN.search(line))]

    def save(self, file, text):
        """Write a file; return which pages ran because of it, and the seconds of the rebuild."""
        start = len(self.lines)
        file.write_text(text, "utf-8")
        start = self.wait(start, BEGINS)
        began = time.monotonic()
        end = self.wait(start, ENDS)
        return self.ran(start, end), time.monotonic() - began

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main(arguments):
    """Save a page, a snippet that all lessons import, and one that one page imports."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--lessons", type=int, default=10)
    lessons = parser.parse_args(arguments).lessons

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve() / "site"
        make_site(folder, lessons, "whole")
        alone = folder / SERIES / "alone.md"
        alone.write_text(ALONE, "utf-8")
        settings = folder / "mkdocs.yml"
        settings.write_text(settings.read_text("utf-8") + "      - models/fine-tuning/alone.md\n")
        own = folder / "snippets" / "alone.py"
        own.write_text("def answer():\n    return 1\n", "utf-8")
        page = folder / SERIES / "lesson-0001.md"
        shared = folder / "snippets" / "forward.py"
        every = sorted(f"{SERIES}/lesson-{n:04}.md" for n in range(1, lessons + 1))
        saves = (
            ("a page", page, page.read_text("utf-8") + "\nOne more sentence.\n", every[:1]),
            ("its snippet", own, "def answer():\n    return 2\n", [f"{SERIES}/alone.md"]),
            ("a shared snippet", shared, shared.read_text("utf-8") + "\n# saved\n", every),
        )
        pages = len(list((folder / "docs").rglob("*.md")))
        server = Server(folder)
        try:
            first = len(server.ran(0, server.wait(0, "Serving on")))
            print(f"{'saved':<18} {'pages run':>9} {'expected':>9} {'rebuilt in':>11}")
            print(f"{'(start)':<18} {first:>9} {pages:>9}")
            good = first == pages
            for name, file, text, expected in saves:
                ran, seconds = server.save(file, text)
                good &= sorted(set(ran)) == expected
                print(f"{name:<18} {len(set(ran)):>9} {len(expected):>9} {seconds:>9.2f} s")
        finally:
            server.stop()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
