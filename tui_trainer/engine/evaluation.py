"""Loss and metrics of a model on a fixed set of samples, in buffers allocated once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .losses import Array, Loss
from .metrics import USUAL, measure
from .model import PREDICTION_ROWS, Sequential
from .objective import Objective
from .propagation import Propagation, with_ones


class Evaluation:
    """Repeated evaluation on ``x`` (n, features) and ``y`` (n, outputs), of the usual metrics and of ``metrics``."""

    def __init__(self, model: Sequential, x: Array, y: Array, loss: Loss, metrics: Sequence[str] = ()) -> None:
        rows = with_ones(x, model.dense[0][0].use_bias, model.dtype)
        self._model = model
        self._loss = loss
        usual = USUAL[loss.name.endswith("crossentropy")]
        self._metrics = tuple(dict.fromkeys((*usual, *metrics)))
        self._targets = np.ascontiguousarray(y.T, model.dtype)
        self._outputs = np.empty_like(self._targets)
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
        return measure(self._metrics, self._outputs, self._targets)
