"""What the trainer does beside a run, such that no step waits for it: reading files, predicting them, trying rates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tui_trainer import protocol
from tui_trainer.datasets.dataset import OnProgress, ReadingStopped
from tui_trainer.datasets.split import Split
from tui_trainer.errors import UserError, path_in_quotes
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.export.trained import TrainedModel, trained
from tui_trainer.files import reason_not_to_predict, write_output
from tui_trainer.system.files import reason_of
from tui_trainer.training.rates import scan_rates
from tui_trainer.training.session import Session

from .connection import CommandQueue, start_thread

if TYPE_CHECKING:
    from tui_trainer.datasets.preview import Previewer

PROGRESS_AFTER = 0.2  # seconds; faster reading is not reported
PROGRESS_EVERY = 0.1  # seconds
STOPPED = "reading the file was stopped; r reads it again, u undoes the last change"


def now_and_then(report: Callable[[float], None], goes_on: Callable[[], bool]) -> OnProgress:
    """Return a progress callback that reports what is done if that takes long, and asks each time whether to go on."""
    due = time.perf_counter() + PROGRESS_AFTER

    def on_progress(fraction: float) -> bool:
        nonlocal due
        now = time.perf_counter()
        if now >= due:
            due = now + PROGRESS_EVERY
            report(fraction)
        return goes_on()

    return on_progress


class FileLoading:
    """Reports the progress of loading files, and computes previews of files."""

    def __init__(self, commands: CommandQueue, send: Callable[[protocol.AnyReport], None]) -> None:
        self._commands, self._send = commands, send

    @cached_property
    def _previewer(self) -> Previewer:
        from tui_trainer.datasets.preview import Previewer  # and all that reads files: not before one is looked at

        return Previewer()

    def watcher(self, run: int) -> OnProgress:
        """Return the progress callback of ``Session.load`` for ``run``."""

        def report(fraction: float) -> None:
            self._send(protocol.LoadingProgress(run, fraction))

        return now_and_then(report, lambda: not self._commands.stops_loading())

    def stopped(self, run: int) -> None:
        """Report that loading was stopped, unless a newer run is about to be loaded."""
        if not self._commands.replaces_run():
            self._send(protocol.Refused(run, "dataset.path", STOPPED))

    def preview(self, config: DatasetConfig, number: int) -> None:
        """Send the preview of a file."""
        self._send(protocol.Previewed(number, self._previewer.preview(config)))


class FilePredicting:
    """Predicts the rows of a file, one file at a time, in a thread of its own: no step waits for it."""

    def __init__(self, send: Callable[[protocol.AnyReport], None]) -> None:
        self._send = send
        self._is_stopped = threading.Event()
        self._is_under_way = False

    def start(self, command: protocol.Predict, session: Session, run: int) -> None:
        """Start predicting with the weights as they are now; the end of it is reported."""
        if self._is_under_way:
            self._send(protocol.Notice(run, "Not predicted: another file is being predicted; wait for it, or stop it."))
            return
        self._is_under_way = True
        self._is_stopped.clear()
        start_thread(self._run, command, trained(session), session.requested.dataset.paths, run)

    def stop(self) -> None:
        """Stop predicting; nothing is written."""
        self._is_stopped.set()

    def _run(self, command: protocol.Predict, model: TrainedModel, data_files: tuple[str, ...], run: int) -> None:
        try:
            sentence, good = self._predict(command, model, data_files, run)
        except UserError as error:
            sentence, good = f"Not predicted: {error.reason}", False
        except ReadingStopped:
            sentence, good = "Predicting was stopped; nothing is written.", False
        except MemoryError:
            sentence, good = "Not predicted: the memory of this machine is too small for so many rows.", False
        except OSError as error:
            sentence, good = f"{path_in_quotes(command.to)} can't be written: {reason_of(error)}", False
        self._is_under_way = False
        self._send(protocol.Predicted(run, sentence, good))

    def _predict(
        self, command: protocol.Predict, model: TrainedModel, data_files: tuple[str, ...], run: int
    ) -> tuple[str, bool]:
        """Write the predictions; return what was predicted, and whether any row was."""
        from tui_trainer.export.predictions import described_in_a_line, predict_file

        to = Path(command.to)

        def check() -> None:
            if reason := reason_not_to_predict(to, command.source, data_files, command.overwrite):
                raise UserError("", f"{path_in_quotes(command.to)} {reason}")

        def report(fraction: float) -> None:
            self._send(protocol.PredictingProgress(run, fraction))

        check()
        on_progress = now_and_then(report, lambda: not self._is_stopped.is_set())
        predictions = predict_file(model, command.source, on_progress)
        check()  # it may be there by now
        write_output(to, b"".join(predictions.csv))
        sentence = described_in_a_line(predictions, path_in_quotes(command.to))
        sentence += "" if model.steps else " The network is not trained yet."
        return sentence, len(predictions.faults) < len(predictions.outputs)


class RateFinding:
    """Tries learning rates, once at a time, in a thread of its own: no step waits for it."""

    def __init__(self, send: Callable[[protocol.AnyReport], None]) -> None:
        self._send = send
        self._stop = threading.Event()  # of the thread that was started last

    def start(self, experiment: Experiment, parts: Split, run: int) -> None:
        """Start with a resolved experiment and its data; what is found is reported."""
        self.stop()
        self._stop = threading.Event()
        start_thread(self._run, experiment, parts, run, self._stop)

    def stop(self) -> None:
        """Stop it; nothing is reported."""
        self._stop.set()

    def _run(self, experiment: Experiment, parts: Split, run: int, stop: threading.Event) -> None:
        try:
            scan = scan_rates(experiment, parts, stop.is_set)
        except UserError as error:
            self._send(protocol.RatesFound(run, reason=error.reason))
        except MemoryError:
            self._send(protocol.RatesFound(run, reason="The memory of this machine is too small for it."))
        else:
            if scan is not None:
                found = tuple(scan.rates), tuple(scan.losses.tolist()), scan.first_loss, scan.steps, scan.suggestion
                self._send(protocol.RatesFound(run, *found))
