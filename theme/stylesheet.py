"""One stylesheet for the site: our files, and of Material's rules those that a page can use.

The way is PurgeCSS's: a selector stays if every class, id, attribute and element in it occurs as a
word in the markup or in a script. Material's rules go into a cascade layer, so that ours win over
them whatever their specificity.
"""

import re
from pathlib import Path

import rcssmin
import tinycss2

from theme.cache import digest, remember

WORD = re.compile(r"[\w-]+")
MARKUP = re.compile(r"<[^>]+>")
USES_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)")

# What of Material's we style by ourselves, whole: none of its rules for these come in.
OURS = re.compile(
    r"\.md-(?!typeset\b)"
    r"|\.md-typeset__"
    r"|\.(?:admonition|highlight|highlighttable|linenos?|headerlink|footnote-backref|no-js|js)\b"
    r"|\.(?:note|abstract|info|tip|success|question|warning|failure|danger|bug|example|quote)\b"
    r"|(?<![\w.#-])(?:details|summary|table|thead|tbody|tr|th|td|blockquote|pre|figure|figcaption"
    r"|h[1-6]|hr)\b"
    r"|\[dir=rtl\]|\.focus-visible|#only-|#gh-"
)
NOT_WANTED = ("-webkit-mask", "-webkit-box-decoration-break", "-moz-", "transition")


def words_in(markup, scripts=()):
    """Return the words that selectors may name: those inside tags, and any in a script."""
    words = set()
    for html in markup:
        for tag in set(MARKUP.findall(html)):
            words.update(WORD.findall(tag))
    for script in scripts:
        words.update(WORD.findall(script))
    return words


def names_in(selector):
    """Return the classes, ids, attributes and elements that one selector needs.

    What stands in `:not()`, `:is()` or another function is not needed for a match.
    """
    names, in_pseudo = set(), False
    for token in tinycss2.parse_component_value_list(selector):
        if token.type == "ident" and not in_pseudo:
            names.add(token.value)
        elif token.type == "hash":
            names.add(token.value)
        elif token.type == "[] block":
            names.update(part.value for part in token.content[:1] if part.type == "ident")
        in_pseudo = token.type == "literal" and token.value == ":"
    return names


def _is_kept(selector, words):
    return not OURS.search(selector) and names_in(selector) <= words


def _selectors(prelude):
    parts, current = [], []
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append(current)
            current = []
        else:
            current.append(token)
    return [tinycss2.serialize(part).strip() for part in [*parts, current]]


def _declarations(content):
    """Return a rule's declarations as text, without pictures that a strict policy refuses."""
    kept = []
    for item in tinycss2.parse_declaration_list(content, skip_comments=True, skip_whitespace=True):
        if item.type != "declaration" or item.name.startswith(NOT_WANTED):
            continue
        value = tinycss2.serialize(item.value).strip()
        if "data:" not in value:
            kept.append(f"{item.name}:{value}{' !important' if item.important else ''}")
    return kept


def keep_used(css, words):
    """Return the rules of some CSS that markup with these words can use.

    Args:
        css: a whole stylesheet.
        words: from `words_in`.
    """
    return _keep_rules(tinycss2.parse_stylesheet(css, True, True), words)


def _keep_rules(rules, words):
    out = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [s for s in _selectors(rule.prelude) if _is_kept(s, words)]
            declarations = _declarations(rule.content) if selectors else []
            if declarations:
                out.append(f"{','.join(selectors)}{{{';'.join(declarations)}}}")
        elif rule.type == "at-rule" and rule.content is not None:
            inner = tinycss2.serialize(rule.content)
            if rule.lower_at_keyword in ("media", "supports"):
                inner = keep_used(inner, words)
            elif rule.lower_at_keyword == "page":
                continue
            if inner:
                prelude = tinycss2.serialize(rule.prelude).strip()
                out.append(f"@{rule.lower_at_keyword} {prelude}{{{inner}}}")
    return "".join(out)


def drop_unused_names(css):
    """Drop custom properties and animations that nothing names; return the shorter CSS."""
    while True:
        used = set(USES_VARIABLE.findall(css))
        shorter = re.sub(
            r"(--[\w-]+):[^;{}]*(;|(?=\}))", lambda m: m[0] if m[1] in used else "", css
        )
        shorter = re.sub(
            r"@keyframes ([\w-]+)\{(?:[^{}]*\{[^{}]*\})*\}",
            lambda m: m[0] if re.search(rf"animation[^;}}]*\b{m[1]}\b", shorter) else "",
            shorter,
        )
        shorter = re.sub(r"[^{};]+\{;*\}", "", shorter)
        if shorter == css:
            return css
        css = shorter


def follow_system(css):
    """Let the dark scheme hold without a choice too where the system asks for it, but not in print.

    The rule for `[data-md-color-scheme="slate"]` is moved to screens, and repeated there for
    `prefers-color-scheme`.
    """
    dark = re.search(r'\[data-md-color-scheme="slate"\]\s*\{([^}]*)\}', css)
    if dark is None:
        return css
    follows = (
        f"@media screen{{{dark[0]}}}"
        "@media screen and (prefers-color-scheme:dark){"
        f":root:not([data-md-color-scheme]){{{dark[1]}}}}}"
    )
    return css[: dark.start()] + follows + css[dark.end() :]


def colour(css, name, scheme="default"):
    """Return a token's value in one scheme, "default" or "slate".

    Raises:
        ValueError: the stylesheet has no such token.
    """
    rule = re.search(rf'\[data-md-color-scheme="{scheme}"\]\s*\{{([^}}]*)\}}', css)
    found = rule and re.search(rf"--{name}:\s*([^;]+);", rule[1])
    if not found:
        raise ValueError(f"token --{name} must be defined in scheme {scheme}")
    return found[1].strip()


def join(material, ours, fonts, words, cache):
    """Return the site's one stylesheet, small.

    Args:
        material: Material's CSS.
        ours: the texts of our stylesheets, in order; the first has the colours.
        fonts: the @font-face rules.
        words: from `words_in`.
        cache: a folder for what was joined before.
    """

    def make():
        own = "\n".join([follow_system(ours[0]), *ours[1:]])
        layer = f"@layer material{{{keep_used(material, words)}}}"
        return rcssmin.cssmin(drop_unused_names(fonts + layer + own)).encode()

    recipe = digest(material, *ours, fonts, sorted(words), Path(__file__).read_bytes())
    return remember(cache, f"{recipe}.css", make).decode()
