"""Every page stands in Firefox and WebKit too, on a phone and on a desk: `make browsers`."""

import pytest

from tests.browser import support
from tests.browser.served import WATCHED

pytestmark = pytest.mark.other_browsers

SHOWN = "checkVisibility({ opacityProperty: true, visibilityProperty: true })"
FACTS = f"""document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => ({{
  width: innerWidth,
  wrong: window.wrong,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  title: document.querySelector("h1")?.getClientRects().length,
  fonts: [...document.fonts].filter((face) => face.status === "loaded").map((face) => face.family),
  formulas: [...document.querySelectorAll("math")].filter((math) => math.{SHOWN}).map((math) => ({{
    words: math.textContent.slice(0, 40),
    height: math.getBoundingClientRect().height,
    width: math.getBoundingClientRect().width,
    font: getComputedStyle(math).fontFamily,
    fences: [...math.querySelectorAll("mtable")].flatMap((table) =>
      [table.previousElementSibling, table.nextElementSibling]
        .filter((fence) => fence?.localName === "mo" && /[()\\[\\]{{}}]/.test(fence.textContent))
        .map((fence) => fence.getBoundingClientRect().height
          / table.getBoundingClientRect().height)),
  }})),
}}))"""
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
TERM = "article p a.term"


def wait_until(driven, expression, seconds=10):
    """Wait until some JavaScript is true."""
    wait = f"""new Promise((done) => {{
      const end = performance.now() + {seconds * 1000};
      (function look() {{
        const is = Boolean({expression});
        if (is || performance.now() > end) done(is); else setTimeout(look, 20);
      }})();
    }})"""
    assert driven.run(wait), f"still false after {seconds} s: {expression}"


def assert_formulas_stand(facts):
    """MathML has its size and its font; the brackets of a matrix are as high as the matrix."""
    assert [f for f in facts["formulas"] if f["height"] < 8 or f["width"] < 4] == []
    assert [f for f in facts["formulas"] if "Hand Math" not in f["font"]] == []
    assert not facts["formulas"] or "Hand Math" in "".join(facts["fonts"])
    assert [f for f in facts["formulas"] if any(share < 0.8 for share in f["fences"])] == []


def assert_a_term_shows_what_it_means(driven):
    driven.point_at(TERM)
    wait_until(driven, "document.querySelector('.explanation')?.getClientRects().length")
    assert len(driven.run("document.querySelector('.explanation').innerText")) > 20
    driven.point_at("h1")
    wait_until(driven, "!document.querySelector('.explanation').getClientRects().length")


def assert_the_line_below_a_term_is_drawn(driven):
    """With its line taken away the page looks otherwise, and with it the same again.

    A picture may still show the moment before: what one round leaves open, the next may tell.
    """
    driven.rest_on(TERM)
    style = f"document.querySelector('{TERM}').style"
    seen = []
    for _ in range(5):
        with_line = driven.picture(TERM)
        driven.run(f"{style}.cssText = 'text-decoration: none; border: 0; background: none'")
        without_line = driven.picture(TERM)
        driven.run(f"{style}.cssText = ''")
        seen.append((driven.picture(TERM) == with_line, without_line != with_line))
        if seen[-1] == (True, True):
            return
    raise AssertionError(f"(is the same again, has a line): {seen}")


def assert_a_stepper_steps(driven):
    driven.run("document.querySelector('by-hand-stepper').scrollIntoView()")
    wait_until(driven, "document.querySelector('by-hand-stepper.live') !== null")
    place = "document.querySelector('[data-do=step]').closest('.live').querySelector('.where')"
    before = driven.run(f"{place}.textContent")
    driven.click("[data-do=step]")
    wait_until(driven, f"{place}.textContent !== {before!r}")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", support.page_paths(), ids=support.page_name)
def test_page(driven, site, subtests, path, width):
    driven.open(f"{site.url}{path}?{WATCHED}", width)
    driven.run(OPEN)
    facts = driven.run(FACTS)
    assert facts["width"] == width
    with subtests.test("has its title, and nothing is wider than the page"):
        assert facts["title"] == 1
        assert facts["overflow"] <= 0
    with subtests.test("formulas stand"):
        assert_formulas_stand(facts)
    if driven.run(f"document.querySelector({TERM!r}) !== null"):
        with subtests.test("a term shows what it means"):
            assert_a_term_shows_what_it_means(driven)
        with subtests.test("the line below a term is drawn"):
            assert_the_line_below_a_term_is_drawn(driven)
    if driven.run("document.querySelector('by-hand-stepper') !== null"):
        with subtests.test("a stepper steps"):
            assert_a_stepper_steps(driven)
    with subtests.test("no error is thrown or written to the console"):
        assert driven.run("window.wrong") == []


def test_the_checks_above_find_something_to_look_at(driven, site):
    driven.open(f"{site.url}{support.SERIES}full-fine-tuning/?{WATCHED}", 1280)
    driven.run(OPEN)
    facts = driven.run(FACTS)
    assert len(facts["formulas"]) > 2
    assert any(formula["fences"] for formula in facts["formulas"])
    assert driven.run(f"document.querySelector({TERM!r}) !== null")
    assert driven.run("document.querySelector('by-hand-stepper') !== null")
    driven.run("console.error('one')")
    driven.run("new Promise((done) => { setTimeout(() => { done(0); throw new Error('two'); }); })")
    wait_until(driven, "window.wrong.length === 2")
