"""Where a drawing stands in a page: in a heading, an emphasis or an attribute there is no room."""

from __future__ import annotations

from html.parser import HTMLParser

from weave.fences import markdown_parser

VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
NARROW = set(
    "a abbr b code del em h1 h2 h3 h4 h5 h6 i ins kbd mark s small span strong sub".split()
)
NARROW |= {"button", "label", "summary", "sup", "u"}


def places(text, token):
    """Return (digits of a token, where it stands) of those in narrow places, in the page's order.

    Args:
        text: the Markdown of a page, with tokens.
        token: the pattern of a token; its first group are the digits.

    `where` is the name of an element that holds no block, or "an attribute".
    """
    found = _Places(token)
    found.feed(markdown_parser().convert(text))
    return found.narrow


class _Places(HTMLParser):
    def __init__(self, token):
        super().__init__()
        self.token, self.open, self.narrow = token, [], []

    def handle_starttag(self, tag, attributes):
        for _, value in attributes:
            self.narrow += [(m[1], "an attribute") for m in self.token.finditer(value or "")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if inside := next((tag for tag in self.open if tag in NARROW), None):
            self.narrow += [(m[1], f"<{inside}>") for m in self.token.finditer(data)]
