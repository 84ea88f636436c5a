"""Computes the Loss tab: the curves of the current run, and those of runs in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tui_trainer.protocol import pack
from tui_trainer.store.store import Store, StoreError
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.training.history import OlderValues, RecordedCurve, epoch_numbers
from tui_trainer.training.series import Array, SpilledSeries
from tui_trainer.training.session import Session

from .messages import Curve, LossContent, OverlayCurve, WatchLoss

MAX_OVERLAYS = 16  # the first of those requested


@dataclass(frozen=True, slots=True)
class Overlays:
    """The curves of other runs and their last epoch, as computed for a ``request`` beside run ``current``."""

    request: WatchLoss
    current: int | None
    curves: tuple[OverlayCurve, ...] = ()
    last: int = 0


class LossCompute:
    """Computes the curves of the current run each time, and the overlays when they are requested."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._trainer = trainer
        self._stored: StoredCurves | None = None
        self._overlays = Overlays(WatchLoss(), None)

    def compute(self, request: WatchLoss) -> LossContent:
        """Compute the curves and the overlays; no overlays if the store can't be read."""
        session, overlays = self._trainer.session, self._update_overlays(request)
        curves = () if session.state == "empty" else run_curves(session, request)
        return LossContent(request.quantity, curves, overlays.curves, overlays.last)

    def _update_overlays(self, request: WatchLoss) -> Overlays:
        """Return the overlays. Each request is a new object, so that the same one, sent again, is computed again."""
        current, store = self._trainer.run, self._trainer.store
        if self._overlays.request is request and self._overlays.current == current:
            return self._overlays
        self._overlays = Overlays(request, current)
        if store is not None and request.runs:
            if self._stored is None or self._stored.store is not store:
                self._stored = StoredCurves(store)
            try:
                self._overlays = self._stored.overlays(request, current)
            except StoreError:
                return self._overlays
        return self._overlays


class StoredCurves:
    """Reads the curves of stored runs, each run once for as long as nobody trains it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._runs: dict[int, tuple[float, Mapping[str, Array], dict[tuple[str, float], RecordedCurve]]] = {}

    def overlays(self, request: WatchLoss, current: int | None) -> Overlays:
        """Return the curves of the requested runs except the ``current`` one; raise StoreError if that fails."""
        runs = [run for run in dict.fromkeys(request.runs) if run != current][:MAX_OVERLAYS]
        curves = []
        last = 0
        for run in runs:
            columns = self._columns(run)
            last = max(last, int(epoch_numbers(columns).max(initial=0)))
            name = column_of(request, columns)
            curves.append(OverlayCurve(run, None if name is None else self._curve(run, name, request)))
        self._runs = {run: self._runs[run] for run in runs if run in self._runs}
        return Overlays(request, current, tuple(curves), last)

    def _columns(self, run: int) -> Mapping[str, Array]:
        with self.store.reading() as connection:
            row = connection.execute("SELECT updated FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None:
            return {}
        if run not in self._runs or self._runs[run][0] != row[0]:
            self._runs[run] = (row[0], self.store.epochs(run), {})
        return self._runs[run][1]

    def _curve(self, run: int, name: str, request: WatchLoss) -> Curve:
        _, columns, curves = self._runs[run]
        key = (name, request.smoothing)
        if key not in curves:
            numbers = epoch_numbers(columns)
            values = OlderValues(numbers, columns[name], int(numbers.max(initial=0)))
            curves[key] = RecordedCurve(SpilledSeries(), request.smoothing, values)
        return curve_of(name, curves[key], request)


def run_curves(session: Session, request: WatchLoss) -> tuple[Curve, ...]:
    """Return the requested quantity of both parts over the epochs; with the loss, that of each step, too."""
    history = session.history
    names = [name for name in history.epochs if name.removeprefix("val_").partition("[")[0] == request.quantity]
    curves = [curve_of(name, history.curve(name, request.smoothing), request) for name in names]
    if request.quantity == "loss":
        steps, losses = history.steps.points()
        epochs = steps / session.trainer.steps_per_epoch
        low, high = request.low or 0, np.inf if request.high is None else request.high
        inside = (epochs >= low) & (epochs <= high)
        curves.append(Curve("batch_loss", pack(epochs[inside]), pack(losses[inside])))
    return tuple(curve for curve in curves if curve.x)


def curve_of(name: str, recorded: RecordedCurve, request: WatchLoss) -> Curve:
    """Return the requested part of a recorded curve."""
    x, y = recorded.points(request.low, request.high)
    return Curve(name, pack(x), pack(y), recorded.at(request.at))


def column_of(request: WatchLoss, columns: Mapping[str, Array]) -> str | None:
    """Return the name of the column that is drawn: of the requested part, else of the other; None without both."""
    names = (f"val_{request.quantity}", request.quantity)
    return next((name for name in (names if request.validation else names[::-1]) if name in columns), None)
