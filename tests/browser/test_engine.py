"""engine.js reads lines as snippets/derive.py does: the same steps, backward lines and counts."""

import json
from itertools import product

import numpy as np
import pytest
import rjsmin

from snippets.adapter import adapter_step
from snippets.cost import Method, costs_of
from snippets.derive import (
    backward_lines,
    evaluate,
    kept,
    multiply_adds,
    shapes,
    step_lines,
)
from snippets.forward import forward
from snippets.freeze import frozen_below, train_step
from snippets.head import head_step
from snippets.lora import lora_step
from snippets.method import (
    Line,
    adapter_lines,
    head_lines,
    lora_lines,
    merge_lines,
    network_lines,
    new_name,
    parts_of,
)
from tests.browser import support

SCRIPTS = support.DOCS / "assets" / "javascripts"
ENGINE = SCRIPTS / "engine.js"
METHODS = ("full", "freeze", "probe", "head", "adapters", "lora")
LOSSES = ("squared error", "cross-entropy")
CASES = 100  # of each method with each loss, 1200 in all
TOLERANCE = 1e-9  # relative to the largest number of a matrix

# Computes all that the engine says of each case. What is given is frozen: none of it may change.
RUN = """async (text) => {
  const engine = await import("/engine.js");
  const freeze = (value) => {
    if (value !== null && typeof value === "object") Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  const lists = (lines) => lines.map(Object.values);
  return JSON.stringify(JSON.parse(text).map(freeze).map((one) => {
    const lines = engine.readLines(one.lines);
    const { trainable, given, numbers, weights } = one;
    const T = one.loss === "cross-entropy" ? engine.toClasses(given.T) : given.T;
    const step = engine.stepLines(lines, trainable, one.loss);
    const values = engine.evaluate(step, { ...given, T }, numbers);
    const sizes = (matrices) => Object.fromEntries(
      Object.entries(matrices).map(([name, a]) => [name, [a.length, a[0].length]]));
    const known = engine.shapes(step, sizes(given));
    return {
      lines: lists(lines), step: lists(step), back: lists(engine.backwardLines(lines, trainable)),
      bottom: lists(engine.steadyBottom(lines, trainable)), parts: step.map(engine.partsOf),
      kept: engine.kept(lines, trainable), known, values, T,
      adds: engine.multiplyAdds(step, known),
      costs: engine.costsOf(lines, weights, trainable, one.columns, one.tasks),
      loss: engine.lossOf(values[lines.at(-1).name], T, one.loss),
      merged: engine.evaluate(engine.readLines(one.merged), values, numbers),
    };
  }));
}"""


class Case:
    """A step of a method on a random network, and what snippets/ say of it."""

    def __init__(self, method, loss, seed):
        rng = np.random.default_rng([seed, *method.encode()])
        whole = seed % 2 == 0 and loss == "squared error"

        def draw(*shape):
            return (rng.integers(-2, 3, shape) if whole else rng.normal(size=shape)).astype(float)

        depth = int(rng.integers(1, 5))
        sizes = rng.integers(1, 6, depth + 1).tolist()
        self.columns, self.loss, self.merged = int(rng.integers(1, 5)), loss, []
        layers = range(1, depth + 1)
        weights = {f"W{k}": draw(sizes[k], sizes[k - 1]) for k in layers}
        X, T = draw(sizes[0], self.columns), draw(sizes[-1], self.columns)
        rate, alpha = float(rng.random()), float(rng.integers(0, 4))
        some = [k for k in layers if rng.random() < 0.6] or [depth]
        rank = int(rng.integers(1, 4))
        added = {}
        if method in ("probe", "head"):
            inner = int(rng.integers(1, 6))
            outer = sizes[-1] if method == "probe" else inner
            T = draw(int(rng.integers(1, 5)), self.columns)
            added = {} if method == "probe" else {f"W{depth + 1}": draw(inner, sizes[-1])}
            added[f"W{depth + len(added) + 1}"] = draw(len(T), outer)
            numbers = range(depth + 1, depth + 1 + len(added))
            self.lines = [*network_lines(layers), *head_lines(numbers, f"H{depth}")]
        elif method == "adapters":
            for k in some:
                added |= {f"D{k}": draw(rank, sizes[k]), f"U{k}": draw(sizes[k], rank)}
            self.lines = adapter_lines(layers, some)
        elif method == "lora":
            for k in some:
                added |= {f"A{k}": draw(rank, sizes[k - 1]), f"B{k}": draw(sizes[k], rank)}
            self.lines, self.merged = lora_lines(layers, some), merge_lines(some)
        else:
            self.lines = network_lines(layers)
        trained = set(added) if added else {f"W{k}" for k in some}
        self.trainable = sorted(set(weights) if method == "full" else trained)
        self.weights = {**weights, **added}
        self.given = {**self.weights, "X": X, "T": T}
        self.numbers = {"−η": -rate, "α/r": alpha / rank}
        self.numbers |= {"1/n": 1 / self.columns, "−1/n": -1 / self.columns}
        self.tasks = int(rng.integers(1, 20))
        targets = T if loss == "squared error" else T.argmax(axis=0)
        if method in ("full", "freeze"):
            self.step = train_step(weights, X, targets, set(self.trainable), rate, loss)
        elif method == "adapters":
            self.step = adapter_step(weights, added, X, targets, rate, loss)
        elif method == "lora":
            self.step = lora_step(weights, added, X, targets, rate, alpha, loss)
        else:
            features = forward(weights, X)[f"H{depth}"]
            self.step = head_step(added, features, targets, rate, loss)

    def json(self):
        """What the browser gets."""
        return {
            "lines": self.lines,
            "merged": self.merged,
            "trainable": self.trainable,
            "given": {name: values.tolist() for name, values in self.given.items()},
            "weights": {name: values.shape for name, values in self.weights.items()},
            "numbers": self.numbers,
            "loss": self.loss,
            "columns": self.columns,
            "tasks": self.tasks,
        }


def plain(lines):
    """Lines as JSON has them."""
    return json.loads(json.dumps(lines))


def assert_near(found, wish, name):
    scale = max(1.0, np.abs(wish).max())
    np.testing.assert_allclose(found, wish, rtol=0, atol=TOLERANCE * scale, err_msg=name)


@pytest.fixture(scope="module")
def page(browser):
    """A page that can import the engine, without comments as the site has it; none is built."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    script = {"body": rjsmin.jsmin(ENGINE.read_text("utf-8")), "content_type": "text/javascript"}
    page.route("**/engine.js", lambda route: route.fulfill(**script))
    page.goto("http://engine.test/")
    yield page
    context.close()


@pytest.fixture(scope="module", params=product(METHODS, LOSSES), ids=" with ".join)
def cases(request, page):
    """[(Case, what the engine says of it), ...] of one method with one loss."""
    made = [Case(*request.param, seed) for seed in range(CASES)]
    answers = json.loads(page.evaluate(RUN, json.dumps([case.json() for case in made])))
    return list(zip(made, answers, strict=True))


def test_the_lines_of_a_step_are_those_of_python(cases):
    for case, said in cases:
        assert said["lines"] == plain(case.lines)
        assert said["back"] == plain(backward_lines(case.lines, case.trainable))
        step = step_lines(case.lines, case.trainable, case.loss)
        assert said["step"] == plain(step)
        assert said["parts"] == [parts_of(line) for line in step]


def test_every_number_of_a_step_is_that_of_numpy(cases):
    for case, said in cases:
        given = {**case.given, "T": np.array(said["T"])}
        step = step_lines(case.lines, case.trainable, case.loss)
        values = evaluate(step, given, case.numbers)
        assert list(said["values"]) == list(values)
        for name, wish in values.items():
            assert_near(said["values"][name], wish, name)
        for line in case.merged:
            wish = evaluate([line], values, case.numbers)[line.name]
            assert_near(said["merged"][line.name], wish, line.name)


def test_gradients_updates_and_loss_are_those_of_the_lessons_own_steps(cases):
    for case, said in cases:
        assert set(case.step.gradients) == set(case.trainable)
        for name, gradient in case.step.gradients.items():
            assert_near(said["values"][f"dL/d{name}"], gradient, name)
            assert_near(said["values"][f"Δ{name}"], case.step.delta_weights[name], name)
            assert_near(said["values"][new_name(name)], case.step.weights[name], name)
        assert said["loss"] == pytest.approx(case.step.loss, rel=TOLERANCE, abs=TOLERANCE)


def test_shapes_and_counts_are_exactly_those_of_python(cases):
    for case, said in cases:
        step = step_lines(case.lines, case.trainable, case.loss)
        known = shapes(step, {name: values.shape for name, values in case.given.items()})
        assert said["known"] == plain(known)
        assert said["adds"] == multiply_adds(step, known)
        assert said["kept"] == kept(case.lines, case.trainable)
        sizes = {name: values.shape for name, values in case.weights.items()}
        method = Method(case.lines, sizes, {}, frozenset(case.trainable))
        costs = costs_of(method, case.columns, case.tasks)._asdict()
        assert said["costs"] == {name: costs[name] for name in said["costs"]}
        assert len(said["costs"]) >= 6


def test_the_bottom_that_stays_is_what_lies_below_all_that_trains(cases):
    for case, said in cases:
        layers = [name for name in case.weights if name[0] == "W"]
        names = {f"W{name[1:]}" for name in case.trainable}
        below = frozen_below({name: case.weights[name] for name in layers}, names)
        made = {f"H{name[1:]}" for name in below}
        assert {line[0] for line in said["bottom"] if line[0] in made} == made
        assert said["bottom"] == plain(case.lines)[: len(said["bottom"])]


def test_nothing_that_trains_leaves_no_backward_line(page):
    lines = json.dumps(network_lines((1, 2)))
    found = page.evaluate(
        """async (text) => {
          const { backwardLines, readLines, steadyBottom } = await import("/engine.js");
          const lines = readLines(JSON.parse(text));
          return [backwardLines(lines, []), steadyBottom(lines, []).length];
        }""",
        lines,
    )
    assert found == [[], 4]


def test_a_number_too_large_is_an_input_error_that_names_the_matrix(page):
    got = page.evaluate(
        """async (text) => {
          const { InputError, evaluate, readLines } = await import("/engine.js");
          try {
            evaluate(readLines(JSON.parse(text)), { W1: [[1e200]], X: [[1e200]] });
          } catch (error) {
            return [error instanceof InputError, error instanceof Error, String(error)];
          }
        }""",
        json.dumps([Line("Z1", (("1", ("W1", "X")),))]),
    )
    wish = "InputError: Z1 would hold a number too large to compute with."
    assert got == [True, True, wish]


def test_the_engine_knows_no_method(page):
    source = ENGINE.read_text("utf-8").lower()
    assert [w for w in ("adapter", "lora", "probe", "head", "freez") if w in source] == []


def test_every_export_of_the_engine_is_used_by_an_instrument(page):
    exports = page.evaluate("async () => Object.keys(await import('/engine.js'))")
    others = "".join(f.read_text("utf-8") for f in SCRIPTS.glob("*.js") if f != ENGINE)
    counted = {"backwardLines", "shapes", "multiplyAdds", "kept"}  # exported for these tests alone
    assert {name for name in exports if f" {name}" not in others} <= counted
