"""Reports on their way out of the child: training never waits for a reader that is slow."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import BinaryIO

from .protocol import AnyReport, frame, queue_newest


class Outbox:
    """Sends from a thread of its own. While the pipe is full, what is newer takes the place of what is stale."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[AnyReport] = deque()
        self._sending = False
        self._changed = threading.Condition()
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, report: AnyReport) -> None:
        """Send ``report`` when the pipe takes it; the order is kept."""
        with self._changed:
            queue_newest(self._waiting, report)
            self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all has been sent, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._sending, seconds)

    def _send(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                report = self._waiting.popleft()
                self._sending = True
            try:
                self._stream.write(frame(report))
                self._stream.flush()
            except OSError:  # nobody reads any more
                os._exit(0)
            with self._changed:
                self._sending = False
                self._changed.notify_all()
