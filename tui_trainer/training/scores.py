"""Loss and metrics of a network, computed apart from its training."""

from __future__ import annotations

import numpy as np

from tui_trainer.datasets.split import Split
from tui_trainer.engine import Sequential
from tui_trainer.engine.evaluation import Evaluation
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.penalty import Penalty
from tui_trainer.experiment.schema import TrainingConfig

from .series import Array


def scores(model: Sequential, training: TrainingConfig, x: Array, y: Array) -> dict[str, float]:
    """``loss``, penalty included, and metrics of standardized ``x`` (n, features) against ``y`` (n, outputs)."""
    loss = get_loss(str(training.loss), model.dense[-1][0].activation)
    evaluation = Evaluation(model, x.astype(model.dtype), y.astype(model.dtype), loss, training.metrics)
    penalty = Penalty(training.l1, training.l2, model.parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value = evaluation.loss() + penalty.value(model.parameters.flat)
        return {"loss": value, **evaluation.metrics()}


def split_scores(model: Sequential, training: TrainingConfig, data: Split) -> dict[str, float]:
    """The scores of the training part and, with ``val_`` before their names, of the validation part if there is one."""
    result = scores(model, training, data.x_train, data.y_train)
    if data.x_val is not None and data.y_val is not None:
        validation_scores = scores(model, training, data.x_val, data.y_val)
        result |= {f"val_{name}": value for name, value in validation_scores.items()}
    return result
