"""The file of the store: one of the user's own, for nobody else to read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tui_trainer.files import refuse_other_than_file


def keep_private(path: Path) -> None:
    """Make the file where there is none, and let nobody else in; SQLite gives the files beside it the same rights.

    A link is followed. OSError where something else is in its place, or it belongs to another user: who wrote it
    may change it at any moment. Root may have what is anybody's.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(file)
        refuse_other_than_file(found.st_mode)
        if os.geteuid() not in (0, found.st_uid):
            raise PermissionError(errno.EPERM, "it belongs to another user")
        if found.st_mode & 0o077 and found.st_uid == os.geteuid():
            os.fchmod(file, 0o600)
    finally:
        os.close(file)
