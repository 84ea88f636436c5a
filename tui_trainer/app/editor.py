"""The part of the training screen that edits the experiment: fields, layers, undo, files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import getters, on, work
from textual.screen import Screen

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.setup.network_panel import NetworkPanel
from tui_trainer.app.setup.panel import Panel
from tui_trainer.errors import ExperimentError
from tui_trainer.experiment.confinement import confined
from tui_trainer.experiment.edit import add_layer, move_layer, remove_layer, with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import share
from tui_trainer.experiment.toml_file import read, write
from tui_trainer.tabs.view import View
from tui_trainer.ui.edits import Edits, HandSet, is_hidden
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.messages import FieldEdited, LayersEdited
from tui_trainer.ui.widgets.message_line import MessageLine

from .tab_bar import Tabs

WEIGHTS = "model.weights"
WEIGHTS_FILE = ".safetensors"


class SetupScreen(Screen[None]):
    """Owns the experiment; a wrong value changes nothing and is told in a sentence."""

    network_panel = getters.query_one(NetworkPanel)
    message_line = getters.query_one(MessageLine)
    tabs = getters.query_one(Tabs)

    def __init__(self, experiment: Experiment, path: Path | None) -> None:
        super().__init__()
        self.edits = Edits(experiment)
        self._path = path
        self._showing = asyncio.Lock()  # keys and messages are worked off beside one another

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is set up now."""
        return self.edits.current

    def hand_over(self, before: Experiment, said: str) -> None:
        """Called with the experiment before an edit, and what to say of it."""
        raise NotImplementedError

    def send_weight(self, index: int, value: float) -> None:
        """Called with a parameter that is to have another value while the run goes on."""
        raise NotImplementedError

    def begin_with(self, weights: Path) -> None:
        """Called with a file of weights that the run is to begin with."""
        raise NotImplementedError

    async def change(self, changed: Experiment, said: str = "") -> None:
        """Make ``changed`` the experiment, if it is another one."""
        before = self.experiment
        if changed != before:
            self.edits.change(changed)
            await self._apply(before, said)

    async def change_field(self, path: str, value: object, said: str = "") -> bool:
        """Give one field another value; a wrong one is told, changes nothing, and returns False."""
        if is_hidden(self.experiment, path):
            self.message_line.say(f"{path} is fixed in this experiment.", "error")
            return False
        try:
            changed = with_field(self.experiment, path, value)
        except ExperimentError as error:
            self.message_line.say(str(error), "error")
            return False
        await self.change(changed, said)
        return True

    async def show_experiment(self) -> None:
        """Show the present experiment in all panels."""
        async with self._showing:
            shown = self.experiment
            self.tabs.show_experiment(shown)
            await self.network_panel.show_layers(shown)
            for panel in self.query(Panel):
                await panel.prepare(shown)
                panel.show(shown)

    async def _apply(self, before: Experiment, said: str) -> None:
        await self.show_experiment()
        self.hand_over(before, said)

    @on(FieldEdited)
    async def _edit_field(self, event: FieldEdited) -> None:
        before, was_invalid = self.experiment, event.field.invalid
        event.field.invalid = not await self.change_field(event.path, event.value)
        if was_invalid and not event.field.invalid and self.experiment == before:
            self.message_line.say("")  # the value from before, typed again

    @on(View.FieldChosen)
    async def _change_from_view(self, event: View.FieldChosen) -> None:
        await self.change_field(event.path, event.value, event.said)

    @on(View.FieldReworked)
    async def _rework_from_view(self, event: View.FieldReworked) -> None:
        await self.change_field(event.path, event.rework(self.experiment), event.said)

    @on(View.WeightSet)
    def _set_weight(self, event: View.WeightSet) -> None:
        if is_hidden(self.experiment, WEIGHTS):
            self.message_line.say("The weights are fixed in this experiment.", "error")
            return
        self.edits.set_by_hand(HandSet(event.index, event.old, event.value))
        self.send_weight(event.index, event.value)
        self.message_line.say(event.said)

    @on(View.Said)
    def _say(self, event: View.Said) -> None:
        self.message_line.say(event.sentence, event.kind)

    @on(LayersEdited)
    async def _edit_layers(self, event: LayersEdited) -> None:
        await self.run_action(event.action)

    async def action_add_layer(self) -> None:
        if self._layers_are_fixed():
            return
        chosen = self.network_panel.chosen
        index = 0 if chosen is None else chosen + 1
        try:
            changed = add_layer(self.experiment, index)
        except ExperimentError as error:
            self.message_line.say(str(error), "error")
            return
        await self.change(changed)
        self.network_panel.choose(index)

    async def action_remove_layer(self) -> None:
        if self._layers_are_fixed():
            return
        chosen = self.network_panel.chosen
        if chosen is None:
            self.message_line.say("There is no hidden layer to remove: this is a perceptron.")
            return
        changed = remove_layer(self.experiment, chosen)
        await self.change(changed, f"Layer {chosen + 1} removed; u brings it back.")

    async def action_move_layer(self, offset: int) -> None:
        chosen = self.network_panel.chosen
        if chosen is None or not 0 <= chosen + offset < len(self.experiment.model.layers) or self._layers_are_fixed():
            return
        await self.change(move_layer(self.experiment, chosen, offset))
        self.network_panel.choose(chosen + offset)

    def _layers_are_fixed(self) -> bool:
        fixed = is_hidden(self.experiment, "model.layers")
        if fixed:
            self.message_line.say("The layers are fixed in this experiment.", "error")
        return fixed

    async def action_undo(self) -> None:
        before = self.experiment
        edit = self.edits.undo()
        if isinstance(edit, HandSet):
            self.send_weight(edit.index, edit.old)
            self.message_line.say(f"The weight set by hand is back at {edit.old:.5g}; {key_of('redo')} sets it again.")
        elif edit is not None:
            await self._apply(before, f"Undone; {key_of('redo')} makes it again.")
        else:
            self.message_line.say("Nothing to undo.")

    async def action_redo(self) -> None:
        before = self.experiment
        edit = self.edits.redo()
        if isinstance(edit, HandSet):
            self.send_weight(edit.index, edit.value)
            self.message_line.say(f"The weight is {edit.value:.5g} again.")
        elif edit is not None:
            await self._apply(before, "Done again.")
        else:
            self.message_line.say("Nothing to do again.")

    def action_share(self) -> None:
        """Copy the experiment as a word that opens it elsewhere."""
        word = share(self.experiment)
        self.app.copy_to_clipboard(word)
        self.message_line.say(f"Copied; tui-trainer and this word open it: {word}", "good")

    @work
    async def action_open(self) -> None:
        question = f"Open the experiment, or weights ({WEIGHTS_FILE})"
        path = await self.app.push_screen_wait(AskPath(question, str(self._path or "")))
        if path is None:
            return
        try:
            file = confined(path)
            if path.endswith(WEIGHTS_FILE):
                self.begin_with(file)
                return
            opened = read(file)
        except ExperimentError as error:
            self.message_line.say(str(error), "error")
            return
        self._path = file
        await self.change(opened)
        self.message_line.say(f"Opened {path}.")

    @work
    async def action_save(self) -> None:
        suggestion = self._path or Path(f"{self.experiment.name}.toml")
        path = await self.app.push_screen_wait(AskPath("Save the experiment as", str(suggestion)))
        if path is None:
            return
        try:
            file = confined(path)
            write(self.experiment, file)
        except (ExperimentError, OSError) as error:
            self.message_line.say(f"Not saved: {error}", "error")
            return
        self._path = file
        self.message_line.say(f"Saved as {path}.", "good")
