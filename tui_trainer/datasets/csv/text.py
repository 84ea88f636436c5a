"""Opens a file as text: unpacks it, checks that it is text, finds its encoding, and gives its table in blocks of bytes.

In reading order: the file, what is unpacked, what is no text, the encoding, as told by the bytes, or guessed, and the
table's rows.
"""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import itertools
import lzma
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, TextIO

from tui_trainer.datasets.dataset import DatasetError, OnProgress, ReadingStopped
from tui_trainer.errors import path_in_quotes, printable, quoted
from tui_trainer.system.files import is_no_name, read_at

from .dialect import Marks

MAX_BYTES = 4_000_000_000
_CHUNK = 1 << 20  # bytes read at a time
LINES_AT_ONCE = 10_000  # that are rewritten
MAX_CELL = 1 << 16  # bytes that are searched for the end of a row
_UTF_8 = ("utf-8", "utf-8-sig", "ascii")
_FIELD = "dataset.path"
EXTRA = "pip install 'tui-trainer[files]'"
# The first bytes of files that are not text
_OTHER_FILES = (
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"SQLite format 3", "a database"),
    (b"\x89PNG", "a picture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"%PDF", "a PDF document"),
)
_PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}
_NUL_HINT = "is it a CSV file? If so, remove such bytes from it, as tr -d '\\000' does"
_CSV = "save it as a CSV file"
# Text that is no table of cells, by its beginning
# No pattern may try two ways through the same blanks: a file of blank lines would be looked at for hours.
_OTHER_TEXTS = (
    (re.compile(r"(?:[^\S\n]*(?:%.*)?\n)*+[^\S\n]*@relation\b", re.IGNORECASE), "an ARFF file of Weka", _CSV),
    (
        re.compile(r"\s*\{\s*\"[^\n]*\}[^\S\n]*(?:\n\s*\{|$)"),
        "in JSON lines",
        "pandas.read_json(path, lines=True).to_csv('table.csv', index=False) makes a CSV file of it",
    ),
    (re.compile(r"\s*(?:\[\s*)?\{\s*(?:\"|\})|\s*\[\s*\[|\s*\[\s*\]"), "in JSON", _CSV),
    (
        re.compile(r"(?:[+-]?[0-9.]+(?:e[+-]?[0-9]+)?(?: +[0-9]+:[0-9.eE+-]+)+ *\r?\n){2}"),
        "in the format of libsvm, number:value",
        "sklearn.datasets.load_svmlight_file reads it",
    ),
    (
        re.compile(r"(?:[\w.]+=(?:\"[^\"\n]*\"|[^\s\"=,;]*)(?:[ \t]+|\r?\n)){2,}[\w.]+="),
        "in lines of name=value",
        "pandas.DataFrame(dict(part.split('=', 1) for part in shlex.split(line)) for line in open(path))"
        ".to_csv('table.csv', index=False) makes a CSV file of it",
    ),
    (re.compile(r"\s*(?:<!doctype html|<html|<table)", re.IGNORECASE), "a web page", _CSV),
    (re.compile(r"\s*<\?xml", re.IGNORECASE), "in XML", _CSV),
    (
        re.compile(r"\s*\|[^\n]*\|[^\S\n]*\n[^\S\n]*\|[ :|-]+\|[^\S\n]*\n"),
        "a table in Markdown",
        "remove the line of dashes, and the bars at both ends of each line",
    ),
    (re.compile(r"\s*\+[-=+]+\+\s*\n"), "a table drawn with + and -", _CSV),
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
    """A file that was checked to be text; ``shown`` is its path for messages, ``size`` that of the unpacked text."""

    path: Path
    shown: str
    size: int
    codec: str
    encoding: str  # its name for people
    unpacked: Unpacked | None = None

    def open(self) -> TextIO:
        """Open the text, with its line ends unchanged."""
        return io.TextIOWrapper(self.bytes(), encoding=self.codec, newline="")

    def bytes(self) -> BinaryIO:
        """Open the text as bytes."""
        return open(self.path, "rb") if self.unpacked is None else self.unpacked.open()


class Unpacked:
    """What was in a packed file, in a temporary file without a name, so that it vanishes with this object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as this object)

    def write(self, source: BinaryIO, shown: str) -> int:
        """Copy what ``source`` unpacks; return its size. Raises DatasetError beyond MAX_BYTES."""
        size = 0
        while chunk := source.read(_CHUNK):
            size += self._file.write(chunk)
            if size > MAX_BYTES:
                _refuse(f"{shown} has more than {MAX_BYTES // 1_000_000:,} MB when unpacked; use a part of it")
        self._file.flush()
        return size

    def open(self) -> BinaryIO:
        """Open it for reading, from its beginning."""
        return io.BufferedReader(_Part(self._file.fileno(), self), _CHUNK)


class _Part(io.RawIOBase):
    """Reads a file that others read at other places."""

    def __init__(self, number: int, owner: Unpacked) -> None:
        self._number, self._owner, self._position = number, owner, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = (0, self._position, os.fstat(self._number).st_size)[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: Any) -> int:
        data = read_at(self._number, len(buffer), self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def open_text(path: str, encoding: str | None, progress: Progress, max_bytes: int | None = None) -> TextFile:
    """Open the file at ``path`` in ``encoding``, or in the encoding found; check all of it, or its first ``max_bytes``.

    Packed files are unpacked; Parquet files and spreadsheets are read with pandas. Raises DatasetError if it is not a
    file or not text, and OSError if it cannot be read.
    """
    quoted_path = path_in_quotes(path)
    try:
        file = Path(path).expanduser()
        _check_file(file, quoted_path)
    except RuntimeError:
        _refuse(f"{quoted_path} starts in an unknown home folder")
    with open(file, "rb") as stream:
        start = stream.read(64)
    opened = TextFile(file, quoted_path, file.stat().st_size, "", "", None)
    if not start:
        _refuse(f"{quoted_path} is empty; at least two rows are needed")
    opened = _unpacked(opened, start)
    with opened.bytes() as unpacked:
        _check_start(unpacked.read(64), quoted_path)
    codec, title = find_encoding(opened, encoding, progress, max_bytes)
    opened = replace(opened, codec=codec, encoding=title)
    _check_text(opened)
    return opened


def _check_file(file: Path, quoted_path: str) -> None:
    try:
        status = file.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a null character is in no path
        _refuse(f"there is no file {quoted_path}; check the path")
    except OSError as error:
        if not is_no_name(error):
            raise
        _refuse(f"there is no file {quoted_path}; check the path")
    if stat.S_ISDIR(status.st_mode):
        _refuse(f"{quoted_path} is a folder; give the path of a CSV file")
    if not stat.S_ISREG(status.st_mode):
        _refuse(f"{quoted_path} is not a regular file; give the path of a CSV file")
    size = status.st_size
    if size > MAX_BYTES:
        _refuse(
            f"{quoted_path} has {size // 1_000_000:,} MB, but the limit is {MAX_BYTES // 1_000_000:,}; use a part of it"
        )


def _unpacked(file: TextFile, start: bytes) -> TextFile:
    """Return the file with what was packed in it, if it begins as an archive does, or a table that pandas reads."""
    is_packed = start.startswith((*_PACKED, b"PAR1", b"PK\x03\x04"))
    if not is_packed:
        return file
    content = Unpacked()
    try:
        for mark, unpack in _PACKED.items():
            if start.startswith(mark):
                with unpack(file.path, "rb") as packed:
                    return replace(file, size=content.write(packed, file.shown), unpacked=content)
        if start.startswith(b"PAR1"):
            return replace(file, size=_write_table(file, content, "read_parquet", "a Parquet file"), unpacked=content)
        if start.startswith(b"PK\x03\x04"):
            return _unzipped(file, content)
    except (EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError, lzma.LZMAError) as error:
        _refuse(f"{file.shown} can't be unpacked: {printable(str(error))}; is it whole?")
    except OSError as error:
        if error.errno is not None:
            raise
        _refuse(f"{file.shown} can't be unpacked: {printable(str(error))}; is it whole?")
    return file


def _unzipped(file: TextFile, content: Unpacked) -> TextFile:
    with zipfile.ZipFile(file.path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if "[Content_Types].xml" in names:
            if not any(name.startswith("xl/") for name in names):
                _refuse(f"{file.shown} is a document, not a table; save the table as a CSV file")
            return replace(file, size=_write_table(file, content, "read_excel", "a spreadsheet"), unpacked=content)
        if "mimetype" in names:
            _refuse(f"{file.shown} is a spreadsheet or a document of OpenDocument; save it as a CSV file")
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if len(names) != 1:
            listed = ", ".join(map(quoted, names[:3])) + (", …" if len(names) > 3 else "")
            what = f"{len(names)} files: {listed}" if names else "no file"
            _refuse(f"{file.shown} is a ZIP archive with {what}; unpack it, and open one of them")
        with archive.open(names[0]) as packed:
            return replace(file, size=content.write(packed, file.shown), unpacked=content)  # type: ignore[arg-type]


def _write_table(file: TextFile, content: Unpacked, reader: str, what: str) -> int:
    """Write a table that pandas reads as CSV; return its size."""
    import pandas as pd

    options = {"header": None, "dtype": object} if reader == "read_excel" else {}
    try:
        table = getattr(pd, reader)(file.path, **options)
    except ImportError as error:
        needed = "openpyxl" if reader == "read_excel" else "pyarrow"
        raise DatasetError(
            _FIELD, f"{file.shown} is {what}; to read it, install {needed}: {EXTRA}, or {_CSV}"
        ) from error
    except Exception as error:  # whatever a damaged file makes of another library
        _refuse(f"{file.shown} is {what} that can't be read: {printable(str(error))[:120]}; {_CSV}")
    named = reader == "read_parquet"
    text = table.to_csv(index=named and table.index.name is not None, header=named)
    return content.write(io.BytesIO(text.encode()), file.shown)


def _check_start(start: bytes, quoted_path: str) -> None:
    """Reject a file that is empty or begins like a known binary format."""
    if not start:
        _refuse(f"{quoted_path} is empty; at least two rows are needed")
    for mark, kind in _OTHER_FILES:
        if start.startswith(mark):
            _refuse(f"{quoted_path} is {kind}, not text; {_CSV}")


def _check_text(file: TextFile) -> None:
    """Reject text that is known not to be a table of cells."""
    with file.open() as stream:
        start = stream.read(8192)
    for pattern, kind, remedy in _OTHER_TEXTS:
        if pattern.match(start):
            _refuse(f"{file.shown} is {kind}, which is not read; {remedy}")


def _refuse(reason: str) -> NoReturn:
    raise DatasetError(_FIELD, reason)


def find_encoding(file: TextFile, encoding: str | None, progress: Progress, max_bytes: int | None) -> tuple[str, str]:
    """Return Python's name of the encoding and its name for people; checks all of the file, or its first ``max_bytes``.

    UTF-8 and encodings with a byte order mark are recognized from the bytes; other encodings are guessed. Raises
    DatasetError for a file that is not text, with the line at fault.
    """
    if encoding is not None:
        codec, title = _codec(encoding)
        codec = _with_byte_order(file, codec)
        fault = _first_fault(file, codec, progress, max_bytes)
        if fault is not None:
            raise DatasetError("dataset.encoding", f"{file.shown} is not {title}: it has {fault.where}; choose another")
        return codec, title
    with file.bytes() as stream:
        start = stream.read(4096)
    codec, title = next(((codec, title) for mark, codec, title in _MARKS if start.startswith(mark)), ("utf-8", "UTF-8"))
    fault = _first_fault(file, codec, progress, max_bytes)
    if fault is None:
        return codec, title
    if codec == "utf-8":  # by chance, other characters may look like some of UTF-8
        guessed = _plausible_encoding(file, progress, max_bytes)
        if guessed is not None:
            return guessed
        if not fault.after_non_ascii:
            return _single_byte_encoding(file, start, progress, max_bytes)
    what = _NUL_HINT if fault.is_nul else "it may be damaged; save it again, or choose its encoding"
    if codec == "utf-8" and not fault.is_nul and _first_fault(file, "cp1252", progress, max_bytes) is not None:
        what = "it may be damaged; save it again"
    raise DatasetError("dataset.path", f"{file.shown} is {title}, but has {fault.where}; {what}")


@dataclass(frozen=True, slots=True)
class _Guess:
    """An encoding that may be guessed, its name for people, and characters that are frequent in its languages."""

    codec: str
    title: str
    frequent: frozenset[str]


_KANA = "".join(map(chr, (*range(0x3041, 0x3097), *range(0x30A1, 0x30FF))))
_JAPANESE = (
    "身長体重性別男女年齢名前日付価格売上数量合計商品店舗県都道府市区町村番号点国語算科目大小中時分月火水"
    "木金土住所電話円個本高低東西南北会社"
)
_SIMPLIFIED = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经身高体重性别男女龄名称日期价格数量合计商品省市区县号分语文数学英语编姓住址"
    "电话元个高低东西南北温度湿压力销售额城京海广州深圳类型是否好坏"
)
_TRADITIONAL = (
    "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種"
    "面而方後多定行學法所民得經身高體重性別男女齡名稱日期價格數量合計商品縣市區號語文英編姓住址電話元溫度"
    "濕壓力銷售額城臺北灣廣類型是否好壞"
)
_KOREAN = (
    "가각간강개거건게격결경계고공과관광교구국군권규그금기김나남날내너녀년노높는다단달대도동되두드들등라력"
    "로록료류르를리린마만매면명목몸무문물미민바박반방배번별보부분비사산상색생서선성세소수시신실아안양어업"
    "여역연영오온외요용우울원위월유율은을의이인일입자장재적전점정제조주중지직진집차천체초최출치키타태터토"
    "통특파판평포품하학한합해행허현형호화환회후"
)
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё"
_GUESSES = (
    _Guess("cp932", "Shift JIS (cp932)", frozenset(_KANA + _JAPANESE)),
    _Guess("euc_jp", "EUC-JP", frozenset(_KANA + _JAPANESE)),
    _Guess("gb18030", "GB 18030", frozenset(_SIMPLIFIED)),
    _Guess("big5", "Big5", frozenset(_TRADITIONAL)),
    _Guess("cp949", "EUC-KR (cp949)", frozenset(_KOREAN)),
    _Guess("cp1251", "Windows-1251", frozenset(_CYRILLIC)),
    _Guess("koi8-r", "KOI8-R", frozenset(_CYRILLIC)),
    _Guess("cp866", "cp866", frozenset(_CYRILLIC)),
)
_GUESS_BYTES = 1 << 17
MIN_PLAUSIBILITY = 0.5


def _plausible_encoding(file: TextFile, progress: Progress, max_bytes: int | None) -> tuple[str, str] | None:
    """Return the most plausible encoding of a file that is not UTF-8, None if there is none."""
    with file.bytes() as stream:
        sample = stream.read(_GUESS_BYTES)
    scores = {guess: plausibility(sample, guess) for guess in _GUESSES}
    for guess in sorted(scores, key=lambda guess: -scores[guess]):
        if scores[guess] >= MIN_PLAUSIBILITY and _first_fault(file, guess.codec, progress, max_bytes) is None:
            return guess.codec, f"{guess.title} (guessed)"
    return None


def _single_byte_encoding(file: TextFile, start: bytes, progress: Progress, max_bytes: int | None) -> tuple[str, str]:
    """Return cp1252, the encoding of Windows in much of Europe and America, or else Latin-1."""
    is_windows = _first_fault(file, "cp1252", progress, max_bytes) is None
    codec, title = ("cp1252", "Windows-1252") if is_windows else ("latin-1", "Latin-1")
    fault = _first_fault(file, codec, progress, max_bytes)
    if fault is not None:  # a NUL byte, since every other byte is a character
        looks_wide = start[1::2].count(0) > len(start) // 4
        hint = (
            "it may be UTF-16 without a byte order mark, so choose the encoding utf-16-le" if looks_wide else _NUL_HINT
        )
        raise DatasetError("dataset.path", f"{file.shown} has {fault.where}; {hint}")
    return codec, f"{title} (guessed: it is not UTF-8)"


def plausibility(sample: bytes, guess: _Guess) -> float:
    """Return how well the bytes fit an encoding, from 0 to 1: the share of frequent characters among those not ASCII.

    Letters that stand beside ASCII letters, as in ``größe``, speak against it.
    """
    try:
        text = codecs.getincrementaldecoder(guess.codec)().decode(sample)
    except UnicodeDecodeError:
        return 0.0
    foreign = [char for char in text if char > "\x7f" and not char.isspace()]
    if not foreign:
        return 0.0
    mixed = sum(len(word) for word in re.findall(r"(?<=[A-Za-z])[^\x00-\x7f]+|[^\x00-\x7f]+(?=[A-Za-z])", text))
    share = sum(char in guess.frequent for char in foreign) / len(foreign)
    if guess.frequent == frozenset(_CYRILLIC):
        if re.search(r"[\u0400-\u04ff]{2}", text) is None:
            return 0.0
        capitals = sum(char.lower() in guess.frequent and char not in guess.frequent for char in foreign) / len(foreign)
        share += capitals / 2 if share else capitals / 4
        share = share + 0.3 if guess.codec == "cp1251" and not share and capitals > 0.9 else share
    return min(share, 1.0) * max(1 - mixed / len(foreign), 0.0)


def _with_byte_order(file: TextFile, codec: str) -> str:
    """Return the codec of UTF-16 or UTF-32 with the order of the bytes, if no mark at the start of the file gives it.

    Most characters of a table are ASCII, so that more of their first bytes are zero if the highest byte comes first.
    """
    if codec not in ("utf-16", "utf-32"):
        return codec
    with file.bytes() as stream:
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


def _first_fault(file: TextFile, codec: str, progress: Progress, max_bytes: int | None) -> _Fault | None:
    """Return the first NUL byte or invalid bytes; None if the first ``max_bytes`` are text in ``codec``."""
    decoder = codecs.getincrementaldecoder(codec)()
    done, non_ascii, size = 0, False, max(file.size, 1)
    with file.bytes() as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                line = 1 + _line_ends(file, codec, done) + before.count(b"\n")
                position = done + len(chunk) - len(error.object) + error.start
                non_ascii = non_ascii or not before.isascii()
                return _Fault(f"a byte that is not a character, in line {line} (byte {position:,})", False, non_ascii)
            if (nul := text.find("\0")) >= 0:
                line = 1 + _line_ends(file, codec, done) + text.count("\n", 0, nul)
                return _Fault(f"a NUL byte in line {line}", True, non_ascii)
            if not chunk or (max_bytes is not None and done >= max_bytes):
                return None
            done += len(chunk)
            non_ascii = non_ascii or not text.isascii()
            progress.report(done / size)


def _line_ends(file: TextFile, codec: str, size: int) -> int:
    """Return how many lines end in the first ``size`` bytes; to count them takes too long where nothing is at fault."""
    decoder = codecs.getincrementaldecoder(codec)()
    with file.bytes() as stream:
        return sum(decoder.decode(stream.read(_CHUNK)).count("\n") for _ in range(-(-size // _CHUNK)))


def _codec(name: str) -> tuple[str, str]:
    """Return Python's name of an encoding, and the user's; raise DatasetError for an unknown or unsuitable one."""
    codec = None
    with contextlib.suppress(LookupError, ValueError):
        codec = codecs.lookup(name)
    if codec is None or codec.name not in _TEXT_CODECS:
        reason = f"expected the name of an encoding, such as utf-8, utf-16, cp1252 or latin-1, got {quoted(name)}"
        raise DatasetError("dataset.encoding", reason)
    return "utf-8-sig" if codec.name == "utf-8" else codec.name, codec.name.upper()


@dataclass(frozen=True, slots=True)
class Block:
    """Whole rows of a table in UTF-8; ``position`` is how many bytes of the file are read up to their end."""

    content: bytes
    position: int


def table_blocks(file: TextFile, marks: Marks, first_line: int, footer_lines: int, size: int) -> Iterator[Block]:
    """Yield a table from ``first_line`` on, but for the last ``footer_lines``, in blocks of about ``size`` bytes.

    Lines that are not written plainly are rewritten. A block ends with a row as far as its quotes tell: a single one
    within a cell may mislead, so who reads the rows has to see whether a quote is open at the end.
    """
    content = b""
    with file.open() as stream:
        for chunk in _chunks(stream, file, marks, first_line, footer_lines, size):
            content += chunk
            end = row_end(content, marks) if len(content) >= size else 0
            if end:
                yield Block(content[:end], stream.buffer.tell())
                content = content[end:]
    if content:
        yield Block(content, file.size)


def _chunks(
    stream: TextIO, file: TextFile, marks: Marks, first_line: int, footer_lines: int, size: int
) -> Iterator[bytes]:
    """Yield the lines of the table in UTF-8, whose own bytes need not be decoded."""
    start = sum(len(stream.readline().encode()) for _ in range(first_line - 1))
    if not marks.are_plain or footer_lines:
        lines = map(marks.plain, _without_last(stream, footer_lines))
        while part := list(itertools.islice(lines, LINES_AT_ONCE)):
            yield "".join(part).encode()
    elif file.codec in _UTF_8:
        source = stream.buffer
        source.seek(0)
        source.seek(start + (len(codecs.BOM_UTF8) if source.read(3) == codecs.BOM_UTF8 else 0))
        while chunk := source.read(size):
            yield chunk
    else:
        while text := stream.read(size):
            yield text.encode()


def _without_last(lines: Iterable[str], count: int) -> Iterator[str]:
    """Yield the lines but the last ``count`` ones."""
    waiting: deque[str] = deque()
    for line in lines:
        waiting.append(line)
        if len(waiting) > count:
            yield waiting.popleft()


def row_end(content: bytes, marks: Marks) -> int:
    """Return where the last row that is whole ends: at an end of a line before which all quotes are closed.

    If there is none among the last 64 KB, it is the end of the last line. It is 0 if there is no end of a line.
    """
    mark = b"\n" if b"\n" in content else b"\r"
    quote, escape = marks.quote[:1].encode() or b"\0", marks.escape.encode() or b"\0"
    end = last = content.rfind(mark, 0, len(content) - (mark == b"\r")) + 1  # a \n may follow at once
    quotes = content.count(quote, 0, end) if quote in content else 0  # to look for it is much faster than to count
    while quotes % 2 or content[max(end - 3, 0) : end].rstrip(b"\r\n").endswith(escape):
        if not end or last - end > MAX_CELL:
            return last
        before = content.rfind(mark, 0, end - 1) + 1
        quotes -= content.count(quote, before, end)
        end = before
    return end
