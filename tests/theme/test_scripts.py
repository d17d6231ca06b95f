"""Modules that pages share become one file, each still a world of its own; and it is small."""

import re

import pytest

from tests.browser.support import DOCS
from theme.scripts import bundle, minify, put_together, shorten

FOLDER = DOCS / "assets" / "javascripts"


def import_of(name):
    return f'import {{ a as {name.split(".")[0]} }} from "./{name}";\n'


def places(script, *words):
    return [script.index(word) for word in words]


# Together


def test_a_module_stands_behind_those_that_it_imports():
    modules = {
        "page.js": import_of("middle.js") + import_of("base.js") + 'run("page");\n',
        "middle.js": import_of("base.js") + 'run("middle");\n',
        "base.js": 'run("base");\n',
    }
    for entries in (["page.js"], ["base.js", "page.js"], ["page.js", "middle.js"]):
        script = bundle(modules, entries)
        found = places(script, '"base"', '"middle"', '"page"')
        assert found == sorted(found)
        assert script.count("run(") == 3


def test_what_no_page_uses_is_left_out():
    modules = {"used.js": 'run("used");\n', "other.js": import_of("gone.js")}
    assert 'run("used")' in bundle(modules, ["used.js"])
    assert bundle(modules, []) == ""


def test_a_module_that_is_not_there_is_named_with_who_asks():
    with pytest.raises(ValueError, match=r"^a\.js imports b\.js, which is not there$"):
        bundle({"a.js": import_of("b.js")}, ["a.js"])
    with pytest.raises(ValueError, match=r"^the site imports c\.js, which is not there$"):
        bundle({}, ["c.js"])


def test_modules_that_import_each_other_are_refused():
    modules = {"a.js": import_of("b.js"), "b.js": import_of("c.js"), "c.js": import_of("a.js")}
    for name in modules:
        with pytest.raises(ValueError, match=r"in a circle: (\w\.js, ){2}\w\.js"):
            bundle(modules, [name])
    with pytest.raises(ValueError, match="in a circle: a.js"):
        bundle({"a.js": import_of("a.js")}, ["a.js"])


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
        "export let b = 1;",
        "export { a };",
        'export * from "./b.js";',
    ],
)
def test_another_kind_of_import_or_export_is_refused(line):
    modules = {"a.js": f"{line}\nconst a = 1;\n", "b.js": ""}
    with pytest.raises(ValueError, match=r"^a\.js: this kind of import or export can't be put"):
        bundle(modules, ["a.js"])


# Files


def test_a_file_is_named_for_its_content_and_what_is_loaded_later_is_found_there():
    modules = {
        "page.js": 'import { a } from "./base.js";\nrun(() => import("./rare.js"));\n',
        "base.js": "export const a = 1;\n",
        "rare.js": "run('rare');\n",
    }
    made = put_together(modules, {"all": ["page.js"]})
    assert sorted(made) == ["all", "rare.js"]
    name, script = made["all"]
    assert re.fullmatch(r"all\.[0-9a-f]{10}\.js", name)
    assert f'import("./{made["rare.js"][0]}")' in script
    modules["rare.js"] = "run('other');\n"
    assert put_together(modules, {"all": ["page.js"]})["all"][0] != name
    assert put_together(modules, {"all": ["base.js"]})["all"][0] != name


def test_a_bundle_upon_another_takes_from_it_what_that_has():
    modules = {
        "base.js": "export const a = 1;\nrun(a);\n",
        "often.js": 'import { a } from "./base.js";\nrun(a, "often");\n',
        "seldom.js": 'import { a } from "./base.js";\nrun(a, "seldom");\n',
    }
    bundles = {"shared": ["often.js"], "apart": ["seldom.js"]}
    made = put_together(modules, bundles, upon=[("apart", "shared")])
    (shared, first), (_, second) = made["shared"], made["apart"]
    assert re.search(rf'import ?{{ ?\$0, ?\$1 ?}} ?from ?"./{re.escape(shared)}"', second)
    assert first.count("run(") == 2
    assert second.count("run(") == 1
    assert re.search(r"export ?{ ?\$0, ?\$1 ?}", first)


# Small


def test_comments_and_needless_spaces_go():
    script = "// first\n/** docs */\nfunction f( a ) {\n  return a + 1; // last\n}\n"
    assert re.fullmatch(r"function f\((\w)\)\{return \1\+1;?\}", minify(script))


def test_names_that_nobody_else_sees_are_short():
    script = minify("export const seen = (first) => { const later = first + 1; return later; };")
    assert "seen" in script
    assert ("first" in script) == (shorten is None)  # without its wheel names stay


def test_what_only_looks_like_a_comment_or_a_space_stays():
    for text in ('"a // b"', '"/* c */"', "`d  //  e`", r"/\/\/ {2}/", '"  x  "', "`1  ${a}  2`"):
        assert text in minify(f"const a = {text};")


def test_signs_do_not_run_together():
    assert "a+ +b" in minify("x = a + +b;")
    assert "a- -b" in minify("x = a - -b;")


# Ours


def test_every_module_of_ours_can_be_put_together_with_the_others():
    modules = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.js")}
    for name in modules:
        assert len(bundle(modules, [name])) > 100
