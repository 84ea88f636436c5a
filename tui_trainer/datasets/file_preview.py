"""What is shown of a file before it is opened. The app needs this alone, not what reads a file."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tui_trainer.experiment.schema import ColumnKind, DelimiterName

from .dataset import target_in_words


class PreviewColumn(Struct, frozen=True):
    """A column in a preview.

    ``kind`` is the kind it will have, ``guessed`` the kind it was guessed to be; ``found`` describes the guess in
    words, and ``missing`` is the number of empty cells.
    """

    name: str
    kind: ColumnKind
    guessed: ColumnKind
    found: str
    missing: int


class FilePreview(Struct, frozen=True):
    """A file as it would be read. If it cannot be read, it has no rows, and ``problem`` says why.

    ``skipped`` lines are above the table, ``comment`` begins lines that are none of it, and ``marks`` stand for missing
    values in the first rows. ``cells`` are the first rows of the first columns as text, ``hidden_columns`` how many
    more columns there are.
    ``rows`` is how many rows were read, all of the file unless ``is_part``. ``features`` counts the columns of x,
    ``classes`` are those of the target; ``problem`` says what would be rejected, field first.
    """

    problem: str = ""
    sentence: str = ""
    delimiter: DelimiterName | None = None
    decimal: Literal["point", "comma"] = "point"
    encoding: str = ""
    header: bool = True
    skipped: int = 0
    comment: str = ""
    quote: Literal["double", "single", "both", "none"] = "double"
    marks: tuple[str, ...] = ()
    columns: tuple[PreviewColumn, ...] = ()
    hidden_columns: int = 0
    cells: tuple[tuple[str, ...], ...] = ()
    rows: int = 0
    is_part: bool = False
    targets: tuple[str, ...] = ()
    task: str = ""
    classes: tuple[str, ...] = ()
    features: int = 0
    notes: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The column to predict, or several in a sentence; "" if there is none."""
        return target_in_words(self.targets)
