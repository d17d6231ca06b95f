"""What the text of some HTML is, and how many words of prose a page has."""

import re
from html import unescape

UNSPOKEN = re.compile(r"<(pre|code|math|svg|script|style|template|by-hand-[a-z-]+)\b.*?</\1>", re.S)
TAG = re.compile(r"<[^>]*>")


def text_of(html):
    """Return the text of some HTML, tags off, references resolved."""
    return unescape(TAG.sub(" ", html))


def count_words(html):
    """Return how many words of prose a page has; code, formulas and drawings don't count."""
    return sum(any(c.isalnum() for c in word) for word in text_of(UNSPOKEN.sub(" ", html)).split())
