"""Records the trajectory of a small model's parameters in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_PARAMETERS = 2  # of a model whose trajectory can be drawn
MAX_POINTS = 2048  # if there are more, every other one is dropped


class OptimizerStep(NamedTuple):
    """A step of an optimizer: the parameters (k,) before and after it, and its learning rate."""

    step: int
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    rate: float


class Trajectory:
    """The parameters after ``step`` steps, and after later ones: after each at first, then after every 2nd, 4th ...

    Memory is bounded, whatever the number of steps.
    """

    def __init__(self, start: NDArray[np.floating], step: int = 0) -> None:
        self._points = np.empty((MAX_POINTS, len(start)))
        self._steps = np.empty(MAX_POINTS, np.int64)
        self._count = 0
        self._every = 1
        self._newest = np.array(start, np.float64)
        self.last: OptimizerStep | None = None  # always known, whatever points are dropped
        self._append(step, self._newest)

    def add(self, step: int, parameters: NDArray[np.floating], rate: float) -> None:
        """Add ``parameters`` (k,) after ``step`` steps, the last of them with learning rate ``rate``."""
        before, self._newest = self._newest, np.array(parameters, np.float64)
        self.last = OptimizerStep(step, before, self._newest, rate)
        self._append(step, self._newest)

    def _append(self, step: int, parameters: NDArray[np.float64]) -> None:
        if step % self._every:
            return
        if self._count == MAX_POINTS:
            self._halve()
            if step % self._every:
                return
        self._points[self._count], self._steps[self._count] = parameters, step
        self._count += 1

    @property
    def steps(self) -> NDArray[np.int64]:
        """Numbers of steps (n,) done at the points, ascending."""
        return self._steps[: self._count]

    @property
    def points(self) -> NDArray[np.float64]:
        """Parameters (n, k) after these steps."""
        return self._points[: self._count]

    def state(self) -> dict[str, NDArray[Any]]:
        """Return all points, as copies."""
        return {"points": self.points.copy(), "steps": self.steps.copy(), "every": np.array([self._every])}

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Restore a ``state``; raise KeyError or ValueError if it is from another model."""
        points, steps = state["points"], state["steps"]
        count = len(points)
        if not np.isfinite(points).all():
            raise ValueError("the way of its parameters is damaged")
        if points.shape[1] != self._points.shape[1] or not count == len(steps) <= MAX_POINTS:
            raise ValueError(f"a way of {self._points.shape[1]} parameters expected, got {points.shape[1]}")
        self._points[:count], self._steps[:count] = points, steps
        self._count, self._every = count, max(1, int(state["every"][0]))

    def _halve(self) -> None:
        self._every *= 2
        remaining = np.flatnonzero(self.steps % self._every == 0)
        self._count = len(remaining)
        self._points[: self._count], self._steps[: self._count] = self._points[remaining], self._steps[remaining]
