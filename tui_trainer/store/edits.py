"""Edits stored runs: names, tags and pins; deletes runs, and restores them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .live_trainers import live_names
from .schema import searched
from .store import Store

LONGEST_NAME = 60
LONGEST_TAG = 24
MAX_TAGS = 12


class RunEdits:
    """Edits the runs of ``store``. Every method raises StoreError if the store can't be written."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def rename(self, run: int, name: str) -> None:
        """Rename a run; raise LabelError if the name is empty or too long."""
        self._relabel((run,), name=clean_name(name))

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
