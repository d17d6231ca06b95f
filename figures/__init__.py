"""Drawings: arrays in, SVG out. Numbers come from snippets/, colours from figures.css."""

from figures.freezing_layers import freezing_layers
from figures.mark import favicon, mark
from figures.pictogram import pictogram

__all__ = ["favicon", "freezing_layers", "mark", "pictogram"]
