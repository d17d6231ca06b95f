"""Figures that papers print, computed again: one expression for each row of the oracle.

d is a model's width, L its number of blocks, V its vocabulary, r a rank or bottleneck. A block of
the GPT-2 kind has matrices of 12 d² weights, 9 d biases and two norms of 2 d: 12 d² + 13 d.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from experiments.oracles import oracle

UNITS = {"M": 10**6, "MB": 10**6, "GB": 10**9, "%": 1, "x": 1, "bits": 1, "": 1}
BOUNDS = {"qlora_780": "more than", "qlora_65b_weights": "at most", "qlora_65b_48gb": "at most"}

# What the oracle says otherwise, or not at all; read in version 2 of arXiv 2106.09685.
PLACES = {
    "lora_100_models": "footnote 4",
    "lora_speedup": "footnote 5",
    "gpt2m_lora": "Tables 3, 11",
    "gpt2l_lora": "Tables 3, 11",
}
NOTES = {"deberta_lora": "r=16 is inferred: Table 10 lists r=8, which gives half of it"}


class Recomputed(NamedTuple):
    """A printed figure and what its formula gives, both in `unit`."""

    id: str
    source: str
    where: str
    what: str
    printed: str
    unit: str
    bound: str  # "at most", "more than" or ""
    formula: str
    value: float
    verdict: str  # "yes", "truncated", "no" or "consistent"
    note: str


def block(d):
    """Parameters of one block of the GPT-2, BERT or RoBERTa kind, of width d."""
    return 12 * d**2 + 13 * d


def gpt(d, L, V=50257, positions=1024):
    """Parameters of a GPT: blocks, embeddings that are also the head, the last norm."""
    return L * block(d) + (V + positions) * d + 2 * d


def roberta(d, L, V=50265, positions=514):
    """Parameters of RoBERTa: blocks, embeddings, one token type, norm, pooler."""
    return L * block(d) + (V + positions + 1) * d + 2 * d + d**2 + d


def deberta(d, L, V=128_100, buckets=256, kernel=3):
    """Parameters of DeBERTa-v2: as above, with relative positions and one convolution."""
    relative = 2 * buckets * d + 2 * d
    convolution = kernel * d**2 + d + 2 * d
    return V * d + 2 * d + L * block(d) + relative + convolution


def lora(matrices, d, r):
    """Trainable parameters of LoRA on so many d × d matrices: A and B of each."""
    return 2 * matrices * d * r


def adapters(count, d, r):
    """Trainable parameters of so many adapters with biases: down, up."""
    return count * (2 * d * r + r + d)


class Llama(NamedTuple):
    """A model of the LLaMA kind: no biases, a gated MLP, its own head."""

    d: int
    L: int
    ffn: int
    V: int = 32_000

    @property
    def in_blocks(self):
        """Weights of the matrices in the blocks."""
        return self.L * (4 * self.d**2 + 3 * self.d * self.ffn)

    @property
    def total(self):
        return self.in_blocks + 2 * self.V * self.d + (2 * self.L + 1) * self.d

    def quantized(self, bytes_per_lora_weight=0, r=64):
        """Bytes: matrices of the blocks in NF4, the rest in 16 bits, LoRA on all matrices."""
        rest = self.total - self.in_blocks
        on_all = self.L * r * (4 * 2 * self.d + 3 * (self.d + self.ffn))
        return self.in_blocks * NF4_BITS / 8 + 2 * rest + bytes_per_lora_weight * on_all


CONSTANT = 32 / 64  # bits a weight: one 32-bit constant for each block of 64
DOUBLE = 8 / 64 + 32 / (64 * 256)  # the constants in 8 bits, with a constant for each 256
NF4_BITS = 4 + DOUBLE
LLAMA_7B, LLAMA_13B = Llama(4096, 32, 11008), Llama(5120, 40, 13824)
LLAMA_65B = Llama(8192, 80, 22016)
GPT3_PRINTED = 175_255.8e6
BERT_LARGE_BLOCK, BERT_LARGE = block(1024), 335_141_888

VALUES = {
    "gpt3_ft": gpt(12288, 96, positions=2048),
    "gpt3_bitfit": 96 * 11 * 12288 + 12288,
    "gpt3_preembed": 12288 * (256 + 8),
    "gpt3_prelayer": 96 * 12288 * (8 + 8),
    "gpt3_adapterH_r1": adapters(2 * 96, 12288, 1),
    "gpt3_adapterH_r8": adapters(2 * 96, 12288, 8),
    "gpt3_lora_qv_r1": lora(2 * 96, 12288, 1),
    "gpt3_lora_qv_r8": lora(2 * 96, 12288, 8),
    "gpt3_lora_qkvo_r2_text": lora(4 * 96, 12288, 2),
    "gpt3_lora_qv_r4": lora(2 * 96, 12288, 4),
    "lora_10000x_params": GPT3_PRINTED / lora(2 * 96, 12288, 4),
    "lora_checkpoint": 2 * lora(2 * 96, 12288, 4),
    "lora_base_checkpoint": 2 * GPT3_PRINTED,
    "lora_100_models": 350e9 + 100 * 35e6,
    "lora_vram": 1.2e12 / 350e9,
    "lora_vram_two_thirds": (1 + 1 + 1) / 1,
    "lora_speedup": 100 * (1 - 32.5 / 43.1),
    "rob_base_ft": roberta(768, 12),
    "rob_base_bitfit": 12 * 11 * 768 + 768,
    "rob_base_adptD_a": adapters(12, 768, 16),
    "rob_base_adptD_b": adapters(12, 768, 48),
    "rob_base_lora": lora(2 * 12, 768, 8),
    "rob_base_lora_repo": lora(2 * 12, 768, 8) + (768**2 + 768) + (2 * 768 + 2),
    "rob_large_ft": roberta(1024, 24),
    "rob_large_lora": lora(2 * 24, 1024, 8),
    "rob_large_adptP_0.8": adapters(24, 1024, 16),
    "rob_large_adptH_0.8": adapters(2 * 24, 1024, 8),
    "deberta_ft": deberta(1536, 48),
    "deberta_lora": lora(2 * 48, 1536, 16),
    "gpt2m_ft": gpt(1024, 24),
    "gpt2m_adL_a": adapters(24, 1024, 6) + 2 * 24 * 1024,
    "gpt2m_adL_b": adapters(24, 1024, 224) + 2 * 24 * 1024,
    "gpt2m_adH": adapters(2 * 24, 1024, 112),
    "gpt2m_top2": 2 * block(1024),
    "gpt2m_lora": lora(2 * 24, 1024, 4),
    "gpt2l_ft": gpt(1280, 36),
    "gpt2l_lora": lora(2 * 36, 1280, 4),
    "nf4_const": CONSTANT,
    "nf4_dq": DOUBLE,
    "nf4_saving": CONSTANT - DOUBLE,
    "nf4_saving_65b": 65e9 * (CONSTANT - DOUBLE) / 8,
    "qlora_780": (2 + 2 + 8) * 65e9,
    "qlora_65b_weights": 65e9 * NF4_BITS / 8,
    "qlora_7b_lora_params": 0.002 * LLAMA_7B.total * 2,
    "qlora_7b_base": LLAMA_7B.quantized(),
    "guanaco_7B": LLAMA_7B.quantized(2),
    "guanaco_65B": LLAMA_65B.quantized(2),
    "qlora_65b_48gb": LLAMA_65B.quantized(16),
    "vicuna_13b": 2 * LLAMA_13B.total,
    "houlsby_64": 100 * adapters(2 * 24, 1024, 64) / (24 * BERT_LARGE_BLOCK),
    "houlsby_total_64": 1 + 9 * 0.021,
    "houlsby_total_best": 1 + 9 * 0.036,
    "houlsby_gap": 80.4 - 80.0,
    "lastlayer_38": 100 * BERT_LARGE_BLOCK / BERT_LARGE,
    "lastlayer_134": 1 + 9 * 0.038,
    "zero_16": 16 * 1.5e9,
    "zero_3": 2 * 1.5e9,
    "zero_7.5b_stage0": 16 * 7.5e9,
    "zero_7.5b_stage1": 4 * 7.5e9 + 12 * 7.5e9 / 64,
}


def judge(printed, value, bound=""):
    """Return whether a value gives a printed figure.

    Args:
        printed: the figure as it stands in the paper, such as "18.8".
        value: what the formula gives, in the same unit.
        bound: "at most" or "more than" where the paper gives a bound.

    Returns:
        "yes" if it rounds to the figure; "truncated" if its digits, cut, are the figure; "no".
        With a bound "consistent" or "no".

    Raises:
        ValueError: another bound.
    """
    figure, exact = Decimal(printed), Decimal(repr(float(value)))
    if bound == "at most":
        return "consistent" if exact <= figure else "no"
    if bound == "more than":  # the formula leaves something out, so it may give the bound itself
        return "consistent" if exact >= figure else "no"
    if bound:
        raise ValueError(f"bound must be 'at most', 'more than' or '', got {bound!r}")
    if exact.quantize(figure, ROUND_HALF_UP) == figure:
        return "yes"
    return "truncated" if exact.quantize(figure, ROUND_DOWN) == figure else "no"


def recompute(source=""):
    """Return a Recomputed for each figure whose source holds a text, in the oracle's order.

    Args:
        source: part of the name of a source, such as "QLoRA"; "" for all.

    Raises:
        ValueError: no source holds that text; a row has no expression here.
    """
    found = [row for row in oracle("paper_figures")["rows"] if source in row["source"]]
    if not found:
        raise ValueError(f"source must be part of a source's name in the oracle, got {source!r}")
    return [_recomputed(row) for row in found]


def _recomputed(row):
    name, unit = row["id"], row["reported_unit"]
    if name not in VALUES:
        raise ValueError(f"row {name} of the oracle has no expression in VALUES")
    value, bound = VALUES[name] / UNITS[unit], BOUNDS.get(name, "")
    return Recomputed(
        name,
        row["source"],
        PLACES.get(name, row["where"]),
        row["what"],
        row["reported"],
        unit,
        bound,
        row["formula"],
        value,
        judge(row["reported"], value, bound),
        NOTES.get(name, row["note"]),
    )
