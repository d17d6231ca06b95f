"""What the theme does to the HTML of a page: the sentence below the title, boxes that scroll."""

import re
from html import escape, unescape

UNSPOKEN = re.compile(r"<(pre|code|math|svg|script|style|template|by-hand-[a-z-]+)\b.*?</\1>", re.S)
TAG = re.compile(r"<[^>]*>")
# But a matrix is a drawing, and a table of figures/kit/table.py has brought its box.
TABLE = re.compile(r'(<div class="table-scroll"[^>]*>)?<table\b(?! data-matrix).*?</table>', re.S)
FORMULA = re.compile(r'<math\b[^>]*\bdisplay="block".*?</math>', re.S)
LINK_TO_SECTION = re.compile(r'<a class="headerlink"([^>]*?) title="([^"]*)"')
ALIGN = re.compile(r'<(t[hd]) align="(right|center|left)"')
BOX = re.compile(r"<pre(?![^>]*\btabindex)(?P<attributes>[^>]*)>(?P<output>\s*<samp)?")


def text_of(html):
    """Return the text of some HTML, tags off, references resolved."""
    return unescape(TAG.sub(" ", html))


def count_words(html):
    """Return how many words of prose a page has; code, formulas and drawings don't count."""
    return sum(any(c.isalnum() for c in word) for word in text_of(UNSPOKEN.sub(" ", html)).split())


def with_lede(html, description):
    """Put a page's description below its title as the sentence that says the whole lesson."""
    head, end, rest = html.partition("</h1>")
    if not description or not end or 'class="lede"' in html:
        return html
    return f'{head}{end}\n<p class="lede">{escape(description, quote=False)}</p>{rest}'


def with_scroll_boxes(html):
    """Let every wide thing scroll in a box of its own, by keyboard too, under a name.

    The names are numbered, so that no two on a page are alike. Where nothing needs to scroll,
    site.js takes the box out of the tab order again.
    """
    counts = {"Table": 0, "Formula": 0, "Code": 0, "Output": 0}

    def next_name(kind):
        counts[kind] += 1
        return f"{kind} {counts[kind]}"

    def focus(name):
        return f'tabindex="0" role="region" aria-label="{escape(name)}"'

    def table(match):
        if match[1]:
            return match[0]
        heads = re.findall(r"<th\b[^>]*>(.*?)</th>", match[0], re.S)
        words = [" ".join(text_of(head).split()) for head in heads]
        name = f"{next_name('Table')}: {', '.join(filter(None, words))}".rstrip(": ")
        aligned = ALIGN.sub(r'<\1 class="\2"', match[0])
        return f'<div class="table-scroll" {focus(name)}>{aligned}</div>'

    def formula(match):
        return f'<div class="formula-scroll" {focus(next_name("Formula"))}>{match[0]}</div>'

    def box(match):
        name = next_name("Output" if match["output"] else "Code")
        return f"<pre{match['attributes']} {focus(name)}>{match['output'] or ''}"

    return BOX.sub(box, FORMULA.sub(formula, TABLE.sub(table, html)))


def with_quiet_links(html):
    """Take the links beside headings out of the tab order, and name them."""
    return LINK_TO_SECTION.sub(r'<a class="headerlink"\1 tabindex="-1" aria-label="\2"', html)
