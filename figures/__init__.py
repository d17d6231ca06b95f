"""Drawings: arrays in, SVG out. Numbers come from snippets/, colours from figures.css."""

from figures.adapter import adapter_network, adapter_update
from figures.comparison import comparison
from figures.curves import error_curves
from figures.freezing_layers import freezing_layers
from figures.head import head_on_top
from figures.instruments.chooser import chooser
from figures.instruments.side_by_side import side_by_side
from figures.instruments.stepper import stepper
from figures.instruments.switchboard import switchboard
from figures.kit.by_hand import gradient_by_hand, matrices, signal_by_hand
from figures.kit.mark import favicon, mark
from figures.kit.table import table
from figures.lora import lora_by_hand, lora_layers
from figures.on_top import on_top
from figures.paper_table import paper_table
from figures.pictogram import pictogram
from figures.pretrain_vs_fine_tune import pretrain_vs_fine_tune
from figures.tables import costs_table, results_table, ways_table
from figures.weight_update import update_by_hand, weight_update

__all__ = [
    "adapter_network",
    "adapter_update",
    "chooser",
    "comparison",
    "costs_table",
    "error_curves",
    "favicon",
    "freezing_layers",
    "gradient_by_hand",
    "head_on_top",
    "lora_by_hand",
    "lora_layers",
    "mark",
    "matrices",
    "on_top",
    "paper_table",
    "pictogram",
    "pretrain_vs_fine_tune",
    "results_table",
    "side_by_side",
    "signal_by_hand",
    "stepper",
    "switchboard",
    "table",
    "update_by_hand",
    "ways_table",
    "weight_update",
]
