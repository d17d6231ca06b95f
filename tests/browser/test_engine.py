"""engine.js is the mathematics of snippets/: the same results and errors on random arguments."""

import gzip
import json
import math
import re
from unittest import mock

import numpy as np
import pytest
import rjsmin

from snippets import (
    adapter,
    backward,
    check,
    cost,
    count,
    forward,
    freeze,
    head,
    lora,
    loss,
    method_cost,
    network,
    probe,
    update,
)
from tests.browser import support

ENGINE = support.DOCS / "assets" / "javascripts" / "engine.js"
CASES = 1000  # of each function
BAD = 0.4  # the share of cases in which something is replaced
TOLERANCE = 1e-9  # relative to the largest number of a matrix
HUGE = [2.0**500, 2.0**700, 2.0**1000]  # powers of two leave whole numbers exact
LOSSES = ["squared error", "cross-entropy"]

# Runs all cases of a function. Arguments are frozen, so an engine that changes one throws.
RUN = """async ([name, text]) => {
  const engine = await import("/engine.js");
  const inherited = () => Reflect.ownKeys(Object.prototype).length;
  const read = (_, value) =>
    typeof value === "string" && value[0] === "@" ? Number(value.slice(1))
      : value?.["@set"] ? new Set(value["@set"]) : value;
  const write = (_, value) =>
    typeof value === "number" && !Number.isFinite(value) ? `@${value}` : value;
  const parts = (value, all = new Set()) => {
    if (value !== null && typeof value === "object") {
      all.add(Object.freeze(value));
      for (const part of Object.values(value)) parts(part, all);
    }
    return all;
  };
  const answer = (values) => {
    const given = parts(values);
    try {
      const value = engine[name](...values);
      for (const part of parts(value)) if (given.has(part)) return { crash: "shares an argument" };
      return { value };
    } catch (error) {
      if (error instanceof engine.InputError) return { error: error.message };
      return { crash: String(error.stack) };
    }
  };
  const before = inherited();
  const answers = JSON.parse(text, read).map(answer);
  if (inherited() !== before) answers[0] = { crash: "changes Object.prototype" };
  return JSON.stringify(answers, write);
}"""


# Arguments


class Draw:
    """Draws random arguments; `kind` says of which numbers a case is made."""

    def __init__(self, seed, kind=None):
        self.rng = np.random.default_rng(seed)
        self.kind = kind or self.one("integer", "integer", "float", "float", "huge", "zero")
        self.to_scale = int(self.rng.integers(4))  # which matrix of a huge case is scaled

    def one(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def size(self, most=7):
        return int(self.rng.integers(1, most + 1))

    def sizes(self, most=7):
        return [self.size(most) for _ in range(self.rng.integers(2, 6))]

    def matrix(self, rows, columns):
        shape = (rows, columns)
        if self.kind in ("float", "small"):
            scale = 1 if self.kind == "float" else 0.3  # small: scores that differ by few units
            return (self.rng.normal(size=shape) * scale).tolist()
        if self.kind == "zero":
            return self.rng.choice([-1, 0, 0, 0, 0, 0, 1, 2], size=shape).tolist()
        numbers = self.rng.integers(-3, 4, size=shape)
        if self.kind == "huge":
            self.to_scale -= 1
            if self.to_scale == -1:
                numbers = numbers * self.one(*HUGE)
        return numbers.tolist()

    def network(self, sizes=None, first=None):
        """Weights and an X that fits, or H for a chain that begins higher."""
        sizes = sizes or self.sizes(most=5)
        first = first or self.one(1, 1, 1, 2, 4, 9)
        names = [f"W{k}" for k in range(first, first + len(sizes) - 1)]
        shapes = dict(zip(names, zip(sizes[1:], sizes)))
        self.rng.shuffle(names)
        weights = {name: self.matrix(*shapes[name]) for name in names}
        return weights, self.matrix(sizes[0], self.size())

    def top(self, weights):
        """The number of rows of the output."""
        return len(weights[max(weights, key=lambda name: int(name[1:]))])

    def trainable(self, names):
        chosen = [name for name in names if self.rng.random() < 0.5]
        return self.one(chosen, set(chosen))

    def rate(self):
        return self.one(0, 0.5, 1, 2, float(self.rng.random()))

    def targets(self, rows, columns, loss_name):
        if loss_name == "cross-entropy":
            return self.rng.integers(0, rows, size=columns).tolist()
        return self.matrix(rows, columns)

    def pairs(self, weights, letters):
        """Adapters or LoRA for some of the layers, and the rank."""
        found, r = {}, self.size(3)
        for name, W in weights.items():
            if self.rng.random() < 0.7:
                wide = len(W) if letters == "DU" else len(W[0])
                found[letters[0] + name[1:]] = self.matrix(r, wide)
                found[letters[1] + name[1:]] = self.matrix(len(W), r)
        return found, r

    def alpha(self, rank):
        """α; of whole numbers one that keeps α/r exact, else sums of 0 come out as ±1e-17."""
        return float(self.rng.random()) if self.kind == "float" else rank * self.one(0, 0.5, 1, 2)


NUMBERS = [0, -1, 0.5, 1e308, -0.25, math.nan, math.inf, -math.inf]
JUNK = [None, True, "", "text", [], [[]], [[[]]], [0.5, 1.5], [[[0.5]]], [[1], [1, 2]], *NUMBERS]
CELLS = [math.nan, math.inf, -math.inf, 1e308, "a", None, [1], {}]
NAMES = ["__proto__", "constructor", "toString", "W0", "W01", "W99", "w1", "A1", "D1", "W1\n", ""]


def spoil(draw, value):
    """Return the value with one thing in it replaced, dropped or added; often a wrong one."""
    if draw.rng.random() < 0.25 or not isinstance(value, (dict, list, set)) or not value:
        # Python takes a dict for the list of its keys, the engine doesn't.
        more = [] if isinstance(value, (list, set)) else [{}]
        return draw.one(*JUNK, *more, "hinge", "lora", 7, 10_000)
    if isinstance(value, dict):
        name, changed = draw.one(*value), dict(value)
        way = draw.one("drop", "rename", "add", "spoil", "spoil")
        if way == "spoil":
            return {**value, name: spoil(draw, value[name])}
        if way in ("drop", "rename"):
            part = changed.pop(name)
        if way == "rename":
            changed[draw.one(*NAMES)] = part
        if way == "add":
            changed[draw.one(*NAMES)] = draw.one(value[name], [[1]], None)
        return changed
    if isinstance(value, set):
        return [*sorted(value), draw.one("W0", "W99", "__proto__", "constructor", 1, None)]
    i = int(draw.rng.integers(len(value)))
    if isinstance(value[0], list):
        way = draw.one("row", "more", "flip", "cell", "cell", "ragged", "column")
        if way == "flip":
            return [list(row) for row in zip(*value)]
        if way == "column":
            return [row[1:] for row in value]
        if way in ("cell", "ragged"):
            row = list(value[i])
            row[-1:] = [draw.one(*CELLS)] if way == "cell" else []
            return [*value[:i], row, *value[i + 1 :]]
    else:
        way = draw.one("row", "more", "cell", "cell")
    if way == "row":
        return value[1:]
    if way == "more":
        return [*value, value[i]]
    return [*value[:i], draw.one(*NUMBERS, "a", None, 10_000), *value[i + 1 :]]


def draw_matrix(draw):
    return [draw.matrix(draw.size(), draw.size())]


def draw_named_matrix(draw):
    return [*draw_matrix(draw), "Z"]


def draw_factors(draw):
    inner = draw.size()
    return [draw.matrix(draw.size(), inner), draw.matrix(inner, draw.size())]


def draw_cell(draw):
    a, b = draw_factors(draw)
    return [a, b, int(draw.rng.integers(len(a))), int(draw.rng.integers(len(b[0])))]


def draw_sizes(draw):
    return [draw.sizes(draw.one(7, 10_000))]


def draw_shapes(draw):
    sizes = draw.sizes(draw.one(7, 10_000))
    return [[list(pair) for pair in zip(sizes, sizes[1:])]]


def draw_forward(draw):
    return list(draw.network())


def draw_errors(draw):
    shape = draw.size(), draw.size()
    return [draw.matrix(*shape), draw.matrix(*shape)]


def draw_scores(draw):
    Y = draw.matrix(draw.size(), draw.size())
    return [Y, draw.targets(len(Y), len(Y[0]), "cross-entropy")]


def draw_loss(draw):
    name = draw.one(*LOSSES)
    return [*(draw_errors if name == LOSSES[0] else draw_scores)(draw), name]


def draw_backward(draw):
    weights, X = draw.network()
    slope = draw.matrix(draw.top(weights), len(X[0]))
    return [weights, trace_of(forward.forward, weights, X), slope, draw.trainable(weights)]


def trace_of(function, *arguments):
    """The trace of a forward pass as lists; one that overflows gives junk that is refused."""
    with np.errstate(all="ignore"):
        try:
            return plain(function(*arguments))
        except ValueError:
            return {}


def draw_update(draw):
    return [draw.network()[0], draw.rate()]


def draw_add(draw):
    weights, _ = draw.network()
    deltas = {name: draw.matrix(len(W), len(W[0])) for name, W in weights.items()}
    return [weights, {name: deltas[name] for name in sorted(draw.trainable(weights))}]


def draw_step(draw):
    name = draw_loss_name(draw)
    weights, X = draw.network()
    T = draw.targets(draw.top(weights), len(X[0]), name)
    return [weights, X, T, draw.trainable(weights), draw.rate(), name]


def draw_loss_name(draw):
    """Cross-entropy cancels down to rounding where scores lie far apart: small numbers there."""
    name = draw.one(*LOSSES)
    if name == LOSSES[1]:
        draw.kind = "small"
    return name


def draw_frozen(draw):
    weights, _ = draw.network()
    return [weights, draw.trainable(weights)]


def draw_store(draw):
    weights, X = draw.network()
    return [weights, X, draw.trainable(weights)]


def draw_costs(draw):
    sizes = draw.sizes(draw.one(7, 10_000))
    names = [f"W{k}" for k in range(1, len(sizes))]
    most = draw.one(7, 10_000)
    return [sizes, draw.trainable(names), draw.size(most), draw.one(True, False), draw.size(most)]


def draw_probe(draw):
    outputs, features = draw.size(), draw.size()
    return [draw.matrix(outputs, features), draw.matrix(features, draw.size())]


def draw_probe_step(draw):
    name = draw_loss_name(draw)
    W4, H3 = draw_probe(draw)
    return [W4, H3, draw.targets(len(W4), len(H3[0]), name), draw.rate(), name]


def draw_head_backward(draw):
    weights, H3 = draw.network()
    slope = draw.matrix(draw.top(weights), len(H3[0]))
    return [weights, trace_of(head.head_forward, weights, H3), slope]


def draw_head_step(draw):
    weights, X, T, _, rate, name = draw_step(draw)
    return [weights, X, T, rate, name]


def draw_adapter(draw):
    weights, X = draw.network()
    return [weights, draw.pairs(weights, "DU")[0], X]


def draw_adapter_backward(draw):
    weights, adapters, X = draw_adapter(draw)
    trace = trace_of(adapter.adapter_forward, weights, adapters, X)
    return [weights, adapters, trace, draw.matrix(draw.top(weights), len(X[0]))]


def draw_adapter_step(draw):
    weights, X, T, _, rate, name = draw_step(draw)
    return [weights, draw.pairs(weights, "DU")[0], X, T, rate, name]


def draw_lora(draw):
    weights, X = draw.network()
    pairs, rank = draw.pairs(weights, "AB")
    return [weights, pairs, X, draw.alpha(rank)]


def draw_lora_backward(draw):
    weights, pairs, X, alpha = draw_lora(draw)
    trace = trace_of(lora.lora_forward, weights, pairs, X, alpha)
    return [weights, pairs, trace, draw.matrix(draw.top(weights), len(X[0])), alpha]


def draw_lora_step(draw):
    weights, X, T, _, rate, name = draw_step(draw)
    pairs, rank = draw.pairs(weights, "AB")
    return [weights, pairs, X, T, rate, draw.alpha(rank), name]


def draw_merge(draw):
    weights, pairs, _, alpha = draw_lora(draw)
    return [weights, pairs, alpha]


def draw_method(draw):
    most = draw.one(7, 10_000)
    return [draw.one(*method_cost.METHODS), draw.sizes(most), *(draw.size(most) for _ in range(6))]


# What the snippets have no function for


def factors(a, b):
    a, b = check.matrix(a, "a"), check.matrix(b, "b")
    if len(b) != a.shape[1]:
        raise ValueError(f"b must have {a.shape[1]} rows to fit a, got {check.shape_text(b.shape)}")
    return a, b


def multiply(a, b):
    a, b = factors(a, b)
    return a @ b


def transpose(a):
    return check.matrix(a, "a").T


def dot_product_terms(a, b, i, j):
    a, b = factors(a, b)
    for value, size in ((i, a.shape[0]), (j, b.shape[1])):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < size:
            raise ValueError(f"i and j must be numbers of a row and a column, got {i!r} and {j!r}")
    return [{"left": x, "right": y, "product": x * y} for x, y in zip(a[i], b[:, j])]


def method_costs(method, sizes, columns, tasks, rank, bottleneck, hidden, classes):
    hidden = check.whole_number(hidden, "hidden")
    classes = check.whole_number(classes, "classes")
    with mock.patch.multiple(method_cost, HIDDEN=hidden, CLASSES=classes):
        return method_cost.method_costs(method, sizes, columns, tasks, rank, bottleneck)


FUNCTIONS = {
    "checkMatrix": (check.matrix, draw_named_matrix),
    "multiply": (multiply, draw_factors),
    "transpose": (transpose, draw_matrix),
    "dotProductTerms": (dot_product_terms, draw_cell),
    "layerShapes": (network.layer_shapes, draw_sizes),
    "countParameters": (count.count_parameters, draw_shapes),
    "relu": (forward.relu, draw_matrix),
    "forward": (forward.forward, draw_forward),
    "squaredError": (loss.squared_error, draw_errors),
    "squaredErrorGradient": (loss.squared_error_gradient, draw_errors),
    "crossEntropy": (loss.cross_entropy, draw_scores),
    "crossEntropyGradient": (loss.cross_entropy_gradient, draw_scores),
    "lossAndGradient": (loss.loss_and_gradient, draw_loss),
    "backward": (backward.backward, draw_backward),
    "deltaWeights": (update.delta_weights, draw_update),
    "addDelta": (update.add_delta, draw_add),
    "trainStep": (freeze.train_step, draw_step),
    "frozenBelow": (freeze.frozen_below, draw_frozen),
    "storableBelow": (freeze.storable_below, draw_frozen),
    "storeFrozenOutput": (freeze.store_frozen_output, draw_store),
    "probeForward": (probe.probe_forward, draw_probe),
    "probeStep": (probe.probe_step, draw_probe_step),
    "headForward": (head.head_forward, draw_forward),
    "headBackward": (head.head_backward, draw_head_backward),
    "headStep": (head.head_step, draw_head_step),
    "adapterForward": (adapter.adapter_forward, draw_adapter),
    "adapterBackward": (adapter.adapter_backward, draw_adapter_backward),
    "adapterStep": (adapter.adapter_step, draw_adapter_step),
    "loraForward": (lora.lora_forward, draw_lora),
    "loraBackward": (lora.lora_backward, draw_lora_backward),
    "loraStep": (lora.lora_step, draw_lora_step),
    "merge": (lora.merge, draw_merge),
    "unmerge": (lora.unmerge, draw_merge),
    "costsOfStep": (cost.costs_of_step, draw_costs),
    "methodCosts": (method_costs, draw_method),
}


def draw_case(name, seed):
    """Return the arguments of one call, all of them right or one of them spoilt."""
    draw = Draw([seed, *name.encode()])
    arguments = FUNCTIONS[name][1](draw)
    if draw.rng.random() < BAD:
        i = int(draw.rng.integers(len(arguments)))
        arguments[i] = spoil(draw, arguments[i])
    return arguments


# Comparing


def encode(value):
    """Return the value as JSON can hold it: what is not finite as "@nan", a set as {"@set": []}."""
    if isinstance(value, float) and not math.isfinite(value):
        return "@NaN" if math.isnan(value) else f"@{'-' if value < 0 else ''}Infinity"
    if isinstance(value, dict):
        return {name: encode(part) for name, part in value.items()}
    if isinstance(value, list):
        return [encode(part) for part in value]
    return {"@set": sorted(value)} if isinstance(value, set) else value


def plain(value):
    """Return a result with lists for arrays and tuples, and the engine's names in a Step."""
    if isinstance(value, freeze.Step):
        step = value._asdict()
        value = {"deltaWeights" if k == "delta_weights" else k: step[k] for k in step}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_matrix(value):
    is_nested = isinstance(value, list) and value and isinstance(value[0], list)
    return is_nested and is_number(value[0][0])


def decode(value):
    return float(value[1:]) if isinstance(value, str) and value.startswith("@") else value


def is_same(got, wish):
    """Tell whether a result is Python's: names and their order, counts exact, numbers close."""
    if isinstance(wish, dict):
        return (
            isinstance(got, dict)
            and list(got) == list(wish)
            and all(is_same(got[name], wish[name]) for name in wish)
        )
    if is_matrix(wish):
        if [len(row) for row in wish] != [len(row) for row in got]:
            return False
        numbers = [x for row in wish for x in row]
        scale = max((abs(x) for x in numbers if math.isfinite(x)), default=0)
        found = [decode(x) for row in got for x in row]
        return all(is_near(x, y, scale) for x, y in zip(found, numbers))
    if isinstance(wish, list):
        return len(got) == len(wish) and all(map(is_same, got, wish))
    if isinstance(wish, float):
        return is_near(decode(got), wish, abs(wish))
    return type(got) is type(wish) and got == wish


def is_near(x, y, scale):
    # Where a sum overflows both ways, the order of its terms decides between inf and nan.
    return abs(x - y) <= TOLERANCE * scale if math.isfinite(y) else not math.isfinite(x)


def same_words(message, is_huge):
    """Return a message without what JavaScript has no like for: 1.0 beside 1, types of NumPy.

    With huge numbers, inf and nan are one, as in is_near.
    """
    message = re.sub(r"(\d)\.0\b", r"\1", message).replace("\\n", "\n")
    message = re.sub(r"(must be a matrix of real numbers), got .*", r"\1", message, flags=re.DOTALL)
    if message.startswith("labels must be") and "whole numbers" in message:
        return "labels must be whole numbers"
    return re.sub(r"got (nan|-?inf) in row", "got ? in row", message) if is_huge else message


def answer_in_python(function, arguments):
    with np.errstate(all="ignore"):
        try:
            return {"value": plain(function(*arguments))}
        except ValueError as error:
            return {"error": str(error)}


def agree(got, wish, arguments):
    if "error" not in wish:
        return "value" in got and is_same(got["value"], wish["value"])
    is_huge = re.search(r"e\+\d{3}", json.dumps(arguments, default=str)) is not None
    words = [same_words(answer.get("error", ""), is_huge) for answer in (got, wish)]
    return words[0] == words[1]


# Tests


def minified():
    return rjsmin.jsmin(ENGINE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(browser):
    """A page that can import the engine, without comments as the site has it; none is built."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    script = {"body": minified(), "content_type": "text/javascript"}
    page.route("**/engine.js", lambda route: route.fulfill(**script))
    page.goto("http://engine.test/")
    yield page
    context.close()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_engine_agrees_with_numpy(page, name):
    cases = [draw_case(name, seed) for seed in range(CASES)]
    answers = json.loads(page.evaluate(RUN, [name, json.dumps([encode(case) for case in cases])]))
    wishes = [answer_in_python(FUNCTIONS[name][0], case) for case in cases]
    wrong = [
        f"{name}(*{case})\n  engine: {got}\n  Python: {wish}"
        for case, got, wish in zip(cases, answers, wishes, strict=True)
        if not agree(got, wish, case)
    ]
    assert not wrong, f"{len(wrong)} of {CASES} differ:\n" + "\n".join(wrong[:3])
    refused = sum("error" in wish for wish in wishes)
    assert CASES / 10 < refused < CASES * 0.9, "too few of one kind to tell anything"


def test_every_function_of_the_engine_is_compared(page):
    exports = page.evaluate("async () => Object.keys(await import('/engine.js'))")
    assert sorted(exports) == sorted([*FUNCTIONS, "InputError"])


def test_an_input_error_is_an_error_with_a_name(page):
    got = page.evaluate(
        """async () => {
          const { InputError } = await import("/engine.js");
          const error = new InputError("X must be something");
          return [error instanceof Error, error.name, String(error)];
        }"""
    )
    assert got == [True, "InputError", "InputError: X must be something"]


def test_the_engine_is_at_most_6_kb():
    assert len(gzip.compress(minified().encode(), 9)) <= 6 * 1024
