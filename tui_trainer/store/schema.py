"""The tables of the store, and how an older store gets them."""

from __future__ import annotations

import sqlite3

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
