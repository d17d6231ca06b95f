"""What the theme asks of a page's structure, done on the tree of elements that Markdown makes.

The sentence below the title; boxes that scroll by keyboard too, each under a name of its own; how
the columns of a table stand; quiet links beside headings. HTML that a figure brings stays as it is.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import INLINE_PLACEHOLDER_RE, STX, AtomicString

AFTER_LINKS_BESIDE_HEADINGS = 4  # toc makes them at 5; MkDocs reads the title at 1
STASHED = re.compile(f"{STX}[^\x03]*\x03")
ALIGN = re.compile(r"text-align:\s*(\w+);?")


class Structure(Extension):
    """`description` is the sentence below the title of the next page; "" for none."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.description = ""

    def extendMarkdown(self, md):
        md.treeprocessors.register(_Structure(md, self), "structure", AFTER_LINKS_BESIDE_HEADINGS)


class _Structure(Treeprocessor):
    def __init__(self, md, extension):
        super().__init__(md)
        self.extension = extension

    def run(self, root):
        self.counts = {}
        parents = {child: parent for parent in root.iter() for child in parent}
        for element in list(root.iter()):
            if element.tag == "table":
                self._table(element, parents[element])
            elif element.tag == "pre":
                element.attrib.update(self._names("Code"))
            elif element.tag == "a" and element.get("class") == "headerlink":
                element.set("tabindex", "-1")
                element.set("aria-label", element.attrib.pop("title", ""))
        self._lede(root, parents)
        self._listings()

    def _lede(self, root, parents):
        """Put a page's description below its title as the sentence that says the whole lesson."""
        title = next(root.iter("h1"), None)
        has_one = any(element.get("class") == "lede" for element in root.iter("p"))
        if title is None or has_one or not self.extension.description:
            return
        lede = Element("p", {"class": "lede"})
        lede.text = AtomicString(self.extension.description)
        lede.tail, title.tail = title.tail, "\n"
        parent = parents[title]
        parent.insert(list(parent).index(title) + 1, lede)

    def _table(self, table, parent):
        for cell in table.iter():
            style = ALIGN.fullmatch(cell.attrib.pop("style", "") or "")
            side = cell.attrib.pop("align", style and style[1])
            if side:
                cell.set("class", side)
        heads = (" ".join(_words(head).split()) for head in table.iter("th"))
        names = self._names("Table", ", ".join(filter(None, heads)))
        box = Element("div", {"class": "table-scroll", **names})
        box.append(table)
        box.tail, table.tail = table.tail, None
        parent[list(parent).index(table)] = box

    def _listings(self):
        """Listings are HTML by now and wait in the stash, each as its highlighter wrote it."""
        stash = self.md.htmlStash.rawHtmlBlocks
        for number, html in enumerate(stash):
            if isinstance(html, str) and html.startswith('<div class="highlight"><pre>'):
                attributes = "".join(f' {k}="{v}"' for k, v in self._names("Code").items())
                stash[number] = html.replace("<pre>", f"<pre{attributes}>", 1)

    def _names(self, kind, words=""):
        """Attributes of a box that scrolls; the names are numbered: no two on a page are alike."""
        number = self.counts[kind] = self.counts.get(kind, 0) + 1
        label = f"{kind} {number}: {words}" if words else f"{kind} {number}"
        return {"tabindex": "0", "role": "region", "aria-label": label}


def _words(element):
    text = "".join(element.itertext())
    return STASHED.sub("", INLINE_PLACEHOLDER_RE.sub("", text))
