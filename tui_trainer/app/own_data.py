"""The user's own data: asks for a file and shows a preview of it before it becomes the dataset; predicts new rows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui_trainer.app.dialogs.dialog import AskPath, Confirm
from tui_trainer.app.dialogs.preview_data import name_of
from tui_trainer.datasets.catalog import choose_file
from tui_trainer.errors import plain
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import DatasetConfig
from tui_trainer.experiment.validation import to_plain
from tui_trainer.files import confined, free_name, is_file, reason_not_to_predict
from tui_trainer.protocol import (
    AnyReport,
    Attached,
    Crashed,
    Loaded,
    Predict,
    Predicted,
    PredictingProgress,
    Preview,
    Previewed,
    StopPredicting,
)
from tui_trainer.ui.keymap import key_of

from .controller import Controller

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.preview_data import PreviewData

    from .screen import MainScreen

PACKED = (".gz", ".bz2", ".xz", ".zip")  # suffixes after that of the kind of file


class OwnData(Controller):
    """Opens the user's own files; nothing changes before the user accepts the preview."""

    name = "own_data"

    def __init__(self, screen: MainScreen) -> None:
        super().__init__(screen)
        self._preview: PreviewData | None = None
        self._predicted = ""  # the file whose rows were predicted last
        self._is_predicting = False
        self._said = ""  # of its progress, as shown last
        self._notes: tuple[str, ...] = ()  # on the data, as shown last

    async def on_report(self, report: AnyReport) -> bool:
        match report:
            case Previewed():
                if self._preview is not None and self._preview.is_attached:
                    self._preview.show(report.run, report.preview)
            case PredictingProgress():
                self._show_predicting(f"{report.fraction:.0%}")
            case Predicted():
                self._is_predicting = False
                self.show_message(report.sentence, "good" if report.good else "error")
            case Crashed() | Attached():  # another trainer
                self._is_predicting = False
            case Loaded():
                self._show_notes(report.dataset.notes)
        return False

    def _show_notes(self, notes: tuple[str, ...]) -> None:
        """Show once what was done with the user's file."""
        if notes != self._notes:
            self._notes = notes
            if notes:  # which take the place of the offer
                offer = f"{key_of('fix')} takes good settings for own files." if self.screen.editor.has_offer else ""
                self.show_message(" ".join([*notes, offer]).strip())

    async def action_open_data(self) -> None:
        """Ask for a file, show a preview, and make it the dataset if the user accepts: one edit."""
        if not self.converse(self._open_data):
            await self.screen.editor.show_experiment()  # the list of datasets may say "own file" where there is none

    async def _open_data(self) -> None:
        editor = self.screen.editor
        if is_hidden(editor.experiment, "dataset") or is_hidden(editor.experiment, "dataset.path"):
            self.show_message("The data are fixed in this experiment.", "error")
            return
        from tui_trainer.app.dialogs.pick_file import PickFile

        before = editor.experiment.dataset
        path = await self.screen.dialogs.ask(PickFile(before.path or ""))
        config = None if path is None else await self._ask_with_preview(self._with_target(choose_file(before, path)))
        if config == self._with_target(before):
            config = before
        if config is None:
            await editor.show_experiment()  # the list of datasets may say "own file" where there is none
            return
        message = f"{name_of(config.path or '')} is now the dataset; u undoes it."
        await editor.change_field("dataset", to_plain(config), message)

    def action_predict_rows(self) -> None:
        """Ask for a file of new rows and for one to write, and have the trainer predict them."""
        self.converse(self._predict_rows)

    async def _predict_rows(self) -> None:
        if self.screen.trainer.loaded is None:
            self.show_message("Nothing is loaded that could predict.", "error")
            return
        if self._is_predicting:
            name = name_of(self._predicted)
            self.show_message(f"The rows of {name} are being predicted; {key_of('leave')} stops it.", "error")
            return
        from tui_trainer.app.dialogs.pick_file import PickFile

        folder = os.path.dirname(self._predicted or self.screen.experiment.dataset.path or "")
        picked = await self.screen.dialogs.ask(PickFile(os.path.join(folder, ""), "Predict the rows of a file"))
        if picked is None:
            return
        self._predicted, source = picked, confined(picked)
        suggestion = os.path.join(os.path.dirname(picked), free_name(source.parent, f"{_stem(picked)}_predicted.csv"))
        path = await self.screen.dialogs.ask(AskPath("Write the predictions to the file", suggestion))
        if path is None:
            return
        to = confined(path)
        if reason := reason_not_to_predict(to, str(source), self.screen.experiment.dataset.paths, overwrite=True):
            self.show_message(f"Not predicted: {plain(path)} {reason}.", "error")
            return
        exists = is_file(to)
        if exists and not await self.screen.dialogs.ask(Confirm(f"{plain(path)} exists. Overwrite it?")):
            return
        self._is_predicting = True
        self.show_message("")
        self._said = ""
        self._show_predicting("0%")
        self.screen.trainer.client.send(Predict(os.path.abspath(source), os.path.abspath(to), exists))

    def _show_predicting(self, done: str) -> None:
        """Show how much of the file is predicted, unless the message line says something else by now."""
        line = self.screen.message_line
        if str(line.content) == self._said and self._is_predicting:
            self.show_message(f"Predicting the rows of {name_of(self._predicted)}: {done}; {key_of('leave')} stops it.")
            self._said = str(line.content)

    def stop_predicting(self) -> bool:
        """Stop predicting the rows of a file; return whether that was under way."""
        if self._is_predicting:
            self.screen.trainer.client.send(StopPredicting())
        return self._is_predicting

    def _with_target(self, config: DatasetConfig) -> DatasetConfig:
        """Return ``config`` of the file that is open with its target, which is not guessed anew."""
        loaded, before = self.screen.trainer.loaded, self.screen.editor.experiment.dataset
        if loaded is None or config.target is not None or config.path is None or config != before:
            return config
        return replace(config, target=loaded.dataset.targets[0])

    async def _ask_with_preview(self, config: DatasetConfig) -> DatasetConfig | None:
        """Show what ``config`` reads from its file; returns the configuration that the user accepts, if any."""
        from tui_trainer.app.dialogs.preview_data import PreviewData

        try:
            (config.path or "").encode()
        except UnicodeEncodeError:
            self.show_message("The name of that file is not valid Unicode; rename the file.", "error")
            return None
        send = self.screen.trainer.client.send
        preview = self._preview = PreviewData(config, lambda config, number: send(Preview(config, number)))
        try:
            return await self.screen.dialogs.ask(preview)
        finally:
            if self._preview is preview:
                self._preview = None


def _stem(path: str) -> str:
    """Return the name of a file without its last suffix, and without a second one of a packed file."""
    stem, suffix = os.path.splitext(os.path.basename(path))
    return os.path.splitext(stem)[0] if suffix.lower() in PACKED else stem
