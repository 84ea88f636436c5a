"""The settings as they were and as they are, and weights set by hand: what undo and redo walk through."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msgspec.structs import replace

from tui_trainer.datasets.catalog import CATALOG
from tui_trainer.datasets.entries import ToySet
from tui_trainer.experiment.schema import Experiment

DEPTH = 200
HIGHEST_RATE = 1e6


@dataclass(frozen=True, slots=True)
class HandSet:
    """A parameter of the run, set by hand."""

    index: int
    old: float
    value: float


class Edits:
    """A line of experiments with a place on it; between them stand the weights set by hand meanwhile."""

    def __init__(self, experiment: Experiment) -> None:
        self._past: list[Experiment | HandSet] = []
        self._future: list[Experiment | HandSet] = []
        self.current = experiment

    def change(self, experiment: Experiment) -> None:
        """Go on to ``experiment``; what had been undone is forgotten."""
        self._past = [*self._past, self.current][-DEPTH:]
        self._future.clear()
        self.current = experiment

    def set_by_hand(self, weight: HandSet) -> None:
        """Take down that a weight was set."""
        self._past = [*self._past, weight][-DEPTH:]
        self._future.clear()

    def forget_weights(self) -> None:
        """Another run is loaded: weights set by hand are gone, and can't be taken back."""
        self._past = [edit for edit in self._past if isinstance(edit, Experiment)]
        self._future = [edit for edit in self._future if isinstance(edit, Experiment)]

    def undo(self) -> Experiment | HandSet | None:
        """Go one back; the experiment that is current then, or the weight to be set back; None where there is none."""
        return self._walk(self._past, self._future)

    def redo(self) -> Experiment | HandSet | None:
        """Go one forward; the experiment that is current then, or the weight to be set again."""
        return self._walk(self._future, self._past)

    def _walk(
        self, source: list[Experiment | HandSet], target: list[Experiment | HandSet]
    ) -> Experiment | HandSet | None:
        if not source:
            return None
        edit = source.pop()
        if isinstance(edit, HandSet):
            target.append(edit)
        else:
            target.append(self.current)
            self.current = edit
        return edit


def keeps_weights(before: Experiment, after: Experiment) -> bool:
    """Whether only the learning rate, the number of epochs or the name differ: no need to start again."""
    return _without_live_fields(before) == _without_live_fields(after)


def swaps_points(before: Experiment, after: Experiment) -> bool:
    """Whether only the points of a toy set were drawn anew or set by hand: another sample for the same network."""
    was = before.dataset
    own = replace(after.dataset, seed=was.seed, points=was.points, removed=was.removed)
    drawn = before.dataset.path is None and isinstance(CATALOG.get(before.dataset.name), ToySet)
    return drawn and before.dataset != after.dataset and replace(after, dataset=own) == before


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
