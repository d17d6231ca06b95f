"""Methods side by side, in a real browser: NumPy's numbers, every control, every hostile state."""

import json
import random
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import expect

from snippets import pencil, pencil_methods
from snippets.adapter import adapter_forward, adapter_step
from snippets.forward import forward
from snippets.freeze import train_step
from snippets.head import head_forward, head_step
from snippets.lora import lora_forward, lora_step, merge
from snippets.loss import squared_error
from tests.browser import support

FIGURE = "by-hand-side-by-side"
WAYS = ("full", "freeze", "probe", "head", "adapter", "lora")
START = {"steps": 1, "rate": 0.5, "rank": 1, "alpha": 1}
SHIFTS = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""
PATHS = f"""() => Object.fromEntries(Object.entries(document.querySelector("{FIGURE}").result)
  .map(([key, {{ list, isOver }}]) => [key, {{ list, isOver }}]))"""


@pytest.fixture
def figure(open_page):
    """A function that opens the figure in a state and returns its element."""

    def open_figure(state="", width=1280, **options):
        options.setdefault("reduced_motion", "reduce")
        page = open_page(support.SERIES + (f"#{state}" if state else ""), width, **options)
        return page.locator(FIGURE)

    return open_figure


def hash_of(**state):
    return "&".join(f"methods.{key}={value}" for key, value in state.items())


def way(figure, key):
    return figure.locator(f"[data-way={key}]")


def now(figure, key):
    """Return [new, old] as the table of a panel shows them at its last step."""
    return way(figure, key).locator("tbody .now").all_inner_texts()


def last(trace):
    return list(trace.values())[-1]


def runs(rate, rank, alpha, rows, zero=False):
    """Yield (key, start, step, run, targets) of each method, by snippets/."""
    weights = pencil.pencil_network()
    X, T = pencil.pencil_task()
    for key, trainable in (("full", {"W1", "W2", "W3"}), ("freeze", {"W3"})):
        yield (
            key,
            weights,
            lambda own, trainable=trainable: train_step(own, X, T, trainable, rate),
            lambda own, x: last(forward(own, x)),
            (X, T),
        )
    for key, head, task in (
        ("probe", {"W4": pencil_methods.pencil_probe()}, pencil_methods.pencil_probe_task()),
        ("head", pencil_methods.pencil_head(), pencil_methods.pencil_either_or()),
    ):
        features = last(forward(weights, task[0]))
        yield (
            key,
            head,
            lambda own, H=features, t=task[1]: head_step(own, H, t, rate),
            lambda own, x: head_forward(own, last(forward(weights, x)))["Y"],
            task,
        )
    yield (
        "adapter",
        pencil_methods.pencil_adapter(),
        lambda own: adapter_step(weights, own, X, T, rate),
        lambda own, x: last(adapter_forward(weights, own, x)),
        (X, T),
    )
    A = np.array(rows[:rank]) * (0 if zero else 1)
    yield (
        "lora",
        {"A3": A, "B3": np.zeros((4, rank))},
        lambda own: lora_step(weights, own, X, T, rate, alpha),
        lambda own, x: last(lora_forward(weights, own, x, alpha)),
        (X, T),
    )


SETTINGS = [
    START,
    {"steps": 0, "rate": 0.5, "rank": 1, "alpha": 1},
    {"steps": 5, "rate": 0.1, "rank": 2, "alpha": 1},
    {"steps": 12, "rate": 0.05, "rank": 4, "alpha": 3.5},
    {"steps": 60, "rate": 0.02, "rank": 3, "alpha": 0},
    {"steps": 200, "rate": 0.03125, "rank": 1, "alpha": 2},
]


@pytest.mark.parametrize("state", SETTINGS, ids=str)
def test_every_step_of_every_method_equals_numpys(figure, state):
    element = figure(hash_of(**state))
    paths = element.page.evaluate(PATHS)
    given = json.loads(element.locator("script").text_content())
    old_X, old_T = pencil.pencil_old_task()
    weights = pencil.pencil_network()
    settings = (state["rate"], state["rank"], state["alpha"], given["rows"])
    for key, own, step, run, (X, T) in runs(*settings):
        path = paths[key]
        assert len(path["list"]) == state["steps"] + 1 or path["isOver"], key
        for entry in path["list"]:
            for name, values in own.items():
                np.testing.assert_allclose(
                    entry["own"][name], values, rtol=1e-9, atol=1e-12, err_msg=f"{key} {name}"
                )
            old = last(forward(weights, old_X)) if key in ("probe", "head") else run(own, old_X)
            assert entry["loss"] == pytest.approx(squared_error(run(own, X), T), 1e-9, 1e-15)
            assert entry["old"] == pytest.approx(squared_error(old, old_T), 1e-9, 1e-15)
            if entry is not path["list"][-1]:
                own = step(own).weights


def test_what_is_shown_is_what_was_computed(figure):
    element = figure(hash_of(steps=5, rate=0.1, rank=2))
    paths = element.page.evaluate(PATHS)
    for key in WAYS:
        entry = paths[key]["list"][-1]
        shown = [float(text.replace("−", "-")) for text in now(element, key)]
        assert shown == pytest.approx([entry["loss"], entry["old"]], rel=5e-3)
        for name, values in entry["own"].items():
            table = way(element, key).locator(f"[data-matrix={name}]")
            if not table.count():
                continue  # a frozen one is a strip
            rows = [row.locator("td").all_inner_texts() for row in table.locator("tr").all()]
            cells = [[float(text.replace("−", "-")) for text in row] for row in rows]
            np.testing.assert_allclose(cells, values, atol=0.0051)


def test_the_script_changes_nothing_at_first_and_moves_nothing(open_page, figure):
    still = open_page(support.SERIES, java_script_enabled=False).locator(FIGURE)
    lively = figure()
    for part in (".ways .way-note", ".ways td", ".ways th", ".way-now", ".way-facts", ".way-scale"):
        wish = still.locator(part).all_text_contents()
        assert lively.locator(part).all_text_contents() == wish, part
    wish = still.locator(".ways path").evaluate_all("all => all.map((p) => p.getAttribute('d'))")
    drawn = lively.locator(".ways path").evaluate_all("all => all.map((p) => p.getAttribute('d'))")
    assert len(wish) == len(drawn) == 10
    assert lively.page.evaluate(SHIFTS) == 0
    assert lively.page.log.errors == lively.page.log.console == []


def press(element, how, selector):
    """Use a control by mouse, by touch or by the keyboard alone."""
    control = element.locator(selector)
    if how == "mouse":
        control.click()
    elif how == "touch":
        control.tap()
    else:
        control.focus()
        element.page.keyboard.press("Space")


@pytest.mark.parametrize("how", ["mouse", "touch", "keyboard"])
def test_every_control_works(figure, how):
    element = figure(hash_of(rate=0.05), width=360, has_touch=how == "touch")
    steps = element.locator("[data-now=steps]")

    def use(selector):
        press(element, how, selector)

    use("[data-do=step]")
    expect(steps).to_have_text("2")
    expect(element.locator(".status")).to_contain_text("After 2 steps: full")
    use("[data-do=ten]")
    expect(steps).to_have_text("12")
    use("[data-do=undo]")
    expect(steps).to_have_text("2")
    use("[data-do=redo]")
    expect(steps).to_have_text("12")
    use("[data-do=full]")
    expect(way(element, "full")).to_contain_text("no longer fits")
    expect(element.locator("[data-do=full]")).to_have_text("Take it away again")
    use("[data-do=full]")
    expect(element.locator("[data-do=full]")).to_have_text("Put the old W3 back")
    use("[data-do=freeze]")
    expect(way(element, "freeze").locator(".way-note")).to_contain_text("exactly 0 again")
    use("[data-set=merge]")
    expect(way(element, "lora").locator('[data-matrix="W\'3"]')).to_be_visible()
    expect(way(element, "lora").locator("[data-matrix=A3]")).to_be_hidden()
    use("[data-do=zero]")
    expect(element.locator("[data-do=zero]")).to_have_attribute("aria-pressed", "true")
    use("[data-do=again]")
    expect(steps).to_have_text("0")
    use("[data-do=play]")
    expect(steps).to_have_text("2")
    use("[data-do=play]")
    expect(element.locator("[data-do=play]")).to_have_text("Play")
    use("[data-do=reset]")
    expect(steps).to_have_text("1")
    expect(element.locator("[data-set=rate]")).to_have_value("0.5")
    support.wait_until(element.page, "!location.hash.includes('methods.')")
    assert element.page.log.errors == element.page.log.console == []


def type_in(element, key, text):
    element.locator(f"[data-set={key}]").fill(text)
    element.page.keyboard.press("Enter")


def test_the_old_matrix_put_back_gives_numpys_losses(figure):
    element = figure(hash_of(on="full freeze"))
    weights, (X, T) = pencil.pencil_network(), pencil.pencil_task()
    new = train_step(weights, X, T, set(weights), 0.5).weights
    back = {**new, "W3": weights["W3"]}
    old = [squared_error(last(forward(back, x)), t) for x, t in ((X, T), pencil.pencil_old_task())]
    note = way(element, "full").locator(".way-note").inner_text()
    assert f"{old[0]:g}" in note
    assert f"{old[1]:g}, not 0" in note
    assert "exactly 0 again" in way(element, "freeze").locator(".way-note").inner_text()
    table = way(element, "full").locator("[data-matrix=W3]")
    assert table.get_attribute("aria-label") == "W3, the old one"
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tr").all()]
    assert [[float(t.replace("−", "-")) for t in row] for row in rows] == weights["W3"].tolist()


def test_with_a_and_b_both_zero_nothing_ever_moves(figure):
    element = figure(hash_of(on="zero", steps=50, rank=3))
    entries = element.page.evaluate(PATHS)["lora"]["list"]
    assert {entry["loss"] for entry in entries} == {4}
    assert len(entries) == 51
    cells = way(element, "lora").locator("[data-matrix=A3] td, [data-matrix=B3] td")
    assert set(cells.all_inner_texts()) == {"0"}
    expect(way(element, "lora").locator(".way-note")).to_contain_text("the loss never moves")


def test_merged_is_numpys_matrix_and_answers_alike(figure):
    element = figure(hash_of(on="merge", steps=5, rate=0.1, rank=2, alpha=3))
    entry = element.page.evaluate(PATHS)["lora"]["list"][-1]
    lora = {name: np.array(entry["own"][name]) for name in ("A3", "B3")}
    wish = merge(pencil.pencil_network(), lora, 3)["W3"]
    table = way(element, "lora").locator('[data-matrix="W\'3"]')
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tr").all()]
    cells = [[float(text.replace("−", "-")) for text in row] for row in rows]
    np.testing.assert_allclose(cells, wish, atol=0.0051)
    note = way(element, "lora").locator(".way-note").inner_text()
    apart = note.partition(" by ")[2].partition(" at most")[0]
    assert float(apart.replace("−", "-")) < 1e-12


def test_rank_gives_a_rows_and_b_columns_and_other_costs(figure):
    element = figure()
    type_in(element, "rank", "3")
    panel = way(element, "lora")
    assert panel.locator("[data-matrix=A3] tr").count() == 3
    assert panel.locator("[data-matrix=B3] tr").first.locator("td").count() == 3
    expect(panel.locator("[data-fact=trained]")).to_have_text("24")
    expect(panel.locator("[data-fact=stored]")).to_have_text("284")


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("rate", ""),
        ("rate", "fast"),
        ("rate", "NaN"),
        ("rate", "-1"),
        ("rate", "1e309"),
        ("rate", "1e308"),
        ("rank", "0"),
        ("rank", "5"),
        ("rank", "1.5"),
        ("rank", "10000"),
        ("alpha", "-2"),
        ("alpha", "1e308"),
        ("alpha", "<b>"),
    ],
)
def test_bad_input_is_refused_calmly_and_the_last_good_state_stays(figure, key, text):
    element = figure()
    before = {k: now(element, k) for k in WAYS}
    type_in(element, key, text)
    field = element.locator(f"[data-set={key}]")
    expect(field).to_have_attribute("aria-invalid", "true")
    place = field.get_attribute("aria-describedby")
    assert element.locator(f"#{place}").inner_text().strip()
    assert {k: now(element, k) for k in WAYS} == before
    assert "methods." not in element.page.url
    type_in(element, key, "1")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    assert element.page.log.errors == element.page.log.console == []


def test_a_method_that_overflows_stops_and_the_others_go_on(figure):
    element = figure()
    press(element, "mouse", "[data-do=ten]")
    expect(way(element, "lora").locator(".way-note")).to_contain_text("Stopped at step")
    expect(way(element, "probe").locator("thead .now")).to_have_text("11")
    expect(element.locator(".status")).to_contain_text("stopped")
    type_in(element, "rate", "0.05")
    expect(way(element, "lora").locator("thead .now")).to_have_text("11")


def test_200_steps_are_the_most(figure):
    element = figure(hash_of(rate=0.01, steps=195))
    press(element, "mouse", "[data-do=ten]")
    expect(element.locator("[data-now=steps]")).to_have_text("200")
    expect(element.locator("[data-do=step]")).to_have_attribute("aria-disabled", "true")
    press(element, "keyboard", "[data-do=step]")
    expect(element.locator(".status")).to_have_text("200 steps are the most.")
    expect(element.locator("[data-now=steps]")).to_have_text("200")


HOSTILE = [
    "steps=201",
    "steps=-1",
    "steps=1.5",
    "steps=1e99",
    "rate=Infinity",
    "rate=1e308",
    "rank=99999",
    "alpha=NaN",
    "on=evil",
    "on=constructor",
    "constructor=1",
    "steps=%3Cimg src=x onerror=alert(1)%3E",
    "on=" + "full+" * 2000,
]


@pytest.mark.parametrize("part", HOSTILE, ids=lambda part: part[:24])
def test_a_hostile_link_gives_the_start_and_a_calm_message(figure, part):
    element = figure(f"methods.{part}")
    expect(element.locator(".message").first).to_contain_text("can't be shown")
    expect(element.locator("[data-now=steps]")).to_have_text("1")
    assert now(element, "full") == ["0.5", "2.25"]
    assert element.page.log.errors == element.page.log.console == []


def test_random_states_travel_as_links_and_random_actions_keep_one_state(figure, open_page):
    rng = random.Random(5)
    element = figure(width=360)
    page = element.page
    actions = ["step", "ten", "again", "undo", "redo", "full", "freeze", "zero", "reset", "play"]
    for round_ in range(200):
        if rng.random() < 0.25:
            key = rng.choice(["rate", "rank", "alpha"])
            type_in(element, key, rng.choice(["0.1", "2", "x", "1/8", "−1", "0.02", "1e9", "4"]))
        elif rng.random() < 0.1:
            element.locator("[data-set=merge]").dispatch_event("click")
        else:
            element.locator(f"[data-do={rng.choice(actions)}]").dispatch_event("click")
        if round_ % 20:
            continue
        if element.locator("[data-do=play]").inner_text() == "Pause":
            element.locator("[data-do=play]").dispatch_event("click")
        state = page.evaluate(f'document.querySelector("{FIGURE}").state')
        link = page.evaluate(f'document.querySelector("{FIGURE}").link()')
        other = open_page(support.SERIES + "#" + link.partition("#")[2]).locator(FIGURE)
        there = other.evaluate("(element) => element.state")
        assert there == state
        assert other.locator(".way-note").all_inner_texts() == (
            element.locator(".way-note").all_inner_texts()
        )
    assert page.log.errors == page.log.console == []


STATES = ["", hash_of(on="full freeze merge", steps=12, rank=4), hash_of(steps=40, on="zero")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", STATES, ids=["start", "swapped", "stuck"])
def test_axe_finds_nothing(figure, violations, state, scheme):
    element = figure(state, width=360, color_scheme=scheme)
    type_in(element, "rank", "9")
    assert violations(element.page) == []


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_the_page_never_scrolls_sideways_and_targets_are_large(figure, width):
    state = hash_of(steps=8, rank=4, on="full freeze zero")
    element = figure(state, width=width, has_touch=width < 1000, is_mobile=width < 1000)
    page = element.page
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    least = 24 if width > 1000 else 44
    for control in element.locator("button, input:not([type=checkbox])").all():
        assert control.bounding_box()["height"] >= least
    inside = element.evaluate("""(figure) => [...figure.querySelectorAll("td, th, button")]
      .filter((e) => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
      .map((e) => e.textContent)""")
    assert inside == []


def test_numbers_do_not_move_the_panels_while_they_change(figure):
    element = figure(hash_of(rate=0.05, steps=0))
    boxes = "all => all.map((e) => e.offsetTop + ' ' + e.offsetHeight + ' ' + e.offsetWidth)"
    before = element.locator(".way, .matrix, .way-losses").evaluate_all(boxes)
    for _ in range(15):
        press(element, "mouse", "[data-do=step]")
        assert element.locator(".way, .matrix, .way-losses").evaluate_all(boxes) == before


def test_embedded_it_stands_alone(open_page):
    page = open_page(f"{support.SERIES}?embed=methods#methods.steps=3")
    expect(page.locator(FIGURE)).to_be_visible()
    expect(page.locator("h1")).to_be_hidden()
    expect(page.locator("[data-now=steps]")).to_have_text("3")


def test_the_saved_picture_holds_numbers_and_curves(figure, tmp_path):
    element = figure(hash_of(steps=4, rate=0.1))
    with element.page.expect_download() as download:
        press(element, "mouse", "[data-do=picture]")
    file = tmp_path / "picture.svg"
    download.value.save_as(file)
    root = ET.parse(file).getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert set(now(element, "probe")) <= set(texts)
    paths = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    drawn = element.locator(".way-curve path")
    wish = drawn.evaluate_all("all => all.map((p) => p.getAttribute('d'))")
    assert set(wish) <= set(paths)
