"""Output of the commands: checks of files to be written, values for JSON, and the progress of a training.

Imports neither Rich nor the engine before they are needed: exports use this module, in the app as well.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .errors import UserError

if TYPE_CHECKING:
    from tui_trainer.training.session import Session

SLICE = 0.1  # seconds of training between two looks
LINES = 20  # printed in a pipe, about


def check_writable(path: Path, option: str) -> None:
    """ExperimentError, which names ``option``, where ``path`` can't be written: said before the work, not after it."""
    try:
        with path.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise not_writable(path, option, error) from error


def not_writable(path: Path, option: str, error: OSError) -> UserError:
    """The error for a file that can't be written."""
    return UserError(option, f"cannot write {str(path)!r}: {error.strerror or error}; give another path")


def fall_silent() -> None:
    """Let what is printed from now on go nowhere, and what could not be printed with it."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def finite(value: Any) -> Any:
    """``value``, with what is in it, for JSON, which has no nan and no inf: they become null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def follow(session: Session, quiet: bool = False, heard_or_not: bool = False) -> None:
    """Advance a session that trains until it does no more, told as the output allows, or ``quiet``.

    Where the reader of a pipe leaves, as head does, that is the end, unless it is to go on ``heard_or_not``: there
    is a file to be written still.
    """
    if quiet:
        session.advance_to_end()
    elif sys.stdout.isatty():
        _with_bar(session)
    else:
        try:
            _with_lines(session)
        except BrokenPipeError:
            if not heard_or_not:
                raise
            fall_silent()
            session.advance_to_end()


def _with_bar(session: Session) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(None), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=Console(), expand=True) as progress:
        task = progress.add_task("", total=session.epochs_wanted)
        while session.state == "running":
            session.advance(SLICE)
            text = f"epoch {session.trainer.epochs}/{session.epochs_wanted}  {_values(session.values)}"
            progress.update(task, completed=session.trainer.epochs, description=text)


def _with_lines(session: Session, stream: TextIO | None = None) -> None:
    every = max(1, session.epochs_wanted // LINES)
    seen = 0
    while session.state == "running":
        session.advance(SLICE)
        for row in session.history.rows(seen):
            seen = int(row.pop("epoch"))
            if seen % every == 0 or seen in (1, session.epochs_wanted):
                print(f"epoch {seen}/{session.epochs_wanted}  {_values(row)}", file=stream, flush=True)


def _values(values: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.6g}" for name, value in values.items() if name != "batch_loss")
