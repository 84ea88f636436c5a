"""The part of the training screen that opens data of the user's own, and tells of their reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work

from tui_trainer.app.dialogs.preview_data import name_of
from tui_trainer.app.setup.data_panel import DatasetField
from tui_trainer.datasets.catalog import choose_file
from tui_trainer.errors import printable
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.protocol.commands import Pause, Preview
from tui_trainer.protocol.reports import AnyReport, Loaded, LoadingProgress, Previewed, Refused
from tui_trainer.ui.keymap import key_of

from .lessons import LessonScreen
from .trainer_link import TRAIN

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.preview_data import PreviewData


class OwnDataScreen(LessonScreen):
    """Asks for a file and shows what it comes to; nothing is changed before the user takes it."""

    _preview: PreviewData | None = None
    _reading = False  # a file, for the newest load
    _notes: tuple[str, ...] = ()  # of the data that were told of last

    async def _show_report(self, report: AnyReport) -> None:
        match report:
            case Previewed():
                if self._preview is not None and self._preview.is_attached:
                    self._preview.show(report.run, report.preview)
            case LoadingProgress() if report.run == self._run:
                self._reading = True
                name = name_of(self.experiment.dataset.path or "")
                self.message_line.say(f"Reading {name}: {report.fraction:.0%}; {key_of(TRAIN)} stops it.")
            case _:
                if isinstance(report, Loaded | Refused) and report.run == self._run and self._reading:
                    self._reading = False
                    self.message_line.say("")
                await super()._show_report(report)
                if isinstance(report, Loaded) and report.run == self._run:
                    self._tell_notes(report.dataset.notes)

    def _tell_notes(self, notes: tuple[str, ...]) -> None:
        """Say what was done with the user's file, once."""
        if notes != self._notes:
            self._notes = notes
            if notes:
                self.message_line.say(printable(" ".join(notes)))

    def action_toggle_training(self) -> None:
        """Train or pause; while a file is read, stop that."""
        if self._reading:
            self.client.send(Pause())
        else:
            super().action_toggle_training()

    @on(DatasetField.OwnFileWanted)
    def _open_data(self, event: DatasetField.OwnFileWanted) -> None:
        event.stop()
        self.action_open_data()

    @work(exclusive=True, group="open data")
    async def action_open_data(self) -> None:
        """Ask for a file, show what it comes to, and make it the dataset if it is taken: one edit."""
        if is_hidden(self.experiment, "dataset") or is_hidden(self.experiment, "dataset.path"):
            self.message_line.say("The data are fixed in this experiment.", "error")
            return
        from tui_trainer.app.dialogs.pick_file import PickFile

        before = self.experiment.dataset
        path = await self.app.push_screen_wait(PickFile(before.path or ""))
        config = None if path is None else await self._preview_of(choose_file(before, path))
        if config is None:
            await self.show_experiment()  # the list of datasets may say "own file" where there is none
            return
        said = f"{name_of(config.path or '')} is the dataset now; u takes it back."
        await self.change_field("dataset", to_plain(config), said)

    async def _preview_of(self, config: DatasetConfig) -> DatasetConfig | None:
        """The configuration to read the file with, once the user has taken it."""
        from tui_trainer.app.dialogs.preview_data import PreviewData

        try:
            (config.path or "").encode()
        except UnicodeEncodeError:
            self.message_line.say("The name of that file is not valid Unicode; rename the file.", "error")
            return None
        self._preview = PreviewData(config, self._ask)
        try:
            return await self.app.push_screen_wait(self._preview)
        finally:
            self._preview = None

    def _ask(self, config: DatasetConfig, number: int) -> None:
        self.client.send(Preview(config, number))
