"""The HTML of what is woven in: code, output, values, errors."""

from __future__ import annotations

from html import escape

from pygments import highlight
from pygments.filter import simplefilter
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES, Token

# The kinds of code, by Pygments' short names, that are marked: those with colours of their own.
MARKED = "k kn kd kc kr kt ow s s1 s2 sd sa si se m mi mf il c c1 cm gp nf nc nb ne nd err gr gt"


@simplefilter
def _marked(self, lexer, stream, options):
    for kind, text in stream:
        yield kind if STANDARD_TYPES.get(kind) in MARKED.split() else Token.Text, text


_LEXER = PythonLexer(stripnl=False, filters=[_marked()])
_FORMATTER = HtmlFormatter(nowrap=True)

listings: dict[str, str] = {}  # source -> highlighted HTML; a build puts in what it remembers


def code(source, number):
    """Highlighted Python; the box can be scrolled with the keyboard."""
    if source not in listings:
        listings[source] = highlight(source, _LEXER, _FORMATTER).rstrip("\n")
    text = listings[source]
    return (
        '<div class="highlight">'
        f'<pre tabindex="0" role="region" aria-label="Code of block {number}">'
        f"<code>{text}\n</code></pre></div>"
    )


def block(fence, outcome, number):
    """One box: the code and, below it, what it printed and its last value."""
    shown = output(outcome, number)
    listing = code(fence.source, number)
    if "hide" in fence.flags:
        summary = f"<summary>Code of block {number}</summary>"
        listing = f'<details class="woven-code">{summary}{listing}</details>'
        parts = shown + listing
    else:
        parts = listing + shown
    return f'<div class="woven" id="block-{number}">{parts}</div>'


def output(outcome, number):
    """What a block printed and its value: text that can be selected, then a drawing."""
    parts = []
    if outcome.printed:
        parts.append(_text(outcome.printed, number, "Output"))
    if outcome.drawing:
        parts.append(f'<div class="woven-figure">{outcome.drawing}</div>')
    if outcome.raised:
        parts.append(_text(outcome.raised, number, "Error, as meant", "woven-raised"))
    return "".join(parts)


def _text(text, number, label, kind=""):
    text = escape(text.rstrip("\n"), quote=False)
    classes = " ".join(["woven-output", *kind.split()])
    return (
        f'<div class="{classes}"><span class="woven-label">{label}</span>'
        f'<pre tabindex="0" role="region" aria-label="{label} of block {number}">'
        f"<samp>{text}</samp></pre></div>"
    )


def value(text, expression, blocks):
    """A computed value in prose, marked up with the expression and the block it comes from."""
    source = f' data-block="block-{blocks[-1]}"' if blocks else ""
    return (
        f'<span class="value" data-expression="{escape(expression)}"{source}>{escape(text)}</span>'
    )


def formula(mathml, number):
    """A formula on a line of its own, in a box that can be scrolled with the keyboard."""
    focus = f'tabindex="0" role="region" aria-label="Formula {number}"'
    return f'<div class="formula-scroll" {focus}>{mathml}</div>'


def block_mark(number, anchor):
    """The mark of a claim that a block shows; it looks like the number of a note."""
    link = f'<a class="footnote-ref" href="#block-{number}">block {number}</a>'
    return f'\N{NO-BREAK SPACE}<sup id="{anchor}">{link}</sup>'


def error_box(problems):
    """What `serve` shows where a page is broken."""
    items = "".join(f"<li>{escape(str(problem))}</li>" for problem in problems)
    title = "<strong>This page does not build.</strong>"
    return f'<div class="woven-error" role="alert">{title}<ul>{items}</ul></div>'


def error_mark(problem):
    """The same in the midst of a sentence."""
    return f'<strong class="woven-error" role="alert">{escape(str(problem))}</strong>'
