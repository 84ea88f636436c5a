"""Computes the layers in numbers, and asks the doctor, with the current weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.doctor import Vitals, count_dead, examine, saturation

from .messages import LayerNumbers, SummaryContent, WatchSummary

BINS = 10
Array = NDArray[Any]


class SummaryCompute:
    """One pass over training rows, and some counting, for each look."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session

    def compute(self, request: WatchSummary) -> SummaryContent:
        """Compute all layers as they are now."""
        session, vitals = self._session, Vitals(self._session)
        kernels = [array for array in session.trainer.model.get_weights() if array.ndim == 2]
        has_update = vitals.gradients and session.steps != session.weights_set_at
        changes = [array for array in session.trainer.last_update() if array.ndim == 2] if has_update else []
        layers = []
        for number, (kernel, values) in enumerate(zip(kernels, vitals.outputs, strict=True)):
            activation = session.trainer.model.dense[number][0].activation
            largest = float(np.abs(kernel).max())
            output_range = float(values.min()), float(values.max())
            size = float(np.linalg.norm(kernel))
            layers.append(
                LayerNumbers(
                    units=len(values),
                    weights=_counts(kernel, -largest, largest),
                    largest_weight=largest,
                    outputs=_counts(values, *output_range),
                    output_range=output_range,
                    gradient=vitals.gradients[number] if vitals.gradients else None,
                    update=float(np.linalg.norm(changes[number])) / size if changes and size else None,
                    dead=count_dead(values) if activation == "relu" else None,
                    saturated=saturation(values, activation),
                )
            )
        return SummaryContent(tuple(layers), tuple(advice.sentence for advice in examine(session, vitals)))


def _counts(values: Array, low: float, high: float) -> tuple[int, ...]:
    """Return how many ``values`` there are in each of BINS equal parts; in a single one if they are all the same."""
    width = (float(high) - float(low)) / BINS
    if not 0.0 < width < np.inf:
        return (values.size,)
    # NumPy's own histogram refuses numbers that are nearly equal.
    parts = np.clip((values.ravel().astype(np.float64) - low) / width, 0, BINS - 1).astype(np.intp)
    return tuple(np.bincount(parts, minlength=BINS).tolist())
