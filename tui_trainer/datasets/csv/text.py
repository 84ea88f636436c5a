"""Opening a file as text: is it there, is it text, in which encoding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TextIO

from tui_trainer.datasets.csv_file.encoding import find_encoding
from tui_trainer.datasets.errors import DatasetError
from tui_trainer.errors import quoted

from .progress import Progress

MAX_BYTES = 4_000_000_000
_FIELD = "dataset.path"
_OTHER_FILES = (
    (b"PK\x03\x04", "a spreadsheet or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
)


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file known to be text from its first byte to its last."""

    path: Path
    shown: str
    size: int
    codec: str
    encoding: str  # as people call it

    def open(self) -> TextIO:
        """The text, with the ends of lines as they are."""
        return open(self.path, encoding=self.codec, newline="")


def open_text(path: str, encoding: str | None, progress: Progress, most: int | None = None) -> TextFile:
    """The file at ``path`` in its own encoding, or in ``encoding``; ``most`` bytes are looked at, or all of it.

    Raises DatasetError for what is no file or no text, and OSError for what can't be read.
    """
    shown = quoted(path, 200)
    try:
        file = Path(path).expanduser()
        _check_file(file, shown)
    except RuntimeError:
        _refuse(f"{shown} starts in a home folder that is not known")
    with open(file, "rb") as stream:
        _check_start(stream.read(64), shown)
    return TextFile(file, shown, file.stat().st_size, *find_encoding(file, encoding, progress, most))


def _check_file(file: Path, shown: str) -> None:
    if file.is_dir():
        _refuse(f"{shown} is a folder; give the path of a CSV file")
    if not file.exists():
        _refuse(f"there is no file {shown}; check the path")
    if not file.is_file():
        _refuse(f"{shown} is not a regular file; give the path of a CSV file")
    size = file.stat().st_size
    if size > MAX_BYTES:
        _refuse(f"{shown} has {size // 1_000_000:,} MB, the limit is {MAX_BYTES // 1_000_000:,}; take a part of it")


def _check_start(start: bytes, shown: str) -> None:
    """Say what a file is that is no table but begins like something known."""
    if not start:
        _refuse(f"{shown} is empty; two rows at least are needed")
    for mark, kind in _OTHER_FILES:
        if start.startswith(mark):
            _refuse(f"{shown} is {kind}, no text; save it as a CSV file")


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)
