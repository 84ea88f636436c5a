"""What is done to stored runs later: names, tags and pins, deleting and restoring; and compacting the store."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from tui_trainer.training.history import EPOCH, History

from .live_trainers import live_names
from .schema import searched
from .store import PATIENCE, Store, StoreError, pack, unpack

LONGEST_NAME = 60
LONGEST_TAG = 24
MAX_TAGS = 12
MAX_BLOCKS = 64  # of a run's epochs, from which on it may be longer than a new one gets
FREE_PAGES = 64  # that may remain; the next runs use them
MAX_USED = 256_000_000  # bytes in use up to which a store of an older version is written anew


class RunEdits:
    """Edits the runs of ``store``. Every method raises StoreError if the store can't be written."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rename(self, run: int, name: str) -> None:
        """Rename a run; raise LabelError if the name is empty or too long."""
        self._relabel((run,), name=clean_name(name))

    def label(self, run: int, name: str, tags: Iterable[str]) -> None:
        """Rename a run and add tags to it; raise LabelError as ``rename`` and ``tag`` do."""
        self._relabel((run,), name=clean_name(name), add=tuple(tags))

    def tag(self, runs: Iterable[int], add: Iterable[str], remove: Iterable[str]) -> None:
        """Add and remove tags of runs; raise LabelError, and change nothing, if a run would have too many."""
        self._relabel(runs, add=tuple(add), remove=tuple(remove))

    def _relabel(
        self, runs: Iterable[int], name: str | None = None, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
    ) -> None:
        self._store.fill_run_index()
        with self._store.writing() as connection:
            for run in runs:
                row = connection.execute("SELECT name, tags, dataset FROM cards WHERE run = ?", (run,)).fetchone()
                if row is None:
                    continue
                old_name, old_tags, dataset = row
                new_name, new_tags = old_name if name is None else name, edited_tags(old_tags, add, remove)
                words = searched(new_name, new_tags, dataset)
                connection.execute(
                    "UPDATE cards SET name = ?, tags = ?, words = ? WHERE run = ?", (new_name, new_tags, words, run)
                )
                connection.execute("UPDATE runs SET name = ? WHERE id = ?", (new_name, run))

    def pin(self, runs: Iterable[int], pinned: bool) -> None:
        """Pin runs to the top of every list, or unpin them."""
        self._update(runs, "pinned = ?", int(pinned))

    def delete(self, runs: Iterable[int], here: int | None = None) -> tuple[int, tuple[int, ...]]:
        """Delete runs, restorable until this session ends; return how many, and the runs that are in use and stay.

        ``here`` is the current run.
        """
        live = set(live_names(self._store.sessions)) - {self._store.owner}
        requested = set(runs)
        with self._store.reading() as connection:
            owners = connection.execute(
                "SELECT run, owner FROM cards WHERE run IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(requested)),),
            ).fetchall()
        in_use = {run for run, owner in owners if run == here or owner in live}
        deleted = self._update(requested - in_use, "deleted_by = ?", self._store.owner or "nobody")
        return deleted, tuple(sorted(in_use))

    def undelete(self, runs: Iterable[int]) -> int:
        """Restore deleted runs; return how many were still there."""
        return self._update(runs, "deleted_by = ?", "")

    def _update(self, runs: Iterable[int], change: str, value: object) -> int:
        self._store.fill_run_index()
        with self._store.writing() as connection:
            changed = connection.execute(
                f"UPDATE cards SET {change} WHERE run IN (SELECT value FROM json_each(?))",
                (value, json.dumps(sorted(runs))),
            )
        return changed.rowcount


class LabelError(ValueError):
    """An invalid name or tag; the message is a sentence that says why."""


def clean_name(text: str) -> str:
    """Return ``text`` as a name, with repeated spaces removed; raise LabelError if it is empty or too long."""
    name = " ".join(_printable(text).split())
    if not name:
        raise LabelError("A run needs a name of at least one character.")
    if len(name) > LONGEST_NAME:
        raise LabelError(f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name


def clean_tags(text: str) -> tuple[str, ...]:
    """Return the distinct tags in a line, separated by spaces or commas; raise LabelError if one is too long."""
    return tuple(dict.fromkeys(map(clean_tag, text.replace(",", " ").split())))


def clean_tag(text: str) -> str:
    """Return ``text`` as one tag; raise LabelError if it is empty, too long, or several words."""
    tag = _printable(text).removeprefix("#")
    if not tag or any(char.isspace() or char == "," for char in tag):
        raise LabelError("A tag must be a single word.")
    if len(tag) > LONGEST_TAG:
        raise LabelError(f"A tag has at most {LONGEST_TAG} characters; {tag[:LONGEST_TAG]}… has {len(tag)}.")
    return tag


def edited_tags(tags: str, add: Iterable[str], remove: Iterable[str]) -> str:
    """Return a run's tags, separated by spaces, after adding and removing some; raise LabelError for too many."""
    removed = {tag.casefold() for tag in remove}
    result = {tag.casefold(): tag for tag in tags.split() if tag.casefold() not in removed}
    for tag in add:
        result.setdefault(tag.casefold(), tag)
    if len(result) > MAX_TAGS:
        raise LabelError(f"A run has at most {MAX_TAGS} tags.")
    return " ".join(result.values())


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def compact_store(path: Path, patience: float = PATIENCE) -> None:
    """Compact the store as far as other processes let it be written; the next time does the rest.

    Takes milliseconds if there is nothing to do.
    """
    with contextlib.suppress(StoreError), contextlib.closing(Store(path, patience=patience)) as store:
        removed = store.remove_deleted()
        for run in _runs_in_many_blocks(store):
            with contextlib.suppress(StoreError, ValueError):  # damaged: the others still shrink
                _join_epochs(store, run)
        store.return_space(0 if removed else FREE_PAGES, MAX_USED)


def _runs_in_many_blocks(store: Store) -> list[int]:
    with store.reading() as connection:
        rows = connection.execute("SELECT run FROM epochs GROUP BY run HAVING count(*) > ?", (MAX_BLOCKS,))
        return [run for (run,) in rows.fetchall()]


def _join_epochs(store: Store, run: int) -> None:
    """Write the epochs of a run that a history keeps as one block, unless a process is training the run."""
    with store.reading() as connection:
        before = connection.execute("SELECT updated, owner FROM runs WHERE id = ?", (run,)).fetchone()
        if before is None or before[1] in live_names(store.sessions):
            return
        history = History()
        rows = connection.execute("SELECT arrays FROM epochs WHERE run = ? ORDER BY CAST(first AS INTEGER)", (run,))
        for (arrays,) in rows:
            columns = unpack(arrays)
            if EPOCH in columns:
                if history.count:
                    raise ValueError("epochs come twice")
                history.restore(columns, history.steps)
            else:
                history.extend(columns)
    block = pack(history.columns(0))
    with store.writing() as connection:
        if connection.execute("SELECT updated, owner FROM runs WHERE id = ?", (run,)).fetchone() == before:
            connection.execute("DELETE FROM epochs WHERE run = ?", (run,))
            connection.execute("INSERT INTO epochs VALUES (?, 0, ?)", (run, block))
