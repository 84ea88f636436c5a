"""Commands that concern the loaded session alone, carried out; what is to be told of them comes back."""

from __future__ import annotations

from pathlib import Path

from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.protocol.commands import AnyCommand, Epoch, Export, Pause, SetWeight, Step, SwapBest, Train, Tune
from tui_trainer.protocol.reports import Notice
from tui_trainer.training.session import Session

from .trained import begin_with_file, trained

PATH_LENGTH = 200  # shown of a path


def carry_out(session: Session, command: AnyCommand, run: int) -> Notice | None:
    """Do what ``command`` asks of ``session``, which has loaded run number ``run``."""
    match command:
        case Train():
            session.train()
        case Pause():
            session.pause()
        case Step():
            session.step()
        case Epoch():
            session.epoch()
        case Tune():
            session.tune(command.training)
        case SetWeight():
            session.set_weight(command.index, command.value)
        case SwapBest():
            return Notice(run, session.swap_best(), good=True)
        case Export():
            return _export(session, command, run)
    return None


def begin(session: Session, weights: str, run: int) -> Notice:
    """Begin the run with the weights in a file, where they fit."""
    try:
        begin_with_file(session, Path(weights))
    except ExperimentError as error:
        return Notice(run, str(error))
    return Notice(run, f"The run begins with the weights of {quoted(weights, PATH_LENGTH)}.", good=True)


def _export(session: Session, command: Export, run: int) -> Notice:
    from tui_trainer.export.folder import write_folder  # a twentieth of a second that no start should wait for

    try:
        names = write_folder(trained(session, command.best), Path(command.folder), command.formats)
    except ExperimentError as error:
        return Notice(run, f"Not exported: {error}")
    return Notice(run, f"Exported {len(names)} files to {quoted(command.folder, PATH_LENGTH)}.", good=True)
