"""Scripts, small, as few files as a reader's first visit can bear.

Our modules are native ones. A browser would ask for each by itself, so those that pages share are
put into one file, each as a function of its own that is called once and returns what it exports:
what a module declares stays its own.
"""

import re

import rjsmin

from theme.cache import digest

try:
    from minify import string as shorten
except ImportError:  # no wheel for this machine: the same scripts, a sixth larger
    shorten = None

IMPORT = re.compile(r'^import\s*(\{[^}]*\})\s*from\s*"\./([\w-]+\.js)";\n', re.M)
LATER = re.compile(r'\bimport\("\./([\w-]+\.js)"\)')  # a file of its own, loaded when asked for
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const) (\w+))", re.M)
LEFT = re.compile(r"^(?:import|export)\b.*", re.M)


def minify(script):
    """Return a script without comments and needless spaces, and with short names where it may."""
    return shorten("application/javascript", script) if shorten else rjsmin.jsmin(script)


def put_together(modules, bundles, upon=()):
    """Return {name: (file name, script)} of some bundles, and of what modules load later.

    Args:
        modules: {"engine.js": source, ...}. An import is `import { a } from "./engine.js";`.
        bundles: {name of the bundle: names of modules that it starts, with all that they import}.
        upon: pairs of bundles; the first takes from the second, made before it, what that has.

    Raises:
        ValueError: an import of a module that isn't there, a circle, another kind of import.
    """
    made: dict[str, tuple[str, str]] = {}
    files: dict[str, str] = {}
    bases = dict(upon)

    def make(name, entries):
        base = bases.get(name)
        known = _order(modules, bundles[base]) if base else []
        script = bundle(modules, entries, files.get(base or ""), known, name in bases.values())
        script = LATER.sub(lambda found: f'import("./{files[found[1]]}")', script)
        files[name] = f"{name.removesuffix('.js')}.{digest(script)}.js"
        made[name] = files[name], script

    for name in sorted({name for source in modules.values() for name in LATER.findall(source)}):
        make(name, [name])
    for name, entries in bundles.items():
        make(name, entries)
    return made


def bundle(modules, entries, base=None, known=(), is_base=False):
    """Return the entry modules and all that they import as one module, small; see put_together.

    It exports what the entries export; as a base also all its modules, for others to import. Those
    that are `known` it imports from the file `base`.
    """
    order = _order(modules, entries, known)
    shared = ", ".join(f"${number}" for number in range(len(known) or len(order)))
    parts = [f'import {{ {shared} }} from "./{base}";'] if known else []
    parts += [_called(name, modules[name], order) for name in order[len(known) :]]
    parts += [
        f"export const {{ {', '.join(names)} }} = ${order.index(name)};"
        for name in entries
        if (names := EXPORT.findall(modules[name]))
    ]
    return minify("\n".join([*parts, f"export {{ {shared} }};"] if is_base else parts))


def _order(modules, entries, known=()):
    """Return the modules to join, each behind those that it imports; first what is known."""
    order = list(known)
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
    return order


def _called(name, source, order):
    """Return a module as a function that is called once; module number i is the constant $i."""

    def imported(found):
        return f"const {found[1].replace(' as ', ': ')} = ${order.index(found[2])};\n"

    exports = ", ".join(EXPORT.findall(source))
    body = EXPORT.sub("", IMPORT.sub(imported, source))
    if left := LEFT.search(body):
        raise ValueError(f"{name}: this kind of import or export can't be put together: {left[0]}")
    return f"const ${order.index(name)} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"
