"""site_build.py: errors end a build; `serve` shows them, goes on, and runs only what changed."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import markdown
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

import weave.memory
import weave.page
import weave.runner
from tests.small_site import HOOK, ROOT, make_site, write
from tests.weave.pages import TYPED, block
from theme.structure import Structure
from weave.dependencies import PACKAGES
from weave.markdown_extension import makeExtension

GOOD = (
    "---\ndescription: All {{ n }} weights.\n---\n\n"
    + block("n = 2800\nn")
    + "\n# The {{ n }} weights\n\n## Of {{ n }}\n\n| a |\n| - |\n| $W_{{ n }}$ |\n"
)
OWN = "snippets/own.py"
OTHER = "# Other {{ 40 * 40 }}\n\n" + block("from snippets.own import answer\nanswer()")
BAD = (
    "---\ntitle: Bad\n---\n\n\n# Bad\n\nIt has 4400.\n\n{{ nobody }}\n\n"
    "[dead](nowhere.md) [gone](index.md#gone)\n"
)
BAD_PROBLEMS = [
    (8, "the number 4400 " + TYPED),
    (10, "NameError: name 'nobody' is not defined"),
    (12, "the link nowhere.md leads nowhere: there is no nowhere.md below docs/"),
    (12, "the link index.md#gone leads nowhere: index.md has no heading or block #gone"),
]


@pytest.fixture
def folder(tmp_path):
    """A small site that looks as ours does, with code of its own."""
    make_site(tmp_path, {"index.md": GOOD, "other.md": OTHER})
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    write(tmp_path, {OWN: "def answer():\n    return 1600\n", "snippets/unused.py": ""})
    return tmp_path


class Serve:
    """What `mkdocs serve` does, without the server: load the configuration, build, again."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.hook = self.load().hooks[HOOK]
        self.site = self.hook.build
        monkeypatch.setattr(self.hook, "ROOT", folder)
        monkeypatch.setattr(weave.memory, "weave_sources", self.weave_sources)
        monkeypatch.setattr(self.site, "__dict__", type(self.site)().__dict__)
        self.site.stamps = None  # what other tests have imported is not of this folder
        self.ran, self.started, self.watch = [], False, None

    def load(self):
        return load_config(str(self.folder / "mkdocs.yml"))

    def weave_sources(self, sources, **options):
        self.ran += [source.path for source in sources]
        return weave.runner.weave_sources(sources, **options)

    def build(self, command="serve"):
        """Build once; return the paths of the pages whose blocks ran."""
        self.ran.clear()
        config = self.load()
        if not self.started:
            config.plugins.on_startup(command=command, dirty=False)
            self.started = True
        if self.watch:
            config.plugins.events["page_content"].insert(0, self.watch)
        build(config)
        return self.ran.copy()

    @property
    def pages(self):
        return self.site.pages

    def html(self, name):
        return (self.folder / "site" / name).read_text(encoding="utf-8")


@pytest.fixture
def serve(folder, monkeypatch):
    """The tests' own snippets/ stands for ours until the test is over."""
    ours = {
        name: module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES
    }
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(weave.page, "ROOT", folder)
    yield Serve(folder, monkeypatch)
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        del sys.modules[name]
    sys.modules.update(ours)


def touch(file, text):
    """Write a file so that its time differs, however fast the test is."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(1, file.stat().st_mtime_ns + 10_000_000))


def test_values_land_in_title_description_contents_and_search_and_no_placeholder_anywhere(serve):
    serve.build()
    assert serve.pages["other.md"].title == "Other 1600"
    assert "Other 1600" in serve.html("other/index.html").partition("</title>")[0]
    page = serve.pages["index.md"]
    assert page.meta["description"] == "All 2800 weights."
    (heading,) = page.toc
    assert (heading.title, heading.id) == ("The 2800 weights", "the-2800-weights")
    assert heading.children[0].title == "Of 2800"
    assert "2800" in serve.html("search/search_index.json")
    for file in (serve.folder / "site").rglob("*"):
        if file.suffix in {".html", ".json", ".xml"}:
            text = file.read_text(encoding="utf-8")
            assert not any("\ue000" <= character <= "\ue020" for character in text), file


def test_a_title_may_hold_values_and_a_link_may_lead_to_a_block(tmp_path):
    title = "---\ntitle: Of {{ n }}\n---\n" + block("n = 40 * 40\nn") + "\n# Heading\n"
    links = "# Links\n\n" + block("1 + 1") + "\n[1](#block-1), [2](titled.md#block-1)\n"
    make_site(tmp_path, {"titled.md": title, "links.md": links})
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", "mkdocs.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "site/titled/index.html").read_text("utf-8")
    assert "Of 1600" in html.partition("</title>")[0]
    assert "{{ n }}" not in html


def test_the_extension_alone_gives_the_same_html(serve):
    rendered = {}
    serve.watch = lambda html, page, **_: rendered.setdefault(page.file.src_uri, html)
    serve.build()
    config = serve.load()
    for name, text in {"index.md": GOOD.partition("---\n\n")[2], "other.md": OTHER}.items():
        theirs = [name for name in config.markdown_extensions if isinstance(name, str)]
        looks = Structure()
        looks.description = serve.pages[name].meta["description"]
        alone = markdown.markdown(
            text,
            extensions=[*theirs, looks, makeExtension()],
            extension_configs=config.mdx_configs,
        )
        assert rendered[name] == alone
        assert 'class="woven"' in alone


def test_a_build_lists_all_errors_of_all_pages_ends_with_one_and_writes_nothing(folder):
    write(folder, {"docs/bad.md": BAD, "docs/worse.md": "# W\n\n" + block("assert 1 == 2")})
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-f", str(folder / "mkdocs.yml")],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
    )
    where = os.path.relpath(folder, ROOT).replace(os.sep, "/") + "/docs/"
    errors = [
        line.partition("-  ")[2] for line in done.stderr.splitlines() if line.startswith("ERROR")
    ]
    assert sorted(errors) == sorted(
        [
            *(f"{where}bad.md:{line}: {message}" for line, message in BAD_PROBLEMS),
            f"{where}worse.md:4: AssertionError: 1 != 2",
            f"{where}other.md:4: ModuleNotFoundError: No module named 'snippets.own'",
            "6 errors in pages, listed above",
        ]
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert [file for file in (folder / "site").rglob("*") if file.is_file()] == []


SOURCES = """@misc{cited, author = {A, B}, title = {T}, year = 2020}

@misc{lonely, author = {A, B}, title = {T}, year = 2020}
@misc{nameless, year = 2020}
"""
CLAIMS = "# Claims\n\nIt is so [@cited].\n\nIt is so [@nobody].\n\nIt is so [@].\n\n"
LISTS = '<div data-list="claims"></div>\n\n<div data-list="sources"></div>\n'
OF_SITE = [
    "docs/glossary.md:4: frozen is defined twice: give it one home",
    "data/references.bib:4: nameless has no author and no title",
    "data/references.bib:3: nothing cites lonely: cite it as [@lonely], or take it out",
]
OF_PAGE = [
    "docs/claims.md:5: [@nobody] leads nowhere: data/references.bib has no entry nobody",
    "docs/claims.md:7: a claim is marked here, and no source is named: write [@key] with a key of "
    "data/references.bib, or [@block] if the block above shows it",
]


def cite(folder):
    glossary = "Frozen\n:   It stays.\n\nfrozen\n:   It stays.\n"
    (folder / "data").mkdir()
    write(
        folder,
        {
            "data/references.bib": SOURCES,
            "docs/claims.md": CLAIMS + LISTS,
            "docs/glossary.md": glossary,
        },
    )


def test_claims_without_source_and_sources_without_claim_end_a_build(serve, caplog):
    cite(serve.folder)
    with pytest.raises(Abort):
        serve.build("build")
    errors = [r.message for r in caplog.records if r.levelname == "ERROR"]
    assert errors[: len(OF_SITE + OF_PAGE)] == OF_SITE + OF_PAGE
    assert "5 errors in pages, listed above" in caplog.messages


def test_serve_shows_them_on_the_page_that_lists_the_sources_and_recovers(serve):
    cite(serve.folder)
    serve.build()
    html = unescape(serve.html("claims/index.html"))
    box = html.partition('role="alert">')[2].partition("</ul>")[0]
    assert all(message in box for message in OF_SITE + OF_PAGE)

    touch(serve.folder / "data/references.bib", SOURCES.partition("\n")[0])
    touch(serve.folder / "docs/glossary.md", "Frozen\n:   It stays.\n")
    touch(serve.folder / "docs/claims.md", "# Claims\n\nFrozen it is [@cited].\n\n" + LISTS)
    serve.build()
    html = serve.html("claims/index.html")
    assert "woven-error" not in html
    assert '<li><a href="./#fnref:cite-cited">Frozen it is.</a> <small><a href="./#cited">' in html
    assert '<a class="term" href="../glossary/#frozen" title="It stays.">Frozen</a>' in html


def test_a_site_without_the_lists_may_leave_sources_uncited(serve):
    cite(serve.folder)
    touch(serve.folder / "docs/claims.md", "# Claims\n\nIt is so [@cited].\n")
    touch(serve.folder / "docs/glossary.md", "Frozen\n:   It stays.\n")
    serve.build("build")


def test_one_error_ends_a_build_and_the_same_page_without_it_does_not(serve, caplog):
    touch(serve.folder / "docs/index.md", "# T\n\n{{ nobody }}\n")
    with pytest.raises(Abort):
        serve.build("build")
    assert "1 error in pages, listed above" in caplog.messages
    touch(serve.folder / "docs/index.md", "# T\n\n{{ 1 }}\n")
    serve.build("build")


def test_serve_shows_a_red_box_goes_on_and_recovers(serve):
    write(serve.folder, {"docs/bad.md": BAD})
    serve.build()
    html = serve.html("bad/index.html")
    box = html[html.index('<div class="woven-error" role="alert">') :]
    for line, message in BAD_PROBLEMS:
        assert (
            f"docs/bad.md:{line}: {message.replace(chr(39), '&#x27;')}" in box.partition("</ul>")[0]
        )
    assert "2800" in serve.html("index.html") and "woven-error" not in serve.html("index.html")

    touch(serve.folder / "docs/bad.md", "# Bad\n\n{{ 1 + 1 }}\n")
    serve.build()
    assert "woven-error" not in serve.html("bad/index.html")


def test_serve_runs_again_only_what_a_change_touches(serve):
    assert serve.build() == ["docs/index.md", "docs/other.md"]
    assert serve.build() == []
    touch(serve.folder / "docs/index.md", GOOD + "\nMore.\n")
    assert serve.build() == ["docs/index.md"]
    touch(serve.folder / "docs/index.md", GOOD.replace("All", "Each of") + "\nMore.\n")
    assert serve.build() == ["docs/index.md"]
    touch(serve.folder / "snippets/unused.py", "x = 1\n")
    assert serve.build() == []
    touch(serve.folder / OWN, "def answer():\n    return 4400\n")
    assert serve.build() == ["docs/other.md"]
    assert "<samp>4400</samp>" in serve.html("other/index.html")


def test_serve_recovers_from_a_snippet_that_was_broken_for_a_moment(serve):
    serve.build()
    touch(serve.folder / OWN, "def answer(:\n")
    serve.build()
    assert "woven-error" in serve.html("other/index.html")
    touch(serve.folder / OWN, "def answer():\n    return 7\n")
    serve.build()
    assert "<samp>7</samp>" in serve.html("other/index.html")
    assert "woven-error" not in serve.html("other/index.html")


def test_a_link_to_a_heading_that_vanished_is_found_though_its_own_page_did_not_change(serve):
    touch(serve.folder / "docs/other.md", OTHER + "\n[there](index.md#the-2800-weights)\n")
    serve.build()
    assert "woven-error" not in serve.html("other/index.html")
    touch(serve.folder / "docs/index.md", GOOD.replace("# The", "# These"))
    serve.build()
    assert "other.md:8: the link index.md#the-2800-weights leads nowhere" in serve.html(
        "other/index.html"
    )


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("title: 404", "404"),
        ("title: 2026-11-27", "2026-11-27"),
        ('title: "{{ 40 * 40 }} weights"', "1600 weights"),
    ],
)
def test_a_title_is_text_whatever_yaml_makes_of_it(serve, front, title):
    touch(serve.folder / "docs/other.md", f"---\n{front}\n---\n\nNo heading.\n")
    serve.build("build")
    assert f"<title>{title} · " in serve.html("other/index.html")


def test_a_first_line_that_looks_like_metadata_is_text(serve):
    touch(serve.folder / "docs/other.md", "Note: it stays.\n")
    serve.build("build")
    assert "<p>Note: it stays.</p>" in serve.html("other/index.html")


def test_a_link_to_a_block_is_no_dead_link_to_mkdocs(serve, caplog):
    touch(serve.folder / "docs/index.md", GOOD + "\n[block 1](#block-1) [it](other.md#block-1)\n")
    serve.build("build")
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []


def test_a_page_that_can_not_be_rendered_is_named_and_the_others_are_built(serve, monkeypatch):
    render = serve.hook.Page.render

    def fail(page, config, files):
        if page.file.src_uri == "other.md":
            raise RuntimeError("of one page")
        render(page, config, files)

    monkeypatch.setattr(serve.hook.Page, "render", fail)
    serve.build()
    assert "2800" in serve.html("index.html")
    html = unescape(serve.html("other/index.html"))
    assert "docs/other.md:1: can't be rendered: RuntimeError: of one page" in html
    monkeypatch.undo()


def test_a_lesson_that_makes_no_notebook_is_named_and_the_others_are_built(serve, monkeypatch):
    def fail(woven, *rest, **told):
        raise RuntimeError("of one page")

    settings = (serve.folder / "mkdocs.yml").read_text("utf-8")
    series = "nav:\n- S:\n  - index.md\n  - other.md\n"
    touch(serve.folder / "mkdocs.yml", settings.replace("nav:\n- index.md\n- other.md\n", series))
    monkeypatch.setattr(serve.hook.notebook, "make_notebook", fail)
    serve.build()
    assert "2800" in serve.html("index.html")
    html = unescape(serve.html("other/index.html"))
    assert "docs/other.md:1: can't be made into a notebook: RuntimeError: of one page" in html


@pytest.mark.parametrize("command", ["build", "serve"])
def test_dirty_is_refused_in_one_sentence(folder, command):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", command, "--dirty", "-f", str(folder / "mkdocs.yml")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "dirty" in line]
    assert line.startswith("Error: --dirty is not offered: ")


def test_without_a_public_address_none_is_made_up(serve, monkeypatch, caplog):
    for name in ("SITE_URL", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    caplog.set_level("INFO")
    serve.build("build")
    html = serve.html("other/index.html")
    assert "canonical" not in html
    assert "og:image" not in html
    assert not (serve.folder / "site/sitemap.xml").exists()
    assert [r.levelname for r in caplog.records if r.message == serve.hook.NOWHERE] == ["INFO"]
    assert not any("127.0.0.1" in file.read_text("utf-8", "ignore") for file in all_files(serve))


def all_files(serve):
    return [file for file in (serve.folder / "site").rglob("*") if file.suffix in TEXTS]


TEXTS = {".html", ".json", ".xml", ".ipynb", ".css"}


def test_with_an_address_it_stands_where_it_is_needed(serve, monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://example.org/a")
    serve.build("build")
    html = serve.html("other/index.html")
    assert '<link rel="canonical" href="https://example.org/a/other/">' in html
    assert 'content="https://example.org/a/assets/share/' in html
    assert "https://example.org/a/other/" in serve.html("sitemap.xml")


LAB = "# %% [markdown]\n# # A lab\n\n# %%\nfrom IPython.display import JSON\n\nJSON({'n': 4400})\n"
READER = "# Reader\n\n" + block("from weave.labs import results\nn = results('a')['n']\nn")
READER += "\n## What it found\n"


@pytest.fixture
def labs(serve, monkeypatch):
    """The site with a lab and a page that reads it; `labs.end` keeps a run of it."""
    module = serve.hook.labs
    made = SimpleNamespace(asked=[], n=4400)
    write(serve.folder, {"docs/labs/a.py": LAB, "docs/reader.md": READER})
    monkeypatch.setattr(module, "ROOT", serve.folder)
    monkeypatch.setattr(module, "KEPT", serve.folder / ".cache/labs")
    monkeypatch.setattr(serve.site.background, "ask", lambda labs: made.asked.extend(labs))

    def end(n):
        data = {"application/json": {"n": n}}
        output = {"output_type": "display_data", "data": data, "metadata": {}}
        run = module.Run([[output]], 1.0, 1.0)
        lab = module.read_lab(serve.folder / "docs/labs/a.py")
        content = json.dumps(run._asdict()).encode()
        module.Kept(module.KEPT).put(lab.name, module.recipe(lab), content)

    made.end = end
    return made


def test_serve_answers_before_labs_have_run_and_shows_what_they_found_afterwards(serve, labs):
    ran = serve.build()
    assert "being computed" in serve.html("labs/a/index.html")
    assert "being computed" in serve.html("reader/index.html")
    assert "<h1" in serve.html("reader/index.html")
    assert "2800" in serve.html("index.html")
    assert [lab.name for lab in labs.asked] == ["a"]
    labs.end(4400)
    ran = serve.build()
    assert ran == ["docs/reader.md"]
    assert "<samp>4400</samp>" in serve.html("reader/index.html")
    assert "1 seconds of processor time" in serve.html("labs/a/index.html")
    assert "being computed" not in serve.html("labs/a/index.html")


def test_a_link_into_a_page_that_waits_is_right_until_that_page_is_there(serve, labs, caplog):
    links = "# Links\n\n[right](reader.md#block-1) [{}](reader.md#{}) [lab](labs/a.py)\n"
    write(serve.folder, {"docs/links.md": links.format("right", "what-it-found")})
    serve.build()
    labs.end(4400)
    serve.build()
    assert "what-it-found" in serve.html("reader/index.html")
    assert [one.message for one in caplog.records if one.levelname != "INFO"] == []
    touch(serve.folder / "docs/links.md", links.format("wrong", "gone"))
    serve.build()
    assert "reader.md has no heading or block #gone" in caplog.text


def test_a_page_that_reads_a_lab_runs_again_when_the_lab_finds_something_else(serve, labs):
    labs.end(4400)
    serve.build()
    labs.end(1600)
    assert serve.build() == ["docs/reader.md"]
    assert "<samp>1600</samp>" in serve.html("reader/index.html")


@pytest.mark.parametrize(("use_folders", "place"), [(True, "labs/a"), (False, "labs")])
def test_what_a_lab_offers_lies_where_its_page_says(serve, labs, use_folders, place):
    settings = (serve.folder / "mkdocs.yml").read_text("utf-8")
    touch(serve.folder / "mkdocs.yml", f"{settings}\nuse_directory_urls: {use_folders}\n")
    labs.end(4400)
    serve.build("build")
    page = "labs/a/index.html" if use_folders else "labs/a.html"
    links = re.findall(r'href="([^"]+)" download', serve.html(page))
    assert links == ["a.ipynb", "a.py", "a.json"]
    assert all((serve.folder / "site" / place / link).is_file() for link in links)


def test_two_processes_write_the_same_bytes(folder):
    lesson = ROOT / "docs/models/fine-tuning/linear-probe.md"
    text = re.sub(
        r"\]\([\w./-]*\.(?:md|py)(?:#[\w-]+)?\)", "](index.md)", lesson.read_text("utf-8")
    )
    write(folder, {"docs/other.md": text})
    program = (
        "from weave.kept import Kept\n"
        "Kept.get = lambda *_: None\n"  # nothing is taken from before
        "from mkdocs.__main__ import cli\n"
        "cli(['build', '--strict', '--quiet', '-d', SITE])"
    )
    written = []
    for seed in ("7", "8"):
        site = folder / f"site-{seed}"
        subprocess.run(
            [sys.executable, "-c", program.replace("SITE", repr(str(site)))],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        files = (file for file in site.rglob("*") if file.is_file())
        written.append({file.relative_to(site): file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert len(written[0][Path("other/index.html")]) > 30_000
