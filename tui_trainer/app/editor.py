"""The part of the training screen that edits the experiment: fields, layers, undo, files."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace
from textual import getters, on, work
from textual.screen import Screen

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.setup.network_panel import LayersEdited, NetworkPanel
from tui_trainer.app.setup.panel import Panel
from tui_trainer.datasets.catalog import CATALOG, ToySet
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import add_layer, is_hidden, move_layer, remove_layer, with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.share import share
from tui_trainer.experiment.toml_file import read, write
from tui_trainer.files import confined
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.fields import FieldEdited
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.status_lines import MessageLine

from .tab_bar import Tabs

WEIGHTS = "model.weights"
WEIGHTS_FILE = ".safetensors"
DEPTH = 200
HIGHEST_RATE = 1e6


class SetupScreen(Screen[None]):
    """Owns the experiment; a wrong value changes nothing and is told in a sentence."""

    network_panel = getters.query_one(NetworkPanel)
    message_line = getters.query_one(MessageLine)
    tabs = getters.query_one(Tabs)

    def __init__(self, experiment: Experiment, path: Path | None) -> None:
        super().__init__()
        self.edits = UndoHistory(experiment)
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
        except UserError as error:
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

    @on(TabView.FieldChosen)
    async def _change_from_view(self, event: TabView.FieldChosen) -> None:
        await self.change_field(event.path, event.value, event.said)

    @on(TabView.FieldReworked)
    async def _rework_from_view(self, event: TabView.FieldReworked) -> None:
        await self.change_field(event.path, event.rework(self.experiment), event.said)

    @on(TabView.WeightSet)
    def _set_weight(self, event: TabView.WeightSet) -> None:
        if is_hidden(self.experiment, WEIGHTS):
            self.message_line.say("The weights are fixed in this experiment.", "error")
            return
        self.edits.set_by_hand(HandSet(event.index, event.old, event.value))
        self.send_weight(event.index, event.value)
        self.message_line.say(event.said)

    @on(TabView.Said)
    def _say(self, event: TabView.Said) -> None:
        self.message_line.say(event.sentence, event.kind)

    @on(LayersEdited)
    async def _edit_layers(self, event: LayersEdited) -> None:
        await self.run_action(event.action)

    async def action_add_layer(self) -> None:
        if self._layers_are_fixed():
            return
        chosen = self.network_panel.chosen
        index = 0 if chosen is None else chosen + 1
        await self.change(add_layer(self.experiment, index))
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
        except UserError as error:
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
        except (UserError, OSError) as error:
            self.message_line.say(f"Not saved: {error}", "error")
            return
        self._path = file
        self.message_line.say(f"Saved as {path}.", "good")


@dataclass(frozen=True, slots=True)
class HandSet:
    """A parameter of the run, set by hand."""

    index: int
    old: float
    value: float


class UndoHistory:
    """A line of experiments with a place on it; between them stand the weights set by hand meanwhile."""

    def __init__(self, experiment: Experiment) -> None:
        self._past: list[Experiment | HandSet] = []
        self._future: list[Experiment | HandSet] = []
        self.current = experiment

    def change(self, experiment: Experiment) -> None:
        """Go on to ``experiment``; what had been undone is forgotten."""
        self._past = [*self._past, self.current][-DEPTH:]
        self._future.clear()
        self.current = experiment

    def set_by_hand(self, weight: HandSet) -> None:
        """Take down that a weight was set."""
        self._past = [*self._past, weight][-DEPTH:]
        self._future.clear()

    def forget_weights(self) -> None:
        """Another run is loaded: weights set by hand are gone, and can't be taken back."""
        self._past = [edit for edit in self._past if isinstance(edit, Experiment)]
        self._future = [edit for edit in self._future if isinstance(edit, Experiment)]

    def undo(self) -> Experiment | HandSet | None:
        """Go one back; the experiment that is current then, or the weight to be set back; None where there is none."""
        return self._walk(self._past, self._future)

    def redo(self) -> Experiment | HandSet | None:
        """Go one forward; the experiment that is current then, or the weight to be set again."""
        return self._walk(self._future, self._past)

    def _walk(
        self, source: list[Experiment | HandSet], target: list[Experiment | HandSet]
    ) -> Experiment | HandSet | None:
        if not source:
            return None
        edit = source.pop()
        if isinstance(edit, HandSet):
            target.append(edit)
        else:
            target.append(self.current)
            self.current = edit
        return edit


def keeps_weights(before: Experiment, after: Experiment) -> bool:
    """Whether only the learning rate, the number of epochs or the name differ: no need to start again."""
    return _without_live_fields(before) == _without_live_fields(after)


def swaps_points(before: Experiment, after: Experiment) -> bool:
    """Whether only the points of a toy set were drawn anew or set by hand: another sample for the same network."""
    was = before.dataset
    own = replace(after.dataset, seed=was.seed, points=was.points, removed=was.removed)
    drawn = before.dataset.path is None and isinstance(CATALOG.get(before.dataset.name), ToySet)
    return drawn and before.dataset != after.dataset and replace(after, dataset=own) == before


def _without_live_fields(experiment: Experiment) -> tuple[object, ...]:
    training = experiment.training
    rest = tuple(
        getattr(training, name) for name in training.__struct_fields__ if name not in ("learning_rate", "epochs")
    )
    return (experiment.dataset, experiment.model, rest)


def next_rate(rate: float, direction: int) -> float:
    """The next learning rate up (1) or down (-1) on the ladder ... 0.01, 0.03, 0.1, 0.3, 1 ..."""
    ladder = (factor * 10.0**exponent for exponent in range(-12, 7) for factor in (1.0, 3.0))
    steps = [float(f"{step:.1g}") for step in ladder if step <= HIGHEST_RATE]
    others = [step for step in steps if not math.isclose(step, rate, rel_tol=1e-9)]
    beyond = [step for step in others if (step > rate) == (direction > 0)]
    if not beyond:
        return rate
    return min(beyond) if direction > 0 else max(beyond)
