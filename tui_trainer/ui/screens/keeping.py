"""The part of the training screen that opens and edits runs of the store, and lays them beside the present one."""

from __future__ import annotations

from pathlib import Path

from textual import on

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol.commands import Resume
from tui_trainer.protocol.reports import Opened
from tui_trainer.ui.text import plain

from ..keymap import key_of
from ..messages import RunOpened, RunsChosen, RunsEdited, UndoAsked
from .returning import TRAIN, ReturningScreen

LOSS = "loss"


class KeepingScreen(ReturningScreen):
    """Hands on what is wanted of stored runs."""

    def __init__(self, experiment: Experiment, path: Path | None = None) -> None:
        super().__init__(experiment, path)
        self._is_opening = False  # a run that was chosen, rather than one that was offered

    @on(RunOpened)
    def _open_run(self, event: RunOpened) -> None:
        self._run += 1
        self._is_opening = True
        self.edits.forget_weights()
        self.client.send(Resume(event.run, self._run))

    async def show_opened(self, opened: Opened) -> None:
        """Take on the experiment of a run that is under work now, and show its curves."""
        await self._take_on(opened.experiment)
        if self._is_opening:
            self._is_opening = False
            self.tabs.active = LOSS
            self.message_line.say(f"Opened {plain(opened.name)} at epoch {opened.epoch:,}; {key_of(TRAIN)} trains on.")

    @on(RunsEdited)
    def _edit_runs(self, event: RunsEdited) -> None:
        self.client.send(event.command)

    @on(UndoAsked)
    async def _undo(self) -> None:
        await self.action_undo()

    @on(RunsChosen)
    def _lay_beside(self, event: RunsChosen) -> None:
        loss = self.tabs.made(LOSS)
        if loss is not None:
            loss.lay_beside(event.chosen)  # type: ignore[attr-defined]
