"""The way of a small model's parameters while it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_PARAMETERS = 2  # of a model whose way can be drawn
MAX_POINTS = 2048  # kept: beyond these, every other one is dropped


class OptimizerStep(NamedTuple):
    """One step of an optimizer: the parameters (k,) before and after it, and its learning rate."""

    step: int
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    rate: float


class Trajectory:
    """Parameters after ``step`` steps, and after each from there: all of them at first, then every 2nd, 4th ...

    So memory is bounded, whatever the number of steps.
    """

    def __init__(self, start: NDArray[np.floating], step: int = 0) -> None:
        self._points = np.empty((MAX_POINTS, len(start)))
        self._steps = np.empty(MAX_POINTS, np.int64)
        self._count = 0
        self._every = 1
        self._newest = np.array(start, np.float64)
        self.last: OptimizerStep | None = None  # kept whole, whatever is dropped
        self._keep(step, self._newest)

    def add(self, step: int, parameters: NDArray[np.floating], rate: float) -> None:
        """Take down ``parameters`` (k,) after ``step`` steps, the last of them with learning rate ``rate``."""
        before, self._newest = self._newest, np.array(parameters, np.float64)
        self.last = OptimizerStep(step, before, self._newest, rate)
        self._keep(step, self._newest)

    def _keep(self, step: int, parameters: NDArray[np.float64]) -> None:
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
        """Steps (n,) after which the points were taken, rising."""
        return self._steps[: self._count]

    @property
    def points(self) -> NDArray[np.float64]:
        """Parameters (n, k) at these steps."""
        return self._points[: self._count]

    def state(self) -> dict[str, NDArray[Any]]:
        """All points, as copies."""
        return {"points": self.points.copy(), "steps": self.steps.copy(), "every": np.array([self._every])}

    def resume(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from ``state``; KeyError or ValueError where it is another model's."""
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
        kept = np.flatnonzero(self.steps % self._every == 0)
        self._count = len(kept)
        self._points[: self._count], self._steps[: self._count] = self._points[kept], self._steps[kept]
