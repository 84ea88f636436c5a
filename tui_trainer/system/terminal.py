"""Terminals, and what comes from them: keys, Ctrl+C and other signals; and pipes in their place."""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from types import ModuleType

    from textual.driver import Driver

TERMINATION = ("SIGTERM",)  # signals that ask an app to end, whose terminal has Ctrl+C as a key

if sys.platform == "win32":
    import ctypes
    import threading

    ENDING = ("SIGINT", "SIGTERM", "SIGBREAK")  # signals that ask a server to end
    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)

    @contextlib.contextmanager
    def interrupts_held() -> Iterator[None]:
        """Hold back Ctrl+C inside the block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        held: list[int] = []
        before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            if held:
                signal.raise_signal(signal.SIGINT)

    @contextlib.contextmanager
    def interrupts_hidden() -> Iterator[None]:
        """Hide Ctrl+C, which a console sends to all processes, from those started inside; and so long from this one."""
        _kernel32.SetConsoleCtrlHandler(None, True)
        try:
            yield
        finally:
            _kernel32.SetConsoleCtrlHandler(None, False)

    def interrupt_main_thread() -> None:
        """Interrupt the main thread as Ctrl+C would, from another one."""
        signal.raise_signal(signal.SIGINT)

    def call_on_signals(loop: AbstractEventLoop, names: Sequence[str], act: Callable[[], object]) -> None:
        """Call ``act`` in ``loop`` when one of the signals comes."""
        for name in names:
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(act))

    def end_on_hang_up() -> None:
        """Do nothing: the system ends a process whose window is closed."""

    def driver() -> tuple[type[Driver], ModuleType]:
        """Return Textual's driver for terminals, and the module in which it looks up its parser of keys."""
        from textual.drivers import win32
        from textual.drivers.windows_driver import WindowsDriver

        return WindowsDriver, win32

    def make_printable(stream: TextIO) -> None:
        """Let the stream take every character: the code page of a pipe lacks most of ours."""
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")

    def as_argument(text: str) -> str:
        """Return ``text`` as one word of a command, in quotes where the Command Prompt and PowerShell need them."""
        import re  # not before a command is shown
        import subprocess

        if re.fullmatch(r"[\w.:/\\=+\[\]-]+", text):  # all else, such as & and ', may mean something to one of them
            return text
        return f'"{subprocess.list2cmdline([" " + text])[2:]}'  # which puts what has a space in quotes

    def has_reader_left(error: OSError) -> bool:
        """Return whether writing failed as the reader of a pipe has closed it; Windows calls that an invalid value."""
        return isinstance(error, BrokenPipeError) or (error.errno == errno.EINVAL and error.filename is None)

else:
    ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # signals that ask a server to end

    @contextlib.contextmanager
    def interrupts_held() -> Iterator[None]:
        """Hold back Ctrl+C inside the block."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @contextlib.contextmanager
    def interrupts_hidden() -> Iterator[None]:
        """Hide Ctrl+C, which a terminal sends to all processes, from those started inside; this one gets it later."""
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()  # started implicitly, it would unblock the signal
        with interrupts_held():
            yield

    def interrupt_main_thread() -> None:
        """Interrupt the main thread as Ctrl+C would, from another one; it handles that, possibly a moment later."""
        import threading

        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    def call_on_signals(loop: AbstractEventLoop, names: Sequence[str], act: Callable[[], object]) -> None:
        """Call ``act`` in ``loop`` when one of the signals comes."""
        for name in names:
            loop.add_signal_handler(getattr(signal, name), act)

    def end_on_hang_up() -> None:
        """Let a hang-up end this process at once, also where it was started with hang-ups ignored."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    def driver() -> tuple[type[Driver], ModuleType]:
        """Return Textual's driver for terminals, and the module in which it looks up its parser of keys."""
        from textual.drivers import linux_driver

        return linux_driver.LinuxDriver, linux_driver

    def make_printable(stream: TextIO) -> None:
        """Let the stream take every character; it prints ``?`` for those that its encoding lacks."""
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")

    def as_argument(text: str) -> str:
        """Return ``text`` as one word of a command, in quotes where a shell needs them."""
        import shlex  # not before a command is shown

        return shlex.quote(text)

    def has_reader_left(error: OSError) -> bool:
        """Return whether writing failed as the reader of a pipe has closed it, as ``head`` does."""
        return isinstance(error, BrokenPipeError)


def call_on_interrupt(act: Callable[[], object]) -> None:
    """Call ``act`` in the main thread when Ctrl+C or ``interrupt_main_thread`` interrupts it."""
    signal.signal(signal.SIGINT, lambda *_: act())
