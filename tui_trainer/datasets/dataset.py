"""The ``Dataset``: clean arrays to train on, a description of their columns, and the errors of loading one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tui_trainer.datasets.csv.numbers import NumberFormat
from tui_trainer.errors import UserError, plain, quoted
from tui_trainer.experiment.resolve import Target, Task
from tui_trainer.experiment.schema import ColumnKind

PLAIN = NumberFormat()
MAX_NAME = 40  # characters of what tells a row apart, on the screen
PARTS = ("training", "validation", "test")
TRAINING, VALIDATION, TEST = range(len(PARTS))
CellForm = Literal["number", "true/false", "date", "time", "index"]


@dataclass(frozen=True, slots=True, eq=False)
class PointOrigin:
    """Which rows of a two-dimensional toy set were generated, and which the user added.

    ``numbers`` (n,) gives each row's index among the ``total`` generated points, -1 for an added point. ``reach`` is
    the largest absolute coordinate of all generated points, including removed ones.
    """

    numbers: NDArray[np.intp]
    total: int
    reach: float


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a network: a column of numbers, or 1 where the ``column`` holds ``category`` and 0 elsewhere.

    ``form``, ``date_format``, ``unit`` and ``multiples`` are those of the column's cells, as in ``NumberColumn``. A
    missing cell becomes ``fill``, None where rows with one can't be used.
    """

    name: str
    column: str
    category: str | None = None
    form: CellForm = "number"
    date_format: str = ""
    fill: float | None = None
    unit: str = ""
    multiples: bool = False


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column of the table as it was read: what it holds, such as "category of 3", and its cells without a value."""

    name: str
    kind: ColumnKind
    description: str
    gaps: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RowNames:
    """What the rows of a dataset are called.

    ``lines`` (n,) are the lines of the file in which they begin, None where there is no file of the user's. ``names``
    (n,) are the cells of ``column``, which tells the rows apart: texts, None where empty, or numbers.
    """

    lines: NDArray[np.int64] | None = None
    column: str = ""
    names: NDArray[Any] | None = None

    @property
    def heading(self) -> str:
        """What the numbers of the rows count."""
        return "row" if self.lines is None else "line"

    def number(self, row: int) -> int:
        """Return the line of a row in the file, or else its index."""
        return row if self.lines is None else int(self.lines[row])

    def name(self, row: int) -> str:
        """Return what tells the row apart, fit for the screen; "" if nothing does."""
        value = None if self.names is None else self.names[row]
        if value is None or value != value:
            return ""
        return plain(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value), MAX_NAME)


@dataclass(frozen=True, slots=True, eq=False)
class RowMetadata:
    """What columns that are no features say of the rows; None where there is no such column.

    ``parts`` (n,) are indices into PARTS. ``groups`` (n,) are numbers of groups, in the order of their names, whose
    rows stay together. ``weights`` (n,) multiply the loss of each row, and are at least 0.
    """

    parts: NDArray[np.intp] | None = None
    groups: NDArray[np.intp] | None = None
    weights: NDArray[np.float64] | None = None


NO_METADATA = RowMetadata()


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset ready for training; rows are samples.

    Shapes: x (n, features) and y (n, outputs), float64, the features described by ``inputs``; ``labels`` (n,) are
    indices into ``classes``, None for a regression. y is the target itself for a regression, a column for each of
    several ``targets``; one 0/1 column for two classes, one-hot for more. ``columns`` holds, for tables and scatter
    plots, the targets and every column of numbers or categories without gaps, each (n,): categories as indices into
    their ``levels``, a target of classes as its labels; rows of a file for the test alone are not among these.
    ``left_out`` names the columns that are not trained on, ``notes`` are sentences on how the file was interpreted.
    ``numbers`` is how they are written in the file, where cells that are one of ``missing_marks`` have no value;
    ``rows`` is what the rows are called, ``metadata`` what columns say of them, ``read`` are all columns of the table
    before rows with gaps were dropped or filled, in file order; none where there is no table. ``origin`` is set for
    two-dimensional toy sets only.
    """

    name: str
    title: str
    inputs: tuple[Feature, ...]
    targets: tuple[str, ...]
    task: Task
    classes: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: NDArray[np.intp] | None
    columns: dict[str, NDArray[np.float64]]
    left_out: tuple[str, ...] = ()
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    numbers: NumberFormat = PLAIN
    missing_marks: tuple[str, ...] = ()
    rows: RowNames = RowNames()
    read: tuple[ReadColumn, ...] = ()
    metadata: RowMetadata = NO_METADATA
    origin: PointOrigin | None = None

    @property
    def target(self) -> str:
        """The name of the target, in a sentence; of several ones all names."""
        return target_in_words(self.targets)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features."""
        return tuple(feature.name for feature in self.inputs)

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The columns that the features are made from, by their names in the file."""
        return tuple(dict.fromkeys(feature.column for feature in self.inputs))

    def target_info(self) -> Target:
        """Return the facts that the output layer and the loss are inferred from."""
        y = self.y if self.metadata.parts is None else self.y[self.metadata.parts != TEST]
        y = y if len(y) else self.y
        return Target(self.task, self.y.shape[1], self.classes, float(y.min()), float(y.max()))

    def one_hot(self) -> NDArray[np.float64]:
        """Return the classes as (n, classes), a single 1 in each row; raise DatasetError for a regression."""
        if self.labels is None:
            raise DatasetError("dataset.target", "the target is a number, it has no classes")
        return np.eye(len(self.classes))[self.labels]

    def y_for(self, outputs: int) -> NDArray[np.float64]:
        """Return y as (n, outputs), one-hot where two classes get two outputs.

        Raises DatasetError where y cannot have that width.
        """
        if outputs == self.y.shape[1]:
            return self.y
        if self.task == "binary" and outputs == 2:
            return self.one_hot()
        raise DatasetError("dataset.target", f"the target has {self.y.shape[1]} outputs, the model {outputs}")


def target_in_words(names: Sequence[str]) -> str:
    """Return the names of one or several targets, as in a sentence: ``heating, cooling``."""
    return ", ".join(quoted(name) if "," in name and len(names) > 1 else name for name in names)


class DatasetError(UserError):
    """A UserError whose field is one of ``dataset.*``."""


class ReadingStopped(Exception):
    """Raised when the progress callback asks to stop reading a file."""


OnProgress = Callable[[float], bool]  # takes the fraction read; returns False to stop, which raises ReadingStopped
