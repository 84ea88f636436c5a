"""Predictions for the rows of a new file, prepared as those of training; rows that can't be predicted are told.

One row in, one row out: a row that can't be predicted has no output, and a reason.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.console import format_values
from tui_trainer.datasets.columns import naming_column, value_text
from tui_trainer.datasets.csv.columns import Table, TextColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import inspect_file, read_rows
from tui_trainer.datasets.dataset import Dataset, DatasetError, Feature
from tui_trainer.datasets.preparation import most_likely, position, read_targets
from tui_trainer.datasets.split import Split
from tui_trainer.engine import Sequential
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import ColumnKind
from tui_trainer.files import PREDICTED
from tui_trainer.training.builder import build_model, scores

from .trained import TrainedModel

Array = NDArray[Any]
MAX_LISTED = 10  # rows that can't be predicted, told one by one
CHUNK = 65_536  # rows at a time, so that the activations of a million rows need little memory
_MADE_UP = re.compile(r"column_\d+")  # a name in a file without a header
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
LINE = "line"  # the name of the column with the line in the file, where no other one tells the rows apart


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Outputs (n, k) for each row, in the target's own unit; NaN where a row can't be predicted.

    ``lines`` (n,) are those of the rows in the file, ``faults`` the reasons by line. ``names`` is what tells the rows
    apart, with the name of its column; ``scores`` are loss and metrics where the file has the target too.
    """

    outputs: Array
    lines: NDArray[np.int64]
    faults: Mapping[int, str]
    name_column: str
    names: Sequence[object]
    scores: Mapping[str, float]


def predict_file(trained: TrainedModel, path: str) -> Predictions:
    """Return the predictions for the rows of a CSV file; raise DatasetError for what is no such file.

    Raises UserError for a network that has diverged.
    """
    table = read_columns(trained, path)
    cells = trained.inputs.from_columns(table.columns)
    usable = np.ones(len(table), bool)
    usable[list(cells.faults)] = False
    model = _model(trained)
    outputs = _outputs(trained, model, cells.raw, np.flatnonzero(usable))
    if usable.any() and not np.isfinite(outputs[usable]).any():
        raise UserError("", "the weights are no finite numbers, as after a run that diverged; train it again")
    name_column, names = _names_of_rows(table, trained)
    faults = {int(table.lines[row]): reason for row, reason in cells.faults.items()}
    found = _scores(trained, model, table, cells.raw, usable)
    return Predictions(outputs, table.lines, faults, name_column, names, found)


def _model(trained: TrainedModel) -> Sequential:
    model = build_model(trained.resolved, len(trained.inputs.features))
    model.set_weights(trained.weights)
    return model


def _outputs(trained: TrainedModel, model: Sequential, raw: Array, rows: NDArray[np.intp]) -> Array:
    """Return outputs (n, k) in the target's own unit for the ``rows`` of raw features (n, features), NaN for others."""
    outputs = np.full((len(raw), model.outputs), np.nan)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        standardized = trained.inputs.standardize(raw[part])
        outputs[part] = trained.target_scale.restore(model.predict(standardized))
    return outputs


def read_columns(trained: TrainedModel, path: str) -> Table:
    """Return the columns of the file that are needed: features, what tells the rows apart, and the target if there."""
    inputs, target = trained.inputs, trained.preparation.target
    header = not all(_MADE_UP.fullmatch(feature.column) for feature in inputs.features)
    file, layout = inspect_file(
        path, CsvOptions(decimal=inputs.numbers.decimal, header=header, missing=inputs.missing_marks)
    )
    try:
        needed = inputs.needed(layout.names)
    except ValueError as error:
        raise DatasetError("", f"{file.shown} does not fit the run: {error}") from error
    features = {feature.column: feature for feature in inputs.features}
    known = {name: features.get(name, Feature(name, name)) for name in needed}
    others = [name for name in layout.names if name not in known and name != target]
    if target in layout.names and target not in known:
        known[target] = Feature(target, target, category="" if trained.target.classes else None)
    naming = naming_column(layout, {*known, target})
    if naming is not None:
        known[naming] = Feature(naming, naming, category="", form="index")
    ignored: dict[str, ColumnKind] = dict.fromkeys(others, "ignore")
    return read_rows(file, layout, ignored, None, known=known, min_rows=1)


def _names_of_rows(table: Table, trained: TrainedModel) -> tuple[str, Sequence[object]]:
    """Return the column that tells the rows apart, and its cells (n,); the lines in the file if there is none."""
    used = {trained.preparation.target, *trained.inputs.needed(table.names)}
    for name, column in table.columns.items():
        if name not in used and isinstance(column, TextColumn) and column.texts is not None:
            return name, _texts(column.texts)
    return LINE, table.lines.tolist()


def _scores(
    trained: TrainedModel, model: Sequential, table: Table, x: Array, usable: NDArray[np.bool_]
) -> dict[str, float]:
    """Return loss and metrics of the rows that are predicted and have a target; none without the target's column."""
    column, classes = table.columns.get(trained.preparation.target), trained.target.classes
    if column is None or trained.preparation.target in {feature.column for feature in trained.inputs.features}:
        return {}
    if isinstance(column, TextColumn):
        places = [-1 if (place := position(text, classes)) is None else place for text in column.levels]
        labels = np.array([*places, -1], np.intp)[column.codes]
        rows = np.flatnonzero(usable & (labels >= 0))
        answers: Array = np.array(classes)[labels[rows]] if classes else np.zeros(0)
    else:
        rows = np.flatnonzero(usable & ~column.missing())
        answers = column.values[rows]
    if not len(rows):
        return {}
    y = read_targets(answers, trained.target, model.outputs)
    scale = trained.target_scale
    return scores(model, trained.resolved.training, trained.inputs.standardize(x[rows]), scale.apply(y), scale)


def write_predictions(predictions: Predictions, trained: TrainedModel, stream: BinaryIO) -> None:
    """Write one row for each row of the file: what tells it apart, the prediction, and the probability of each class.

    Cells of a row that can't be predicted are empty. It is CSV in UTF-8; numbers are in full.
    """
    heads, columns = _answers(predictions.outputs, trained)
    _write([predictions.name_column, *heads], [_cells(predictions.names), *columns], stream)


def described(predictions: Predictions, to: str = "") -> list[str]:
    """Return in sentences what was predicted, and written ``to`` a file, and what was not, by its line."""
    head, faults, scores = _said(predictions, to)
    return [head, *(f"  {fault}" for fault in faults), *scores]


def described_in_a_line(predictions: Predictions, to: str) -> str:
    """Return the same as one line."""
    head, faults, scores = _said(predictions, to)
    return " ".join([head, *([f"{'; '.join(faults)}."] if faults else []), *(f"{score}." for score in scores)])


def _said(predictions: Predictions, to: str) -> tuple[str, list[str], list[str]]:
    """Return what was predicted, the rows that were not, and the scores if there are any."""
    faults = sorted(predictions.faults.items())
    count = len(predictions.lines) - len(faults)
    rows = f"{count:,} row{'s' * (count != 1)}"
    head = f"{rows} predicted{to and f' in {to}'}{f', {len(faults):,} not:' if faults else '.'}"
    listed = [f"line {line:,}: {reason}" for line, reason in faults[:MAX_LISTED]]
    if len(faults) > MAX_LISTED:
        listed.append(f"and {len(faults) - MAX_LISTED:,} more")
    return head, listed, [f"Scores: {format_values(dict(predictions.scores))}"] if predictions.scores else []


def parts_csv(trained: TrainedModel, dataset: Dataset, parts: Split) -> bytes:
    """Return the predictions for the rows that a network was trained and validated on, in their order, as CSV in UTF-8.

    Each row has its part, its line (for data of no file, its index), what tells it apart, the target and what
    ``write_predictions`` writes.
    """
    is_used = np.zeros(len(dataset.x), bool)
    is_used[parts.train_rows] = is_used[parts.val_rows] = True
    rows = np.flatnonzero(is_used)
    outputs = _outputs(trained, _model(trained), dataset.x, rows)[rows]
    is_validation = np.zeros(len(dataset.x), bool)
    is_validation[parts.val_rows] = True
    names, lines = dataset.rows, rows if dataset.rows.lines is None else dataset.rows.lines[rows]
    heads = ["part", names.heading]
    columns = [_cells(np.where(is_validation[rows], "validation", "training").tolist()), _cells(lines.tolist())]
    if names.names is not None:
        heads.append(names.column)
        columns.append(_cells(_texts(names.names[rows])))
    target = dataset.y[rows, 0] if dataset.labels is None else np.array(dataset.classes, object)[dataset.labels[rows]]
    more_heads, answers = _answers(outputs, trained)
    stream = io.BytesIO()
    _write([*heads, dataset.target, *more_heads], [*columns, _cells(target.tolist()), *answers], stream)
    return stream.getvalue()


def _answers(outputs: Array, trained: TrainedModel) -> tuple[list[str], list[list[bytes]]]:
    """Return columns of predictions for outputs (n, k), and their names; cells are empty where one is not finite."""
    classes = trained.target.classes
    heads = [f"{PREDICTED}{trained.preparation.target}", *(f"p_{name}" for name in classes)]
    columns = []
    if classes:
        shares = outputs if outputs.shape[1] > 1 else np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]])
        columns.append(np.array(_cells(classes), object)[most_likely(outputs)].tolist())
        columns += map(_cells, shares.T.tolist())
    else:
        columns += map(_cells, outputs.T.tolist())
    for row in np.flatnonzero(~np.isfinite(outputs).all(axis=1)).tolist():
        for column in columns:
            column[row] = b""
    return heads, columns


def _write(heads: Sequence[str], columns: Sequence[Sequence[bytes]], stream: BinaryIO) -> None:
    lines = [b",".join(_cells(heads)), *map(b",".join, zip(*columns, strict=True)), b""]
    stream.write(b"\r\n".join(lines))


def _texts(cells: Array) -> list[str]:
    """Return texts or whole numbers (n,) as texts, "" where there is none."""
    return ["" if cell is None or cell != cell else value_text(cell) for cell in cells.tolist()]


def _cells(values: Sequence[object]) -> list[bytes]:
    """Return numbers or texts as cells of CSV. Numbers of a whole column are written faster than by Python."""
    if values and isinstance(values[0], str):
        return [_quoted(str(value)).encode() for value in values]
    return msgspec.json.encode(values)[1:-1].split(b",")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
