"""A slow line: a TCP proxy on loopback that lets so many bytes a second through, in both directions."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

PIECE = 512  # bytes at a time
BUFFER = 16384  # of a socket, about what a modem or a router holds back


class ThrottledLink:
    """Takes connections on ``port`` and passes them on to ``target``; counts what came from there."""

    def __init__(self, target: int, rate: float) -> None:
        self.rate = rate
        self.down = 0  # bytes from the target
        self.held = threading.Event()  # while set, nothing goes through, as on a line that has been cut
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                far = socket.socket()
                far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                far.connect(("127.0.0.1", self._target))
                for one, other, down in ((far, near, True), (near, far, False)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._pass, args=(one, other, down), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, down: bool) -> None:
        due = time.monotonic()
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                while self.held.is_set():
                    time.sleep(0.01)
                due = max(due, time.monotonic()) + len(piece) / self.rate
                time.sleep(max(0.0, due - time.monotonic()))
                sink.sendall(piece)
                if down:
                    self.down += len(piece)
            sink.shutdown(socket.SHUT_WR)
