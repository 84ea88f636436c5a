"""Saving that fails for a while: training does not wait for it, the reason is known, and it works again by itself."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from tui_trainer.experiment.schema import Experiment
from tui_trainer.store import checkpointer
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import Store
from tui_trainer.training.session import Session

LONGEST_WAIT = 0.4  # seconds that an attempt may take on a busy machine; the timeout itself is 0.05


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process is in the middle of writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def begun(path: Path) -> tuple[Checkpointer, Session]:
    """A run that is saved after its first epoch."""
    keeper, session = Checkpointer(path, "me"), Session()
    session.load(Experiment())
    session.epoch()
    keeper.save(session)
    assert keeper.trouble == keeper.complaint == ""
    return keeper, session


def fill_disk(keeper: Checkpointer, full: bool) -> None:
    """Let the store grow no further, as on a disk that is full, or again."""
    assert keeper.store is not None
    with keeper.store.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    keeper.store._connection.execute(f"PRAGMA max_page_count = {pages if full else 1_000_000}")


def test_a_disk_that_is_full_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    keeper, session = begun(path)
    fill_disk(keeper, True)
    monkeypatch.setattr(session, "snapshot", lambda: {**Session.snapshot(session), "path.more": ballast()})
    session.epoch()
    keeper.save(session)
    assert keeper.trouble == "disk full"
    assert keeper.complaint.startswith(f"Runs can't be saved in {path}: ") and "full" in keeper.complaint
    keeper.complaint = ""
    session.epoch()
    keeper.save(session)
    assert keeper.trouble == "disk full" and keeper.complaint == "", "said once"
    fill_disk(keeper, False)
    session.epoch()
    keeper.save(session)
    assert keeper.trouble == ""
    with closing(Store(path)) as store:
        (run,) = store.runs()
        assert (run.epoch, run.step) == (session.trainer.epochs, session.steps)
        assert len(store.epochs(run.id)["loss"]) == 4, "no epoch is missing"


def ballast() -> object:
    """An array that needs further pages."""
    import numpy as np

    return np.zeros(100_000)


def test_a_lock_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as empty:
        empty.execute("PRAGMA journal_mode = WAL")
    with held(path):
        started = time.perf_counter()
        keeper, session = Checkpointer(path, "me"), Session()
        assert time.perf_counter() - started < 5 * LONGEST_WAIT
        session.load(Experiment())
        session.epoch()
        keeper.save(session)
        assert keeper.store is None and keeper.trouble == "store locked"
    keeper.save(session)
    assert keeper.trouble == ""
    with closing(Store(path)) as store:
        assert [run.epoch for run in store.runs()] == [1]


def test_a_store_that_is_in_order_opens_while_it_is_locked(tmp_path: Path) -> None:
    """Only what is missing has to be written: lists and the offer to resume don't need that."""
    path = tmp_path / "runs.sqlite"
    begun(path)[0].close()
    with held(path):
        keeper = Checkpointer(path, "another")
        assert keeper.trouble == "" and keeper.resumable_run() is not None


def test_training_does_not_wait_for_a_store_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    keeper, session = begun(path)
    clock = time.perf_counter()
    monkeypatch.setattr(checkpointer, "now", lambda: clock)
    attempts, took, real = [], [], Store.save
    monkeypatch.setattr(Store, "save", lambda *words: (attempts.append(clock), real(*words)))
    session.train()
    with held(path):
        for _ in range(1200):  # two minutes
            clock += 0.1
            session.step()
            session.train()
            started = time.perf_counter()
            keeper.save_if_due(session)
            took.append(time.perf_counter() - started)
        # The two longest may be the machine's, which had others to serve; an attempt that waits is one of a dozen.
        assert sorted(took)[-3] < LONGEST_WAIT and len(attempts) > 3
        pauses = [round(after - before, 1) for before, after in pairwise(attempts)]
        assert len(attempts) < 25 and pauses == sorted(pauses) and pauses[-1] <= checkpointer.LONGEST_PAUSE + 0.2
        assert keeper.trouble == "store locked"
    for _ in range(110):
        clock += 0.1
        keeper.save_if_due(session)
    assert keeper.trouble == ""
    with closing(Store(path)) as store:
        assert [run.step for run in store.runs()] == [session.steps]


def test_a_moment_of_another_process_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    keeper, session = begun(path)
    with held(path):
        session.epoch()
        keeper.save(session)
        assert keeper.trouble == "" and keeper.is_behind and keeper.retry_in <= 0.5
    session.epoch()
    keeper.save(session)
    assert not keeper.is_behind


def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    """One that did made every later attempt fail: there is no transaction within a transaction."""
    store = Store(tmp_path / "runs.sqlite", "me")
    store._connection.execute("CREATE TABLE a (x PRIMARY KEY)")
    store._connection.execute("CREATE TABLE b (x REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(Exception, match="FOREIGN KEY"), store.writing() as connection:
        connection.execute("INSERT INTO b VALUES (1)")  # refused by the commit
    assert store.begin(Experiment()) == 1
    store.close()
