"""The modules of the instruments become one script, and it is small."""

import re
from itertools import combinations, permutations

import pytest

from tests.browser.support import DOCS
from theme.scripts import join_modules, minify

FOLDER = DOCS / "assets" / "javascripts"
DECLARATION = re.compile(
    r"^(?:export )?(?:async )?(?:function\*? |class |const |let |var )\s*(\w+|[{\[][^=]*?[}\]])\s*[=({ ;]",
    re.M,
)


def import_of(name):
    return f'import {{ a }} from "./{name}";\n'


def places(script, *words):
    return [script.index(word) for word in words]


# Joining


def test_a_module_stands_behind_those_that_it_imports():
    modules = {
        "page.js": import_of("middle.js") + import_of("base.js") + "run('page');\n",
        "middle.js": import_of("base.js") + "run('middle');\n",
        "base.js": "run('base');\n",
    }
    for entries in (["page.js"], ["base.js", "page.js"], ["page.js", "middle.js"]):
        script = join_modules(modules, entries)
        found = places(script, "'base'", "'middle'", "'page'")
        assert found == sorted(found)
        assert script.count("run(") == 3


def test_what_no_page_uses_is_left_out():
    modules = {"used.js": "run('used');\n", "other.js": import_of("gone.js")}
    assert join_modules(modules, ["used.js"]) == "run('used');"
    assert join_modules(modules, []) == ""


def test_exports_and_imports_vanish_and_all_else_stays():
    modules = {
        "a.js": (
            "export function one() {}\nexport async function two() {}\n"
            "export class Three {}\nexport const four = 4;\nexport let five = 5;\n"
        ),
        "b.js": 'import {\n  one,\n  two,\n} from "./a.js";\n'
        'one("import this", `export that`, two, four, five);\n',
    }
    script = join_modules(modules, ["b.js"])
    for part in ("function one()", "async function two()", "class Three", "const four=4"):
        assert part in script
    assert 'one("import this",`export that`,two,four,five)' in script
    assert re.search(r"^\s*(import|export)\b", script, re.M) is None


def test_a_module_that_is_not_there_is_named_with_who_asks():
    with pytest.raises(ValueError, match=r"^a\.js imports b\.js, which is not there$"):
        join_modules({"a.js": import_of("b.js")}, ["a.js"])
    with pytest.raises(ValueError, match=r"^the site imports c\.js, which is not there$"):
        join_modules({}, ["c.js"])


def test_modules_that_import_each_other_are_refused():
    modules = {"a.js": import_of("b.js"), "b.js": import_of("c.js"), "c.js": import_of("a.js")}
    for name in modules:
        with pytest.raises(ValueError, match=r"in a circle: (\w\.js, ){2}\w\.js"):
            join_modules(modules, [name])
    with pytest.raises(ValueError, match="in a circle: a.js"):
        join_modules({"a.js": import_of("a.js")}, ["a.js"])


@pytest.mark.parametrize(
    "line",
    [
        'import * as all from "./b.js";',
        'import b from "./b.js";',
        'import "./b.js";',
        'import { a } from "../b.js";',
        'import { a } from "https://example.org/b.js";',
        "import { a } from './b.js';",
        "export default function () {}",
        "export { a };",
        'export * from "./b.js";',
    ],
)
def test_another_kind_of_import_or_export_is_refused(line):
    modules = {"a.js": f"{line}\nconst a = 1;\n", "b.js": ""}
    with pytest.raises(ValueError, match=r"^a\.js: this kind of import or export is not joined"):
        join_modules(modules, ["a.js"])


# Making small


def test_functions_and_constants_that_nobody_names_go_and_those_that_they_used():
    modules = {
        "a.js": (
            "export function used() {\n  return kept;\n}\n\n"
            "/** Says what. */\nexport function unused() {\n  return lost;\n}\n\n"
            "const kept = 1;\nconst lost = 2;\nexport const alone = [\n  3,\n];\n"
        ),
        "b.js": 'import { used } from "./a.js";\nused();\n',
    }
    script = join_modules(modules, ["b.js"])
    assert script == "function used(){return kept;}\nconst kept=1;used();"


def test_a_function_that_only_calls_itself_is_not_used():
    assert join_modules({"a.js": "function f() {\n  f();\n}\ng();\n"}, ["a.js"]) == "g();"


def test_comments_and_needless_spaces_go():
    script = "// first\n/** docs */\nfunction f( a ) {\n  return a + 1; // last\n}\n"
    assert minify(script) == "function f(a){return a+1;}"


def test_what_only_looks_like_a_comment_or_a_space_stays():
    for text in ('"a // b"', "'/* c */'", "`d  //  e`", r"/\/\/ {2}/", '"  x  "', "`1  ${a}  2`"):
        assert text in minify(f"const a = {text};")


def test_signs_do_not_run_together():
    assert "a+ +b" in minify("x = a + +b;")
    assert "a- -b" in minify("x = a - -b;")


# Ours


def declared(source):
    """Names that a module declares at its top level, where no line is indented."""
    names = []
    for found in DECLARATION.findall(source):
        parts = re.sub(r"\w+:", "", found) if found[0] in "{[" else found
        names += re.findall(r"\w+", parts)
    return names


def modules():
    """The sources of those that belong to instruments; explain, scheme and site stand alone."""
    alone = {"explain.js", "scheme.js", "site.js"}
    return {p.name: p.read_text("utf-8") for p in FOLDER.glob("*.js") if p.name not in alone}


def test_declarations_are_found_in_every_form():
    source = (
        "const a = 1;\nlet b;\nexport const c = () => 1;\nfunction d() {}\nasync function e() {}\n"
        "export class F extends G {}\nconst { h, i: j } = k;\nconst [l, m] = n;\n"
        "  const inside = 1;\nfunction* o() {}\n"
    )
    assert declared(source) == list("abcdeFhjlmo")


def test_no_two_modules_declare_the_same_name():
    found = {name: declared(source) for name, source in modules().items()}
    assert all(found.values())
    for one, two in combinations(found, 2):
        assert set(found[one]) & set(found[two]) == set(), (one, two)


def test_every_pair_of_our_instruments_joins_whichever_comes_first():
    sources = modules()
    for pair in permutations([name for name in sources if name.startswith("by-hand-")], 2):
        script = join_modules(sources, list(pair))
        names = declared("\n".join(re.split(r"(?<=[;}])\n?", script)))
        assert len(script) > 1000
        assert names
