"""The stepper in a real browser: every number is NumPy's, and every way in and out works."""

import html
import re
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from figures.kit.numbers import format_number
from snippets.loss import cross_entropy
from snippets.pencil import pencil_network, pencil_task
from tests.browser import support
from tests.browser.stepping import (
    EXPLAIN,
    LESSONS,
    Expected,
    arrays,
    check,
    number,
    read,
    terms_of,
)

FREEZING, LORA = LESSONS["freezing-layers"], LESSONS["lora"]
STEP = "#step [data-do=step]"
AREAS = {"network": ".network", "bench": ".now .bench", "bench-result": ".now .bench-result"}


@pytest.fixture
def open_stepper(open_page):
    """A function that opens a lesson's stepper; what it logs must stay empty to the end."""
    pages = []

    def open_stepper(path=FREEZING, hash="", **options):
        page = open_page(path + (f"#{hash}" if hash else ""), **options)
        support.wait_until(page, "document.querySelector('#step.live') !== null")
        pages.append(page)
        return page

    yield open_stepper
    for page in pages:
        assert page.log.errors == []
        assert page.log.console == []


def act(page, what, name="step"):
    page.locator(f"#{name} [data-do={what}]").click()


def fill(page, what, text):
    field = page.locator(f"#step [data-set={what}]")
    field.fill(text)
    field.press("Tab")


def state(page):
    return page.evaluate("document.getElementById('step').state")


def address(page):
    """The page's address, once it has followed the last change."""
    page.wait_for_timeout(60)
    return page.url


def matrices(page):
    return arrays(state(page)["matrices"])


def cell(page, name, row, column, area="network"):
    shown = AREAS[area] + f' .matrix:not([hidden]) > table[data-matrix="{name}"]'
    table = page.locator(f"#step {shown}")
    return table.locator("tr").nth(row).locator("td").nth(column)


def choose_and_type(page, name, row, column, text):
    cell(page, name, row, column).click()
    field = page.locator("#step [data-set=value]")
    field.fill(text)
    field.press("Enter")


def trains(page, name):
    return page.locator("#step").get_by_role("checkbox", name=f"{name} trains")


def stored(page):
    return page.locator("#step").get_by_role("checkbox", name="store the frozen output")


def message(page):
    return " ".join(read(page)["messages"])


# Every number


@pytest.mark.parametrize("lesson", LESSONS)
def test_at_every_stage_every_number_and_its_arithmetic_are_those_of_numpy(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson])
    walked = []
    while True:
        seen = read(page)
        expected = check(seen)
        assert seen["answer"]["name"] == seen["present"]
        values = expected.values[seen["present"]]
        assert len(seen["says"].split()) > 4
        assert "undefined" not in seen["says"]
        sums = page.evaluate(EXPLAIN, "step")
        assert len(sums) == values.size
        for i, j, markup, lit, _ in sums:
            total, bold, _ = terms_of(markup)
            assert bold[-1] == values[i, j], (seen["present"], i, j, markup)
            if total is not None:
                assert total == pytest.approx(bold[0], abs=1e-12), markup
            assert lit, (seen["present"], i, j)
        walked.append(seen["present"])
        if page.locator(STEP).get_attribute("aria-disabled") == "true":
            break
        page.locator(STEP).click()
        assert read(page)["status"], "the stage is announced"
    assert walked == seen["live"]
    for _ in walked[1:]:
        act(page, "back")
    assert read(page)["present"] == walked[0]


def test_a_cell_says_which_row_met_which_column_and_lights_them(open_stepper):
    page = open_stepper(hash="step.stage=ΔW3")
    cell(page, "dL/dW3", 0, 0, "bench").click()
    page.locator("#step .cell-more button").first.click()
    page.locator('#step button[data-stage="dL/dW3"]').click()
    cell(page, "dL/dW3", 0, 1, "bench-result").click()
    seen = read(page)
    assert seen["cell"]["name"].endswith("row 1, column 2")
    assert "row 1 of δ3 · column 2 of H2T: " in seen["cell"]["sum"]
    sums = page.evaluate(EXPLAIN, "step")
    _, _, _, lit, name = next(one for one in sums if one[:2] == [2, 1])
    assert name.endswith("row 3, column 2")
    assert sorted(map(tuple, lit)) == [("H2ᵀ", 0, 1), ("H2ᵀ", 1, 1), ("δ3", 2, 0), ("δ3", 2, 1)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_browser_draws_what_python_drew(open_stepper, open_page, lesson):
    still = open_page(LESSONS[lesson], java_script_enabled=False)
    drawn, live = read(still), read(open_stepper(LESSONS[lesson]))
    for part in ("network", "bench"):
        assert len(drawn[part]) == len(live[part])
        for before, after in zip(drawn[part], live[part], strict=True):
            assert before["later"] == after["later"]
            same = ["name", "said", "kind", "head"] + ([] if after["later"] else ["rows"])
            assert [before[key] for key in same] == [after[key] for key in same]
    for key in ("says", "where", "current", "chips", "idle"):
        assert drawn[key] == live[key]


def test_numbers_are_rounded_as_python_rounds_them(open_stepper):
    page = open_stepper()
    values = [0.125, 0.375, 0.625, 0.875, 1.125, 2.675, 1.005, 0.005, 1234.5, 99.995, 0.5, 3, 0.145]
    for k, value in enumerate(values):
        choose_and_type(page, "X", k % 3, k % 2, str(value))
        check(read(page))


# Who trains


def test_switching_layer_2_on_lets_the_backward_pass_reach_it(open_stepper):
    page = open_stepper()
    assert "δ2" not in read(page)["chips"]
    page.locator('#step button[data-stage="δ2"]').click()
    assert "Nothing that trains lies in layer 2 or below it" in message(page)
    trains(page, "W2").check()
    seen = read(page)
    assert seen["status"] == "The backward pass now ends at δ2."
    assert seen["messages"] == []
    assert {"δ2", "dL/dW2", "ΔW2", "W'2"} <= set(seen["chips"])
    page.locator('#step button[data-stage="δ2"]').click()
    assert read(page)["present"] == "δ2"
    check(read(page))


def test_any_choice_of_layers_gives_the_numbers_of_numpy(open_stepper):
    page = open_stepper()
    for names in ("W1", "W2", "W3", "W1", "W2", "W1"):
        page.locator(f"#step [data-train={names}]").click()
        check(read(page))


def test_if_nothing_trains_it_says_so_calmly(open_stepper):
    page = open_stepper(hash="step.stage=ΔW3")
    trains(page, "W3").uncheck()
    seen = check(read(page)) and read(page)
    assert seen["state"]["trainable"] == []
    assert "Nothing trains: there is no ΔW" in message(page)
    assert [name for name in seen["chips"] if name[0] in "δΔd"] == []
    trains(page, "W3").check()
    assert message(page) == ""


def test_the_frozen_output_is_stored_and_no_stage_below_is_needed(open_stepper):
    page = open_stepper()
    delta = read(page)["values"]["ΔW3"]
    stored(page).check()
    seen = read(page)
    check(seen)
    assert seen["live"][0] == "Z3"
    assert seen["values"]["ΔW3"] == delta
    assert "aria-invalid" not in page.locator("#step [data-set=stored]").evaluate(
        "e => e.outerHTML"
    )
    act(page, "again")
    check(read(page))


def test_storing_is_refused_calmly_where_it_cannot_be(open_stepper):
    page = open_stepper()
    trains(page, "W1").check()
    box = stored(page)
    box.click()
    expect(box).not_to_be_checked()
    assert "W1 trains" in message(page)
    assert state(page)["stored"] is False
    trains(page, "W1").uncheck()
    box.check()
    trains(page, "W1").click()
    expect(trains(page, "W1")).not_to_be_checked()
    assert "W1 trains" in message(page)
    check(read(page))


# Changing a cell


def test_a_cell_is_changed_with_the_keyboard_alone(open_stepper):
    page = open_stepper()
    page.locator("#step .transport :is(button, select, input)").last.focus()
    key = page.keyboard.press
    where = (
        "(() => { const c = document.activeElement; return c.matches('td') ? ["
        "c.closest('table').dataset.matrix, c.parentElement.rowIndex, c.cellIndex] : null })()"
    )
    for press, place in [
        ("Tab", ["X", 0, 0]), ("ArrowRight", ["X", 0, 1]), ("ArrowDown", ["X", 1, 1]),
        ("Home", ["X", 1, 0]), ("End", ["X", 1, 1]), ("Control+Home", ["X", 0, 0]),
        ("Control+End", ["X", 2, 1]), ("ArrowUp", ["X", 1, 1]), ("ArrowLeft", ["X", 1, 0]),
    ]:  # fmt: skip
        key(press)
        assert page.evaluate(where) == place, press
    key("4")
    expect(page.locator("#step [data-set=value]")).to_be_focused()
    expect(page.locator("#step [data-set=value]")).to_have_value("4")
    key("Enter")
    assert page.evaluate(where) == ["X", 1, 0]
    assert matrices(page)["X"][1, 0] == 4
    seen = read(page)
    expected = check(seen)
    assert seen["status"].startswith("X, row 2, column 1 is 4. The loss is ")
    assert number(re.search(r"loss is (\S+),", seen["status"])[1]) == expected.loss
    key("7")
    key("Escape")
    assert page.evaluate(where) == ["X", 1, 0]
    assert matrices(page)["X"][1, 0] == 4
    key("Enter")
    key("ArrowUp")
    assert matrices(page)["X"][1, 0] == 5
    key("Shift+ArrowDown")
    assert matrices(page)["X"][1, 0] == -5
    key("Escape")
    check(read(page))
    for _ in range(3):
        act(page, "undo")
    assert matrices(page)["X"][1, 0] == 0
    expect(page.locator("#step [data-do=undo]")).to_have_attribute("aria-disabled", "true")


def test_the_arrows_lead_from_table_to_table(open_stepper):
    page = open_stepper()
    cell(page, "X", 2, 0).click()
    reached = set()
    for key in ["ArrowDown"] * 6 + ["ArrowLeft"] * 6 + ["ArrowDown"] * 6 + ["ArrowRight"] * 8:
        page.keyboard.press(key)
        reached.add(page.evaluate("document.activeElement.closest('table')?.dataset.matrix"))
    assert len(reached) >= 4
    assert None not in reached


def test_a_cell_is_changed_with_the_mouse(open_stepper):
    page = open_stepper()
    cell(page, "W3", 0, 1).click()
    act(page, "more")
    act(page, "more")
    assert matrices(page)["W3"][0, 1] == 3
    act(page, "less")
    assert matrices(page)["W3"][0, 1] == 2
    check(read(page))


def test_a_cell_is_changed_by_touch(open_stepper):
    page = open_stepper(width=360, has_touch=True, is_mobile=True)
    cell(page, "T", 2, 0).tap()
    for what, value in [("more", 4), ("less", 3), ("less", 2)]:
        page.locator(f"#step [data-do={what}]").tap()
        assert matrices(page)["T"][2, 0] == value
    page.locator(STEP).tap()
    assert read(page)["present"] == "H1"
    trains(page, "W2").tap()
    assert state(page)["trainable"] == ["W2", "W3"]
    check(read(page))


def test_what_is_computed_cannot_be_typed_over(open_stepper):
    page = open_stepper(hash="step.stage=ΔW3")
    cell(page, "H2", 0, 0).click()
    expect(page.locator("#step .cell-edit")).to_be_hidden()
    page.keyboard.press("5")
    assert matrices(page)["X"].tolist() == pencil_task()[0].tolist()
    expect(page.locator('#step .network table[data-matrix="H2"]')).to_have_attribute(
        "aria-readonly", "true")  # fmt: skip


def test_undo_redo_and_reset(open_stepper):
    page = open_stepper()
    start = state(page)["matrices"]
    choose_and_type(page, "W1", 0, 0, "2")
    choose_and_type(page, "W1", 0, 1, "-2")
    fill(page, "rate", "0.25")
    now = state(page)
    act(page, "undo")
    assert state(page)["rate"] == 0.5
    act(page, "undo")
    assert matrices(page)["W1"][0].tolist() == [2, 1, 0]
    act(page, "undo")
    assert state(page)["matrices"] == start
    for _ in range(3):
        act(page, "redo")
    assert state(page)["matrices"] == now["matrices"]
    assert state(page)["rate"] == 0.25
    act(page, "undo")
    choose_and_type(page, "W1", 0, 0, "9")
    expect(page.locator("#step [data-do=redo]")).to_have_attribute("aria-disabled", "true")
    act(page, "reset")
    assert state(page)["matrices"] == start
    act(page, "undo")
    assert matrices(page)["W1"][0, 0] == 9
    check(read(page))


# Rate, loss, seed, rank


def test_another_rate_gives_another_step(open_stepper):
    page = open_stepper()
    for text, value in [("0.25", 0.25), ("1/4", 0.25), ("0,1", 0.1), ("0", 0), ("2", 2)]:
        fill(page, "rate", text)
        assert state(page)["rate"] == value
        check(read(page))


@pytest.mark.parametrize("lesson", LESSONS)
def test_cross_entropy_gives_the_numbers_of_numpy(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson])
    page.locator("#step [data-set=loss]").select_option("cross-entropy")
    seen = read(page)
    expected = check(seen)
    output = next(reversed(expected.step.trace.values()))
    labels = expected.given["T"].argmax(axis=0)
    assert seen["loss"] == pytest.approx(cross_entropy(output, labels), rel=1e-12)
    for name in ["P", "E", *[n for n in seen["live"] if n[0] == "Δ"]]:
        page.evaluate("name => document.getElementById('step').goTo(name)", name)
        seen = read(page)
        check(seen)
        assert seen["present"] == name
        for i, j, markup, _, _ in page.evaluate(EXPLAIN, "step"):
            bold = number(re.findall("<b>(.*?)</b>", markup)[-1])
            assert bold == pytest.approx(expected.values[name][i, j], rel=1e-8, abs=1e-12)
            if name != "P":
                assert terms_of(markup)[0] == pytest.approx(bold, rel=1e-8, abs=1e-8)
    choose_and_type(page, "X", 0, 0, "2")
    check(read(page))
    page.locator("#step [data-set=loss]").select_option("squared error")
    check(read(page))


def test_softmax_lights_a_whole_column_and_the_error_has_its_name(open_stepper):
    page = open_stepper(hash="step.loss=cross-entropy&step.stage=P&step.cell=P_2_1")
    assert page.locator('#step .network [data-matrix="H3"] td.lit').count() == 4
    page.locator("#step button[data-stage=E]").click()
    for area in (".network", ".now .bench"):
        error = page.locator(f'#step {area} .matrix:has([data-matrix="E"]) .matrix-head')
        assert error.inner_text().strip() == "P − T"
    page.locator("#step [data-set=loss]").select_option("squared error")
    error = page.locator('#step .network .matrix:has([data-matrix="E"]) .matrix-head')
    assert error.inner_text().split() == ["H3", "−", "T"]


@pytest.mark.parametrize("lesson", ["freezing-layers", "lora", "feature-extraction-head"])
def test_a_seed_gives_the_same_small_whole_numbers_each_time(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson])
    drawn = {}
    for seed in ["7", "8", "7"]:
        fill(page, "seed", seed)
        seen = read(page)
        expected = check(seen)
        assert seen["messages"] == []
        assert drawn.setdefault(seed, seen["state"]["matrices"]) == seen["state"]["matrices"]
        for name, values in expected.given.items():
            assert (values == values.round()).all(), name
        for name, values in expected.values.items():
            assert np.abs(values).max() <= 9, name
            assert name[0] != "Z" or values.all(), f"{name} holds a 0"
    assert drawn["7"] != drawn["8"]
    act(page, "new-numbers")
    assert state(page)["seed"] == 8
    assert state(page)["matrices"] == drawn["8"]


def test_rank_and_alpha_of_lora_can_be_chosen(open_stepper):
    page = open_stepper(LORA)
    fill(page, "alpha", "3")
    choose_and_type(page, "B3", 2, 0, "-2")
    for name in read(page)["live"]:
        page.evaluate("name => document.getElementById('step').goTo(name)", name)
        values = check(read(page)).values[name]
        for i, j, markup, _, _ in page.evaluate(EXPLAIN, "step"):
            total, bold, _ = terms_of(markup)
            assert bold[-1] == values[i, j], (name, markup)
            assert total in (None, bold[0]), (name, markup)
    for rank in ("2", "4", "1", "3"):
        fill(page, "rank", rank)
        seen = read(page)
        check(seen)
        assert np.shape(seen["state"]["matrices"]["A3"]) == (int(rank), 4)
        assert np.shape(seen["state"]["matrices"]["B3"]) == (4, int(rank))
    fill(page, "rank", "5")
    assert message(page) == "The rank must be from 1 to 4."
    act(page, "again")
    act(page, "again")
    page.evaluate("document.getElementById('step').goTo(\"W'3\")")
    check(read(page))


def test_with_a_and_b_at_0_lora_is_stuck(open_stepper):
    page = open_stepper(LORA)
    act(page, "both-zero")
    for _ in range(3):
        seen = read(page)
        values = check(seen).values
        for name in ("dL/dA3", "dL/dB3", "ΔA3", "ΔB3", "A'3", "B'3"):
            assert not values[name].any()
        assert seen["loss"] == seen["lossAfter"]
        act(page, "again")


@pytest.mark.parametrize("lesson", LESSONS)
def test_five_steps_are_five_steps_of_numpy(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson])
    if lesson not in ("weight-update", "full-fine-tuning", "feature-extraction-head"):
        fill(page, "rate", "0.25")
    losses = []
    for count in range(5):
        expected = Expected(read(page))
        losses.append((expected.loss, expected.old_loss))
        act(page, "again")
        seen = read(page)
        for name, values in expected.moved.items():
            np.testing.assert_allclose(seen["state"]["matrices"][name], values, rtol=1e-9)
        assert seen["state"]["count"] == count + 1
        check(seen)
    new = [number(text) for text in seen["losses"][0][1:]]
    wish = [loss for loss, _ in losses] + [seen["loss"], seen["lossAfter"]]
    assert new == pytest.approx(wish, rel=1e-3, abs=1e-9)
    if seen["old"]:
        old = [number(text) for text in seen["losses"][1][1:]]
        wish = [loss for _, loss in losses] + [seen["oldLoss"], seen["oldAfter"]]
        assert old == pytest.approx(wish, rel=1e-3, abs=1e-9)
    for _ in range(5):
        act(page, "undo")
    assert state(page)["count"] == 0


def test_the_old_top_layer_can_be_put_back_and_the_old_task_works_again(open_stepper):
    page = open_stepper()
    act(page, "again")
    assert read(page)["oldLoss"] > 0
    act(page, "old-top")
    seen = read(page)
    assert seen["state"]["matrices"]["W3"] == pencil_network()["W3"].tolist()
    assert seen["oldLoss"] == 0
    assert seen["status"] == "The old W3 is back. The old task's loss is 0."
    check(seen)


def test_it_plays_and_pauses(open_stepper):
    page = open_stepper()
    page.locator("#step [data-set=speed]").select_option("fast")
    button = page.locator("#step [data-do=play]")
    button.click()
    expect(button).to_have_text("Pause")
    support.wait_until(page, "document.getElementById('step').present.name === 'Z2'", 5)
    button.click()
    expect(button).to_have_text("Play")
    page.evaluate("document.getElementById('step').goTo(\"W'3\")")
    button.click()
    assert read(page)["present"] == "Z1"
    button.click()


# What is refused

TEXTS = ["NaN", "1e308", "", "text", "1e999", "--1", "1/0", "Infinity", "١"]


def test_cell_by_cell_a_result_fills_one_number_at_a_time(open_stepper):
    page = open_stepper()
    page.locator("#step").get_by_label("cell by cell").check()
    step = page.locator(STEP)
    shown = []
    Z1 = Expected(read(page)).values["Z1"]
    for count in range(1, Z1.size + 1):
        cells = page.locator("#step .now .bench-result td").all_inner_texts()
        shown.append(sum(text != "" for text in cells))
        assert cells[count - 1] == format_number(Z1.flat[count - 1])
        step.click()
        if count < Z1.size:
            assert read(page)["status"].endswith(format_number(Z1.flat[count]))
    assert shown == list(range(1, Z1.size + 1))
    assert read(page)["present"] == "H1"
    act(page, "back")
    assert read(page)["present"] == "Z1"
    page.locator("#step").get_by_label("cell by cell").uncheck()
    assert "" not in page.locator("#step .now .bench-result td").all_inner_texts()


def test_cell_by_cell_it_ends_at_the_last_cell_of_the_last_stage(open_stepper):
    page = open_stepper(hash="step.stage=W'3&step.cells=1")
    for _ in range(15):
        assert page.locator(STEP).get_attribute("aria-disabled") == "false"
        page.locator(STEP).click()
    assert page.locator(STEP).get_attribute("aria-disabled") == "true"


@pytest.mark.parametrize(("path", "field"), [(FREEZING, "rate"), (FREEZING, "seed"),
                                             (LORA, "rank"), (LORA, "alpha")])  # fmt: skip
def test_bad_numbers_in_a_control_are_refused_beside_it(open_stepper, path, field):
    page = open_stepper(path)
    good = state(page)
    control = page.locator(f"#step [data-set={field}]")
    beside = control.locator("xpath=ancestor::fieldset").locator(".message")
    for text in TEXTS + (["-1", "1.5"] if field in ("seed", "rank") else ["-1"]):
        fill(page, field, text)
        assert beside.inner_text(), text
        expect(control).to_have_attribute("aria-invalid", "true")
        assert state(page) == good, text
        check(read(page))
    fill(page, field, "2")
    assert message(page) == ""
    expect(control).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("name", ["X", "W2", "W3", "T"])
def test_bad_numbers_in_a_cell_are_refused_beside_it(open_stepper, name):
    page = open_stepper()
    good = state(page)["matrices"]
    beside, control = page.locator("#step .cell .message"), page.locator("#step [data-set=value]")
    for text in TEXTS:
        choose_and_type(page, name, 0, 1, text)
        assert beside.inner_text(), text
        expect(control).to_have_attribute("aria-invalid", "true")
        assert state(page)["matrices"] == good, text
        check(read(page))
    choose_and_type(page, name, 0, 1, "1")
    assert message(page) == ""


HOSTILE = {
    "a number that is none": "step.X=NaN_1__0_2__0_1",
    "a number too large": "step.X=1e308_1__1e308_2__1e308_1",
    "a weight too large": "step.W3=" + "__".join(["1e308_1e308_1e308_1e308"] * 4),
    "a target too large": "step.T=" + "__".join(["1e308_1e308"] * 4),
    "a loss too large": "step.T=1e200_0__0_0__3_0__1_0",
    "infinity": "step.T=1e999_0__0_0__3_0__1_0",
    "nothing": "step.X=",
    "a gap": "step.X=1_1__0_2__0_",
    "text": "step.W1=abc",
    "too few rows": "step.X=1_1__0_2",
    "too many columns": "step.X=1_1_1__0_2_2__0_1_1",
    "rows of different length": "step.X=1_1__0__0_1",
    "one target more than examples": "step.T=0_0_0__0_0_0__3_0_0__1_0_0",
    "a prototype as a stage": "step.stage=__proto__",
    "a stage of another method": "step.stage=S3",
    "markup as a stage": "step.stage=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
    "a prototype as a cell": "step.cell=__proto___0_0",
    "a constructor as a cell": "step.cell=constructor_0_0",
    "a cell out of reach": "step.cell=X_99_99",
    "a cell of half a row": "step.cell=X_0.5_0",
    "an unknown layer": "step.train=W9",
    "a prototype as a layer": "step.train=__proto__",
    "a rate below 0": "step.rate=-1",
    "a rate too large": "step.rate=1e308",
    "a rate that is text": "step.rate=fast",
    "an unknown loss": "step.loss=constructor",
    "half a count": "step.count=1.5",
    "a seed too large": "step.seed=1e308",
    "losses that are none": "step.losses=NaN_1",
    "storing what trains": "step.train=W1_W2_W3&step.stored=1",
    "storing though nothing trains": "step.train=&step.stored=1",
    "broken percent signs": "step.rate=%E0%A4%A&step.X=%%%",
    "a megabyte": "step.X=" + "1_" * 500_000,
}
IGNORED = {  # nothing that the figure knows: it stays as it is, and need not say so
    "a prototype as a key": "step.__proto__=1&step.constructor=2&step.toString=3",
    "another figure": "other.X=NaN",
    "no key": "=1&&&==&step=&step.=1",
}


def test_hostile_links_show_the_first_state_and_say_so_calmly(open_stepper):
    page = open_stepper()
    start = state(page)
    address = page.url
    for title, hash in list(HOSTILE.items())[::3]:
        page.goto("about:blank")
        page.goto(f"{address}#{hash}")
        support.wait_until(page, "document.querySelector('#step.live') !== null")
        seen = read(page)
        assert seen["state"] == start, title
        assert "can't be shown" in " ".join(seen["messages"]), title
        check(seen)
        assert page.log.errors == [], title
        act(page, "step")
        assert read(page)["present"] == "H1", title


def test_a_hostile_link_on_the_open_page_is_refused_as_calmly(open_stepper):
    page = open_stepper()
    start = state(page)
    for title, hash in {**HOSTILE, **IGNORED}.items():
        page.evaluate("hash => { location.hash = hash }", hash)
        page.evaluate(support.SETTLED)
        seen = read(page)
        assert seen["state"] == start, title
        assert title in IGNORED or "can't be shown" in " ".join(seen["messages"]), title
        assert page.log.errors == [], title
        page.evaluate("document.getElementById('step').complain(null)")
    check(read(page))


# A state travels

ACTIONS = {
    "cell": 8, "nudge": 4, "stage": 6, "train": 3, "stored": 1, "rate": 2, "loss": 1, "again": 1,
    "seed": 1, "rank": 1, "alpha": 1, "both-zero": 0.5, "undo": 2, "redo": 1, "reset": 0.3,
    "old-top": 0.5, "step": 2, "back": 1, "why": 1,
}  # fmt: skip
DO = """([what, pick, text]) => {
  const stepper = document.getElementById("step");
  const all = (selector) => [...stepper.querySelectorAll(selector)];
  const one = (list) => list[Math.floor(pick * list.length)];
  const type = (field) => {
    if (!field) return;
    field.focus();
    if (field.type === "checkbox") field.click();
    else {
      field.value = text;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    field.blur();
  };
  if (what === "cell" || what === "nudge") {
    one(all(".network .matrix:not([hidden], .idle) td, .now .bench td")).focus();
    const box = stepper.querySelector(".cell-edit");
    if (box.hidden) return;
    if (what === "cell") type(box.querySelector("input"));
    else one([...box.querySelectorAll("button")]).click();
  } else if (what === "stage") one(all("button[data-stage]")).click();
  else if (what === "train") type(one(all("[data-train]")));
  else if (what === "loss") {
    text = pick < 0.5 ? "cross-entropy" : "squared error";
    type(stepper.querySelector("[data-set=loss]"));
  } else if (what === "why") {
    const button = one(all("[data-do=why]"));
    button?.focus();
    button?.click();
  } else if (stepper.querySelector(`[data-set=${what}]`)) type(stepper.querySelector(`[data-set=${what}]`));
  else stepper.querySelector(`[data-do=${what}]`)?.click();
}"""


def random_actions(rng, count):
    share = np.array(list(ACTIONS.values()))
    for what in rng.choice(list(ACTIONS), count, p=share / share.sum()):
        text = str(rng.choice(["0", "1", "-1", "2", "0.5", "-0.25", "3", "1/3", "0.1"]))
        text = str(rng.choice(["", "x", "1e308", "NaN"])) if rng.random() < 0.08 else text
        text = text.removeprefix("-") if what in ("seed", "rank", "rate", "alpha") else text
        yield str(what), float(rng.random()), text


@pytest.mark.parametrize(
    ("lesson", "seed"),
    [(name, 1) for name in LESSONS] + [("freezing-layers", 2), ("lora", 2)],
)
def test_random_actions_leave_a_true_picture_and_a_link_that_opens_it(open_stepper, lesson, seed):
    page = open_stepper(LESSONS[lesson])
    rng = np.random.default_rng(seed)
    done = []
    for action in random_actions(rng, 20):
        done.append(action)
        page.evaluate(DO, action)
        seen = read(page)
        try:
            check(seen)
        except AssertionError as error:
            raise AssertionError(f"after {done}: {error}") from error
        assert page.log.errors == [], done
    link = page.evaluate("document.getElementById('step').link()")
    assert address(page) == link
    other = read(open_stepper(LESSONS[lesson], hash=link.partition("#")[2]))
    assert other["messages"] == []
    same = (
        "network",
        "bench",
        "says",
        "where",
        "losses",
        "loss",
        "lossAfter",
        "chips",
        "cell",
        "state",
    )
    assert [other[key] for key in same] == [seen[key] for key in same], done


def test_every_part_of_a_state_travels_in_the_link(open_stepper):
    page = open_stepper()
    trains(page, "W2").check()
    fill(page, "seed", "7")
    fill(page, "rate", "1/3")
    stored(page).check()
    act(page, "again")
    page.locator("#step [data-set=loss]").select_option("cross-entropy")
    page.locator('#step button[data-stage="dL/dW2"]').click()
    cell(page, "dL/dW2", 2, 1, "bench-result").click()
    now = state(page)
    assert (now["stored"], now["count"], now["cell"]) == (True, 1, ["dL/dW2", 2, 1])
    assert state(open_stepper(hash=address(page).partition("#")[2])) == now


def test_two_hundred_random_actions_cause_no_error(open_stepper):
    page = open_stepper()
    actions = list(random_actions(np.random.default_rng(5), 200))
    for action in actions:
        page.evaluate(DO, action)
    check(read(page))


def test_back_and_forward_through_links_on_one_page(open_stepper):
    page = open_stepper()
    for value in (3, 4):
        page.evaluate("hash => { location.hash = hash }", f"step.X={value}_1__0_2__0_1")
    support.wait_until(page, "document.getElementById('step').state.matrices.X[0][0] === 4")
    page.go_back()
    support.wait_until(page, "document.getElementById('step').state.matrices.X[0][0] === 3")
    check(read(page))


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def test_the_link_is_copied_and_opens_the_same_state_on_a_phone(open_stepper, site):
    page = open_stepper()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
    trains(page, "W2").check()
    choose_and_type(page, "X", 0, 0, "3")
    page.locator('#step button[data-stage="δ2"]').click()
    act(page, "link")
    support.wait_until(
        page, "document.querySelector('#step .status').textContent.includes('copied')"
    )
    link = clipboard(page)
    assert link.startswith(site.url)
    phone = open_stepper(FREEZING, hash=link.partition("#")[2], width=360, has_touch=True)
    one, two = read(page), read(phone)
    assert [t["rows"] for t in one["network"]] == [t["rows"] for t in two["network"]]
    assert two["present"] == "δ2"
    expect(phone.locator("#step")).to_be_in_viewport()


def test_where_copying_is_not_allowed_the_link_is_selected_to_be_copied_by_hand(open_stepper):
    page = open_stepper()
    page.evaluate("""Object.defineProperty(navigator.clipboard, "writeText",
      { value: () => Promise.reject(new DOMException("no", "NotAllowedError")) })""")
    choose_and_type(page, "X", 0, 0, "3")
    act(page, "link")
    field = page.locator("#step .copied")
    expect(field).to_be_visible()
    expect(field).to_be_focused()
    text = field.input_value()
    assert "step.X=3_1__0_2__0_1" in text
    assert page.evaluate("getSelection().toString()") == text
    assert "selected" in read(page)["status"]


VISIBLE = """() => {
  const outside = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: parent, textContent } = walker.currentNode;
    if (!textContent.trim() || parent.closest("#step, script, style, noscript")) continue;
    const options = { opacityProperty: true, visibilityProperty: true };
    if (parent.checkVisibility(options) && parent.getBoundingClientRect().width > 1) {
      outside.push(textContent.trim());
    }
  }
  return outside;
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_embedded_the_figure_stands_alone(open_stepper, width):
    for query in ("?embed=step", "?embed"):
        page = open_stepper(f"{LORA}{query}", hash="step.rate=0.25", width=width)
        assert page.evaluate(VISIBLE) == []
        expect(page.locator("#step")).to_be_visible()
        assert state(page)["rate"] == 0.25
        check(read(page))
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_code_to_embed_is_a_frame_that_opens_the_same_state(open_stepper, site):
    page = open_stepper(LORA)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.origin)
    choose_and_type(page, "W3", 1, 1, "-2")
    act(page, "embed")
    support.wait_until(
        page, "document.querySelector('#step .status').textContent.includes('copied')"
    )
    frame = ElementTree.fromstring(
        clipboard(page).replace("&quot;", "'").replace("></iframe>", "/>")
    )
    assert frame.tag == "iframe"
    source = frame.get("src")
    assert source.startswith(f"{site.url}{LORA}?embed=step#step.")
    assert frame.get("title")
    other = open_stepper(source.removeprefix(site.url))
    assert read(other)["network"] == read(page)["network"]
    assert other.evaluate(VISIBLE) == []


@pytest.mark.parametrize("lesson", ["freezing-layers", "lora"])
def test_the_saved_picture_holds_every_number_and_needs_nothing_else(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson])
    page.locator("#step button[data-stage^=Δ]").first.click()
    with page.expect_download() as waiting:
        act(page, "picture")
    assert waiting.value.suggested_filename == "step.svg"
    text = waiting.value.path().read_text("utf-8")
    picture = ElementTree.fromstring(text)
    svg = "{http://www.w3.org/2000/svg}"
    assert picture.tag == f"{svg}svg"
    assert picture.find(f"{svg}title").text.strip()
    words = Counter(t.text for t in picture.iter(f"{svg}text"))
    board = page.locator("#step .board td:visible").all_inner_texts()
    assert Counter(one for one in board if one.strip()) - words == Counter()
    assert len(words) > 20
    links = re.findall(r'(?:href|src)="([^"]*)"|url\(["\']?([^)]{0,5})|@import', text)
    assert {one or two for one, two in links} <= {"data:", "#hatc"}
    assert not {e.tag for e in picture.iter()} & {f"{svg}script", f"{svg}image", f"{svg}use"}
    for attribute in {name for e in picture.iter() for name in e.attrib}:
        assert not attribute.startswith("on")


# On the page

# Shifts of the layout, and long tasks, since the script has arrived.
SHIFTS = """() => new Promise((done) => {
  const since = performance.getEntriesByType("resource")
    .find(({ name }) => /instruments\\.\\w+\\.js/.test(name)).responseEnd;
  const found = { shift: [], long: [] };
  const watch = (type, note) => new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.startTime >= since) note(entry);
  }).observe({ type, buffered: true });
  watch("layout-shift", ({ value, sources }) => found.shift.push([value, sources.map(({ node }) =>
    `${node?.nodeName} ${node?.className}`)]));
  watch("longtask", ({ duration }) => found.long.push(duration));
  setTimeout(() => done(found), 100);
})"""
HEIGHTS = """() => [...document.querySelectorAll("article > *, #step > *")].map((one) => {
  const { y, height } = one.getBoundingClientRect();
  return [one.className, Math.round(y * 10), Math.round(height * 10)];
})"""


@pytest.mark.parametrize(
    ("lesson", "width"),
    [(name, 360) for name in LESSONS] + [("freezing-layers", 1280), ("lora", 1280)],
)
def test_nothing_moves_when_the_script_takes_over(site, browser, lesson, width):
    context = browser.new_context(viewport={"width": width, "height": 16_000})
    page = context.new_page()
    before = []

    def wait(route):  # until the page has its rules and fonts and is drawn
        support.wait_until(page, "document.readyState !== 'loading'")
        page.evaluate(support.SETTLED)
        before.append(page.evaluate(HEIGHTS))
        route.continue_()

    script = re.compile(r"instruments\.\w+\.js")
    page.route(script, wait)
    page.goto(site.url + LESSONS[lesson])
    support.wait_until_ready(page)
    support.wait_until(page, "document.querySelector('#step.live') !== null")
    found = page.evaluate(SHIFTS)
    print(f"long tasks at the start of {lesson}, {width} px: {found['long']}")
    assert found["shift"] == []
    assert page.evaluate(HEIGHTS) == before[0]
    context.close()


def violations(page):
    """What axe finds wrong with the stepper; whole pages are looked at in test_every_page.py."""
    found = Axe().run(page, context="#step").response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


@pytest.mark.parametrize(
    ("lesson", "scheme"),
    [("freezing-layers", "light"), ("freezing-layers", "dark"), ("lora", "light")],
)
def test_axe_finds_nothing_at_any_point(open_stepper, lesson, scheme):
    page = open_stepper(LESSONS[lesson], color_scheme=scheme, reduced_motion="reduce")
    assert violations(page) == []
    name = read(page)["live"][-4]
    page.locator(f"#step button[data-stage='{name}']").click()
    cell(page, name, 0, 0, "bench-result").click()
    assert violations(page) == []
    fill(page, "rate", "fast")
    assert message(page)
    assert violations(page) == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_stage_makes_the_page_wider_than_the_screen(open_stepper, lesson):
    page = open_stepper(LESSONS[lesson], width=320)
    for width in (320, 360, 1280):
        support.resize(page, width)
        found = page.evaluate("""() => {
          const stepper = document.getElementById("step");
          return stepper.result.live.map(({ name }) => {
            stepper.goTo(name);
            const over = [];
            for (let part = stepper; part; part = part.parentElement) {
              if (part.scrollWidth > part.clientWidth + 1) over.push(part.className);
            }
            return [name, document.documentElement.scrollWidth, over];
          });
        }""")
        assert [(name, over) for name, wide, over in found if wide > width or over] == [], width
        assert len(found) > 4


def test_two_steppers_on_one_page_keep_out_of_each_others_way(site, browser):
    context = browser.new_context()
    page = context.new_page()
    log = support.Log().listen(page)

    def twice(route):
        answer = route.fetch()
        one = re.search(r"<by-hand-stepper.*?</by-hand-stepper>", answer.text(), re.S)[0]
        two = one.replace('id="step"', 'id="other"').replace('"name":"step"', '"name":"other"')
        assert one.count('"name":"step"') == 1
        route.fulfill(response=answer, body=answer.text().replace(one, one + two))

    page.route(site.url + LORA, twice)
    page.goto(f"{site.url}{LORA}#step.rate=0.25&other.alpha=2")
    support.wait_until_ready(page)
    first, second = read(page), read(page, "other")
    assert (first["state"]["rate"], first["state"]["alpha"]) == (0.25, 1)
    assert (second["state"]["rate"], second["state"]["alpha"]) == (0.5, 2)
    act(page, "step")
    act(page, "both-zero", "other")
    first, second = read(page), read(page, "other")
    check(first)
    check(second)
    assert first["present"] == "H1"
    assert second["present"] == "Z1"
    keys = {part.partition("=")[0] for part in address(page).partition("#")[2].split("&")}
    assert keys == {"step.rate", "step.stage", "other.alpha", "other.A3"}
    assert log.errors == []
    context.close()


# Without a script


@pytest.mark.parametrize("lesson", LESSONS)
def test_without_a_script_every_stage_can_be_read(open_page, lesson):
    page = open_page(LESSONS[lesson], width=360, java_script_enabled=False)
    figure = page.locator("#step")
    live = read(open_page(LESSONS[lesson]))["live"]
    shown = figure.locator("section:visible")
    stages = [one.get_attribute("data-stage") for one in shown.all()]
    assert stages == live
    assert len(live) > 4
    assert figure.locator("section .says:visible").count() == len(live)
    for stage, section in zip(stages, shown.all(), strict=True):
        answer = section.locator(".bench-result > .matrix:first-child table")
        assert answer.get_attribute("data-matrix") == stage
        assert "" not in section.locator("td:visible").all_inner_texts()
    assert figure.locator(":is(button, input, select):visible").count() == 0
    assert figure.locator(".losses td:visible").count() >= 2
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def opens_as_a_list(page, name="step"):
    """Assert that every stage can be read, and that nothing is offered that can't be done."""
    stages = page.locator(f"#{name} section:visible")
    assert stages.count() > 10
    assert page.locator(f"#{name} section .says:visible").count() == stages.count()
    assert page.locator(f"#{name} :is(button, input, select):visible").count() == 0


def test_if_the_script_does_not_arrive_every_stage_can_be_read(site, browser):
    context = browser.new_context()
    page = context.new_page()
    log = support.Log().listen(page)
    page.route(re.compile(r"instruments\.\w+\.js"), lambda route: route.abort())
    page.goto(site.url + FREEZING)
    support.wait_until_ready(page)
    support.wake_figures(page)
    opens_as_a_list(page)
    expect(page.get_by_role("heading", name="Counting at full size")).to_be_visible()
    assert log.errors == []
    context.close()


def test_from_a_file_every_stage_can_be_read(site, browser):
    page = browser.new_page()
    page.goto(f"{(site.folder / FREEZING / 'index.html').as_uri()}")
    page.wait_for_load_state("load")
    opens_as_a_list(page)
    page.close()


def test_in_a_sandboxed_frame_every_stage_can_be_read(site, browser):
    page = browser.new_page()
    frame = f'<iframe sandbox="allow-scripts" src="{site.url}{FREEZING}" width="800"></iframe>'
    page.route("**/frame", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page.goto(f"{site.origin}/frame")
    page.wait_for_load_state("load")
    opens_as_a_list(page.frames[1])
    page.close()


def test_names_for_those_who_listen_are_there(open_stepper):
    page = open_stepper(hash="step.stage=Z3")
    cell(page, "Z3", 1, 0, "bench-result").click()
    chosen = page.locator("#step .now .bench-result td.chosen")
    told = chosen.get_attribute("aria-describedby")
    assert "row 2 of W3 · column 1 of H2" in page.locator(f"#{told}").inner_text()
    grid = page.get_by_role("grid", name="W3, 4 × 4, trainable").first
    expect(grid).to_be_visible()
    stepper = html.unescape(page.locator("#step").get_attribute("aria-label"))
    assert stepper == "One step of W3, stage by stage"
    expect(page.locator("#step .status")).to_have_attribute("role", "status")


def test_a_page_without_a_stepper_loads_no_script_for_it(open_page):
    page = open_page(support.MISSING)
    assert [url for url in page.log.urls if "instruments" in url] == []
