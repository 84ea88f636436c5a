"""The loss of each sample, as a point of the curve that the loss function is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tui_trainer.engine.sample_losses import each_loss
from tui_trainer.protocol.framing import pack
from tui_trainer.tabs.predictions.compute import Array, Samples
from tui_trainer.tabs.predictions.messages import Axis, LossPoints
from tui_trainer.training.session import Session

CURVE_POINTS = 201
LEAST_LOSS = 3.0  # how high the curve of -log p goes at least, however good the model is


def loss_points(session: Session, samples: Samples) -> LossPoints:
    """The points of ``samples``, the curve they lie on, and their mean."""
    loss = session.trainer.loss
    x, axis = _positions(loss.name, samples)
    curve_x, curve_y = _curve(loss.name, axis, x, samples)
    drawn = samples.drawn
    wrong = np.zeros(len(drawn), bool)
    if session.dataset.labels is not None:
        wrong = samples.predicted[drawn] != samples.true[drawn]
    order = np.concatenate([drawn[wrong], drawn[~wrong]])
    total = float(samples.losses.sum(dtype=np.float64))
    mean = total / len(samples.losses)
    return LossPoints(
        name=loss.name,
        axis=axis,
        x=pack(x[order]),
        y=pack(samples.losses[order]),
        wrong=int(wrong.sum()),
        curve_x=pack(curve_x),
        curve_y=pack(curve_y),
        mean=mean,
        loss=mean if loss.per_sample else total,
        penalized=session.experiment.training.l1 > 0 or session.experiment.training.l2 > 0,
    )


def _positions(name: str, samples: Samples) -> tuple[Array, Axis]:
    """Where the samples stand, (n,), and what that is.

    Over several outputs a squared error is one of the length of the residuals, and an absolute one of their sum;
    the cross-entropy of several sigmoids is that of their probabilities multiplied.
    """
    if name == "binary_crossentropy" and len(samples.outputs) > 1:
        return np.where(samples.targets >= 0.5, samples.outputs, 1.0 - samples.outputs).prod(axis=0), "joint"
    if name.endswith("crossentropy"):
        return samples.certainty, "probability"
    residuals = samples.outputs.astype(np.float64) - samples.targets
    if len(residuals) == 1:
        return residuals[0], "residual"
    if name.endswith("squared_error"):
        return np.sqrt((residuals**2).sum(axis=0)), "distance"
    return np.abs(residuals).sum(axis=0), "distance"


def _curve(name: str, axis: Axis, x: Array, samples: Samples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve over all of ``x`` (n,), x and y (k,); none for huber over several outputs."""
    if axis in ("probability", "joint"):
        # Evenly in the loss: evenly in p, the steep part would have no points.
        y = np.linspace(max(_largest(samples.losses), LEAST_LOSS), 0.0, CURVE_POINTS)
        return np.exp(-y), y
    largest = _largest(x) or 1.0
    along = np.linspace(-largest if axis == "residual" else 0.0, largest, CURVE_POINTS)
    if axis == "distance" and name == "huber":
        return along[:0], along[:0]
    return along, each_loss(name, along[None], np.zeros((1, CURVE_POINTS)))


def _largest(values: Array) -> float:
    """The largest size in ``values`` (n,) that is finite, 0 if there is none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0
