"""Every line of every method's step has a sentence, and numbers in it that the stepper knows."""

import re
from itertools import combinations

import pytest

from figures.instruments.words import IDLE, SAYS, idle, says, write
from snippets.derive import step_lines
from snippets.method import (
    Line,
    adapter_lines,
    alone,
    head_lines,
    lora_lines,
    merge_lines,
    network_lines,
    product,
)

LIVE = {"zeros", "size", "changed", "loss", "rate", "rows", "s"}  # what the stepper fills in
LAYERS = (1, 2, 3)
SOME = [some for n in (1, 2, 3) for some in combinations(LAYERS, n)]


def steps():
    """The lines of a step of every method, with either loss."""
    forwards = [(network_lines(LAYERS), {f"W{k}" for k in some}) for some in SOME]
    for head in ((4,), (4, 5), (4, 5, 6)):
        lines = [*network_lines(LAYERS), *head_lines(head, "H3")]
        forwards.append((lines, {f"W{k}" for k in head}))
    forwards.append((head_lines((1,), "X"), {"W1"}))
    for some in SOME:
        forwards.append((adapter_lines(LAYERS, some), {f"{c}{k}" for c in "DU" for k in some}))
        forwards.append((lora_lines(LAYERS, some), {f"{c}{k}" for c in "AB" for k in some}))
    for lines, trainable in forwards:
        for loss in ("squared error", "cross-entropy"):
            for line in step_lines(lines, trainable, loss):
                yield line
                if line.gate[:1] == "H" and not any(name[0] == "D" for name in trainable):
                    yield line._replace(gate=f"Z{line.gate[1:]}")  # what the stepper shows
    yield from merge_lines(LAYERS)


LINES = {write(line): line for line in steps()}


@pytest.mark.parametrize("written", LINES)
def test_every_line_of_every_method_has_a_sentence(written):
    line = LINES[written]
    sentence = says(line)
    assert len(sentence.split()) > 4
    assert set(re.findall(r"\{(.*?)\}", sentence)) <= LIVE
    assert "\\" not in sentence + idle(line)
    assert "{" not in idle(line)


@pytest.mark.parametrize("table", [SAYS, IDLE], ids=["says", "idle"])
def test_every_sentence_is_said_of_some_line(table):
    unused = [p for p in table if not any(re.fullmatch(p, written) for written in LINES)]
    assert unused == []


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (Line("Z3", product("W3", "H2")), "Z3 = W3 H2"),
        (Line("H3", alone("Z3"), "relu"), "H3 = relu Z3"),
        (Line("E", alone("H3") + alone("T", "−1")), "E = H3 + −1 T"),
        (Line("δ2", product("W3ᵀ", "δ3"), gate="Z2"), "δ2 = W3ᵀ δ3 where Z2"),
    ],
)
def test_a_line_is_written_as_one_writes_it(line, written):
    assert write(line) == written


def test_sentences_name_what_the_line_is_made_of():
    lines = {line.name: line for line in step_lines(lora_lines(LAYERS, (2,)), {"A2", "B2"})}
    assert says(lines["S2"]) == "A2 sums each column of H1 up in {rows} number{s}."
    assert says(lines["Z2"]).startswith("W2 answers as ever, and B2 adds")
    assert says(lines["σ2"]).startswith("B2 turned on its side carries the blame to A2.")
    assert idle(lines["ΔA2"]) == "A2 is frozen: it gets no ΔW."


def test_a_line_that_nobody_has_words_for_is_refused():
    with pytest.raises(ValueError, match=re.escape("how this comes about: Q1 = W1 X")):
        says(Line("Q1", product("W1", "X")))
