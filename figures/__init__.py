"""Drawings: arrays in, SVG out. Numbers come from snippets/, colours from figures.css."""

from figures.by_hand import gradient_by_hand, matrices
from figures.freezing_layers import freezing_layers
from figures.mark import favicon, mark
from figures.pictogram import pictogram

__all__ = ["favicon", "freezing_layers", "gradient_by_hand", "mark", "matrices", "pictogram"]
