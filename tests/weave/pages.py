"""Small pages for the tests: short to write, and named `page.md` in messages."""

import re

from weave.front_matter import Source
from weave.runner import weave_sources

# The ends of long messages, word for word.
FLAGS = "there are continuation, hide and raises=NameOfError"
NOT_RUN = "would be shown but not run: write python, then continuation, hide and raises=NameOfError"
TYPED = "is typed, and no block on this page computes it: write {{ expression }} instead"
AGAIN = "when it runs again: take random numbers from np.random.default_rng(seed), and no clock"
ENVIRONMENT_NAMES = "there are align*, bmatrix, cases, matrix, pmatrix"


def block(source, flags=""):
    """A Python fence."""
    return f"```python {flags}".rstrip() + f"\n{source}\n```\n"


def weave(text, description="", offset=0, **options):
    """Run a page."""
    source = Source("page.md", text, offset, {"description": description})
    return weave_sources([source], **options)[0]


def problems(text, **options):
    """What is wrong with a page, a line each."""
    return [str(problem) for problem in weave(text, **options).problems]


def prose(text):
    """The woven text as Python-Markdown would get it, with its pieces put in."""
    page = weave(text)
    assert page.problems == []
    return page.resolve(page.text)


def words(html):
    """HTML without its tags."""
    return re.sub(r"<[^>]*>", "", html)
