"""How good a model is: metrics of its predictions, and loss and metrics on a fixed set of samples.

Predictions of a stack of models are (models, outputs, samples), and a metric of them is (models,).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .layers import Parameters
from .losses import Array, Loss
from .model import PREDICTION_ROWS, Sequential
from .objective import Objective
from .propagation import Propagation, with_ones

THRESHOLD = 0.5  # an output above it is class 1


def accuracy(predicted: Array, y: Array) -> Any:
    """Fraction of samples whose class is right; both (outputs, samples).

    One output above 0.5 is class 1, at 0.5 and below class 0, as in Keras's ``binary_accuracy``.
    """
    return _plain(np.mean(_classes(predicted) == _classes(y), axis=-1))


def r2(predicted: Array, y: Array) -> Any:
    """1 - residual / total sum of squares, both (outputs, samples); nan where the targets do not vary."""
    spread = float(np.sum((y - y.mean(axis=1, keepdims=True)) ** 2))
    residual = np.asarray(np.sum((predicted - y) ** 2, axis=(-2, -1)), np.float64)
    return _plain(1.0 - residual / spread if spread > 0.0 else np.full_like(residual, np.nan))


def mae(predicted: Array, y: Array) -> Any:
    """Mean absolute error over samples and outputs, both (outputs, samples)."""
    return _plain(np.mean(np.abs(predicted - y), axis=(-2, -1)))


def recall(predicted: Array, y: Array) -> Array:
    """Of each class, the fraction of its samples that is right, (classes,); nan for a class without samples.

    Both are (outputs, samples); one output cut at 0.5 has the classes 0 and 1.
    """
    true = _classes(y)
    members = true == np.arange(max(2, y.shape[0]))[:, None]  # (classes, samples)
    right = np.count_nonzero(members & (_classes(predicted) == true)[..., None, :], axis=-1)
    counts = np.count_nonzero(members, axis=-1)
    rates: Array = np.divide(right, counts, out=np.full(right.shape, np.nan), where=counts > 0)
    return rates


def _classes(values: Array) -> Array:
    """The class of each sample, (samples,), by outputs or targets (outputs, samples)."""
    return values[..., 0, :] > THRESHOLD if values.shape[-2] == 1 else values.argmax(axis=-2)


def _plain(values: Array) -> Any:
    """One model's value as a float; those of a stack as they are."""
    return values if values.ndim else float(values)


METRICS: dict[str, Callable[[Array, Array], Any]] = {"accuracy": accuracy, "r2": r2, "mae": mae}
PER_CLASS = "per_class"
USUAL = {True: ("accuracy",), False: ("r2", "mae")}  # by whether the loss is one of classes


def measure(names: Iterable[str], predicted: Array, y: Array) -> dict[str, Any]:
    """The metrics called ``names``; ``per_class`` is one value a class, ``recall[0]``, ``recall[1]`` ..."""
    values: dict[str, Any] = {}
    for name in names:
        if name == PER_CLASS:
            rates = np.moveaxis(recall(predicted, y), -1, 0)
            values |= {f"recall[{k}]": _plain(rate) for k, rate in enumerate(rates)}
        else:
            values[name] = METRICS[name](predicted, y)
    return values


class Evaluation:
    """Repeated evaluation on ``x`` (n, features) and ``y`` (n, outputs), of the usual metrics and of ``metrics``.

    ``target_scale`` (outputs,) is what y was divided by: metrics are in the unit before that, the loss is not.
    With a ``stack`` of models of the architecture of ``model``, all values are one a model, (models,).
    """

    def __init__(
        self,
        model: Sequential,
        x: Array,
        y: Array,
        loss: Loss,
        metrics: Sequence[str] = (),
        target_scale: Array | None = None,
        stack: tuple[int, ...] = (),
    ) -> None:
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        self._loss = loss
        usual = USUAL[loss.name.endswith("crossentropy")]
        self._metrics = tuple(dict.fromkeys((*usual, *metrics)))
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._outputs = np.empty((*stack, *self._targets.shape), model.dtype)
        self._unit = None if target_scale is None else np.asarray(target_scale, np.float64)[:, None]
        objectives: dict[int, Objective] = {}
        self._chunks: list[tuple[slice, Array, Array, Objective]] = []
        for start in range(0, len(rows), PREDICTION_ROWS):
            part = slice(start, min(start + PREDICTION_ROWS, len(rows)))
            size = part.stop - part.start
            if size not in objectives:
                objectives[size] = Objective(Propagation(model.layers, size, model.dtype, stack=stack), loss)
            chunk_targets = np.ascontiguousarray(self._targets[:, part])
            if stack:
                chunk_targets = chunk_targets[None]  # the same for all models
            self._chunks.append((part, rows[part].T, chunk_targets, objectives[size]))

    def loss(self, parameters: Parameters) -> Any:
        """The loss at ``parameters``, without penalty; the outputs are kept for ``metrics``."""
        total: Any = 0.0
        for part, x, y, objective in self._chunks:
            value = objective.value(x, y, parameters)
            total = total + (value * (part.stop - part.start) if self._loss.per_sample else value)
            self._outputs[..., part] = objective.propagation.last.a
        return total / self._targets.shape[1] if self._loss.per_sample else total

    def metrics(self) -> dict[str, Any]:
        """The metrics of the outputs of the last call of ``loss``."""
        if self._unit is None:
            return measure(self._metrics, self._outputs, self._targets)
        return measure(self._metrics, self._outputs * self._unit, self._targets * self._unit)
