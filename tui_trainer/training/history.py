"""Records a run: the newest epochs in full, older ones and steps downsampled; and gives curves small enough to send.

Memory and what is stored are bounded, whatever the number of epochs and steps. Curves can be averaged, cut to a range
of epochs, and read at one epoch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tui_trainer.measures import MEASURES

from .series import Array, DownsampledSeries, SpilledSeries, extreme_rows

ORDER = list(MEASURES)  # of the recorded values; the learning rate, where it has a schedule, comes after them
Floats = NDArray[np.float64]
EPOCH = "epoch"  # the column of the epochs' numbers, in columns from which epochs are missing
WHOLE_EPOCHS = 65_536  # newest epochs that are kept in full, at least; at most twice as many
OLDER_ROWS = 4096  # epochs before those that are kept, at most


class History:
    """The values of each epoch by name (``loss``, ``val_loss`` ...), and the loss of each step.

    Of epochs before the newest ones only those remain in which some value is the lowest or the highest of its stretch
    of epochs. Which ones depends on nothing but the recorded values. With ``all_epochs`` all of them remain.
    """

    def __init__(self, all_epochs: bool = False) -> None:
        self.epochs: dict[str, SpilledSeries] = {}  # values of the newest epochs
        self._all_epochs = all_epochs
        self.before = 0  # number of epochs before those
        self._numbers: Array = np.empty(0)  # numbers and values of the older epochs that remain
        self._older: dict[str, Array] = {}
        self.steps = DownsampledSeries()
        self._curves: dict[tuple[str, float], RecordedCurve] = {}

    def add_steps(self, losses: Array) -> None:
        """Record the losses (k,) of the next k steps."""
        self.steps.extend(losses)

    def add_epoch(self, logs: Mapping[str, float]) -> None:
        """Record the values of the next epoch."""
        for name, value in logs.items():
            self._series(name).append(value)
        self._downsample()

    def extend(self, columns: Mapping[str, Array]) -> None:
        """Record the values (k,) of the next k epochs; ValueError if they are not those of the epochs before."""
        names = sorted(columns, key=_rank)
        if (self.count and set(names) != set(self.epochs)) or len({column.shape for column in columns.values()}) > 1:
            raise ValueError("the values of its epochs don't fit together")
        for name in names:
            self._series(name).extend(columns[name])
        self._downsample()

    def _series(self, name: str) -> SpilledSeries:
        if name not in self.epochs:
            self.epochs[name] = SpilledSeries()
        return self.epochs[name]

    @property
    def count(self) -> int:
        """How many epochs were recorded."""
        return self.before + self._newest

    @property
    def _newest(self) -> int:
        return len(next(iter(self.epochs.values()), ()))

    def _downsample(self) -> None:
        """Take the oldest of the newest epochs in full to the older ones, as often as there are enough of them."""
        while not self._all_epochs and self._newest >= 2 * WHOLE_EPOCHS:
            end = self.before + WHOLE_EPOCHS
            numbers = np.concatenate((self._numbers, np.arange(self.before + 1.0, end + 1)))
            columns = {name: self._older_values(name, WHOLE_EPOCHS) for name in self.epochs}
            rows = extreme_rows(numbers, list(columns.values()), OLDER_ROWS)
            self._numbers, self._older = numbers[rows], {name: column[rows] for name, column in columns.items()}
            self.epochs = {name: SpilledSeries(series.values(WHOLE_EPOCHS)) for name, series in self.epochs.items()}
            self.before, self._curves = end, {}

    def _older_values(self, name: str, more: int = 0) -> Array:
        """The values of the older epochs and the first ``more`` of the newest ones."""
        newest = self.epochs[name].values(0, more)
        return np.concatenate((self._older[name], newest)) if self._older else newest

    def curve(self, name: str, smoothing: float = 0.0) -> RecordedCurve:
        """Return the curve of ``name`` over the epochs; empty if nothing of that name was recorded."""
        if name not in self.epochs:
            return RecordedCurve(SpilledSeries())
        if (name, smoothing) not in self._curves:
            older = OlderValues(self._numbers, self._older_values(name), self.before)
            self._curves[name, smoothing] = RecordedCurve(self.epochs[name], smoothing, older)
        curve = self._curves[name, smoothing]
        curve.update()
        return curve

    def columns(self, start: int) -> dict[str, Array]:
        """Return the values (k,) by name, from epoch ``start`` + 1 on, with ``EPOCH`` if some are missing."""
        if start >= self.before:
            return {name: values.values(start - self.before) for name, values in self.epochs.items()}
        older = self._numbers > start
        numbers = np.concatenate((self._numbers[older], np.arange(self.before + 1.0, self.count + 1)))
        columns = {
            name: np.concatenate((self._older[name][older], values.values())) for name, values in self.epochs.items()
        }
        return {EPOCH: numbers, **columns}

    def restore(self, epochs: Mapping[str, Array], steps: DownsampledSeries) -> None:
        """Replace the recorded values by saved ones, in a fixed order of names, which files don't keep.

        Raises ValueError if the columns have different lengths, or the numbers of epochs make no sense.
        """
        if len({column.shape for column in epochs.values()}) > 1:
            raise ValueError("the values of its epochs have several lengths")
        numbers = epoch_numbers(epochs)
        names = sorted(value_names(epochs), key=_rank)
        older = _older_rows(numbers)
        self.before = int(numbers[-1]) - (len(numbers) - older) if len(numbers) else 0
        self._numbers = numbers[:older]
        self._older = {name: np.array(epochs[name][:older], np.float64) for name in names} if self.before else {}
        self.epochs = {name: SpilledSeries(epochs[name][older:]) for name in names}
        self.steps, self._curves = steps, {}
        self._downsample()

    def until(self, epoch: int) -> History:
        """Return a history of the epochs up to ``epoch`` alone, without the losses of steps."""
        columns = self.columns(0)
        done = epoch_numbers(columns) <= epoch
        result = History(self._all_epochs)
        if done.any():
            result.restore({name: column[done] for name, column in columns.items()}, DownsampledSeries())
        return result

    def value(self, name: str, epoch: int) -> float | None:
        """Return what was recorded of ``name`` at ``epoch``; None where it is not known any more."""
        series, position = self.epochs.get(name), epoch - self.before - 1
        return series[position] if series is not None and 0 <= position < len(series) else None

    def rows(self, start: int = 0) -> list[dict[str, float]]:
        """Return one dict per epoch from ``start`` + 1 on, with its ``epoch`` and values."""
        columns = self.columns(start)
        numbers = epoch_numbers(columns, start).astype(int).tolist()
        names = value_names(columns)
        values = (columns[name].tolist() for name in names)
        return [
            {"epoch": number, **dict(zip(names, row, strict=True))}
            for number, row in zip(numbers, zip(*values, strict=True), strict=True)
        ]


def value_names(columns: Iterable[str]) -> list[str]:
    """Return the names of the values among ``columns``, in their order: all but ``EPOCH``."""
    return [name for name in columns if name != EPOCH]


def epoch_numbers(columns: Mapping[str, Sequence[float] | Array], start: int = 0) -> Floats:
    """Return the number (k,) of each row of ``columns``: its ``EPOCH``, or without that from ``start`` + 1 on.

    Raises ValueError if these are no numbers of epochs in ascending order.
    """
    if EPOCH not in columns:
        return np.arange(start + 1.0, start + 1.0 + len(next(iter(columns.values()), ())))
    numbers = np.asarray(columns[EPOCH], np.float64)
    valid = numbers.ndim == 1 and bool(((numbers >= 1) & (numbers <= 2**53) & (numbers % 1 == 0)).all())
    if not valid or (np.diff(numbers) <= 0).any():
        raise ValueError("the numbers of its epochs are damaged")
    return numbers


def _older_rows(numbers: Floats) -> int:
    """Return how many rows are of older epochs: up to the last gap, and to where a history begins its newest ones."""
    gaps = np.flatnonzero(np.diff(numbers, prepend=0) != 1)
    if not len(gaps):
        return 0
    usual = WHOLE_EPOCHS * (int(numbers[-1]) // WHOLE_EPOCHS - 1)
    return max(int(gaps[-1]), int(np.searchsorted(numbers, usual, side="right")))


def _rank(name: str) -> tuple[bool, int, int]:
    """Return the sort key of a value: training before validation, the loss first, classes and targets by number."""
    measure, _, index = name.removeprefix("val_").partition("[")
    position = ORDER.index(measure) if measure in ORDER else len(ORDER)
    return name.startswith("val_"), position, int(index.rstrip("]") or -1)


class OlderValues(NamedTuple):
    """Numbers (k,) and values (k,) that remain of the first ``before`` epochs."""

    numbers: Array
    values: Array
    before: int


class RecordedCurve:
    """The recorded values of epochs 1, 2, 3 ..., or an exponential moving average of them.

    ``recorded`` are the values of the newest epochs, all of them; before these come the ``older`` ones.

    Each average is ``smoothing`` times the one before plus the rest times the new value, divided by the total weight of
    all values so far, so that the first ones don't count for more. A value that is not finite is kept in place, and
    left out of the average. Where epochs are missing, the average forgets as if they had been there.
    """

    def __init__(self, recorded: SpilledSeries, smoothing: float = 0.0, older: OlderValues | None = None) -> None:
        self._recorded, self._smoothing = recorded, smoothing
        self._values = SpilledSeries() if smoothing else recorded
        self._sum = self._weight = 0.0
        self._last = 0  # number of the last epoch in the average
        older = older or OlderValues(np.empty(0), np.empty(0), 0)
        self._numbers, self._older, self._before = older
        if smoothing:
            self._older = self._averages(self._numbers, self._older)
        self._downsampled = DownsampledSeries()
        self._downsampled.extend(self._older)
        self.update()

    def update(self) -> None:
        """Add what has been recorded since the last update."""
        start = len(self._downsampled) - len(self._older)
        if self._smoothing:
            values = self._recorded.values(start)
            first = self._before + start + 1.0
            self._values.extend(self._averages(np.arange(first, first + len(values)), values))
        if len(self._values) > start:
            self._downsampled.extend(self._values.values(start))

    def points(self, low: int | None = None, high: int | None = None) -> tuple[Floats, Floats]:
        """Return epochs (k,) and values (k,) from epoch ``low`` to ``high``, downsampled if there are many."""
        if low is None and high is None:
            x, y = self._downsampled.points()
            numbers, older = x - len(self._older) + self._before, x <= len(self._older)
            numbers[older] = self._numbers[x[older].astype(int) - 1]
            return numbers, y
        low, high = max(1, low or 1), self._before + len(self._values) if high is None else high
        older = (self._numbers >= low) & (self._numbers <= high)
        first = max(low, self._before + 1)
        newest = self._values.values(first - 1 - self._before, max(0, high - self._before))
        numbers = np.concatenate((self._numbers[older], np.arange(first, first + len(newest), dtype=np.float64)))
        part = DownsampledSeries()
        part.extend(np.concatenate((self._older[older], newest)))
        x, y = part.points()
        return numbers[x.astype(int) - 1], y

    def at(self, epoch: int | None) -> float | None:
        """Return the value of an epoch; None if there is none, or it does not remain."""
        if epoch is None or not 1 <= epoch <= self._before + len(self._values):
            return None
        if epoch > self._before:
            return self._values[epoch - self._before - 1]
        place = int(np.searchsorted(self._numbers, epoch))
        remains = place < len(self._numbers) and self._numbers[place] == epoch
        return float(self._older[place]) if remains else None

    def _averages(self, numbers: Array, values: Array) -> Floats:
        """Return the averages (k,) after each of the next values, those of epochs ``numbers``."""
        pairs = zip(numbers.astype(int).tolist(), values.tolist(), strict=True)
        return np.array([self._next(number, value) for number, value in pairs], np.float64)

    def _next(self, number: int, value: float) -> float:
        kept, self._last = self._smoothing ** (number - self._last), number
        if not math.isfinite(value):
            return value
        self._sum = kept * self._sum + (1.0 - kept) * value
        self._weight = kept * self._weight + 1.0 - kept
        return self._sum / self._weight
