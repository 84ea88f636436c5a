"""Runs kept on disk: SQLite in WAL mode, weights as safetensors. What is told as saved survives a kill."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from tui_trainer.experiment import Experiment, ExperimentError, dumps, loads

from .sessions import folder_beside, is_live
from .stored_run import StoredRun, process_runs

Array = NDArray[Any]
FOLDER_VARIABLE = "TUI_TRAINER_DATA"

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY,
    started REAL NOT NULL,
    updated REAL NOT NULL,
    pid INTEGER NOT NULL,
    name TEXT NOT NULL,
    experiment TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    latest TEXT NOT NULL
)""",
    """
CREATE TABLE IF NOT EXISTS snapshots (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    arrays BLOB NOT NULL
)""",
    """
CREATE TABLE IF NOT EXISTS epochs (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    arrays BLOB NOT NULL,
    PRIMARY KEY (run, first)
)""",
)
NEWER_COLUMNS = {"owner": "TEXT NOT NULL DEFAULT ''", "watched": "INTEGER NOT NULL DEFAULT 1"}
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
PATIENCE = 5.0  # seconds that another process may take over its own transaction
LISTED = 100  # runs, the newest


class StoreError(Exception):
    """The store can't be used; the sentence says why."""


class StoreBusy(StoreError):
    """Another process is writing; later it may go."""


class RunTaken(StoreError):
    """The run is another process's."""


def default_path() -> Path:
    """``runs.sqlite`` in the user's data folder, or in the folder named by TUI_TRAINER_DATA."""
    folder = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_data_path("tui-trainer")
    return Path(folder) / "runs.sqlite"


class Store:
    """One connection. Every method is one transaction; sqlite3 and file errors come out as StoreError.

    ``owner`` is the name of this process's session: its runs are nobody else's while it lives.
    """

    def __init__(self, path: Path, owner: str = "") -> None:
        self._path, self._owner = path, owner
        self._sessions = folder_beside(path)
        with _as_store_error(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        _patiently(self._prepare)

    def _prepare(self) -> None:
        with _as_store_error(self._path):
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A commit then survives the death of the process; only a power cut may cost the last ones.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
        with self._transaction() as connection:
            for statement in SCHEMA:
                connection.execute(statement)
            present = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
            for name, kind in NEWER_COLUMNS.items():
                if name not in present:
                    connection.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")

    def begin(self, experiment: Experiment) -> int:
        """A new run of this process, without snapshot yet; returns its id."""
        now = time.time()
        values = (now, now, os.getpid(), experiment.name, dumps(experiment), "paused", 0, 0, "{}", self._owner)
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (started, updated, pid, name, experiment, state, epoch, step, latest, owner)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def save(
        self,
        run: int,
        experiment: Experiment,
        state: str,
        place: tuple[int, int],
        latest: Mapping[str, float],
        snapshot: Mapping[str, Array],
        epochs: tuple[int, Mapping[str, Array]],
    ) -> None:
        """Replace the run's snapshot and add its newest epochs, all or nothing; RunTaken where it isn't ours.

        ``place`` is (epoch, step); ``epochs`` the number of epochs saved before, and the columns (k,) since.
        """
        first, columns = epochs
        text, arrays, values = dumps(experiment), _pack(snapshot), json.dumps(dict(latest))
        added = _pack(columns) if any(len(column) for column in columns.values()) else None
        with self._transaction() as connection:
            updated = connection.execute(
                "UPDATE runs SET updated = ?, pid = ?, experiment = ?, state = ?, epoch = ?, step = ?,"
                " latest = ? WHERE id = ? AND owner = ?",
                (time.time(), os.getpid(), text, state, *place, values, run, self._owner),
            )
            if not updated.rowcount:
                raise RunTaken(f"Run {run} goes on in another session; this one is kept as a run of its own.")
            connection.execute("REPLACE INTO snapshots VALUES (?, ?)", (run, arrays))
            if added is not None:
                connection.execute("REPLACE INTO epochs VALUES (?, ?, ?)", (run, first, added))

    def watch(self, run: int, watched: bool) -> None:
        """Note whether a screen shows the run of this process."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE runs SET watched = ? WHERE id = ? AND owner = ?", (int(watched), run, self._owner)
            )

    def claim(self, run: int) -> StoredRun:
        """Make a run this process's, at once or not at all; RunTaken with the reason where that can't be."""
        with self._transaction() as connection:
            found = self._read(connection, "id = ?", run)
            if not found:
                raise RunTaken(f"There is no run {run} to go on with.")
            (stored,) = found
            if stored.alive and (stored.owner, stored.pid) != (self._owner, os.getpid()):
                raise RunTaken(f"Run {run} goes on in another session; tui-trainer --resume {run} takes it over.")
            connection.execute(
                "UPDATE runs SET owner = ?, pid = ?, watched = 1 WHERE id = ?", (self._owner, os.getpid(), run)
            )
        return stored

    def runs(self) -> list[StoredRun]:
        """Runs that have begun, those saved last first; what can't be read any more is left out."""
        with self._transaction() as connection:
            return self._read(connection, "step > 0")

    def find(self, run: int) -> StoredRun:
        """The run of that number; StoreError where there is none, or it can't be read any more."""
        with self._transaction() as connection:
            found = self._read(connection, "id = ?", run)
        if not found:
            raise StoreError(f"There is no run {run} in {self._path}.")
        return found[0]

    def _read(self, connection: sqlite3.Connection, condition: str, *values: int) -> list[StoredRun]:
        rows = connection.execute(
            "SELECT id, name, experiment, state, epoch, step, pid, updated, owner, watched FROM runs"
            f" WHERE {condition} ORDER BY updated DESC, id DESC LIMIT {LISTED}",
            values,
        )
        return [run for row in rows.fetchall() if (run := self._stored(row)) is not None]

    def _stored(self, row: tuple[Any, ...]) -> StoredRun | None:
        number, name, text, state, epoch, step, pid, updated, owner, watched = row
        try:
            # Runs from before there were owners have but the number of their process.
            alive = is_live(self._sessions, owner) if owner else process_runs(int(pid))
            place = (int(epoch), int(step), int(pid), float(updated))
            return StoredRun(int(number), str(name), loads(text), str(state), *place, owner, bool(watched), alive)
        except (ExperimentError, TypeError, ValueError, AttributeError):
            return None

    def snapshot(self, run: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """The run's snapshot and the columns of all its epochs; StoreError where there is none."""
        with self._transaction() as connection:
            row = connection.execute("SELECT arrays FROM snapshots WHERE run = ?", (run,)).fetchone()
            parts = connection.execute("SELECT arrays FROM epochs WHERE run = ? ORDER BY first", (run,)).fetchall()
        if row is None:
            raise StoreError(f"Run {run} has no snapshot in {self._path}.")
        chunks = [_unpack(part) for (part,) in parts]
        names = list(chunks[0]) if chunks else []
        try:
            return _unpack(row[0]), {name: np.concatenate([chunk[name] for chunk in chunks]) for name in names}
        except KeyError as error:
            raise StoreError(f"The epochs of run {run} in {self._path} don't fit together: no {error}.") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _as_store_error(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _patiently(act: Callable[[], None]) -> None:
    """Do it, again where another process does the same: for a change of the journal SQLite itself doesn't wait."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except StoreBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY
        raise (StoreBusy if busy else StoreError)(f"Runs can't be kept in {path}: {error}.") from error


def _pack(arrays: Mapping[str, Array]) -> bytes:
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _unpack(data: bytes) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except SafetensorError as error:
        raise StoreError(f"A saved run is damaged: {error}.") from error
