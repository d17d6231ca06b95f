"""Adapter for Python-Markdown: weaves a page in any builder that runs Python-Markdown extensions.

Name it in the list of extensions (`weave.markdown_extension`, with the repository on the path); a
page that does not come out right then raises PageError. Our own build runs all pages before it
renders any, hands them to the same extension, and collects the errors of all pages instead.
"""

from __future__ import annotations

from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from weave import glossary
from weave import page as pages
from weave.page import Page
from weave.runner import weave_page

BEFORE_ALL_OTHERS = 100  # preprocessors: before snippets (32), white space (30), superfences (25)
AFTER_ALL_OTHERS = -100


class PageError(Exception):
    """A page that must not be built; the message lists what is wrong, a line each."""


class _Weave(Preprocessor):
    def __init__(self, md, extension):
        super().__init__(md)
        self.extension = extension

    def run(self, lines):
        page = self.extension.weave("\n".join(lines))
        self.extension.page = page
        return page.text.split("\n")


class _Resolve(Postprocessor):
    def __init__(self, extension):
        super().__init__()
        self.extension = extension

    def run(self, text):
        return self.extension.page.resolve(text)


class WeaveExtension(Extension):
    """Weaves a page as Python-Markdown reads it.

    Args:
        find: a function that returns the woven Page, for a builder that has run it before.
        path: names the page in messages where the builder does not say which page it renders.
    """

    def __init__(self, find=None, **kwargs):
        self.find = find
        self.config = {"path": ["page", "the page's file, as messages name it"]}
        self.page = Page("page")
        self.explains = True  # whether there is a glossary page to link to
        super().__init__(**kwargs)

    def extendMarkdown(self, md):
        self.md = md
        md.registerExtension(self)
        md.preprocessors.register(_Weave(md, self), "weave", BEFORE_ALL_OTHERS)
        terms = glossary.ExplainTerms(md, self, lambda: pages.ROOT)
        md.treeprocessors.register(terms, "weave_terms", glossary.AFTER_INLINE_BEFORE_LINKS)
        md.postprocessors.register(_Resolve(self), "weave", AFTER_ALL_OTHERS)

    def reset(self):
        self.page = Page("page")

    def weave(self, text):
        """Return the woven Page of `text`."""
        if self.find:
            return self.find()
        told = (getattr(e, "page", None) for e in self.md.registeredExtensions if e is not self)
        paths = (getattr(page, "path", None) for page in told)
        path = next(filter(None, paths), self.getConfig("path"))
        page = weave_page(text, str(path))
        if page.problems:
            raise PageError("\n".join(str(problem) for problem in page.problems))
        return page


def makeExtension(**kwargs):
    """Python-Markdown's way in."""
    return WeaveExtension(**kwargs)
