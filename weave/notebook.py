"""A woven page as a notebook: its text with values in it, its blocks as cells, what they showed.

Nothing runs here. The outputs are those of the page; a notebook that is run shows them again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from weave.bundle import Bundle
from weave.plain import Plain

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
> This notebook is {page} of {site}. {licence}
>
> Run the next cell first, then the others from top to bottom. You need Python 3.11 or \
later{needs}. The next cell gets the code that the notebook imports: from the repository if you \
are in it, or else {bundle} of {size} from the site. It unpacks that file into a folder beside \
this notebook, and works there.
>
> Without a network: save the zip file as `{name}` beside this notebook, or let the environment \
variable `{variable}` say where it is."""
AFRESH = "*Here the code starts afresh: the cells below use nothing that the cells above set.*"


class Site(NamedTuple):
    """What every notebook of a site tells.

    Attributes:
        name: of the site. licence: a sentence about it.
        bundle: the Bundle with what the blocks import. bundle_address: where that will stand.
        as_picture, as_words: functions from the HTML of a drawing to a picture, to words.
    """

    name: str
    licence: str
    bundle: Bundle
    bundle_address: str
    as_picture: object = None
    as_words: object = None

    def first_cells(self, page, needs=" and NumPy"):
        """Return the cells that say how to run a notebook, and that get what it imports.

        Args:
            page: what the notebook is made from, with a link to it.
            needs: what is to be installed beside Python.
        """
        name = self.bundle.name
        variable = re.sub(r"\W+", "_", name.partition(".")[0]).upper() + "_ZIP"
        told = HOW.format(
            page=page, site=self.name, licence=self.licence, name=name, variable=variable,
            needs=needs, bundle=link_to("a zip file", self.bundle_address),
            size=write_size(len(self.bundle.content)),
        )  # fmt: skip
        address = self.bundle_address or f"file:{name}"
        setup = SETUP.format(
            name=name, address=address, digest=self.bundle.digest, variable=variable
        )
        return [text_cell("how", told), code_cell("setup", setup)]


def link_to(words, address):
    """Return Markdown for a link; the words alone, if there is no address."""
    return f"[{words}]({address})" if address else words


def make_notebook(page, site, *, title, address, **links):
    """Return the notebook of a lesson as bytes.

    Args:
        page: a woven Page without problems.
        site: a Site.
        title: what to call it.
        address: where the page will stand; "" if that isn't known.
        links: lead, terms and explained, as for plain.Plain.
    """

    def cell(number):
        return _block_cell(page.blocks[number - 1], site)

    first = site.first_cells(f"the page {link_to(title, address)}")
    return put_together(page, site, first, cell, title=title, **links)


def put_together(page, site, first, cell, *, title, **links):
    """Return a page as the content of a notebook file.

    Args:
        page, site, title, links: as for make_notebook.
        first: cells below the title.
        cell: a function from the number of a block to its cell of code.
    """
    import nbformat  # slow to load; a site builds without it where nothing has changed

    blocks = Plain(page, as_picture=site.as_picture, **links).write()
    heading = next((b for b in blocks if isinstance(b, str) and b.startswith("# ")), None)
    if heading:
        blocks.remove(heading)
    start = [heading or f"# {title}", *filter(None, [page.description])]
    cells, pending = [text_cell("text-0", "\n\n".join(start)), *first], []
    for block in blocks:
        if isinstance(block, str):
            pending.append(block)
            continue
        if block > 1 and page.blocks and "continuation" not in page.blocks[block - 1].fence.flags:
            pending.append(AFRESH)
        cells += _text_cells(pending, len(cells))
        cells.append(cell(block))
        pending = []
    cells += _text_cells(pending, len(cells))
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "title": title}
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata)) + "\n"
    return text.encode("utf-8", "backslashreplace")  # half a character, as JSON writes it


def write_size(count):
    """Return a number of bytes as a reader says it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1000))} kB"


def text_cell(identity, source):
    """Return a cell of Markdown."""
    from nbformat import v4

    return v4.new_markdown_cell(source, id=identity)


def code_cell(identity, source, outputs=(), **metadata):
    """Return a cell of code with what it put out."""
    from nbformat import v4

    return v4.new_code_cell(source, id=identity, outputs=list(outputs), metadata=metadata)


def _text_cells(blocks, number):
    """Cells of Markdown; each heading begins one."""
    groups: list[list[str]] = []
    for block in blocks:
        if not groups or re.match("##+ ", block):
            groups.append([])
        groups[-1].append(block)
    return [
        text_cell(f"text-{number + index}", "\n\n".join(group))
        for index, group in enumerate(groups)
    ]


def _block_cell(block, site):
    fence, tags = block.fence, []
    more: dict[str, object] = {}
    if "hide" in fence.flags:
        tags.append("hide-input")
        more["jupyter"] = {"source_hidden": True}
    if fence.raises:
        tags.append("raises-exception")
    if tags:
        more["tags"] = tags
    outputs = _outputs(block.outcome, site)
    return code_cell(f"block-{block.number}", fence.source.rstrip("\n"), outputs, **more)


def _outputs(outcome, site):
    from nbformat.v4 import new_output

    stream = outcome.printed
    if outcome.value:
        stream = stream.removesuffix(outcome.value + "\n")
    if stream:
        yield new_output("stream", name="stdout", text=stream)
    shown = {}
    if outcome.drawing:
        shown["text/html"] = site.as_picture(outcome.drawing)
        shown["text/plain"] = site.as_words(outcome.drawing)
    elif outcome.value:
        shown["text/plain"] = outcome.value
    if shown:
        yield new_output("execute_result", shown)
    if outcome.raised:
        name, _, message = outcome.raised.partition(": ")
        yield new_output("error", ename=name, evalue=message, traceback=[outcome.raised])
