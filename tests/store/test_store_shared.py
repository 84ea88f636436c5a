"""Several processes at one store: ended at random moments, no run is lost, damaged, or trained by two."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from systems import KILLED

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.runtime.resume import find, listed
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.live_trainers import LiveTrainer, folder_beside
from tui_trainer.store.store import RunTaken, Store
from tui_trainer.training.session import Session

ROOT = Path(__file__).resolve().parents[2]
USER = Path(__file__).with_name("store_user.py")
KILLS = 6


def start_user(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(USER), str(folder)], env=environment, stdout=subprocess.PIPE, text=True
    )


def trained(folder: Path, owner: str = "") -> tuple[Checkpointer, Session]:
    """A run of a few steps in the store, by this process."""
    session, keeper = Session(), Checkpointer(folder / "runs.sqlite", owner)
    session.load(Experiment())
    session.epoch()
    keeper.save(session)
    return keeper, session


@pytest.mark.slow
def test_two_processes_killed_at_random_moments(tmp_path: Path) -> None:
    rng = random.Random(3)
    safe: dict[int, int] = {}  # the last step of each run that was told to be saved
    users = [start_user(tmp_path), start_user(tmp_path)]
    for kill in range(KILLS):
        victim = users[kill % 2]
        assert victim.stdout is not None
        for _ in range(rng.randrange(3, 25)):
            line = victim.stdout.readline()
            told = re.match(r"saved (\d+) (\d+)", line)
            assert told is not None, f"kill {kill}: {line!r}, code {victim.poll()}"
            safe[int(told[1])] = int(told[2])
        victim.kill()
        for line in victim.stdout:  # said before it died, perhaps in the middle of a line
            if told := re.fullmatch(r"saved (\d+) (\d+)\n", line):
                safe[int(told[1])] = int(told[2])
        assert victim.wait() == KILLED, "ended by itself"
        users[kill % 2] = start_user(tmp_path)
    for user in users:
        user.kill()
        assert user.stdout is not None
        rest = user.stdout.read()
        assert user.wait() == KILLED, rest

    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    steps = dict(connection.execute("SELECT id, step FROM runs"))
    assert dict(connection.execute("SELECT run, step FROM cards")) == steps, "a run and its card are one"
    connection.close()
    assert safe and all(steps[run] >= step for run, step in safe.items())
    store, session = Store(tmp_path / "runs.sqlite"), Session()
    for run in store.runs():
        session.load(run.experiment)
        session.restore(*store.snapshot(run.id))
        assert (session.steps, session.trainer.epochs) == (run.step, run.epoch)
        assert len(session.history.epochs["loss"]) == run.epoch


def test_a_run_that_is_alive_is_not_taken(tmp_path: Path) -> None:
    place = LiveTrainer(folder_beside(tmp_path / "runs.sqlite"))
    trained(tmp_path, place.name)
    other = Checkpointer(tmp_path / "runs.sqlite", "another")
    assert other.resumable_run() is None and other.resumable_run(1) is None
    with pytest.raises(RunTaken, match="is running in another session; tui-trainer --resume 1 takes it over"):
        other.claim(1)
    place.leave()
    waiting = other.resumable_run()
    assert waiting is not None and waiting.was_interrupted
    assert other.claim(1).id == 1


def test_two_at_one_run_that_was_cut_off(tmp_path: Path) -> None:
    """The first one has it; a process that has lost its run goes on with one of its own."""
    first, second = (LiveTrainer(folder_beside(tmp_path / "runs.sqlite")) for _ in range(2))
    lost, session = trained(tmp_path, "gone")
    keepers = [Checkpointer(tmp_path / "runs.sqlite", place.name) for place in (first, second)]
    assert keepers[0].claim(1).id == 1
    with pytest.raises(RunTaken):
        keepers[1].claim(1)
    session.epoch()
    lost.save(session)
    assert "saved as a separate run" in lost.complaint
    session.epoch()
    lost.save(session)
    assert [(run.id, run.epoch) for run in Store(tmp_path / "runs.sqlite").runs()] == [(2, 3), (1, 1)]


def test_a_number_that_was_given_again_is_no_owner(tmp_path: Path) -> None:
    """This process's own number, under the name of a session that has ended."""
    trained(tmp_path, f"{os.getpid()}-0123456789ab")
    (run,) = Store(tmp_path / "runs.sqlite").runs()
    assert run.pid == os.getpid() and not run.alive and run.was_interrupted


def test_a_store_from_before_runs_had_owners(tmp_path: Path) -> None:
    trained(tmp_path, "gone")
    connection = sqlite3.connect(tmp_path / "runs.sqlite")
    for column in ("owner", "watched"):
        connection.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    connection.commit()
    connection.close()
    (run,) = Store(tmp_path / "runs.sqlite").runs()
    assert run.alive, "this process's own number stands in it, and this process runs"


def test_what_there_is_to_come_back_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    assert listed() == []
    with pytest.raises(UserError, match="no run to return to"):
        find(None)
    assert not (tmp_path / "runs.sqlite").exists(), "looking makes nothing"

    trained(tmp_path, "gone")
    place = LiveTrainer(folder_beside(tmp_path / "runs.sqlite"))
    keeper, session = trained(tmp_path, place.name)
    assert [line.split()[0] for line in listed()] == ["2", "1"]
    assert "open elsewhere" in listed()[0] and "cut off" in listed()[1]
    assert find(None).id == 1, "what somebody looks at is not taken without being asked for"
    assert find(2).owner == place.name

    keeper.watch(False)
    assert "no terminal" in listed()[0] and find(None).id == 2
    session.train()
    session.advance_to_end()
    keeper.save(session)
    place.leave()
    assert "finished, not seen yet" in listed()[0] and find(None).id == 2
    Store(tmp_path / "runs.sqlite", "viewer").claim(2)
    assert [line.split()[0] for line in listed()] == ["1"], "seen, and at its end"
    with pytest.raises(UserError, match="there is no run 7"):
        find(7)


def test_a_second_connection_of_a_process_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """POSIX drops all locks of a process on a file when it closes the file once; others then take it for unused."""
    path = tmp_path / "runs.sqlite"
    keeper, session = trained(tmp_path)
    Store(path).close()
    look = f"import sqlite3; c = sqlite3.connect({str(path)!r}); print(*c.execute('SELECT step FROM runs')); c.close()"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", look], check=True, capture_output=True)
        assert path.with_name("runs.sqlite-wal").exists(), "the journal is in use"
        session.epoch()
        keeper.save(session)
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True)
    assert done.stdout == f"({session.steps},)\n"
