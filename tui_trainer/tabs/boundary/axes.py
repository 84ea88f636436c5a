"""What lies under the picture: which features stand on the axes, how far, and what the others are meanwhile."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.catalog import CATALOG, ToySet
from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.split import Split
from tui_trainer.datasets.synthetic import derive
from tui_trainer.engine.activations import get_activation
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.training.session import Session

Array = NDArray[Any]
Limits = tuple[float, float]
PLANE = ("x1", "x2")  # of the toy sets in the plane, whatever is made of the two to learn from
PLANE_REACH = 6.0  # their square, wider where points lie beyond
MARGIN = 0.05  # of the span of the samples, on both sides
FUNCTION_MARGIN = 0.15  # wider, so that it is seen what the model makes of where there are no samples
MIN_REACH = 1e-30  # what reaches no further counts as 0: a unit that is dead


class FeatureAxes:
    """The axes of one dataset, in raw units."""

    def __init__(self, dataset: Dataset, parts: Split, config: DatasetConfig) -> None:
        entry = None if config.path is not None else CATALOG.get(config.name)
        self.is_plane = isinstance(entry, ToySet) and entry.in_the_plane
        self._dataset, self._parts = dataset, parts
        self.axes = PLANE if self.is_plane else dataset.features
        self._means: Array = dataset.x[parts.train_rows].mean(axis=0)

    @property
    def usual(self) -> tuple[str, ...]:
        """The axes where none are chosen: the features that tell most of the target, in their order."""
        if len(self.axes) <= 2:
            return self.axes
        scores = correlations(self._parts.x_train, self._parts.y_train)
        best = np.sort(np.argsort(-scores, kind="stable")[:2])
        return tuple(self.axes[place] for place in best)

    def choose(self, x: str, y: str) -> tuple[str, str]:
        """Two different axes: those asked for where there are such, else the usual ones."""
        rest = [*self.usual, *self.axes]
        first = x if x in self.axes else next(name for name in rest if name != y)
        second = y if y in self.axes and y != first else next(name for name in rest if name != first)
        return first, second

    def values(self, axis: str) -> Array:
        """The raw values (n,) of all samples along an axis."""
        if self.is_plane:
            return self._dataset.columns[axis]
        return self._dataset.x[:, self.axes.index(axis)]

    def limits(self, axis: str) -> Limits:
        """From where to where an axis goes."""
        values = self.values(axis)
        low, high = float(values.min()), float(values.max())
        if self.is_plane:
            drawn = self._dataset.origin
            farthest = float(np.abs([self.values(name) for name in PLANE]).max())
            reach = max(PLANE_REACH, float(np.ceil(max(farthest, 0.0 if drawn is None else drawn.reach))))
            return -reach, reach
        margin = (FUNCTION_MARGIN if len(self.axes) == 1 else MARGIN) * (high - low)
        margin = margin or abs(low) / 10 or 1.0
        return low - margin, high + margin

    def inputs(self, places: dict[str, Array]) -> Array:
        """Raw features (n, features) at the places (n,) along each axis; what has no place is at its mean."""
        if self.is_plane:
            made = derive(*(places[name] for name in PLANE))
            return np.column_stack([made[name] for name in self._dataset.features])
        count = len(next(iter(places.values())))
        rows = np.tile(self._means, (count, 1))
        for name, values in places.items():
            rows[:, self.axes.index(name)] = values
        return rows

    def varying(self, axes: tuple[str, ...]) -> list[int]:
        """The features, by their place, that are not held at their mean while ``axes`` vary."""
        if self.is_plane:
            return list(range(len(self._dataset.features)))
        return sorted(self.axes.index(name) for name in axes)


def correlations(x: NDArray[Any], y: NDArray[Any]) -> Array:
    """How much each feature of x (n, features) tells of y (n, outputs) by itself: the largest r^2, (features,)."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = np.outer((x**2).sum(axis=0), (y**2).sum(axis=0))
    squares = np.divide((x.T @ y) ** 2, spread, out=np.zeros_like(spread), where=spread > 0)
    best: Array = squares.max(axis=1)
    return best


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
    return (-reach, reach) if reach > MIN_REACH else (-1.0, 1.0)


def apart(low: float, high: float) -> Limits:
    """The same limits, apart where they were one."""
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def round_up(value: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (1, 2, 5, 10, 20) if digit * power >= value)
