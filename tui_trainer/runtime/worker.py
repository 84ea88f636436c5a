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

from tui_trainer.experiment import Experiment, ExperimentError

from . import reporting
from .keeper import Keeper
from .outbox import Outbox
from .protocol import (
    AnyCommand,
    AnyReport,
    AnyRequest,
    Close,
    Crashed,
    Epoch,
    Load,
    Notice,
    Offer,
    Pause,
    Refused,
    Resume,
    SetWeight,
    SlowDown,
    Step,
    Train,
    Tune,
    Watch,
    WatchLoss,
    command_decoder,
    read_frame,
)
from .session import Session
from .store import StoreError, default_path
from .views import Viewer

SLICE = 0.004  # seconds of training between two looks at the commands
REPORT_EVERY = 0.05  # seconds
VIEW_EVERY = 0.1  # seconds while training, at least
VIEW_SHARE = 10  # a view may take one part in so many of the time
LAST_WORDS = 1.0  # seconds that the last report may take on its way
CURVES_EVERY = 0.1  # seconds while training: no eye follows a whole curve faster, and drawing has its price


class Worker:
    """Runs a session in slices between commands."""

    def __init__(self, commands: BinaryIO, outbox: Outbox) -> None:
        self._input, self._outbox = commands, outbox
        self._commands: queue.SimpleQueue[AnyCommand] = queue.SimpleQueue()
        self._session = Session()
        self._viewer = Viewer(self._session)
        self._request: AnyRequest = WatchLoss()
        self._keeper = Keeper(default_path())
        self._run = 0
        self._dirty = False
        self._next_report = self._next_curves = self._next_view = 0.0

    def serve(self) -> None:
        """Until the input ends; then the process is over at once, however long a step takes."""
        threading.Thread(target=self._read, daemon=True).start()
        self._offer()
        while True:
            running = self._session.state == "running"
            self._obey(None if not running else self._session.idle)
            if running:
                self._session.advance(SLICE)
                self._dirty = True
                if self._session.state != "running":
                    self._announce_end()
                self._keep()
            if self._dirty and (time.perf_counter() >= self._next_report or self._session.state != "running"):
                self._report_progress()

    def _read(self) -> None:
        while (body := read_frame(self._input)) is not None:
            self._commands.put(command_decoder.decode(body))
        os._exit(0)

    def _obey(self, seconds: float | None) -> None:
        """All commands that have come, waiting ``seconds`` for the first one; for ever with None."""
        while seconds != 0 or not self._commands.empty():
            try:
                command = self._commands.get(timeout=seconds)
            except queue.Empty:
                return
            seconds = 0
            was = self._session.state
            self._do(command)
            self._dirty = self._session.state != "empty"
            if self._session.state != "running":
                self._keep()
            if self._session.state != was and self._session.state in ("diverged", "stopped early"):
                self._announce_end()

    def _do(self, command: AnyCommand) -> None:
        session = self._session
        match command:
            case Load():
                self._load(command)
            case Resume():
                self._resume(command)
            case Close():
                self._keeper.save(session)
                os._exit(0)
            case Watch():
                self._request, self._next_view = command.view, 0.0
            case SlowDown():
                session.limit = command.steps_per_second
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
            case SetWeight():
                session.set_weight(command.index, command.value)

    def _load(self, command: Load) -> None:
        was_running = self._session.state == "running"
        kept = self._session.weights() if command.keep_weights else None
        self._session.pause()  # where the experiment is refused, nobody watches this run any more
        self._keeper.save(self._session)
        if self._loads(command.experiment, command.run):
            self._keeper.forget_run()
            if kept is not None and self._session.begin_with(kept) and was_running:
                self._session.train()

    def _loads(self, experiment: Experiment, run: int) -> bool:
        try:
            self._session.load(experiment)
        except ExperimentError as error:
            self._send(Refused(run, error.field, error.reason))
            return False
        except MemoryError:
            reason = "expected data and layers that fit this machine's memory; use fewer units or fewer rows"
            self._send(Refused(run, "model", reason))
            return False
        self._run = run
        self._viewer.forget()
        self._send(reporting.loaded(self._session, run))
        return True

    def _offer(self) -> None:
        """Tell of a run that was cut off."""
        stored = self._keeper.cut_off()
        if stored is not None:
            ago = max(0.0, time.time() - stored.updated)
            self._send(Offer(0, stored.id, stored.experiment, stored.epoch, stored.step, ago))

    def _resume(self, command: Resume) -> None:
        stored = self._keeper.cut_off()
        if stored is None or stored.id != command.stored:
            self._send(
                Notice(self._run, "That run can't be gone on with any more: it has ended, or goes on elsewhere.")
            )
            return
        self._keeper.save(self._session)
        if not self._loads(stored.experiment, command.run):
            return
        self._keeper.forget_run()
        try:
            self._keeper.resume(self._session, stored.id)
        except StoreError as error:
            self._send(Notice(self._run, str(error)))

    def _keep(self) -> None:
        self._keeper.save_if_due(self._session)
        if self._keeper.complaint:
            self._send(Notice(self._run, self._keeper.complaint))
            self._keeper.complaint = ""

    def _announce_end(self) -> None:
        self._report_progress()
        self._send(reporting.ended(self._session, self._run))

    def _report_progress(self) -> None:
        now = time.perf_counter()
        request = self._request
        due = now >= self._next_curves or self._session.state != "running"
        quantity = request.quantity if isinstance(request, WatchLoss) and due else None
        self._send(reporting.progress(self._session, self._run, quantity))
        self._dirty = False
        self._next_report = now + REPORT_EVERY
        if quantity is not None:
            self._next_curves = now + CURVES_EVERY
        if now >= self._next_view or self._session.state != "running":
            self._report_view()

    def _report_view(self) -> None:
        """Show what is looked at; the dearer it is, the rarer, so that training goes on."""
        started = time.perf_counter()
        content = self._viewer.see(self._request)
        if content is not None:
            self._send(reporting.seen(self._session, self._run, content))
            now = time.perf_counter()
            self._next_view = now + max(VIEW_EVERY, VIEW_SHARE * (now - started))

    def _send(self, report: AnyReport) -> None:
        self._outbox.put(report)


def main() -> None:
    """Keep the two pipes for the protocol: whatever else is printed goes to standard error."""
    commands = os.fdopen(os.dup(0), "rb")
    reports = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    outbox = Outbox(reports)
    try:
        Worker(commands, outbox).serve()
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        outbox.put(Crashed(0, f"{type(error).__name__}: {error}"))
        outbox.flush(LAST_WORDS)
        os._exit(1)


if __name__ == "__main__":
    main()
