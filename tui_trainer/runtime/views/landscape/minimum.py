"""The least loss, where a formula gives it: squared errors of a linear neuron with two parameters at most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.training.session import Session
from tui_trainer.training.trajectory import MOST_PARAMETERS

SQUARED = ("sum_squared_error", "mean_squared_error")


def least_squares(session: Session) -> NDArray[np.float64] | None:
    """The parameters (k,) of the least loss over all training rows, an L2 penalty included; None without formula.

    None too where several parameters do equally well.
    """
    trainer, training, split = session.trainer, session.experiment.training, session.split
    model = trainer.model
    if model.count_params() > MOST_PARAMETERS or len(model.dense) != 1 or training.l1:
        return None
    layer, inputs = model.dense[0]
    if layer.activation not in ("linear", "identity") or trainer.loss.name not in SQUARED:
        return None
    if layer.units > 1:
        return None
    x, y = np.asarray(split.x_train, np.float64), np.asarray(split.y_train, np.float64)[:, 0]
    if layer.use_bias:
        x = np.column_stack([x, np.ones(len(x))])
    strength = training.l2 * (len(x) if trainer.loss.per_sample else 1)
    penalty = np.sqrt(strength) * np.eye(inputs, x.shape[1])  # rows that pull each weight, but no bias, to zero
    solution, _, rank, _ = np.linalg.lstsq(np.vstack([x, penalty]), np.append(y, np.zeros(inputs)))
    return None if rank < x.shape[1] else np.asarray(solution, np.float64)
