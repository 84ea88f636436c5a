"""What commands share: progress of training on a terminal or in a pipe, files to write, and values for JSON.

Rich and the engine are imported only when they are needed, since exports use this module, in the app as well.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .errors import UserError, path_in_quotes, plain
from .measures import target_of
from .system.files import reason_of

if TYPE_CHECKING:
    from tui_trainer.training.session import Session

SLICE = 0.1  # seconds of training between two updates of the progress
LINES = 20  # printed in a pipe, about


def check_writable(path: Path, option: str) -> None:
    """Raise UserError, naming ``option``, if ``path`` can't be written; called before the work, not after it."""
    try:
        files.check_writable(path)
    except (OSError, ValueError) as error:
        raise _not_writable(path, option, error) from error


def check_replaceable(
    path: Path, option: str, data_files: Sequence[str], is_ours: Callable[[bytes], bool], overwrite: bool
) -> None:
    """Raise UserError, naming ``option``, if ``path`` is a file that must stay, or ``--force`` would be needed."""
    reason = files.reason_to_keep(path, data_files, is_ours, overwrite, "--force")
    if reason:
        raise UserError(option, f"{path_in_quotes(path)} {reason}")


def write_text(path: Path, option: str, text: str) -> None:
    """Write a file whole or not at all; raise UserError, naming ``option``, if it can't be written."""
    try:
        files.write_output(path, text.encode())
    except (OSError, ValueError) as error:
        raise _not_writable(path, option, error) from error


def _not_writable(path: Path, option: str, error: OSError | ValueError) -> UserError:
    """Return the error for a file that can't be written."""
    why = reason_of(error) if isinstance(error, OSError) else str(error)
    return UserError(option, f"cannot write {path_in_quotes(path)}: {why}; give another path")


def silence_stdout() -> None:
    """Discard all further output, and what is still buffered."""
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), sys.stdout.fileno())


def finite(value: Any) -> Any:
    """Return ``value`` for JSON: nan and inf, also inside of it, become null."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _nothing() -> None: ...


def train_to_end(
    session: Session, quiet: bool = False, go_on_silently: bool = False, after_slice: Callable[[], None] = _nothing
) -> OSError | None:
    """Advance a training session until it ends, and show its progress unless ``quiet``.

    ``after_slice`` is called now and then, and at the end, for those who follow the epochs.

    If the output can't be written any more, since the reader of a pipe has closed it or the disk is full, that error is
    raised; with ``go_on_silently``, as there is still a file to write, it is returned when training has ended.
    """
    if quiet:
        _advance(session, after_slice)
    elif sys.stdout.isatty():
        _show_bar(session, after_slice)
    else:
        try:
            _print_lines(session, after_slice)
        except OSError as error:
            if not go_on_silently:
                raise
            silence_stdout()
            _advance(session, after_slice)
            return error
    return None


def _advance(session: Session, after_slice: Callable[[], None]) -> None:
    while session.state == "running":
        session.advance(SLICE)
        after_slice()


def _show_bar(session: Session, after_slice: Callable[[], None]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(None), TextColumn("{task.description}"), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=Console(), expand=True) as progress:
        task = progress.add_task("", total=session.target_epochs)
        while session.state == "running":
            session.advance(SLICE)
            after_slice()
            text = f"epoch {session.trainer.epochs}/{session.target_epochs}  {format_values(session.values)}"
            progress.update(task, completed=session.trainer.epochs, description=text)


def _print_lines(session: Session, after_slice: Callable[[], None]) -> None:
    every = max(1, session.target_epochs // LINES)
    epoch = 0
    while session.state == "running":
        session.advance(SLICE)
        after_slice()
        for row in session.history.rows(epoch):
            epoch = int(row.pop("epoch"))
            if epoch % every == 0 or epoch in (1, session.target_epochs):
                print(f"epoch {epoch}/{session.target_epochs}  {format_values(row)}", flush=True)


def format_values(values: Mapping[str, float]) -> str:
    """Return values by name in one line, without those of one of several targets."""
    return "  ".join(
        f"{name} {value:.6g}" for name, value in values.items() if name != "batch_loss" and target_of(name) is None
    )


def lines_of_targets(values: Mapping[str, float], targets: Sequence[str]) -> list[str]:
    """Return a line for each of several ``targets`` with its own values; none where there is one alone."""
    lines = []
    for index, target in enumerate(targets):
        own = {name.partition("[")[0]: value for name, value in values.items() if target_of(name) == index}
        lines += [f"  {plain(target)}: {format_values(own)}"] if own else []
    return lines
