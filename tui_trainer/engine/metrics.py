"""How good a model is: metrics of its predictions, and loss and metrics on a fixed set of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .losses import Array, Loss
from .model import PREDICTION_ROWS, Sequential
from .objective import Objective
from .propagation import Propagation, with_ones

THRESHOLD = 0.5  # an output above it is class 1


def accuracy(predicted: Array, y: Array) -> float:
    """Fraction of samples whose class is right; both (outputs, samples).

    One output above 0.5 is class 1, at 0.5 and below class 0, as in Keras's ``binary_accuracy``.
    """
    if y.shape[0] == 1:
        return float(np.mean((predicted[0] > THRESHOLD) == (y[0] > THRESHOLD)))
    return float(np.mean(predicted.argmax(axis=0) == y.argmax(axis=0)))


def r2(predicted: Array, y: Array) -> float:
    """1 - residual / total sum of squares, both (outputs, samples); nan where the targets do not vary."""
    spread = float(np.sum((y - y.mean(axis=1, keepdims=True)) ** 2))
    return 1.0 - float(np.sum((predicted - y) ** 2)) / spread if spread > 0.0 else float("nan")


def mae(predicted: Array, y: Array) -> float:
    """Mean absolute error over samples and outputs, both (outputs, samples)."""
    return float(np.mean(np.abs(predicted - y)))


def recall(predicted: Array, y: Array) -> Array:
    """Of each class, the fraction of its samples that is right, (classes,); nan for a class without samples.

    Both are (outputs, samples); one output cut at 0.5 has the classes 0 and 1.
    """
    if y.shape[0] == 1:
        said, true = (predicted[0] > THRESHOLD).astype(np.intp), (y[0] > THRESHOLD).astype(np.intp)
    else:
        said, true = predicted.argmax(axis=0), y.argmax(axis=0)
    classes = max(2, y.shape[0])
    counts = np.bincount(true, minlength=classes)
    right = np.bincount(true[said == true], minlength=classes)
    return np.divide(right, counts, out=np.full(classes, np.nan), where=counts > 0)


METRICS: dict[str, Callable[[Array, Array], float]] = {"accuracy": accuracy, "r2": r2, "mae": mae}
PER_CLASS = "per_class"
USUAL = {True: ("accuracy",), False: ("r2", "mae")}  # by whether the loss is one of classes


def measure(names: Iterable[str], predicted: Array, y: Array) -> dict[str, float]:
    """The metrics called ``names``; ``per_class`` is one value a class, ``recall[0]``, ``recall[1]`` ..."""
    found: dict[str, float] = {}
    for name in names:
        if name == PER_CLASS:
            found |= {f"recall[{k}]": float(value) for k, value in enumerate(recall(predicted, y))}
        else:
            found[name] = METRICS[name](predicted, y)
    return found


class Evaluation:
    """Repeated evaluation on ``x`` (n, features) and ``y`` (n, outputs), of the usual metrics and of ``metrics``.

    ``target_scale`` (outputs,) is what y was divided by: metrics are in the unit before that, the loss is not.
    """

    def __init__(
        self,
        model: Sequential,
        x: Array,
        y: Array,
        loss: Loss,
        metrics: Sequence[str] = (),
        target_scale: Array | None = None,
    ) -> None:
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        self._model = model
        self._loss = loss
        usual = USUAL[loss.name.endswith("crossentropy")]
        self._metrics = tuple(dict.fromkeys((*usual, *metrics)))
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._outputs = np.empty_like(self._targets)
        self._unit = None if target_scale is None else np.asarray(target_scale, np.float64)[:, None]
        objectives: dict[int, Objective] = {}
        self._chunks: list[tuple[slice, Array, Array, Objective]] = []
        for start in range(0, len(rows), PREDICTION_ROWS):
            part = slice(start, min(start + PREDICTION_ROWS, len(rows)))
            size = part.stop - part.start
            if size not in objectives:
                objectives[size] = Objective(Propagation(model.layers, size, model.dtype), loss)
            chunk_targets = np.ascontiguousarray(self._targets[:, part])
            self._chunks.append((part, rows[part].T, chunk_targets, objectives[size]))

    def loss(self) -> float:
        """The loss at the present weights, without penalty; the outputs are kept for ``metrics``."""
        total = 0.0
        for part, x, y, objective in self._chunks:
            value = objective.value(x, y, self._model.parameters)
            total += value * (part.stop - part.start) if self._loss.per_sample else value
            self._outputs[:, part] = objective.propagation.last.a
        return total / self._targets.shape[1] if self._loss.per_sample else total

    def metrics(self) -> dict[str, float]:
        """The metrics of the outputs of the last call of ``loss``."""
        if self._unit is None:
            return measure(self._metrics, self._outputs, self._targets)
        return measure(self._metrics, self._outputs * self._unit, self._targets * self._unit)
