"""citations.py: a mark makes a note and a claim, and one that leads nowhere is refused."""

import re

import markdown
import pytest

from tests.weave.pages import block, problems, weave
from weave import citations, page
from weave.citations import label, parse_mark, read_sources
from weave.markdown_extension import makeExtension

SOURCES = """% a comment

@inproceedings{one2014,
  author    = {Yosinski, Jason and van der Lipson, Hod},
  title     = {How {BERT} is
               read?},
  booktitle = {NeurIPS},
  year      = {2014},
  eprint    = {1411.1792},
}

@article{two1989,
  author  = {Allen-Zhu, Zeyuan and Cohen, Neal J. and others},
  title   = {A title},
  journal = {A Journal},
  volume  = {24},
  year    = {1989},
  pages   = {109--165},
  doi     = {10.1000/1},
}
"""
NOTE_1 = 'J. Yosinski, H. van der Lipson, "How BERT is read?", NeurIPS 2014'
NOTE_2 = 'Z. Allen-Zhu, N. J. Cohen, et al., "A title", A Journal 24, 1989, pages 109–165'
UNREAD = "can't be read: write [@key] or [@key, section 2; @other]"
NO_SOURCE = (
    "a claim is marked here, and no source is named: write [@key] with a key of "
    "data/references.bib, or [@block] if the block above shows it"
)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with the sources above and nothing else."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/references.bib").write_text(SOURCES, "utf-8")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    return tmp_path


def render(text):
    return markdown.markdown(text, extensions=["footnotes", makeExtension()])


def sentences(text):
    woven = weave(text)
    assert woven.problems == []
    return [woven.in_prose(claim.text) for claim in woven.claims]


def test_a_mark_becomes_the_number_of_a_note_at_the_foot_of_the_page(root):
    html = render("Layers are general [@one2014].\n\nAgain [@two1989, section 3].")
    assert 'general<sup id="fnref:cite-one2014"><a class="footnote-ref" href="#fn:cite-' in html
    link = '<a href="https://arxiv.org/abs/1411.1792">arXiv:1411.1792</a>'
    assert f"{NOTE_1}. {link}" in html
    assert f'{NOTE_2}, section 3. <a href="https://doi.org/10.1000/1">doi:10.1000/1</a>' in html
    assert html.index(NOTE_1) < html.index(NOTE_2)
    assert "[@" not in html


def test_notes_are_numbered_as_the_text_names_them_after_those_that_are_typed(root):
    html = render("- A [@two1989].\n\nB [@one2014] c [^own].\n\n[^own]: Typed.\n")
    assert html.index("Typed.") < html.index(NOTE_2) < html.index(NOTE_1)
    assert re.findall('href="#fn:([^"]*)">(.)<', html) == [
        ("cite-two1989", "2"),
        ("cite-one2014", "3"),
        ("own", "1"),
    ]


def test_a_source_cited_twice_has_one_note_and_two_places(root):
    woven = weave("A [@one2014].\n\nB [@one2014].\n\nC [@one2014, page 2].")
    assert [claim.anchor for claim in woven.claims] == [
        "fnref:cite-one2014",
        "fnref2:cite-one2014",
        "fnref:cite-one2014-page-2",
    ]
    html = render("A [@one2014].\n\nB [@one2014].\n\nC [@one2014, page 2].")
    assert all(f'id="{claim.anchor}"' in html for claim in woven.claims)
    assert html.count("<li") == 2


def test_a_mark_can_name_two_sources(root):
    woven = weave("Both say so. [@one2014; @two1989, page 110]")
    assert woven.claims[0].sources == [("one2014", ""), ("two1989", "page 110")]
    assert [plain for _, plain in woven.pieces] == [NOTE_1, f"{NOTE_2}, page 110"]


def test_a_claim_can_rest_on_the_block_above(root):
    woven = weave(block("x = 1") + "\n" + block("y = 2") + "\nIt rises. [@block] More.\n")
    (claim,) = woven.claims
    assert (claim.block, claim.anchor, claim.text) == (2, "claim-1", "It rises.")
    html = render(block("x = 1") + "\nIt rises. [@block]")
    assert '<sup id="claim-1"><a class="footnote-ref" href="#block-1">block 1</a></sup>' in html


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two is so [@one2014]. Three.", "Two is so."),
        ("One. Two is so. [@one2014] Three.", "Two is so."),
        ("One. Two, *e.g. this*, is so [@one2014], or not.", "Two, e.g. this, is so, or not."),
        ("Smith et al. say so [@one2014].", "Smith et al. say so."),
        ("J. Smith says so [@one2014].", "J. Smith says so."),
        ("Is it 0.5 or more? It is 0.5 [@one2014]!", "It is 0.5!"),
        ("# Heading\n\nPara.\n\nIt\nis so [@one2014]", "It is so"),
        ("- **Label.** It is so [@one2014].\n- Next.", "It is so."),
        ("1. First.\n2. It is [so](x.md) [@one2014]. No.", "It is so."),
        ("| a | it is so [@one2014] |\n| - | - |", "it is so"),
        ("> Quoted,\n> it is so [@one2014].", "Quoted, it is so."),
        ("Term\n:   It is so [@one2014].", "It is so."),
        ("It is {{ 2 + 3 }} of `W3` [@one2014].", "It is 5 of W3."),
        ("Known [^a]. So it is [@one2014].\n\n[^a]: Note.", "So it is."),
        ('He said "no." It is so [@one2014].', "It is so."),
        ("<div markdown>\nIt is so [@one2014].\n</div>", "It is so."),
    ],
)
def test_the_claim_is_the_sentence_that_is_marked(root, text, sentence):
    assert sentences(text) == [sentence]


def test_a_formula_in_a_claim_stays_a_formula(root):
    (text,) = sentences("The rank of $B A$ is small [@one2014].")
    assert text.startswith("The rank of <math") and text.endswith("</math> is small.")


@pytest.mark.parametrize("text", ["`[@nobody]`", "<!-- [@nobody] -->", "```text\n[@nobody]\n```"])
def test_code_and_comments_are_no_marks(root, text):
    assert weave(text).claims == []
    assert problems(text) == []


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("[@nobody]", "[@nobody] leads nowhere: data/references.bib has no entry nobody"),
        ("[@one2014; @x1]", "[@x1] leads nowhere: data/references.bib has no entry x1"),
        ("[@]", NO_SOURCE),
        ("[@?]", NO_SOURCE),
        ("[@one2014 p. 3]", f"[@one2014 p. 3] {UNREAD}"),
        ("[@block]", "[@block] leads nowhere: no block stands above it"),
    ],
)
def test_a_mark_that_leads_nowhere_is_said_with_its_line(root, mark, message):
    assert problems(f"One.\n\nIt is so {mark}.") == [f"page.md:3: {message}"]


def test_a_citation_holds_no_typed_number(root):
    assert problems("It is so [@two1989, section 3.1.4 and page 1234].") == []


def test_marks_are_read():
    assert parse_mark("[@a-b:c_1, table 2; @d]") == [("a-b:c_1", "table 2"), ("d", "")]
    assert label("a2020", "section 3.1, page 4") == "cite-a2020-section-3.1-page-4"


def test_short_names(root):
    sources = read_sources(root)[0]
    assert {entry.short for entry in sources.values()} == {
        "Yosinski and van der Lipson 2014",
        "Allen-Zhu et al. 1989",
    }
    assert [entry.line for entry in sources.values()] == [3, 12]


@pytest.mark.parametrize(
    ("entry", "line", "message"),
    [
        ("@misc{a,\n  title = {T},\n  year = 2020\n}\n", 22, "a has no author"),
        ("@misc{a,\n  author = {A, B}\n}\n", 22, "a has no title and no year"),
        ("@misc{one2014,\n  title = {T}\n}\n", 22, "can't be read: Duplicate entry key 'one2014'"),
        (
            "@misc{a,\n  title = {T},\n  title = {U}\n}\n",
            22,
            "can't be read: Duplicate field keys on entry: 'title'",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(root, entry, line, message):
    (root / "data/references.bib").write_text(f"{SOURCES}\n{entry}", "utf-8")
    found = [str(problem) for problem in read_sources(root)[1]]
    assert found == [f"data/references.bib:{line}: {message}"]


def test_an_entry_that_never_ends_is_said_with_its_line(root):
    (root / "data/references.bib").write_text("@misc{a,\n  title = {T\n}\n" + SOURCES, "utf-8")
    (problem, *_) = read_sources(root)[1]
    assert str(problem).startswith("data/references.bib:1: can't be read: Unexpected block start")


def test_no_file_is_no_source(tmp_path):
    assert read_sources(tmp_path) == ({}, ())


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("publisher = {MIT Press}", 'M. Minsky, "T", MIT Press 1969'),
        ("url = {https://example.org/a}", 'M. Minsky, "T", 1969'),
        ("journal = {J}", 'M. Minsky, "T", J, 1969'),
    ],
)
def test_a_book_a_page_and_a_journal_without_volume(root, fields, text):
    entry = f"@misc{{m, author = {{Minsky, Marvin}}, title = {{T}}, year = 1969, {fields}}}"
    (root / "data/references.bib").write_text(entry, "utf-8")
    entry = read_sources(root)[0]["m"]
    assert entry.text() == text
    assert ('<a href="https://example.org/a">example.org/a</a>' in entry.html()) == (
        "url" in fields
    )


def test_many_authors_are_one_and_others(root):
    names = " and ".join(f"Name{i}, A." for i in range(citations.NAMED_AUTHORS + 1))
    entry = f"@misc{{many, author = {{{names}}}, title = {{T}}, year = 2020}}"
    (root / "data/references.bib").write_text(entry, "utf-8")
    assert read_sources(root)[0]["many"].text() == 'A. Name0, et al., "T", 2020'


def test_a_bibliography_that_is_not_utf8_is_a_problem_of_its_line(root):
    file = root / "data/references.bib"
    file.write_bytes(file.read_bytes() + b"\n@comment{\xff}\n")
    known, problems = read_sources(root)
    line = file.read_bytes().count(b"\n")
    assert f"data/references.bib:{line}: the file is not UTF-8" in map(str, problems) and known
