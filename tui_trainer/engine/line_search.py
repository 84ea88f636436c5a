"""A line search for the strong Wolfe conditions: how far to go along a direction in which a loss falls.

Nocedal & Wright, Numerical Optimization (2006): the bracketing is algorithm 3.5, the zoom 3.6, the cubic is equation
3.59. Constants and safeguards are those of PyTorch's ``LBFGS(line_search_fn="strong_wolfe")``, whose steps are met.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

DECREASE = 1e-4  # c1: of the decrease that the slope promises, the least that counts as one
CURVATURE = 0.9  # c2: of the first slope, the most that may remain
MIN_GROWTH, MAX_GROWTH = 0.01, 10.0  # of a step that is too short: of the last increase, and of the step
MARGIN = 0.1  # of a bracket, how far from its ends to try where a cubic has not helped


class Trial(NamedTuple):
    """A place on the line: the step that leads there, the loss, and the slope of the loss along the line."""

    step: float
    loss: float
    slope: float

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.slope)


class StrongWolfe:
    """Searches from ``start``, whose slope is below 0, with ``evaluate`` of steps: the first, and ``max_trials`` more.

    A trial satisfies the conditions if its loss is at most start.loss + c1 step start.slope, and its slope at most
    -c2 start.slope on either side of 0. A loss that is not finite counts as one that is too high.
    """

    def __init__(self, evaluate: Callable[[float], Trial], start: Trial, max_trials: int, tolerance: float) -> None:
        self._evaluate, self._start = evaluate, start
        self._max_trials, self._tolerance = max_trials, tolerance  # a bracket as narrow as this is left as it is
        self._trials = 0

    def search(self, first_step: float) -> Trial:
        """The place that satisfies the conditions, or else the lowest found; it may be the start."""
        before, trial = self._start, self._evaluate(first_step)
        while self._trials < self._max_trials:
            if self._is_too_high(trial) or (self._trials > 1 and trial.loss >= before.loss):
                return self._zoom(before, trial)
            if self._is_flat(trial):
                return trial
            if trial.slope >= 0.0:
                return self._zoom(before, trial)
            low = trial.step + MIN_GROWTH * (trial.step - before.step)
            step = _lowest_of_cubic(before, trial, low, MAX_GROWTH * trial.step)
            before, trial = trial, self._try(step)
        return trial if trial.loss < self._start.loss else self._start

    def _zoom(self, first: Trial, second: Trial) -> Trial:
        """Narrow the bracket between two places down to one that satisfies the conditions."""
        low, high = (first, second) if first.loss <= second.loss else (second, first)
        was_close = False
        while self._trials < self._max_trials and abs(high.step - low.step) >= self._tolerance:
            left, right = sorted((low.step, high.step))
            first, second = sorted((low, high))
            step = _lowest_of_cubic(first, second, left, right)
            margin = MARGIN * (right - left)
            is_close = min(right - step, step - left) < margin
            if is_close and (was_close or not left < step < right):
                step = right - margin if right - step < step - left else left + margin
                is_close = False
            was_close = is_close
            trial = self._try(step)
            if self._is_too_high(trial) or trial.loss >= low.loss:
                high = trial
                low, high = (low, high) if low.loss <= high.loss else (high, low)
            elif self._is_flat(trial):
                return trial
            else:
                low, high = trial, low if trial.slope * (high.step - low.step) >= 0.0 else high
        return low

    def _try(self, step: float) -> Trial:
        self._trials += 1
        return self._evaluate(step)

    def _is_too_high(self, trial: Trial) -> bool:
        bound = self._start.loss + DECREASE * trial.step * self._start.slope
        return not trial.is_finite or trial.loss > bound

    def _is_flat(self, trial: Trial) -> bool:
        return abs(trial.slope) <= -CURVATURE * self._start.slope


def _lowest_of_cubic(left: Trial, right: Trial, low: float, high: float) -> float:
    """Where the cubic through two places with their slopes is lowest, within ``low`` to ``high``; halfway without."""
    if left.is_finite and right.is_finite:
        d1 = left.slope + right.slope - 3.0 * (left.loss - right.loss) / (left.step - right.step)
        square = d1 * d1 - left.slope * right.slope
        if square >= 0.0 and (divisor := right.slope - left.slope + 2.0 * (d2 := math.sqrt(square))):
            lowest = right.step - (right.step - left.step) * ((right.slope + d2 - d1) / divisor)
            if math.isfinite(lowest):
                return min(max(lowest, low), high)
    return (low + high) / 2.0
