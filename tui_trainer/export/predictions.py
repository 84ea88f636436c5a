"""Predictions for the rows of a new file, prepared as those of training; rows that can't be predicted are told.

One row in, one row out: a row that can't be predicted has no output, and a reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.columns import names_rows
from tui_trainer.datasets.csv.columns import Table, TextColumn
from tui_trainer.datasets.csv.dialect import CsvOptions
from tui_trainer.datasets.csv.reader import inspect_file, read_rows
from tui_trainer.datasets.dataset import DatasetError, Feature
from tui_trainer.datasets.preparation import most_likely, position, read_targets
from tui_trainer.engine import Sequential
from tui_trainer.experiment.schema import ColumnKind
from tui_trainer.training.builder import build_model, scores

from .trained import TrainedModel

Array = NDArray[Any]
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
    """Return the predictions for the rows of a CSV file; raise DatasetError for what is no such file."""
    table = read_columns(trained, path)
    cells = trained.inputs.from_columns(table.columns)
    usable = np.ones(len(table), bool)
    usable[list(cells.faults)] = False
    model = build_model(trained.resolved, len(trained.inputs.features))
    model.set_weights(trained.weights)
    outputs = np.full((len(table), model.outputs), np.nan)
    rows = np.flatnonzero(usable)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        standardized = trained.inputs.standardize(cells.raw[part])
        outputs[part] = trained.target_scale.restore(model.predict(standardized))
    name_column, names = _names_of_rows(table, trained)
    faults = {int(table.lines[row]): reason for row, reason in cells.faults.items()}
    found = _scores(trained, model, table, cells.raw, usable)
    return Predictions(outputs, table.lines, faults, name_column, names, found)


def read_columns(trained: TrainedModel, path: str) -> Table:
    """Return the columns of the file that are needed: features, what tells the rows apart, and the target if there."""
    inputs, target = trained.inputs, trained.preparation.target
    header = not all(_MADE_UP.fullmatch(feature.column) for feature in inputs.features)
    file, layout = inspect_file(path, CsvOptions(decimal=inputs.numbers.decimal, header=header))
    try:
        needed = inputs.needed(layout.names)
    except ValueError as error:
        raise DatasetError("", f"{file.shown} does not fit the run: {error}") from error
    features = {feature.column: feature for feature in inputs.features}
    known = {name: features.get(name, Feature(name, name)) for name in needed}
    others = [name for name in layout.names if name not in known and name != target]
    if target in layout.names and target not in known:
        known[target] = Feature(target, target, category="" if trained.target.classes else None)
    naming = next((name for name in others if names_rows(name, layout.cells(layout.names.index(name)))), None)
    if naming is not None:
        known[naming] = Feature(naming, naming, category="")
    ignored: dict[str, ColumnKind] = dict.fromkeys(others, "ignore")
    return read_rows(file, layout, ignored, None, known=known, min_rows=1)


def _names_of_rows(table: Table, trained: TrainedModel) -> tuple[str, Sequence[object]]:
    """Return the column that tells the rows apart, and its cells (n,); the lines in the file if there is none."""
    used = {trained.preparation.target, *trained.inputs.needed(table.names)}
    for name, column in table.columns.items():
        if name not in used and isinstance(column, TextColumn):
            texts = np.array([*column.levels, ""], object)
            return name, texts[column.codes].tolist()
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
    classes, outputs = trained.target.classes, predictions.outputs
    heads = [predictions.name_column, f"predicted_{trained.preparation.target}", *(f"p_{name}" for name in classes)]
    columns = [_cells(predictions.names)]
    if classes:
        shares = outputs if outputs.shape[1] > 1 else np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]])
        columns.append(np.array(_cells(classes), object)[most_likely(outputs)].tolist())
        columns += map(_cells, shares.T.tolist())
    else:
        columns += map(_cells, outputs.T.tolist())
    for row in np.flatnonzero(np.isnan(outputs).any(axis=1)).tolist():
        for column in columns[1:]:
            column[row] = b""
    lines = [b",".join(_cells(heads)), *map(b",".join, zip(*columns, strict=True)), b""]
    stream.write(b"\r\n".join(lines))


def _cells(values: Sequence[object]) -> list[bytes]:
    """Return numbers or texts as cells of CSV. Numbers of a whole column are written faster than by Python."""
    if values and isinstance(values[0], str):
        return [_quoted(str(value)).encode() for value in values]
    return msgspec.json.encode(values)[1:-1].split(b",")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
