"""What a run has recorded: every epoch in full, every step thinned, and curves small enough to send.

Memory is bounded, whatever the number of epochs and steps.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.runtime.curves import RecordedCurve
from tui_trainer.runtime.long_series import LongSeries

from .series import Array, ThinnedSeries

MEASURES = ("loss", "accuracy", "recall", "r2", "mae")


class History:
    """Values of each epoch by name (``loss``, ``val_loss`` ...), and the loss of each step."""

    def __init__(self) -> None:
        self.epochs: dict[str, LongSeries] = {}
        self.steps = ThinnedSeries()
        self._curves: dict[tuple[str, float], RecordedCurve] = {}

    def add_steps(self, losses: Array) -> None:
        """Record the losses (k,) of the next k steps."""
        self.steps.extend(losses)

    def add_epoch(self, logs: Mapping[str, float]) -> None:
        """Record the values of the next epoch."""
        for name, value in logs.items():
            if name not in self.epochs:
                self.epochs[name] = LongSeries()
            self.epochs[name].append(value)

    def curve(self, name: str, smoothing: float = 0.0) -> RecordedCurve:
        """The curve of ``name`` over the epochs; empty where nothing of that name was recorded."""
        if name not in self.epochs:
            return RecordedCurve(LongSeries())
        if (name, smoothing) not in self._curves:
            self._curves[name, smoothing] = RecordedCurve(self.epochs[name], smoothing)
        curve = self._curves[name, smoothing]
        curve.catch_up()
        return curve

    def columns(self, start: int) -> dict[str, Array]:
        """Values (k,) by name of the epochs from number ``start`` + 1 on."""
        return {name: values.values(start) for name, values in self.epochs.items()}

    def restore(self, epochs: Mapping[str, Array], steps: ThinnedSeries) -> None:
        """Take the values of saved epochs and steps as one's own; files don't keep the order of names.

        ValueError where the columns are not equally long.
        """
        if len({column.shape for column in epochs.values()}) > 1:
            raise ValueError("the values of its epochs have several lengths")
        self.epochs = {name: LongSeries(epochs[name]) for name in sorted(epochs, key=_rank)}
        self.steps, self._curves = steps, {}

    def rows(self, start: int = 0) -> list[dict[str, float]]:
        """Epochs from number ``start`` + 1 on, each with its ``epoch`` and values."""
        names = list(self.epochs)
        columns = (self.epochs[name].values(start).tolist() for name in names)
        return [
            {"epoch": start + i, **dict(zip(names, values, strict=True))}
            for i, values in enumerate(zip(*columns, strict=True), start=1)
        ]


def _rank(name: str) -> tuple[bool, int, int]:
    """Where a trainer puts a value: training before validation, the loss first, classes by number."""
    measure, _, index = name.removeprefix("val_").partition("[")
    place = MEASURES.index(measure) if measure in MEASURES else len(MEASURES)
    return name.startswith("val_"), place, int(index.rstrip("]") or 0)
