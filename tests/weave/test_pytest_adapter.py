"""pytest_adapter.py: the tests run the very blocks that the site shows, each once."""

import os
import re
import subprocess
import sys

import pytest

from tests.docs.pages import PAGES, every_page
from tests.weave.pages import block
from weave.page import ROOT
from weave.pytest_adapter import Parser, woven

CONFTEST = """
from weave.pytest_adapter import Parser

def pytest_markdown_docs_markdown_it():
    return Parser()
"""
COUNTING = "from pathlib import Path\nwith Path({!r}).open('a') as file:\n    _ = file.write('{}')"


def run_pytest(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    wide = {**os.environ, "COLUMNS": "300"}
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", env=wide, timeout=120
    )


def python_fences(text):
    """Count lines that open a Python block, in a way of its own: line by line, by hand."""
    text = re.sub(r"<!--.*?-->", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.S)
    lines, wrapped_in = [], None
    for number, line in enumerate(text.splitlines(), 1):
        ticks, language = re.match(r"[\s>]*(`{3,}|~{3,}|)\s*(\w*)", line).groups()
        if wrapped_in is None and ticks:
            wrapped_in = ticks
            if language == "python":
                lines.append(number)
        elif wrapped_in and ticks.startswith(wrapped_in) and not language:
            wrapped_in = None
    return lines


@every_page
def test_every_python_fence_of_the_site_runs_in_the_build(file):
    written = python_fences(file.read_text(encoding="utf-8"))
    assert [block.fence.line for block in woven(file).blocks] == written


def test_every_python_fence_of_the_site_is_a_test():
    collected, count = run_pytest(ROOT, "docs", "--collect-only", "-q").stdout, 0
    for page in PAGES:
        written = python_fences(page.read_text(encoding="utf-8"))
        name = re.escape(page.relative_to(ROOT).as_posix())
        tests = {
            int(line) for line in re.findall(rf"{name}::\[CodeFence#\d+\]\[line:(\d+)\]", collected)
        }
        assert set(written) <= tests, page
        count += len(written)
    assert count > 20


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """One run of pytest over a small project: (its folder, what it printed, what it counted)."""
    folder = tmp_path_factory.mktemp("project")
    counter = str(folder / "counter")
    pages = {
        "fails.md": "# T\n\n"
        + block(COUNTING.format(counter, "a") + "\nx = 4400")
        + "\n"
        + block(
            COUNTING.format(counter, "b") + "\nprint('not to be seen')\nassert x == 4401",
            "continuation",
        )
        + "\n"
        + block(COUNTING.format(counter, "c"), "continuation")
        + "\n> Said:\n>\n> ```python\n> y = 1 / 0\n> ```\n",
        "prose.md": "# T\n\nNothing here can fail.\n\n"
        + block("x = 1")
        + "\nIt has 4400.\n\n{{ nobody }}\n",
        "description.md": "---\ntitle: T\ndescription: All of 4400.\n---\n\n# T\n\nWords.\n",
        "front.md": "---\ntitle: a: b\n---\n\n# T\n\n" + block("x = 1"),
        "flag.md": "# T\n\n- item\n\n    ```python contination\n    x = 1\n    ```\n",
        "good.md": block("print('not to be seen')\n2 + 2")
        + "\n{{ 2 + 2 }}\n\n```text\n1 / 0\n```\n",
    }
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text(
        f"[pytest]\npythonpath = {ROOT}\naddopts = --markdown-docs\n"
    )
    for name, text in pages.items():
        (folder / name).write_text(text)
    done = run_pytest(folder, "-v")
    assert done.returncode == 1, done.stdout + done.stderr
    return folder, done.stdout, (folder / "counter").read_text()


def outcomes(output, page):
    """{line of the part: its outcome} of a page."""
    found = re.findall(rf"^{page}::\[CodeFence#\d+\]\[line:(\d+)\] (\w+)", output, flags=re.M)
    return {int(line): outcome for line, outcome in found}


def test_a_failing_block_says_what_the_build_says_with_its_code_and_fails_alone(report):
    folder, output, _ = report
    assert re.search(r"fails\.md:15: AssertionError: 4400 != 4401$", output, flags=re.M)
    assert "   15 | assert x == 4401" in output
    assert re.search(
        r"^FAILED fails.md.* - .*fails.md:15: AssertionError: 4400 != 4401$", output, flags=re.M
    )
    assert "Traceback" not in output
    assert list(outcomes(output, "fails.md").values()).count("FAILED") == 2
    assert outcomes(output, "fails.md")[10] == "FAILED"


def test_a_block_in_a_quote_is_a_test_like_any_other(report):
    assert re.search(r"fails\.md:27: ZeroDivisionError: division by zero$", report[1], flags=re.M)


def test_each_block_runs_once_a_weaving_and_not_again_for_its_continuations(report):
    assert report[2] == "abc"  # a page with an error is not woven a second time


def test_what_blocks_print_does_not_leak(report):
    assert "not to be seen\n" not in report[1].replace("print('not to be seen')\n", "")


def test_typed_numbers_and_values_are_tested_too(report):
    assert "prose.md:9: the number 4400 is typed" in report[1]
    assert "prose.md:11: NameError: name 'nobody' is not defined" in report[1]


def test_the_description_is_tested_though_the_page_has_no_block(report):
    assert "description.md:3: the number 4400 is typed" in report[1]
    assert "FAILED" in outcomes(report[1], "description.md").values()


def test_front_matter_that_cannot_be_read_fails_the_first_test_of_its_page(report):
    assert "front.md:2: the front matter can't be read" in report[1]
    assert outcomes(report[1], "front.md") == {7: "FAILED"}


def test_a_misspelt_flag_is_a_failing_test(report):
    assert "flag.md:5: unknown flag 'contination' after python" in report[1]


def test_a_page_without_problems_passes(report):
    assert set(outcomes(report[1], "good.md").values()) == {"PASSED"}


def test_a_block_that_would_not_run_is_a_test_too():
    parts = Parser().parse("words\n\n```py\nx\n```\n\nwords\n")
    assert [part.map for part in parts] == [[2, 5]]


@pytest.mark.parametrize("text", ["", "words\n", "# T\n", "```text\nx\n```\n"])
def test_every_page_is_at_least_one_test(text):
    assert len(Parser().parse(text)) == 1
