"""Scripts, small, as few files as a reader's first visit can bear.

Our modules are native ones. A browser would ask for each by itself, so those that pages share are
put into one file, each as a function of its own that is called once and returns what it exports:
what a module declares stays its own.
"""

import re

import rjsmin

from theme.cache import digest

IMPORT = re.compile(r'^import\s*(\{[^}]*\})\s*from\s*"\./([\w-]+\.js)";\n', re.M)
LATER = re.compile(r'\bimport\("\./([\w-]+\.js)"\)')  # a file of its own, loaded when asked for
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
LEFT = re.compile(r"^(?:import|export)\b.*", re.M)


def minify(script):
    """Return a script without its comments and needless spaces."""
    return rjsmin.jsmin(script)


def put_together(modules, bundles):
    """Return {name: (file name, script)} of some bundles, and of what modules load later.

    Args:
        modules: {"engine.js": source, ...}. An import is `import { a } from "./engine.js";`.
        bundles: {name of the bundle: names of modules that it starts, with all that they import}.

    Raises:
        ValueError: an import of a module that isn't there, a circle, another kind of import.
    """
    made: dict[str, tuple[str, str]] = {}
    files: dict[str, str] = {}

    def make(name, entries):
        script = LATER.sub(lambda found: f'import("./{files[found[1]]}")', bundle(modules, entries))
        files[name] = f"{name.removesuffix('.js')}.{digest(script)}.js"
        made[name] = files[name], script

    for name in sorted({name for source in modules.values() for name in LATER.findall(source)}):
        make(name, [name])
    for name, entries in bundles.items():
        make(name, entries)
    return made


def bundle(modules, entries):
    """Return the entry modules and all that they import as one module, small; see put_together.

    It exports what the entries export.
    """
    order: list[str] = []
    path: list[str] = []

    def visit(name, asked_by):
        if name not in modules:
            raise ValueError(f"{asked_by} imports {name}, which is not there")
        if name in path:
            raise ValueError(f"modules import each other in a circle: {', '.join(path)}")
        if name in order:
            return
        path.append(name)
        for _, other in IMPORT.findall(modules[name]):
            visit(other, name)
        path.pop()
        order.append(name)

    for name in entries:
        visit(name, "the site")
    parts = [_called(name, modules[name], order) for name in order]
    parts += [
        f"export const {{ {', '.join(names)} }} = ${order.index(name)};"
        for name in entries
        if (names := EXPORT.findall(modules[name]))
    ]
    return minify("\n".join(parts))


def _called(name, source, order):
    """Return a module as a function that is called once; module number i is the constant $i."""

    def imported(found):
        return f"const {found[1].replace(' as ', ': ')} = ${order.index(found[2])};\n"

    exports = ", ".join(EXPORT.findall(source))
    body = EXPORT.sub("", IMPORT.sub(imported, source))
    if left := LEFT.search(body):
        raise ValueError(f"{name}: this kind of import or export can't be put together: {left[0]}")
    return f"const ${order.index(name)} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"
