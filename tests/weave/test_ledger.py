"""ledger.py: the lists hold every claim and every source, and a source must be cited."""

import re

import pytest

from tests.weave.pages import block, weave
from tests.weave.test_citations import SOURCES
from weave import page
from weave.citations import read_sources
from weave.ledger import Listed, Lists, uncited


@pytest.fixture
def sources(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/references.bib").write_text(SOURCES, "utf-8")
    monkeypatch.setattr(page, "ROOT", tmp_path)
    return read_sources(tmp_path)[0]


def lists(sources, **texts):
    pages = [Listed(name.title(), f"{name}/", weave(text)) for name, text in texts.items()]
    return Lists(pages, sources, lambda address, here: f"<{here}>{address}")


BIBLIOGRAPHY = '<div data-list="sources"></div>'


def test_a_claim_is_listed_with_its_place_and_its_sources(sources):
    made = lists(sources, a="A < b [@one2014; @two1989, page 3].", books=BIBLIOGRAPHY)
    assert made.fill('x<div data-list="claims"></div>y', "here/") == (
        'x<h3>A</h3><ul class="claims"><li>'
        '<a href="<here/>a/#fnref:cite-one2014">A &lt; b.</a> <small>'
        '<a href="<here/>books/#one2014">Yosinski and van der Lipson 2014</a>, '
        '<a href="<here/>books/#two1989">Allen-Zhu et al. 1989, page 3</a></small></li></ul>y'
    )


def test_a_claim_of_a_block_is_listed_with_the_block(sources):
    made = lists(sources, a=block("n = 7") + "\nIt gives {{ n }}. [@block]\n")
    assert made.claims_list("") == (
        '<h3>A</h3><ul class="claims"><li><a href="<>a/#claim-1">It gives 7.</a> '
        '<small><a href="<>a/#block-1">block 1</a></small></li></ul>'
    )


def test_without_a_bibliography_a_source_is_only_named(sources):
    assert "<small>Yosinski and van der Lipson 2014</small>" in lists(
        sources, a="A [@one2014]."
    ).claims_list("")


def test_pages_are_listed_in_their_order_and_those_without_claims_are_not(sources):
    made = lists(sources, b="B [@one2014].", none="None.", a="A [@one2014].")
    assert re.findall("<h3>(.*?)</h3>", made.claims_list("")) == ["B", "A"]


def test_sources_are_listed_by_name_with_the_pages_that_cite_them(sources):
    made = lists(sources, a="A [@one2014]. B [@one2014].", b="B [@one2014]. C [@two1989].")
    html = made.fill(BIBLIOGRAPHY, "")
    assert html.index('<li id="two1989">') < html.index('<li id="one2014">')
    assert html.count('<a href="<>a/#fnref:cite-one2014">A</a>') == 1
    assert (
        '<small>Cited in <a href="<>a/#fnref:cite-one2014">A</a>, '
        '<a href="<>b/#fnref:cite-one2014">B</a></small>'
    ) in html


def test_a_source_that_nothing_cites_is_said_with_its_line(sources):
    (problem,) = uncited(sources, [weave("A [@one2014].")])
    assert str(problem) == (
        "data/references.bib:12: nothing cites two1989: cite it as [@two1989], or take it out"
    )
    assert uncited(sources, [weave("A [@one2014; @two1989].")]) == []
