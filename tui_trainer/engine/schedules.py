"""Schedules of the learning rate: by which factor it is multiplied at each step. Names and formulas are the field's.

Steps count from 0. All but ``ReduceLROnPlateau`` follow from the number of the step alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .losses import Array


class Schedule:
    """A constant rate, and the warm-up of every schedule: from 0 in ``warmup_steps`` equal steps, as in Keras.

    A schedule proper begins after its warm-up. Raises ValueError for a number of steps that is none.
    """

    def __init__(self, warmup_steps: int = 0) -> None:
        if warmup_steps < 0:
            raise ValueError(f"warmup_steps must be a whole number of at least 0, got {warmup_steps!r}")
        self.warmup_steps = warmup_steps

    def factor(self, step: int) -> float:
        """What the optimizer's learning rate is multiplied by at ``step``, from 0."""
        if step < self.warmup_steps:
            return step / self.warmup_steps * self._factor(0)
        return self._factor(step - self.warmup_steps)

    def after_epoch(self, logs: Mapping[str, float]) -> None:
        """Look at the values of an epoch that has ended."""

    def state(self) -> dict[str, Array]:
        """What later factors depend on besides the step, as copies."""
        return {}

    def resume(self, state: Mapping[str, Array]) -> None:
        """Go to where ``state`` was taken; KeyError or ValueError where it is something else."""

    def _factor(self, step: int) -> float:
        return 1.0


class StepLR(Schedule):
    """gamma^floor(step / step_size), as PyTorch's ``StepLR``, which counts epochs."""

    def __init__(self, step_size: int, gamma: float = 0.1, warmup_steps: int = 0) -> None:
        super().__init__(warmup_steps)
        self.step_size, self.gamma = _steps("step_size", step_size), _share("gamma", gamma)

    def _factor(self, step: int) -> float:
        return float(self.gamma ** (step // self.step_size))


class ExponentialDecay(Schedule):
    """decay_rate^(step / decay_steps), as in Keras."""

    def __init__(self, decay_steps: int, decay_rate: float, warmup_steps: int = 0) -> None:
        super().__init__(warmup_steps)
        self.decay_steps, self.decay_rate = _steps("decay_steps", decay_steps), _share("decay_rate", decay_rate)

    def _factor(self, step: int) -> float:
        return float(self.decay_rate ** (step / self.decay_steps))


class CosineDecay(Schedule):
    """alpha + (1 - alpha) (1 + cos(pi step / decay_steps)) / 2, then alpha (Loshchilov & Hutter 2017), as in Keras."""

    def __init__(self, decay_steps: int, alpha: float = 0.0, warmup_steps: int = 0) -> None:
        super().__init__(warmup_steps)
        if not 0.0 <= alpha <= 1.0:
            raise ValueError(f"alpha must be from 0 to 1, got {alpha!r}")
        self.decay_steps, self.alpha = _steps("decay_steps", decay_steps), alpha

    def _factor(self, step: int) -> float:
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return (1.0 - self.alpha) * cosine + self.alpha


class OneCycleLR(Schedule):
    """Up from 1 / ``div_factor`` to 1, then down to 1 / (``div_factor`` ``final_div_factor``) (Smith & Topin 2018).

    Each way is half a cosine, the first one takes the share ``pct_start`` of ``total_steps``, as PyTorch's
    ``OneCycleLR`` with ``cycle_momentum=False``; after the last step the rate stays where it is.
    """

    def __init__(
        self, total_steps: int, pct_start: float = 0.3, div_factor: float = 25.0, final_div_factor: float = 1e4
    ) -> None:
        super().__init__()
        self.total_steps, self.pct_start = _steps("total_steps", total_steps), _share("pct_start", pct_start)
        self._first, self._last = 1.0 / div_factor, 1.0 / div_factor / final_div_factor

    def _factor(self, step: int) -> float:
        top, end = self.pct_start * self.total_steps - 1.0, self.total_steps - 1.0
        if step <= top:
            return _annealed(self._first, 1.0, step / top) if top > 0.0 else 1.0
        return _annealed(1.0, self._last, min((step - top) / (end - top), 1.0) if end > top else 1.0)


class ReduceLROnPlateau(Schedule):
    """Times ``factor`` after ``patience`` epochs without a ``monitor`` lower by ``min_delta``, as Keras's callback.

    ``after_epoch`` has to be called with the values of each epoch. After a reduction, ``cooldown`` epochs don't count.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        cooldown: int = 0,
        warmup_steps: int = 0,
    ) -> None:
        super().__init__(warmup_steps)
        self.monitor, self.reduction, self.patience = monitor, _share("factor", factor), patience
        self.min_delta, self.cooldown = min_delta, cooldown
        self._best, self._waited, self._cooling, self._reduced = math.inf, 0, 0, 1.0

    def after_epoch(self, logs: Mapping[str, float]) -> None:
        if self.monitor not in logs:
            raise KeyError(f"the schedule watches {self.monitor!r}, but there are only: {', '.join(logs)}")
        value = logs[self.monitor]
        if self._cooling > 0:
            self._cooling -= 1
            self._waited = 0
        if value < self._best - self.min_delta:
            self._best, self._waited = value, 0
        elif self._cooling <= 0:
            self._waited += 1
            if self._waited >= self.patience:
                self._reduced *= self.reduction
                self._cooling, self._waited = self.cooldown, 0

    def state(self) -> dict[str, Array]:
        return {"plateau": np.array([self._best, self._waited, self._cooling, self._reduced])}

    def resume(self, state: Mapping[str, Array]) -> None:
        best, waited, cooling, reduced = state["plateau"].tolist()
        if not 0.0 <= reduced <= 1.0:
            raise ValueError(f"a rate can't be reduced to {reduced!r} of what it was")
        self._best, self._waited, self._cooling, self._reduced = best, int(waited), int(cooling), reduced

    def _factor(self, step: int) -> float:
        return self._reduced


def _annealed(start: float, end: float, share: float) -> float:
    """From ``start`` to ``end`` along half a cosine."""
    return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * share))


def _steps(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    return value


def _share(name: str, value: float) -> float:
    if not 0.0 < value <= 1.0:
        raise ValueError(f"{name} must be above 0 and at most 1, got {value!r}")
    return value


SCHEDULES: dict[str, type[Schedule]] = {
    kind.__name__: kind for kind in (Schedule, StepLR, ExponentialDecay, CosineDecay, OneCycleLR, ReduceLROnPlateau)
}
