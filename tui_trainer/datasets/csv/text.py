"""Opening a file as text: is it there, is it text, in which encoding."""

from __future__ import annotations

import codecs
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TextIO

from tui_trainer.datasets.dataset import DatasetError
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
_CHUNK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# Python's codecs of text. Others turn bytes into bytes, or are not made for files.
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


def find_encoding(file: Path, asked: str | None, progress: Progress, most: int | None) -> tuple[str, str]:
    """Python's name of the encoding, and people's; ``most`` bytes are looked at, or all of the file.

    UTF-8 and whatever has a byte order mark is told from the bytes; what is neither is taken for cp1252, the
    encoding of Windows in much of Europe and America, and for Latin-1 where it can't be that. Raises DatasetError
    for what is no text, with the line at fault.
    """
    shown = quoted(str(file), 200)
    if asked is not None:
        codec, said = _asked_codec(asked)
        fault = _first_fault(file, codec, progress, most)
        if fault is not None:
            raise DatasetError("dataset.encoding", f"{shown} is no {said}: it has {fault.where}; choose another")
        return codec, said
    with open(file, "rb") as stream:
        start = stream.read(4096)
    codec, said = next(((codec, said) for mark, codec, said in _MARKS if start.startswith(mark)), ("utf-8", "UTF-8"))
    fault = _first_fault(file, codec, progress, most)
    if fault is None:
        return codec, said
    if codec == "utf-8" and not fault.after_others:
        return _without_mark(file, start, progress, most)
    what = "is it a CSV file?" if fault.is_nul else "it may be damaged; save it again, or choose its encoding"
    raise DatasetError("dataset.path", f"{shown} is {said}, but has {fault.where}; {what}")


def _without_mark(file: Path, start: bytes, progress: Progress, most: int | None) -> tuple[str, str]:
    """The encoding of what is not UTF-8, one byte a character."""
    windows = _first_fault(file, "cp1252", progress, most) is None
    codec, said = ("cp1252", "Windows-1252") if windows else ("latin-1", "Latin-1")
    fault = _first_fault(file, codec, progress, most)
    if fault is not None:  # a NUL byte: every other byte is some character
        wide = start[1::2].count(0) > len(start) // 4
        hint = "it may be UTF-16 without a mark, so choose the encoding utf-16-le" if wide else "is it a CSV file?"
        raise DatasetError("dataset.path", f"{quoted(str(file), 200)} has {fault.where}; {hint}")
    return codec, f"{said} (it is not UTF-8)"


@dataclass(frozen=True, slots=True)
class _Fault:
    """The first bytes that are no text; ``after_others`` says that characters beyond ASCII came before them."""

    where: str
    is_nul: bool
    after_others: bool


def _first_fault(file: Path, codec: str, progress: Progress, most: int | None) -> _Fault | None:
    """The first NUL byte, or bytes that are no character in ``codec``; None where the first ``most`` bytes are text."""
    decoder = codecs.getincrementaldecoder(codec)()
    line, done, beyond, size = 1, 0, False, max(file.stat().st_size, 1)
    with open(file, "rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                line += before.count(b"\n")
                place = done + len(chunk) - len(error.object) + error.start
                beyond = beyond or not before.isascii()
                return _Fault(f"a byte that is no character, in line {line} (byte {place:,})", False, beyond)
            if (nul := text.find("\0")) >= 0:
                return _Fault(f"a NUL byte in line {line + text.count(chr(10), 0, nul)}", True, beyond)
            if not chunk or (most is not None and done >= most):
                return None
            line += text.count("\n")
            done += len(chunk)
            beyond = beyond or not text.isascii()
            progress.tell(done / size)


def _asked_codec(name: str) -> tuple[str, str]:
    """Python's name of an encoding, and the user's; DatasetError where there is none, or it is none of text."""
    found = None
    with contextlib.suppress(LookupError, ValueError):
        found = codecs.lookup(name)
    if found is None or found.name not in _TEXT_CODECS:
        reason = f"expected the name of an encoding, as utf-8, utf-16, cp1252 or latin-1, got {quoted(name)}"
        raise DatasetError("dataset.encoding", reason)
    return "utf-8-sig" if found.name == "utf-8" else found.name, found.name.upper()
