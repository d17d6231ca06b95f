"""notebook.py: a page's text and blocks as cells, with what the page showed."""

import json
from urllib.parse import urljoin

import nbformat
import pytest

from figures.kit.notebook import as_picture, as_words
from tests.weave.pages import block, weave
from weave.bundle import Bundle
from weave.notebook import AFRESH, Site, make_notebook, write_size

BUNDLE = Bundle("a-site.0123456789.zip", b"zip" * 1000)
BUNDLE_ADDRESS = "https://example.org/site/assets/a-site.0123456789.zip"
TITLE = "# Freezing\n\n"
DRAW = """\
class Cross:
    def _repr_html_(self):
        return '<svg class="cross" viewBox="0 0 4 4"><title>A cross</title><path d="M0 0h4"/></svg>'
Cross()"""


SITE = Site("A Site", "Free.", BUNDLE, BUNDLE_ADDRESS, as_picture, as_words)
ADDRESS = "https://example.org/site/lesson/"


def lead(target):
    return urljoin(ADDRESS, target)


def make(text, site=SITE, **more):
    """The notebook of a page, as the build makes it."""
    page = weave(text, **more)
    assert page.problems == []
    content = make_notebook(page, site, title="Freezing", address=ADDRESS, lead=lead)
    notebook = nbformat.reads(content.decode(), as_version=4)
    nbformat.validate(notebook)
    assert json.loads(content)["nbformat_minor"] == 5
    return notebook


def cells(text):
    """(id, source) of the cells after the first three: the title, how to run it, and the start."""
    made = make(TITLE + text).cells
    assert [cell.id for cell in made[:3]] == ["text-0", "how", "setup"]
    return [(cell.id, cell.source) for cell in made[3:]]


def sources(text):
    return [source for _, source in cells(text)]


def output(text):
    """What the first block shows."""
    (cell,) = [cell for cell in make(TITLE + text).cells if cell.id == "block-1"]
    return cell.outputs


def test_the_first_cells_say_what_this_is_and_how_to_run_it():
    title, how, setup = make(TITLE + "Text.").cells[:3]
    assert title.source == "# Freezing"
    assert "the page [Freezing](https://example.org/site/lesson/) of A Site. Free." in how.source
    assert f"[a zip file]({BUNDLE_ADDRESS}) of 3 kB" in how.source
    assert "`a-site.0123456789.zip`" in how.source
    assert "`A_SITE_ZIP`" in how.source
    for line in (f'NAME = "{BUNDLE.name}"', f'ADDRESS = "{BUNDLE_ADDRESS}"'):
        assert line in setup.source
    compile(setup.source, "setup", "exec")


def test_the_sentence_below_the_title_stays_with_it():
    made = make("# Freezing\n\nText.", description="All of it.").cells
    assert made[0].source == "# Freezing\n\nAll of it."
    assert made[3].source == "Text."


def test_a_site_without_an_address_names_its_files_and_makes_no_links():
    page = weave(TITLE + "See [LoRA](lora.md).")
    site = SITE._replace(bundle_address="")
    made = make_notebook(page, site, title="F", address="", lead=lambda target: "")
    _, how, setup, text = (cell.source for cell in nbformat.reads(made.decode(), 4).cells)
    assert "](" not in how + text
    assert "or else a zip file of 3 kB" in how
    assert f'ADDRESS = "file:{BUNDLE.name}"' in setup
    assert text == "See LoRA."


def test_a_page_without_a_heading_or_with_a_block_before_it_begins_with_its_title():
    assert [cell.source for cell in make("Text.\n").cells][::3] == ["# Freezing", "Text."]
    made = make(block("n = 1600") + "\n# The {{ n }}\n\nText.\n").cells
    assert [cell.source for cell in made if cell.id not in ("how", "setup")] == [
        "# The 1600",
        "n = 1600",
        "Text.",
    ]


def test_half_a_character_is_carried_as_json_writes_it():
    content = make_notebook(
        weave(TITLE + block("x = chr(0xd800)\nx")), SITE, title="F", address="", lead=lead
    )
    assert json.loads(content)


def test_a_block_that_shows_a_table_is_a_cell_with_that_table():
    table = "class T:\n    def _repr_html_(self):\n        return '<div class=\"table-scroll\"><table><tr><td>1</td></tr></table></div>'\nT()"
    (cell,) = [cell for cell in make(TITLE + block(table)).cells if cell.id == "block-1"]
    assert cell.source == table
    assert "<td>1</td>" in cell.outputs[0].data["text/html"]


def test_text_and_blocks_are_cells_in_turn_and_a_heading_begins_one():
    text = "One.\n\nTwo.\n\n" + block("n = 1600") + "\nThree.\n\n## Four\n\nFive.\n"
    assert cells(text) == [
        ("text-3", "One.\n\nTwo."),
        ("block-1", "n = 1600"),
        ("text-5", "Three."),
        ("text-6", "## Four\n\nFive."),
    ]


def test_values_are_plain_text_and_formulas_tex_with_values():
    text = block("n = 1600\nrate = -0.5\nmany = 44000") + (
        "\nIt has {{ n }} and **{{ many }}**: $W_{3}^\\top = {{ rate }} \\cdot {{ n }}$.\n\n"
        "$$x = {{ many }}$$\n\n| a |\n| --- |\n| {{ n }} |\n"
    )
    assert sources(text)[1] == (
        "It has 1600 and **44,000**: $W_{3}^\\top = {-0.5} \\cdot {1600}$.\n\n"
        "$$x = {44{,}000}$$\n\n| a |\n| --- |\n| 1600 |"
    )


def test_a_fresh_start_is_said_where_the_page_makes_one_but_not_at_the_first_block():
    text = block("n = 1") + block("n += 1", "continuation") + "\nSo.\n\n" + block("n = 3")
    assert sources(text) == ["n = 1", "n += 1", f"So.\n\n{AFRESH}", "n = 3"]


def test_a_block_in_a_box_is_a_cell_of_its_own():
    text = '!!! note "Look"\n    Here:\n\n    ```python\n    n = 1\n    ```\n\n    After.\n'
    assert sources(text) == ["**Look**\n\nHere:", "n = 1", "After."]


def test_other_code_stays_text():
    assert sources("```text\n$ make test {{ n }}\n```\n") == ["```text\n$ make test {{ n }}\n```"]


def test_what_a_block_prints_and_its_value_are_outputs():
    stream, value = output(block("print('a')\nprint('b')\n[1, 2]"))
    assert (stream.output_type, stream.name, stream.text) == ("stream", "stdout", "a\nb\n")
    assert (value.output_type, value.data) == ("execute_result", {"text/plain": "[1, 2]"})


def test_a_block_that_shows_nothing_has_no_output():
    assert output(block("n = 1")) == []


def test_a_drawing_is_a_picture_and_words():
    (value,) = output(block(DRAW))
    assert value.data["text/plain"] == "A cross."
    assert 'src="data:image/svg+xml;base64,' in value.data["text/html"]


def test_a_drawing_in_the_text_is_a_picture_there():
    text = block(DRAW.replace("\nCross()", "")) + "\nSee {{ Cross() }} here.\n"
    assert sources(text)[1].startswith("See <style>")
    assert sources(text)[1].endswith('"> here.')


def test_an_error_that_is_meant_is_shown_and_lets_the_rest_run():
    made = make(TITLE + block("print(1)\nint('x')", "raises=ValueError")).cells[-1]
    assert made.metadata["tags"] == ["raises-exception"]
    stream, error = made.outputs
    assert stream.text == "1\n"
    assert (error.ename, error.evalue) == (
        "ValueError",
        "invalid literal for int() with base 10: 'x'",
    )


def test_hidden_code_is_folded():
    made = make(TITLE + block("n = 1\nn", "hide")).cells[-1]
    assert made.metadata == {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}


def test_a_typed_dollar_does_not_begin_a_formula():
    assert sources("It costs \\$5 and $5.") == ["It costs \\$5 and \\$5."]


def test_the_same_page_gives_the_same_bytes():
    text = TITLE + block(DRAW)
    assert make(text) == make(text)


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 kB"), (1499, "1 kB"), (138_303, "138 kB"), (2_450_000, "2.5 MB")]
)
def test_a_size_is_said_in_one_short_number(count, said):
    assert write_size(count) == said
