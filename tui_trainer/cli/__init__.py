"""The command line: ``main`` chooses the command, and each command has a module."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

DEBUG = "--debug"  # an option of every command


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back Ctrl+C while modules are imported: compiled ones that are interrupted halfway may crash Python."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
