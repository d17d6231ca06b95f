"""What a stepper shows, read from its page, and what NumPy says that it should show."""

import re
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from figures.kit.numbers import MINUS, format_number
from snippets.adapter import adapter_step
from snippets.forward import forward
from snippets.freeze import frozen_below, train_step
from snippets.head import head_step
from snippets.lora import lora_step, merge
from snippets.loss import squared_error
from tests.browser import support

NAMES = (
    "weight-update", "full-fine-tuning", "freezing-layers", "linear-probe",
    "feature-extraction-head", "adapter-layers", "lora",
)  # fmt: skip
LESSONS = {name: f"{support.SERIES}{name}/" for name in NAMES}
SIGNALS = {"layers": {"Z": "δ"}, "head": {"Y": "E", "Z": "δ"}, "adapters": {"S": "γ", "Z": "δ"},
           "lora": {"S": "σ", "Z": "δ"}}  # fmt: skip
METHODS = {"": "layers", "W": "head", "DU": "adapters", "AB": "lora"}  # by what is added

# All that a test asks of a stepper, in one go.
READ = """(id) => {
  const stepper = document.getElementById(id);
  const shown = ".matrix:not([hidden], .idle) > table";
  const tables = (part) => [...stepper.querySelectorAll(`${part} ${shown}`)].map((table) => ({
    name: table.dataset.matrix, said: table.getAttribute("aria-label"),
    kind: table.parentElement.className.replace(/ later$/, ""),
    head: table.parentElement.querySelector(".matrix-head").textContent,
    later: table.parentElement.classList.contains("later"),
    given: table.classList.contains("given"),
    rows: [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
  }));
  const text = (part) => stepper.querySelector(part)?.textContent;
  const { state, result, present, given } = stepper;
  return {
    network: tables(".network"), bench: tables(".now .bench"), answer: tables(".now .bench-result")[0],
    idle: [...stepper.querySelectorAll(".network .idle:not([hidden])")].map((one) => one.textContent),
    says: text(".now .says"), where: text(".where"), status: text(".status"),
    messages: [...stepper.querySelectorAll(".message")].map((one) => one.textContent).filter(Boolean),
    losses: [...stepper.querySelectorAll(".losses tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent)),
    chips: [...stepper.querySelectorAll("button[data-stage]:not(.idle, [hidden])")].map((one) => one.dataset.stage),
    current: stepper.querySelector("[aria-current]")?.dataset.stage,
    cell: { name: text(".cell-name"), sum: text(".cell-sum") },
    fields: Object.fromEntries([...stepper.querySelectorAll("[data-set], [data-train]")].map((one) =>
      [one.dataset.set ?? one.dataset.train, one.type === "checkbox" ? one.checked : one.value])),
    state, old: given?.old, names: given?.labels, added: given?.free.length ? [] : given?.trainable,
    live: result?.live.map(({ name }) => name), present: present?.name,
    values: result?.values, loss: result?.loss, lossAfter: result?.lossAfter, moved: result?.moved,
    oldLoss: result?.old, oldAfter: result?.oldAfter,
  };
}"""

# The arithmetic of every cell of the result, each opened by focus: [[row, column, markup], ...].
EXPLAIN = """(id) => {
  const stepper = document.getElementById(id);
  const { matrix } = stepper.querySelector(".now .bench-result table").dataset;
  const sums = [];
  const size = (rows) => [rows.length, rows[0].cells.length];
  const table = () => stepper.querySelector(`.now .bench-result table[data-matrix="${matrix}"]`);
  const [rows, columns] = size(table().rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      table().rows[i].cells[j].focus();
      const lit = [...stepper.querySelectorAll(".now .bench .lit")].map((cell) => [
        cell.closest("table").dataset.matrix, cell.parentElement.rowIndex, cell.cellIndex]);
      sums.push([i, j, stepper.querySelector(".cell-sum").innerHTML, lit,
        stepper.querySelector(".cell-name").textContent]);
    }
  }
  return sums;
}"""


def read(page, name="step"):
    """Return all that a stepper shows and holds."""
    return page.evaluate(READ, name)


def shown(value, signed=False):
    """Write a number as a cell shows it; very large and very small ones with a power of ten."""
    size = abs(value)
    if size >= 1e4 or 0 < size < 0.005:
        power = Decimal(size).adjusted()
        digit = (Decimal(size) / Decimal(10) ** power).quantize(Decimal(1), ROUND_HALF_UP)
        if digit == 10:
            digit, power = 1, power + 1
        sign = MINUS if value < 0 else "+" if signed else ""
        return f"{sign}{digit}e{power}".replace("e-", f"e{MINUS}")
    return format_number(value, signed)


def is_signed(name):
    """Say whether a matrix is written with a plus: an error, δ, a gradient, ΔW."""
    return name[0] in "δγσΔEG" or name.startswith("dL/")


def arrays(matrices):
    return {name: np.array(rows, dtype=float) for name, rows in matrices.items()}


class Expected:
    """A state as NumPy computes it, with snippets/ alone."""

    def __init__(self, seen):
        self.added = set(seen["added"])
        self.method = METHODS.get("".join(sorted({name[0] for name in self.added})))
        state = seen["state"]
        self.trainable, self.loss_name = set(state["trainable"]), state["loss"]
        self.rate, self.alpha, self.stored = state["rate"], state["alpha"], state["stored"]
        self.given = arrays(state["matrices"])
        self.old = seen["old"] and arrays({name: seen["old"][name] for name in "XT"})
        self.step = self._step(self.given)
        moved = {name: self.step.weights.get(name, value) for name, value in self.given.items()}
        self.moved = moved
        self.loss, self.loss_after = self.step.loss, self._step(moved).loss
        self.old_loss, self.old_after = self._old_loss(self.given), self._old_loss(moved)
        self.values = self._values()

    def _split(self, given):
        weights = {n: v for n, v in given.items() if n[0] == "W" and n not in self.added}
        return weights, {n: v for n, v in given.items() if n in self.added}

    def _step(self, given, X=None, targets=None, rate=None, loss=None):
        weights, added = self._split(given)
        X = given["X"] if X is None else X
        rate = self.rate if rate is None else rate
        loss = loss or self.loss_name
        targets = given["T"] if targets is None else targets
        if loss == "cross-entropy":
            targets = targets.argmax(axis=0)
        if self.method == "layers":
            return train_step(weights, X, targets, self.trainable, rate, loss)
        if self.method == "adapters":
            return adapter_step(weights, added, X, targets, rate, loss)
        if self.method == "lora":
            return lora_step(weights, added, X, targets, rate, self.alpha, loss)
        features = list(forward(weights, X).values())[-1] if weights else X
        return head_step(added, features, targets, rate, loss)

    def _old_loss(self, given):
        if not self.old:
            return None
        if self.method == "layers":
            output = list(forward(self._split(given)[0], self.old["X"]).values())[-1]
            return squared_error(output, self.old["T"])
        return self._step(given, self.old["X"], self.old["T"], 0, "squared error").loss

    def _values(self):
        step, given = self.step, self.given
        weights, _ = self._split(given)
        pairs = {int(name[1:]) for name in self.added if name[0] in "ADBU"}
        _, *trace = step.trace.items()
        values = {re.sub(r"(\d+)'", r"'\1", name): value for name, value in trace}
        if self.method == "adapters":
            values = {n: v for n, v in values.items() if n[:2] != "H'" or int(n[2:]) in pairs}
        output = list(values.values())[-1]
        if self.method == "head" and weights:
            values |= dict(list(forward(weights, given["X"]).items())[1:])
        signals = SIGNALS[self.method]
        values |= {signals[n[0]] + n[1:]: v for n, v in step.deltas.items() if n != "Y"}
        if self.loss_name == "cross-entropy":
            powers = np.exp(output - output.max(axis=0))
            values["P"] = powers / powers.sum(axis=0)
            right = (np.arange(len(output))[:, None] == given["T"].argmax(axis=0)).astype(float)
            values["E"] = (values["P"] - right) / output.shape[1]
        else:
            values["E"] = output - given["T"]
        values |= {f"dL/d{name}": value for name, value in step.gradients.items()}
        values |= {f"Δ{name}": value for name, value in step.delta_weights.items()}
        for name in step.delta_weights:
            values[f"{name[0]}'{name[1:]}"] = step.weights[name]
        if self.method == "lora":
            merged = merge(weights, step.weights, self.alpha)
            values |= {f"W'{k}": merged[f"W{k}"] for k in pairs}
        if self.stored:
            cut = frozen_below(weights, self.trainable)
            kept = f"H{cut[-1][1:]}"
            values = {
                n: v for n, v in values.items()
                if n == kept or not re.fullmatch(r"[ZH]\d", n) or int(n[1]) > len(cut)
            }  # fmt: skip
        return values


def check(seen):
    """Assert that all that is shown is what NumPy computes from the state. Return the Expected.

    Numbers are the same to 1e-9 of the largest of their matrix; what is written is that number.
    """
    expected = Expected(seen)
    live = set(seen["live"])
    stored = {f"H{len(frozen_below(expected._split(expected.given)[0], expected.trainable))}"} \
        if expected.stored else set()  # fmt: skip
    assert live == set(expected.values) - stored
    for name, values in expected.values.items():
        top = max(1.0, np.abs(values).max())
        np.testing.assert_allclose(
            seen["values"][name], values, rtol=0, atol=1e-9 * top, err_msg=name
        )
    for one in ("loss", "lossAfter", "oldLoss", "oldAfter"):
        wish = {"loss": expected.loss, "lossAfter": expected.loss_after,
                "oldLoss": expected.old_loss, "oldAfter": expected.old_after}[one]  # fmt: skip
        if wish is None:
            assert seen[one] is None
        else:
            np.testing.assert_allclose(seen[one], wish, rtol=1e-9, atol=1e-12, err_msg=one)
    all_tables = [*seen["network"], *seen["bench"]]
    known = {**seen["values"], **seen["state"]["matrices"]}
    if expected.loss_name == "cross-entropy":
        known["T"] = seen["values"]["T"]
    for table in all_tables:
        name = table["name"]
        values = np.array(known[name.removesuffix("ᵀ")], dtype=float)
        values = values.T if name.endswith("ᵀ") else values
        wish = [[shown(v, is_signed(name)) for v in row] for row in values.tolist()]
        if table["later"]:
            wish = [["" for _ in row] for row in values]
        assert table["rows"] == wish, name
    assert seen["answer"]["name"] == seen["present"] == seen["current"] or seen["present"] == "P"
    at = seen["live"].index(seen["present"]) + 1
    assert seen["where"] == f"{at} of {len(seen['live'])}"
    assert set(seen["chips"]) == live
    return expected


def number(text):
    """Read a number as the page writes it."""
    return float(text.replace(MINUS, "-"))


def terms_of(markup):
    """Take a cell's arithmetic apart: (value of the terms written or None, results in bold)."""
    bold = [number(found) for found in re.findall(r"<b>([^<]*)</b>", markup)]
    words, _, rest = markup.partition(": ")
    written = rest.partition("<b>")[0].strip().removesuffix("=").strip()
    plain = re.sub("<[^>]*>", "", written).replace("×", "*").replace(MINUS, "-")
    assert re.fullmatch(r"[\d\s.e()*+-]*", plain), markup
    # Numbers, signs and brackets only, so that nothing but arithmetic can be in it.
    return (eval(plain, {"__builtins__": {}}) if plain else None), bold, words
