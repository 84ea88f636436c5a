"""Runs to come back to: those that other sessions train, and those that were cut off."""

from __future__ import annotations

import time

from tui_trainer.errors import UserError, printable
from tui_trainer.files import file_mode
from tui_trainer.formats import format_age
from tui_trainer.protocol import AnyReport, Notice, ResumeOffer
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store, StoredRun, StoreError, default_path

from .launch import Launch


def listed() -> list[str]:
    """A line for each run that is trained now or can be resumed: number, name, epoch, state, and when it was saved."""
    runs = [run for run in _runs() if run.alive or run.is_resumable]
    names = [printable(run.name)[:30] for run in runs]
    width = max(map(len, names), default=0)
    ages = [format_age(time.time() - run.updated) for run in runs]
    return [
        f"{run.id:>4}  {name:<{width}}  {_epochs(run):<18}  {_state(run):<24}  {age} ago"
        for run, name, age in zip(runs, names, ages, strict=True)
    ]


def store_size() -> int:
    """The bytes that the store takes; 0 where there is none, or it can't be read."""
    try:
        return default_path().stat().st_size
    except OSError:
        return 0


def find(wanted: int | None) -> StoredRun:
    """Run number ``wanted``, or the newest one that nobody looks at; ExperimentError where there is none."""
    runs = _runs()
    if wanted is not None:
        found = next((run for run in runs if run.id == wanted), None)
        if found is None:
            raise UserError("", f"there is no run {wanted}; tui-trainer sessions lists the runs")
    else:
        detached = (run for run in runs if run.alive and not run.watched)
        resumable = (run for run in runs if run.is_resumable)
        found = next(detached, None) or next(resumable, None)
        if found is None:
            raise UserError("", _nothing(runs))
    if found.alive and not found.owner:
        raise UserError(
            "", f"run {found.id} is running in process {found.pid}, which can't be reached; end that process"
        )
    return found


def launch_for(run: StoredRun, stays: bool, niceness: int) -> Launch:
    """How to come back to ``run``: by calling its session, or by going on with it where it was saved."""
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
    """The run ``wanted``, with a notice where it can't be had; or the newest cut off, and then one that goes on."""
    told: list[AnyReport] = []
    stored = keeper.resumable_run(wanted)
    if stored is None and wanted is not None:
        told.append(Notice(0, f"Run {wanted} can't be gone on with: it is not there, or goes on elsewhere."))
    for run in (stored, keeper.detached_run() if wanted is None else None):
        if run is not None:
            ago = max(0.0, time.time() - run.updated)
            told.append(
                ResumeOffer(0, run.id, run.experiment, run.epoch, run.step, ago, run.owner if run.alive else "")
            )
    return told
