"""The child process: obeys commands from its standard input, reports on its standard output.

Started as ``python -m tui_trainer.runtime.worker``. It ends when its parent does, whatever it is doing.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from typing import BinaryIO

from tui_trainer.experiment import ExperimentError

from . import reporting
from .protocol import (
    AnyCommand,
    Crashed,
    Epoch,
    Load,
    Pause,
    Refused,
    Report,
    Step,
    Train,
    Tune,
    Watch,
    command_decoder,
    frame,
    read_frame,
)
from .session import Session

SLICE = 0.004  # seconds of training between two looks at the commands
REPORT_EVERY = 0.05  # seconds


class Worker:
    """Runs a session in slices between commands."""

    def __init__(self, commands: BinaryIO, reports: BinaryIO) -> None:
        self._input, self._output = commands, reports
        self._commands: queue.SimpleQueue[AnyCommand] = queue.SimpleQueue()
        self._session = Session()
        self._run = 0
        self._watching = True
        self._dirty = False
        self._next_report = 0.0

    def serve(self) -> None:
        """Until the input ends; then the process is over at once, however long a step takes."""
        threading.Thread(target=self._read, daemon=True).start()
        while True:
            running = self._session.state == "running"
            self._obey(wait=not running)
            if running:
                self._session.advance(SLICE)
                self._dirty = True
                if self._session.state != "running":
                    self._announce_end()
            if self._dirty and (time.perf_counter() >= self._next_report or self._session.state != "running"):
                self._report_progress()

    def _read(self) -> None:
        while (body := read_frame(self._input)) is not None:
            self._commands.put(command_decoder.decode(body))
        os._exit(0)

    def _obey(self, wait: bool) -> None:
        """All commands that have come; with ``wait``, at least one."""
        while wait or not self._commands.empty():
            command = self._commands.get()
            wait = False
            was = self._session.state
            self._do(command)
            self._dirty = self._session.state != "empty"
            if self._session.state != was and self._session.state in ("diverged", "stopped early"):
                self._announce_end()

    def _do(self, command: AnyCommand) -> None:
        session = self._session
        match command:
            case Load():
                self._load(command)
            case Watch():
                self._watching = command.view == "loss"
            case _ if session.state == "empty":
                return
            case Train():
                session.train()
            case Pause():
                session.pause()
            case Step():
                session.step()
            case Epoch():
                session.epoch()
            case Tune():
                session.tune(command.training)

    def _load(self, command: Load) -> None:
        try:
            self._session.load(command.experiment)
        except ExperimentError as error:
            self._send(Refused(command.run, error.field, error.reason))
        except MemoryError:
            reason = "expected data and layers that fit this machine's memory; use fewer units or fewer rows"
            self._send(Refused(command.run, "model", reason))
        else:
            self._run = command.run
            self._send(reporting.loaded(self._session, self._run))

    def _announce_end(self) -> None:
        self._report_progress()
        self._send(reporting.ended(self._session, self._run))

    def _report_progress(self) -> None:
        self._send(reporting.progress(self._session, self._run, self._watching))
        self._dirty = False
        self._next_report = time.perf_counter() + REPORT_EVERY

    def _send(self, report: Report) -> None:
        self._output.write(frame(report))
        self._output.flush()


def main() -> None:
    """Keep the two pipes for the protocol: whatever else is printed goes to standard error."""
    commands = os.fdopen(os.dup(0), "rb")
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        Worker(commands, reports).serve()
    except BrokenPipeError:
        os._exit(0)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        reports.write(frame(Crashed(0, f"{type(error).__name__}: {error}")))
        reports.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
