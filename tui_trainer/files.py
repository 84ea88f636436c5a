"""Reads and writes files safely, and says where they may be.

Reading rejects anything but a regular file, since a pipe could block and a device never end; writing is atomic.
Paths of the user are confined to one folder if a teacher has set one. The user's own files (runs, progress in the
book, remembered choices) have one folder.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

from .errors import UserError, path_in_quotes
from .system.files import (
    NO_LINK,
    PLAIN,
    RESERVED_NAME,
    SEPARATORS,
    check_not_in_use,
    flush_to_disk,
    is_no_name,
    path_of_url,
    reason_of,
    replace,
    set_mode,
    unescaped,
)

ROOT_VARIABLE = "TUI_TRAINER_ROOT"  # the folder that files are confined to
DATA_VARIABLE = "TUI_TRAINER_DATA"  # the folder of the user's runs
PREDICTED = "predicted_"  # how the name of a column with predictions begins, before that of the target
KIND_BYTES = 65536  # at the beginning of a file, from which its kind is known
MAX_NAME_LENGTH = 60  # characters of a folder's or a file's name


def read_plain(path: str | os.PathLike[str], max_bytes: int, follow_links: bool = True) -> bytes:
    """Return the first ``max_bytes`` bytes of a regular file and one more, which shows that a file is too long.

    The file is opened without blocking and checked before it is read. Raises OSError if it cannot be read or is not a
    regular file; without ``follow_links`` a link is none, where the system can tell.
    """
    with open(os.open(path, os.O_RDONLY | PLAIN | (0 if follow_links else NO_LINK)), "rb") as file:
        check_regular_file(os.fstat(file.fileno()).st_mode)
        return file.read(max_bytes + 1)


def check_regular_file(mode: int) -> None:
    """Raise OSError if ``mode``, from a stat, is not that of a regular file."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")


def file_mode(path: str | os.PathLike[str], field: str = "") -> int:
    """Return the mode of what is at ``path``, as ``stat`` has it; 0 if there is nothing.

    Raises UserError for ``field`` if that can't be found out, as in a folder without access.
    """
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # a null character is in no path
        return 0
    except OSError as error:
        if is_no_name(error):
            return 0
        raise UserError(field, f"{path_in_quotes(path)} can't be read: {reason_of(error)}") from error


def is_file(path: str | os.PathLike[str], field: str = "") -> bool:
    """Return whether there is a file at ``path``, and no folder, pipe or device; UserError as ``file_mode``."""
    return stat.S_ISREG(file_mode(path, field))


def is_folder(path: str | os.PathLike[str], field: str = "") -> bool:
    """Return whether there is a folder at ``path``; UserError as ``file_mode``."""
    return stat.S_ISDIR(file_mode(path, field))


def reason_to_keep(
    path: Path, data_files: Sequence[str], is_ours: Callable[[bytes], bool], overwrite: bool, insist: str = ""
) -> str:
    """Return why a file of the user may not be replaced, as the rest of a sentence; "" if it may.

    The ``data_files`` in use are always kept, by whatever name or link one is called; and so is a file that is not of
    the kind to be written, as ``is_ours`` says of its first bytes. Others are replaced if the user wants to
    ``overwrite``; ``insist`` is the option for that.
    """
    if not is_file(path):
        return "" if not file_mode(path) or not stat.S_ISDIR(file_mode(path)) else "is a folder; give another path"
    if any(is_same_file(path, file) for file in data_files):
        return "is the dataset in use; give another path"
    try:
        start = read_plain(path, KIND_BYTES)
    except OSError as error:
        return f"can't be read: {reason_of(error)}; give another path"
    if start.strip() and not is_ours(start):
        return "exists and is a file of another kind, which is never overwritten; give another path"
    if not overwrite:
        return f"exists already; give another path{f', or overwrite it with {insist}' if insist else ''}"
    try:
        check_not_in_use(path)
    except OSError as error:
        return f"can't be replaced: {reason_of(error)}; give another path"
    return ""


def holds_predictions(start: bytes) -> bool:
    """Return whether a file that begins so was written by ``predict`` or an export, by the names of its columns."""
    return PREDICTED.encode() in start.partition(b"\n")[0]


def reason_not_to_predict(path: Path, source: str, data_files: Sequence[str], overwrite: bool, insist: str = "") -> str:
    """Return why predictions for the rows of ``source`` may not be written to ``path``, as ``reason_to_keep`` does."""
    if is_file(path) and is_same_file(path, source):
        return "holds the rows to predict; give another path"
    return reason_to_keep(path, data_files, holds_predictions, overwrite, insist)


def is_same_file(path: Path, other: str) -> bool:
    """Return whether both are one file, by whatever name or link; ``other`` as the user named it."""
    try:
        return os.path.samefile(path, confined(other))
    except (OSError, ValueError):
        return False


def write_output(path: Path, content: bytes) -> None:
    """Write a file for the user, whole or not at all: on a full disk the old file stays.

    A link stays a link, and the file it points to is replaced; that one's permissions stay. What is no file, such as
    /dev/stdout, is written to. OSError where that can't be.
    """
    target, mode = _output_target(path)
    if mode and not stat.S_ISREG(mode):
        with open(target, "wb") as stream:
            stream.write(content)
        return
    replace_file(target, content, 0o666, keeps=stat.S_IMODE(mode) if mode else None)


def check_writable(path: Path) -> None:
    """Raise the OSError that ``write_output`` would, as far as it is known beforehand; writes nothing."""
    target, mode = _output_target(path)
    if not mode or stat.S_ISREG(mode):
        trial = _beside(target)
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN, 0o600))
        trial.unlink()


def _output_target(path: Path) -> tuple[Path, int]:
    """Return where ``path`` leads, and the mode of what is there, 0 if nothing; OSError if it can't be replaced."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return target, 0
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not os.access(target, os.W_OK):
        if stat.S_ISCHR(mode):  # on Windows also what is called nul.csv or aux.txt
            raise OSError(errno.EINVAL, "it is a device, not a file")
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return target, mode


def _beside(path: Path) -> Path:
    """Return a new path in the same folder."""
    return path.with_name(f".{secrets.token_hex(8)}.tmp")


def write_traceback(error: BaseException) -> Path | None:
    """Write the traceback of ``error`` to a new file for the user alone; return its path, None if that fails."""
    import tempfile  # not needed where all goes well
    import traceback

    try:
        number, name = tempfile.mkstemp(prefix="tui-trainer-", suffix=".txt")
        with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return None
    return Path(name)


def set_aside(path: Path) -> str:
    """Rename a damaged file to a name that is not in use, which is returned; it stays if that fails."""
    backup = path.with_name(f"{path.stem}.damaged-{secrets.token_hex(3)}{path.suffix}")
    with contextlib.suppress(OSError):
        replace(path, backup)
    return backup.name


def replace_file(path: Path, content: bytes, mode: int = 0o600, keeps: int | None = None) -> None:
    """Write a file atomically: a reader sees the old content or the new.

    ``mode`` and the umask of the process set its permissions, or ``keeps`` alone. Raises OSError if it can't be
    written.
    """
    temporary = _beside(path)
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PLAIN, mode), "wb") as file:
            file.write(content)
            if keeps is not None:
                set_mode(file.fileno(), keeps)
            file.flush()
            flush_to_disk(file.fileno())
        replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def root() -> Path | None:
    """Return the folder that files are confined to, its links resolved; None if there is none."""
    folder = os.environ.get(ROOT_VARIABLE)
    try:
        return Path(os.path.realpath(folder)) if folder else None
    except OSError:  # a relative one, and the working folder was deleted
        raise UserError("", f"the folder {path_in_quotes(str(folder))} that files are confined to is gone") from None


def as_meant(text: str) -> str:
    """Return a path as it is meant: without blanks and quotes around it, escapes, and ``file://``.

    So it comes from a terminal that a file is dropped on, from a file manager, or from a shell. A path of a file that
    exists is left as it is.
    """
    if os.path.lexists(os.path.expanduser(text)) or "\0" in text:
        return text
    path = text.strip()
    for quote in ("'", '"'):
        if len(path) > 1 and path.startswith(quote) and path.endswith(quote):
            return path[1:-1]
    if path.lower().startswith("file://"):
        return path_of_url(unquote(re.sub(r"^file://(?:localhost(?=/))?", "", path, flags=re.IGNORECASE)))
    return unescaped(path) or text


def confined(path: str | os.PathLike[str], field: str = "") -> Path:
    """Return the path of a file that the user named, with ``~`` expanded.

    If files are confined to a folder, that folder is ``~``, and links in the result are resolved. Raises UserError for
    ``field`` if the path is outside of it, or hidden: hidden files configure other programs, and hold the app's runs.
    """
    text = as_meant(os.fspath(path))
    folder = root()
    if folder is None:
        return Path(os.path.expanduser(text))
    if text == "~" or text.startswith(tuple(f"~{separator}" for separator in SEPARATORS)):
        text = os.path.join(folder, text[2:])
    try:
        if "\0" in text:
            raise ValueError("a NUL")
        resolved = Path(os.path.realpath(text))
    except (OSError, ValueError):  # a name that is too long, for one
        raise UserError(field, f"{path_in_quotes(text)} is not a path; give the path of a file") from None
    if not resolved.is_relative_to(folder):
        where = path_in_quotes(folder)
        raise UserError(field, f"{path_in_quotes(text)} is outside of {where}; give a path inside that folder")
    if any(part.startswith(".") for part in resolved.relative_to(folder).parts):
        raise UserError(field, f"{path_in_quotes(text)} is hidden; give a name that begins with no dot")
    return resolved


def user_folder() -> Path:
    """Return the folder that the variable names, or else the user's default one; it may not exist yet."""
    if folder := os.environ.get(DATA_VARIABLE):
        return Path(folder)
    import platformdirs  # not needed if the variable is set

    return platformdirs.user_data_path("tui-trainer", appauthor=False)


def safe_name(text: str) -> str:
    """Return the name of a run as a folder name: letters, digits, dots, dashes; never a path, hidden, or empty."""
    words = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:MAX_NAME_LENGTH].strip("-.")
    return f"run-{words}" if RESERVED_NAME.fullmatch(words) else words or "run"


def file_name(text: str, suffix: str) -> str:
    """Return a file's name for what people call its content: the same, but for what not every system allows.

    A ``/`` would name a folder, and what follows a ``:`` a part of another file on Windows. Long names are cut.
    """
    words = re.sub(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*]+', "-", text).strip(" .-")
    words = words[:MAX_NAME_LENGTH].rstrip(" .-") or "experiment"
    return f"{'my-' if RESERVED_NAME.fullmatch(words) else ''}{words}{suffix}"


def free_name(folder: Path, name: str) -> str:
    """Return a name that no file in the folder has: the given one, or with a number after it."""
    stem, suffix = os.path.splitext(name)
    number = 1
    while os.path.lexists(folder / name):
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def free_folder(name: str, parent: Path) -> Path:
    """Return a folder in ``parent`` that does not exist yet: ``name``, ``name-2``, ``name-3`` ..."""
    safe, number = safe_name(name), 1
    while os.path.lexists(parent / (safe if number == 1 else f"{safe}-{number}")):
        number += 1
    return parent / (safe if number == 1 else f"{safe}-{number}")
