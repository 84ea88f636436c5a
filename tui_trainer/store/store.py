"""Runs on disk: SQLite in WAL mode, weights as safetensors. What was reported as saved survives a kill."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import dumps, loads
from tui_trainer.files import check_regular_file, user_folder
from tui_trainer.run_state import RunState, traits_of
from tui_trainer.system.files import PLAIN
from tui_trainer.system.private import keep_private
from tui_trainer.system.processes import is_running
from tui_trainer.training.history import EPOCH, epoch_numbers

from .live_trainers import folder_beside, is_live, live_names
from .schema import IndexedRun, fill_run_index, is_prepared, is_run_index_full, prepare, write_index_row

MAX_RUNS = 100  # listed, the newest
STORED_COLUMNS = (
    "runs.id, runs.name, runs.experiment, runs.state, runs.epoch, runs.step, runs.pid, runs.updated, runs.owner,"
    " runs.watched"
)
BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
INCREMENTAL = 2  # as SQLite numbers the kinds of auto_vacuum
NO_ACCESS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
NO_ACCESS_ERRORS = (errno.EACCES, errno.EPERM, errno.EROFS)
NO_SPACE_ERRORS = (errno.ENOSPC, errno.EDQUOT)
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PATIENCE = 5.0  # seconds that another process may take over its own transaction
Array = NDArray[Any]


def default_path() -> Path:
    """Return the path of ``runs.sqlite``, in the user's data folder or in the folder named by TUI_TRAINER_DATA."""
    return user_folder() / "runs.sqlite"


class Store:
    """A connection to the store. Every method is one transaction; SQLite and file errors are raised as StoreError.

    ``owner`` is the name of this process's session: while it lives, its runs are its own. If another process
    writes, each transaction waits up to ``patience`` seconds for it, then raises StoreBusy.
    """

    def __init__(self, path: Path, owner: str = "", patience: float = PATIENCE) -> None:
        self._path, self._owner = path, owner
        self._is_index_filled = False
        self.sessions = folder_beside(path)
        with as_store_error(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private_file(path)
            self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            patiently(self._prepare, patience)
        except StoreError:
            self._connection.close()
            raise

    @property
    def owner(self) -> str:
        """The session whose runs are saved through this connection."""
        return self._owner

    def _prepare(self) -> None:
        with as_store_error(self._path):
            if not self._pragma("page_count"):  # a new file: from here on, what is deleted gives space back
                self._connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A commit then survives the death of the process; only a power cut may cost the last ones.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # macOS: as ``system.files.flush_to_disk``, or a power cut may cost the whole store; nothing elsewhere.
            self._connection.execute("PRAGMA checkpoint_fullfsync = ON")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA cache_size = -512")  # kB; the usual 2 MB fill up within a minute of saves
            self._connection.execute("PRAGMA trusted_schema = OFF")
        with self.reading() as connection:
            prepared = is_prepared(connection)
        if not prepared:  # a store that is complete opens while another process writes
            with self.writing() as connection:
                prepare(connection)

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def size(self) -> int:
        """Return the size of the store in bytes."""
        with as_store_error(self._path):
            return self._pragma("page_count") * self._pragma("page_size")

    def return_space(self, pages: int, max_used: int) -> None:
        """Return free space to the system, if it is more than so many ``pages``.

        A store of an older version has to be written anew for it, which is left undone above ``max_used`` bytes in use.
        """
        with as_store_error(self._path):
            free = self._pragma("freelist_count")
            if free <= pages:
                return
            if self._pragma("auto_vacuum") == INCREMENTAL:
                self._connection.executescript("PRAGMA incremental_vacuum")  # which execute would do for one page
            elif self.size() - free * self._pragma("page_size") <= max_used:
                self._connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
                self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def set_patience(self, seconds: float) -> None:
        """Change how long a transaction waits while another process writes."""
        with as_store_error(self._path):
            self._connection.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")

    def begin(self, experiment: Experiment) -> int:
        """Add a run of this process, without a snapshot yet; return its id."""
        return self.add(Checkpoint(experiment, "paused", seconds=0.0))

    def add(self, checkpoint: Checkpoint) -> int:
        """Add a run of this process as it is; return its id."""
        now, experiment = time.time(), checkpoint.experiment
        place = (checkpoint.state, checkpoint.epoch, checkpoint.step, json.dumps(dict(checkpoint.latest)))
        values = (now, now, os.getpid(), experiment.title, dumps(experiment), *place, self._owner)
        with self.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (started, updated, pid, name, experiment, state, epoch, step, latest, owner)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            run = cursor.lastrowid
            assert run is not None
            write_index_row(connection, run, self._indexed(checkpoint, now))
            if checkpoint.snapshot:
                _write_arrays(connection, run, checkpoint)
        return run

    def save(self, run: int, checkpoint: Checkpoint) -> None:
        """Replace the run's snapshot and newest epochs, all or nothing; raise RunTaken if another session owns it."""
        now = time.time()
        text, latest = dumps(checkpoint.experiment), json.dumps(dict(checkpoint.latest))
        with self.writing() as connection:
            updated = connection.execute(
                "UPDATE runs SET updated = ?, pid = ?, experiment = ?, state = ?, epoch = ?, step = ?,"
                " latest = ? WHERE id = ? AND owner = ?",
                (now, os.getpid(), text, checkpoint.state, checkpoint.epoch, checkpoint.step, latest, run, self._owner),
            )
            if not updated.rowcount:
                raise RunTaken(f"Run {run} is running in another session; this one is saved as a separate run.")
            write_index_row(connection, run, self._indexed(checkpoint, now))
            _write_arrays(connection, run, checkpoint)

    def _indexed(self, checkpoint: Checkpoint, now: float) -> IndexedRun:
        """Return the run for the index; ``started`` is only used the first time."""
        return IndexedRun(
            name=checkpoint.experiment.title,
            experiment=checkpoint.experiment,
            owner=self._owner,
            state=checkpoint.state,
            epoch=checkpoint.epoch,
            step=checkpoint.step,
            latest=checkpoint.latest,
            seconds=checkpoint.seconds,
            started=now,
            updated=now,
        )

    def fill_run_index(self) -> None:
        """Fill the index for runs saved by an older version, once per connection."""
        if self._is_index_filled:
            return
        with self.reading() as connection:
            full = is_run_index_full(connection)
        if not full:  # lists need no more than to read
            with self.writing() as connection:
                fill_run_index(connection)
        self._is_index_filled = True

    def watch(self, run: int, watched: bool) -> None:
        """Note whether a screen shows the run of this process."""
        with self.writing() as connection:
            connection.execute(
                "UPDATE runs SET watched = ? WHERE id = ? AND owner = ?", (int(watched), run, self._owner)
            )

    def claim(self, run: int) -> StoredRun:
        """Take over a run for this process, atomically; raise RunTaken, with the reason, if that is not possible."""
        with self.writing() as connection:
            matching_runs = self._read(connection, "id = ?", run)
            if not matching_runs:
                raise RunTaken(f"There is no run {run} to resume.")
            (stored,) = matching_runs
            if stored.alive and (stored.owner, stored.pid) != (self._owner, os.getpid()):
                raise RunTaken(f"Run {run} is running in another session; tui-trainer --resume {run} takes it over.")
            connection.execute(
                "UPDATE runs SET owner = ?, pid = ?, watched = 1 WHERE id = ?", (self._owner, os.getpid(), run)
            )
            connection.execute("UPDATE cards SET owner = ?, deleted_by = '' WHERE run = ?", (self._owner, run))
        return stored

    def runs(self) -> list[StoredRun]:
        """Return the runs that have begun, most recently saved first, without deleted and unreadable ones."""
        with self.reading() as connection:
            return self._read(connection, "step > 0 AND id NOT IN (SELECT run FROM cards WHERE deleted_by <> '')")

    def tagged(self, tag: str) -> list[StoredRun]:
        """Return all runs with that tag that have begun, the oldest first, without deleted and unreadable ones."""
        with self.reading() as connection:
            rows = connection.execute(
                f"SELECT {STORED_COLUMNS} FROM runs JOIN cards ON cards.run = runs.id"
                " WHERE runs.step > 0 AND deleted_by = '' AND instr(' ' || lower(tags) || ' ', ?) ORDER BY id",
                (f" {tag.lower()} ",),
            )
            return [run for row in rows.fetchall() if (run := self._stored(row)) is not None]

    def find(self, run: int) -> StoredRun:
        """Return the run with that number; raise StoreError if there is none, or it can't be read."""
        with self.reading() as connection:
            matching_runs = self._read(connection, "id = ?", run)
        if not matching_runs:
            raise StoreError(f"There is no run {run} in {self._path}.")
        return matching_runs[0]

    def _read(self, connection: sqlite3.Connection, condition: str, *values: int) -> list[StoredRun]:
        rows = connection.execute(
            f"SELECT {STORED_COLUMNS} FROM runs WHERE {condition} ORDER BY updated DESC, id DESC LIMIT {MAX_RUNS}",
            values,
        )
        return [run for row in rows.fetchall() if (run := self._stored(row)) is not None]

    def _stored(self, row: tuple[Any, ...]) -> StoredRun | None:
        number, name, text, state, epoch, step, pid, updated, owner, watched = row
        try:
            # Runs from before there were owners have but the number of their process.
            alive = is_live(self.sessions, owner) if owner else is_running(int(pid))
            numbers = (int(epoch), int(step), int(pid), float(updated))
            return StoredRun(int(number), str(name), loads(text), str(state), *numbers, owner, bool(watched), alive)
        except (UserError, TypeError, ValueError, AttributeError, OverflowError):
            return None

    def remove_deleted(self) -> int:
        """Remove for good the runs that were deleted in sessions that have ended since; return how many."""
        with self.reading() as connection:
            deleted = connection.execute("SELECT run, deleted_by FROM cards WHERE deleted_by <> ''").fetchall()
        live = set(live_names(self.sessions)) if deleted else set()
        gone = [(run,) for run, by in deleted if by not in live]
        if gone:
            with self.writing() as connection:
                connection.executemany("DELETE FROM runs WHERE id = ?", gone)
        return len(gone)

    def snapshot(self, run: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the run's snapshot and the columns of all its epochs; raise StoreError if there is none."""
        with self.reading() as connection:
            row = connection.execute("SELECT arrays FROM snapshots WHERE run = ?", (run,)).fetchone()
            parts = self._epochs(connection, run)
        if row is None:
            raise StoreError(f"Run {run} has no snapshot in {self._path}.")
        return unpack(row[0]), self._joined(run, parts)

    def moments(self, run: int) -> dict[str, Array]:
        """Return the earlier moments that were saved with a run, see ``Timeline.saved``; none if there are none."""
        with self.reading() as connection:
            row = connection.execute("SELECT arrays FROM moments WHERE run = ?", (run,)).fetchone()
        return {} if row is None else unpack(row[0])

    def epochs(self, run: int) -> dict[str, Array]:
        """Return the columns of all epochs of a run; none if there is no such run."""
        with self.reading() as connection:
            parts = self._epochs(connection, run)
        return self._joined(run, parts)

    def _epochs(self, connection: sqlite3.Connection, run: int) -> list[tuple[int, bytes]]:
        rows = connection.execute(
            "SELECT CAST(first AS INTEGER), arrays FROM epochs WHERE run = ? ORDER BY first", (run,)
        )
        return rows.fetchall()

    def _joined(self, run: int, parts: list[tuple[int, bytes]]) -> dict[str, Array]:
        try:
            return joined_columns([(first, unpack(part)) for first, part in parts])
        except ValueError as error:
            raise StoreError(f"The epochs of run {run} in {self._path} don't match: {error}.") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: all or nothing, and no other process writes meanwhile.

        Inside another transaction it is a part of that one.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a read transaction: a consistent view of the store, even if others write meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with as_store_error(self._path):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute(begin)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # on a full disk, SQLite may have ended it itself
                    self._connection.execute("ROLLBACK")
                raise


def _write_arrays(connection: sqlite3.Connection, run: int, checkpoint: Checkpoint) -> None:
    """Replace the run's snapshot and its newest epochs."""
    connection.execute("REPLACE INTO snapshots VALUES (?, ?)", (run, pack(checkpoint.snapshot)))
    if checkpoint.moments:
        connection.execute("REPLACE INTO moments VALUES (?, ?)", (run, pack(checkpoint.moments)))
    if any(len(column) for column in checkpoint.new_epochs.values()):
        start = checkpoint.epochs_saved
        connection.execute("DELETE FROM epochs WHERE run = ? AND first >= ?", (run, start))
        connection.execute("INSERT INTO epochs VALUES (?, ?, ?)", (run, start, pack(checkpoint.new_epochs)))


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Everything that the store saves of a run at one moment.

    ``latest`` are its newest values and ``snapshot`` its arrays, by name. ``new_epochs`` are the columns (k,) of its
    epochs after the first ``epochs_saved``, replacing what is stored of these. ``seconds`` is how long it
    has trained, None if that is not known. ``moments`` are its earlier ones; none leave those that are stored.
    """

    experiment: Experiment
    state: RunState
    epoch: int = 0
    step: int = 0
    latest: Mapping[str, float] = field(default_factory=dict)
    snapshot: Mapping[str, Array] = field(default_factory=dict)
    epochs_saved: int = 0
    new_epochs: Mapping[str, Array] = field(default_factory=dict)
    seconds: float | None = None
    moments: Mapping[str, Array] = field(default_factory=dict)


class StoreError(Exception):
    """The store can't be used; the message says why, and ``reason`` says it in two or three words."""

    reason = "store unusable"


class StoreBusy(StoreError):
    """Another process is writing; retrying later may succeed."""

    reason = "store locked"


class StoreFull(StoreError):
    """The disk is full; retrying later may succeed."""

    reason = "disk full"


class RunTaken(StoreError):
    """The run belongs to another process."""


def patiently(act: Callable[[], None], patience: float) -> None:
    """Call a function, and retry while another process does the same: SQLite won't wait to change the journal."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return act()
        except StoreBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def as_store_error(path: Path) -> Iterator[None]:
    """Raise errors of SQLite and the file system as StoreError."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OSError, UnicodeError) as error:  # damaged text raises UnicodeError
        cause = getattr(error, "strerror", None) or str(error)
        raise _store_error(error, f"Runs can't be saved in {path}: {printable(cause)}.") from error


def _store_error(error: Exception, sentence: str) -> StoreError:
    """Return the StoreError for an error of SQLite or the file system."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    number = getattr(error, "errno", None)
    if code in BUSY:
        return StoreBusy(sentence)
    if code == sqlite3.SQLITE_FULL or number in NO_SPACE_ERRORS:
        return StoreFull(sentence)
    result = StoreError(sentence)
    if code in NO_ACCESS or number in NO_ACCESS_ERRORS:
        result.reason = "no write access"
    elif code in DAMAGE:
        result.reason = "store damaged"
    elif code == sqlite3.SQLITE_IOERR:
        result.reason = "disk error"
    return result


def pack(arrays: Mapping[str, Array]) -> bytes:
    """Pack arrays into one block of bytes."""
    from safetensors.numpy import save  # not before something is saved

    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def unpack(data: bytes) -> dict[str, Array]:
    """Return the arrays in a block from ``pack``; raise StoreError if it is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(data)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:  # of a type that NumPy has not, or no bytes
        raise StoreError(f"A saved run is damaged: {printable(str(error))}.") from error


def joined_columns(blocks: Sequence[tuple[int, Mapping[str, Array]]]) -> dict[str, Array]:
    """Join the columns (k,) of consecutive blocks, by name; raise ValueError if they don't fit together.

    Each block comes with the number of epochs before it. ``EPOCH`` is included if a block has it.
    """
    chunks = [chunk for _, chunk in blocks]
    if any(EPOCH in chunk for chunk in chunks):
        chunks = [{EPOCH: epoch_numbers(chunk, first), **chunk} for first, chunk in blocks]
    names = list(chunks[0]) if chunks else []
    for chunk in chunks:
        if set(chunk) != set(names):
            odd = sorted(set(chunk) ^ set(names))[0]
            raise ValueError(f"{quoted(odd)} is missing in some of them")
        shapes = {column.shape for column in chunk.values()}
        if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            raise ValueError("the columns have different lengths")
    columns = {name: np.concatenate([chunk[name] for chunk in chunks]).astype(float) for name in names}
    epoch_numbers(columns)  # ValueError if they are not in order
    return columns


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in the store. ``pid`` and ``owner`` are its last process and session, ``updated`` is in seconds since 1970.

    ``watched`` says whether a screen showed it when it was last saved, ``alive`` whether the owner is still running.
    """

    id: int
    name: str
    experiment: Experiment
    state: str
    epoch: int
    step: int
    pid: int
    updated: float
    owner: str
    watched: bool
    alive: bool

    @property
    def was_interrupted(self) -> bool:
        """Whether the run has not ended, and no process is training it."""
        traits = traits_of(self.state)
        return not self.alive and traits.is_stored and not traits.ended

    @property
    def is_resumable(self) -> bool:
        """Whether the run was interrupted, or ended without a screen."""
        return self.was_interrupted or (not self.alive and not self.watched)


def make_private_file(path: Path) -> None:
    """Create the file if it is missing, and make it private; SQLite gives the files beside it the same permissions.

    A link is followed. Raises OSError if it is not a file, or belongs to another user: its owner
    can change it at any moment. Root may use anybody's.

    An existing file is not opened: closing it would drop the locks of all connections that this process
    has to it, and another process could then remove the journal under them.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | PLAIN, 0o600))
        status = os.stat(path)
    check_regular_file(status.st_mode)
    keep_private(path, status)
