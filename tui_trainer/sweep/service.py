"""The process of a sweep that the app starts: it previews the sweep, runs it, and reports its progress.

It is started as ``python -m tui_trainer.sweep.service NICENESS`` with a socket as its standard input. It ends with
its sweep, and immediately when the app ends, whatever it is doing; so do the processes that it has started.
"""

from __future__ import annotations

import contextlib
import math
import queue
import socket
import sys
import time
from collections.abc import Callable, Iterator
from itertools import takewhile

from tui_trainer.errors import UserError, printable, quoted
from tui_trainer.formats import format_counted, format_duration
from tui_trainer.protocol import MAX_BAND_RUNS, MIN_BAND_RUNS
from tui_trainer.runtime.connection import read_commands, reserved_connection, send_event, start_thread
from tui_trainer.store.edits import LONGEST_NAME
from tui_trainer.system.processes import lower_priority
from tui_trainer.system.terminal import call_on_interrupt, interrupt_main_thread

from . import messages
from .fields import count_values
from .plan import FOLD, SEED, SweepOptions
from .results import (
    NO_SCORE,
    Leaderboard,
    Row,
    SweepResult,
    describe_settings,
    halving_sentence,
    number_text,
)
from .scheduler import Sweep, cores, prepare
from .search import BATCH, INSTALL, SAMPLERS, is_installed

DEFAULT_MAX_JOBS = 8  # a machine with many cores usually has many users
NO_FIELD = "choose a field to vary"
MAX_LEADERS = 12
MAX_LISTED_RUNS = 8  # as many as the plot has colours for


class Interrupts:
    """Interrupts the main thread as Ctrl+C would: once, and only inside ``under_way``."""

    def __init__(self) -> None:
        self._requested = self._can_interrupt = False
        call_on_interrupt(self._interrupt)

    def request(self) -> None:
        """Request an interrupt, from another thread. The main thread handles it, possibly a moment later."""
        self._requested = True
        interrupt_main_thread()

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Raise KeyboardInterrupt inside the block; at once if it was requested before."""
        self._can_interrupt = True
        try:
            if self._requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._can_interrupt = False

    def _interrupt(self) -> None:
        if self._can_interrupt:
            self._can_interrupt = False
            raise KeyboardInterrupt


class SweepService:
    """Answers previews until a sweep is started, and runs it."""

    def __init__(self, connection: socket.socket, niceness: int) -> None:
        self._socket, self._niceness = connection, niceness
        self._inbox: queue.SimpleQueue[messages.AnyCommand] = queue.SimpleQueue()
        self._interrupts = Interrupts()
        self._last_validated: tuple[messages.SweepRequest, Sweep] | None = None

    def serve(self) -> None:
        """Handle commands until the sweep is done or cancelled."""
        start_thread(read_commands, self._socket, messages.command_decoder, self._receive)
        while True:
            match self._next():
                case messages.PreviewSweep() as command:
                    self._send(preview(command, self._validated))
                case messages.Start(wish):
                    self._sweep(wish)
                    return
                case messages.Cancel():
                    return

    def _next(self) -> messages.AnyCommand:
        """Return the next command; a preview is skipped if another command has arrived after it."""
        command = self._inbox.get()
        while isinstance(command, messages.PreviewSweep) and not self._inbox.empty():
            command = self._inbox.get()
        return command

    def _sweep(self, request: messages.SweepRequest) -> None:
        lower_priority(self._niceness)  # not earlier: the user waits for previews
        try:
            self._send(finished_event(self._run(self._validated(request))))
        except UserError as error:
            self._send(failed_event(str(error)))

    def _validated(self, request: messages.SweepRequest) -> Sweep:
        """Return the validated sweep, cached for the last request: planning thousands of runs takes seconds."""
        if self._last_validated is None or self._last_validated[0] != request:
            self._last_validated = None
            self._last_validated = request, validate(request)
        return self._last_validated[1]

    def _run(self, sweep: Sweep) -> SweepResult:
        leaderboard = sweep.leaderboard()
        started = time.perf_counter()

        def report(row: Row) -> None:
            leaderboard.add(row)
            self._send(progress_event(leaderboard, time.perf_counter() - started))

        self._send(progress_event(leaderboard, 0.0))
        try:
            with self._interrupts.under_way():
                return sweep.run(True, report)
        except KeyboardInterrupt:  # just before the sweep began, or just after it had ended
            return sweep.result(leaderboard.rows, interrupted=True)

    def _send(self, event: messages.AnyEvent) -> None:
        send_event(self._socket, event)

    def _receive(self, command: messages.AnyCommand) -> None:
        """Queue a command, in the thread that reads them: a cancellation need not wait for a run."""
        self._inbox.put(command)
        if isinstance(command, messages.Cancel):
            self._interrupts.request()


def main() -> None:
    """Serve the app that has started this process."""
    connection = reserved_connection()
    SweepService(connection, int(sys.argv[1])).serve()


def preview(
    command: messages.PreviewSweep, validated: Callable[[messages.SweepRequest], Sweep]
) -> messages.SweepPreview:
    """Return the preview of a request, or what is wrong with it."""
    try:
        sweep = validated(command.wish)
    except UserError as error:
        return messages.SweepPreview(command.number, field=error.field, reason=without_option_signs(error.reason))
    return messages.SweepPreview(
        command.number, said=describe_sweep(sweep, bool(command.wish.random.strip())), by=sweep.by
    )


def validate(request: messages.SweepRequest) -> Sweep:
    """Return the checked sweep; raises UserError, with the path or the option, if something is invalid."""
    fields: dict[str, str] = {}
    for path, values in request.fields:
        if path in fields:
            raise UserError(path, "is there twice; give all its values at once, separated by commas")
        fields[path] = values.strip().removesuffix(",")  # the user is about to type the next value
    is_search = request.method == "search"
    if is_search and not is_installed():
        raise UserError("method", f"a search needs Optuna, which is not installed; get it with {INSTALL}")
    unused = "random" if is_search else "trials"
    numbers = {
        name: None if name == unused else _read_integer(name, getattr(request, name))
        for name in messages.NUMBER_OPTIONS
    }
    repeat, folds, jobs = (numbers[name] for name in ("repeat", "folds", "jobs"))
    if not fields and (repeat or 1) == 1 and folds is None:
        raise UserError("", NO_FIELD)
    max_jobs = cores()
    if jobs is not None and not 1 <= jobs <= max_jobs:
        raise UserError("jobs", f"expected a whole number from 1 to {max_jobs}, the cores of this machine, got {jobs}")
    options = SweepOptions(
        random=numbers["random"],
        repeat=1 if repeat is None else repeat,
        folds=folds,
        halving=request.method == "halving",
        search=SAMPLERS[0] if is_search else None,
        trials=numbers["trials"],
        by=request.by or None,
        jobs=jobs or min(max_jobs, DEFAULT_MAX_JOBS),
    )
    return prepare(request.experiment, fields, options)


def describe_sweep(sweep: Sweep, drawn: bool) -> str:
    """Describe a sweep: ``5 learning rates × 3 seeds = 15 runs, in up to 2 processes``.

    ``drawn`` combinations are counted as draws.
    """
    total = sweep.total
    varied: dict[str, set[str]] = {}
    for run in sweep.planned:
        for path, value in run.settings.items():
            varied.setdefault(path, set()).add(repr(value))
    counts = {path: count_values(len(values), path) for path, values in varied.items() if len(values) > 1}
    differing = sweep.differing
    if sweep.search is not None:
        trials = sweep.search.trials
        seeds_and_folds = (count_values(sweep.options.repeat, SEED), count_values(sweep.options.folds or 1, FOLD))
        parts = [
            f"{trials:,} trials" if trials > 1 else "1 trial",
            *(text for path, text in zip((SEED, FOLD), seeds_and_folds, strict=True) if path in differing),
        ]
    elif drawn:
        draws = total // math.prod(len(varied[path]) for path in differing)
        counts = {path: count for path, count in counts.items() if path in differing}
        parts = [format_counted(draws, "random draw"), *counts.values()]
    else:
        parts = list(counts.values())
    runs = format_counted(total, "run")
    processes = f", in up to {sweep.jobs} processes" if sweep.jobs > 1 else ""
    said = " = ".join([" × ".join(parts), runs] if parts else [runs]) + processes
    if sweep.search is not None and sweep.search.trials > BATCH:
        said += f"; {BATCH} at a time, by the scores so far"
    if sweep.stages:
        *cuts, last = sweep.stages
        listed = ", ".join(f"{cut.epochs:,}" for cut in cuts)
        said += f"; the worse half is cut after {listed} of {last.epochs:,} epochs"
    return said


def without_option_signs(reason: str) -> str:
    """Remove the option signs from a sentence of the command line: the app shows options by their names."""
    return reason.replace("--random", "random").replace("--search tpe", "method: search").replace("--search", "search")


def progress_event(leaderboard: Leaderboard, seconds: float) -> messages.SweepProgress:
    """Return the progress after ``seconds``."""
    by = leaderboard.by
    leaders = leaderboard.leaders(MAX_LEADERS)
    lost = len(list(takewhile(lambda row: not _has_score(row, by), reversed(leaderboard.rows))))
    left = leaderboard.seconds_left(seconds)
    entries = tuple(messages.Leader(describe_settings(settings), number_text(value)) for settings, value in leaders)
    return messages.SweepProgress(leaderboard.done, leaderboard.total, lost, by, entries, left, leaderboard.noun)


def finished_event(result: SweepResult) -> messages.SweepFinished:
    """Return the final event of a sweep: the best settings, and the kept runs."""
    done = result.done
    runs = format_counted(result.planned, "run")
    count = f"{done:,} of {runs}" if done < result.planned else f"{runs} in {format_duration(result.seconds)}"
    parts = [f"Sweep ended, {count}." if result.interrupted else f"Sweep done, {count}."]
    if result.rows:
        parts.append(_best_sentence(result))
    if done and result.is_halved:
        parts.append(halving_sentence(result))
    if result.complaint:
        parts.append(result.complaint)
    kept = [
        messages.Kept(row.run, describe_settings(row.settings, LONGEST_NAME))
        for row in _shown_first(result)
        if row.run is not None
    ]
    good = result.best is not None and not result.complaint
    return messages.SweepFinished(" ".join(parts), good, result.by, result.tag, tuple(kept), result.is_replicated)


def failed_event(reason: str) -> messages.SweepFinished:
    """Return the final event of a sweep that could not run."""
    return messages.SweepFinished(f"The sweep has failed: {printable(without_option_signs(reason))}", False)


def _read_integer(name: str, text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise UserError(name, f"expected a whole number, or nothing, got {quoted(text)}")
    return int(text)


def _shown_first(result: SweepResult) -> list[Row]:
    """Return the best rows, that of the best run first, or all of the best settings where these have a band."""
    best = result.best
    group = list(result.groups()[0].rows) if result.is_replicated and result.rows else []
    rows, most = (group, MAX_BAND_RUNS) if len(group) >= MIN_BAND_RUNS else (result.rows, MAX_LISTED_RUNS)
    # The best run may be that of the best settings, not the one of the first row.
    return [*([] if best is None else [best]), *(row for row in rows if row is not best)][:most]


def _best_sentence(result: SweepResult) -> str:
    best = result.best
    if best is None:
        return NO_SCORE
    if not result.is_replicated:
        return f"Best {result.by} {number_text(best.value(result.by))}: {describe_settings(best.settings)}."
    group = result.groups()[0]
    deviation = "" if math.isnan(group.deviation) else f" ± {group.deviation:.2g}"
    settings = describe_settings(group.settings)
    return f"Best {result.by} {number_text(group.mean)}{deviation} on average over {group.replicates}: {settings}."


def _has_score(row: Row, by: str) -> bool:
    return math.isfinite(row.value(by))


if __name__ == "__main__":
    main()
