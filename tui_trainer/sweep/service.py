"""The process that sweeps for the app: tells what a sweep would come to, then does it, and how it stands.

Started as ``python -m tui_trainer.sweep.service NICENESS`` with a socket as its standard input. It ends with its
sweep, and at once when the app does, whatever it is doing; so do the processes that it has started.
"""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tui_trainer.errors import ExperimentError
from tui_trainer.protocol.framing import NO_MESSAGE, frame, read_frame

from .messages import AnyCommand, AnyNews, Ask, Cancel, Start, Wish, command_decoder
from .reporting import refused, standing, swept
from .results import Row, SweepResult
from .scheduler import Sweep
from .tally import Tally
from .wishes import answer, granted


class Interrupts:
    """Ends what the main thread does, as Ctrl+C would: once, and only while that is ``under_way``."""

    def __init__(self) -> None:
        self._asked = self._open = False
        signal.signal(signal.SIGINT, self._interrupt)

    def ask(self) -> None:
        """Called by another thread. The signal is the main thread's, which may hold it back for a moment."""
        self._asked = True
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """KeyboardInterrupt comes here; at once where it was asked for before."""
        self._open = True
        try:
            if self._asked:
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _interrupt(self, *_: object) -> None:
        if self._open:
            self._open = False
            raise KeyboardInterrupt


class SweepService:
    """Answers questions until one sweep is to be done, and does that."""

    def __init__(self, line: socket.socket, niceness: int) -> None:
        self._line, self._niceness = line, niceness
        self._inbox: queue.SimpleQueue[AnyCommand] = queue.SimpleQueue()
        self._interrupts = Interrupts()
        self._granted: tuple[Wish, Sweep] | None = None  # the last one
        threading.Thread(target=self._read, daemon=True).start()

    def serve(self) -> None:
        """Until the sweep is done, or not wanted any more."""
        while True:
            match self._next():
                case Ask() as ask:
                    self._send(answer(ask, self._grant))
                case Start(wish):
                    self._sweep(wish)
                    return
                case Cancel():
                    return

    def _next(self) -> AnyCommand:
        """The next command; a question that has been followed by another command already is left out."""
        command = self._inbox.get()
        while isinstance(command, Ask) and not self._inbox.empty():
            command = self._inbox.get()
        return command

    def _sweep(self, wish: Wish) -> None:
        os.nice(self._niceness)  # not before: an answer is waited for
        try:
            self._send(swept(self._done(self._grant(wish))))
        except ExperimentError as error:
            self._send(refused(str(error)))

    def _grant(self, wish: Wish) -> Sweep:
        """The sweep, checked; as it is where the wish is the one from before, for thousands of runs take seconds."""
        if self._granted is None or self._granted[0] != wish:
            self._granted = None
            self._granted = wish, granted(wish)
        return self._granted[1]

    def _done(self, prepared: Sweep) -> SweepResult:
        tally = Tally(prepared.by, len(prepared.planned))
        started = time.perf_counter()

        def tell(row: Row) -> None:
            tally.add(row)
            self._send(standing(tally, time.perf_counter() - started))

        self._send(standing(tally, 0.0))
        try:
            with self._interrupts.under_way():
                return prepared.run(True, tell)
        except KeyboardInterrupt:  # just before it began, or just after it had ended
            return SweepResult(tally.rows, prepared.by, prepared.repeat, tally.total, interrupted=True)

    def _send(self, news: AnyNews) -> None:
        self._line.sendall(frame(news))

    def _read(self) -> None:
        """In a thread of its own, so that neither a cancellation nor the end of the app has to wait for a run."""
        try:
            with self._line.makefile("rb") as stream:
                while (body := read_frame(stream)) is not None:
                    command = command_decoder.decode(body)
                    self._inbox.put(command)
                    if isinstance(command, Cancel):
                        self._interrupts.ask()
        except (OSError, *NO_MESSAGE):
            pass  # it is no app of ours any more
        os._exit(0)


def main() -> None:
    """Keep the socket from the processes that are started here, and from whatever is printed."""
    line = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    SweepService(line, int(sys.argv[1])).serve()


if __name__ == "__main__":
    main()
