"""A visit: one page at one width in one scheme, opened once and asked everything."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe

from tests.browser import support

A4 = 718  # px between margins of 10 mm
NARROWEST = 320
# Beyond what axe asks by default: a finger hits what it aims at (WCAG 2.2, 2.5.8).
RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
RUN_AXE = """([within, rules]) => axe.run(within ?? document, rules).then((found) =>
  found.violations.flatMap(({ id, nodes }) => nodes.map((node) =>
    `${id}: ${node.html.slice(0, 200)}\\n${node.failureSummary}`)))"""
TEXT_SPACING = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important }
* { word-spacing: 0.16em !important }
p { margin-bottom: 2em !important }
"""  # WCAG 2.2, 1.4.12
WIDER_SPACING = """(text) => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}"""
USUAL_SPACING = "document.adoptedStyleSheets = []"
WIDTH = "document.documentElement.scrollWidth"
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
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  const longest = Math.max(...`${style.transitionDuration},${style.animationDuration}`
    .split(",").map(parseFloat));
  const animated = style.animationName !== "none" || style.transitionProperty !== "none";
  return (animated && longest > 0.01) || style.scrollBehavior === "smooth";
}).map((element) => `${element.localName}.${element.getAttribute("class")}`)"""
# What a reader sees of the text: words on the screen, without the controls that need scripts.
READABLE = """() => {
  const article = document.querySelector("article");
  const touched = ".instrument .needs-script, by-hand-blocks .needs-script";
  const controls = article.querySelectorAll(`button, [role=tooltip], .explanation, ${touched}`);
  const before = [...controls].map((element) => [element, element.hidden, element.style.display]);
  controls.forEach((element) => { element.hidden = true; element.style.display = "none"; });
  const words = article.innerText;
  for (const [element, hidden, display] of before) {
    element.hidden = hidden;
    element.style.display = display;
  }
  return words;
}"""
TERMS_WITHIN = "article :is(h1, h2, h3, pre, code, th, math, svg, .woven) a.term"
POSITIVE_TABINDEX = """[...document.querySelectorAll("[tabindex]")]
  .filter((element) => element.tabIndex > 0).map((element) => element.outerHTML.slice(0, 80))"""
# All that Tab must reach, in the order of the document. Of a group of radio buttons, one.
REACHABLE = """() => {
  const focusable = "a[href], button, input, select, textarea, summary, [tabindex]";
  window.stops = [...document.querySelectorAll(focusable)].filter((element) =>
    element.tabIndex >= 0 && !element.disabled && element.getClientRects().length
      && element.checkVisibility({ opacityProperty: true, visibilityProperty: true }));
  return window.stops.length;
}"""
# Where the focus is now: which of the stops, and whether a reader can see that.
FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const [box] = element.getClientRects();
  const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 1), innerWidth - 2);
  const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 10), 1), innerHeight - 2);
  const there = document.elementFromPoint(x, y);
  return {
    stop: window.stops.indexOf(element),
    name: `${element.localName}.${element.className} "${element.textContent.trim().slice(0, 30)}"`,
    isMarked: (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== "none",
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    isUncovered: there !== null && (element.contains(there) || there.contains(element)),
  };
}"""


# Record that each time a key goes up, until the focus is past all there is: on an end of our own.
# Keys come faster than frames here, so the page is told at once that it was scrolled.
RECORD = f"""() => {{
  window.walked = [];
  window.end = document.createElement("button");
  window.end.style.position = "fixed";
  window.end.addEventListener("keydown", (event) => event.preventDefault());
  document.body.append(window.end);
  onkeyup = () => document.activeElement === window.end
    ? window.walked.isWhole = true
    : document.dispatchEvent(new Event("scroll")) && window.walked.push(({FOCUS})());
}}"""
WALKED = "window.walked.isWhole ? window.walked : null"
FORGET = "window.end.remove(); onkeyup = null"


def find_violations(page, within=None):
    """Return what axe finds wrong with a page: rule, markup and advice, one string each.

    Args:
        page: a page of the browser.
        within: a selector of what has opened on a page that was found good without it. There all
            rules hold; elsewhere the contrast of each word, which takes the time, is not asked again.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    if within is None:
        return page.evaluate(RUN_AXE, [None, RULES])
    contrast = {"color-contrast": {"enabled": False}}
    return [
        *page.evaluate(RUN_AXE, [None, {**RULES, "rules": {**RULES["rules"], **contrast}}]),
        *page.evaluate(RUN_AXE, [within, RULES]),
    ]


def walk(page):
    """Press Tab until the focus is past the page; return (stops there are, stops walked)."""
    stops = page.evaluate(REACHABLE)
    page.evaluate(RECORD)
    for _ in range(stops // 10 + 2):  # a value's box has a link of its own
        for _ in range(20):
            page.keyboard.press("Tab")
        if walked := page.evaluate(WALKED):
            page.evaluate(FORGET)
            return stops, walked
    raise AssertionError(
        f"the focus does not leave the page: {page.evaluate('window.walked')[-5:]}"
    )


class Visit:
    """A page at one width in one scheme; each attribute is what was found.

    Args:
        site: a Site. browser: Playwright's. path, width, scheme: of the page.
        still: a page of the browser without scripts, for light visits, which ask more.
    """

    def __init__(self, site, browser, path, width, scheme, still=None):
        self.site, self.path, self.width, self.scheme = site, path, width, scheme
        self.is_light = still is not None
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.log = support.Log().listen(self.page)
        self.page.goto(site.url + path)
        support.wait_until_ready(self.page)
        support.wake_figures(self.page)
        self.facts = self.page.evaluate(support.MEASURE)
        self.moving = self.page.evaluate(MOVING)
        self.positive_tabindex = self.page.evaluate(POSITIVE_TABINDEX)
        self.at_320 = self.at(NARROWEST) if width == 360 else None
        if still:
            self.look_without_script(still)
            self.look_further()
        self.page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        self.violations = find_violations(self.page)
        self.page.wait_for_load_state("networkidle")
        self.cookies = self.context.cookies()
        self.context.close()

    @property
    def all_facts(self):
        """What was measured, on a phone at its narrowest too."""
        return [self.facts, self.at_320] if self.at_320 else [self.facts]

    @property
    def drawings(self):
        return [drawing for facts in self.all_facts for drawing in facts["drawings"]]

    def at(self, width):
        """Return what is measured at another width."""
        support.resize(self.page, width)
        facts = self.page.evaluate(support.MEASURE)
        support.resize(self.page, self.width)
        return facts

    def look_without_script(self, still):
        """Compare with the page as it is without scripts, at the same width."""
        still.set_viewport_size({"width": self.width, "height": 900})
        still.goto(self.site.url + self.path)
        self.words = set(self.page.evaluate(READABLE).split())
        self.words_without_script = set(still.locator("article").inner_text().split())
        terms = still.locator("article a.term")
        self.terms = terms.evaluate_all("terms => terms.map((term) => term.href)")
        self.terms_within = still.locator(TERMS_WITHIN).count()

    def look_further(self):
        """Walk through the page with Tab, space its text wider, print it."""
        page = self.page
        self.stops, self.walked = walk(page)
        page.keyboard.press("Escape")
        page.evaluate(WIDER_SPACING, TEXT_SPACING)
        self.cut_when_spaced, self.width_when_spaced = page.evaluate(CUT), page.evaluate(WIDTH)
        page.evaluate(USUAL_SPACING)
        if self.width > A4:
            page.emulate_media(media="print")
            support.resize(page, A4)
            self.scrolling_on_paper, self.cut_on_paper = (
                page.evaluate(SCROLLING),
                page.evaluate(CUT),
            )
            self.width_on_paper = page.evaluate(WIDTH)
            page.emulate_media(media="screen")
            support.resize(page, self.width)
