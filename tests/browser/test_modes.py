"""Paper and high contrast: nothing of the lesson gets lost."""

import pytest

from tests.browser import support


def test_on_paper_the_text_stands_without_header_and_search(open_page):
    page = open_page(support.LESSON)
    page.emulate_media(media="print")
    assert page.locator("article h1").is_visible()
    controls = page.locator("header button, header input, header label")
    assert [control for control in controls.all() if control.is_visible()] == []
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_keep_every_word_and_outline_of_the_figures(open_page, scheme):
    page = open_page(support.LESSON, forced_colors="active", color_scheme=scheme)
    pale = page.evaluate(
        """() => {
          const rgb = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
          const light = (colour) => {
            const [r, g, b] = rgb(colour).map((c) => c / 255)
              .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (one, two) => {
            const [low, high] = [light(one), light(two)].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05);
          };
          const probe = document.createElement("p");
          probe.style.color = "Canvas";
          document.body.append(probe);
          const canvas = getComputedStyle(probe).color;
          probe.remove();
          const seen = (element) => element.checkVisibility() && element.getClientRects().length;
          const drawings = [...document.querySelectorAll("article figure svg")].filter(seen);
          return drawings.flatMap((svg) => {
            const words = [...svg.querySelectorAll("text")].filter(seen)
              .filter((text) => contrast(getComputedStyle(text).fill, canvas) < 4.5)
              .map((text) => `text ${text.textContent}`);
            const outlines = [...svg.querySelectorAll("[class*='outline']")].filter(seen)
              .filter((shape) => getComputedStyle(shape).stroke === "none"
                || contrast(getComputedStyle(shape).stroke, canvas) < 3)
              .map((shape) => `${shape.localName}.${shape.getAttribute("class")}`);
            return [...words, ...outlines];
          });
        }"""
    )
    assert pale == []


def test_a_print_out_ends_with_the_answers_and_has_none_below_its_question(open_page):
    page = open_page(support.LESSON)
    answer = page.locator(".by-hand details")
    said = answer.locator("p").first.text_content().strip()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert not answer.locator("p").first.is_visible()
    copies = page.locator("article > .answers:last-child [data-answer]")
    assert copies.locator("p").first.text_content().strip() == said
    assert copies.count() == answer.count()
    assert page.locator("article .woven-code:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".answers").count() == 0
    assert page.locator("article .woven-code[open]").count() == 0
