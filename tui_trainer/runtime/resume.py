"""Runs that can be resumed, those of other sessions and those that were cut off, and sessions that can be followed."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.files import file_mode, is_file
from tui_trainer.formats import format_age
from tui_trainer.protocol import AnyReport, Notice, ResumeOffer
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.filter import FilterError, condition, parse
from tui_trainer.store.live_trainers import folder_beside, live_names, process_of
from tui_trainer.store.schema import COLUMN_SQL, LISTED
from tui_trainer.store.store import Store, StoredRun, StoreError, default_path
from tui_trainer.system.sockets import address

from . import Launch


def listed() -> list[str]:
    """Return a line for each run that is training or can be resumed: number, name, epoch, state, time of saving."""
    runs = [run for run in _runs() if run.alive or run.is_resumable]
    names = [printable(run.name)[:30] for run in runs]
    width = max(map(len, names), default=0)
    ages = [format_age(time.time() - run.updated) for run in runs]
    return [
        f"{run.id:>4}  {name:<{width}}  {_epochs(run):<18}  {_state(run):<24}  {age} ago"
        for run, name, age in zip(runs, names, ages, strict=True)
    ]


SAVED = (
    *("run", "name", "tags", "dataset", "layers", "activation", "optimizer", "rate", "state", "epoch"),
    *("loss", "val_loss", "accuracy", "r2", "mae", "seconds", "started", "updated"),
)  # columns of the run index that ``saved_runs`` gives


def saved_runs(condition_text: str = "") -> list[dict[str, Any]]:
    """Return the saved runs that match a filter, the newest first, each with the columns ``SAVED`` by name.

    Raises UserError for a filter that makes no sense, or a store that can't be read.
    """
    try:
        passes, values = condition(parse(condition_text))
    except FilterError as error:
        raise UserError("", f"the filter {quoted(condition_text)}: {error.reason}") from None
    if not is_file(default_path()):
        return []
    columns = ", ".join(f"{COLUMN_SQL[name]} AS {name}" for name in SAVED)
    try:
        with contextlib.closing(Store(default_path())) as store:
            store.fill_run_index()
            live = json.dumps(live_names(store.sessions))
            parameters = {**values, "live": live, "now": time.time(), "owner": store.owner, "here": None}
            with store.reading() as connection:
                connection.create_function("fold", 1, lambda text: str(text).casefold(), deterministic=True)
                query = f"SELECT {columns} FROM cards WHERE {LISTED} AND {passes} ORDER BY updated DESC, run DESC"
                rows = connection.execute(query, parameters).fetchall()
    except StoreError as error:
        raise UserError("", str(error)) from error
    return [dict(zip(SAVED, row, strict=True)) for row in rows]


def store_size() -> int:
    """Return the size of the store in bytes; 0 if there is none, or it can't be read."""
    try:
        return default_path().stat().st_size
    except OSError:
        return 0


def find(wanted: int | None) -> StoredRun:
    """Return run number ``wanted``, or the newest one without a screen; raise ExperimentError if there is none."""
    runs = _runs()
    if wanted is not None:
        run = next((run for run in runs if run.id == wanted), None)
        if run is None:
            raise UserError("", f"there is no run {wanted}; tui-trainer sessions lists the runs")
    else:
        detached = (run for run in runs if run.alive and not run.watched)
        resumable = (run for run in runs if run.is_resumable)
        run = next(detached, None) or next(resumable, None)
        if run is None:
            raise UserError("", _nothing(runs))
    if run.alive and not run.owner:
        raise UserError("", f"run {run.id} is running in process {run.pid}, which can't be reached; end that process")
    return run


def find_session(wanted: str) -> str:
    """Return the name of the live session to follow: that of the run or the process ``wanted``, or else the only one.

    Raises UserError, with the numbers of the sessions there are, if there is no such one, or no single one.
    """
    folder, runs = folder_beside(default_path()), _runs()
    names = [name for name in live_names(folder) if address(folder, name).exists()]
    newest = {name: next((run for run in runs if run.owner == name), None) for name in names}
    if not names:
        raise UserError("--follow", "there is no session to follow; tui-trainer FILE.toml starts one")
    if not wanted and len(names) == 1:
        return names[0]
    of_run = next((run.owner for run in runs if str(run.id) == wanted and run.owner in newest), None)
    of_process = next((name for name in names if str(process_of(name)) == wanted), None)
    if (session := of_run or of_process) is not None:
        return session
    those = "; ".join(_session(name, run) for name, run in newest.items())
    reason = f"there is no session {quoted(wanted)} to follow" if wanted else "give the number of a session"
    raise UserError("--follow", f"{reason}: {those}")


def _session(name: str, run: StoredRun | None) -> str:
    """Describe a session by its number: that of its run, or of its process until a run has begun."""
    if run is None:
        return f"{process_of(name)} (nothing trained yet)"
    return f"{run.id} ({printable(run.name)[:30]}, {printable(run.state)[:20]})"


def launch_for(run: StoredRun, stays: bool, niceness: int) -> Launch:
    """Return how to resume ``run``: by attaching to its session, or from where it was saved."""
    if run.alive:
        return Launch(stays, niceness, attach=run.owner)
    return Launch(stays, niceness, offer=run.id)


def _runs() -> list[StoredRun]:
    path = default_path()
    if not file_mode(path):
        return []
    try:
        store = Store(path)
        try:
            return store.runs()
        finally:
            store.close()
    except StoreError as error:
        raise UserError("", str(error)) from error


def _nothing(runs: list[StoredRun]) -> str:
    watched = next((run for run in runs if run.alive), None)
    if watched is None:
        return "there is no run to return to; tui-trainer FILE.toml starts one"
    name = printable(watched.name)
    return f"the run {name} is open in another terminal; tui-trainer --resume {watched.id} takes it over"


def _epochs(run: StoredRun) -> str:
    return f"epoch {run.epoch:,}/{run.experiment.training.epochs:,}"


def _state(run: StoredRun) -> str:
    state = printable(run.state)[:20]
    if run.alive:
        return f"{state}, open elsewhere" if run.watched else f"{state}, no terminal"
    return "cut off" if run.was_interrupted else f"{state}, not seen yet"


def resume_offers(keeper: Checkpointer, wanted: int | None) -> list[AnyReport]:
    """Return an offer of the run ``wanted``, or a notice if it can't be resumed; or of the newest resumable runs."""
    offers: list[AnyReport] = []
    stored = keeper.resumable_run(wanted)
    if stored is None and wanted is not None:
        offers.append(Notice(0, f"Run {wanted} can't be resumed: it doesn't exist, or is running elsewhere."))
    for run in (stored, keeper.detached_run() if wanted is None else None):
        if run is not None:
            ago = max(0.0, time.time() - run.updated)
            offers.append(
                ResumeOffer(0, run.id, run.experiment, run.epoch, run.step, ago, run.owner if run.alive else "")
            )
    return offers
