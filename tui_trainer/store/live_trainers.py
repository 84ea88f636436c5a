"""The live sessions of one user: each holds a lock that ends with its process, and listens on a socket.

Process numbers would not do: they are reused, and those of another container are not visible.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import socket
import stat
import struct
from pathlib import Path

NAME = re.compile(r"\d+-[0-9a-f]{12}")
LONGEST = 100  # bytes of a socket's path: the system's limit is 104 on some, 108 on others
SHORT = Path("/tmp")  # where sockets go whose own folder has too long a path
WAITING = 4  # clients that may knock at once


class LiveTrainer:
    """Registers this process as a live session in ``folder``, by its ``name`` and lock, and a socket once it listens.

    Raises OSError if that is not possible in the folder.
    """

    def __init__(self, folder: Path) -> None:
        _make_private(folder)
        self._folder = folder
        self.name = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._lock = _locked_file(folder / f"{self.name}.lock")
        _sweep(folder)

    def listen(self) -> socket.socket:
        """A socket on which clients may call."""
        address = _address(self._folder, self.name)
        _make_private(address.parent)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(address))
        address.chmod(0o600)
        listener.listen(WAITING)
        return listener

    def leave(self) -> None:
        """Take lock and socket away."""
        _remove(self._folder, self.name)
        os.close(self._lock)


def folder_beside(store: Path) -> Path:
    """Return the folder of the sessions that use ``store``."""
    return store.parent / "sessions"


def is_live(folder: Path, name: str) -> bool:
    """Return whether the session's process is running."""
    if not NAME.fullmatch(name):
        return False
    try:
        lock = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        # Shared, so that two who ask at once don't take each other for the session.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False


def live_names(folder: Path) -> list[str]:
    """Return the names of the sessions whose processes are running."""
    return sorted(lock.stem for lock in folder.glob("*.lock") if is_live(folder, lock.stem))


def call(folder: Path, name: str) -> socket.socket:
    """Return a connection to a live session; raise OSError if it does not answer."""
    if not NAME.fullmatch(name):
        raise FileNotFoundError(f"there is no session {name!r}")
    address = _address(folder, name)
    _check_private(address.parent)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(2.0)
        connection.connect(str(address))
        connection.settimeout(None)
    except OSError:
        connection.close()
        raise
    return connection


def is_own(connection: socket.socket) -> bool:
    """Return whether the same user is at the other end; True if the system does not say, as the folder is private."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    credentials = struct.Struct("3i")  # process, user, group
    packed = connection.getsockopt(socket.SOL_SOCKET, option, credentials.size)
    return int(credentials.unpack(packed)[1]) == os.geteuid()


def _locked_file(path: Path) -> int:
    """Create a locked file; retry if another process removes it before it is locked."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), os.stat(path)):
                return lock
        os.close(lock)


def _sweep(folder: Path) -> None:
    """Remove the files of sessions that were killed."""
    for lock in folder.glob("*.lock"):
        if NAME.fullmatch(lock.stem) and not is_live(folder, lock.stem):
            _remove(folder, lock.stem)


def _remove(folder: Path, name: str) -> None:
    for path in (_address(folder, name), folder / f"{name}.lock"):
        with contextlib.suppress(OSError):
            path.unlink()


def _address(folder: Path, name: str) -> Path:
    """Return the path of the session's socket; if it would be too long, in a short private folder."""
    usual = folder.absolute() / f"{name}.sock"
    if len(os.fsencode(usual)) <= LONGEST:
        return usual
    which = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:12]
    return SHORT / f"tui-trainer-{os.geteuid()}" / f"{which}-{name}.sock"


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and status.st_mode & 0o077:
        folder.chmod(0o700)  # as a copy or a backup may have left it
    _check_private(folder)


def _check_private(folder: Path) -> None:
    """Refuse a folder that somebody else has created or can read: /tmp is shared."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this user's alone")
