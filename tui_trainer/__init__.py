"""tui-trainer: build, train and understand neural networks in the terminal.

From Python: ``train``, ``fit``, ``describe`` and ``Run``, the parts of an ``Experiment``, and for scikit-learn
``TuiClassifier`` and ``TuiRegressor``. They are imported when they are asked for, so that the command line and the app
start without NumPy.
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
    from .estimators import TuiClassifier as TuiClassifier
    from .estimators import TuiRegressor as TuiRegressor

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

ESTIMATORS = ("TuiClassifier", "TuiRegressor")  # not among all names: without scikit-learn they can't be imported
_MODULES = {
    "train": "api",
    "fit": "api",
    "describe": "api",
    "Run": "api",
    "ExperimentError": "errors",
    **dict.fromkeys(ESTIMATORS, "estimators"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__ and name not in ESTIMATORS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f".{_MODULES.get(name, 'experiment.schema')}", __name__), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "sklearn":
            raise
        remedy = "python -m pip install 'tui-trainer[sklearn]'"
        raise ImportError(f"{name} needs scikit-learn, which is not installed: {remedy}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *ESTIMATORS})
