"""Sweeps: many runs of one experiment, side by side, with other values in some of its fields.

What is offered here is imported when it is asked for, so that the app can tell a sweep what to do without the engine.
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
