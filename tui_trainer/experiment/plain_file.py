"""Reading a file in whose place there may be something else: a pipe, which would block, or a device without end."""

from __future__ import annotations

import errno
import os
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


def write_private(path: Path, content: bytes) -> None:
    """Make a file that nobody else may read; FileExistsError where there is one."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
