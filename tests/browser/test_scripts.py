"""Modules that are put into one file do what they did, each in a world of its own."""

from urllib.parse import quote

import pytest

from theme.scripts import bundle


@pytest.fixture
def run_module(browser):
    """A function that runs a module and returns what it leaves in `globalThis.found`."""
    page = browser.new_page()
    yield lambda script: (
        page.add_script_tag(content=script, type="module"),
        page.evaluate("found"),
    )[1]
    page.close()


def test_a_module_gives_what_it_exports_and_keeps_the_rest(run_module):
    modules = {
        "a.js": (
            "export function one() { return mine + 1; }\nconst mine = 0;\n"
            "export async function two() { return 2; }\nexport class Three {}\n"
            "export const four = 4;\nexport function* five() { yield 5; }\n"
        ),
        "b.js": (
            'import {\n  one as first,\n  two, Three, four, five,\n} from "./a.js";\n'
            "const mine = 10;\nfunction own() { return `${`import ${mine}`} export`; }\n"
            "globalThis.found = [first(), await_two(), new Three() instanceof Three, four,\n"
            "  [...five()][0], own()];\nfunction await_two() { return two() instanceof Promise; }\n"
        ),
    }
    found = run_module(bundle(modules, ["b.js"]))
    assert found == [1, True, True, 4, 5, "import 10 export"]


def test_what_the_entry_exports_can_be_had(run_module):
    script = bundle(
        {"a.js": "export const a = 1;\nexport function b() { return a + 1; }\n"}, ["a.js"]
    )
    address = "data:text/javascript," + quote(script)
    assert run_module(
        f"const {{ a, b }} = await import('{address}'); globalThis.found = [a, b()];"
    ) == [1, 2]


def test_modules_may_declare_the_same_names(run_module):
    modules = {
        "a.js": "const same = 1;\nexport function give() { return same; }\n",
        "b.js": "const same = 2;\nexport function give() { return same; }\n",
        "c.js": (
            'import { give as one } from "./a.js";\nimport { give as two } from "./b.js";\n'
            "const same = 3;\nglobalThis.found = [one(), two(), same];\n"
        ),
    }
    assert run_module(bundle(modules, ["c.js"])) == [1, 2, 3]
