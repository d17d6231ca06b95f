"""What the theme does to the tree of a page: the lede, boxes that scroll, quiet links."""

import re

import markdown
import pytest

from theme.structure import Structure

OTHERS = ["attr_list", "md_in_html", "tables", "pymdownx.highlight", "pymdownx.superfences"]


def convert(text, description="", **settings):
    structure = Structure()
    structure.description = description
    toc = {"permalink": "#", "permalink_title": "Link to this section"}
    return markdown.markdown(
        text, extensions=[*OTHERS, "toc", structure], extension_configs={"toc": toc, **settings}
    )


def names(html):
    return re.findall(r'aria-label="([^"]+)" (?:class="[^"]*" )?role="region" tabindex="0"', html)


def test_the_lede_follows_the_title_and_is_escaped():
    html = convert("# A\n\nB", "x < y & *z*")
    assert re.search(r'</h1>\n<p class="lede">x &lt; y &amp; \*z\*</p>\n<p>B</p>', html)


@pytest.mark.parametrize(
    ("text", "description"),
    [("# A", ""), ("## A", "B"), ('# A\n\n<p class="lede" markdown>C</p>', "B")],
)
def test_no_lede_without_description_or_title_and_never_two(text, description):
    assert "B" not in convert(text, description)


def test_a_table_scrolls_under_a_name_of_its_own():
    table = "\n| Cost & *share* | Full |\n| :-- | --: |\n| a | 1 |\n"
    html = convert(table + "\ntext\n" + table)
    assert names(html) == [f"Table {n}: Cost &amp; share, Full" for n in (1, 2)]
    assert html.count("</table>\n</div>") + html.count("</table></div>") == 2


@pytest.mark.parametrize("by_attribute", [True, False])
def test_columns_stand_by_class(by_attribute):
    html = convert(
        "| a | b | c |\n| :-: | --: | - |\n| 1 | 2 | 3 |",
        tables={"use_align_attribute": by_attribute},
    )
    assert re.findall(r"<t[hd]\b[^>]*>", html) == [
        '<th class="center">', '<th class="right">', "<th>",
        '<td class="center">', '<td class="right">', "<td>",
    ]  # fmt: skip


def test_listings_scroll_whatever_made_them():
    html = convert("```text\na\n```\n\n    b\n\n> ```text\n> c\n> ```\n")
    found = re.findall(r'<pre tabindex="0" role="region" aria-label="(Code \d)">', html)
    assert sorted(found) == ["Code 1", "Code 2", "Code 3"]
    assert html.count("<pre") == 3


def test_links_beside_headings_are_named_and_out_of_the_tab_order():
    assert convert("## A").endswith(
        '<a aria-label="Link to this section" class="headerlink" href="#a" tabindex="-1">#</a></h2>'
    )


def test_html_that_passes_through_is_not_touched():
    figure = '<figure><table data-matrix="W3"><tr><td>1</td></tr></table><pre>x</pre></figure>'
    assert figure in convert(f"a\n\n{figure}\n\nb")
