"""Stores with runs that are known, for the tests of the run index."""

from __future__ import annotations

import time
from pathlib import Path

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.experiment.toml_file import dumps
from tui_trainer.store.edits import RunEdits
from tui_trainer.store.schema import IndexedRun, write_index_row
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.index import RunIndex
from tui_trainer.tabs.runs.messages import RunList, WatchRuns

HOUR = 3600.0


def experiment(name: str = "untitled", **fields: object) -> Experiment:
    """An experiment with other values in fields whose dots are written as two underscores."""
    found = with_field(Experiment(), "name", name)
    for field, value in fields.items():
        found = with_field(found, field.replace("__", "."), value)
    return found


def layers(*units: int) -> tuple[LayerConfig, ...]:
    """Hidden layers of so many units."""
    return tuple(LayerConfig(number) for number in units)


def add(store: Store, one: Experiment, state: str = "finished", age: float = 0.0, **more: object) -> int:
    """A run that has ended ``age`` seconds ago; ``more`` are its newest values, tags, owner and seconds."""
    text, saved = dumps(one), time.time() - age
    owner = str(more.pop("owner", "gone"))
    tags, seconds = str(more.pop("tags", "")), float(str(more.pop("seconds", 1.0)))
    with store.writing() as connection:
        cursor = connection.execute(
            "INSERT INTO runs (started, updated, pid, name, experiment, state, epoch, step, latest, owner)"
            " VALUES (?, ?, 0, ?, ?, ?, 5, 20, '{}', ?)",
            (saved, saved, one.name, text, state, owner),
        )
        run = cursor.lastrowid
        assert run is not None
        latest = {name: float(str(value)) for name, value in more.items()}
        row = IndexedRun(one.name, one, owner, state, 5, 20, latest, seconds, started=saved, updated=saved)
        write_index_row(connection, run, row)
    if tags:
        RunEdits(store).tag((run,), tags.split(), ())
    return run


def names(index: RunIndex, filter: str = "", sort: str = "age", descending: bool = False) -> list[str]:  # noqa: A002
    """The names in a list, in its order."""
    return [row.name for row in listed(index, filter, sort, descending).rows]


def listed(index: RunIndex, filter: str = "", sort: str = "age", descending: bool = False) -> RunList:  # noqa: A002
    """The whole list."""
    return index.list(WatchRuns(filter, sort, descending, rows=1000))


def opened(folder: Path, owner: str = "me") -> tuple[Store, RunIndex]:
    """The store in a folder, and its index."""
    store = Store(folder / "runs.sqlite", owner)
    return store, RunIndex(store)
