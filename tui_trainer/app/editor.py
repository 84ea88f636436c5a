"""The experiment editor: fields, layers, undo, and the files of experiments."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tui_trainer.app.dialogs.dialog import AskPath, Confirm
from tui_trainer.app.setup.panel import Panel
from tui_trainer.datasets.catalog import CATALOG, ToySet, good_settings, has_usual_settings, without_lesson
from tui_trainer.errors import UserError, plain
from tui_trainer.experiment.edit import add_layer, changed_settings, is_hidden, move_layer, remove_layer, with_field
from tui_trainer.experiment.schema import UNTITLED, Experiment
from tui_trainer.experiment.share import share
from tui_trainer.experiment.toml_file import is_experiment, read, write
from tui_trainer.experiment.validation import on_screen, screen_name
from tui_trainer.files import confined, file_name, is_file, reason_to_keep
from tui_trainer.formats import format_number
from tui_trainer.protocol import AnyReport, Crashed, FindRates, Loaded, RatesFound, Refused, StopFindingRates
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.fields import FieldEdited
from tui_trainer.ui.keymap import key_of

from .controller import Controller

if TYPE_CHECKING:
    from tui_trainer.app.dialogs.rate_finder import RateFinder

    from .screen import MainScreen

WEIGHTS, RATE = "model.weights", "training.learning_rate"
OPTIMIZER, LBFGS, LBFGS_RATE = "training.optimizer.name", "lbfgs", 1.0
SUITED = ("model.layers", "training", "training.optimizer", "training.learning_rate")  # what good settings change
WEIGHTS_FILE = ".safetensors"
DEPTH = 200
HIGHEST_RATE = 1e6


class ExperimentEditor(Controller):
    """Owns the experiment and its undo history; a wrong value changes nothing and is explained."""

    name = "editor"

    def __init__(self, screen: MainScreen, experiment: Experiment, path: Path | None) -> None:
        super().__init__(screen)
        self.history = UndoHistory(experiment)
        self._path = path  # of the file that was opened or saved last
        self._offered: tuple[str, str | None] | None = None  # name and path of a dataset with settings for it
        self._rate_finder: RateFinder | None = None  # while it is open
        self._suited_to_file: Experiment | None = None  # good settings for a file, until a rate is found for it
        self._lock = asyncio.Lock()  # keys and messages are handled concurrently; panels are updated one by one

    @property
    def experiment(self) -> Experiment:
        """The experiment as it is set up now."""
        return self.history.current

    async def change(self, experiment: Experiment, message: str = "") -> None:
        """Make ``experiment`` the current one, if it differs; the trainer gets it, too."""
        before = self.experiment
        if experiment != before:
            self.history.change(experiment)
            await self._apply(before, message)

    async def change_field(self, path: str, value: object, message: str = "") -> bool:
        """Set a field to another value; return False, and show why, if the value is refused."""
        if is_hidden(self.experiment, path):
            self.show_message(f"{screen_name(path)}: fixed in this experiment.", "error")
            return False
        try:
            changed = with_field(self.experiment, path, value)
        except UserError as error:
            self.show_message(on_screen(error.field, error.reason), "error")
            await self.reveal(error.field)
            return False
        if path == "dataset":
            changed, advice = self._suited(changed)
            message = f"{message} {advice}".strip()
        if path == OPTIMIZER and value == LBFGS != self.experiment.training.optimizer.name:
            training = replace(changed.training, batch_size="full", learning_rate=LBFGS_RATE)
            changed = replace(changed, training=training)
            message = f"L-BFGS takes the full batch, and begins its search at ρ = 1; {key_of('undo')} undoes it."
        await self.change(changed, message)
        return True

    def _suited(self, changed: Experiment) -> tuple[Experiment, str]:
        """Return ``changed`` with settings that train its dataset, if that is another one, and a sentence about them.

        Network and training that the user has chosen stay; then the settings are only offered. Those of a lesson are
        not chosen, and made for its own data, whose name ends with them.
        """
        before, data = self.experiment, changed.dataset
        is_lesson_data = self.screen.in_lesson and data.path is None
        if (data.name, data.path) == (before.dataset.name, before.dataset.path) or is_lesson_data:
            return changed, ""
        if self.screen.lessons.has_named(before):
            changed = replace(changed, name=UNTITLED)
        settings = good_settings(data)
        self._offered = None
        if settings is None or any(is_hidden(changed, path) for path in SUITED):
            return changed, ""
        is_of_lesson = self.screen.lessons.has_set_up(before)
        suited = settings.applied_to(without_lesson(changed, before) if is_of_lesson else changed)
        if suited == changed:
            return changed, ""
        name = "own files" if data.path is not None else CATALOG[data.name].title.removeprefix("Toy: ")
        said = f"Good settings for {name}: {settings.in_words}"
        if has_usual_settings(before) or is_of_lesson:
            self._suited_to_file = suited if data.path is not None else None
            return suited, f"{said}; {key_of('undo')} goes back."
        self._offered = data.name, data.path
        return changed, f"{said}: {key_of('fix')} takes them."

    @property
    def has_offer(self) -> bool:
        """Whether settings for the dataset were offered and not taken yet."""
        return self._offered == (self.experiment.dataset.name, self.experiment.dataset.path)

    async def take_offer(self) -> None:
        """Take the settings that were offered for the dataset."""
        settings, self._offered = good_settings(self.experiment.dataset), None
        if settings is not None:
            suited = settings.applied_to(self.experiment)
            self._suited_to_file = suited if suited.dataset.path is not None else None
            await self.change(suited, f"{settings.in_words}; {key_of('undo')} goes back.")

    async def _tune_to_file(self, found: RatesFound) -> None:
        """Take the rate found for a file with its good settings, as part of that edit, unless the run has begun."""
        suited, self._suited_to_file = self._suited_to_file, None
        loaded, settings = self.screen.trainer.loaded, None if suited is None else good_settings(suited.dataset)
        is_new = self.experiment == suited and self.screen.state == "ready"
        if suited is None or loaded is None or settings is None or found.suggestion is None or not is_new:
            return
        self.history.amend(with_field(suited, RATE, found.suggestion))
        settings = dataclasses.replace(settings, rate=found.suggestion)
        how = f"the rate was found by trying ({key_of('find_rate')} shows it)"
        message = f"Good settings for this file: {settings.in_words}; {how}; {key_of('undo')} goes back."
        await self._apply(suited, " ".join([message, *loaded.dataset.notes]))

    async def adopt_experiment(self, experiment: Experiment) -> None:
        """Make ``experiment`` the current one, without sending it to the trainer."""
        if experiment != self.experiment:
            self.history.change(experiment)
        await self.show_experiment()

    async def show_experiment(self) -> None:
        """Show the current experiment in all panels."""
        async with self._lock:
            experiment = self.experiment
            self.screen.tabs.show_experiment(experiment)
            for panel in self.screen.walk_children(Panel):
                await panel.show_experiment(experiment)

    async def reveal(self, path: str) -> None:
        """Unfold the field at ``path`` and bring it into view, where the setup has one."""
        for panel in self.screen.walk_children(Panel):
            field = await panel.reveal(path)
            if field is not None:
                field.scroll_visible(animate=False)

    async def _apply(self, before: Experiment, message: str) -> None:
        """Show the current experiment and send it to the trainer; the newest one, if there were further edits."""
        await self.show_experiment()
        after = self.experiment
        self.screen.trainer.apply_edit(before, after, message)
        self.screen.on_experiment(before, after)

    async def edit_field(self, event: FieldEdited) -> None:
        """Apply a value that was typed or chosen in a field."""
        before, was_invalid = self.experiment, event.field.invalid
        value = event.value
        if event.path == "dataset" and self.screen.in_lesson and isinstance(value, dict) and not value.get("path"):
            value = {**value, "standardize_target": before.dataset.standardize_target}  # a lesson has the book's loss
        if not await self.change_field(event.path, value):
            event.field.refuse()
            return
        event.field.invalid = False
        if was_invalid and self.experiment == before:
            self.show_message("")  # the value from before, typed again

    def set_weight(self, event: TabView.WeightSet) -> None:
        """Set a parameter of the current run, without a reset."""
        if is_hidden(self.experiment, WEIGHTS):
            self.show_message("The weights are fixed in this experiment.", "error")
            return
        self.history.set_by_hand(HandSet(event.index, event.old, event.value))
        self.screen.trainer.send_weight(event.index, event.value)
        self.show_message(event.sentence)

    async def action_add_layer(self) -> None:
        """Add a hidden layer after the chosen one."""
        if self._layers_are_fixed():
            return
        panel = self.screen.network_panel
        chosen = panel.chosen_of(self.experiment)
        index = 0 if chosen is None else chosen + 1
        changed = add_layer(self.experiment, index)
        layer = changed.model.layers[index]
        added = f"Layer {index + 1} added, {layer.units:,} {layer.activation}; {key_of('undo')} takes it back."
        await self.change(changed, added)
        panel.choose(index)

    async def action_remove_layer(self) -> None:
        """Remove the chosen hidden layer."""
        if self._layers_are_fixed():
            return
        chosen = self.screen.network_panel.chosen_of(self.experiment)
        if chosen is None:
            self.show_message("There is no hidden layer to remove: this is a perceptron.")
            return
        changed = remove_layer(self.experiment, chosen)
        await self.change(changed, f"Layer {chosen + 1} removed; {key_of('undo')} restores it.")

    async def action_move_layer(self, offset: int) -> None:
        """Move the chosen hidden layer up (-1) or down (1)."""
        panel = self.screen.network_panel
        chosen, count = panel.chosen_of(self.experiment), len(self.experiment.model.layers)
        if chosen is None or not 0 <= chosen + offset < count or self._layers_are_fixed():
            return
        await self.change(move_layer(self.experiment, chosen, offset))
        panel.choose(chosen + offset)

    def _layers_are_fixed(self) -> bool:
        fixed = is_hidden(self.experiment, "model.layers")
        if fixed:
            self.show_message("The layers are fixed in this experiment.", "error")
        return fixed

    async def action_reseed(self) -> None:
        """Start again from other weights."""
        seed = self.experiment.model.seed + 1
        await self.change_field("model.seed", seed, f"The initial weights are those of seed {seed}.")

    async def action_rate(self, direction: int) -> None:
        """Take the next learning rate up (1) or down (-1)."""
        rate = next_rate(self.experiment.training.learning_rate, direction)
        scaled = "" if self.experiment.training.schedule.is_constant else ", times the factor of its schedule"
        await self.change_field("training.learning_rate", rate, f"Learning rate {rate:g}{scaled}.")

    def action_find_rate(self) -> None:
        """Try many learning rates, and take the one that is chosen of them."""
        if is_hidden(self.experiment, RATE):
            self.show_message("The learning rate is fixed in this experiment.", "error")
        elif self.screen.trainer.loaded is None:
            self.show_message("Nothing is loaded to try learning rates with.", "error")
        elif (refused := self.screen.trainer.refused) is not None:  # the trainer has another experiment
            self.show_message(on_screen(refused.field, refused.reason), "error")
        else:
            self.converse(self._find_rate)

    async def _find_rate(self) -> None:
        from tui_trainer.app.dialogs.rate_finder import RateFinder

        client = self.screen.trainer.client
        self._suited_to_file = None  # the user looks for a rate
        finder = self._rate_finder = RateFinder(self.experiment.training.learning_rate, self.screen.markers)
        client.send(FindRates())
        rate = await self.screen.dialogs.ask(finder)
        self._rate_finder = None
        client.send(StopFindingRates())
        if rate is not None:
            message = f"Learning rate {rate:g}, as was found by trying; {key_of('undo')} undoes it."
            await self.change_field(RATE, rate, message)

    async def on_report(self, report: AnyReport) -> bool:
        if self._rate_finder is not None:
            match report:
                case RatesFound():
                    self._rate_finder.show(report)
                case Refused():
                    self._rate_finder.show_lost(on_screen(report.field, report.reason))
                case Crashed():
                    self._rate_finder.show_lost(report.sentence)
        elif self._suited_to_file is not None:
            match report:
                case Loaded() if self.experiment == self._suited_to_file:
                    self.screen.trainer.client.send(FindRates())
                case RatesFound():
                    await self._tune_to_file(report)
                case Loaded() | Refused() | Crashed():
                    self._suited_to_file = None
        return False

    async def action_undo(self) -> None:
        """Undo the last edit, of the experiment or of a weight."""
        before = self.experiment
        edit = self.history.undo()
        if isinstance(edit, HandSet):
            self.screen.trainer.send_weight(edit.index, edit.old)
            self.show_message(
                f"The weight set by hand is back to {format_number(edit.old)}; {key_of('redo')} sets it again."
            )
        elif edit is not None:
            now = ", ".join(f"{name} {value}" for name, value in changed_settings(before, self.experiment))
            await self._apply(before, f"Undone: {now} again; {key_of('redo')} redoes it.")
        else:
            self.show_message("Nothing to undo.")

    async def action_redo(self) -> None:
        """Redo the last undone edit."""
        before = self.experiment
        edit = self.history.redo()
        if isinstance(edit, HandSet):
            self.screen.trainer.send_weight(edit.index, edit.value)
            self.show_message(f"The weight is {format_number(edit.value)} again.")
        elif edit is not None:
            now = ", ".join(f"{name} {value}" for name, value in changed_settings(before, self.experiment))
            await self._apply(before, f"Redone: {now}; {key_of('undo')} undoes it.")
        else:
            self.show_message("Nothing to redo.")

    def action_share(self) -> None:
        """Copy the share code of the experiment, which opens it elsewhere."""
        code = share(self.experiment)
        self.screen.app.copy_to_clipboard(code)
        self.show_message(f"Copied; tui-trainer opens it with this code: {code}", "good")

    def action_code(self) -> None:
        """Show the Python for the open view."""
        if self.screen.trainer.loaded is None:
            self.show_message("Nothing is loaded that could be written in Python.", "error")
        else:
            self.converse(self._show_code)

    async def _show_code(self) -> None:
        from tui_trainer.app.dialogs.view_code import ViewCode

        loaded, view = self.screen.trainer.loaded, self.screen.tabs.view
        if loaded is None or view is None:
            return
        code = view.python(loaded.tuned(self.experiment))
        if await self.screen.dialogs.ask(ViewCode(code)):
            self.screen.app.copy_to_clipboard(code)
            self.show_message("Copied: this program runs as it is.", "good")

    def action_open(self) -> None:
        """Ask for a file, and open the experiment or the weights in it."""
        self.converse(self._open)

    async def _open(self) -> None:
        question = f"Open the experiment, or weights ({WEIGHTS_FILE})"
        path = await self.screen.dialogs.ask(AskPath(question, str(self._path or "")))
        if path is None:
            return
        file = confined(path)
        if path.endswith(WEIGHTS_FILE):
            self.screen.trainer.load_weights(file)
            return
        opened = read(file)
        self._path = file
        await self.change(opened)
        self.show_message(f"Opened {path}.")

    def action_save(self) -> None:
        """Ask for a path, and save the experiment there."""
        self.converse(self._save)

    async def _save(self) -> None:
        suggestion = self._path or file_name(self.experiment.short_name, ".toml")
        path = await self.screen.dialogs.ask(AskPath("Save the experiment as", str(suggestion)))
        if path is None:
            return
        try:
            file = confined(path)
            reason = reason_to_keep(file, self.experiment.dataset.paths, is_experiment, overwrite=True)
            if reason:
                self.show_message(f"Not saved: {plain(path)} {reason}.", "error")
                return
            if is_file(file) and not await self.screen.dialogs.ask(Confirm(f"{plain(path)} exists. Overwrite it?")):
                return
            write(self.experiment, file)
        except (UserError, OSError) as error:
            self.show_message(f"Not saved: {error}", "error")
            return
        self._path = file
        self.show_message(f"Saved as {path}.", "good")


@dataclass(frozen=True, slots=True)
class HandSet:
    """A parameter of the current run that was set by hand."""

    index: int
    old: float
    value: float


class UndoHistory:
    """The edits that can be undone and redone: experiments, and weights set by hand in between."""

    def __init__(self, experiment: Experiment) -> None:
        self._past: list[Experiment | HandSet] = []
        self._future: list[Experiment | HandSet] = []
        self.current = experiment

    def change(self, experiment: Experiment) -> None:
        """Make ``experiment`` the current one; undone edits can no longer be redone."""
        self._past = [*self._past, self.current][-DEPTH:]
        self._future.clear()
        self.current = experiment

    def amend(self, experiment: Experiment) -> None:
        """Make ``experiment`` the current one as a part of the last edit."""
        self.current = experiment

    def set_by_hand(self, weight: HandSet) -> None:
        """Record that a weight was set."""
        self._past = [*self._past, weight][-DEPTH:]
        self._future.clear()

    def forget_weights(self) -> None:
        """Drop the weights set by hand, as another run is loaded, which does not have them."""
        self._past = [edit for edit in self._past if isinstance(edit, Experiment)]
        self._future = [edit for edit in self._future if isinstance(edit, Experiment)]

    def undo(self) -> Experiment | HandSet | None:
        """Undo one edit; return the current experiment, or the weight to restore; None if there is nothing to undo."""
        return self._walk(self._past, self._future)

    def redo(self) -> Experiment | HandSet | None:
        """Redo one edit; return the current experiment, or the weight to set; None if there is nothing to redo."""
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
    """Return whether only the learning rate, the number of epochs or the name differ, so that the run can continue."""
    return _without_live_fields(before) == _without_live_fields(after)


def swaps_points(before: Experiment, after: Experiment) -> bool:
    """Return whether only the points of a toy set differ, by seed or by hand: the same network gets another sample."""
    old = before.dataset
    with_old_points = replace(after.dataset, seed=old.seed, points=old.points, removed=old.removed)
    is_toy_set = old.path is None and isinstance(CATALOG.get(old.name), ToySet)
    return is_toy_set and old != after.dataset and replace(after, dataset=with_old_points) == before


def _without_live_fields(experiment: Experiment) -> tuple[object, ...]:
    training = experiment.training
    rest = tuple(
        getattr(training, name) for name in training.__struct_fields__ if name not in ("learning_rate", "epochs")
    )
    return (experiment.dataset, experiment.model, rest)


def next_rate(rate: float, direction: int) -> float:
    """Return the next learning rate up (1) or down (-1) in the series ... 0.01, 0.03, 0.1, 0.3, 1 ..."""
    ladder = (factor * 10.0**exponent for exponent in range(-12, 7) for factor in (1.0, 3.0))
    steps = [float(f"{step:.1g}") for step in ladder if step <= HIGHEST_RATE]
    others = [step for step in steps if not math.isclose(step, rate, rel_tol=1e-9)]
    beyond = [step for step in others if (step > rate) == (direction > 0)]
    if not beyond:
        return rate
    return min(beyond) if direction > 0 else max(beyond)
