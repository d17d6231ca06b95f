"""The freeze switchboard in a browser: its numbers, its controls, its states."""

import random

import pytest

from figures.instruments.switchboard import WORDS
from figures.kit.numbers import format_count
from figures.tables import FIVE
from snippets.cost import costs_of, plain_layers
from snippets.network import FULL_SIZES
from tests.browser import support

SHIFTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().map((entry) => entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done([]), 500);
})"""
READ = """() => {
  const board = document.querySelector("by-hand-switchboard");
  const text = (from, what) => from.querySelector(what).textContent;
  return {
    layers: [...board.querySelectorAll(".layer")].map((layer) => [
      text(layer, ".shape"), layer.classList.contains("trainable"),
      layer.querySelector("input").checked, text(layer, ".turn-on > span"),
    ]),
    costs: Object.fromEntries([...board.querySelectorAll("[data-cost]")].map((row) => [
      row.dataset.cost, [text(row, ".now"), text(row, ".of"), text(row, ".ratio")],
    ])),
    bars: [...board.querySelectorAll(".bar")].map((bar) =>
      bar.firstChild.getBoundingClientRect().width / bar.clientWidth),
    stored: board.querySelector("[data-set=stored]").checked,
    why: text(board, ".why"),
    message: [...board.querySelectorAll(".message")].map((one) => one.textContent).join(""),
    status: text(board, ".status"),
    hash: location.hash,
    state: board.state,
  };
}"""


BOARD = "document.querySelector('by-hand-switchboard')"
TYPED = ["0", "", "text", "1e308", "NaN", "-3", "10001", "2.5", "Infinity"]
ACT = """([wanted, value]) => {
  const board = document.querySelector("by-hand-switchboard");
  const left = ":not([data-do=link], [data-do=embed], [data-do=picture])";
  const all = [...board.querySelectorAll(`input, button${left}`)];
  const one = all[wanted % all.length];
  if (one.type === "checkbox" || one.localName === "button") return one.click();
  one.value = value;
  one.dispatchEvent(new Event("change", { bubbles: true }));
}"""


@pytest.fixture
def board(open_page):
    """A function that opens the lesson with the switchboard; `hash` is a state of it."""

    def open_board(hash="", width=1280, **options):
        page = open_page(support.LESSON + hash, width, **options)
        if options.get("java_script_enabled", True):
            support.wait_until(page, "document.querySelector('by-hand-switchboard.live') !== null")
        return page

    return open_board


def read(page):
    return page.evaluate(READ)


def part(page, selector):
    return page.locator(f"by-hand-switchboard {selector}")


def expect(found, sizes, trainable, columns, stored=False, tasks=10):
    """Check every number on the board against the snippet."""
    names = [f"W{k}" for k in range(1, len(sizes))]
    everything = costs_of(plain_layers(sizes, set(names)), columns, tasks)._asdict()
    now = costs_of(plain_layers(sizes, set(trainable), stored), columns, tasks)._asdict()
    for key, (said, of, ratio) in found["costs"].items():
        assert said == format_count(now[key]), key
        assert of == f"of {format_count(everything[key])}", key
        assert ratio == f"{everything[key] / now[key]:.2f}×", key
    for key, share in zip(FIVE, found["bars"], strict=True):
        assert share == pytest.approx(now[key] / everything[key], abs=0.02)
    for name, into, out, (shape, marked, checked, word) in zip(
        names, sizes[:-1], sizes[1:], found["layers"], strict=True
    ):
        assert shape == f"{out} × {into}"
        assert marked == checked == (name in trainable)
        assert word == ("trains" if checked else "frozen")
    assert found["stored"] == stored


def hash_of(sizes, trainable, columns, stored=False, tasks=10):
    return (
        f"#costs.sizes={'_'.join(map(str, sizes))}&costs.train={'_'.join(sorted(trainable))}"
        f"&costs.columns={columns}&costs.stored={int(stored)}&costs.tasks={tasks}"
    )


def test_it_opens_as_python_drew_it(board):
    without = board(java_script_enabled=False)
    columns = (".now", ".of", ".ratio")
    drawn = {
        row.get_attribute("data-cost"): [row.locator(c).inner_text() for c in columns]
        for row in part(without, "[data-cost]").all()
    }
    found = read(board())
    assert found["costs"] == drawn
    expect(found, FULL_SIZES, {"W3"}, 12)
    assert found["hash"] == ""


def test_without_script_there_is_no_control_and_every_number(board):
    page = board(java_script_enabled=False)
    assert not [c for c in part(page, "input, button, textarea").all() if c.is_visible()]
    assert "H2 never changes" in part(page, ".why").inner_text().replace("\n", "")
    assert part(page, "[data-cost] .now").all_inner_texts()[:2] == ["1600", "4800"]


def random_state(rng):
    sizes = [rng.choice([1, 3, 40, 777, 10_000]) for _ in range(rng.randint(2, 6))]
    names = [f"W{k}" for k in range(1, len(sizes))]
    trainable = rng.sample(names, rng.randint(1, len(names)))
    stored = "W1" not in trainable and rng.random() < 0.5
    return sizes, trainable, rng.choice([1, 12, 10_000]), stored, rng.choice([1, 10, 10_000])


def test_random_states_come_out_of_a_link_with_numpys_numbers_and_go_back_into_it(board):
    rng = random.Random(5)
    page = board()
    for _ in range(25):
        state = random_state(rng)
        page.evaluate("(hash) => { location.hash = hash; }", hash_of(*state))
        sizes = ",".join(map(str, state[0]))
        support.wait_until(page, f"String({BOARD}.state.sizes) === '{sizes}'")
        sizes, trainable, columns, stored, tasks = state
        expect(read(page), sizes, trainable, columns, stored, tasks)
    link = page.evaluate("document.querySelector('by-hand-switchboard').link()")
    other = board("#" + link.split("#")[1])
    assert read(other)["state"] == read(page)["state"]
    assert page.log.console == page.log.errors == []


@pytest.mark.parametrize("how", ["mouse", "touch", "keyboard", "block"])
def test_a_layer_is_turned_on(board, how):
    page = board(has_touch=how == "touch")
    switch = part(page, "[data-layer=W2]")
    if how == "mouse":
        switch.click()
    elif how == "touch":
        switch.tap()
    elif how == "block":
        part(page, ".layer svg").nth(1).click()
    else:
        switch.focus()
        page.keyboard.press("Space")
    found = read(page)
    expect(found, FULL_SIZES, {"W2", "W3"}, 12)
    assert found["status"] == "3200 weights train."
    support.wait_until(page, "location.hash === '#costs.train=W2_W3'")


def test_undo_redo_and_reset(board):
    page = board()
    part(page, "[data-layer=W2]").click()
    part(page, "[data-network=pencil]").click()
    expect(read(page), (3, 4, 4, 4), {"W2", "W3"}, 2)
    part(page, "[data-do=undo]").click()
    expect(read(page), FULL_SIZES, {"W2", "W3"}, 12)
    part(page, "[data-do=undo]").click()
    expect(read(page), FULL_SIZES, {"W3"}, 12)
    part(page, "[data-do=redo]").click()
    expect(read(page), FULL_SIZES, {"W2", "W3"}, 12)
    part(page, "[data-do=reset]").click()
    expect(read(page), FULL_SIZES, {"W3"}, 12)


def test_when_nothing_trains_it_says_that_there_is_no_step(board):
    page = board()
    part(page, "[data-layer=W3]").click()
    found = read(page)
    assert found["why"] == found["status"] == WORDS["nothing"]
    assert all(now == ratio == "–" for now, _, ratio in found["costs"].values())
    part(page, "[data-set=stored]").click()
    found = read(page)
    assert found["message"] == WORDS["no_reader"] and not found["stored"]


def test_storing_runs_only_what_is_above(board):
    page = board()
    part(page, "[data-set=stored]").click()
    found = read(page)
    expect(found, FULL_SIZES, {"W3"}, 12, stored=True)
    assert found["why"] == "H2 is stored, 480 numbers, so W1 and W2 need not run."


def test_the_layer_that_is_in_the_way_of_storing_is_named(board):
    page = board("#costs.train=W1")
    part(page, "[data-set=stored]").click()
    found = read(page)
    assert found["message"] == WORDS["unstorable"] and not found["stored"]
    expect(found, FULL_SIZES, {"W1"}, 12)
    page = board("#costs.train=W2")
    assert "For W3, frozen too, nothing can be stored: W2 is in the way." in read(page)["why"]


def test_training_the_lowest_layer_ends_storing_and_says_so(board):
    page = board("#costs.stored=1")
    part(page, "[data-layer=W1]").click()
    found = read(page)
    expect(found, FULL_SIZES, {"W1", "W3"}, 12)
    assert found["status"].startswith(WORDS["ends"])


def test_own_sizes_one_field_at_a_time(board):
    page = board()
    for key, value in (("size-0", "5"), ("size-3", "10000"), ("columns", "7"), ("tasks", "2")):
        field = part(page, f"[data-set={key}]")
        field.fill(value)
        field.press("Enter")
    expect(read(page), (5, 40, 40, 10_000), {"W3"}, 7, tasks=2)


def test_layers_come_and_go_on_top(board):
    page = board()
    more, less = part(page, "[data-do=more]"), part(page, "[data-do=less]")
    more.click()
    more.click()
    expect(read(page), (30, 40, 40, 40, 40, 40), {"W3", "W4", "W5"}, 12)
    assert part(page, "[data-sizes] label").count() == 6
    more.click(force=True)
    assert "5 layers are the most" in read(page)["message"]
    for _ in range(4):
        less.click()
    expect(read(page), (30, 40), {"W1"}, 12)
    less.click(force=True)
    assert read(page)["message"] == "One layer is the least."
    assert part(page, "[data-sizes] label").count() == 2


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("key", ["size-1", "columns"])
def test_bad_input_gets_a_calm_message_and_the_last_good_state_stays(board, typed, key):
    page = board()
    field = part(page, f"[data-set={key}]")
    field.fill(typed)
    field.press("Enter")
    found = read(page)
    assert found["message"] and len(found["message"]) < 90
    assert field.get_attribute("aria-invalid") == "true"
    expect(found, FULL_SIZES, {"W3"}, 12)
    field.fill("9")
    field.press("Enter")
    assert read(page)["message"] == "" and field.get_attribute("aria-invalid") is None
    assert page.log.errors == page.log.console == []


@pytest.mark.parametrize(
    "hash",
    [
        "sizes=0_4",
        "sizes=30",
        "sizes=1_1_1_1_1_1_1",
        "sizes=NaN_4",
        "sizes=1e308_4",
        "sizes=10001_4",
        "sizes=4_4",
        "train=W9",
        "train=__proto__",
        "train=%3Cimg%3E",
        "stored=1&costs.train=W1",
        "stored=1&costs.train=none",
        "columns=0",
        "columns=",
        "tasks=-1",
        "columns=1e400",
        "sizes=" + "9" * 5000,
        "sizes=" + "4_" * 5000 + "4",
        "train=" + "W1_" * 3000,
    ],
)
def test_a_hostile_link_gives_a_message_and_the_start(board, hash):
    page = board("#costs." + hash)
    found = read(page)
    if hash != "columns=":
        assert found["message"].startswith("The link holds a state that can't be shown")
    expect(found, FULL_SIZES, {"W3"}, 12)
    assert page.log.errors == page.log.console == []


def test_two_hundred_random_actions_leave_a_consistent_board(board):
    rng = random.Random(11)
    page = board()
    values = ["1", "0", "x", "40", "10000", "7", "1e308", ""]
    for _ in range(200):
        page.evaluate(ACT, [rng.randrange(1000), rng.choice(values)])
        found = read(page)
        state = found["state"]
        if state["train"]:
            keys = ("sizes", "train", "columns", "stored", "tasks")
            expect(found, *(state[key] for key in keys))
        else:
            assert found["why"] == WORDS["nothing"]
    assert page.log.errors == page.log.console == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "state",
    ["", "#costs.train=none", "#costs.sizes=1_9_9_9_9_9&costs.train=W3&costs.stored=1"],
)
def test_axe_finds_no_violation(board, violations, scheme, state):
    page = board(state, 360, color_scheme=scheme)
    field = part(page, "[data-set=columns]")
    field.fill("zero")
    field.press("Enter")
    assert not violations(page)


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_nothing_shifts_and_nothing_sticks_out(board, width):
    page = board(width=width)
    assert sum(page.evaluate(SHIFTS)) == 0
    large = hash_of((10_000,) * 6, ["W1", "W5"], 10_000, tasks=10_000)
    page.evaluate("(hash) => { location.hash = hash; }", large)
    support.wait_until(page, "document.querySelectorAll('.layer').length === 5")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_targets_are_large_enough(board):
    page = board(has_touch=True, width=360)
    for control in part(page, "button:visible, input:not([role]):visible").all():
        box = control.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 24
    for label in part(page, ".turn-on > label").all():
        box = label.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 40


def test_the_picture_shows_blocks_and_bars(board):
    page = board()
    with page.expect_download() as download:
        part(page, "[data-do=picture]").click()
    svg = open(download.value.path(), encoding="utf-8").read()
    assert download.value.suggested_filename == "costs.svg"
    assert svg.count("url(#hatch)") == 2
    assert all(word in svg for word in ("Weights that train", "1600", "2.75×", "frozen", "trains"))


def test_embedded_it_stands_alone(board):
    page = board("?embed=costs#costs.train=W2")
    assert part(page, ".board").is_visible()
    assert not page.locator("h1").is_visible()
    expect(read(page), FULL_SIZES, {"W2"}, 12)


def test_a_change_is_shown_at_once(board):
    """In the very task of the click, with no frame or timer between."""
    page = board()
    before, after = page.evaluate("""() => {
      const board = document.querySelector("by-hand-switchboard .board");
      const before = board.innerText;
      document.querySelector("[data-layer=W1]").click();
      return [before, board.innerText];
    }""")
    assert "1600" in before
    assert "1600" not in after
