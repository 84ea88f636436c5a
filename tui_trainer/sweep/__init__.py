"""Sweeps: many runs of one experiment, side by side, with other values in some of its fields."""

from .results import Row, SweepResult
from .sweeping import sweep

__all__ = ["Row", "SweepResult", "sweep"]
