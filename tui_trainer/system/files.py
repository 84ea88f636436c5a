"""Files: how they are opened, read and written at an offset, replaced, and locked; and how their paths are written."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

# Names that Windows has given to devices, in every folder; files of other systems may be copied there.
RESERVED_NAME = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import threading
    import time
    from ctypes import wintypes

    PLAIN = os.O_BINARY | os.O_NOINHERIT  # bytes as they are, and no child process has the file
    NO_LINK = 0
    SEPARATORS = ("/", "\\")
    PATIENCE = 1.0  # seconds that a reader, or a virus scanner, may keep a file from being replaced
    _offsets = threading.Lock()  # an open file has one place, whoever reads it
    _FAIL_AT_ONCE, _EXCLUSIVE, _IS_LOCKED = 1, 2, 33
    _IN_USE = "it may be open in another program, such as a spreadsheet"
    _NO_NAMES = (123, 161)  # with control codes or such signs, or without a server

    class _Overlapped(ctypes.Structure):
        _fields_ = (
            ("Internal", ctypes.c_void_p),
            ("InternalHigh", ctypes.c_void_p),
            ("Offset", wintypes.DWORD),
            ("OffsetHigh", wintypes.DWORD),
            ("hEvent", wintypes.HANDLE),
        )

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.LockFileEx.argtypes = (wintypes.HANDLE, *[wintypes.DWORD] * 4, ctypes.POINTER(_Overlapped))

    def read_at(number: int, count: int, offset: int) -> bytes:
        """Return at most ``count`` bytes from ``offset`` on."""
        with _offsets:
            os.lseek(number, offset, os.SEEK_SET)
            return os.read(number, count)

    def write_at(number: int, content: bytes, offset: int) -> int:
        """Write from ``offset`` on; return how many bytes were written."""
        with _offsets:
            os.lseek(number, offset, os.SEEK_SET)
            return os.write(number, content)

    def replace(source: Path, target: Path) -> None:
        """Put ``source`` in the place of ``target``, once nobody has that open."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return os.replace(source, target)
            except PermissionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def check_not_in_use(path: Path) -> None:
        """Raise the OSError that ``replace`` would, if another program has the file ``path`` open."""
        os.rename(path, path)

    def reason_of(error: OSError) -> str:
        """Return why a file can't be used: a program that has it open may keep it for itself."""
        text = error.strerror or str(error)
        return f"{text} ({_IN_USE})" if isinstance(error, PermissionError) else text

    def flush_to_disk(number: int) -> None:
        """Return once what was written to an open file is on the disk."""
        os.fsync(number)

    def set_mode(number: int, mode: int) -> None:
        """Do nothing: a file has the access list of its folder."""

    def lock(number: int) -> None:
        """Lock an open file for this process alone, once no other has it locked; the lock ends with the process."""
        if error := _lock(number, _EXCLUSIVE):
            raise ctypes.WinError(error)

    def is_locked(number: int) -> bool:
        """Return whether another process has locked the file; raise OSError if the system does not say."""
        error = _lock(number, _FAIL_AT_ONCE)
        if error not in (0, _IS_LOCKED):
            raise ctypes.WinError(error)
        return error == _IS_LOCKED

    def _lock(number: int, flags: int) -> int:
        """Return 0, or the number of the error."""
        if _kernel32.LockFileEx(msvcrt.get_osfhandle(number), flags, 0, 1, 0, ctypes.byref(_Overlapped())):
            return 0
        return ctypes.get_last_error()

    def is_no_name(error: OSError) -> bool:
        """Return whether there can be no file of the name that was asked for."""
        return error.winerror in _NO_NAMES

    def path_of_url(path: str) -> str:
        """Return the path that stands after ``file://``: with a drive, or on another machine."""
        return path[1:] if re.match(r"/[A-Za-z]:", path) else path if path.startswith("/") else f"//{path}"

    def unescaped(path: str) -> str:
        r"""Return the path as it is: ``\`` stands between folders."""
        return path

    def last_absolute(text: str) -> str:
        """Return the absolute path at the end of ``text``: one that is typed or pasted after a folder replaces that."""
        starts = [match.start() + 1 for match in re.finditer(r"[/\\](?=[/\\~]|[A-Za-z]:[/\\])", text)]
        return text[starts[-1] :] if starts and not text.startswith(("\\\\", "//")) else text

else:
    import errno
    import fcntl

    PLAIN = os.O_CLOEXEC | os.O_NONBLOCK  # no child process has the file, and a pipe is not waited for
    NO_LINK = os.O_NOFOLLOW
    SEPARATORS = ("/",)

    def read_at(number: int, count: int, offset: int) -> bytes:
        """Return at most ``count`` bytes from ``offset`` on."""
        return os.pread(number, count, offset)

    def write_at(number: int, content: bytes, offset: int) -> int:
        """Write from ``offset`` on; return how many bytes were written."""
        return os.pwrite(number, content, offset)

    def replace(source: Path, target: Path) -> None:
        """Put ``source`` in the place of ``target``."""
        os.replace(source, target)

    def check_not_in_use(path: Path) -> None:
        """Do nothing: a file can be replaced while others have it open."""

    def reason_of(error: OSError) -> str:
        """Return why a file can't be used."""
        return error.strerror or str(error)

    def flush_to_disk(number: int) -> None:
        """Return once what was written to an open file is on the disk."""
        fully = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync leaves it in the disk's own memory
        if fully is not None:
            with contextlib.suppress(OSError):  # a file system that lacks it, such as a network's
                fcntl.fcntl(number, fully)
                return
        os.fsync(number)

    def set_mode(number: int, mode: int) -> None:
        """Set the permissions of an open file."""
        os.fchmod(number, mode)

    def lock(number: int) -> None:
        """Lock an open file for this process alone, once no other has it locked; the lock ends with the process."""
        fcntl.flock(number, fcntl.LOCK_EX)

    def is_locked(number: int) -> bool:
        """Return whether another process has locked the file; raise OSError if the system does not say."""
        try:
            # Shared, so that two who ask at once don't take each other for the one who holds it.
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False

    def is_no_name(error: OSError) -> bool:
        """Return whether there can be no file of the name that was asked for; True if it leads round in a circle."""
        return error.errno == errno.ELOOP

    def path_of_url(path: str) -> str:
        """Return the path that stands after ``file://``; all of it where that is no path of this machine."""
        return path if path.startswith("/") else f"file://{path}"

    def unescaped(path: str) -> str:
        r"""Return the path without the ``\`` that a shell's user, or a terminal, puts before blanks and signs."""
        return re.sub(r"\\(.)", r"\1", path)

    def last_absolute(text: str) -> str:
        """Return the absolute path at the end of ``text``: one that is typed or pasted after a folder replaces that."""
        position = max(text.rfind("//"), text.rfind("/~"))
        return text[position + 1 :] if position >= 0 else text
