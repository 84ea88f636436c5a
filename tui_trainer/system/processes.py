"""Processes: how they are started with a connection, whether they are running, and how they end."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    import subprocess

if sys.platform == "win32":
    import _winapi
    import ctypes
    import socket
    import subprocess
    import threading

    # No window, no Ctrl+C of the terminal, and no end with its window.
    APART: dict[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    _SYNCHRONIZE, _QUERY_LIMITED, _STILL_ACTIVE, _INVALID_PARAMETER = 0x00100000, 0x1000, 259, 87
    _FAULTS = 0xC0000000  # codes from here on are Windows's own, such as that of an access to foreign memory
    _BELOW_NORMAL, _IDLE, _MUCH_LOWER = 0x00004000, 0x00000040, 15
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    _kernel32.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_ulong)

    def start(
        command: Sequence[str], connection: socket.socket, errors: IO[bytes], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process that gets ``connection`` from ``given_connection``, and writes to the file ``errors``."""
        words, variables = [*command], dict(environment)
        real = getattr(sys, "_base_executable", sys.executable)
        if words[0] == sys.executable != real:
            # The python.exe of a virtual environment only starts another process, which would not get the socket.
            words[0], variables["__PYVENV_LAUNCHER__"] = real, sys.executable
        process = subprocess.Popen(
            [*words], stdin=subprocess.PIPE, stdout=errors, stderr=errors, env=variables, **APART
        )
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin as stream:  # a process that has ended says why elsewhere
            stream.write(connection.share(process.pid))
        return process

    def given_connection() -> socket.socket:
        """Return the connection that this process was started with."""
        return socket.fromshare(sys.stdin.buffer.read())

    def is_running(pid: int) -> bool:
        """Return whether a process is running."""
        try:
            process = _winapi.OpenProcess(_QUERY_LIMITED, False, pid)
        except OSError as error:
            return error.winerror != _INVALID_PARAMETER  # any other reason: somebody else's process
        except OverflowError:
            return False
        try:
            return _winapi.GetExitCodeProcess(process) == _STILL_ACTIVE
        finally:
            _winapi.CloseHandle(process)

    def wait_for_end(parent: int) -> None:
        """Return when the process ``parent`` has ended."""
        try:
            process = _winapi.OpenProcess(_SYNCHRONIZE, False, parent)
        except OSError:
            return
        _winapi.WaitForSingleObject(process, _winapi.INFINITE)
        _winapi.CloseHandle(process)

    def call_at_end(pid: int, act: Callable[[], object]) -> None:
        """Call ``act`` in a thread once a process has ended; its connections may seem open longer, as under Wine."""

        def wait_and_call() -> None:
            wait_for_end(pid)
            act()

        threading.Thread(target=wait_and_call, daemon=True).start()

    def how_it_ended(code: int) -> str:
        """Describe the exit code of a process."""
        return f"was ended by Windows, code {code:#x}" if code >= _FAULTS else f"ended with code {code}"

    def lower_priority(niceness: int) -> None:
        """Let other processes go first: more so, the higher ``niceness`` from 0 to 19 is."""
        if niceness > 0:
            kind = _IDLE if niceness >= _MUCH_LOWER else _BELOW_NORMAL
            _kernel32.SetPriorityClass(_kernel32.GetCurrentProcess(), kind)

else:
    APART: dict[str, Any] = {"start_new_session": True}  # so that Ctrl+C in the terminal is the app's to handle
    PROC = Path("/proc")  # which macOS lacks, and BSDs have empty
    CHECK_EVERY = 1.0  # seconds

    def start(
        command: Sequence[str], connection: socket.socket, errors: IO[bytes], environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a process that gets ``connection`` from ``given_connection``, and writes to the file ``errors``."""
        import subprocess  # not before a process is started

        line = connection.fileno()
        return subprocess.Popen([*command], stdin=line, stdout=line, stderr=errors, env=environment, **APART)

    def given_connection() -> socket.socket:
        """Return the connection that this process was started with."""
        import socket

        return socket.socket(fileno=os.dup(0))

    def is_running(pid: int) -> bool:
        """Return whether a process is running; one that has ended is not, even before its exit code is read."""
        try:
            with open(PROC / str(pid) / "stat") as status:
                return status.read().rpartition(")")[2].split()[0] != "Z"
        except (OSError, IndexError):
            pass  # gone, or a system without /proc
        look = getattr(os, "waitid", None)  # which macOS has from Python 3.13 on
        with contextlib.suppress(OSError, OverflowError):  # not a child of ours
            if look is not None and look(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return False
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:  # somebody else's process
            return True
        return True

    def wait_for_end(parent: int) -> None:
        """Return when the process ``parent``, which has started this one, has ended."""
        while os.getppid() == parent:
            time.sleep(CHECK_EVERY)

    def call_at_end(pid: int, act: Callable[[], object]) -> None:
        """Do nothing: the connections of a process end with it."""

    def how_it_ended(code: int) -> str:
        """Describe the exit code of a process."""
        return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"

    def lower_priority(niceness: int) -> None:
        """Let other processes go first: more so, the higher ``niceness`` from 0 to 19 is."""
        os.nice(niceness)
