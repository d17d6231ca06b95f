"""The Markdown of a page as any Markdown reader takes it: what extensions add becomes plain.

Admonitions become quotations, tabs follow each other under their names, notes stand at the end,
links lead to the site, values are text, formulas TeX. Blocks of code stand apart: a notebook makes
cells of them.
"""

from __future__ import annotations

import re
from html import unescape

from weave import glossary
from weave.page import TOKEN

BLOCK = re.compile(r'(?:<div>)?<div class="woven" id="block-(\d+)"')
FENCE = re.compile(r"^(`{3,}|~{3,})")
ADMONITION = re.compile(r'^(!!!|\?\?\?\+?)[ ]+([\w-]+)[\w -]*(?:[ ]+"(.*)")?[ ]*$')
TAB = re.compile(r'^===[+!]?[ ]+"(.*)"[ ]*$')
ELEMENT = re.compile(r"^<(\w+)\b([^>]*\smarkdown\b[^>]*)>(.*)$")
SUMMARY = re.compile(r"^<summary\b[^>]*>(.*)</summary>$")
NOTE = re.compile(r"^\[\^([^\]]+)\]:[ ]*(.*)$")
ABBREVIATION = re.compile(r"^\*\[[^\]]+\]:")
ITEM = re.compile(r"^[ ]{0,3}([-*+]|\d+[.)])[ ]+(.*)$")
HEADING = re.compile(r"^(#{1,6})[ ]+(.*?)[ ]*#*[ ]*$")
DEFINITION = re.compile(r"^:[ ]+(.*)$")
RULES = re.compile(r"^[ |:-]*-[ |:-]*$")  # below the head of a table
INDENT = 4

INLINE = re.compile(
    rf"""(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))
    |{TOKEN.pattern.replace("(", "(?P<token>", 1)}
    |<!--.*?-->
    |\[\^(?P<note>[^\]]+)\]
    |^(?P<defined>[ ]{{0,3}}\[[^\]]+\]:[ ]*)(?P<definition>\S+)
    |(?P<link>!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])
     (?:\((?P<target>(?:[^()\s]|\([^()\s]*\))+)(?P<title>\s+(?:"[^"]*"|'[^']*'))?\))?
    |(?P<attributes>[ ]?\{{:?[ ]*[.#\w][^{{}}\n]*\}}(?=\s|$))
    |(?P<tag></?[a-zA-Z][^<>]*>)
    |\\(?P<escaped>.)
    |(?P<dollar>\$)
    |(?P<bar>\|)""",
    re.X | re.S | re.M,
)
LINK = re.compile(r'<a\b[^>]*\shref="([^"]*)"[^>]*>(.*?)</a>', re.S)
MARK = re.compile(r'<sup\b[^>]*><a class="footnote-ref"[^>]*>(.*?)</a></sup>', re.S)
# Characters of a value that Markdown or MathJax would take for marks.
SPECIAL = re.compile(
    r"[\\`*$|]|(?<![^\W_])_|_(?![^\W_])|~~|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\[(?=[^\]]*\]\()"
)
REFERENCES = {"&": "&amp;", "<": "&lt;"}


class Plain:
    """Writes the parts of a page.

    Args:
        page: a woven Page.
        lead: a function from where a link leads, as typed, to its address; "" if it has none.
        as_picture: a function from the HTML of a drawing to HTML that needs no stylesheet.
        terms: {name in small letters: Term}; the first use of each becomes a link.
        explained: where the terms are explained; "" for no such links.
    """

    def __init__(self, page, lead, as_picture, terms=None, explained=""):
        self.page, self.lead, self.as_picture = page, lead, as_picture
        self.terms, self.explained, self.known = terms or {}, explained, set()
        self.notes = {}  # label -> the lines that define it
        self.order = []  # labels as they are used

    def write(self):
        """Return the page as a list: Markdown, a block element each, and numbers of code blocks."""
        out = self.blocks(self.page.text.split("\n"))
        used, notes = 0, []
        while used < len(self.order):  # a note may use another
            used += 1
            lines = self.notes.get(self.order[used - 1], [])
            notes.append(_item(f"{used}. ", self.blocks(lines), "\n\n"))
        return [*out, "## Notes", "\n".join(notes)] if notes else out

    def blocks(self, lines):
        """Return some lines as block elements."""
        out: list[str | int] = []
        text: list[str] = []
        at = 0

        def flush():
            if text:
                out.append(self._paragraph(list(text)))
                text.clear()

        while at < len(lines):
            found = self._apart(lines, at, bool(text))
            if found is None:
                text.append(lines[at])
                at += 1
                continue
            flush()
            made, at = found
            out += made
        flush()
        return out

    def _block_at(self, line):
        """The number of the code block that a line stands for, or None."""
        token = TOKEN.fullmatch(line.strip())
        block = token and BLOCK.match(self.page.piece(token[1])[0])
        return int(block[1]) if block else None

    def _apart(self, lines, at, in_text):
        """(Block elements, where they end) for what begins at a line, or None in a paragraph."""
        line = lines[at]
        if not line.strip() or ABBREVIATION.match(line) or re.fullmatch(r"</\w+>", line.strip()):
            return [], at + 1
        if number := self._block_at(line):
            return [number], at + 1
        if fence := FENCE.match(line):
            end = next((k for k in range(at + 1, len(lines)) if lines[k].startswith(fence[1])), at)
            return ["\n".join(lines[at : end + 1])], end + 1
        if heading := HEADING.match(line):
            return [f"{heading[1]} {self.inline(heading[2], explain=False)}"], at + 1
        if element := ELEMENT.match(line):
            return self._element(element, lines, at)
        if in_text:
            return None
        if line.startswith(" " * INDENT):
            body, end = _indented(lines, at)
            return ["\n".join(" " * INDENT + part if part else "" for part in body)], end
        for pattern, write in (
            (ADMONITION, self._admonition),
            (TAB, self._tab),
            (NOTE, self._note),
            (ITEM, self._list),
        ):
            if match := pattern.match(line):
                return write(match, lines, at)
        if line.startswith(">"):
            end = _while(lines, at, lambda part: part.strip())
            return _quoted(self.blocks([re.sub(r"^>[ ]?", "", p) for p in lines[at:end]])), end
        if any(map(DEFINITION.match, lines[at + 1 : at + 2])):
            return self._definition(lines, at)
        return None

    def _admonition(self, match, lines, at):
        body, end = _indented(lines, at + 1)
        title = match[2].capitalize() if match[3] is None else match[3]
        said, inside = self.inline(title), self.blocks(body)
        if match[1] != "!!!":
            return self._folded(said, inside), end
        return _quoted([f"**{said}**", *inside] if said else inside), end

    def _tab(self, match, lines, at):
        body, end = _indented(lines, at + 1)
        return [f"**{self.inline(match[1])}**", *self.blocks(body)], end

    def _note(self, match, lines, at):
        body, end = _indented(lines, at + 1)
        self.notes[match[1]] = [match[2], *body]
        return [], end

    def _definition(self, lines, at):
        out = [f"**{self.inline(lines[at])}**"]
        at += 1
        while at < len(lines):
            if match := DEFINITION.match(lines[at]):
                body, at = _indented(lines, at + 1)
                out += self.blocks([match[1], *body])
            elif not lines[at].strip():
                at += 1
            else:
                break
        return out, at

    def _list(self, match, lines, at):
        """A list, an item at a time; a code block in it stands apart, its item's mark before it."""
        out: list[str | int] = []
        items: list[tuple[str, list]] = []
        is_loose, number = False, match[1]
        while at < len(lines) and (item := ITEM.match(lines[at])):
            end = _while(lines, at + 1, lambda part: part.strip() and not ITEM.match(part))
            body, end = _indented(lines, end, lines[at + 1 : end])
            inside = self.blocks(_item_lines(item[2], body))
            mark = f"{number} " if number in ("-", "*", "+") else f"{number[:-1]}. "
            if _has_code(inside):
                first, *rest = inside if isinstance(inside[0], str) else ["", *inside]
                out += [*_joined(items, is_loose), (mark + first).strip(), *rest]
                items = []
            else:
                is_loose |= any(not part.strip() for part in body[:-1])
                items.append((mark, inside))
            number = f"{int(number[:-1]) + 1}." if number[:-1] else number
            after = _while(lines, end, lambda part: not part.strip())
            is_loose |= after > end and after < len(lines) and bool(ITEM.match(lines[after]))
            at = after
        return [*out, *_joined(items, is_loose)], at

    def _element(self, match, lines, at):
        """An element whose Markdown is read: what it holds, with a frame if it is a box."""
        tag, attributes, rest = match.groups()
        if rest.endswith(f"</{tag}>"):
            return self.blocks([rest.removesuffix(f"</{tag}>")]), at + 1
        depth, end = 1, at + 1
        while end < len(lines):
            depth += len(re.findall(rf"<{tag}\b", lines[end])) - lines[end].count(f"</{tag}>")
            if depth == 0:
                break
            end += 1
        body = [rest, *lines[at + 1 : end]]
        if tag == "details":
            said = [m for m in map(SUMMARY.match, map(str.strip, body)) if m]
            inside = [line for line in body if not SUMMARY.match(line.strip())]
            title = self.inline(said[0][1]) if said else "More"
            return self._folded(title, self.blocks(inside)), end + 1
        inside = self.blocks(body)
        return _quoted(inside) if re.search(r"\bby-hand\b", attributes) else inside, end + 1

    def _folded(self, said, inside):
        if _has_code(inside):
            return [f"**{said}**", *inside]
        return ["\n\n".join([f"<details>\n<summary>{said}</summary>", *inside, "</details>"])]

    def _paragraph(self, lines):
        if len(lines) > 1 and "|" in lines[0] and RULES.match(lines[1]):
            cells = [lines[1] if row == 1 else self.inline(line, in_cell=True)
                     for row, line in enumerate(lines)]  # fmt: skip
            return "\n".join(cells)
        first, *rest = self.inline("\n".join(line.strip() for line in lines)).split("\n")
        marks = re.compile(r"^([-+*]|\d+(?=[.)]))(?=[.)]?\s)")  # in a paragraph they begin no list
        rest = [
            marks.sub(lambda m: m[1] + "\\" if m[1].isdigit() else "\\" + m[1], x) for x in rest
        ]
        return "\n".join([first, *rest])

    def inline(self, text, in_cell=False, explain=True):
        """Return the Markdown of some text within a block element."""
        out, at, say = [], 0, self._explain if explain else str
        for match in INLINE.finditer(text):
            out += [say(text[at : match.start()]), self._inline(match, in_cell)]
            at = match.end()
        return "".join([*out, say(text[at:])]).strip()

    def _inline(self, match, in_cell):
        if match["code"]:
            return match[0].replace("|", r"\|") if in_cell else match[0]
        if match["token"]:
            html, plain = self.page.piece(match["token"])
            return self._piece(html, plain, in_cell)
        if match["note"]:
            if match["note"] not in self.order:
                self.order.append(match["note"])
            return f"[{self.order.index(match['note']) + 1}]"
        if match["link"]:
            return self._link(match, in_cell)
        if match["definition"]:
            return match["defined"] + (self.lead(match["definition"]) or match["definition"])
        if match["dollar"]:
            return r"\$"
        if match["tag"]:
            return re.sub(r"\smarkdown(=\"\w*\")?", "", match[0])
        return match[0] if match["escaped"] or match["bar"] else ""

    def _link(self, match, in_cell):
        mark, words = match["link"].split("[", 1)
        words = f"{mark}[{self.inline(words[:-1], in_cell, explain=False)}]"
        if not match["target"]:
            return words
        address = self.lead(match["target"])
        return f"{words}({address}{match['title'] or ''})" if address else words[len(mark) + 1 : -1]

    def _piece(self, html, plain, in_cell):
        if tex := self.page.formulas.get(html):
            return tex.replace(r"\|", r"\Vert ").replace("|", r"\vert ") if in_cell else tex
        if "<svg" in html or html.startswith(("<figure", "<div", "<table")):
            return self.as_picture(html)
        if html.startswith("<span"):
            return _escape(plain)
        html = MARK.sub(r"[\1]", html)
        out, at = [], 0
        for link in LINK.finditer(html):
            out += [_text(html[at : link.start()]), f"[{_text(link[2])}]({unescape(link[1])})"]
            at = link.end()
        return "".join([*out, _text(html[at:])])

    def _explain(self, text):
        """Make the first use of a term a link to the glossary that says what the term means."""
        if not self.explained or not self.terms or not text.strip():
            return text
        out, at = [], 0
        for match, term in glossary.first_uses(text, self.terms, self.known):
            said = term.explanation.replace('"', "'")
            link = f'[{match[0]}]({self.explained}#{term.anchor} "{said}")'
            out += [text[at : match.start()], link]
            at = match.end()
        return "".join([*out, text[at:]])


def _while(lines, at, holds):
    while at < len(lines) and holds(lines[at]):
        at += 1
    return at


def _indented(lines, at, before=()):
    """(The lines from `at` on that are indented, without their indentation, and where they end)."""
    end = _while(lines, at, lambda line: not line.strip() or line.startswith(" " * INDENT))
    while end > at and not lines[end - 1].strip():
        end -= 1
    return [*before, *(line[INDENT:] for line in lines[at:end])], end


def _item_lines(first, body):
    """The lines of an item without their indentation; a list in it stands apart from its text."""
    lines = [first]
    for line in (re.sub(r"^ {1,4}", "", line) for line in body):
        if ITEM.match(line) and lines[-1].strip() and not any(map(ITEM.match, lines)):
            lines.append("")
        lines.append(line)
    return lines


def _has_code(blocks):
    return any(isinstance(block, int) for block in blocks)


def _item(mark, inside, between):
    return mark + re.sub(r"\n(?=.)", "\n" + " " * len(mark), between.join(inside))


def _joined(items, is_loose):
    between = "\n\n" if is_loose else "\n"
    return [between.join(_item(mark, inside, between) for mark, inside in items)] if items else []


def _quoted(blocks):
    """The blocks as one quotation; it can't hold a cell, so with one they stand as they are."""
    if _has_code(blocks) or not blocks:
        return blocks
    return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).split("\n"))]


def _text(html):
    return _escape(unescape(re.sub(r"<[^>]*>", "", html)))


def _escape(text):
    return SPECIAL.sub(lambda match: REFERENCES.get(match[0], "\\" + match[0]), text)
