"""Files, read where there may be something else in their place, and written whole or not at all.

Something else: a pipe, which would block, or a device without end.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path


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
