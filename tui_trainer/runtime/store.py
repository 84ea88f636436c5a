"""Runs kept on disk: SQLite in WAL mode, weights as safetensors. What is told as saved survives a kill."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from tui_trainer.experiment import Experiment, ExperimentError, dumps, loads

Array = NDArray[Any]
FOLDER_VARIABLE = "TUI_TRAINER_DATA"
UNFINISHED = ("running", "paused")

SCHEMA = """
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
);
CREATE TABLE IF NOT EXISTS snapshots (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    arrays BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS epochs (
    run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    arrays BLOB NOT NULL,
    PRIMARY KEY (run, first)
);
"""


class StoreError(Exception):
    """The store can't be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run as the store has it; ``pid`` is the process that trained it, ``updated`` the time in seconds."""

    id: int
    name: str
    experiment: Experiment
    state: str
    epoch: int
    step: int
    pid: int
    updated: float

    @property
    def is_cut_off(self) -> bool:
        """Not at its end, and nobody is training it."""
        return self.state in UNFINISHED and not _alive(self.pid)


def default_path() -> Path:
    """``runs.sqlite`` in the user's data folder, or in the folder named by TUI_TRAINER_DATA."""
    folder = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_data_path("tui-trainer")
    return Path(folder) / "runs.sqlite"


class Store:
    """One connection. Every method is one transaction; sqlite3 and file errors come out as StoreError."""

    def __init__(self, path: Path) -> None:
        with _as_store_error(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=5.0, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A commit then survives the death of the process; only a power cut may cost the last ones.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(SCHEMA)
        self._path = path

    def begin(self, experiment: Experiment) -> int:
        """A new run of this process, without snapshot yet; returns its id."""
        now = time.time()
        values = (now, now, os.getpid(), experiment.name, dumps(experiment), "paused", 0, 0, "{}")
        with self._transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (started, updated, pid, name, experiment, state, epoch, step, latest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        """Replace the run's snapshot and add its newest epochs, all or nothing.

        ``place`` is (epoch, step); ``epochs`` the number of epochs saved before, and the columns (k,) since.
        """
        first, columns = epochs
        with self._transaction() as connection:
            connection.execute(
                "UPDATE runs SET updated = ?, pid = ?, experiment = ?, state = ?, epoch = ?, step = ?,"
                " latest = ? WHERE id = ?",
                (time.time(), os.getpid(), dumps(experiment), state, *place, json.dumps(dict(latest)), run),
            )
            connection.execute("REPLACE INTO snapshots VALUES (?, ?)", (run, _pack(snapshot)))
            if any(len(column) for column in columns.values()):
                connection.execute("REPLACE INTO epochs VALUES (?, ?, ?)", (run, first, _pack(columns)))

    def newest(self) -> StoredRun | None:
        """The run saved last, or None; one whose experiment can't be read any more counts as none."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT id, name, experiment, state, epoch, step, pid, updated FROM runs"
                " WHERE step > 0 ORDER BY updated DESC, id DESC LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        try:
            return StoredRun(row[0], row[1], loads(row[2]), *row[3:])
        except ExperimentError:
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
        with _as_store_error(getattr(self, "_path", Path())):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


@contextlib.contextmanager
def _as_store_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"Runs can't be kept in {path}: {error}.") from error


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


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended counts as gone even if nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        pass  # gone, or a system without /proc
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's process
        return True
    return True
