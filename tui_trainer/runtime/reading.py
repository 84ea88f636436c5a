"""The reading of a user's file: told while it lasts, and stopped by a command."""

from __future__ import annotations

import time
from collections.abc import Callable

from tui_trainer.datasets.csv.progress import OnProgress
from tui_trainer.datasets.preview import Previewer
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.protocol.reports import AnyReport, Previewed, Reading, Refused

from .inbox import Inbox

TELL_AFTER = 0.2  # seconds; what is read sooner needs no telling
TELL_EVERY = 0.1  # seconds
STOPPED = "the reading of the file was stopped; r reads it again, u takes the last change back"


class Readings:
    """Watches over readings, and looks at files for a preview."""

    def __init__(self, inbox: Inbox, send: Callable[[AnyReport], None]) -> None:
        self._inbox, self._send = inbox, send
        self._previewer = Previewer()

    def watcher(self, run: int) -> OnProgress:
        """What ``Session.load`` tells of the reading for ``run``."""
        due = time.perf_counter() + TELL_AFTER

        def tell(fraction: float) -> bool:
            nonlocal due
            now = time.perf_counter()
            if now >= due:
                due = now + TELL_EVERY
                self._send(Reading(run, fraction))
            return not self._inbox.stops_reading()

        return tell

    def stopped(self, run: int) -> None:
        """Tell of a reading that was stopped, but where a newer run is to come anyway."""
        if not self._inbox.replaces_run():
            self._send(Refused(run, "dataset.path", STOPPED))

    def preview(self, config: DatasetConfig, number: int) -> None:
        """Tell what a file would come to."""
        self._send(Previewed(number, self._previewer.look(config)))
