"""The tables that lessons share: what a step costs, and what a way came to in the experiment."""

from figures.kit.table import table
from snippets.cost import cost_words

FIVE = (
    "trainable",
    "gradient_and_optimizer",
    "activations_kept",
    "multiply_adds",
    "stored_for_tasks",
)
RESULT = ("New task's error", "Old task's error", "Numbers trained")
WAYS = {
    "untouched": "untouched",
    "full": "full fine-tuning",
    "freeze": "freezing 1 and 2",
    "probe": "probe",
    "head": "head",
    "adapters": "adapters",
    "lora": "LoRA",
}


def costs_table(columns, costs=FIVE, *, words=None, saved=False):
    """Set costs side by side, a row a cost.

    Args:
        columns: {"All train": Costs, "LoRA": Costs, ...} of snippets.cost.
        costs: which of its fields, in order.
        words: {field: words} where a row is called otherwise than in snippets.cost.cost_words.
        saved: whether a column behind the second says how many times that is in the first.

    Returns:
        A Table.

    Raises:
        ValueError: fewer than two columns to compare.
    """
    words = cost_words() | (words or {})
    if saved and len(columns) < 2:
        raise ValueError(f"columns must hold two or more to compare, got {', '.join(columns)}")
    rows = []
    for cost in costs:
        values = [getattr(column, cost) for column in columns.values()]
        if saved:
            values.insert(2, f"{values[0] / values[1]:.2f}×")
        rows.append([words[cost], *values])
    heads = [*list(columns)[:2], *(["Saved"] if saved else []), *list(columns)[2:]]
    return table(["Cost, in numbers", *heads], rows)


def results_table(head, results):
    """Set what came of an experiment side by side, a row a way.

    Args:
        head: what the ways are.
        results: {"Fine-tuned": Result, ...} of experiments.experiment.

    Returns:
        A Table.
    """
    rows = [
        (name, f"{r.new_error:.3f}", f"{r.old_error:.3f}", r.trained) for name, r in results.items()
    ]
    return table([head, *RESULT], rows)


def ways_table(tasks):
    """Do the same for new tasks that differ from the old one in one of the teacher's matrices.

    Args:
        tasks: {"W3": {"untouched": Result, "full": Result, ...}, "W1": ...}.

    Returns:
        A Table.
    """
    named = {
        f"{turned}: {WAYS[way]}": r for turned, ways in tasks.items() for way, r in ways.items()
    }
    return results_table("Teacher turned in", named)
