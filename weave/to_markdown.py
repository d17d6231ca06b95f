"""The HTML of a page as Markdown that a notebook shows: what extensions added becomes plain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from itertools import groupby, zip_longest
from urllib.parse import urljoin

VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr"}
BLOCKS = {"address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset"}
BLOCKS |= {"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "nav"}
BLOCKS |= {"ol", "p", "pre", "section", "table", "ul", "put-block"}
UNSEEN = {"script", "style", "template", "input", "link", "meta", "button", "select"}
UNSEEN_CLASSES = {"headerlink", "footnote-backref", "needs-script"}
MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "dfn": "*", "var": "*"}
ALIGNED = {"left": ":--", "right": "--:", "center": ":-:"}
# Typed characters that Markdown or MathJax would take for marks.
SPECIAL = re.compile(
    r"[\\`*$]|(?<![^\W_])_|_(?![^\W_])|~~|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\[(?=[^\]]*\]\()"
)
REFERENCES = {"&": "&amp;", "<": "&lt;"}
LINE_START = re.compile(r"\A(?:[-+>]|#{1,6}(?=\s)|\d+(?=[.)]\s))")


@dataclass
class Node:
    """An HTML element; its children are Nodes and strings."""

    tag: str
    attributes: dict = field(default_factory=dict)
    children: list = field(default_factory=list)

    @property
    def classes(self):
        return set((self.attributes.get("class") or "").split())

    @property
    def text(self):
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    @property
    def elements(self):
        """The children that are Nodes."""
        return [child for child in self.children if isinstance(child, Node)]

    def walk(self):
        """Yield the Node and all below it."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def find(self, *tags):
        """Return the Nodes of these tags below, in order."""
        return [node for node in self.walk() if node.tag in tags]


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = [Node("page")]

    def handle_starttag(self, tag, attributes):
        node = Node(tag, dict(attributes))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        if tag in [node.tag for node in self.open[1:]]:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, text):
        self.open[-1].children.append(text)


def to_markdown(html, base, put=()):
    """Return a page's Markdown as a list: strings, a block element each, and numbers.

    Args:
        html: the page. `<put-block n="3">` stands for number 3 of the list that comes back, and
            `<put-text n="3">` for put[3]: Markdown, on a line of its own if it is a $$formula$$.
        base: the page's address; links become absolute.
        put: see above.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _Writer(base, put).blocks(reader.open[0])


class _Writer:
    def __init__(self, base, put):
        self.base, self.put = base, put

    def blocks(self, node):
        """The block elements in a Node; what stands between them becomes paragraphs."""
        out = []
        for is_block, children in groupby(node.children, self._is_block):
            if is_block:
                for child in children:
                    out += self._block(child)
            elif text := self.inline(children).strip():
                out.append(LINE_START.sub(_escape_start, text))
        return out

    def _is_block(self, child):
        return isinstance(child, Node) and (
            child.tag in BLOCKS
            or (child.tag == "put-text" and self._text(child).startswith("$$"))
            or any(node.tag in BLOCKS for node in child.walk() if not _unseen(child))
        )

    def _text(self, node):
        return self.put[int(node.attributes["n"])]

    def _block(self, node):
        tag, classes = node.tag, node.classes
        if _unseen(node):
            return []
        if tag == "put-block":
            return [int(node.attributes["n"])]
        if tag == "put-text":
            return [self._text(node)]
        if re.fullmatch("h[1-6]", tag):
            return ["#" * int(tag[1]) + " " + self.inline(node.children).strip()]
        if tag in ("ul", "ol"):
            return self._list(node)
        if tag == "hr":
            return ["---"]
        if tag == "table":
            return self._table(node)
        if tag == "pre":
            return [_fenced(node)]
        if tag == "details":
            return self._details(node)
        if tag == "dl":
            return self._definitions(node)
        if "footnote" in classes:
            return ["## Notes", *(b for part in node.find("ol")[:1] for b in self._list(part))]
        if "admonition" in classes:
            return _quoted(self._titled(node))
        if tag == "blockquote" or "by-hand" in classes:
            return _quoted(self.blocks(node))
        if "tabbed-set" in classes:
            return self._tabs(node)
        return self.blocks(node)

    def _titled(self, node):
        """What an admonition says, its title first."""
        title = [child for child in node.elements if "admonition-title" in child.classes]
        rest = Node(node.tag, {}, [child for child in node.children if child not in title])
        return [f"**{self.inline(n.children).strip()}**" for n in title] + self.blocks(rest)

    def _details(self, node):
        summary = [child for child in node.elements if child.tag == "summary"]
        rest = Node(node.tag, {}, [child for child in node.children if child not in summary])
        said, inside = " ".join(n.text.strip() for n in summary) or "More", self.blocks(rest)
        if _has_code(inside):
            return [f"**{_escape(said)}**", *inside]
        start = f"<details>\n<summary>{escape(said, quote=False)}</summary>"
        return ["\n\n".join([start, *inside, "</details>"])]

    def _tabs(self, node):
        bars = [n for n in node.walk() if "tabbed-labels" in n.classes]
        labels = [label for bar in bars for label in bar.elements]
        contents = [n for n in node.walk() if "tabbed-block" in n.classes]
        out = []
        for label, content in zip_longest(labels, contents):
            out += [f"**{self.inline(label.children).strip()}**"] if label else []
            out += self.blocks(content) if content else []
        return out

    def _definitions(self, node):
        out = []
        for child in node.find("dt", "dd"):
            if child.tag == "dt":
                out.append(f"**{self.inline(child.children).strip()}**")
            else:
                out += self.blocks(child)
        return out

    def _list(self, node):
        start = int(node.attributes.get("start") or 1)
        items = [child for child in node.elements if child.tag == "li"]
        out, lines, is_loose = [], [], False
        for number, item in enumerate(items, start):
            mark = f"{number}. " if node.tag == "ol" else "- "
            inside = self.blocks(item)
            if _has_code(inside):  # no list can hold a cell: the item's mark stands before it
                first, *rest = inside if isinstance(inside[0], str) else ["", *inside]
                out += [*_joined(lines, is_loose), (mark + first).strip(), *rest]
                lines, is_loose = [], False
                continue
            is_loose |= any(child.tag == "p" for child in item.elements)
            between = "\n\n" if is_loose else "\n"
            lines.append(mark + re.sub(r"\n(?=.)", "\n" + " " * len(mark), between.join(inside)))
        return [*out, *_joined(lines, is_loose)]

    def _table(self, node):
        rows = [row.find("th", "td") for row in node.find("tr")]
        if not rows:
            return []
        cells = [[_in_cell(self.inline(cell.children).strip()) for cell in row] for row in rows]
        width = max(map(len, cells))
        rules = [_alignment(cell) for cell in rows[-1]] + ["---"] * (width - len(rows[-1]))
        if not node.find("th"):
            cells.insert(0, [""] * width)
        lines = [cells[0] + [""] * (width - len(cells[0])), rules, *cells[1:]]
        return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]

    def inline(self, children):
        """The Markdown of text and elements within a line."""
        parts = [
            _escape(re.sub(r"\s+", " ", child)) if isinstance(child, str) else self._inline(child)
            for child in children
        ]
        return re.sub(r" {2,}", " ", "".join(parts))

    def _inline(self, node):
        tag = node.tag
        if _unseen(node):
            return ""
        if tag == "put-text":
            return self._text(node)
        if tag in ("code", "kbd", "samp"):
            return _code(node.text)
        if tag == "br":
            return "<br>"
        if tag == "img":
            address = urljoin(self.base, node.attributes.get("src") or "")
            return f"![{_escape(node.attributes.get('alt') or '')}]({address})"
        inside = self.inline(node.children)
        if "footnote-ref" in node.classes:
            return f"[{node.text}]"
        if tag == "sup" and any("footnote-ref" in n.classes for n in node.walk()):
            return inside
        if tag == "a" and node.attributes.get("href"):
            return self._link(node, inside)
        if tag in ("sub", "sup"):
            return f"<{tag}>{inside}</{tag}>"
        if tag in MARKS and inside.strip():
            mark, core = MARKS[tag], inside.strip()
            return inside.replace(core, f"{mark}{core}{mark}", 1)
        return inside

    def _link(self, node, inside):
        address = urljoin(self.base, node.attributes["href"]).replace(" ", "%20")
        address = address.replace("(", "%28").replace(")", "%29")
        title = (node.attributes.get("title") or "").replace('"', "'")
        return f'[{inside.strip()}]({address} "{title}")' if title else f"[{inside}]({address})"


def _unseen(node):
    return (
        node.tag in UNSEEN
        or "hidden" in node.attributes
        or "popover" in node.attributes
        or not UNSEEN_CLASSES.isdisjoint(node.classes)
    )


def _has_code(blocks):
    return any(isinstance(block, int) for block in blocks)


def _joined(lines, is_loose):
    return [("\n\n" if is_loose else "\n").join(lines)] if lines else []


def _quoted(blocks):
    """The blocks as one quotation; it can't hold a cell, so with one they stand as they are."""
    if _has_code(blocks) or not blocks:
        return blocks
    return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))]


def _escape(text):
    return SPECIAL.sub(lambda match: REFERENCES.get(match[0], "\\" + match[0]), text)


def _escape_start(match):
    text = match[0]
    return text + "\\" if text[0].isdigit() else "\\" + text


def _code(text):
    """A code span; its fence is longer than any run of backticks in it."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _fenced(node):
    text = node.text.strip("\n")
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{ticks}text\n{text}\n{ticks}"


def _in_cell(text):
    """A bar would end the cell; in a formula it has another name."""

    def put(match):
        if not match["formula"]:
            return r"\|"
        return match["formula"].replace(r"\|", r"\Vert ").replace("|", r"\vert ")

    return re.sub(r"(?P<formula>(?<!\\)\$[^$]+\$)|\|", put, text)


def _alignment(cell):
    style = re.findall(r"text-align: *(\w+)", cell.attributes.get("style") or "")
    named = {cell.attributes.get("align"), *cell.classes, *style}
    return next((rule for name, rule in ALIGNED.items() if name in named), "---")
