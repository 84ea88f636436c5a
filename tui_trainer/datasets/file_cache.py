"""The table read last, kept: a million rows need not be read again for another target or seed."""

from __future__ import annotations

from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.csv_file.dialect import Asked
from tui_trainer.datasets.csv_file.reading import read_table
from tui_trainer.datasets.csv_file.table import Table
from tui_trainer.experiment.confinement import confined
from tui_trainer.experiment.schema import ColumnKind, DatasetConfig

Stamp = tuple[int, int, int]
_Key = tuple[str, Stamp | None, Asked, tuple[str, ...]]


class FileCache:
    """Reads own files; the same file, unchanged and read in the same way, is read once."""

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._table: Table | None = None

    def table(self, config: DatasetConfig, on_progress: OnProgress | None = None) -> Table:
        """The table of ``config.path``; DatasetError and ReadingStopped as of ``read_table``."""
        asked, texts, path = Asked.of(config), as_text(config), own_path(config)
        key = (path, stamp(path), asked, tuple(sorted(texts)))
        if self._table is None or key != self._key:
            self._key = self._table = None  # so that its memory is free for the next one
            self._table = read_table(path, asked, texts, on_progress)
            self._key = key
        return self._table


def own_path(config: DatasetConfig) -> str:
    """Where the file is; ExperimentError where it may not be read."""
    assert config.path is not None
    return str(confined(config.path, "dataset.path"))


def as_text(config: DatasetConfig) -> dict[str, ColumnKind]:
    """The corrections that change how a file is read: numbers as categories keep the way they are written."""
    return {name: kind for name, kind in (config.kinds or {}).items() if kind == "category"}


def stamp(path: str) -> Stamp | None:
    """What changes when a file is written anew; None where there is no file."""
    try:
        found = confined(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
