"""Explains each term of the glossary where a page uses it first.

The glossary is a definition list; the first sentence of a definition is the explanation. A term is
looked for in the prose of a page, once: not in code, headings, links, formulas or what is woven in.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple
from xml.etree.ElementTree import Element

from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from weave.fences import Fence, Problem, find_parts, read_utf8

FILE = "docs/glossary.md"
AFTER_INLINE_BEFORE_LINKS = 6  # tree processors: inline 20, MkDocs' anchors 5 and links 0
PASSED = {"a", "button", "code", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "math", "pre", "script"}
PASSED |= {"style", "summary", "sup", "svg", "th"}
DEFINITION = re.compile(r"^:[ \t]+(.*)")
FIRST_SENTENCE = re.compile(r".*?(?<!\be\.g)(?<!\bi\.e)[.!?](?=\s|$)", re.S)
MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*`]")


class Term(NamedTuple):
    """A word of the glossary: `number` counts definitions, and several terms may share one."""

    name: str
    number: int
    explanation: str

    @property
    def anchor(self):
        return anchor(self.name)


def anchor(name):
    """The id of a term in the glossary."""
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-")


def read_glossary(root):
    """Return ({name in small letters: Term}, Problems); none where there is no glossary."""
    file = root / FILE
    if not file.is_file():
        return {}, ()
    status = file.stat()
    return _read(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(file, *stamp):
    terms, number = {}, 0
    text, problems = read_utf8(file, FILE)
    for part in find_parts(text.removeprefix("\ufeff")):
        if isinstance(part, Fence):
            continue
        for index, line in enumerate(part.lines):
            if not DEFINITION.match(line):
                continue
            number += 1
            explanation = _explanation(part.lines[index:])
            if not explanation or re.search(r"\{\{|\$", explanation):
                message = "the first sentence of a definition must be plain text: it explains"
                problems.append(Problem(FILE, part.line + index, message))
            for above, name in _names(part.lines[:index]):
                if name.lower() in terms:
                    message = f"{name} is defined twice: give it one home"
                    problems.append(Problem(FILE, part.line + above, message))
                terms[name.lower()] = Term(name, number, explanation)
    return terms, tuple(problems)


def _names(above):
    """(index, term) of the lines directly above a definition."""
    for index in range(len(above) - 1, -1, -1):
        if not above[index].strip():
            return
        yield index, above[index].strip()


def _explanation(lines):
    text = " ".join(line.strip() for line in takewhile(str.strip, lines))
    sentence = FIRST_SENTENCE.match(text.removeprefix(":").lstrip())
    return MARKUP.sub(lambda match: match[1] or "", sentence[0]) if sentence else ""


@lru_cache(maxsize=8)
def pattern(names):
    """Matches any of the terms, the longest first; a space may be a line's end; plurals too."""
    found = (r"\s+".join(map(re.escape, name.split())) for name in sorted(names, key=len)[::-1])
    return re.compile(rf"(?<![\w-])({'|'.join(found)})(?:s|es)?(?![\w-])", re.I)


def first_uses(text, terms, known):
    """Yield (match, Term) where a text uses a term first; `known` has the numbers of the others."""
    for match in pattern(tuple(terms)).finditer(text):
        term = terms[" ".join(match[1].lower().split())]
        if term.number not in known:
            known.add(term.number)
            yield match, term


APART = ("admonition-title", "footnote", "path", "cards")  # classes of what is no prose


class ExplainTerms(Treeprocessor):
    """Makes the first use of a term a link to the glossary that says what the term means."""

    def __init__(self, md, extension, root):
        super().__init__(md)
        self.extension, self.root = extension, root

    def run(self, root):
        path = self.extension.page.path
        if path == FILE:
            for term in root.iter("dt"):
                term.set("id", anchor("".join(term.itertext())))
        elif path.startswith("docs/") and self.extension.explains:
            self.terms = read_glossary(self.root())[0]
            self.explained = set()
            self.page = posixpath.relpath(FILE, posixpath.dirname(path))
            if self.terms:
                self._walk(root)

    def _walk(self, element):
        if element.tag in PASSED or element.get("class") in APART:
            return
        children = list(element)
        element.text, element[:0] = self._split(element.text)
        for child in children:
            self._walk(child)
            place = list(element).index(child) + 1
            child.tail, element[place:place] = self._split(child.tail)

    def _split(self, text):
        """Cut a text at the terms used first in it: what stands before them, and the links."""
        if not text or isinstance(text, AtomicString) or not text.strip():
            return text, []
        before, at = text, 0
        links: list[Element] = []
        for match, term in first_uses(text, self.terms, self.explained):
            link = Element("a", {"class": "term", "href": f"{self.page}#{term.anchor}"})
            link.set("title", term.explanation)
            link.text, link.tail = match[0], text[match.end() :]
            if links:
                links[-1].tail = text[at : match.start()]
            else:
                before = text[: match.start()]
            links.append(link)
            at = match.end()
        return before, links
