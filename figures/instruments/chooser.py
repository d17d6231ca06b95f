"""Which method fits which need: a form that works without a script, its answers from the costs."""

import html
from dataclasses import dataclass

from figures.kit.numbers import format_count

HALF = 0.5  # of what full fine-tuning needs: a need is met from there down

# key: (the question, the cost that answers it, how it is said)
NEEDS = {
    "memory": ("Little memory in training", "held_with_adam", "numbers held with Adam"),
    "tasks": ("Many tasks to store", "stored_for_tasks", "numbers stored for ten tasks"),
    "arithmetic": ("Little arithmetic in training", "multiply_adds_stored", "multiply-adds a step"),
    "use": ("No extra time at use", "multiply_adds_at_use", "multiply-adds at use"),
    "old": ("The old answers must stay", None, "old answers"),
}


@dataclass(frozen=True)
class Chooser:
    """What `chooser` returns; a page shows it by _repr_html_."""

    methods: dict  # key: (name, {need: (met, words)})

    def _repr_html_(self):
        boxes = "".join(
            f'<label><input type="checkbox" class="need-{key}"> {html.escape(question)}</label>'
            for key, (question, _, _) in NEEDS.items()
        )
        rows = "".join(self._row(name, needs) for name, needs in self.methods.values())
        return (
            f'<form class="chooser"><fieldset><legend>What do you need?</legend>{boxes}</fieldset>'
            '<div class="chooser__answer"><p>None of the six meets all of this. Untick one.</p>'
            f"<ul>{rows}</ul></div></form>"
        )

    def _row(self, name, needs):
        unmet = " ".join(f"not-{key}" for key, (met, _) in needs.items() if not met)
        words = "; ".join(
            f"{html.escape(said)}" if met else f"<s>{html.escape(said)}</s>"
            for met, said in needs.values()
        )
        return f'<li class="{unmet}"><strong>{html.escape(name)}</strong> {words}</li>'


def chooser(costs, names):
    """Say for each method which needs it meets.

    Args:
        costs: {"full": Costs, ...} of snippets.cost.
        names: {"full": "Full Fine-Tuning", ...}, a name for each method.

    Returns:
        A Chooser. A need is met at half of full fine-tuning's cost or less; at use, where nothing
        is added to the network's own cost; for old answers, where the pretrained weights and
        their output stay as they are.

    Raises:
        ValueError: a method without a name, or no full fine-tuning to compare with.
    """
    if "full" not in costs:
        raise ValueError(f"costs must hold full, got {', '.join(costs) or 'nothing'}")
    missing = [method for method in costs if method not in names]
    if missing:
        raise ValueError(f"names must name every method, got none for {', '.join(missing)}")
    return Chooser({m: (names[m], _needs(m, cost, costs["full"])) for m, cost in costs.items()})


def _needs(method, cost, full):
    found = {}
    for key, (_, name, said) in NEEDS.items():
        if key == "old":
            met = method in ("probe", "head")
            words = "the old output layer still works" if met else "the old output drifts"
        elif key == "use":
            extra = getattr(cost, name) - getattr(full, name)
            met, words = (
                extra == 0,
                f"{format_count(extra)} more {said}" if extra else f"no more {said}",
            )
        else:
            value, limit = getattr(cost, name), HALF * getattr(full, name)
            met, words = value <= limit, f"{format_count(value)} {said}"
        found[key] = (met, words)
    return found
