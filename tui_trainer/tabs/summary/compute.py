"""Computes the layers in numbers, and asks the doctor, with the current weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.protocol import pack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.doctor import Vitals, count_dead, examine, saturation

from .messages import LayerHistory, LayerNumbers, SummaryContent, WatchSummary

BINS = 10
LONGER = 1.05  # times as many epochs, until the doctor looks again
MAX_MOMENTS = 200  # that are kept of a run: about as many as a screen has columns
Array = NDArray[Any]


class SummaryCompute:
    """One pass over training rows, and some counting, for each look."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._session = trainer.session
        self._is_earlier = trainer.whole is not None  # than the present: what was seen later is not before it
        self._examined = 0  # the epoch that ``_sentences`` are of
        self._sentences: tuple[str, ...] = ()
        self._moments: dict[float, Array] = {}  # by epoch, gradient, update and idle share of each layer (layers, 3)

    def compute(self, request: WatchSummary) -> SummaryContent:
        """Compute all layers as they are now."""
        session, vitals = self._session, Vitals(self._session)
        kernels = [array for array in session.trainer.model.get_weights() if array.ndim == 2]
        has_update = vitals.gradients and session.steps != session.weights_set_at
        gradients = [array for array in session.trainer.gradient() if array.ndim == 2] if vitals.gradients else []
        changes = [array for array in session.trainer.last_update() if array.ndim == 2] if has_update else []
        layers = []
        for number, (kernel, values) in enumerate(zip(kernels, vitals.outputs, strict=True)):
            activation = session.trainer.model.dense[number][0].activation
            largest = float(np.abs(kernel).max())
            output_range = float(values.min()), float(values.max())
            size = float(np.linalg.norm(kernel))
            steepest = float(np.abs(gradients[number]).max()) if gradients else 0.0
            layers.append(
                LayerNumbers(
                    units=len(values),
                    weights=_counts(kernel, -largest, largest),
                    largest_weight=largest,
                    outputs=_counts(values, *output_range),
                    output_range=output_range,
                    gradients=_counts(gradients[number], -steepest, steepest) if gradients else (),
                    largest_gradient=steepest,
                    gradient=vitals.gradients[number] if vitals.gradients else None,
                    update=float(np.linalg.norm(changes[number])) / size if changes and size else None,
                    dead=count_dead(values) if activation == "relu" else None,
                    saturated=saturation(values, activation),
                )
            )
        if self._is_earlier:
            return SummaryContent(tuple(layers), self._findings(vitals), moment=self._epoch)
        self._note(layers)
        return SummaryContent(
            tuple(layers), self._findings(vitals), pack(np.array(list(self._moments))), self._history()
        )

    def _findings(self, vitals: Vitals) -> tuple[str, ...]:
        """Return what the doctor finds; while training, it looks again once the run is a twentieth longer.

        To look takes longer than all the rest, and the rules go by much longer stretches.
        """
        epochs, is_running = self._session.trainer.epochs, self._session.state == "running"
        if not is_running or not self._examined <= epochs < LONGER * self._examined:
            self._examined = epochs
            self._sentences = tuple(advice.sentence for advice in examine(self._session, vitals))
        return self._sentences

    @property
    def _epoch(self) -> float:
        trainer = self._session.trainer
        return trainer.epochs + trainer.position / trainer.steps_per_epoch

    def _note(self, layers: Sequence[LayerNumbers]) -> None:
        """Take the layers down for the present moment; of too many moments, every other one is dropped."""
        epoch = self._epoch
        self._moments = {moment: numbers for moment, numbers in self._moments.items() if moment < epoch}
        if len(self._moments) >= MAX_MOMENTS:
            self._moments = dict(list(self._moments.items())[::2])
        if layers[0].gradient is not None:
            self._moments[epoch] = np.array([_vitals_of(layer) for layer in layers])

    def _history(self) -> tuple[LayerHistory, ...]:
        if not self._moments:
            return ()
        table = np.stack(list(self._moments.values()), axis=-1)  # layers, numbers, moments
        return tuple(LayerHistory(*(pack(numbers) for numbers in layer)) for layer in table)


def _vitals_of(layer: LayerNumbers) -> tuple[float, float, float]:
    """Return gradient, update and idle share of a layer; nan for what it has not."""
    idle = layer.saturated if layer.dead is None else layer.dead / layer.units
    values = (layer.gradient, layer.update, idle)
    first, second, third = (math.nan if value is None else value for value in values)
    return first, second, third


def _counts(values: Array, low: float, high: float) -> tuple[int, ...]:
    """Return how many ``values`` there are in each of BINS equal parts; in a single one if they are all the same."""
    width = (float(high) - float(low)) / BINS
    if not 0.0 < width < np.inf:
        return (values.size,)
    # NumPy's own histogram refuses numbers that are nearly equal.
    parts = np.clip((values.ravel().astype(np.float64) - low) / width, 0, BINS - 1).astype(np.intp)
    return tuple(np.bincount(parts, minlength=BINS).tolist())
