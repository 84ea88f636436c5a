"""The features on the axes, their ranges, the values of the other features, and the colour scales."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.catalog import CATALOG, ToySet
from tui_trainer.datasets.dataset import Dataset
from tui_trainer.datasets.split import Split
from tui_trainer.datasets.toy_sets import derive
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
    """The features of a dataset as axes, in raw units."""

    def __init__(self, dataset: Dataset, parts: Split, config: DatasetConfig) -> None:
        entry = None if config.path is not None else CATALOG.get(config.name)
        self.is_plane = isinstance(entry, ToySet) and entry.in_the_plane
        self._dataset, self._parts = dataset, parts
        self.axes = PLANE if self.is_plane else dataset.features
        self._means: Array = dataset.x[parts.train_rows].mean(axis=0)

    @property
    def usual(self) -> tuple[str, ...]:
        """The default axes: the features that best predict the target, in their order."""
        if len(self.axes) <= 2:
            return self.axes
        scores = correlations(self._parts.x_train, self._parts.y_train)
        best = np.sort(np.argsort(-scores, kind="stable")[:2])
        return tuple(self.axes[place] for place in best)

    def choose(self, x: str, y: str) -> tuple[str, str]:
        """Return two different axes: the requested ones if they exist, otherwise the default ones."""
        rest = [*self.usual, *self.axes]
        first = x if x in self.axes else next(name for name in rest if name != y)
        second = y if y in self.axes and y != first else next(name for name in rest if name != first)
        return first, second

    def values(self, axis: str) -> Array:
        """Return the raw values (n,) of all samples along an axis."""
        if self.is_plane:
            return self._dataset.columns[axis]
        return self._dataset.x[:, self.axes.index(axis)]

    def limits(self, axis: str) -> Limits:
        """Return the range of an axis."""
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
        """Return raw features (n, features) for the coordinates (n,) along each axis; all others are at their mean."""
        if self.is_plane:
            made = derive(*(places[name] for name in PLANE))
            return np.column_stack([made[name] for name in self._dataset.features])
        count = len(next(iter(places.values())))
        rows = np.tile(self._means, (count, 1))
        for name, values in places.items():
            rows[:, self.axes.index(name)] = values
        return rows

    def varying(self, axes: tuple[str, ...]) -> list[int]:
        """Return the indices of the features that are not held at their mean while ``axes`` vary."""
        if self.is_plane:
            return list(range(len(self._dataset.features)))
        return sorted(self.axes.index(name) for name in axes)


def correlations(x: NDArray[Any], y: NDArray[Any]) -> Array:
    """Return how well each feature of x (n, features) alone predicts y (n, outputs): the largest r^2, (features,)."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = np.outer((x**2).sum(axis=0), (y**2).sum(axis=0))
    squares = np.divide((x.T @ y) ** 2, spread, out=np.zeros_like(spread), where=spread > 0)
    best: Array = squares.max(axis=1)
    return best


class Scales:
    """The colour scales of a run's neurons. If there are negative values, 0 is in the middle."""

    def __init__(self, session: Session, output: int | None = None) -> None:
        """``output`` is that of the target that is shown, of several."""
        self._dense = [layer for layer, _ in session.trainer.model.dense]
        self._is_regression = session.dataset.task == "regression"
        self._target = target_limits(session.dataset, output)

    def of(self, layer: int, values: Array, rounded: bool) -> Limits:
        """Return the scale for ``values`` (n,) of a neuron of ``layer``; ``rounded`` makes it jump less often."""
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


def target_limits(dataset: Dataset, output: int | None = None) -> Limits:
    """Return the range of a numeric target, that of an ``output`` of several, with 0 in the middle for both signs."""
    y = dataset.y if output is None else dataset.y[:, output]
    low, high = float(y.min()), float(y.max())
    return around_zero(low, high) if low < 0 < high else apart(low, high)


def extremes(values: Array) -> Limits:
    """Return the minimum and maximum of the finite values (n,); 0 and 0 if there are none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def around_zero(low: float, high: float) -> Limits:
    """Return the smallest symmetric limits around 0 that contain both."""
    reach = max(abs(low), abs(high))
    return (-reach, reach) if reach > MIN_REACH else (-1.0, 1.0)


def apart(low: float, high: float) -> Limits:
    """Return the limits, moved apart if they are equal."""
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def round_up(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (1, 2, 5, 10, 20) if digit * power >= value)
