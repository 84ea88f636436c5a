"""Reports on their way out of the child: training never waits for a reader that is slow."""

from __future__ import annotations

import threading
from collections import deque
from typing import BinaryIO

from tui_trainer.protocol.framing import frame
from tui_trainer.protocol.reports import AnyReport, queue_newest


class Outbox:
    """Sends from a thread of its own. While the line is full, what is newer takes the place of what is stale.

    Where nobody reads any more, reports are dropped.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[AnyReport] = deque()
        self._sending = self._broken = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, report: AnyReport) -> None:
        """Send ``report`` when the line takes it; the order is kept."""
        with self._changed:
            if not self._broken:
                queue_newest(self._waiting, report)
                self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all has been sent, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._sending, seconds)

    def close(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._broken = True
            self._waiting.clear()
            self._changed.notify_all()

    def _send(self) -> None:
        while True:
            with self._changed:
                self._sending = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._broken)
                if self._broken:
                    return
                report = self._waiting.popleft()
                self._sending = True
            try:
                self._stream.write(frame(report))
                self._stream.flush()
            except (OSError, ValueError):  # nobody reads any more, or the line was hung up
                self.close()
