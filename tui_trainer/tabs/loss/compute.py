"""Computes the Loss tab: the curves of the current run, and those of runs in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from tui_trainer.errors import UserError
from tui_trainer.experiment.toml_file import loads
from tui_trainer.protocol import MAX_BAND_RUNS, MIN_BAND_RUNS, pack, unpack
from tui_trainer.store.store import Store, StoreError
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.runs.fields import setting_of
from tui_trainer.training.history import OlderValues, RecordedCurve, epoch_numbers
from tui_trainer.training.series import Array, SpilledSeries
from tui_trainer.training.session import Session

from .messages import Band, Curve, LossContent, OverlayCurve, WatchLoss

RATE = "learning_rate"
QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class Overlays:
    """The curves and bands of other runs and their last epoch, for a ``request`` beside run ``current``."""

    request: WatchLoss
    current: int | None
    curves: tuple[OverlayCurve, ...] = ()
    last: int = 0
    bands: tuple[Band, ...] = ()


class LossCompute:
    """Computes the curves of the current run each time, and the overlays when they are requested."""

    def __init__(self, trainer: TrainerContext) -> None:
        self._trainer = trainer
        self._stored: StoredCurves | None = None
        self._overlays = Overlays(WatchLoss(), None)

    def compute(self, request: WatchLoss) -> LossContent:
        """Compute the curves and the overlays; no overlays if the store can't be read."""
        session, overlays = self._trainer.recorded, self._update_overlays(request)
        curves = () if session.state == "empty" else run_curves(session, request, self._shown_output)
        rate = None if session.state == "empty" else rate_curve(session, request)
        return LossContent(request.quantity, curves, overlays.curves, overlays.last, overlays.bands, rate)

    @property
    def _shown_output(self) -> int | None:
        return None if self._trainer.session.state == "empty" else self._trainer.shown_output

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
                output = self._shown_output
                is_each = output is not None and request.quantity != "loss"
                asked = (
                    msgspec.structs.replace(request, quantity=f"{request.quantity}[{output}]") if is_each else request
                )
                self._overlays = replace(self._stored.overlays(asked, current), request=request)
            except StoreError:
                return self._overlays
        return self._overlays


class StoredCurves:
    """Reads the curves of stored runs, each run once for as long as nobody trains it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._runs: dict[int, tuple[float, Mapping[str, Array], dict[tuple[str, float], RecordedCurve]]] = {}
        self._settings: dict[int, tuple[bytes, tuple[int, str | None]]] = {}  # of each run, with its seed and fold

    def overlays(self, request: WatchLoss, current: int | None) -> Overlays:
        """Return the curves of the requested runs except the ``current`` one; raise StoreError if that fails.

        Where there are three runs of a setting or more, the current one among them, they have a band instead.
        """
        runs = list(dict.fromkeys(request.runs))[:MAX_BAND_RUNS]
        bands = self._bands(request, runs)
        in_bands = {run for band in bands for run in band.runs}
        curves = []
        last = 0
        for run in runs:
            if run == current and run not in in_bands:
                continue
            columns = self._columns(run)
            last = max(last, int(epoch_numbers(columns).max(initial=0)))
            name = column_of(request, columns)
            if run not in in_bands:
                curves.append(OverlayCurve(run, None if name is None else self._curve(run, name, request)))
        self._runs = {run: self._runs[run] for run in runs if run in self._runs}
        return Overlays(request, current, tuple(curves), last, bands)

    def _bands(self, request: WatchLoss, runs: list[int]) -> tuple[Band, ...]:
        settings: dict[bytes, list[int]] = {}
        for run in runs:
            if (known := self._setting(run)) is not None:
                settings.setdefault(known[0], []).append(run)
        bands = []
        for members in settings.values():
            columns = {run: self._columns(run) for run in members} if len(members) >= MIN_BAND_RUNS else {}
            names = {run: name for run in columns if (name := column_of(request, columns[run])) is not None}
            curves = {run: self._curve(run, name, request) for run, name in names.items()}
            if len(curves) >= MIN_BAND_RUNS and len(set(names.values())) == 1:
                differing = [self._settings[run][1] for run in curves]
                bands.append(band_of(curves, noun_of(differing), request.at))
        return tuple(bands)

    def _setting(self, run: int) -> tuple[bytes, tuple[int, str | None]] | None:
        """Return the setting of a run, and its seed and fold; None if there is no such run, or it can't be read."""
        if run not in self._settings:
            with self.store.reading() as connection:
                row = connection.execute("SELECT experiment FROM runs WHERE id = ?", (run,)).fetchone()
            try:
                one = None if row is None else loads(str(row[0]))
            except UserError:
                one = None
            if row is None or one is None:
                return None
            self._settings[run] = setting_of(str(row[0])), (one.model.seed, one.dataset.fold)
        return self._settings[run]

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


def run_curves(session: Session, request: WatchLoss, output: int | None = None) -> tuple[Curve, ...]:
    """Return the requested quantity of both parts over the epochs; with the loss, that of each step, too.

    Of several targets a measure is that of ``output``, under the name of the measure.
    """
    history = session.history
    names = [name for name in history.epochs if name.removeprefix("val_").partition("[")[0] == request.quantity]
    if output is not None and request.quantity != "loss":
        names = [name for name in names if name.endswith(f"[{output}]")]
    curves = [
        curve_of(name if output is None else name.partition("[")[0], history.curve(name, request.smoothing), request)
        for name in names
    ]
    if request.quantity == "loss":
        steps, losses = history.steps.points()
        epochs = steps / session.trainer.steps_per_epoch
        low, high = request.low or 0, np.inf if request.high is None else request.high
        inside = (epochs >= low) & (epochs <= high)
        curves.append(Curve("batch_loss", pack(epochs[inside]), pack(losses[inside])))
    return tuple(curve for curve in curves if curve.x)


def rate_curve(session: Session, request: WatchLoss) -> Curve | None:
    """Return the learning rate at the end of each epoch, never smoothed; None where it has no schedule."""
    if RATE not in session.history.epochs:
        return None
    curve = curve_of(RATE, session.history.curve(RATE), request)
    return curve if curve.x else None


def curve_of(name: str, recorded: RecordedCurve, request: WatchLoss) -> Curve:
    """Return the requested part of a recorded curve."""
    x, y = recorded.points(request.low, request.high)
    return Curve(name, pack(x), pack(y), recorded.at(request.at))


def column_of(request: WatchLoss, columns: Mapping[str, Array]) -> str | None:
    """Return the name of the column that is drawn: of the requested part, else of the other; None without both."""
    names = (f"val_{request.quantity}", request.quantity)
    return next((name for name in (names if request.validation else names[::-1]) if name in columns), None)


def noun_of(differing: Sequence[tuple[int, str | None]]) -> str:
    """Return what runs differ in, given the seed and the fold of each: ``seeds``, ``folds``, or ``runs`` for both."""
    seeds, folds = (len(set(values)) for values in zip(*differing, strict=True))
    return "runs" if seeds > 1 and folds > 1 else "folds" if folds > 1 else "seeds" if seeds > 1 else "runs"


def band_of(curves: Mapping[int, Curve], noun: str, at: int | None) -> Band:
    """Return the quartiles of curves over the epochs that at least half of them have, and at an epoch ``at``.

    Values that are not finite, and epochs that a long curve leaves out, are interpolated.
    """
    points = [(unpack(curve.x), unpack(curve.y)) for curve in curves.values()]
    finite = [(x[np.isfinite(y)], y[np.isfinite(y)]) for x, y in points]
    epochs = np.unique(np.concatenate([x for x, _ in points]))
    values = np.array(
        [np.interp(epochs, x, y, np.nan, np.nan) if len(x) else np.full(len(epochs), np.nan) for x, y in finite]
    ).reshape(len(finite), len(epochs))
    shared = 2 * np.isfinite(values).sum(axis=0) >= len(values)
    lower, median, upper = quartiles(values[:, shared])
    told = [value for curve in curves.values() if (value := curve.at) is not None and np.isfinite(value)]
    at_epoch = quartiles(np.array(told).reshape(-1, 1)) if at is not None and 2 * len(told) >= len(curves) else None
    return Band(
        tuple(curves),
        noun,
        pack(epochs[shared]),
        pack(lower),
        pack(median),
        pack(upper),
        None if at_epoch is None else (float(at_epoch[0, 0]), float(at_epoch[1, 0]), float(at_epoch[2, 0])),
    )


def quartiles(values: Array) -> Array:
    """Return lower quartile, median and upper quartile (3, epochs) of values (runs, epochs); NaN is no value.

    They lie between the two nearest values, as NumPy's and Excel's do.
    """
    ordered, counts = np.sort(values, axis=0), np.isfinite(values).sum(axis=0)  # NaN comes last
    found = np.empty((len(QUARTILES), values.shape[1]))
    for row, share in enumerate(QUARTILES):
        place = share * (counts - 1)
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, counts - 1)
        low, high = (np.take_along_axis(ordered, rows[None], axis=0)[0] for rows in (below, above))
        found[row] = low * (1.0 - (place - below)) + high * (place - below)
    return found
