"""How far a sweep has come: a bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from .results import Row
from .scheduler import OnRow, Sweep
from .tables import number, told
from .tally import Tally


@contextmanager
def progress(swept: Sweep, quiet: bool) -> Iterator[OnRow | None]:
    """What is called with each row: a bar on a terminal, a line for each run in a pipe, nothing where ``quiet``."""
    if quiet:
        yield None
    elif not sys.stdout.isatty():
        yield _Lines(swept)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        text = TextColumn("{task.description}", markup=False)
        with Progress(BarColumn(None), text, TimeRemainingColumn(compact=True), console=Console(), expand=True) as bar:
            task = bar.add_task(f"0/{len(swept.planned)} runs", total=len(swept.planned))
            tally = Tally(swept.by, len(swept.planned))

            def advance(row: Row) -> None:
                tally.add(row)
                bar.update(task, advance=1, description=tally.line())

            yield advance


class _Lines:
    """Prints a line for each run, in the order of their numbers, however they end."""

    def __init__(self, swept: Sweep) -> None:
        self._by, self._total = swept.by, len(swept.planned)
        self._waiting: dict[int, Row] = {}
        self._next = 1

    def __call__(self, row: Row) -> None:
        self._waiting[row.number] = row
        while (ready := self._waiting.pop(self._next, None)) is not None:
            end = f"{self._by} {number(ready.value(self._by))}" if self._by in ready.scores else ready.message
            print(f"run {ready.number}/{self._total}  {told(ready.settings)}  {end}", flush=True)
            self._next += 1
