"""The tables of the store, and how an older store gets them."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads

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
    # What is listed of a run, in a narrow table: ten thousand of these are read in a few milliseconds.
    """
CREATE TABLE IF NOT EXISTS cards (
    run INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    tags TEXT NOT NULL DEFAULT '',
    words TEXT NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    deleted_by TEXT NOT NULL DEFAULT '',
    dataset TEXT NOT NULL,
    layers TEXT NOT NULL,
    activation TEXT NOT NULL,
    optimizer TEXT NOT NULL,
    rate REAL,
    batch INTEGER,
    wanted INTEGER,
    seed INTEGER,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    loss REAL,
    val_loss REAL,
    accuracy REAL,
    r2 REAL,
    mae REAL,
    seconds REAL,
    started REAL NOT NULL,
    updated REAL NOT NULL
)""",
    "CREATE INDEX IF NOT EXISTS deleted_cards ON cards (deleted_by) WHERE deleted_by <> ''",
    "CREATE INDEX IF NOT EXISTS newest_cards ON cards (pinned DESC, updated DESC, run DESC)"
    " WHERE step > 0 AND deleted_by = ''",
    "CREATE INDEX IF NOT EXISTS newest_runs ON runs (updated)",
)
NEWER_COLUMNS = {"owner": "TEXT NOT NULL DEFAULT ''", "watched": "INTEGER NOT NULL DEFAULT 1"}
METRICS = {
    "loss": ("loss",),
    "val_loss": ("val_loss",),
    "accuracy": ("val_accuracy", "accuracy"),  # of the validation part, where there is one
    "r2": ("val_r2", "r2"),
    "mae": ("val_mae", "mae"),
}
Listed = dict[str, str | float | None]
UNREADABLE = {"dataset": "?", "layers": "?", "activation": "?", "optimizer": "?"}
KEPT = ("run", "name", "tags", "words", "pinned", "deleted_by", "started")  # by those who save a run


def prepare(connection: sqlite3.Connection) -> None:
    """Make what is missing, within a transaction. Cards of older runs are written when they are first listed."""
    odd = connection.execute("SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')").fetchone()
    if odd[0]:  # what a view or a trigger does is not known; none was ever made here
        raise sqlite3.DatabaseError("it holds views or triggers, so it was not made by this app")
    for statement in SCHEMA:
        connection.execute(statement)
    present = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
    for name, kind in NEWER_COLUMNS.items():
        if name not in present:
            connection.execute(f"ALTER TABLE runs ADD COLUMN {name} {kind}")


def write_index_row(
    connection: sqlite3.Connection,
    run: int,
    name: str,
    experiment: Experiment | None,
    latest: Mapping[str, float],
    **listed: str | float | None,
) -> None:
    """Write the card of a run, or bring it up to date; name, tags and what else users gave it stay.

    ``listed`` are the columns owner, state, epoch, step, seconds, started and updated.
    """
    about = UNREADABLE if experiment is None else experiment_columns(experiment)
    words = searched(name, "", str(about["dataset"]))
    row = {"run": run, "name": name, "words": words, **about, **metric_columns(latest), **listed}
    names = ", ".join(row)
    places = ", ".join(f":{column}" for column in row)
    updates = ", ".join(f"{column} = excluded.{column}" for column in row if column not in KEPT)
    connection.execute(f"INSERT INTO cards ({names}) VALUES ({places}) ON CONFLICT (run) DO UPDATE SET {updates}", row)


def experiment_columns(experiment: Experiment) -> dict[str, Any]:
    """The columns of a card that the experiment gives."""
    model, training, dataset = experiment.model, experiment.training, experiment.dataset
    activations = list(dict.fromkeys(layer.activation for layer in model.layers))
    return {
        "dataset": dataset.name if dataset.path is None else PurePath(dataset.path).name or dataset.path,
        "layers": "-".join(str(layer.units) for layer in model.layers) or "none",
        "activation": "-".join(activations) or "none",
        "optimizer": training.optimizer.name,
        "rate": training.learning_rate,
        "batch": None if training.batch_size == "full" else training.batch_size,
        "wanted": training.epochs,
        "seed": model.seed,
    }


def metric_columns(latest: Mapping[str, float]) -> dict[str, float | None]:
    """The columns of a card that the newest values of a run give; None for what it has not, or is not finite."""
    found: dict[str, float | None] = {}
    for column, names in METRICS.items():
        value = next((latest[name] for name in names if name in latest), None)
        found[column] = value if value is not None and math.isfinite(value) else None
    return found


def searched(name: str, tags: str, dataset: str) -> str:
    """The text in which words of a filter are looked for."""
    return f"{name} {tags} {dataset}".casefold()


def fill_cards(connection: sqlite3.Connection) -> None:
    """Write the cards of runs that an older version has saved; within a transaction."""
    rows = connection.execute(
        "SELECT id, runs.name, experiment, latest, runs.owner, runs.state, runs.epoch, runs.step, runs.started,"
        " runs.updated FROM runs LEFT JOIN cards ON cards.run = runs.id WHERE cards.run IS NULL"
    )
    for run, name, text, latest, *rest in rows.fetchall():
        listed: Listed = dict(zip(("owner", "state", "epoch", "step", "started", "updated"), rest, strict=True))
        write_index_row(connection, run, str(name), _read(text), _values(latest), seconds=None, **listed)


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
