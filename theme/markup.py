"""What the text of some HTML is, how many words of prose, and which of it a page shows first."""

import re
from html import unescape

UNSPOKEN = re.compile(r"<(pre|code|math|svg|script|style|template|by-hand-[a-z-]+)\b.*?</\1>", re.S)
TAG = re.compile(r"<[^>]*>")
OPENED = re.compile(r"<([a-zA-Z][\w-]*)")
BLOCKS = ("h1", "h2", "p", "ul", "ol")  # these, and what may stand within, are dressed by first.css
WITHIN = ("li", "a", "span", "em", "strong", "i", "b", "code", "sup", "sub", "br")
HERO = '<div class="hero-figure">'  # and so is all that stands before it


def text_of(html):
    """Return the text of some HTML, tags off, references resolved."""
    return unescape(TAG.sub(" ", html))


def count_words(html):
    """Return how many words of prose a page has; code, formulas and drawings don't count."""
    return sum(any(c.isalnum() for c in word) for word in text_of(UNSPOKEN.sub(" ", html)).split())


def first_words(html):
    """Return a page's content in two parts: what first.css dresses, and all from there on."""
    claim, figure, rest = html.partition(HERO)
    if figure:
        return claim, figure + rest
    block, start = "", 0
    for tag in OPENED.finditer(html):
        name = tag[1]
        if name in BLOCKS:
            block, start = name, tag.start()
        elif name not in WITHIN:
            is_open = block and f"</{block}>" not in html[start : tag.start()]
            cut = start if is_open else tag.start()
            return html[:cut], html[cut:]
    return html, ""
