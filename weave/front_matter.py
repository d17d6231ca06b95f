"""Front matter: the YAML that a page's file may begin with. The only reader of its syntax."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from weave.fences import Problem

OPENING = re.compile(r"---[ \t]*\n")
CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M)
NAME = re.compile(r"[ ]{0,3}[A-Za-z0-9_-]+:")
TEXTS = ("title", "description")  # kept as they are typed: 404 and 2026-01-01 too
HIDE = ("navigation", "toc")  # what a page may hide: nothing reads other names


class Source(NamedTuple):
    """A page's file: its Markdown, and what its front matter says.

    `offset` is how many lines of the file stand before the Markdown. `meta` has the names and
    values of the front matter, and `lines` the line of the file on which each name stands; the
    texts in TEXTS may hold values.
    """

    path: str
    text: str
    offset: int = 0
    meta: dict = {}
    lines: dict = {}
    problems: tuple[Problem, ...] = ()


def read_source(text, path):
    """Return the Source of a page; front matter that can't be read is a problem, not an error.

    Args:
        text: the whole file.
        path: its file, as messages name it.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    opening = OPENING.match(text)
    if not opening:
        return Source(path, text)
    closing = CLOSING.search(text, opening.end())
    if not closing:
        is_meant = NAME.match(text, opening.end())
        problem = _problem(path, 1, "the line --- that ends it is missing")
        return Source(path, text, problems=(problem,) if is_meant else ())
    inside, end = text[opening.end() : closing.start()], closing.end() + 1
    return _read(inside, text[end:], text.count("\n", 0, end), path)


def _problem(path, line, message):
    return Problem(path, line, f"the front matter can't be read: {message}")


def _read(inside, body, offset, path):
    try:
        meta = yaml.safe_load(inside)
        typed = yaml.load(inside, yaml.BaseLoader)
        names = yaml.compose(inside)
        if meta is not None and not isinstance(meta, dict):
            raise yaml.YAMLError("it is not a list of names and values")
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = 2 + (mark.line if mark else 0)
        message = getattr(error, "problem", None) or str(error)
        if re.match(r"\s*[\w-]+:\s*\{\{", inside.split("\n")[max(0, line - 2)]):
            message = "a text that begins with {{ needs quotes round it"
        return Source(path, body, offset, problems=(_problem(path, line, message),))
    meta, lines, problems = meta or {}, {}, []
    for key, value in names.value if isinstance(names, yaml.MappingNode) else ():
        name, line = key.value, 2 + key.start_mark.line
        if name in lines:
            problems.append(_problem(path, line, f"{name} is given twice"))
        lines[name] = line
        if name == "hide":
            if not isinstance(meta[name], list) or any(one not in HIDE for one in meta[name]):
                meta[name] = []
                problems.append(_problem(path, line, "hide is a list of navigation and toc"))
        elif name not in TEXTS:
            problems.append(_problem(path, line, f"nothing reads {name}"))
        else:
            if isinstance(value, yaml.ScalarNode):
                meta[name] = " ".join(typed[name].split())
            else:
                meta[name] = ""
                shown = "quotes round it" if value.flow_style else "a line of text"
                problems.append(_problem(path, line, f"the {name} needs {shown}"))
            if not meta[name]:
                del meta[name]
    meta = {name: meta[name] for name in ("hide", *TEXTS) if name in meta}
    return Source(path, body, offset, meta, lines, tuple(problems))
