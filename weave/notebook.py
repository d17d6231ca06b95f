"""A woven page as a notebook: its text with values in it, its blocks as cells, what they showed.

Nothing runs here. The outputs are those of the page; a notebook that is run shows them again.
"""

from __future__ import annotations

import json
import re

from weave.to_markdown import to_markdown

FORMULA = re.compile(r"<math\b.*?</math>", re.S)
VALUE = re.compile(r'<span class="value"[^>]*>([^<]*)</span>')  # taken off first: there are many
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SETUP = """\
# Gets what the cells below import. Run this first.
import hashlib, importlib, io, os, sys, urllib.request, zipfile
from pathlib import Path

NAME = "{name}"
ADDRESS = "{address}"
SHA256 = "{digest}"
try:
    from figures.kit.notebook import start
except ImportError:
    folder = Path(NAME.removesuffix(".zip")).resolve()
    if not folder.is_dir():
        file = os.environ.get("{variable}") or (NAME if Path(NAME).is_file() else None)
        if file:
            content = Path(file).read_bytes()
        else:
            with urllib.request.urlopen(ADDRESS) as answer:
                content = answer.read()
        if hashlib.sha256(content).hexdigest() != SHA256:
            raise ValueError(f"{{file or ADDRESS}} is not the file that this notebook needs")
        zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    for module in ("figures", "experiments", "snippets"):
        sys.modules.pop(module, None)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    from figures.kit.notebook import start
start()"""
HOW = """\
> This notebook is the page [{title}]({address}) of {site}. {licence}
>
> Run the next cell first, then the others from top to bottom. You need Python 3.11 or later and \
NumPy. The next cell gets the code that the lesson imports: from the repository if you are in it, \
or else [a zip file]({bundle}) of {size} from the site. It unpacks that file into a folder beside \
this notebook, and works there.
>
> Without a network: save the zip file as `{name}` beside this notebook, or let the environment \
variable `{variable}` say where it is."""
AFRESH = "*Here the code starts afresh: the cells below use nothing that the cells above set.*"


def make_notebook(
    page, html, as_picture, as_words, *, title, address, site, bundle, bundle_address, licence=""
):
    """Return the notebook of a page as bytes.

    Args:
        page: a woven Page without problems.
        html: its content as built.
        as_picture, as_words: functions that turn the HTML of a drawing into a picture, into words.
        title: what to call it.
        address: where it will stand; relative links lead on from there.
        site: the name of the site.
        bundle: the Bundle with what the blocks import.
        bundle_address: where that will stand.
        licence: a sentence about it.
    """
    pieces, numbers = _cut(page, html)
    put = [text if kind == "formula" else as_picture(text) for kind, text in pieces]
    blocks = to_markdown(numbers, address, put)
    told = {"address": address, "site": site, "licence": licence, "title": title}
    (_, how), (_, setup) = first_cells(HOW, bundle=bundle, bundle_address=bundle_address, **told)
    start = 1 + bool(page.description)  # the title, and the sentence below it
    cells = [
        *_text_cells(blocks[:start]),
        _cell("markdown", "how", how),
        _cell("code", "setup", setup, outputs=[], execution_count=None),
    ]
    pending = []
    for block in blocks[start:]:
        if isinstance(block, str):
            pending.append(block)
            continue
        woven = page.blocks[block - 1]
        if block > 1 and "continuation" not in woven.fence.flags:
            pending.append(AFRESH)
        cells += [*_text_cells(pending, len(cells)), _code_cell(woven, as_picture, as_words)]
        pending = []
    cells += _text_cells(pending, len(cells))
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}, "title": title},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def first_cells(how, *, bundle, bundle_address, **told):
    """Return what stands first in a notebook, as (whether code, source): how to run it, the start.

    Args:
        how: a text with {places} for what is `told`, and for what is known of the bundle.
        bundle, bundle_address, told: as for make_notebook.
    """
    variable = re.sub(r"\W+", "_", bundle.name.partition(".")[0]).upper() + "_ZIP"
    known = {"name": bundle.name, "variable": variable}
    size = write_size(len(bundle.content))
    setup = SETUP.format(address=bundle_address, digest=bundle.digest, **known)
    return (False, how.format(bundle=bundle_address, size=size, **known, **told)), (True, setup)


def write_size(count):
    """Return a number of bytes as a reader says it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB"


def _cut(page, html):
    """Return (pieces, HTML with short elements in place of blocks, drawings and formulas).

    A piece is ("formula", TeX in its dollars) or ("drawing", HTML).
    """
    pieces = []

    def put(kind, text):
        pieces.append((kind, text))
        return f'<put-text n="{len(pieces) - 1}"></put-text>'

    numbers = {block.fence.line: block.number for block in page.blocks}
    for (piece, _), line in zip(page.pieces, page.lines, strict=True):
        if line in numbers and piece.startswith("<div"):
            html = html.replace(piece, f'<put-block n="{numbers[line]}"></put-block>')
        elif "<svg" in piece:
            html = html.replace(piece, put("drawing", piece))

    def formula(match):
        tex = page.formulas.get(match[0])
        return put("formula", tex) if tex else match[0]

    return pieces, VALUE.sub(r"\1", FORMULA.sub(formula, html))


def _starts_cell(block):
    """A cell begins with code, or with a heading below the title."""
    return isinstance(block, int) or bool(re.match("##+ ", block))


def _text_cells(blocks, number=0):
    """Markdown cells; each heading begins one."""
    groups = []
    for block in blocks:
        if not groups or _starts_cell(block):
            groups.append([])
        groups[-1].append(block)
    return [
        _cell("markdown", f"text-{number + index}", "\n\n".join(group))
        for index, group in enumerate(groups)
    ]


def _code_cell(block, as_picture, as_words):
    fence, outcome, tags = block.fence, block.outcome, []
    more = {}
    if "hide" in fence.flags:
        tags.append("hide-input")
        more["jupyter"] = {"source_hidden": True}
    if fence.raises:
        tags.append("raises-exception")
    if tags:
        more["tags"] = tags
    return _cell(
        "code",
        f"block-{block.number}",
        fence.source.rstrip("\n"),
        more,
        outputs=list(_outputs(outcome, as_picture, as_words)),
        execution_count=None,
    )


def _outputs(outcome, as_picture, as_words):
    stream = outcome.printed
    if outcome.value:
        stream = stream.removesuffix(outcome.value + "\n")
    if stream:
        yield {"output_type": "stream", "name": "stdout", "text": _lines(stream)}
    shown = {}
    if outcome.drawing:
        shown["text/html"] = _lines(as_picture(outcome.drawing))
        shown["text/plain"] = _lines(as_words(outcome.drawing))
    elif outcome.value:
        shown["text/plain"] = _lines(outcome.value)
    if shown:
        yield {
            "output_type": "execute_result",
            "data": shown,
            "metadata": {},
            "execution_count": None,
        }
    if outcome.raised:
        name, _, message = outcome.raised.partition(": ")
        error = {"ename": name, "evalue": message, "traceback": [outcome.raised]}
        yield {"output_type": "error", **error}


def _cell(kind, identity, source, metadata=None, **more):
    cell = {"cell_type": kind, "id": identity, "metadata": metadata or {}}
    return {**cell, "source": _lines(source), **more}


def _lines(text):
    return text.splitlines(keepends=True)
