"""The live sessions of one user: each holds a lock that ends with its process, and listens on a socket.

Process numbers would not do: they are reused, and those of another container are not visible.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer.system.files import NO_LINK, PLAIN, is_locked, lock
from tui_trainer.system.private import make_private

if TYPE_CHECKING:
    import socket

NAME = re.compile(r"\d+-[0-9a-f]{12}")


class LiveTrainer:
    """Registers this process as a live session in ``folder``, by its ``name`` and lock, and a socket once it listens.

    Raises OSError if that is not possible in the folder.
    """

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self._folder = folder
        self.name = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._lock = _locked_file(folder / f"{self.name}.lock")
        _sweep(folder)

    def listen(self) -> socket.socket:
        """A socket on which clients may call."""
        from tui_trainer.system import sockets  # not before one is used

        return sockets.listen(self._folder, self.name)

    def leave(self) -> None:
        """Take lock and socket away."""
        os.close(self._lock)  # first: a file that is open can't be removed everywhere
        _remove(self._folder, self.name)


def folder_beside(store: Path) -> Path:
    """Return the folder of the sessions that use ``store``."""
    return store.parent / "sessions"


def is_live(folder: Path, name: str) -> bool:
    """Return whether the session's process is running."""
    if not NAME.fullmatch(name):
        return False
    try:
        number = os.open(folder / f"{name}.lock", os.O_RDWR | NO_LINK | PLAIN)
    except OSError:
        return False
    try:
        return is_locked(number)
    except OSError:
        return False
    finally:
        os.close(number)


def live_names(folder: Path) -> list[str]:
    """Return the names of the sessions whose processes are running."""
    return sorted(path.stem for path in folder.glob("*.lock") if is_live(folder, path.stem))


def call(folder: Path, name: str) -> socket.socket:
    """Return a connection to a live session; raise OSError if it does not answer."""
    if not NAME.fullmatch(name):
        raise FileNotFoundError(f"there is no session {name!r}")
    from tui_trainer.system import sockets  # not before one is used

    return sockets.connect(folder, name)


def process_of(name: str) -> int:
    """Return the number of a session's process."""
    return int(name.partition("-")[0])


def _locked_file(path: Path) -> int:
    """Create a locked file; retry if another process removes it before it is locked."""
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | PLAIN, 0o600)
        lock(number)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(number), os.stat(path)):
                return number
        os.close(number)


def _sweep(folder: Path) -> None:
    """Remove the files of sessions that were killed."""
    for path in folder.glob("*.lock"):
        if NAME.fullmatch(path.stem) and not is_live(folder, path.stem):
            _remove(folder, path.stem)


def _remove(folder: Path, name: str) -> None:
    from tui_trainer.system import sockets

    for path in (sockets.address(folder, name), folder / f"{name}.lock"):
        with contextlib.suppress(OSError):
            path.unlink()
