"""Reports on their way out of the child: training never waits for a reader that is slow."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import BinaryIO

from .protocol import Progress, Report, frame, newest


class Outbox:
    """Sends from a thread of its own. While the pipe is full, newer progress takes the place of older."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._waiting: deque[Report] = deque()
        self._changed = threading.Condition()
        threading.Thread(target=self._send, daemon=True).start()

    def put(self, report: Report) -> None:
        """Send ``report`` when the pipe takes it; the order is kept."""
        with self._changed:
            last = self._waiting[-1] if self._waiting else None
            if isinstance(report, Progress) and isinstance(last, Progress):
                report = newest(last, report)
                self._waiting.pop()
            self._waiting.append(report)
            self._changed.notify()

    def _send(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                report = self._waiting.popleft()
            try:
                self._stream.write(frame(report))
                self._stream.flush()
            except OSError:  # nobody reads any more
                os._exit(0)
