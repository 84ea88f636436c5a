"""The real trainer at a store that another process holds: it goes on at its pace, says so, and saves later."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from systems import WINDOWS
from test_resume_kills import Child

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import AnyReport, Load, Notice, Pause, Progress, Train, read_frame, report_decoder
from tui_trainer.store.store import Store, default_path

pytestmark = pytest.mark.slow  # it waits until the store's own patience ends; tests/store/test_saving.py does not
PATIENCE = 90.0 if WINDOWS else 20.0  # seconds; a busy machine needs some of them, and Wine many to start a process


def reports_until(child: Child, done: Callable[[AnyReport], bool]) -> list[AnyReport]:
    """Everything that is reported up to the report that is ``done``."""
    reports: list[AnyReport] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        body = read_frame(child._reports)
        assert body is not None, "the trainer has ended by itself"
        reports.append(report_decoder.decode(body))
        if done(reports[-1]):
            return reports
    pytest.fail(f"it never came: {reports[-3:]}")


def test_a_store_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    child = Child()
    child.send(Load(with_field(Experiment(), "training.epochs", 10_000_000), 1), Train())
    reports_until(child, lambda report: isinstance(report, Progress) and report.epoch > 1)
    with closing(sqlite3.connect(default_path(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        held_from = time.monotonic()
        reports = reports_until(child, lambda report: isinstance(report, Progress) and report.unsaved != "")
        assert getattr(reports[-1], "unsaved", "") == "store locked"
        assert time.monotonic() - held_from < 10.0
        steps = [report.steps for report in reports if isinstance(report, Progress)]
        assert len(steps) > 10 and steps == sorted(set(steps)), "it went on, and reported twenty times a second or so"
        child.send(Pause())
        reports_until(child, lambda report: isinstance(report, Progress) and report.state == "paused")
        other.execute("ROLLBACK")
    reports = reports_until(child, lambda report: isinstance(report, Progress) and report.unsaved == "")
    assert Notice(1, "Saving works again.", good=True) in reports, "while it is paused, too"
    with closing(Store(default_path())) as store:
        assert [run.step for run in store.runs()] == [getattr(reports[-1], "steps", 0)]
    child.close()


def test_a_run_whose_first_saving_failed_is_saved_when_the_client_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process held the store for a moment: without a last try, nothing would be left of the run."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    child = Child()
    child.send(Load(with_field(Experiment(), "training.epochs", 10_000_000), 1))
    reports_until(child, lambda report: isinstance(report, Progress) and report.epoch == 0)
    with closing(sqlite3.connect(default_path(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        child.send(Train())
        reports_until(child, lambda report: isinstance(report, Progress) and report.epoch > 0)
        child.hang_up()
        other.execute("ROLLBACK")
    child.wait()
    with closing(Store(default_path())) as store:
        assert [run.step > 0 for run in store.runs()] == [True]
