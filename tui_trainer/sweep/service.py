"""The process that sweeps for the app: tells what a sweep would come to, then does it, and how it stands.

Started as ``python -m tui_trainer.sweep.service NICENESS`` with a socket as its standard input. It ends with its
sweep, and at once when the app does, whatever it is doing; so do the processes that it has started.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import takewhile

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.formats import format_duration
from tui_trainer.protocol import NO_MESSAGE, frame, read_frame
from tui_trainer.runtime.connection import start_thread
from tui_trainer.store.edits import LONGEST_NAME

from . import messages
from .fields import counted
from .plan import SweepOptions
from .results import Leaderboard, Row, SweepResult, number_text, told
from .scheduler import Sweep, cores, prepare

MAX_JOBS = 8  # at a time where nothing is said: a machine of many cores is one of many users
NO_FIELD = "choose a field to vary"
MAX_LEADERS = 12
MAX_KEPT = 8  # as many as the plot has colours for
NO_SCORE = "No run has ended with a score; where they diverged, try lower learning rates."


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

    @contextlib.contextmanager
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
        self._inbox: queue.SimpleQueue[messages.AnyCommand] = queue.SimpleQueue()
        self._interrupts = Interrupts()
        self._granted: tuple[messages.SweepRequest, Sweep] | None = None  # the last one

    def serve(self) -> None:
        """Answer until the sweep is done or cancelled."""
        start_thread(self._read)
        while True:
            match self._next():
                case messages.PreviewSweep() as ask:
                    self._send(answer(ask, self._grant))
                case messages.Start(wish):
                    self._sweep(wish)
                    return
                case messages.Cancel():
                    return

    def _next(self) -> messages.AnyCommand:
        """The next command; a question that has been followed by another command already is left out."""
        command = self._inbox.get()
        while isinstance(command, messages.PreviewSweep) and not self._inbox.empty():
            command = self._inbox.get()
        return command

    def _sweep(self, wish: messages.SweepRequest) -> None:
        os.nice(self._niceness)  # not before: an answer is waited for
        try:
            self._send(swept(self._done(self._grant(wish))))
        except UserError as error:
            self._send(refused(str(error)))

    def _grant(self, wish: messages.SweepRequest) -> Sweep:
        """The sweep, checked; as it is where the wish is the one from before, for thousands of runs take seconds."""
        if self._granted is None or self._granted[0] != wish:
            self._granted = None
            self._granted = wish, validate(wish)
        return self._granted[1]

    def _done(self, prepared: Sweep) -> SweepResult:
        tally = Leaderboard(prepared.by, len(prepared.planned))
        started = time.perf_counter()

        def tell(row: Row) -> None:
            tally.add(row)
            self._send(standing(tally, time.perf_counter() - started))

        self._send(standing(tally, 0.0))
        try:
            with self._interrupts.under_way():
                return prepared.run(True, tell)
        except KeyboardInterrupt:  # just before it began, or just after it had ended
            return SweepResult(tally.rows, prepared.by, repeat=prepared.repeat, planned=tally.total, interrupted=True)

    def _send(self, news: messages.AnyNews) -> None:
        with contextlib.suppress(OSError):  # the app has gone, and the thread that reads ends the process
            self._line.sendall(frame(news))

    def _read(self) -> None:
        """In a thread of its own, so that neither a cancellation nor the end of the app has to wait for a run."""
        try:
            with self._line.makefile("rb") as stream:
                while (body := read_frame(stream)) is not None:
                    command = messages.command_decoder.decode(body)
                    self._inbox.put(command)
                    if isinstance(command, messages.Cancel):
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


def answer(ask: messages.PreviewSweep, grant: Callable[[messages.SweepRequest], Sweep]) -> messages.SweepPreview:
    """What the wish would come to, once it is granted, or what is wrong with it."""
    try:
        prepared = grant(ask.wish)
    except UserError as error:
        return messages.SweepPreview(ask.number, field=error.field, reason=in_the_app(error.reason))
    return messages.SweepPreview(ask.number, said=in_words(prepared, bool(ask.wish.random.strip())), by=prepared.by)


def validate(wish: messages.SweepRequest) -> Sweep:
    """The sweep, all of it checked; ExperimentError, with the path or the option, where something makes no sense."""
    fields: dict[str, str] = {}
    for path, values in wish.fields:
        if path in fields:
            raise UserError(path, "is there twice; give all its values at once, with commas between them")
        fields[path] = values.strip().removesuffix(",")  # the next value is on its way
    random, repeat, jobs = (_whole(name, getattr(wish, name)) for name in ("random", "repeat", "jobs"))
    if not fields and (repeat or 1) == 1:
        raise UserError("", NO_FIELD)
    most = cores()
    if jobs is not None and not 1 <= jobs <= most:
        raise UserError("jobs", f"expected a whole number from 1 to {most}, the cores of this machine, got {jobs}")
    options = SweepOptions(
        random=random, repeat=1 if repeat is None else repeat, by=wish.by or None, jobs=jobs or min(most, MAX_JOBS)
    )
    return prepare(wish.experiment, fields, options)


def in_words(prepared: Sweep, drawn: bool) -> str:
    """``5 learning rates × 3 seeds = 15 runs, 2 at a time``; where combinations are ``drawn``, so many draws."""
    total, repeat = len(prepared.planned), prepared.repeat
    varied: dict[str, set[str]] = {}
    for run in prepared.planned:
        for path, value in run.settings.items():
            varied.setdefault(path, set()).add(repr(value))
    if drawn:
        parts = [f"{total // repeat:,} random draws" if total > repeat else "1 random draw"]
        parts += [f"{repeat:,} seeds"] if repeat > 1 else []
    else:
        parts = [counted(len(values), path) for path, values in varied.items() if len(values) > 1]
    runs = f"{total:,} runs" if total > 1 else "1 run"
    at_a_time = f", {prepared.jobs} at a time" if prepared.jobs > 1 else ""
    return " = ".join([" × ".join(parts), runs] if parts else [runs]) + at_a_time


def in_the_app(reason: str) -> str:
    """A sentence of the command's, without the signs of its options: the app shows these by their names."""
    return reason.replace("--random", "random")


def _whole(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UserError(name, f"expected a whole number, or nothing, got {quoted(text)}")
    return int(text)


def standing(tally: Leaderboard, seconds: float) -> messages.SweepProgress:
    """How the sweep stands after ``seconds``."""
    by = tally.by
    leaders = [row for row in tally.rows[:MAX_LEADERS] if _has_score(row, by)]
    lost = len(list(takewhile(lambda row: not _has_score(row, by), reversed(tally.rows))))
    left = seconds / tally.done * (tally.total - tally.done) if tally.done else None
    named = tuple(messages.Leader(told(row.settings), number_text(row.value(by))) for row in leaders)
    return messages.SweepProgress(tally.done, tally.total, lost, by, named, left)


def swept(result: SweepResult) -> messages.SweepFinished:
    """The end of a sweep: what is best, and what was kept of it."""
    done = len(result.rows)
    runs = "1 run" if result.planned == 1 else f"{result.planned:,} runs"
    count = f"{done:,} of {runs}" if done < result.planned else f"{runs} in {format_duration(result.seconds)}"
    parts = [f"Sweep ended, {count}." if result.interrupted else f"Sweep done, {count}."]
    if done:
        parts.append(_best(result))
    if result.complaint:
        parts.append(result.complaint)
    kept = [messages.Kept(row.run, told(row.settings, LONGEST_NAME)) for row in _ordered(result) if row.run is not None]
    good = result.best is not None and not result.complaint
    return messages.SweepFinished(" ".join(parts), good, result.by, result.tag, tuple(kept[:MAX_KEPT]))


def refused(reason: str) -> messages.SweepFinished:
    """The end of a sweep of which nothing came."""
    return messages.SweepFinished(f"The sweep has failed: {printable(in_the_app(reason))}", False)


def _ordered(result: SweepResult) -> list[Row]:
    """The best run, which may be that of the best settings, then the others."""
    best = result.best
    return [*([] if best is None else [best]), *(row for row in result.rows if row is not best)]


def _best(result: SweepResult) -> str:
    best = result.best
    if best is None:
        return NO_SCORE
    if result.repeat == 1:
        return f"Best {result.by} {number_text(best.value(result.by))}: {told(best.settings)}."
    group = result.groups()[0]
    seeds = "1 seed" if group.counted == 1 else f"{group.counted} seeds"
    settings = told(group.settings)
    return f"Best {result.by} {number_text(group.mean)} on average over {seeds}: {settings}."


def _has_score(row: Row, by: str) -> bool:
    return math.isfinite(row.value(by))


if __name__ == "__main__":
    main()
