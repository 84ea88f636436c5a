"""``model.json``, which predictions need besides the weights, and ``history.csv``, the values of every epoch; and back.

The history has one row per epoch, in the format of Keras's CSVLogger.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tui_trainer.console import finite
from tui_trainer.datasets.csv.numbers import MISSING, MISSING_NUMBERS, SPREADSHEET_ERRORS
from tui_trainer.datasets.preparation import Inputs, Preparation
from tui_trainer.errors import UserError, path_in_quotes
from tui_trainer.files import read_plain
from tui_trainer.system.files import reason_of
from tui_trainer.training.history import EPOCH, epoch_numbers, value_names
from tui_trainer.version import __version__

if TYPE_CHECKING:
    from .trained import TrainedModel

MAX_METADATA_BYTES = 50_000_000
MAX_HISTORY_BYTES = 500_000_000


class Progress(Struct, frozen=True):
    """How far the network of a ``model.json`` is trained."""

    epoch: int
    steps: int
    state: str
    best: bool


def metadata_text(trained: TrainedModel) -> str:
    """Return the content of ``model.json``, plain ASCII."""
    resolved = trained.resolved
    model = resolved.model
    layers: list[dict[str, Any]] = [
        {"units": layer.units, "activation": layer.activation, "use_bias": layer.use_bias, "dropout": layer.dropout}
        for layer in model.layers
    ]
    output = model.output
    layers.append({"units": output.units, "activation": output.activation, "use_bias": output.use_bias})
    about = {
        "made_by": f"tui-trainer {__version__}",
        "name": trained.experiment.name,
        **msgspec.to_builtins(trained.preparation),
        "reading": _reading(trained.inputs),
        "layers": layers,
        "dtype": model.dtype,
        "loss": resolved.training.loss,
        "epoch": trained.epoch,
        "steps": trained.steps,
        "state": trained.state,
        "best": trained.best,
        "values": {name: finite(value) for name, value in values_at(trained.history, trained.epoch).items()},
    }
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()) + "\n}\n"


def _reading(inputs: Inputs) -> dict[str, Any]:
    """Return how cells are read as in training, for the program that is exported with ``model.json``."""
    numbers = inputs.numbers
    forms = {
        one.column: replace(numbers, unit=one.unit, multiples=one.multiples)
        for one in inputs.features
        if one.category is None
    }
    return {
        "no_value": [*MISSING, *inputs.missing_marks],
        "no_value_among_numbers": [*MISSING_NUMBERS, *SPREADSHEET_ERRORS],
        "no_value_numbers": numbers.numbers_in(inputs.missing_marks),
        "decimal": numbers.decimal,
        "thousands": numbers.group if numbers.thousands else "",
        "multiples": {column: form.factors for column, form in forms.items() if form.multiples},
        "months": _months() if any(one.form == "date" for one in inputs.features) else {},
        "numbers": {column: form.pattern for column, form in forms.items()},
    }


def _months() -> dict[str, str]:
    from tui_trainer.datasets.csv.dates import MONTHS  # needs pandas, as no export without dates does

    return MONTHS


def read_metadata(path: Path) -> tuple[Preparation, Progress]:
    """Read a ``model.json``, which contains more, for people; raise UserError if it is not valid."""
    content = _content(path, MAX_METADATA_BYTES)
    try:
        return msgspec.json.decode(content, type=Preparation), msgspec.json.decode(content, type=Progress)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UserError("", f"{path_in_quotes(path)} is not the model.json of an export: {error}") from error


def history_csv(history: Mapping[str, Sequence[float] | NDArray[np.float64]]) -> str:
    """Return ``epoch`` and the columns by name as CSV; numbers in full, so that reading them gives the same ones.

    Of a very long run, not all epochs are in its history; then ``epoch`` is one of the columns.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    names = value_names(history)
    writer.writerow([EPOCH, *names])
    columns = [np.asarray(history[name], np.float64).tolist() for name in names]
    writer.writerows(zip(epoch_numbers(history).astype(int).tolist(), *columns, strict=True))
    return text.getvalue()


def values_at(history: Mapping[str, Sequence[float] | NDArray[np.float64]], epoch: int) -> dict[str, float]:
    """Return the values of an epoch by name; none if it is not in the history."""
    row = np.flatnonzero(epoch_numbers(history) == epoch)
    return {name: float(history[name][row[0]]) for name in value_names(history)} if len(row) else {}


def read_history(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return the columns (epochs,) by name; raise UserError if the file is not valid.

    The numbers of the epochs are among them only if some epochs are missing.
    """
    quoted_path = path_in_quotes(path)
    content = _content(path, MAX_HISTORY_BYTES)
    try:
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        names = rows[0][1:]
        values = np.array([[float(cell) for cell in row] for row in rows[1:]], np.float64)
        table = values.reshape(len(rows) - 1, len(names) + 1)
        columns = {name: table[:, column].copy() for column, name in enumerate(names, start=1)}
        if (table[:, 0] != np.arange(1, len(table) + 1)).any():
            columns = {EPOCH: table[:, 0].copy(), **columns}
        epoch_numbers(columns)
    except (ValueError, IndexError, csv.Error) as error:
        raise UserError("", f"{quoted_path} is not the history.csv of an export: {error}") from error
    return columns


def _content(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file of an export; raise UserError if it is unreadable or too large."""
    try:
        content = read_plain(path, max_bytes)
    except OSError as error:
        raise UserError("", f"{path_in_quotes(path)} can't be read: {reason_of(error)}") from error
    if len(content) > max_bytes:
        size = f"{path_in_quotes(path)} is larger than {max_bytes // 1_000_000} MB"
        raise UserError("", f"{size}; is it of an export?")
    return content
