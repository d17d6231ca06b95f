"""Costs counted from products, while pages still read them, against those of the lines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from snippets.cost import costs_of, six_methods
from snippets.method_cost import compare_costs

FIXED = settings(derandomize=True, deadline=None, max_examples=60, database=None)


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
