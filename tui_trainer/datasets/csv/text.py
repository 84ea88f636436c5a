"""Opens a file as text: checks that it exists and is text, finds its encoding, and tells how far it is read."""

from __future__ import annotations

import codecs
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TextIO

from tui_trainer.datasets.dataset import DatasetError, OnProgress, ReadingStopped
from tui_trainer.errors import quoted

MAX_BYTES = 4_000_000_000
_CHUNK = 1 << 20  # bytes read at a time
_FIELD = "dataset.path"
# The first bytes of files that are not text
_OTHER_FILES = (
    (b"PK\x03\x04", "a spreadsheet or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
)
# Byte order marks, Python's name of the codec, and the name for people
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# Python's text codecs. Its others convert bytes to bytes, or are not meant for files.
_TEXT_CODECS = frozenset(
    (
        *("ascii", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *(f"iso8859-{part}" for part in range(1, 17)),
        *(f"cp{page}" for page in (437, 850, 852, 855, 857, 858, 862, 866, 874, 932, 936, 949, 950)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("gbk", "gb2312", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "iso2022_jp", "johab"),
        *("koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "mac-greek", "mac-latin2", "mac-turkish", "tis-620"),
    )
)


class Progress:
    """The progress of one part of the work, from ``start`` to ``end``, both fractions of the whole."""

    def __init__(self, on_progress: OnProgress | None, start: float = 0.0, end: float = 1.0) -> None:
        self._on_progress, self._start, self._end = on_progress, start, end

    def part(self, start: float, end: float) -> Progress:
        """Return the progress of a part of this part."""
        length = self._end - self._start
        return Progress(self._on_progress, self._start + start * length, self._start + end * length)

    def report(self, fraction: float) -> None:
        """Report the fraction of this part that is done; raise ReadingStopped if the caller asks to stop."""
        total = self._start + min(max(fraction, 0.0), 1.0) * (self._end - self._start)
        if self._on_progress is not None and not self._on_progress(total):
            raise ReadingStopped


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was checked to be text; ``shown`` is its path for messages."""

    path: Path
    shown: str
    size: int
    codec: str
    encoding: str  # its name for people

    def open(self) -> TextIO:
        """Open the text, with its line ends unchanged."""
        return open(self.path, encoding=self.codec, newline="")


def open_text(path: str, encoding: str | None, progress: Progress, max_bytes: int | None = None) -> TextFile:
    """Open the file at ``path`` in ``encoding``, or in the encoding found; check all of it, or its first ``max_bytes``.

    Raises DatasetError if it is not a file or not text, and OSError if it cannot be read.
    """
    quoted_path = quoted(path, 200)
    try:
        file = Path(path).expanduser()
        _check_file(file, quoted_path)
    except RuntimeError:
        _refuse(f"{quoted_path} starts in an unknown home folder")
    with open(file, "rb") as stream:
        _check_start(stream.read(64), quoted_path)
    return TextFile(file, quoted_path, file.stat().st_size, *find_encoding(file, encoding, progress, max_bytes))


def _check_file(file: Path, quoted_path: str) -> None:
    if file.is_dir():
        _refuse(f"{quoted_path} is a folder; give the path of a CSV file")
    if not file.exists():
        _refuse(f"there is no file {quoted_path}; check the path")
    if not file.is_file():
        _refuse(f"{quoted_path} is not a regular file; give the path of a CSV file")
    size = file.stat().st_size
    if size > MAX_BYTES:
        _refuse(
            f"{quoted_path} has {size // 1_000_000:,} MB, but the limit is {MAX_BYTES // 1_000_000:,}; use a part of it"
        )


def _check_start(start: bytes, quoted_path: str) -> None:
    """Reject a file that is empty or begins like a known binary format."""
    if not start:
        _refuse(f"{quoted_path} is empty; at least two rows are needed")
    for mark, kind in _OTHER_FILES:
        if start.startswith(mark):
            _refuse(f"{quoted_path} is {kind}, not text; save it as a CSV file")


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)


def find_encoding(file: Path, encoding: str | None, progress: Progress, max_bytes: int | None) -> tuple[str, str]:
    """Return Python's name of the encoding and its name for people; checks all of the file, or its first ``max_bytes``.

    UTF-8 and encodings with a byte order mark are recognized from the bytes; other files are read as cp1252, the
    encoding of Windows in much of Europe and America, or as Latin-1 if they cannot be cp1252. Raises DatasetError
    for a file that is not text, with the line at fault.
    """
    quoted_path = quoted(str(file), 200)
    if encoding is not None:
        codec, title = _codec(encoding)
        codec = _with_byte_order(file, codec)
        fault = _first_fault(file, codec, progress, max_bytes)
        if fault is not None:
            raise DatasetError(
                "dataset.encoding", f"{quoted_path} is not {title}: it has {fault.where}; choose another"
            )
        return codec, title
    with open(file, "rb") as stream:
        start = stream.read(4096)
    codec, title = next(((codec, title) for mark, codec, title in _MARKS if start.startswith(mark)), ("utf-8", "UTF-8"))
    fault = _first_fault(file, codec, progress, max_bytes)
    if fault is None:
        return codec, title
    if codec == "utf-8" and not fault.after_non_ascii:
        return _single_byte_encoding(file, start, progress, max_bytes)
    what = "is it a CSV file?" if fault.is_nul else "it may be damaged; save it again, or choose its encoding"
    raise DatasetError("dataset.path", f"{quoted_path} is {title}, but has {fault.where}; {what}")


def _single_byte_encoding(file: Path, start: bytes, progress: Progress, max_bytes: int | None) -> tuple[str, str]:
    """Return the encoding of a file that is not UTF-8: cp1252 or Latin-1, with one byte a character."""
    is_windows = _first_fault(file, "cp1252", progress, max_bytes) is None
    codec, title = ("cp1252", "Windows-1252") if is_windows else ("latin-1", "Latin-1")
    fault = _first_fault(file, codec, progress, max_bytes)
    if fault is not None:  # a NUL byte, since every other byte is a character
        looks_wide = start[1::2].count(0) > len(start) // 4
        hint = (
            "it may be UTF-16 without a byte order mark, so choose the encoding utf-16-le"
            if looks_wide
            else "is it a CSV file?"
        )
        raise DatasetError("dataset.path", f"{quoted(str(file), 200)} has {fault.where}; {hint}")
    return codec, f"{title} (it is not UTF-8)"


def _with_byte_order(file: Path, codec: str) -> str:
    """Return the codec of UTF-16 or UTF-32 with the order of the bytes, if no mark at the start of the file gives it.

    Most characters of a table are ASCII, so that more of their first bytes are zero if the highest byte comes first.
    """
    if codec not in ("utf-16", "utf-32"):
        return codec
    with open(file, "rb") as stream:
        start = stream.read(4096)
    if any(start.startswith(mark) for mark, marked, _ in _MARKS if marked == codec):
        return codec
    width = 2 if codec == "utf-16" else 4
    is_big_endian = start[::width].count(0) > start[width - 1 :: width].count(0)
    return f"{codec}-{'be' if is_big_endian else 'le'}"


@dataclass(frozen=True, slots=True)
class _Fault:
    """The first bytes that are not text; ``after_non_ascii`` says that non-ASCII characters came before them."""

    where: str
    is_nul: bool
    after_non_ascii: bool


def _first_fault(file: Path, codec: str, progress: Progress, max_bytes: int | None) -> _Fault | None:
    """Return the first NUL byte or invalid bytes; None if the first ``max_bytes`` are text in ``codec``."""
    decoder = codecs.getincrementaldecoder(codec)()
    line, done, non_ascii, size = 1, 0, False, max(file.stat().st_size, 1)
    with open(file, "rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                line += before.count(b"\n")
                position = done + len(chunk) - len(error.object) + error.start
                non_ascii = non_ascii or not before.isascii()
                return _Fault(f"a byte that is not a character, in line {line} (byte {position:,})", False, non_ascii)
            if (nul := text.find("\0")) >= 0:
                return _Fault(f"a NUL byte in line {line + text.count(chr(10), 0, nul)}", True, non_ascii)
            if not chunk or (max_bytes is not None and done >= max_bytes):
                return None
            line += text.count("\n")
            done += len(chunk)
            non_ascii = non_ascii or not text.isascii()
            progress.report(done / size)


def _codec(name: str) -> tuple[str, str]:
    """Return Python's name of an encoding, and the user's; raise DatasetError for an unknown or unsuitable one."""
    codec = None
    with contextlib.suppress(LookupError, ValueError):
        codec = codecs.lookup(name)
    if codec is None or codec.name not in _TEXT_CODECS:
        reason = f"expected the name of an encoding, such as utf-8, utf-16, cp1252 or latin-1, got {quoted(name)}"
        raise DatasetError("dataset.encoding", reason)
    return "utf-8-sig" if codec.name == "utf-8" else codec.name, codec.name.upper()
