"""Loss and metrics of a network that is not under training."""

from __future__ import annotations

import numpy as np

from tui_trainer.datasets.arrays import NAME
from tui_trainer.datasets.loading import load
from tui_trainer.datasets.split import Split, split
from tui_trainer.engine import Sequential
from tui_trainer.engine.evaluation import Evaluation
from tui_trainer.engine.losses import get_loss
from tui_trainer.engine.penalty import Penalty
from tui_trainer.errors import ExperimentError
from tui_trainer.experiment.schema import TrainingConfig
from tui_trainer.export.trained import Trained
from tui_trainer.runtime.snapshot import check_moments

from .series import Array
from .session import Session


def scores(model: Sequential, training: TrainingConfig, x: Array, y: Array) -> dict[str, float]:
    """``loss``, penalty included, and metrics of standardized ``x`` (n, features) against ``y`` (n, outputs)."""
    loss = get_loss(str(training.loss), model.dense[-1][0].activation)
    evaluation = Evaluation(model, x.astype(model.dtype), y.astype(model.dtype), loss, training.metrics)
    penalty = Penalty(training.l1, training.l2, model.parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value = evaluation.loss() + penalty.value(model.parameters.flat)
        return {"loss": value, **evaluation.metrics()}


def on_its_data(model: Sequential, trained: Trained, session: Session | None) -> dict[str, float]:
    """The scores of the training part, and with ``val_`` before their names those of the validation part.

    ExperimentError where the data are not at hand any more.
    """
    parts = session.split if session is not None else _reloaded(trained)
    training = trained.resolved.training
    found = scores(model, training, parts.x_train, parts.y_train)
    if parts.x_val is not None and parts.y_val is not None:
        held = scores(model, training, parts.x_val, parts.y_val)
        found |= {f"val_{name}": value for name, value in held.items()}
    return found


def _reloaded(trained: Trained) -> Split:
    """The data of a run that was saved, read anew."""
    config, outputs = trained.experiment.dataset, trained.resolved.model.output.units
    assert outputs is not None
    if config.path is None and config.name == NAME:
        raise ExperimentError("", "it was trained on arrays of a program; give x and y to evaluate")
    try:
        parts = split(load(config), config, outputs)
        check_moments({"mean": trained.inputs.mean, "scale": trained.inputs.scale}, parts)
    except ExperimentError as error:
        reason = f"the data it was trained on can't be read ({error}); give x and y to evaluate"
        raise ExperimentError("", reason) from error
    except ValueError as error:
        raise ExperimentError("", f"{error}; give x and y to evaluate") from error
    return parts
