"""Predictions for the rows of a new file, prepared as those of training; rows that can't be predicted are told.

One row in, one row out: a row that can't be predicted has no output, and a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.console import format_values, lines_of_targets
from tui_trainer.datasets.columns import naming_column, value_text
from tui_trainer.datasets.csv.columns import NumberColumn, Table, TextColumn
from tui_trainer.datasets.csv.reader import NO_OPTIONS, read_in_parts
from tui_trainer.datasets.dataset import Dataset, DatasetError, Feature, OnProgress
from tui_trainer.datasets.new_rows import inspect_rows
from tui_trainer.datasets.preparation import most_likely, position, read_targets
from tui_trainer.datasets.split import Split
from tui_trainer.engine import Sequential
from tui_trainer.errors import UserError
from tui_trainer.files import PREDICTED
from tui_trainer.training.builder import scores

from .trained import TrainedModel

Array = NDArray[Any]
MAX_LISTED = 10  # rows that can't be predicted, told one by one
CHUNK = 65_536  # rows at a time, so that the activations of a million rows need little memory
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_EMPTY, _END = msgspec.Raw(b""), msgspec.Raw(b"\xff")  # a cell, and the end of a row: a byte that is in no UTF-8
LINE = "line"  # the name of the column with the line in the file, where no other one tells the rows apart


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Outputs (n, k) for each row, in the target's own unit; NaN where a row can't be predicted.

    ``csv`` are the same as a CSV file in UTF-8, in pieces: what tells a row apart, its cell of ``name_column``, the
    prediction, and the probability of each class; numbers in full, and nothing for a row that can't be predicted.
    ``faults`` are the reasons, by the line of the row in the file. ``scores`` are loss and metrics where the file has
    the ``targets`` too.
    """

    outputs: Array
    csv: Sequence[bytes]
    name_column: str
    faults: Mapping[int, str]
    scores: Mapping[str, float]
    targets: tuple[str, ...]


def predict_file(trained: TrainedModel, path: str, on_progress: OnProgress | None = None) -> Predictions:
    """Return the predictions for the rows of a CSV file; raise DatasetError for what is no such file.

    The rows are predicted and written in parts, while the next ones are read. ``on_progress`` is called with the
    fraction done; if it returns False, ReadingStopped is raised. Raises UserError for a network that has diverged.
    """
    model = trained.build_network()
    heads, csv, outputs = _heads(trained), [b""], []
    faults: dict[int, str] = {}
    answered: list[tuple[Array, Array]] = []
    name_column, is_any_usable = LINE, False
    for table in read_columns(trained, path, on_progress):
        cells = trained.inputs.from_columns(table.columns)
        usable = np.ones(len(table), bool)
        usable[list(cells.faults)] = False
        outputs.append(_outputs(trained, model, cells.raw, usable))
        is_any_usable = is_any_usable or bool(usable.any())
        faults.update((int(table.lines[row]), reason) for row, reason in cells.faults.items())
        name_column, names = _names_of_rows(table, trained)
        csv.append(_rows([names, *_answers(outputs[-1], trained)]))
        answered += _answered(trained, table, cells.raw, usable)
    csv[0] = _rows([[_cell(head)] for head in (name_column, *heads)])
    joined = np.concatenate(outputs)
    if is_any_usable and not np.isfinite(joined).any():
        raise UserError("", "the weights are no finite numbers, as after a run that diverged; train it again")
    scores = _scores(trained, model, answered)
    return Predictions(joined, csv, name_column, faults, scores, trained.preparation.all_targets)


def _outputs(trained: TrainedModel, model: Sequential, raw: Array, usable: NDArray[np.bool_]) -> Array:
    """Return outputs (n, k) in the target's own unit for raw features (n, features), NaN for rows not ``usable``."""
    outputs = np.full((len(raw), model.outputs), np.nan)
    for start in range(0, len(raw), CHUNK):
        part = slice(start, start + CHUNK)
        rows = usable[part]
        if rows.any():
            standardized = trained.inputs.standardize(raw[part] if rows.all() else raw[part][rows])
            outputs[part][rows] = trained.target_scale.restore(model.predict(standardized))
    return outputs


def read_columns(trained: TrainedModel, path: str, on_progress: OnProgress | None = None) -> Iterator[Table]:
    """Yield the columns of the file that are needed, in parts of its rows.

    They are the features, what tells the rows apart, and the targets that are there.
    """
    inputs = trained.inputs
    file, layout = inspect_rows(path, inputs, NO_OPTIONS, on_progress)
    try:
        needed = inputs.needed(layout.names)
    except ValueError as error:
        raise DatasetError("", f"{file.shown} does not fit the run: {error}") from error
    features = {feature.column: feature for feature in inputs.features}
    known = {name: features.get(name, Feature(name, name)) for name in needed}
    targets = trained.preparation.all_targets
    for target in targets:
        if target in layout.names and target not in known:
            known[target] = Feature(target, target, category="" if trained.target.classes else None)
    naming = naming_column(layout, {*known, *targets})
    if naming is not None:
        known[naming] = Feature(naming, naming, category="", form="index")
    yield from read_in_parts(file, layout, known, on_progress)


def _names_of_rows(table: Table, trained: TrainedModel) -> tuple[str, Sequence[object]]:
    """Return the column that tells the rows apart, and its cells (n,); the lines in the file if there is none."""
    used = {*trained.preparation.all_targets, *trained.inputs.needed(table.names)}
    for name, column in table.columns.items():
        if name not in used and isinstance(column, TextColumn) and column.texts is not None:
            return name, _cells(_texts(column.texts))
    return LINE, table.lines.tolist()


def _answered(trained: TrainedModel, table: Table, raw: Array, usable: NDArray[np.bool_]) -> list[tuple[Array, Array]]:
    """Return standardized features and answers of the rows that are predicted and have a target, none if no row has.

    Of several targets a row has all.
    """
    targets, classes = trained.preparation.all_targets, trained.target.classes
    columns = [table.columns[name] for name in targets if name in table.columns]
    if len(columns) < len(targets) or {feature.column for feature in trained.inputs.features} & set(targets):
        return []
    column = columns[0]
    if len(columns) > 1:
        if any(isinstance(one, TextColumn) for one in columns):
            return []
        numbers = np.stack([one.values for one in columns if isinstance(one, NumberColumn)], axis=1)
        rows = np.flatnonzero(usable & ~np.isnan(numbers).any(axis=1))
        answers: Array = numbers[rows]
    elif isinstance(column, TextColumn):
        places = [-1 if (place := position(text, classes)) is None else place for text in column.levels]
        labels = np.array([*places, -1], np.intp)[column.codes]
        rows = np.flatnonzero(usable & (labels >= 0))
        answers = np.array(classes)[labels[rows]] if classes else np.zeros(0)
    else:
        rows = np.flatnonzero(usable & ~column.missing())
        answers = column.values[rows]
    return [(trained.inputs.standardize(raw[rows]), answers)] if len(rows) else []


def _scores(trained: TrainedModel, model: Sequential, answered: Sequence[tuple[Array, Array]]) -> dict[str, float]:
    """Return loss and metrics over the parts of ``answered`` rows: their features, and their answers."""
    if not answered:
        return {}
    features, answers = map(np.concatenate, zip(*answered, strict=True))
    y, scale = read_targets(answers, trained.target, model.outputs), trained.target_scale
    return scores(model, trained.resolved.training, features, scale.apply(y), scale)


def described(predictions: Predictions, to: str = "") -> list[str]:
    """Return in sentences what was predicted, and written ``to`` a file, and what was not, by its line."""
    head, faults, scores = _said(predictions, to)
    return [head, *(f"  {fault}" for fault in faults), *scores]


def described_in_a_line(predictions: Predictions, to: str) -> str:
    """Return the same as one line."""
    head, faults, scores = _said(predictions, to)
    return " ".join([head, *([f"{'; '.join(faults)}."] if faults else []), *(f"{score.strip()}." for score in scores)])


def _said(predictions: Predictions, to: str) -> tuple[str, list[str], list[str]]:
    """Return what was predicted, the rows that were not, and the scores if there are any."""
    faults = sorted(predictions.faults.items())
    count = len(predictions.outputs) - len(faults)
    rows = f"{count:,} row{'s' * (count != 1)}"
    head = f"{rows} predicted{to and f' in {to}'}{f', {len(faults):,} not:' if faults else '.'}"
    listed = [f"line {line:,}: {reason}" for line, reason in faults[:MAX_LISTED]]
    if len(faults) > MAX_LISTED:
        listed.append(f"and {len(faults) - MAX_LISTED:,} more")
    if not predictions.scores:
        return head, listed, []
    of_targets = lines_of_targets(predictions.scores, predictions.targets)
    return head, listed, [f"Scores: {format_values(predictions.scores)}", *of_targets]


def parts_csv(trained: TrainedModel, dataset: Dataset, parts: Split) -> bytes:
    """Return the predictions for the rows that a network was trained and validated on, in their order, as CSV in UTF-8.

    Each row has its part, its line (for data of no file, its index), what tells it apart, the targets and what
    ``write_predictions`` writes.
    """
    is_used = np.zeros(len(dataset.x), bool)
    is_used[parts.train_rows] = is_used[parts.val_rows] = True
    rows = np.flatnonzero(is_used)
    outputs = _outputs(trained, trained.build_network(), dataset.x, is_used)[rows]
    is_validation = np.zeros(len(dataset.x), bool)
    is_validation[parts.val_rows] = True
    names, lines = dataset.rows, rows if dataset.rows.lines is None else dataset.rows.lines[rows]
    heads = ["part", names.heading]
    part_names = _cells(["training", "validation"])
    columns = [[part_names[place] for place in is_validation[rows].tolist()], lines.tolist()]
    if names.names is not None:
        heads.append(names.column)
        columns.append(_cells(_texts(names.names[rows])))
    if dataset.labels is None:
        targets: list[Sequence[object]] = list(dataset.y[rows].T.tolist())
    else:
        classes = _cells(dataset.classes)
        targets = [[classes[label] for label in dataset.labels[rows].tolist()]]
    heads += [*dataset.targets, *_heads(trained)]
    return _rows([[_cell(head)] for head in heads]) + _rows([*columns, *targets, *_answers(outputs, trained)])


def _heads(trained: TrainedModel) -> list[str]:
    """Return the names of the columns of ``_answers``."""
    predicted = [f"{PREDICTED}{name}" for name in trained.preparation.all_targets]
    return [*predicted, *(f"p_{name}" for name in trained.target.classes)]


def _answers(outputs: Array, trained: TrainedModel) -> list[list[object]]:
    """Return columns of predictions for outputs (n, k); cells are empty where one is not finite."""
    columns: list[list[object]] = []
    if trained.target.classes:
        classes = _cells(trained.target.classes)
        shares = outputs if outputs.shape[1] > 1 else np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]])
        columns.append([classes[place] for place in most_likely(outputs).tolist()])
        columns += shares.T.tolist()
    else:
        columns += outputs.T.tolist()
    for row in np.flatnonzero(~np.isfinite(outputs).all(axis=1)).tolist():
        for column in columns:
            column[row] = _EMPTY
    return columns


def _rows(columns: Sequence[Sequence[object]]) -> bytes:
    """Return rows of CSV from columns of numbers, which are written in full, and of texts that are ``_cells``.

    All are encoded at once, which is several times as fast as one after the other; what stands for the ends of the
    rows is in no text.
    """
    width = len(columns) + 1
    cells: list[object] = [_END] * (width * len(columns[0]))
    for place, column in enumerate(columns):
        cells[place::width] = column
    end = b",%b," % bytes(_END)
    return (msgspec.json.encode(cells)[1:-1] + b",").replace(end, b"\r\n")


def _texts(cells: Array) -> list[str]:
    """Return texts or whole numbers (n,) as texts, "" where there is none."""
    return ["" if cell is None or cell != cell else value_text(cell).strip() for cell in cells.tolist()]


def _cells(texts: Sequence[str]) -> list[object]:
    """Return texts as cells of CSV for ``_rows``."""
    cells = map(_quoted, texts) if _NEEDS_QUOTES.search("".join(texts)) else texts
    return list(map(msgspec.Raw, map(str.encode, cells)))


def _cell(text: str) -> object:
    return _cells([text])[0]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
