"""What each way to fine-tune costs, counted from one thing: which products it runs.

A method is a list of products, each of a weight matrix with something computed before. All
else follows. What is computed from a weight that trains changes from step to step; so

    a product runs forward               always
    a gradient of its weight is needed   if the weight trains
    a gradient of its input is needed    if something that trains lies behind that input

and each of the three costs out × in multiply-adds a column.
"""

from typing import NamedTuple

from snippets import check
from snippets.adapter import BOTTLENECK, adapter_shapes
from snippets.count import count_parameters
from snippets.head import HIDDEN
from snippets.lora import RANK, lora_shapes
from snippets.network import FULL_SIZES, layer_shapes
from snippets.probe import CLASSES

METHODS = ("full", "freeze", "probe", "head", "adapters", "lora")


class Product(NamedTuple):
    """One product of a method: weight times source, added to what target holds so far."""

    weight: str  # its name, such as "W3"
    shape: tuple  # (out, in)
    source: str  # what it is multiplied with, such as "H2"
    target: str  # what it is part of, such as "H3"
    relu: bool  # whether the target passes through a ReLU
    trains: bool
    pretrained: bool


def method_products(method, sizes=FULL_SIZES, rank=RANK, bottleneck=BOTTLENECK):
    """List the products of a method's forward pass, in the order of computing.

    Args:
        method: one of METHODS.
        sizes: of the pretrained network, as in layer_shapes.
        rank: of LoRA. bottleneck: of the adapters.

    Returns:
        A list of Products. The probe and the head end in "Y", 10 classes; the others in the
        output of the last layer, "H3" or, after an adapter, "H3'".

    Raises:
        ValueError: another method; wrong sizes; rank or bottleneck below 1.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    shapes = layer_shapes(sizes)
    thin = adapter_shapes(shapes, bottleneck) | lora_shapes(shapes, rank)
    top, products, output = len(shapes), [], "H0"

    def add(weight, shape, source, target, relu=False):
        pretrained = weight in shapes
        trains = not pretrained or method == "full" or (method, weight) == ("freeze", f"W{top}")
        products.append(Product(weight, shape, source, target, relu, trains, pretrained))

    for k in range(1, top + 1):
        W, H = f"W{k}", f"H{k}"
        add(W, shapes[W], output, H, relu=True)
        if method == "lora":  # Z = W H + B (A H): A and B lie beside W, before its ReLU
            add(f"A{k}", thin[f"A{k}"], output, f"S{k}")
            add(f"B{k}", thin[f"B{k}"], f"S{k}", H, relu=True)
        output = H
        if method == "adapters":  # H' = H + U ReLU(D H): a detour after the ReLU
            add(f"D{k}", thin[f"D{k}"], H, f"S{k}", relu=True)
            add(f"U{k}", thin[f"U{k}"], f"S{k}", f"{H}'")
            output = f"{H}'"
    features = sizes[-1]
    if method == "probe":
        add(f"W{top + 1}", (CLASSES, features), output, "Y")
    if method == "head":
        add(f"W{top + 1}", (HIDDEN, features), output, f"H{top + 1}", relu=True)
        add(f"W{top + 2}", (CLASSES, HIDDEN), f"H{top + 1}", "Y")
    return products


def method_costs(method, sizes=FULL_SIZES, columns=12, tasks=10, rank=RANK, bottleneck=BOTTLENECK):
    """Return what a method costs, as whole numbers.

    Args:
        method, sizes, rank, bottleneck: as in method_products.
        columns: examples in a step, 1 or more.
        tasks: how many tasks share the pretrained network, 1 or more.

    Returns:
        A dict:
        "trainable": trainable parameters.
        "stored_for_tasks": what is frozen once, what trains once for each task.
        "gradient_and_optimizer": a gradient and Adam's two moments, 3 × trainable.
        "held_with_adam": all weights and the line above.
        "multiply_adds": of a step, for each column.
        "multiply_adds_stored": the same if all that never changes is computed once and stored.
        "activations_kept": numbers kept for the backward pass, all columns.
        "multiply_adds_at_use": of an answer, for each column; merged, if the method can be.
        "mergeable": True, False, or None where nothing was added that could be merged.

    Raises:
        ValueError: as method_products; columns or tasks below 1.
    """
    columns = check.whole_number(columns, "columns")
    tasks = check.whole_number(tasks, "tasks")
    products = method_products(method, sizes, rank, bottleneck)
    changing = _changing(products)

    def size(chosen):
        return count_parameters(product.shape for product in chosen)

    trains = [p for p in products if p.trains]
    signals = [p for p in products if p.source in changing]
    steady = [p for p in products if not p.trains and p.source not in changing]
    mergeable = _mergeable(products)
    at_use = [p for p in products if p.pretrained] if mergeable else products
    step = size(products) + size(trains) + size(signals)
    return {
        "trainable": size(trains),
        "stored_for_tasks": size(products) - size(trains) + tasks * size(trains),
        "gradient_and_optimizer": 3 * size(trains),
        "held_with_adam": size(products) + 3 * size(trains),
        "multiply_adds": step,
        "multiply_adds_stored": step - size(steady),
        "activations_kept": _kept(products, changing) * columns,
        "multiply_adds_at_use": size(at_use),
        "mergeable": mergeable,
    }


def compare_costs(sizes=FULL_SIZES, columns=12, tasks=10, rank=RANK, bottleneck=BOTTLENECK):
    """Return the table that closes the series: {"full": method_costs("full", ...), ...}."""
    return {
        method: method_costs(method, sizes, columns, tasks, rank, bottleneck) for method in METHODS
    }


def _changing(products):
    """Name all that changes from step to step: made with a weight that trains, or from such."""
    changing = set()
    for p in products:
        if p.trains or p.source in changing:
            changing.add(p.target)
    return changing


def _kept(products, changing):
    """Count what one column keeps for the backward pass, each array once.

    The source of each weight that trains, for its gradient; and each output of a ReLU that
    changes, for the ReLU's own (H > 0 tells where to pass the gradient on).
    """
    kept = {p.source: p.shape[1] for p in products if p.trains}
    kept |= {p.target: p.shape[0] for p in products if p.relu and p.target in changing}
    return sum(kept.values())


def _mergeable(products):
    """Tell whether what was added can be multiplied out into the pretrained weights.

    It can if every path through it, without a ReLU on the way, begins where a pretrained matrix
    begins and ends where the same matrix ends.
    """
    added = [p for p in products if not p.pretrained]
    if not added:
        return None
    links = {(p.source, p.target) for p in products if p.pretrained}
    starts = {p.target: p.source for p in added if not p.relu}  # no ReLU in between
    ends = [p for p in added if p.target not in {q.source for q in added}]
    return all((starts.get(p.source, p.source), p.target) in links for p in ends)
