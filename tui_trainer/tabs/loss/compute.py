"""The curves of runs in the store, as the loss plot lays them beside those of the run under work."""

from __future__ import annotations

from collections.abc import Mapping

from tui_trainer.protocol.framing import pack
from tui_trainer.protocol.view import Curve, WatchLoss
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.messages import RunCurve, RunCurves
from tui_trainer.training.history import RecordedCurve
from tui_trainer.training.series import Array, SpilledSeries

MAX_KEPT_RUNS = 16  # runs kept, those asked for last


class StoredCurves:
    """Reads each run once for as long as nobody trains it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, tuple[float, Mapping[str, Array], dict[tuple[str, float], RecordedCurve]]] = {}

    def see(self, wanted: WatchLoss, here: int | None) -> RunCurves:
        """The curves of ``wanted.runs``, without the run under work: that one has its own."""
        runs = [run for run in dict.fromkeys(wanted.runs) if run != here][:MAX_KEPT_RUNS]
        found = []
        last = 0
        for run in runs:
            columns = self._columns(run)
            last = max([last, *(len(column) for column in columns.values())])
            name = chosen_name(columns, wanted)
            found.append(RunCurve(run, None if name is None else self._curve(run, name, wanted)))
        self._kept = {run: self._kept[run] for run in runs if run in self._kept}
        return RunCurves(wanted.quantity, tuple(found), last)

    def _columns(self, run: int) -> Mapping[str, Array]:
        with self._store.reading() as connection:
            row = connection.execute("SELECT updated FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None:
            return {}
        if run not in self._kept or self._kept[run][0] != row[0]:
            self._kept[run] = (row[0], self._store.epochs(run), {})
        return self._kept[run][1]

    def _curve(self, run: int, name: str, wanted: WatchLoss) -> Curve:
        _, columns, curves = self._kept[run]
        key = (name, wanted.smoothing)
        if key not in curves:
            curves[key] = RecordedCurve(SpilledSeries(columns[name]), wanted.smoothing)
        x, y = curves[key].points(wanted.low, wanted.high)
        return Curve(name, pack(x), pack(y), curves[key].at(wanted.at))


def chosen_name(columns: Mapping[str, Array], wanted: WatchLoss) -> str | None:
    """The column that is drawn: of the part that is wanted, or of the other; None where there is neither."""
    names = (f"val_{wanted.quantity}", wanted.quantity)
    return next((name for name in (names if wanted.validation else names[::-1]) if name in columns), None)
