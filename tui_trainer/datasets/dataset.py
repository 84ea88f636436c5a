"""A dataset ready to train on: clean arrays, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import Target, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PointOrigin:
    """How the rows of a toy set in the plane came about, before and after hands were laid on them.

    ``numbers`` (n,) are those of each row among the ``total`` that were drawn, -1 for a point set by hand. No
    drawn coordinate, of a removed point neither, lies further than ``reach`` from 0.
    """

    numbers: NDArray[np.intp]
    total: int
    reach: float


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Rows are samples.

    Shapes: x (n, features) and y (n, outputs), float64; ``labels`` (n,) are indices into ``classes``, None
    for a regression. y is the target itself for a regression, one 0/1 column for two classes, one-hot
    for more. ``columns`` holds the target, and every number and category of the file that has no gaps, each (n,),
    for tables and scatters: categories as indices into their ``levels``, a target of classes as its labels.
    ``indicators`` (features,) is true for features that are 0 or 1 for a category; without any, it may be None.
    ``left_out`` names the columns that are not trained on, ``notes`` are sentences on what was done with the file.
    ``drawn`` is known of toy sets in the plane.
    """

    name: str
    title: str
    features: tuple[str, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    labels: NDArray[np.intp] | None
    columns: dict[str, NDArray[np.float64]]
    left_out: tuple[str, ...] = ()
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    indicators: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    drawn: PointOrigin | None = None

    def target_info(self) -> Target:
        """What the output layer and the loss are inferred from."""
        return Target(self.task, self.y.shape[1], self.classes, float(self.y.min()), float(self.y.max()))

    def one_hot(self) -> NDArray[np.float64]:
        """(n, classes), a single 1 in each row; DatasetError for a regression."""
        import numpy as np

        if self.labels is None:
            raise DatasetError("dataset.target", "the target is a number, it has no classes")
        return np.eye(len(self.classes))[self.labels]

    def y_for(self, outputs: int) -> NDArray[np.float64]:
        """y as (n, outputs): one-hot where two classes get two outputs; DatasetError where it can't be."""
        if outputs == self.y.shape[1]:
            return self.y
        if self.task == "binary" and outputs == 2:
            return self.one_hot()
        raise DatasetError("dataset.target", f"the target has {self.y.shape[1]} outputs, the model {outputs}")


class DatasetError(UserError):
    """An ExperimentError whose field is one of ``dataset.*``."""


class ReadingStopped(Exception):
    """The reading of a file was stopped by whoever watched its progress."""
