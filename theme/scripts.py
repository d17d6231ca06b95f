"""Scripts, small: comments and needless spaces go, and the modules of the instruments become one.

A browser would ask for a module's imports one after the other. So the build joins them, in the
order in which they need each other, into one file that only pages with an instrument load, and
leaves out what those pages don't use. Names
must differ between the modules; where two are the same, the browser refuses the file, and the
tests say so.
"""

import re
from collections import Counter

import rjsmin

WORD = re.compile(r"\w+")
IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([\w-]+\.js)";\n', re.M)
LATER = re.compile(r'\bimport\("\./([\w-]+\.js)"\)')  # a file of its own, loaded when asked for
EXPORT = re.compile(r"^export (?=(async )?function|class|const|let)", re.M)
NAMED = re.compile(  # a function or constant of the top level, whole; its end stands at the margin
    r"^(?:/\*\*(?:(?!\*/).)*\*/\n)?"
    r"(?:(?:async )?function (\w+)\(.*?^\}\n|const (\w+) = .*?;\n(?=\n*(?:\S|\Z)))",
    re.M | re.S,
)
LEFT = re.compile(r"^(?:import|export)\b.*", re.M)


def minify(script):
    """Return a script without its comments and needless spaces."""
    return rjsmin.jsmin(script)


def join_modules(modules, entries):
    """Return the entry modules and all that they import as one script, small.

    Args:
        modules: {"engine.js": source, ...}. An import is `import { a } from "./engine.js";`.
        entries: names of the modules that pages use.

    Raises:
        ValueError: an import of a module that isn't there, a circle, another kind of import.
    """
    order, path = [], []

    def visit(name, asked_by):
        if name not in modules:
            raise ValueError(f"{asked_by} imports {name}, which is not there")
        if name in path:
            raise ValueError(f"modules import each other in a circle: {', '.join(path)}")
        if name in order:
            return
        path.append(name)
        for other in IMPORT.findall(modules[name]):
            visit(other, name)
        path.pop()
        order.append(name)

    for name in entries:
        visit(name, "the site")
    return minify(drop_unused("\n".join(_inside(name, modules[name]) for name in order)))


def drop_unused(source):
    """Leave out the functions and constants that nothing else in a script names."""
    while True:
        count = Counter(WORD.findall(source))
        unused = [
            part[0]
            for part in NAMED.finditer(source)
            if len(re.findall(rf"\b{part[1] or part[2]}\b", part[0])) == count[part[1] or part[2]]
        ]
        if not unused:
            return source
        for part in unused:
            source = source.replace(part, "")


def _inside(name, source):
    """Return a module's source without its imports and exports."""
    source = EXPORT.sub("", IMPORT.sub("", source))
    if left := LEFT.search(source):
        raise ValueError(f"{name}: this kind of import or export is not joined: {left[0]}")
    return source
