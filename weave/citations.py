"""Citations: [@key] marks a sentence as a claim about the world and names where it comes from.

    Low layers tend to be general [@yosinski2014].      an entry of data/references.bib
    Running statistics move. [@ioffe2015, section 3.1]  the same, with a place in it
    Both were seen. [@yosinski2014; @ioffe2015]         two sources
    Freezing alone does not help. [@block]              the block above shows it

A source becomes a note at the foot of the page; `ledger` lists all claims of all pages.
"""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from pathlib import Path

from weave.fences import Problem, read_utf8
from weave.kept import Kept, digest_of

FILE = "data/references.bib"
BLOCK = "block"  # the key that stands for the block above
NAMED_AUTHORS = 8  # of more, the first is named
KEY = re.compile(r"@([\w:-]+)(?:,\s*([^;@]+))?")
NEEDED = ("author", "title", "year")

# While a page is woven, these stand round each mark, so that its sentence can be found.
OPEN, CLOSE = "\ue002", "\ue003"
MARK = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
# Where a sentence cannot come from: another paragraph, list item, table cell or heading.
BREAK = re.compile(
    r"\n[ \t>]*\n|^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+|(?<!\\)\||^[ \t>]*#.*$|^[ \t]*(?:!!!|</?\w).*$"
    r"|^\[\^[^\]]+\]:|^[ \t]*:[ \t]+",
    re.M,
)
END = re.compile(
    r"(?<!\bal)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\b[A-Z])[.!?][\"”’)*_]*"
    rf"(?:\s*{OPEN}[^{CLOSE}]*{CLOSE})*(?=\s|$)"
)
UNMARKED = re.compile(
    rf"\s*{OPEN}[^{CLOSE}]*{CLOSE}|\s*\[\^[^\]]+\]"  # marks and notes
    r"|!?\[(?P<text>[^\]]*)\](?:\([^)]*\)|\[[^\]]*\])(?:\{[^}]*\})?"  # links: their text stays
    r"|</?[a-zA-Z][^>]*>|[*`]|(?<!\w)_|_(?!\w)"
)


class CitationError(ValueError):
    """A mark that names no source, or one that is not there."""


@dataclass(frozen=True)
class Entry:
    """One source: `line` is where it stands in the file; `authors` are (initials, surname)."""

    key: str
    line: int
    authors: tuple
    fields: dict = field(hash=False)

    @property
    def short(self):
        """Such as "Yosinski et al. 2014"."""
        names = [surname for _, surname in self.authors if surname != "others"]
        if len(self.authors) > 2:
            return f"{names[0]} et al. {self.fields['year']}"
        return f"{' and '.join(names)} {self.fields['year']}"

    def text(self, place=""):
        """The reference without its address."""
        people = [author for author in self.authors if author[1] != "others"]
        names = [f"{initials} {name}".strip() for initials, name in people]
        if len(names) > NAMED_AUTHORS:
            names = names[:1]
        if len(names) < len(self.authors):
            names.append("et al.")
        get = self.fields.get
        if get("journal"):
            venue = [f"{get('journal')} {get('volume', '')}".strip(), get("year")]
        else:
            venue = [f"{get('booktitle') or get('publisher', '')} {get('year')}".strip()]
        pages = "pages" in self.fields and f"pages {self.fields['pages'].replace('--', '–')}"
        rest = [", ".join(names), f'"{get("title")}"', *venue, pages, place]
        return ", ".join(filter(None, rest))

    @property
    def link(self):
        """(address, what to call it), or None."""
        get = self.fields.get
        if get("eprint"):
            return f"https://arxiv.org/abs/{get('eprint')}", f"arXiv:{get('eprint')}"
        if get("doi"):
            return f"https://doi.org/{get('doi')}", f"doi:{get('doi')}"
        url = get("url", "")
        return (url, url.partition("//")[2]) if url else None

    def html(self, place=""):
        """The reference as a note shows it."""
        text = escape(self.text(place), quote=False).rstrip(".") + "."
        if not self.link:
            return text
        address, name = self.link
        return f'{text} <a href="{escape(address)}">{escape(name)}</a>'


@dataclass
class Claim:
    """A marked sentence: its sources, or the block that shows it, and where it stands."""

    line: int
    anchor: str  # of its mark in the page
    sources: list = field(default_factory=list)  # (key, place in the source)
    block: int | None = None
    text: str = ""  # Markdown, with the tokens of the page


def read_sources(root):
    """Return ({key: Entry}, Problems) of the bibliography; none where there is no file."""
    file = root / FILE
    if not file.is_file():
        return {}, ()
    status = file.stat()
    return _read(root, file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(root, file, *stamp):
    text, unread = read_utf8(file, FILE)
    made_from = digest_of(text, Path(__file__).read_bytes())
    kept = Kept(root / ".cache" / "weave")
    made = kept.remember(FILE, made_from, lambda: pickle.dumps(_parse(text)))
    entries, problems = pickle.loads(made)
    return entries, (*unread, *problems)


def _parse(text):
    import bibtexparser  # slow to load, and the entries of before are kept
    from bibtexparser.middlewares import SeparateCoAuthors, SplitNameParts

    library = bibtexparser.parse_string(
        text, append_middleware=[SeparateCoAuthors(), SplitNameParts()]
    )
    problems = [Problem(FILE, _line(block), _reason(block)) for block in library.failed_blocks]
    entries = {}
    for found in library.entries:
        fields = {name: found[name] for name in found.fields_dict}
        line = _line(found)
        lacking = [name for name in NEEDED if not fields.get(name)]
        if lacking:
            problems.append(Problem(FILE, line, f"{found.key} has no {' and no '.join(lacking)}"))
            continue
        authors = tuple(_name(person) for person in fields.pop("author"))
        texts = {name: re.sub(r"[{}]|\s+(?=\s)", "", value) for name, value in fields.items()}
        entries[found.key] = Entry(found.key, line, authors, texts)
    return entries, tuple(sorted(problems, key=lambda problem: problem.line))


def _line(block):
    return 1 + (block.start_line or 0)


def _reason(block):
    reason = getattr(block.error, "abort_reason", None) or str(block.error)
    return f"can't be read: {reason.strip().partition('. Note')[0]}"


def _name(person):
    initials = " ".join(
        "-".join(f"{part[0]}." for part in name.split("-") if part)
        for name in (word.strip("{}") for word in person.first)
        if name
    )
    surname = " ".join([*person.von, *person.last, *person.jr]).strip("{}")
    return initials, surname


def parse_mark(mark):
    """Return the (key, place) pairs of a mark such as `[@key, section 2; @other]`.

    Raises:
        CitationError: it names no source, or can't be read.
    """
    inside = mark[1:-1].strip()
    if inside in ("@", "@?"):
        raise CitationError(
            f"a claim is marked here, and no source is named: write [@key] with a key of {FILE}, "
            f"or [@{BLOCK}] if the block above shows it"
        )
    named = inside.split(";")
    found = [match for part in named if (match := KEY.fullmatch(part.strip()))]
    if len(found) < len(named):
        raise CitationError(f"{mark} can't be read: write [@key] or [@key, section 2; @other]")
    return [(match[1], (match[2] or "").strip()) for match in found]


def label(key, place):
    """What the note of a source is called on its page."""
    return "-".join(["cite", key, *re.findall(r"[\w.]+", place)])


def sentence_at(text, index):
    """Return the sentence of some woven Markdown that the mark at `index` stands in or after."""
    start = max((m.end() for m in BREAK.finditer(text, 0, index)), default=0)
    following = BREAK.search(text, index)
    stop = following.start() if following else len(text)
    for end in END.finditer(text, start, stop):
        if end.end() > index:
            stop = end.end()
            break
        start = end.end()
    plain = UNMARKED.sub(lambda match: match["text"] or "", text[start:stop])
    return " ".join(re.sub(r"^[ \t]*>", "", plain, flags=re.M).split())
