"""The values of every epoch as CSV, one row an epoch, as Keras's CSVLogger writes them; and back from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.files import read_plain

MAX_BYTES = 500_000_000


def history_csv(history: Mapping[str, Sequence[float] | NDArray[np.float64]]) -> str:
    """``epoch`` and the columns by name; numbers in full, so that they are the same when they are read."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["epoch", *history])
    columns = [np.asarray(values, np.float64).tolist() for values in history.values()]
    writer.writerows((epoch, *values) for epoch, values in enumerate(zip(*columns, strict=True), start=1))
    return text.getvalue()


def read_history(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns (epochs,) by name, without the numbers of the epochs; ExperimentError where it is no such file."""
    shown = quoted(str(path), 200)
    try:
        content = read_plain(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise ExperimentError("", f"{shown} is larger than {MAX_BYTES // 1_000_000} MB; is it of an export?")
        rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
        names = rows[0][1:]
        values = np.array([[float(cell) for cell in row[1:]] for row in rows[1:]], np.float64)
        table = values.reshape(len(rows) - 1, len(names))
    except OSError as error:
        raise ExperimentError("", f"{shown} can't be read: {error.strerror or error}") from error
    except ExperimentError:
        raise
    except (ValueError, IndexError, csv.Error) as error:
        raise ExperimentError("", f"{shown} is not the history.csv of an export: {error}") from error
    return {name: table[:, place].copy() for place, name in enumerate(names)}
