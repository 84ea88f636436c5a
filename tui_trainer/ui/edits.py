"""The settings as they were and as they are: what undo and redo walk through."""

from __future__ import annotations

import math

from tui_trainer.experiment import Experiment

DEPTH = 200
HIGHEST_RATE = 1e6


class Edits:
    """A line of experiments with a place on it."""

    def __init__(self, experiment: Experiment) -> None:
        self._past: list[Experiment] = []
        self._future: list[Experiment] = []
        self.current = experiment

    def change(self, experiment: Experiment) -> None:
        """Go on to ``experiment``; what had been undone is forgotten."""
        self._past = [*self._past, self.current][-DEPTH:]
        self._future.clear()
        self.current = experiment

    def undo(self) -> bool:
        """Go one back; whether there was one."""
        return self._walk(self._past, self._future)

    def redo(self) -> bool:
        """Go one forward; whether there was one."""
        return self._walk(self._future, self._past)

    def _walk(self, source: list[Experiment], target: list[Experiment]) -> bool:
        if not source:
            return False
        target.append(self.current)
        self.current = source.pop()
        return True


def keeps_weights(before: Experiment, after: Experiment) -> bool:
    """Whether only the learning rate, the number of epochs or the name differ: no need to start again."""
    return _without_live_fields(before) == _without_live_fields(after)


def _without_live_fields(experiment: Experiment) -> tuple[object, ...]:
    training = experiment.training
    rest = tuple(
        getattr(training, name) for name in training.__struct_fields__ if name not in ("learning_rate", "epochs")
    )
    return (experiment.dataset, experiment.model, rest)


def next_rate(rate: float, direction: int) -> float:
    """The next learning rate up (1) or down (-1) on the ladder ... 0.01, 0.03, 0.1, 0.3, 1 ..."""
    ladder = (factor * 10.0**exponent for exponent in range(-12, 7) for factor in (1.0, 3.0))
    steps = [float(f"{step:.1g}") for step in ladder if step <= HIGHEST_RATE]
    others = [step for step in steps if not math.isclose(step, rate, rel_tol=1e-9)]
    beyond = [step for step in others if (step > rate) == (direction > 0)]
    if not beyond:
        return rate
    return min(beyond) if direction > 0 else max(beyond)


def is_hidden(experiment: Experiment, path: str) -> bool:
    """Whether the experiment hides the field at ``path``, or a table that it is in."""
    return any(path == hidden or path.startswith((f"{hidden}.", f"{hidden}[")) for hidden in experiment.hide)
