"""Folders and files of one user alone, and that user's name.

Windows has access lists in place of modes: what is made in a user's profile, where our data folder is, is for that
user and administrators only. A data folder elsewhere has the rights of the folder around it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":

    def user_name() -> str:
        """Return the name of the user who has logged in; raise LookupError if there is none."""
        try:
            return os.getlogin()  # which asks the system; the environment may say anything
        except OSError as error:
            raise LookupError("this user has no name on this system") from error

    def is_private(status: os.stat_result) -> bool:
        """Return whether only this user has access to a file or folder, as far as its status says."""
        return True

    def is_own(status: os.stat_result) -> bool:
        """Return whether a file is this user's, as far as its status says."""
        return True

    def is_root() -> bool:
        """Return whether the user may use the files of all others; no matter, where they are not told apart."""
        return False

else:

    def user_name() -> str:
        """Return the name of the user who has logged in; raise LookupError if there is none."""
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            raise LookupError(f"user {os.getuid()} has no name on this system") from None

    def is_private(status: os.stat_result) -> bool:
        """Return whether only this user has access to a file or folder."""
        return is_own(status) and not status.st_mode & 0o077

    def is_own(status: os.stat_result) -> bool:
        """Return whether a file is this user's."""
        return status.st_uid == os.geteuid()

    def is_root() -> bool:
        """Return whether the user may use the files of all others."""
        return os.geteuid() == 0


def make_private(folder: Path) -> None:
    """Make a folder of this user alone, or take one that is there; raise OSError if that is not possible."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and is_own(status) and not is_private(status):
        folder.chmod(0o700)  # as a copy or a backup may have left it
    check_private(folder)


def check_private(folder: Path) -> None:
    """Refuse a folder that somebody else has created or can read: some are made in a folder that all share."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not is_private(status):
        raise PermissionError(f"{folder} is not a folder of this user's alone")


def keep_private(path: Path, status: os.stat_result) -> None:
    """Let nobody else into a file with this status; raise OSError if it belongs to another user. Root may have any."""
    if not is_own(status) and not is_root():
        raise PermissionError(errno.EPERM, "it belongs to another user")
    if is_own(status) and not is_private(status):
        os.chmod(path, 0o600)
