"""Lists the runs of a store, and changes what users gave them: names, tags, pins; deletes, and brings back."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads
from tui_trainer.tabs.runs.compute import COLUMNS, MAX_COMPARED, MAX_ROWS, _row, differences
from tui_trainer.tabs.runs.messages import RunList, RunRow, WatchRuns, Wrong

from .filter import FilterError, condition, order_by, parse
from .live_trainers import live_names
from .schema import fill_cards, searched
from .store import Store

LISTED = "step > 0 AND deleted_by = ''"
LONGEST_NAME = 60
LONGEST_TAG = 24
MAX_TAGS = 12


class Catalogue:
    """The runs of ``store``. A list that was just asked for is not made again while nothing has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_filled = False
        self._known: tuple[object, tuple[int, ...]] | None = None  # the list asked for last
        with store.reading() as connection:
            connection.create_function("fold", 1, lambda text: str(text).casefold(), deterministic=True)

    def list(self, wanted: WatchRuns, here: int | None = None) -> RunList:
        """What ``wanted`` asks for; ``here`` is the run under work. StoreError where the store can't be read."""
        self._fill()
        about = {"now": time.time(), "here": here, "owner": self._store.owner}
        live = json.dumps(live_names(self._store.sessions))
        with self._store.reading() as connection:
            (stored,) = connection.execute(f"SELECT count(*) FROM cards WHERE {LISTED}").fetchone()
            asked = {**about, "live": live}
            compared = self._rows(connection, wanted.compared[:MAX_COMPARED], asked)
            differ = differences([(row.run, self._experiment(connection, row.run)) for row in compared])
            answer = RunList(
                wanted.filter, wanted.sort, wanted.descending, 0, stored, 0, (), compared=compared, differences=differ
            )
            try:
                runs = self._runs(connection, wanted, live, about["now"])
            except FilterError as error:
                return replace(answer, wrong=Wrong(error.reason, error.start, error.end))
            first = max(0, min(wanted.first, len(runs) - 1))
            shown = runs[first : first + max(0, min(wanted.rows, MAX_ROWS))]
            rows = self._rows(connection, shown, asked)
        place = runs.index(wanted.cursor) if wanted.cursor in runs else None
        return replace(answer, total=len(runs), first=first, rows=rows, cursor=wanted.cursor, place=place)

    def _fill(self) -> None:
        """Give runs of older versions what lists are made of, once."""
        if not self._is_filled:
            with self._store.writing() as connection:
                fill_cards(connection)
            self._is_filled = True

    def _runs(self, connection: sqlite3.Connection, wanted: WatchRuns, live: str, now: object) -> tuple[int, ...]:
        """All that pass the filter, in order."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        changes = (version, connection.total_changes)
        asked = (wanted.filter, wanted.sort, wanted.descending, live, changes)
        if self._known is None or self._known[0] != asked or "age" in wanted.filter:
            passes, values = condition(parse(wanted.filter))
            order = order_by(wanted.sort, wanted.descending)
            found = connection.execute(
                f"SELECT run FROM cards WHERE {LISTED} AND {passes} ORDER BY {order}",
                {**values, "live": live, "now": now},
            )
            self._known = (asked, tuple(run for (run,) in found.fetchall()))
        return self._known[1]

    def _rows(
        self, connection: sqlite3.Connection, runs: Iterable[int], asked: Mapping[str, object]
    ) -> tuple[RunRow, ...]:
        """The rows of ``runs``, in their order, as far as they are there."""
        order = {run: place for place, run in enumerate(runs)}
        found = connection.execute(
            f"SELECT {COLUMNS} FROM cards WHERE run IN (SELECT value FROM json_each(:runs)) AND {LISTED}",
            {**asked, "runs": json.dumps(list(order))},
        )
        rows = [row for one in found.fetchall() if (row := _row(one)) is not None]
        return tuple(sorted(rows, key=lambda row: order[row.run]))

    def _experiment(self, connection: sqlite3.Connection, run: int) -> Experiment | None:
        row = connection.execute("SELECT experiment FROM runs WHERE id = ?", (run,)).fetchone()
        try:
            return None if row is None else loads(str(row[0]))
        except UserError:
            return None

    def rename(self, run: int, name: str) -> None:
        """Give a run another name; LabelError where it can't be one."""
        self._relabel((run,), name=clean_name(name))

    def tag(self, runs: Iterable[int], add: Iterable[str], remove: Iterable[str]) -> None:
        """Add tags to runs, and take some away; LabelError, and nothing done, where a run would have too many."""
        self._relabel(runs, add=tuple(add), remove=tuple(remove))

    def _relabel(
        self, runs: Iterable[int], name: str | None = None, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
    ) -> None:
        self._fill()
        with self._store.writing() as connection:
            for run in runs:
                row = connection.execute("SELECT name, tags, dataset FROM cards WHERE run = ?", (run,)).fetchone()
                if row is None:
                    continue
                called, tags = row[0] if name is None else name, edited(row[1], add, remove)
                words = searched(called, tags, row[2])
                connection.execute(
                    "UPDATE cards SET name = ?, tags = ?, words = ? WHERE run = ?", (called, tags, words, run)
                )
                connection.execute("UPDATE runs SET name = ? WHERE id = ?", (called, run))

    def pin(self, runs: Iterable[int], pinned: bool) -> None:
        """Put runs on top of every list, or back among the others."""
        self._update(runs, "pinned = ?", int(pinned))

    def delete(self, runs: Iterable[int], here: int | None = None) -> tuple[int, tuple[int, ...]]:
        """Take runs off the list until the end of this session; how many, and those that stay as they are at work."""
        live = set(live_names(self._store.sessions)) - {self._store.owner}
        chosen = set(runs)
        with self._store.reading() as connection:
            owners = connection.execute(
                "SELECT run, owner FROM cards WHERE run IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(chosen)),),
            ).fetchall()
        stay = {run for run, owner in owners if run == here or owner in live}
        gone = self._update(chosen - stay, "deleted_by = ?", self._store.owner or "nobody")
        return gone, tuple(sorted(stay))

    def bring_back(self, runs: Iterable[int]) -> int:
        """Put deleted runs back on the list; how many were still there."""
        return self._update(runs, "deleted_by = ?", "")

    def _update(self, runs: Iterable[int], change: str, value: object) -> int:
        self._fill()
        with self._store.writing() as connection:
            changed = connection.execute(
                f"UPDATE cards SET {change} WHERE run IN (SELECT value FROM json_each(?))",
                (value, json.dumps(sorted(runs))),
            )
        return changed.rowcount


class LabelError(ValueError):
    """A name or tag that can't be; the sentence says why."""


def clean_name(text: str) -> str:
    """``text`` as a name, spaces in a row made one; LabelError where that is nothing, or too long."""
    name = " ".join(_printable(text).split())
    if not name:
        raise LabelError("A run needs a name of at least one character.")
    if len(name) > LONGEST_NAME:
        raise LabelError(f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}.")
    return name


def clean_tags(text: str) -> tuple[str, ...]:
    """The tags in a line, with spaces or commas between them, each once; LabelError where one is too long."""
    return tuple(dict.fromkeys(map(clean_tag, text.replace(",", " ").split())))


def clean_tag(text: str) -> str:
    """``text`` as one tag; LabelError where it is empty, too long, or of several words."""
    tag = _printable(text).removeprefix("#")
    if not tag or any(char.isspace() or char == "," for char in tag):
        raise LabelError("A tag is one word.")
    if len(tag) > LONGEST_TAG:
        raise LabelError(f"A tag has at most {LONGEST_TAG} characters; {tag[:LONGEST_TAG]}… has {len(tag)}.")
    return tag


def edited(tags: str, add: Iterable[str], remove: Iterable[str]) -> str:
    """The tags of a run, with spaces between them, after some are added and some removed; LabelError for too many."""
    gone = {tag.casefold() for tag in remove}
    kept = {tag.casefold(): tag for tag in tags.split() if tag.casefold() not in gone}
    for tag in add:
        kept.setdefault(tag.casefold(), tag)
    if len(kept) > MAX_TAGS:
        raise LabelError(f"A run has at most {MAX_TAGS} tags.")
    return " ".join(kept.values())


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
