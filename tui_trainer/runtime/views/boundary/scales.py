"""From what to what the colours go: fixed where that is known beforehand, so that they mean the same all along."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import Dataset
from tui_trainer.engine.activations import get_activation
from tui_trainer.training.session import Session

Array = NDArray[Any]
Limits = tuple[float, float]
LEAST = 1e-30  # what reaches no further counts as 0: a unit that is dead


class Scales:
    """The scales of one run's neurons. A value of 0 is in the middle wherever there are negative ones."""

    def __init__(self, session: Session) -> None:
        self._dense = [layer for layer, _ in session.trainer.model.dense]
        self._is_regression = session.dataset.task == "regression"
        self._target = target_limits(session.dataset)

    def of(self, layer: int, values: Array, rounded: bool) -> Limits:
        """The scale of ``values`` (n,) of a neuron of ``layer``; where they decide, ``rounded`` makes it jump less."""
        if layer == 0:
            low, high = extremes(values)
            return around_zero(low, high) if low < 0 < high else apart(low, high)
        if layer == len(self._dense):
            return self._target if self._is_regression else (0.0, 1.0)
        activation = get_activation(self._dense[layer - 1].activation)
        if math.isfinite(activation.lowest) and math.isfinite(activation.highest):
            return activation.lowest, activation.highest
        low, high = around_zero(*extremes(values))
        return (-round_up(high), round_up(high)) if rounded else (low, high)


def target_limits(dataset: Dataset) -> Limits:
    """The range of a target that is a number, with 0 in its middle where it has both signs."""
    low, high = float(dataset.y.min()), float(dataset.y.max())
    return around_zero(low, high) if low < 0 < high else apart(low, high)


def extremes(values: Array) -> Limits:
    """The least and the greatest of the finite values (n,); 0 and 0 where there are none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def around_zero(low: float, high: float) -> Limits:
    """The shortest limits around 0 that hold both."""
    reach = max(abs(low), abs(high))
    return (-reach, reach) if reach > LEAST else (-1.0, 1.0)


def apart(low: float, high: float) -> Limits:
    """The same limits, apart where they were one."""
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def round_up(value: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (1, 2, 5, 10, 20) if digit * power >= value)
