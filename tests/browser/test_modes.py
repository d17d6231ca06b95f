"""Paper, high contrast, wider text spacing, less motion: nothing of the page gets lost."""

import pytest

from tests.browser import support

PAGES = support.page_paths()
A4 = 718  # px between margins of 10 mm
TEXT_SPACING = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important }
* { word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }
"""  # WCAG 2.2, 1.4.12
# Boxes that hide part of their text, those made for the ears alone (1 px) excepted. Of a formula
# the boxes of its letters count: the line that its font asks for is higher than they are.
CUT = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
  if (element.closest("svg, math") || element.clientWidth < 4) return false;
  if (!element.innerText?.trim()) return false;
  const cuts = (how) => how === "hidden" || how === "clip";
  const { bottom } = element.getBoundingClientRect();
  const letters = [...element.querySelectorAll(":scope > math *")];
  const tooHigh = letters.length
    ? letters.some((letter) => letter.getBoundingClientRect().bottom > bottom + 1)
    : element.scrollHeight > element.clientHeight + 1;
  return (cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
    || (cuts(style.overflowY) && tooHigh);
}).map((element) => `${element.className}: ${element.innerText.slice(0, 40)}`)"""
SCROLLING = """() => [...document.querySelectorAll("article *")].filter((element) =>
  element.checkVisibility() && !element.closest("svg, math")
    && getComputedStyle(element).overflowX !== "visible"
    && element.clientWidth > 4 && element.scrollWidth > element.clientWidth + 1)
  .map((element) => `${element.className}: ${element.innerText.slice(0, 40)}`)"""


@pytest.mark.parametrize("path", PAGES, ids=support.page_name)
def test_on_paper_nothing_is_cut_off(open_page, path):
    page = open_page(path)
    page.emulate_media(media="print")
    support.resize(page, A4)
    assert page.evaluate(SCROLLING) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= A4 + 1


def test_on_paper_the_text_stands_without_header_and_search(open_page):
    page = open_page(support.LESSON)
    page.emulate_media(media="print")
    assert page.locator("article h1").is_visible()
    controls = page.locator("header button, header input, header label")
    assert [control for control in controls.all() if control.is_visible()] == []
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES, ids=support.page_name)
def test_wider_text_spacing_loses_nothing(open_page, path, width):
    page = open_page(path, width, bypass_csp=True)
    page.add_style_tag(content=TEXT_SPACING)
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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


@pytest.mark.parametrize("path", PAGES, ids=support.page_name)
def test_nothing_moves_for_those_who_ask_for_less_motion(open_page, path):
    page = open_page(path, reduced_motion="reduce")
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((element) => {
          const style = getComputedStyle(element);
          const longest = Math.max(...`${style.transitionDuration},${style.animationDuration}`
            .split(",").map(parseFloat));
          const animated = style.animationName !== "none" || style.transitionProperty !== "none";
          return (animated && longest > 0.01) || style.scrollBehavior === "smooth";
        }).map((element) => `${element.localName}.${element.getAttribute("class")}`)"""
    )
    assert moving == []
