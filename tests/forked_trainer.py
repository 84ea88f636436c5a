"""Starts trainers as copies of a process that has everything imported: half a second less for each running app."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from multiprocessing.reduction import DupFd
from typing import IO, Any

from tui_trainer.tabs import TABS

MODULE = "tui_trainer.runtime.worker"
COMPUTED = [f"tui_trainer.tabs{path.split(':')[0]}" for tab in TABS for path in (tab.compute, tab.messages) if path]
# With what the trainer imports late: pandas alone takes most of the time of a start.
LATE = ["tui_trainer.datasets.csv.rows", "tui_trainer.store.filter", "tui_trainer.store.edits", "safetensors.numpy"]
PRELOADED = [MODULE, "tui_trainer.datasets.loading", *LATE, *COMPUTED, __name__, "warm_trainer"]
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(PRELOADED)


def prepare() -> None:
    """Start the process that the others are copies of, while standard error is still a file."""
    resource_tracker.ensure_running()
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # it does not take over ours by itself
    try:
        forkserver.ensure_running()
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path


class ForkedProcess:
    """As much of ``subprocess.Popen`` as the app needs."""

    def __init__(self, argument: str, connection: socket.socket, errors: IO[bytes]) -> None:
        arguments = (
            argument,
            DupFdLater(connection.fileno()),
            DupFdLater(errors.fileno()),
            os.getcwd(),
            dict(os.environ),
        )
        self._process = _server.Process(target=run_worker, args=arguments)
        self._process.start()
        self._lock = threading.Lock()
        self.pid = self._process.pid

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its code; subprocess.TimeoutExpired after ``timeout`` seconds."""
        wait([self._process.sentinel], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(MODULE, timeout or 0.0)
        return code

    def poll(self) -> int | None:
        """Return its code, or None while it runs."""
        with self._lock:
            return self._process.exitcode

    def kill(self) -> None:
        """Kill it."""
        with self._lock:
            self._process.kill()


class DupFdLater:
    """A file descriptor that is passed on when the process is started."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _detached, (DupFd(self.descriptor),)


def _detached(duplicate: Any) -> int:
    return int(duplicate.detach())


def run_worker(argument: str, line: int, errors: int, folder: str, environment: dict[str, str]) -> None:
    """Be the trainer's process, as ``start_module`` starts it."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for source, target in ((line, 0), (line, 1), (errors, 2)):
        os.dup2(source, target)
    os.close(line)
    os.close(errors)
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = [MODULE, argument]
    from tui_trainer.runtime.worker import main

    main()
