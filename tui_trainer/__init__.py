"""tui-trainer: build, train and understand neural networks in the terminal.

From Python: ``train``, ``fit``, ``describe`` and ``Run``, and the parts of an ``Experiment``. They are imported when
they are asked for, so that the command line and the app start without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from tui_trainer.experiment.schema import (
        DatasetConfig,
        EarlyStoppingConfig,
        Experiment,
        LayerConfig,
        ModelConfig,
        OptimizerConfig,
        OutputConfig,
        ScheduleConfig,
        TrainingConfig,
    )

    from .api import Run, describe, fit, train
    from .errors import ExperimentError

__all__ = [
    "DatasetConfig",
    "EarlyStoppingConfig",
    "Experiment",
    "ExperimentError",
    "LayerConfig",
    "ModelConfig",
    "OptimizerConfig",
    "OutputConfig",
    "Run",
    "ScheduleConfig",
    "TrainingConfig",
    "__version__",
    "describe",
    "fit",
    "train",
]

_MODULES = {"train": "api", "fit": "api", "describe": "api", "Run": "api", "ExperimentError": "errors"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_MODULES.get(name, 'experiment.schema')}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
