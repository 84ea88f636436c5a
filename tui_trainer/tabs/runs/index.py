"""Lists the runs of the store for the Runs tab, and compares their experiments."""

from __future__ import annotations

import dataclasses
import json
import math
import sqlite3
import statistics
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import loads
from tui_trainer.measures import is_rising
from tui_trainer.protocol import pack
from tui_trainer.run_state import traits_of
from tui_trainer.store.filter import FilterError, condition, order_by, parse
from tui_trainer.store.live_trainers import live_names
from tui_trainer.store.schema import COLUMN_SQL, LISTED
from tui_trainer.store.store import Store

from .fields import MAX_READ, chart_fields, differences, is_log_measure, joint_share, plain_fields_of, ranks, setting_of
from .messages import RunChart, RunList, RunRow, WatchRuns, Wrong

MAX_ROWS = 1000  # in one answer
MAX_COMPARED = 16
FLAGS = frozenset(field.name for field in msgspec.structs.fields(RunRow) if field.type is bool)
IN_STORE = tuple(name for name in RunRow.__struct_fields__ if name in COLUMN_SQL)  # the others are of its group
SELECTED = ", ".join(COLUMN_SQL[name] for name in IN_STORE)
SCORE = "score"  # the accuracy, or R² where that is measured
MEASURES = ("loss", "val_loss", "accuracy", "r2", "mae", SCORE)  # fields of filters named as their columns
ANY_LOSS = "coalesce(val_loss, loss)"  # what the means are of where a list is not sorted by a measure


@dataclasses.dataclass(frozen=True, slots=True)
class RunGroup:
    """The runs with the same settings: their number in the list, and the mean and deviation of ``counted`` of them."""

    group: int
    members: int
    counted: int
    mean: float | None
    deviation: float | None


class RunIndex:
    """Lists the runs of ``store``. A list that has just been requested is kept as long as nothing has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: tuple[object, tuple[int, ...], dict[int, RunGroup]] | None = None  # a query, and what it gave
        self._chart: tuple[object, RunChart] | None = None  # the last one, and what it was made of
        with store.reading() as connection:
            connection.create_function("fold", 1, lambda text: str(text).casefold(), deterministic=True)

    def list(self, request: WatchRuns, here: int | None = None) -> RunList:
        """Return the requested part of the list; ``here`` is the current run.

        Raises StoreError if the store can't be read.
        """
        self._store.fill_run_index()
        live = json.dumps(live_names(self._store.sessions))
        parameters = {"now": time.time(), "here": here, "owner": self._store.owner, "live": live}
        with self._store.reading() as connection:
            (stored,) = connection.execute(f"SELECT count(*) FROM cards WHERE {LISTED}").fetchone()
            compared = self._rows(connection, request.compared[:MAX_COMPARED], parameters)
            fields = differences([(row.run, self._experiment(connection, row.run)) for row in compared])
            answer = RunList(
                request.filter,
                request.sort,
                request.descending,
                total=0,
                stored=stored,
                first=0,
                rows=(),
                compared=compared,
                differences=fields,
                size=self._store.size(),
                grouped=request.grouped,
            )
            try:
                matching_runs, groups = self._matching_runs(connection, request, live, parameters["now"])
            except FilterError as error:
                return replace(answer, wrong=Wrong(error.reason, error.start, error.end))
            chart = self._charted(connection, matching_runs, request) if request.charted else None
            first = max(0, min(request.first, len(matching_runs) - 1))
            page = matching_runs[first : first + max(0, min(request.rows, MAX_ROWS))]
            rows = tuple(
                row if (group := groups.get(row.run)) is None else replace(row, **dataclasses.asdict(group))
                for row in self._rows(connection, page, parameters)
            )
        place = matching_runs.index(request.cursor) if request.cursor in matching_runs else None
        return replace(
            answer,
            total=len(matching_runs),
            first=first,
            rows=rows,
            cursor=request.cursor,
            place=place,
            chart=chart,
        )

    def _matching_runs(
        self, connection: sqlite3.Connection, request: WatchRuns, live: str, now: object
    ) -> tuple[tuple[int, ...], dict[int, RunGroup]]:
        """Return all runs that match the filter, in order, and if asked for the group of each."""
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        query = (
            request.filter,
            request.sort,
            request.descending,
            request.grouped,
            live,
            version,
            connection.total_changes,
        )
        if self._last is None or self._last[0] != query or "age" in request.filter:
            passes, values = condition(parse(request.filter))
            order = order_by(request.sort, request.descending)
            cursor = connection.execute(
                f"SELECT run FROM cards WHERE {LISTED} AND {passes} ORDER BY {order}",
                {**values, "live": live, "now": now},
            )
            runs = tuple(run for (run,) in cursor.fetchall())
            groups = self._groups(connection, runs, request) if request.grouped else {}
            if groups:  # a sort is stable, so what is equal stays as it was
                runs = tuple(sorted(runs, key=lambda run: groups[run].group if run in groups else len(runs)))
            self._last = (query, runs, groups)
        return self._last[1:]

    def _groups(self, connection: sqlite3.Connection, runs: tuple[int, ...], request: WatchRuns) -> dict[int, RunGroup]:
        """Group the first ``MAX_READ`` of ``runs`` by their settings without seed of the weights and fold.

        Groups with the fewest failed runs come first, then by their mean of what the list is sorted by; or if that is
        not measured, as their first runs do.
        """
        measure = request.sort if request.sort in MEASURES else None
        measured = _measured(connection, runs, measure)
        members: dict[bytes, list[int]] = {}
        for run in filter(measured.__contains__, runs):
            members.setdefault(setting_of(measured[run].experiment), []).append(run)
        found = []
        for group in members.values():
            ended = [one for run in group if traits_of((one := measured[run]).state).ended and one.state != "diverged"]
            values = [float(one.value) for one in ended if isinstance(one.value, int | float)]
            mean = statistics.fmean(values) if values else None
            deviation = statistics.stdev(values) if len(values) > 1 else None
            found.append((group, RunGroup(0, len(group), len(values), mean, deviation)))
        if measure:
            found.sort(key=lambda one: _rank(one[1], request.descending))
        return {
            run: dataclasses.replace(facts_of, group=number)
            for number, (group, facts_of) in enumerate(found, start=1)
            for run in group
        }

    def _charted(self, connection: sqlite3.Connection, runs: tuple[int, ...], request: WatchRuns) -> RunChart:
        """Chart the first ``MAX_READ`` of ``runs``, those whose experiment can be read, in the order of the list."""
        measure = request.sort if request.sort in MEASURES else None
        measured = _measured(connection, runs, measure)
        made_of = measure, runs, measured
        if self._chart is not None and self._chart[0] == made_of:
            return self._chart[1]
        read = [(run, plain_fields_of(measured[run].experiment)) for run in runs if run in measured]
        plain = {run: fields for run, fields in read if fields is not None}
        charted = tuple(plain)
        diverged = tuple(run for run in charted if measured[run].state == "diverged")
        lost = set(diverged)
        values = np.array([math.nan if run in lost else _finite(measured[run].value) for run in charted], np.float64)
        if measure is None:
            known = [measured[run] for run, value in zip(charted, values, strict=True) if not math.isnan(value)]
            measure = "val_loss" if any(one.has_val_loss for one in known) else "loss"
        log = is_log_measure(measure, values)
        rising = measure == SCORE or is_rising(measure)
        experiments = list(plain.values())
        ranked = ranks(values, np.array([run in lost for run in charted], bool), rising)
        chart = RunChart(
            measure,
            rising,
            log,
            charted,
            pack(values),
            diverged,
            chart_fields(experiments, ranked),
            joint_share(experiments, ranked),
        )
        self._chart = made_of, chart
        return chart

    def _rows(
        self, connection: sqlite3.Connection, runs: Iterable[int], parameters: Mapping[str, object]
    ) -> tuple[RunRow, ...]:
        """Return the rows of ``runs``, in their order, without runs that are gone or can't be read."""
        order = {run: place for place, run in enumerate(runs)}
        cursor = connection.execute(
            f"SELECT {SELECTED} FROM cards WHERE run IN (SELECT value FROM json_each(:runs)) AND {LISTED}",
            {**parameters, "runs": json.dumps(list(order))},
        )
        rows = [row for values in cursor.fetchall() if (row := _row(values)) is not None]
        return tuple(sorted(rows, key=lambda row: order[row.run]))

    def _experiment(self, connection: sqlite3.Connection, run: int) -> Experiment | None:
        row = connection.execute("SELECT experiment FROM runs WHERE id = ?", (run,)).fetchone()
        try:
            return None if row is None else loads(str(row[0]))
        except UserError:
            return None


class _Measured(NamedTuple):
    """What is read of a run that is grouped or charted: its state, a measure, and its experiment as it is stored."""

    state: str
    value: object
    has_val_loss: bool
    experiment: str


def _measured(connection: sqlite3.Connection, runs: tuple[int, ...], measure: str | None) -> dict[int, _Measured]:
    """Read the first ``MAX_READ`` of ``runs``, with any loss where there is no ``measure``."""
    cursor = connection.execute(
        f"SELECT cards.run, cards.state, {COLUMN_SQL[measure] if measure else ANY_LOSS}, val_loss IS NOT NULL,"
        " experiment FROM cards JOIN runs ON runs.id = cards.run"
        " WHERE cards.run IN (SELECT value FROM json_each(?))",
        (json.dumps(runs[:MAX_READ]),),
    )
    return {
        run: _Measured(state, value, bool(has_val_loss), str(experiment))
        for run, state, value, has_val_loss, experiment in cursor.fetchall()
    }


def _row(values: tuple[object, ...]) -> RunRow | None:
    """Return the row of a run; None if a damaged store has a value of another type in a column."""
    # SQLite has 0 and 1 for false and true.
    converted = [bool(value) if name in FLAGS else value for name, value in zip(IN_STORE, values, strict=True)]
    try:
        return msgspec.convert(converted, RunRow)
    except msgspec.ValidationError:
        return None


def _finite(value: object) -> float:
    """Return a measured value; NaN where there is none."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan


def _rank(group: RunGroup, descending: bool) -> tuple[int, bool, float]:
    """Return a sort key of groups: fewest failed runs first, then by the mean, those without one last."""
    mean = group.mean or 0.0
    return group.members - group.counted, group.mean is None, -mean if descending else mean
