"""Training without a screen: a progress bar on a terminal, plain lines in a pipe, or one JSON object."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tui_trainer.console import check_writable, fall_silent, finite, not_writable
from tui_trainer.exit_codes import DIVERGED, INTERRUPTED
from tui_trainer.experiment.schema import Experiment
from tui_trainer.export.history_csv import history_csv
from tui_trainer.runtime.trained import begin_with_file
from tui_trainer.training.session import Session

SLICE = 0.1  # seconds of training between two looks
LINES = 20  # printed in a pipe, about
FEW_PARAMETERS = 12  # whose values are printed


def train(
    experiment: Experiment, history: Path | None = None, as_json: bool = False, weights: Path | None = None
) -> int:
    """Train ``experiment`` to its end; returns the exit code. ExperimentError where it makes no sense.

    ``weights`` is a file of exported weights to begin with.
    """
    session = Session()
    session.load(experiment)
    if not as_json:
        for note in session.dataset.notes:  # what was done with the user's file
            print(note)
    if weights is not None:
        begin_with_file(session, weights)
    if history is not None:
        check_writable(history, "--history")
    started = time.perf_counter()
    session.train()
    interrupted = False
    try:
        follow(session, quiet=as_json, heard_or_not=history is not None)
    except KeyboardInterrupt:
        session.pause()
        interrupted = True
    seconds = time.perf_counter() - started
    if history is not None:
        write_history(session, history)
    result = summarize(session, seconds)
    print(json.dumps(finite(result), indent=2) if as_json else _sentences(session, result, interrupted))
    if interrupted:
        return INTERRUPTED
    return DIVERGED if session.state == "diverged" else 0


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


def summarize(session: Session, seconds: float) -> dict[str, Any]:
    """The result of a run: state, counts, newest values, training scores, and the weights if they are few."""
    trainer, parts = session.trainer, session.split
    model = trainer.model
    result: dict[str, Any] = {
        "state": session.state,
        "message": session.sentence,
        "epochs": trainer.epochs,
        "steps": trainer.steps,
        "seconds": round(seconds, 3),
        "parameters": model.count_params(),
        "values": session.values,
        "training": trainer.evaluate(parts.x_train, parts.y_train),
    }
    if model.count_params() <= FEW_PARAMETERS:
        result["weights"] = [weights.tolist() for weights in model.get_weights()]
    return result


def write_history(session: Session, path: Path) -> None:
    """One row an epoch, as Keras's CSVLogger writes them; ExperimentError where the file can't be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            file.write(history_csv(session.history.columns(0)))
    except OSError as error:  # the disk is full, say
        raise not_writable(path, "--history", error) from error


def _with_bar(session: Session) -> None:
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


def _sentences(session: Session, result: dict[str, Any], interrupted: bool) -> str:
    lines = ["Interrupted." if interrupted else session.sentence]
    if session.state == "diverged":
        if session.remedy is not None:
            changes = [f"{field} = {str(value).lower()}" for field, value in session.remedy.changes.items()]
            lines.append(f"Try {' and '.join(changes)}.")
        lines.append("The weights from before the last update are kept.")
    lines.append(f"{result['steps']:,} steps in {result['seconds']:.2f} s; training: {_values(result['training'])}")
    if "weights" in result:
        lines += _weight_lines(session)
    return "\n".join(lines)


def _weight_lines(session: Session) -> list[str]:
    """The kernel and the bias of each layer of a small model, in the book's letters."""
    lines = []
    parameters = session.trainer.model.parameters
    for number, (kernel, bias) in enumerate(zip(parameters.kernels, parameters.biases, strict=True), start=1):
        layer = f" of layer {number}" if len(parameters.kernels) > 1 else ""
        lines.append(f"w{layer} = {', '.join(map(_weight, kernel.ravel()))}")
        if bias is not None:
            lines.append(f"b{layer} = {', '.join(map(_weight, bias))}")
    return lines


def _weight(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.4e}"
