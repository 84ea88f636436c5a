"""Files, read where there may be something else in their place, and written whole or not at all.

Something else: a pipe, which would block, or a device without end.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from pathlib import Path

from .errors import UserError, quoted

ROOT_VARIABLE = "TUI_TRAINER_ROOT"
_SHOWN = 200
DATA_VARIABLE = "TUI_TRAINER_DATA"
LONGEST_NAME = 60
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # of Windows, where files may go


def read_plain(path: str | os.PathLike[str], most: int) -> bytes:
    """The first ``most`` bytes of a file and one more, so that one that is too long shows.

    Opened without waiting, and looked at before it is read. OSError where it can't be, or is no file.
    """
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        refuse_other_than_file(os.fstat(file.fileno()).st_mode)
        return file.read(most + 1)


def refuse_other_than_file(mode: int) -> None:
    """OSError where ``mode``, of a stat, is that of something else."""
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")


def replace_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file: whoever reads at any moment sees the old content or the new, whole.

    Nobody else may read it, but as ``mode`` and the mask of the process say. OSError where it can't be written.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def root() -> Path | None:
    """The folder that files are confined to, links in its own path resolved; None where there is none."""
    folder = os.environ.get(ROOT_VARIABLE)
    return Path(os.path.realpath(folder)) if folder else None


def confined(path: str | os.PathLike[str], field: str = "") -> Path:
    """The path of a file that the user named, with ``~`` replaced.

    Where there is a root, ``~`` is the root and the result has its links resolved. ExperimentError for ``field``
    says so where it lies outside, or is hidden: hidden files steer other programs, and hold our own runs.
    """
    named = os.fspath(path)
    within = root()
    if within is None:
        return Path(os.path.expanduser(named))
    if named == "~" or named.startswith("~/"):
        named = os.path.join(within, named[2:])
    try:
        found = Path(os.path.realpath(named))
    except (OSError, ValueError):  # a NUL in it, or a name that is too long
        raise UserError(field, f"{quoted(named, _SHOWN)} is not a path; give the path of a file") from None
    if not found.is_relative_to(within):
        where = quoted(str(within), _SHOWN)
        raise UserError(field, f"{quoted(named, _SHOWN)} is outside of {where}; give a path inside that folder")
    if any(part.startswith(".") for part in found.relative_to(within).parts):
        raise UserError(field, f"{quoted(named, _SHOWN)} is hidden; give a name that begins with no dot")
    return found


def user_folder() -> Path:
    """The folder that the variable names, or else the user's usual place for data; it need not be there yet."""
    if named := os.environ.get(DATA_VARIABLE):
        return Path(named)
    import platformdirs  # not needed where it is named

    return platformdirs.user_data_path("tui-trainer")


def safe_name(text: str) -> str:
    """A run's name as that of a folder: letters, digits, dots, dashes; never a path, hidden, or empty."""
    words = re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:LONGEST_NAME].strip("-.")
    return f"run-{words}" if _RESERVED.fullmatch(words) else words or "run"


def free_folder(name: str, parent: Path) -> Path:
    """A folder in ``parent`` that is not there yet: ``name``, ``name-2``, ``name-3`` ..."""
    safe, number = safe_name(name), 1
    while (parent / (safe if number == 1 else f"{safe}-{number}")).exists():
        number += 1
    return parent / (safe if number == 1 else f"{safe}-{number}")
