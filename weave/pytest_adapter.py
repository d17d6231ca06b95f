"""Adapter for pytest-markdown-docs: each block, and each stretch of text with values, is a test.

The tests ask the very function that the build asks, once a page. So a chain of blocks runs once
and not again for every continuation, and what passes here is what the site shows.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

from pytest_markdown_docs._runners import DefaultRunner, register_runner

from weave.fences import Fence, find_parts
from weave.runner import weave_file


class BlockFailed(Exception):
    """What is wrong with a block or a stretch of text, as the build would say it."""


class Parser:
    """The part of a markdown-it parser that pytest-markdown-docs uses, with our fences."""

    def parse(self, text):
        return [
            SimpleNamespace(
                type="fence",
                map=[part.line - 1, part.last],
                info="python",
                content=part.source if isinstance(part, Fence) else "",
            )
            for part in _tested(text)
        ]


def _tested(text):
    """The parts of a page that are a test each; every page has one."""
    parts = find_parts(text)
    return [part for part in parts if _can_fail(part)] or parts[:1]


def _can_fail(part):
    if isinstance(part, Fence):
        return part.is_python or part.problems
    return any(token.kind not in ("code", "comment") for token in part.tokens) or any(
        character.isdigit() for character in part.source
    )


@register_runner(default=True)
class BuildRunner(DefaultRunner):
    """Runs the whole page once, as the build does, and reports the part that a test stands for."""

    def runtest(self, test, args, **_):
        problems = [
            problem for problem in woven(test.source_path).problems if self._concerns(test, problem)
        ]
        if problems:
            raise BlockFailed("\n".join(str(problem) for problem in problems))

    def _concerns(self, test, problem):
        """Whether a problem stands in this test's part, or after it and before the next test's."""
        starts = [part.line for part in _tested(Path(test.source_path).read_text("utf-8-sig"))]
        return test.start_line == max((s for s in starts if s <= problem.line), default=starts[0])

    def repr_failure(self, test, excinfo, style=None):
        if not isinstance(excinfo.value, BlockFailed):
            return super().repr_failure(test, excinfo, style)
        lines = test.source.strip("\n").splitlines()
        listing = (f"{n:>5} | {line}" for n, line in enumerate(lines, test.start_line + 1))
        return "\n".join([str(excinfo.value), "", *listing])


def woven(file):
    """Return the Page of a file, run once in this process as long as the file stays the same."""
    return _woven(str(file), os.stat(file).st_mtime_ns)


@lru_cache(maxsize=256)
def _woven(path, when):
    return weave_file(path)
