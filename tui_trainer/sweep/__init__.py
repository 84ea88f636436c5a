"""Sweeps: many runs of one experiment, side by side, with different values in some of its fields.

The names below are imported on first use, so that the app can control a sweep without loading the engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .results import Row, SweepResult
    from .scheduler import sweep

__all__ = ["Row", "SweepResult", "sweep"]

_MODULES = {"Row": "results", "SweepResult": "results", "sweep": "scheduler"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
