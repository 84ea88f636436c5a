"""Lists the runs of the store for the Runs tab, and compares their experiments."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import statistics
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import UNTITLED, Experiment, LayerConfig
from tui_trainer.experiment.toml_file import loads
from tui_trainer.experiment.validation import to_plain
from tui_trainer.formats import format_exact
from tui_trainer.run_state import traits_of
from tui_trainer.store.filter import FilterError, condition, order_by, parse
from tui_trainer.store.live_trainers import live_names
from tui_trainer.store.schema import COLUMN_SQL, LISTED
from tui_trainer.store.store import Store

from .messages import Difference, RunList, RunRow, WatchRuns, Wrong

MAX_ROWS = 1000  # in one answer
MAX_COMPARED = 16
MAX_VALUE = 60  # characters of a value
NAMELESS = ("units", "activation")  # of a layer: their values are shown without names
NOT_COMPARED = ("name", "hide")  # no part of what is trained
FLAGS = frozenset(field.name for field in msgspec.structs.fields(RunRow) if field.type is bool)
IN_STORE = tuple(name for name in RunRow.__struct_fields__ if name in COLUMN_SQL)  # the others are of its group
SELECTED = ", ".join(COLUMN_SQL[name] for name in IN_STORE)
MEASURES = ("loss", "val_loss", "accuracy", "r2", "mae", "score")  # fields of filters named as their columns
ANY_LOSS = "coalesce(val_loss, loss)"  # what the means are of where a list is not sorted by a measure
MAX_GROUPED = 2000  # runs: to read the experiments of so many takes less than a second


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
        self._settings: dict[str, bytes] = {}  # of an experiment as it is stored
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
            first = max(0, min(request.first, len(matching_runs) - 1))
            page = matching_runs[first : first + max(0, min(request.rows, MAX_ROWS))]
            rows = tuple(
                row if (group := groups.get(row.run)) is None else replace(row, **dataclasses.asdict(group))
                for row in self._rows(connection, page, parameters)
            )
        place = matching_runs.index(request.cursor) if request.cursor in matching_runs else None
        return replace(answer, total=len(matching_runs), first=first, rows=rows, cursor=request.cursor, place=place)

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
        """Group the first ``MAX_GROUPED`` of ``runs`` by their settings without seed of the weights and fold.

        Groups with the fewest failed runs come first, then by their mean of what the list is sorted by; or if that is
        not measured, as their first runs do.
        """
        measure = request.sort if request.sort in MEASURES else None
        cursor = connection.execute(
            f"SELECT cards.run, cards.state, {COLUMN_SQL[measure] if measure else ANY_LOSS}, experiment FROM cards "
            "JOIN runs ON runs.id = cards.run WHERE cards.run IN (SELECT value FROM json_each(?))",
            (json.dumps(runs[:MAX_GROUPED]),),
        )
        facts = {run: (state, value, text) for run, state, value, text in cursor.fetchall()}
        members: dict[bytes, list[int]] = {}
        for run in filter(facts.__contains__, runs[:MAX_GROUPED]):
            members.setdefault(self._setting(str(facts[run][2])), []).append(run)
        found = []
        for group in members.values():
            ended = [run for run in group if traits_of(facts[run][0]).ended and facts[run][0] != "diverged"]
            values = [float(facts[run][1]) for run in ended if isinstance(facts[run][1], int | float)]
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

    def _setting(self, text: str) -> bytes:
        """Return what is the same for all experiments that differ in seed of the weights, fold and name alone."""
        if len(self._settings) > 2 * MAX_GROUPED:
            self._settings.clear()
        if text not in self._settings:
            try:
                one = loads(text)
                one = replace(one, name=UNTITLED, hide=(), model=replace(one.model, seed=0))
                self._settings[text] = msgspec.json.encode(replace(one, dataset=replace(one.dataset, fold=None)))
            except UserError:
                self._settings[text] = text.encode("utf-8", "replace")
        return self._settings[text]

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


def _row(values: tuple[object, ...]) -> RunRow | None:
    """Return the row of a run; None if a damaged store has a value of another type in a column."""
    # SQLite has 0 and 1 for false and true.
    converted = [bool(value) if name in FLAGS else value for name, value in zip(IN_STORE, values, strict=True)]
    try:
        return msgspec.convert(converted, RunRow)
    except msgspec.ValidationError:
        return None


def _rank(group: RunGroup, descending: bool) -> tuple[int, bool, float]:
    """Return a sort key of groups: fewest failed runs first, then by the mean, those without one last."""
    mean = group.mean or 0.0
    return group.members - group.counted, group.mean is None, -mean if descending else mean


def differences(experiments: Sequence[tuple[int, Experiment | None]]) -> tuple[Difference, ...]:
    """Return the fields whose values differ, in the order of the schema; none for fewer than two experiments.

    An experiment that can't be read has no fields. A layer that only some experiments have is one field.
    """
    layers = min((len(one.model.layers) for _, one in experiments if one is not None), default=0)
    tables = [dict(_fields(to_plain(one), layers)) if one is not None else {} for _, one in experiments]
    paths = dict.fromkeys(path for table in tables for path in table)
    found = []
    for path in paths:
        values = tuple(table.get(path, "") for table in tables)
        if len(set(values)) > 1 and path not in NOT_COMPARED:
            found.append(Difference(path, values))
    return tuple(sorted(found, key=lambda one: _order(one.path)))


def _order(path: str) -> tuple[int, int]:
    """Return a sort key: tables in the order of the file, layers by their number."""
    table, _, rest = path.partition(".")
    number = rest.partition("[")[2].partition("]")[0]
    return ("dataset", "model", "training").index(table), int(number) if number.isdigit() else -1


def _fields(value: object, layers: int, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every field of a plain experiment by its path, with its value as text; layers from ``layers`` on as one."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, layers, f"{path}.{name}".removeprefix("."))
    elif path == "model.layers" and isinstance(value, list):
        for index, layer in enumerate(value):
            if index < layers:
                yield from _fields(layer, layers, f"{path}[{index}]")
            else:
                yield f"{path}[{index}]", _layer(layer)
    else:
        yield path, _text(value)


def _layer(layer: dict[str, object]) -> str:
    """Describe a whole layer in a few words: units, activation, and what differs from the default."""
    usual = to_plain(LayerConfig())
    others = [
        f"{name} {_text(value)}" for name, value in layer.items() if name not in NAMELESS and value != usual[name]
    ]
    return _text(", ".join([f"{layer['units']} {layer['activation']}", *others]))


def _text(value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case float():
            text = format_exact(value)
        case list():
            text = ", ".join(map(_text, value)) or "none"
        case None:
            text = "default"
        case _:
            text = str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
