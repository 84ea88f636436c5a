"""Reads files of more rows, as those of training were read: rows to predict, and the file of the test part."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.csv.columns import Column, LastTable, NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.layout import Layout
from tui_trainer.datasets.csv.reader import file_stamp, inspect_file, read_rows
from tui_trainer.datasets.csv.text import TextFile
from tui_trainer.errors import quoted
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig
from tui_trainer.files import confined, is_same_file

from .dataset import TEST, TRAINING, Dataset, DatasetError, Feature, OnProgress, RowMetadata, RowNames
from .encoding import TargetColumn, listed_gaps, target_from_labels
from .preparation import Inputs, as_texts, position
from .row_metadata import read_weights

FIELD = "dataset.test_path"
MAX_LISTED = 12  # columns and classes in a message
MAX_PATH = 200  # characters of a path in a message
_MADE_UP = re.compile(r"column_\d+")  # a name in a file without a header


def inspect_rows(
    path: str, inputs: Inputs, options: CsvOptions, on_progress: OnProgress | None = None
) -> tuple[TextFile, Layout]:
    """Open a file of rows like those of training, with the same decimal mark and marks of missing values."""
    header = not all(_MADE_UP.fullmatch(feature.column) for feature in inputs.features)
    known = dataclasses.replace(options, decimal=inputs.numbers.decimal, header=header, missing=inputs.missing_marks)
    return inspect_file(path, known, on_progress)


def with_test_file(
    dataset: Dataset, table: Table, config: DatasetConfig, last: LastTable, on_progress: OnProgress | None = None
) -> Dataset:
    """Return ``dataset``, read from ``table``, with the rows of the file ``config.test_path`` as its test part.

    Their cells become features and targets as those of the table did, and nothing else of the dataset depends on them.
    The file is not read if ``last`` holds its rows.
    Raises DatasetError for a column that is missing, a cell that does not fit, by its line, and a group of the table.
    """
    if is_same_file(confined(str(config.test_path), FIELD), str(config.path)):
        reason = "is the file to train on; give one of other rows, or leave it out and set test_split"
        raise DatasetError(FIELD, f"{quoted(str(config.test_path), MAX_PATH)} {reason}")
    count, names, metadata = len(dataset.x), dataset.rows, dataset.metadata
    parts = np.full(count, TRAINING) if metadata.parts is None else metadata.parts
    if (parts == TEST).any():
        column = quoted(str(config.split_column))
        raise DatasetError(FIELD, f"the column {column} says which rows are for the test; leave test_path out")
    inputs = Inputs(dataset.inputs, np.zeros(1), np.ones(1), dataset.numbers, dataset.missing_marks)
    rows, notes = _read(dataset, table, config, inputs, last, on_progress)
    cells, (target, faults) = inputs.from_columns(rows.columns), _targets(table, rows, dataset)
    if faults := {**faults, **cells.faults}:
        row = min(faults)
        raise DatasetError(FIELD, f"line {rows.lines[row]} of the file: {faults[row]}; correct it, or leave it out")
    groups = metadata.groups
    if groups is not None:
        groups = np.concatenate([groups, groups.max() + 1 + _groups(table, rows, str(config.group_column))])
    weights = metadata.weights
    if weights is not None:
        weights = np.concatenate([weights, _weights(rows, str(config.weight_column))])
    labels = None
    if dataset.labels is not None and target.labels is not None:
        labels = np.concatenate([dataset.labels, target.labels])
    assert names.lines is not None  # it is read from a file
    return dataclasses.replace(
        dataset,
        x=np.concatenate([dataset.x, cells.raw]),
        y=np.concatenate([dataset.y, target.y]),
        labels=labels,
        rows=RowNames(np.concatenate([names.lines, rows.lines]), names.column, _names(names, rows)),
        metadata=RowMetadata(np.concatenate([parts, np.full(len(rows), TEST)]), groups, weights),
        notes=(*dataset.notes, *notes),
    )


def _read(
    dataset: Dataset,
    table: Table,
    config: DatasetConfig,
    inputs: Inputs,
    last: LastTable,
    on_progress: OnProgress | None,
) -> tuple[Table, tuple[str, ...]]:
    """Return the rows of the file that can be used, with the columns that are needed, and a note on the others."""
    path, options = str(confined(str(config.test_path), FIELD)), CsvOptions.from_config(config)
    row_columns = [name for name in (config.group_column, config.weight_column) if name is not None]
    needed = [*dataset.feature_columns, *dataset.targets, *row_columns]
    known = _known_columns(dataset, table, config)

    def read() -> Table:
        file, layout = inspect_rows(path, inputs, options, on_progress)
        missing = [name for name in needed if name not in layout.names]
        if missing:
            known_names = ", ".join(map(quoted, layout.names[:MAX_LISTED]))
            reason = f"{file.shown} has no column {', '.join(map(quoted, missing[:MAX_LISTED]))}"
            raise DatasetError(FIELD, f"{reason}, as the file to train on has; its columns are {known_names}")
        others: dict[str, ColumnKind] = {name: "ignore" for name in layout.names if name not in known}
        return read_rows(file, layout, others, None, on_progress, known, min_rows=1)

    try:
        rows = last.get((path, file_stamp(path), options, inputs.numbers, inputs.missing_marks, needed, known), read)
    except DatasetError as error:
        raise DatasetError(FIELD, error.reason) from error
    required = [*dataset.targets, *row_columns] if config.missing == "fill" else needed
    gaps = {name: _gaps(rows.columns[name]) for name in dict.fromkeys(required)}
    complete = ~np.any(list(gaps.values()), axis=0)
    listed = listed_gaps({name: int(missing.sum()) for name, missing in gaps.items() if missing.any()})
    if not complete.any():
        raise DatasetError(
            FIELD, f"no row of {quoted(path, MAX_PATH)} has a value in every column; no value in {listed}"
        )
    dropped = len(rows) - int(complete.sum())
    if not dropped:
        return rows, ()
    return rows.take(complete), (f"{dropped:,} of {len(rows):,} rows for the test dropped: no value in {listed}.",)


def _known_columns(dataset: Dataset, table: Table, config: DatasetConfig) -> dict[str, Feature]:
    """Return how the columns of the file are read: each as that of the ``table``."""
    known = {feature.column: dataclasses.replace(feature, fill=None) for feature in dataset.inputs}  # gaps stay gaps
    known |= {name: Feature(name, name, category="") for name in dataset.targets}
    for name in (*dataset.targets, config.weight_column):
        column = None if name is None else table.columns[name]
        if name is not None and isinstance(column, NumberColumn):
            known[name] = Feature(
                name,
                name,
                form=column.form,
                date_format=column.date_format,
                unit=column.unit,
                multiples=column.multiples,
            )
    if config.group_column is not None:
        known[config.group_column] = Feature(config.group_column, config.group_column, category="")
    if dataset.rows.column and dataset.rows.column not in known:
        known[dataset.rows.column] = Feature(dataset.rows.column, dataset.rows.column, category="", form="index")
    return known


def _gaps(column: Column) -> NDArray[np.bool_]:
    """Return in which rows (n,) the column has no value; a cell that is wrong is none of these."""
    missing = column.missing()
    if isinstance(column, NumberColumn):
        missing[list(column.wrong_texts)] = False
    return missing


def _targets(table: Table, rows: Table, dataset: Dataset) -> tuple[TargetColumn, Mapping[int, str]]:
    """Return the target of the rows, and what is wrong with those, by their number, that have none like the table's."""
    faults: dict[int, str] = {}
    columns = {name: _as_in_table(table, rows, name, faults) for name in dataset.targets}
    if not dataset.classes:
        values = []
        for name, column in columns.items():
            assert isinstance(column, NumberColumn)  # as in the table
            for row in np.flatnonzero(np.isinf(column.values)).tolist():
                faults.setdefault(row, f"the target {quoted(name)} is not finite")
            values.append(column.values)
        return TargetColumn("regression", (), np.stack(values, axis=1), None), faults
    ((name, column),) = columns.items()
    where = f"the target {quoted(name)}"
    texts = column if isinstance(column, TextColumn) else as_texts(column)
    places = [-1 if (place := position(text, dataset.classes)) is None else place for text in texts.levels]
    labels = np.array([*places, -1], np.intp)[texts.codes]
    listed = ", ".join(map(quoted, dataset.classes[:MAX_LISTED])) + (", …" if len(dataset.classes) > MAX_LISTED else "")
    for row in np.flatnonzero(labels < 0).tolist():
        text = quoted(texts.levels[texts.codes[row]])
        faults.setdefault(row, f"{where} holds {text}, which is none of the classes to train on: {listed}")
    return target_from_labels(np.maximum(labels, 0), dataset.classes), faults


def _as_in_table(table: Table, rows: Table, name: str, faults: dict[int, str]) -> Column:
    """Return a target of the rows as that of the ``table`` is written; ``faults`` gets the cells that are not so."""
    own, column = table.columns[name], rows.columns[name]
    if not isinstance(column, NumberColumn) or not isinstance(own, NumberColumn):
        return column
    column = dataclasses.replace(column, form=own.form)  # true may be written as 1 here
    for row, text in column.wrong_texts.items():
        faults.setdefault(row, f"the target {quoted(name)} holds {quoted(text)}, not a {column.form}")
    return column


def _groups(table: Table, rows: Table, name: str) -> NDArray[np.intp]:
    """Return the groups of the rows (n,) by number; raise DatasetError for one that the ``table`` has as well."""
    own, new = table.columns[name], rows.columns[name]
    assert isinstance(own, TextColumn) and isinstance(new, TextColumn)  # both are read so
    codes = np.unique(new.codes, return_inverse=True)[1]
    own_codes = {level: code for code, level in enumerate(own.levels)}
    both = [row for row, code in enumerate(new.codes.tolist()) if new.levels[code] in own_codes]
    if both:
        group = new.levels[new.codes[both[0]]]
        line = table.lines[int((own.codes == own_codes[group]).argmax())]
        where = f"line {line} of the file to train on and line {rows.lines[both[0]]} of this one"
        raise DatasetError(FIELD, f"the group {quoted(group)} is in {where}; all rows of a group belong into one part")
    return codes


def _weights(rows: Table, name: str) -> NDArray[np.float64]:
    try:
        return read_weights(rows, name)
    except DatasetError as error:
        raise DatasetError(FIELD, f"in the file for the test, {error.reason}") from error


def _names(names: RowNames, rows: Table) -> NDArray[np.object_] | None:
    """Return what tells the rows apart, of the dataset and after it of the file; None where nothing does."""
    if names.names is None:
        return None
    column = rows.columns.get(names.column)
    texts = column.texts if isinstance(column, TextColumn) else None
    more = np.full(len(rows), None, object) if texts is None else texts
    return np.concatenate([names.names.astype(object), more])
