"""What the catalog says of a dataset: where its rows come from, and what its columns are."""

from __future__ import annotations

from dataclasses import dataclass

from tui_trainer.experiment.resolve import Task

# What a toy set in the plane offers to learn from; ``synthetic.transforms`` says how each is made.
PLANE_COLUMNS = ("x1", "x2", "x1^2", "x2^2", "x1*x2", "sin(x1)", "sin(x2)")
TWO_COLORS = ("orange", "blue")


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """A dataset by name; ``features`` are the ones used where the user chooses none.

    ``classes`` are the names of the target's classes, none for a number.
    """

    name: str
    title: str
    features: tuple[str, ...]
    target: str
    task: Task
    classes: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedFile(CatalogEntry):
    """A CSV file in the data folder.

    With ``classes``, the target column holds indices into them, and rows of other classes are left out.
    """

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToySet(CatalogEntry):
    """Rows made from a formula; see ``synthetic``.

    ``columns`` are all that can be features, ``samples`` is the usual number of rows. With ``any_classes`` the
    number of classes can be chosen, and ``classes`` are the usual ones.
    """

    columns: tuple[str, ...] = PLANE_COLUMNS
    samples: int = 500
    any_classes: bool = False

    @property
    def in_the_plane(self) -> bool:
        """Whether its points are (x1, x2), with all that can be made of the two."""
        return self.columns == PLANE_COLUMNS

    def class_names(self, count: int | None) -> tuple[str, ...]:
        """The names of its classes, ``count`` of them where that can be chosen."""
        return blob_names(count) if self.any_classes and count is not None else self.classes


def blob_names(count: int) -> tuple[str, ...]:
    """Names for ``count`` classes of blobs."""
    return tuple(f"blob {number}" for number in range(1, count + 1))
