"""The tables of the store, and the migration of older stores.

What lists show of a run is in a separate table, the run index: ten thousand of its narrow rows are read in a few
milliseconds. In the file it is called ``cards``. ``RUN_COLUMNS`` defines its columns.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads

FieldKind = Literal["text", "tag", "state", "number", "duration"]
LISTED = "step > 0 AND deleted_by = ''"  # the runs that lists show


@dataclass(frozen=True, slots=True)
class IndexedRun:
    """A run in the index; ``experiment`` is None if it can't be read.

    ``latest`` are its newest values by name; ``seconds`` of training are None where an older version has saved it;
    ``started`` and ``updated`` are in seconds since 1970.
    """

    name: str
    experiment: Experiment | None
    owner: str
    state: str
    epoch: int
    step: int
    latest: Mapping[str, float]
    seconds: float | None
    started: float
    updated: float


Value = Callable[[IndexedRun], object]


@dataclass(frozen=True, slots=True)
class RunColumn:
    """A column of the run index, or with an ``expression`` something that is computed from its columns.

    ``value`` gives what is written when a run is saved, only the ``first`` time where users may change it afterwards;
    None is for what users alone set. ``expression`` is the SQL that lists and filters have instead of the column; it
    may use ``:now``, ``:here``, the current run, ``:owner``, this session, and ``:live``, all live sessions.
    ``kind`` is None where there is no field of filters, else ``aliases`` are more names of that, and ``field`` its
    name where that is not the column's.
    """

    name: str
    sql_type: str = ""
    value: Value | None = None
    first: bool = False
    expression: str = ""
    kind: FieldKind | None = None
    field: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def sql(self) -> str:
        """The SQL of the column's value."""
        return self.expression or self.name


def searched(name: str, tags: str, dataset: str) -> str:
    """Return the text that is searched for the words of a filter."""
    return f"{name} {tags} {dataset}".casefold()


def _words(run: IndexedRun) -> str:
    return searched(run.name, "", str(_dataset(run)))


def _of_experiment(value: Callable[[Experiment], object], unreadable: object = None) -> Value:
    return lambda run: unreadable if run.experiment is None else value(run.experiment)


def _metric(*names: str) -> Value:
    """Return the newest value of the first of ``names`` that the run has; None if there is none or it is not finite."""

    def newest(run: IndexedRun) -> float | None:
        value = next((run.latest[name] for name in names if name in run.latest), None)
        return value if value is not None and math.isfinite(value) else None

    return newest


def _dataset_name(experiment: Experiment) -> str:
    dataset = experiment.dataset
    return dataset.name if dataset.path is None else PurePath(dataset.path).name or dataset.path


def _activations(experiment: Experiment) -> str:
    return "-".join(dict.fromkeys(layer.activation for layer in experiment.model.layers)) or "none"


def _batch_size(experiment: Experiment) -> int | None:
    size = experiment.training.batch_size
    return None if size == "full" else size


_dataset = _of_experiment(_dataset_name, "?")
# A process that has gone had no time to write down that it no longer trains.
STATE = (
    "CASE WHEN state = 'running' AND owner NOT IN (SELECT value FROM json_each(:live)) THEN 'cut off' ELSE state END"
)
ELSEWHERE = "owner <> :owner AND owner IN (SELECT value FROM json_each(:live))"
# In the order in which the fields of filters are listed.
RUN_COLUMNS = (
    RunColumn("name", "TEXT NOT NULL", lambda run: run.name, first=True, kind="text"),
    RunColumn("tags", "TEXT NOT NULL DEFAULT ''", kind="tag", field="tag", aliases=("tags",)),
    RunColumn("words", "TEXT NOT NULL", _words, first=True),
    RunColumn("pinned", "INTEGER NOT NULL DEFAULT 0"),
    RunColumn("deleted_by", "TEXT NOT NULL DEFAULT ''"),
    RunColumn("state", "TEXT NOT NULL", lambda run: run.state, expression=STATE, kind="state"),
    RunColumn("here", expression="run = :here"),
    RunColumn("elsewhere", expression=ELSEWHERE),
    RunColumn("dataset", "TEXT NOT NULL", _dataset, kind="text", aliases=("data",)),
    RunColumn("layers", "TEXT NOT NULL", _of_experiment(lambda one: one.model.hidden_units, "?"), kind="text"),
    RunColumn("activation", "TEXT NOT NULL", _of_experiment(_activations, "?"), kind="text"),
    RunColumn("optimizer", "TEXT NOT NULL", _of_experiment(lambda one: one.training.optimizer.name, "?"), kind="text"),
    RunColumn(
        "rate",
        "REAL",
        _of_experiment(lambda one: one.training.learning_rate),
        kind="number",
        field="lr",
        aliases=("rate", "learning_rate"),
    ),
    RunColumn("batch", "INTEGER", _of_experiment(_batch_size), kind="number"),
    RunColumn("wanted", "INTEGER", _of_experiment(lambda one: one.training.epochs)),
    RunColumn("epoch", "INTEGER NOT NULL", lambda run: run.epoch, kind="number", field="epochs", aliases=("epoch",)),
    RunColumn("seed", "INTEGER", _of_experiment(lambda one: one.model.seed), kind="number"),
    RunColumn("owner", "TEXT NOT NULL", lambda run: run.owner),
    RunColumn("step", "INTEGER NOT NULL", lambda run: run.step),
    RunColumn("loss", "REAL", _metric("loss"), kind="number"),
    RunColumn("val_loss", "REAL", _metric("val_loss"), kind="number", aliases=("val",)),
    # Of the validation part, where there is one.
    RunColumn("accuracy", "REAL", _metric("val_accuracy", "accuracy"), kind="number", aliases=("acc",)),
    RunColumn("r2", "REAL", _metric("val_r2", "r2"), kind="number"),
    RunColumn("mae", "REAL", _metric("val_mae", "mae"), kind="number"),
    RunColumn("score", expression="coalesce(accuracy, r2)", kind="number"),
    RunColumn("seconds", "REAL", lambda run: run.seconds, kind="duration", field="time", aliases=("seconds",)),
    RunColumn("started", "REAL NOT NULL", lambda run: run.started, first=True),
    RunColumn("updated", "REAL NOT NULL", lambda run: run.updated),
    RunColumn("age", expression="max(0.0, :now - updated)", kind="duration"),
    RunColumn("run", "INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE", kind="number", aliases=("id",)),
)
COLUMN_SQL = {column.name: column.sql for column in RUN_COLUMNS}
_WRITTEN = {column.name: column.value for column in RUN_COLUMNS if column.value is not None}
_UPDATED = [column.name for column in RUN_COLUMNS if column.value is not None and not column.first]
_WRITE = (
    f"INSERT INTO cards (run, {', '.join(_WRITTEN)}) VALUES (:run, {', '.join(f':{name}' for name in _WRITTEN)})"
    f" ON CONFLICT (run) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _UPDATED)}"
)
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
CREATE TABLE IF NOT EXISTS moments (
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
    "CREATE TABLE IF NOT EXISTS cards ("
    + ", ".join(f"{column.name} {column.sql_type}" for column in RUN_COLUMNS if column.sql_type)
    + ")",
    "CREATE INDEX IF NOT EXISTS deleted_cards ON cards (deleted_by) WHERE deleted_by <> ''",
    "CREATE INDEX IF NOT EXISTS newest_cards ON cards (pinned DESC, updated DESC, run DESC)"
    " WHERE step > 0 AND deleted_by = ''",
    "CREATE INDEX IF NOT EXISTS newest_runs ON runs (updated)",
)
NEWER_COLUMNS = {"owner": "TEXT NOT NULL DEFAULT ''", "watched": "INTEGER NOT NULL DEFAULT 1"}


NAMES = frozenset(re.findall(r"(?:TABLE|INDEX) IF NOT EXISTS (\w+)", "\n".join(SCHEMA)))  # of tables and indices


def is_prepared(connection: sqlite3.Connection) -> bool:
    """Return whether ``prepare`` has nothing to do.

    Raises sqlite3.DatabaseError for a file that this program has not made.
    """
    entries = connection.execute("SELECT type, name FROM sqlite_schema").fetchall()
    if any(kind not in ("table", "index") for kind, _ in entries):  # what a view or a trigger does is not known
        raise sqlite3.DatabaseError("it holds views or triggers, so it was not made by this app")
    present = _columns_of_runs(connection)
    return present.issuperset(NEWER_COLUMNS) and NAMES.issubset(name for _, name in entries)


def prepare(connection: sqlite3.Connection) -> None:
    """Create missing tables, within a transaction; ``fill_run_index`` does the rest for older runs."""
    for statement in SCHEMA:
        connection.execute(statement)
    present = _columns_of_runs(connection)
    for name, kind in NEWER_COLUMNS.items():
        if name not in present:
            connection.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")


def _columns_of_runs(connection: sqlite3.Connection) -> set[str]:
    return {row[1] for row in connection.execute("PRAGMA table_info(runs)")}


def write_index_row(connection: sqlite3.Connection, number: int, run: IndexedRun) -> None:
    """Write or update the row of a run; its name, tags and other user edits stay."""
    values = {name: value(run) for name, value in _WRITTEN.items()}
    connection.execute(_WRITE, {"run": number, **values})


def is_run_index_full(connection: sqlite3.Connection) -> bool:
    """Return whether ``fill_run_index`` has nothing to do."""
    missing = "SELECT 1 FROM runs WHERE id NOT IN (SELECT run FROM cards) LIMIT 1"
    return connection.execute(missing).fetchone() is None


def fill_run_index(connection: sqlite3.Connection) -> None:
    """Write the missing rows of runs saved by an older version, within a transaction."""
    cursor = connection.execute(
        "SELECT id, runs.name, experiment, runs.owner, runs.state, runs.epoch, runs.step, latest, runs.started,"
        " runs.updated FROM runs LEFT JOIN cards ON cards.run = runs.id WHERE cards.run IS NULL"
    )
    for number, name, experiment, owner, state, epoch, step, latest, started, updated in cursor.fetchall():
        run = IndexedRun(
            name=str(name),
            experiment=_read(experiment),
            owner=owner,
            state=state,
            epoch=epoch,
            step=step,
            latest=_values(latest),
            seconds=None,
            started=started,
            updated=updated,
        )
        write_index_row(connection, number, run)


def _read(text: object) -> Experiment | None:
    try:
        return loads(str(text))
    except UserError:
        return None


def _values(latest: object) -> dict[str, float]:
    try:
        values = json.loads(str(latest))
    except ValueError:
        return {}
    items = values.items() if isinstance(values, dict) else ()
    return {name: float(value) for name, value in items if isinstance(value, int | float)}
