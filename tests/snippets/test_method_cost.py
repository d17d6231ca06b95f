"""Costs of the six methods against facts.md's table, counted products and kept arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import check
from snippets.adapter import adapter_backward, adapter_forward, adapter_step, new_adapters
from snippets.cost import costs_of, costs_of_step, six_methods
from snippets.forward import forward
from snippets.freeze import store_frozen_output, train_step
from snippets.head import HIDDEN, head_backward, head_forward, head_step, new_head
from snippets.lora import lora_backward, lora_forward, lora_step, merge, new_lora
from snippets.method_cost import METHODS, compare_costs, method_costs, method_products
from snippets.network import FULL_SIZES, new_network
from snippets.probe import CLASSES

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)
COLUMNS = 12

# The comparison that closes the series: trainable, ten tasks stored, numbers held with Adam,
# multiply-adds per column per step, the same from stored outputs, mergeable.
TABLE = {
    "full": (4400, 44_000, 17_600, 12_000, None, None),
    "freeze": (1600, 18_800, 9200, 6000, 3200, None),
    "probe": (400, 8400, 6000, 5200, 800, False),
    "head": (1000, 14_400, 8400, 6600, 2200, False),
    "adapters": (960, 14_000, 8240, 10_320, None, False),
    "lora": (920, 13_600, 8080, 10_240, None, True),
}


@pytest.mark.parametrize("method", METHODS)
def test_the_closing_comparison_comes_out_by_counting(method):
    costs = compare_costs()[method]
    trainable, tasks, held, products, stored, mergeable = TABLE[method]
    assert costs["trainable"] == trainable
    assert costs["stored_for_tasks"] == tasks
    assert costs["held_with_adam"] == held
    assert costs["multiply_adds"] == products
    assert costs["mergeable"] is mergeable
    if stored is not None:
        assert costs["multiply_adds_stored"] == stored


def test_the_table_names_the_six_methods_in_the_order_of_the_lessons():
    assert tuple(compare_costs()) == METHODS == tuple(TABLE)


def parts(method, sizes, rank=4, bottleneck=4, seed=0):
    """Return (all trainable arrays, a function that takes one step) of the real snippets."""
    rng = np.random.default_rng(seed)
    weights = new_network(sizes, rng)
    X, T = rng.normal(size=(sizes[0], COLUMNS)), rng.normal(size=(sizes[-1], COLUMNS))
    top = len(sizes) - 1
    if method in ("full", "freeze"):
        trainable = set(weights) if method == "full" else {f"W{top}"}
        names = {name: weights[name] for name in trainable}
        return names, lambda: train_step(weights, X, T, trainable, 1e-3)
    if method in ("probe", "head"):
        hidden = () if method == "probe" else (HIDDEN,)
        head = new_head((sizes[-1], *hidden, CLASSES), rng, first=top + 1)

        def step():
            H = list(forward(weights, X).values())[-1]
            return head_step(head, H, [0] * COLUMNS, 1e-3, "cross-entropy")

        return head, step
    if method == "adapters":
        adapters = new_adapters(weights, bottleneck, rng)
        return adapters, lambda: adapter_step(weights, adapters, X, T, 1e-3)
    lora = new_lora(weights, rank, rng)
    return lora, lambda: lora_step(weights, lora, X, T, 1e-3)


class Counting(np.ndarray):
    """An array that notes the multiply-adds of every matrix product it takes part in."""

    done = []

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        inputs = [np.asarray(value) for value in inputs]
        if ufunc is np.matmul:
            (rows, inner), (_, columns) = inputs[0].shape, inputs[1].shape
            Counting.done.append(rows * inner * columns)
        return getattr(ufunc, method)(*inputs, **options)


@pytest.fixture
def multiply_adds(monkeypatch):
    """Count the products of every snippet: each gets its arrays from check.matrix."""
    plain = check.matrix
    monkeypatch.setattr(check, "matrix", lambda value, name: plain(value, name).view(Counting))
    monkeypatch.setattr(Counting, "done", [])
    return Counting.done


@pytest.mark.parametrize("sizes", [FULL_SIZES, (3, 4, 4, 4), (5, 2, 7, 3)])
@pytest.mark.parametrize("method", METHODS)
def test_multiply_adds_are_those_of_the_products_that_really_run(method, sizes, multiply_adds):
    trained, step = parts(method, sizes)
    multiply_adds.clear()
    step()
    costs = method_costs(method, sizes, COLUMNS)
    assert sum(multiply_adds) == costs["multiply_adds"] * COLUMNS
    assert costs["trainable"] == sum(value.size for value in trained.values())


def test_multiply_adds_from_stored_outputs_are_those_that_really_run(multiply_adds):
    rng = np.random.default_rng(0)
    weights = new_network(FULL_SIZES, rng)
    X, T = rng.normal(size=(30, COLUMNS)), rng.normal(size=(40, COLUMNS))
    H2, rest = store_frozen_output(weights, X, {"W3"})
    H3 = forward(weights, X)["H3"]
    runs = {"freeze": lambda: train_step(rest, H2, T, {"W3"}, 1e-3)}
    for method, sizes in (("probe", (40, 10)), ("head", (40, 20, 10))):
        head = new_head(sizes, rng)
        runs[method] = lambda head=head: head_step(head, H3, [0] * COLUMNS, 1e-3, "cross-entropy")
    for method, run in runs.items():
        multiply_adds.clear()
        run()
        stored = method_costs(method)["multiply_adds_stored"]
        assert sum(multiply_adds) == stored * COLUMNS


@pytest.mark.parametrize(("method", "spared"), [("full", 0), ("adapters", 1200), ("lora", 1200)])
def test_where_the_bottom_changes_storing_spares_at_most_the_product_of_w1(method, spared):
    costs = method_costs(method)
    assert costs["multiply_adds"] - costs["multiply_adds_stored"] == spared


class Watched(dict):
    """A trace that notes which of its arrays are read."""

    def __init__(self, trace):
        super().__init__(trace)
        self.read = set()

    def __getitem__(self, name):
        self.read.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("sizes", [FULL_SIZES, (5, 2, 7, 3)])
@pytest.mark.parametrize("method", ["probe", "head", "adapters", "lora"])
def test_activations_kept_are_those_that_the_backward_pass_reads(method, sizes):
    rng = np.random.default_rng(0)
    weights, X = new_network(sizes, rng), rng.normal(size=(sizes[0], COLUMNS))
    slope = np.ones((sizes[-1], COLUMNS))
    if method == "adapters":
        adapters = new_adapters(weights, 4, rng)
        trace = Watched(adapter_forward(weights, adapters, X))
        adapter_backward(weights, adapters, trace, slope)
    elif method == "lora":
        lora = new_lora(weights, 4, rng)
        trace = Watched(lora_forward(weights, lora, X))
        lora_backward(weights, lora, trace, slope)
    else:
        hidden = () if method == "probe" else (HIDDEN,)
        head = new_head((sizes[-1], *hidden, CLASSES), rng)
        trace = Watched(head_forward(head, forward(weights, X)["H3"]))
        head_backward(head, trace, np.ones((CLASSES, COLUMNS)))
    read = sum(dict(trace)[name].size for name in trace.read)
    assert method_costs(method, sizes, COLUMNS)["activations_kept"] == read


@FIXED
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6),
    columns=st.integers(1, 50),
    tasks=st.integers(1, 20),
)
def test_full_and_frozen_cost_what_the_lesson_on_freezing_says(sizes, columns, tasks):
    names = [f"W{k}" for k in range(1, len(sizes))]
    for method, trainable in (("full", names), ("freeze", names[-1:])):
        costs = method_costs(method, sizes, columns, tasks)
        known = costs_of_step(sizes, trainable, columns, tasks=tasks)
        for key in (
            "trainable",
            "stored_for_tasks",
            "gradient_and_optimizer",
            "multiply_adds",
            "activations_kept",
        ):
            assert costs[key] == known[key]
    if len(sizes) > 2:
        stored = costs_of_step(sizes, names[-1:], columns, stored=True)["multiply_adds"]
        assert method_costs("freeze", sizes)["multiply_adds_stored"] == stored


@FIXED
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    rank=st.integers(1, 6),
    bottleneck=st.integers(1, 6),
    method=st.sampled_from(METHODS),
)
def test_any_size_is_followed(sizes, rank, bottleneck, method):
    costs = method_costs(method, sizes, rank=rank, bottleneck=bottleneck)
    trained, _ = parts(method, sizes, rank, bottleneck)
    assert costs["trainable"] == sum(value.size for value in trained.values())
    total = sum(out * into for into, out in zip(sizes, sizes[1:]))
    new = 0 if method in ("full", "freeze") else costs["trainable"]
    assert costs["held_with_adam"] == total + new + 3 * costs["trainable"]
    assert costs["multiply_adds_stored"] <= costs["multiply_adds"]


@FIXED
@given(
    sizes=st.lists(st.integers(1, 9), min_size=2, max_size=6),
    rank=st.integers(1, 6),
    bottleneck=st.integers(1, 6),
    columns=st.integers(1, 50),
    tasks=st.integers(1, 20),
)
def test_products_and_lines_give_the_same_costs(sizes, rank, bottleneck, columns, tasks):
    products = compare_costs(sizes, columns, tasks, rank, bottleneck)
    for name, method in six_methods(sizes, rank, bottleneck).items():
        costs = costs_of(method, columns, tasks)._asdict()
        assert products[name] == {cost: costs[cost] for cost in products[name]}


def test_adapters_and_lora_save_memory_but_hardly_any_arithmetic():
    costs = compare_costs()
    full = costs["full"]
    for method in ("adapters", "lora"):
        assert full["trainable"] > 4.5 * costs[method]["trainable"]
        assert full["held_with_adam"] > 2 * costs[method]["held_with_adam"]
        assert full["multiply_adds"] < 1.2 * costs[method]["multiply_adds"]
    assert full["multiply_adds"] == 2 * costs["freeze"]["multiply_adds"]
    # LoRA keeps more for its backward pass than full fine-tuning: every S besides every H.
    assert costs["lora"]["activations_kept"] == full["activations_kept"] + 3 * 4 * 12


def test_at_use_only_what_merges_costs_nothing():
    at_use = {method: row["multiply_adds_at_use"] for method, row in compare_costs().items()}
    assert at_use == {
        "full": 4400,
        "freeze": 4400,
        "probe": 4800,
        "head": 5400,
        "adapters": 5360,
        "lora": 4400,
    }
    weights, rng = new_network(FULL_SIZES, np.random.default_rng(0)), np.random.default_rng(1)
    lora = {name: rng.normal(size=value.shape) for name, value in new_lora(weights, 4, rng).items()}
    assert sum(W.size for W in merge(weights, lora).values()) == at_use["lora"]


@pytest.mark.parametrize("method", METHODS)
def test_products_are_listed_in_the_order_of_computing(method):
    products = method_products(method)
    known = {"H0"}
    for product in products:
        assert product.source in known
        known.add(product.target)
    assert {p.weight for p in products if p.pretrained} == {"W1", "W2", "W3"}
    assert products[-1].target == {"probe": "Y", "head": "Y", "adapters": "H3'"}.get(method, "H3")


BAD = [
    (
        {"method": "bitfit"},
        "method must be one of full, freeze, probe, head, adapters, lora, got 'bitfit'",
    ),
    ({"rank": 0}, "rank must be a whole number, 1 or more, got 0"),
    ({"bottleneck": 2.5}, "bottleneck must be a whole number, 1 or more, got 2.5"),
    ({"columns": 0}, "columns must be a whole number, 1 or more, got 0"),
    ({"tasks": 0}, "tasks must be a whole number, 1 or more, got 0"),
    ({"sizes": (30,)}, "sizes must hold the inputs and one layer or more, got (30,)"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_cannot_be_costed_is_refused(change, message):
    with pytest.raises(ValueError) as error:
        method_costs(**{"method": "lora", **change})
    assert str(error.value) == message
