"""Whole tasks, once by keys alone and once by the mouse alone; only paths are typed by either."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual import events
from textual.command import CommandList
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.help import HelpScreen, JumpScreen
from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.app.dialogs.preview_data import PreviewData
from tui_trainer.app.dialogs.sweep_form import SweepFormDialog
from tui_trainer.app.palette import Palette, offered
from tui_trainer.app.tab_bar import TabBar
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.toml_file import read
from tui_trainer.tabs.book.view import LessonList
from tui_trainer.tabs.boundary.view import BoundaryView
from tui_trainer.tabs.loss.view import LossView
from tui_trainer.tabs.runs.table import RunsPanel
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.dropdown import Dropdown, DropdownList
from tui_trainer.ui.keymap import action_of, keymap
from tui_trainer.ui.status_lines import HeaderLine, KeyLine

if TYPE_CHECKING:
    from running_app import Flow, Start

MOST_PRESSES = 12  # from the start to 2-8-8-1 tanh on the spiral, after another dataset
SMALL = Experiment(model=ModelConfig((LayerConfig(4),)), training=TrainingConfig(epochs=3))
LONG = with_field(SMALL, "training.epochs", 1_000_000)
RATE, DATASET = "training.learning_rate", "dataset.name"
IN_FRONT, NAME = 1, 20  # columns of a run in the list: where a click chooses it, and where it does not


class Keys:
    """Does everything by keys, and counts them."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.presses = flow, 0

    async def press(self, *keys: str) -> None:
        self.presses += len(keys)
        await self.flow.press(*keys)

    async def do(self, name: str) -> None:
        """Do what the key of that name does."""
        await self.press(keymap()[name].keys.split(",")[0])

    async def choose_dataset(self, name: str) -> None:
        """Take the first entry of the palette for its name."""
        app = self.flow.pilot.app
        await self.press("ctrl+p")
        await self.flow.until(lambda: isinstance(app.screen, Palette), "the palette")
        await self.press(*name)
        await self.flow.until(lambda: app.screen.query_one(Input).value == name, "what was typed")
        await self.press("enter")
        await self.flow.until(lambda: not isinstance(app.screen, Palette), "the palette closed")

    async def raise_number(self, path: str, times: int) -> None:
        """Jump to a field by its letter, and step it up."""
        app, target = self.flow.pilot.app, self.flow.input(path)
        await self.press("semicolon")
        await self.flow.until(lambda: isinstance(app.screen, JumpScreen) and app.screen.query(".letter"), "the letters")
        letters = list(app.screen.query(".letter").results(Static))
        await self.flow.until(lambda: all(letter.region for letter in letters), "their places")
        letter = next(letter for letter in letters if letter.region.offset == target.region.offset)
        await self.press(str(letter.content))
        await self.flow.until(lambda: target.has_focus, f"focus on {path}")
        await self.press(*["plus"] * times, "enter")

    async def agree(self, text: str) -> None:
        """Say yes to what a dialog asks."""
        await self.press("enter")

    async def leave(self, text: str) -> None:
        """Close what is open."""
        await self.press("escape")

    async def next_pace(self) -> None:
        """Take the next pace; after the fastest one, the slowest."""
        await self.press("Z")

    async def pick_file(self, name: str) -> None:
        """Open a file of the folder that is listed."""
        await self.press(*name, "enter")

    async def open_lesson(self, title: str) -> None:
        """Open a lesson of the list."""
        lessons = self.flow.screen.query_one(LessonList)
        await self.press("home")
        while title not in str(lessons.highlighted_option and lessons.highlighted_option.prompt):
            await self.press("down")
        await self.press("enter")

    async def answer(self, letter: str, text: str) -> None:
        """Answer the question of a lesson."""
        await self.press(letter.lower())

    async def choose_run(self, place: int) -> None:
        """Choose a run of the list, to compare it."""
        await self.press("home", *["down"] * place, "v")

    async def open_run(self, place: int) -> None:
        """Open a run of the list."""
        await self.press("home", *["down"] * place, "enter")

    async def next_neuron(self) -> None:
        """Look at another neuron in the Boundary tab."""
        await self.press("left")


class Mouse:
    """Does everything with the mouse: clicks, which are counted, and the wheel."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.presses = flow, 0

    @property
    def _top(self) -> Screen[object]:
        return self.flow.pilot.app.screen

    async def settled(self) -> None:
        """Wait until nothing is about to move: a chosen dataset brings other fields with its load."""
        await self.flow.until(lambda: self.flow.screen.state != "empty", "a loaded run")
        laid_out = asyncio.Event()
        self._top.call_after_refresh(laid_out.set)
        await self.flow.until(laid_out.is_set, "the layout")
        await self.flow.until(lambda: not self._top._layout_required, "no further layout")

    async def click(self, target: Widget, x: int = 1, y: int = 0, times: int = 1) -> None:
        self.presses += times
        await self.settled()
        await self.flow.until(lambda: target.region, f"a place of {target}")
        await self.flow.pilot.click(target, offset=(x, y), times=times)

    async def click_text(self, text: str, times: int = 1) -> None:
        """Click where ``text`` is on the screen."""
        await self.settled()
        await self.flow.until(lambda: text in self.flow.screen_text(), f"{text!r} on the screen")
        row, line = next((row, line) for row, line in enumerate(self.flow.screen_text().splitlines()) if text in line)
        self.presses += times
        await self.flow.pilot.click(self._top, offset=(cell_len(line[: line.index(text)]), row), times=times)

    async def turn(self, target: Widget, direction: int) -> None:
        """Turn the wheel over a widget: up is 1."""
        kind = events.MouseScrollUp if direction > 0 else events.MouseScrollDown
        x, y = target.region.offset
        self.flow.pilot.app.post_message(kind(None, x, y, 0, -direction, 0, False, False, False, x, y))
        await self.flow.pilot.pause()

    async def do(self, name: str) -> None:
        """Click the key of that name: in the line of tabs, on the last line, or among all commands."""
        for line, action in (
            (self.flow.screen.query_one(TabBar), f"open_tab('{name.removeprefix('tab_')}')"),
            (self.flow.screen.query_one(KeyLine), action_of(name)),
        ):
            x = 0
            for part in line.parts(line.size.width):
                if part.target == action:
                    await self.click(line, x=x + 1)
                    return
                x += cell_len(part.text)
        await self.click_text("commands")
        await self.flow.until(lambda: isinstance(self._top, Palette) and self._top.query_one(CommandList).option_count)
        commands, key = self._top.query_one(CommandList), keymap()[name]
        index = next(
            place
            for place, entry in enumerate(offered(self.flow.screen))
            if entry.help.startswith(f"{key.group}: {key.help} (")
        )
        await self._wheel_to(commands, 2 * index, rows=2)  # a title, and what it does
        await self.click(commands, x=3, y=int(2 * index - commands.scroll_offset.y))

    async def _wheel_to(self, target: Widget, row: int, rows: int = 1) -> None:
        """Turn the wheel until ``rows`` rows from ``row`` on are seen."""
        await self.flow.until(lambda: target.region.area, f"a place of {target}")
        while not target.scroll_offset.y <= row <= target.scroll_offset.y + target.size.height - rows:
            before = target.scroll_offset.y
            await self.turn(target, 1 if row < before else -1)
            await self.flow.until(lambda before=before: target.scroll_offset.y != before, "a list that scrolls")

    async def choose_dataset(self, name: str) -> None:
        """Choose from the list of the field, which is turned until the dataset is seen."""
        dropdown = self.flow.field(DATASET).query_one(Dropdown)
        await self.click(dropdown)
        await self.flow.until(lambda: dropdown.query(DropdownList), "the list")
        options = dropdown.query_one(DropdownList)
        index = [option for _, option in dropdown.options].index(name)
        await self._wheel_to(options, index)
        await self.click(options, y=index - int(options.scroll_offset.y))

    async def raise_number(self, path: str, times: int) -> None:
        """Click the arrow of a field."""
        box = self.flow.input(path)
        for _ in range(times):
            await self.click(box, x=box.size.width - 1)

    async def agree(self, text: str) -> None:
        """Say yes to what a dialog asks."""
        await self.click_text(f"enter{text}")

    async def leave(self, text: str) -> None:
        """Close what is open."""
        await self.click_text(f"esc{text}")

    async def next_pace(self) -> None:
        """Take the next pace; after the fastest one, the slowest."""
        header = self.flow.screen.query_one(HeaderLine)
        await self.click(header, x=header.size.width - 3)

    async def pick_file(self, name: str) -> None:
        """Open a file of the folder that is listed."""
        await self.click_text(name, times=2)

    async def open_lesson(self, title: str) -> None:
        """Open a lesson of the list."""
        await self.click_text(title, times=2)

    async def answer(self, letter: str, text: str) -> None:
        """Answer the question of a lesson."""
        await self.click_text(text)

    async def choose_run(self, place: int) -> None:
        """Choose a run of the list, to compare it."""
        await self.click(self.flow.screen.query_one(RunsPanel), x=IN_FRONT, y=1 + place)

    async def open_run(self, place: int) -> None:
        """Open a run of the list."""
        await self.click(self.flow.screen.query_one(RunsPanel), x=NAME, y=1 + place, times=2)

    async def next_neuron(self) -> None:
        """Look at another neuron in the Boundary tab: a click on the key that the tab names."""
        await self.click_text("← → layer")


Hand = Keys | Mouse


def has(flow: Flow, kind: type[Screen[object]]) -> Callable[[], bool]:
    """Whether such a dialog is open, with its widgets."""
    return lambda: isinstance(flow.pilot.app.screen, kind) and bool(flow.pilot.app.screen.children)


def is_free(flow: Flow) -> bool:
    """Whether no dialog is open, and none about to."""
    return flow.pilot.app.screen is flow.screen and flow.screen.dialogs.is_free


async def type_path(flow: Flow, hand: Hand, path: Path) -> None:
    """Type a path in place of the one that is offered."""
    await flow.until(lambda: has(flow, AskPath)() and flow.pilot.app.screen.query(Input), "the question")
    box = flow.pilot.app.screen.query_one(Input)
    await flow.until(lambda: box.has_focus, "its box")
    await flow.press("end", "shift+home", *str(path))
    await hand.agree(": OK")
    await flow.until(lambda: is_free(flow), "the answer")


async def choose_data_and_train(flow: Flow, hand: Hand) -> None:
    await hand.choose_dataset("moons")
    await flow.until(lambda: flow.screen.experiment.dataset.name == "moons", "the dataset")
    await flow.until_loaded(2)
    await hand.do("toggle_training")
    await flow.until(lambda: flow.progress.epoch > 0, "training")
    await flow.until(lambda: flow.screen.state == "finished", "the end")
    assert flow.progress.values["val_accuracy"] > 0.9


async def build_the_network_for_the_spiral(flow: Flow, hand: Hand) -> None:
    await hand.choose_dataset("spiral")
    tanh = (LayerConfig(8, "tanh"),) * 2
    await flow.until(lambda: flow.screen.experiment.dataset.name == "spiral", "the spiral")
    await flow.until(lambda: flow.screen.experiment.model.layers == tanh, "2-8-8-1 tanh")
    assert hand.presses <= MOST_PRESSES


async def train_on_an_own_file(flow: Flow, hand: Hand) -> None:
    Path("shop.csv").write_text("size,price\n" + "".join(f"{n},{n * 2 + n % 3}\n" for n in range(40)))
    await hand.do("open_data")
    await flow.until(has(flow, PickFile), "the files")
    await flow.until_shown("shop.csv")
    await hand.pick_file("shop.csv")
    await flow.until(has(flow, PreviewData), "what is in it")
    await flow.until_shown("40 rows, 2 columns")
    await hand.agree("  Use it")
    await flow.until(lambda: flow.screen.experiment.dataset.path == "shop.csv", "the data")
    await flow.until_loaded(2)
    await hand.do("epoch")
    await flow.until(lambda: flow.progress.epoch == 1, "an epoch of it")


async def answer_the_question_of_a_lesson(flow: Flow, hand: Hand) -> None:
    await hand.do("tab_book")
    await flow.until(lambda: flow.screen.query(LessonList), "the book")
    await flow.until(lambda: flow.screen.query_one(LessonList).chosen, "the lessons")
    await hand.open_lesson("Gradient descent")
    await flow.until(lambda: flow.screen.in_lesson, "the lesson")
    await flow.until_loaded(2)
    page = flow.screen.lessons.tracker.page
    assert page is not None and page.lesson.questions
    await flow.until(lambda: flow.contents(page.lesson.view), "its picture, beside the page")
    await hand.answer("B", page.lesson.questions[0].choices[1][:16])
    await flow.until(lambda: flow.screen.lessons.tracker.page.answer == 1, "the answer")
    await hand.do("toggle_training")
    await flow.until(lambda: flow.progress.steps > 0, "training")
    await hand.do("leave_lesson")
    await flow.until(lambda: not flow.screen.in_lesson, "the lesson left")


async def mend_a_divergence(flow: Flow, hand: Hand) -> None:
    before = flow.screen.experiment.training.learning_rate
    await hand.raise_number(RATE, 8)
    await flow.until(lambda: flow.screen.experiment.training.learning_rate > 10 * before, "a high rate")
    await hand.do("toggle_training")
    await flow.until_state("diverged")
    too_high = flow.screen.experiment.training.learning_rate
    await hand.do("fix")
    await flow.until(lambda: flow.screen.state in ("running", "paused", "finished"), "a rate that works")
    assert flow.screen.experiment.training.learning_rate < too_high


async def change_the_pace_of_a_training(flow: Flow, hand: Hand) -> None:
    await hand.do("slow")
    await hand.do("slow")
    await flow.until(lambda: flow.screen.trainer.pace.name == "watch", "a slower pace")
    await hand.do("toggle_training")
    await flow.until(lambda: flow.screen.state == "running" and flow.progress.steps > 0, "training")
    await hand.next_pace()
    await flow.until(lambda: flow.screen.trainer.pace.name == "fast", "a faster pace")
    await hand.next_pace()
    await flow.until(lambda: flow.screen.trainer.pace.name == "full", "the fastest pace")
    await flow.until(lambda: flow.progress.epoch > 100, "full speed")
    await hand.do("toggle_training")
    await flow.until_state("paused")


async def compare_two_runs_and_open_one(flow: Flow, hand: Hand) -> None:
    await hand.do("epoch")
    await flow.until(lambda: flow.progress.epoch == 1 and flow.screen.state == "paused", "a run")
    await hand.do("reseed")
    await flow.until(lambda: flow.progress.epoch == 0, "another one")
    await hand.do("epoch")
    await flow.until(lambda: flow.progress.epoch == 1 and flow.screen.state == "paused", "its epoch")
    seed = flow.screen.experiment.model.seed
    await hand.do("tab_runs")
    await flow.until(lambda: flow.screen.query(RunsView), "the tab")
    view = flow.screen.query_one(RunsView)
    await flow.until(lambda: len(view.sheet.rows) == 2, "two runs")
    await hand.choose_run(0)
    await flow.until(lambda: len(view.choices.drawn) == 1, "one of them")
    await hand.choose_run(1)
    await flow.until(lambda: len(view.choices.drawn) == 2, "both")
    await hand.do("tab_loss")
    await flow.until(lambda: flow.screen.query(LossView), "the curves")
    await flow.until(lambda: len(flow.screen.query_one(LossView).selected_runs) == 2, "those of both")
    await flow.until(lambda: flow.screen.query_one(LossView).overlays, "the run from before, beside this one")
    await hand.do("tab_runs")
    await hand.open_run(1)
    await flow.until(lambda: flow.screen.experiment.model.seed != seed, "the first run")
    await flow.until(lambda: flow.progress.epoch == 1, "as far as it was trained")


async def sweep_over_learning_rates(flow: Flow, hand: Hand) -> None:
    await hand.do("sweep")
    await flow.until(has(flow, SweepFormDialog), "the form")
    await flow.until_shown("5 learning rates = 5 runs")
    await hand.agree("  Start")
    await flow.until_said("Sweep done, 5 runs in")
    await hand.do("tab_runs")
    await flow.until(lambda: flow.screen.query(RunsView), "the tab")
    await flow.until(lambda: flow.screen.query_one(RunsView).place.row, "the best run")
    best = min(flow.screen.query_one(RunsView).sheet.rows.values(), key=lambda row: row.val_loss or 0.0)
    await hand.open_run(0)
    await flow.until(lambda: flow.screen.experiment.training.learning_rate == best.rate, "it is open")


async def export_and_save(flow: Flow, hand: Hand) -> None:
    await hand.do("epoch")
    await flow.until(lambda: flow.progress.epoch == 1 and flow.screen.state == "paused", "an epoch")
    here = Path.cwd()
    await hand.do("export")
    await type_path(flow, hand, here / "net")
    await flow.until_said("Exported")
    assert (here / "net" / "weights.safetensors").is_file()
    await hand.do("save")
    await type_path(flow, hand, here / "net.toml")
    await flow.until((here / "net.toml").is_file, "the file")
    assert replace(read(here / "net.toml"), name="") == replace(flow.screen.experiment, name="")


async def undo_a_mistake_and_look_at_the_help(flow: Flow, hand: Hand) -> None:
    def layers() -> int:
        return len(flow.screen.experiment.model.layers)

    await hand.do("add_layer")
    await flow.until(lambda: layers() == 2, "a layer")
    await hand.do("undo")
    await flow.until(lambda: layers() == 1, "none again")
    await hand.do("redo")
    await flow.until(lambda: layers() == 2, "a layer after all")
    await hand.do("help")
    await flow.until(has(flow, HelpScreen), "the help")
    await flow.until_shown("Undo the last change to the settings")
    await hand.leave(" closes")
    await flow.until(lambda: is_free(flow), "the help closed")


async def look_at_another_neuron(flow: Flow, hand: Hand) -> None:
    await hand.do("tab_boundary")
    await flow.until(lambda: flow.screen.query(BoundaryView), "the tab")
    view = flow.screen.query_one(BoundaryView)

    def is_output() -> bool:
        return view.content is not None and view.content.chosen.layer == len(view.content.chosen.layers) - 1

    await flow.until(is_output, "the output")
    await hand.next_neuron()
    await flow.until(lambda: not is_output(), "a neuron of another layer")
    await hand.do("look_output")
    await flow.until(is_output, "the output again")


TASKS: tuple[tuple[Callable[[Flow, Hand], Awaitable[None]], Experiment], ...] = (
    (choose_data_and_train, Experiment()),
    (build_the_network_for_the_spiral, Experiment()),
    (train_on_an_own_file, SMALL),
    (answer_the_question_of_a_lesson, SMALL),
    (mend_a_divergence, LONG),
    (change_the_pace_of_a_training, LONG),
    (compare_two_runs_and_open_one, SMALL),
    (sweep_over_learning_rates, SMALL),
    (export_and_save, SMALL),
    (undo_a_mistake_and_look_at_the_help, SMALL),
    (look_at_another_neuron, SMALL),
)


# The mouse alone takes twice as long as keys; what it does in each place has tests of its own.
@pytest.mark.parametrize("hand", [Keys, pytest.param(Mouse, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("task", "experiment"), TASKS, ids=[task.__name__ for task, _ in TASKS])
async def test_a_whole_task_with_one_hand(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: Callable[[Flow, Hand], Awaitable[None]],
    experiment: Experiment,
    hand: type[Hand],
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    async with start(experiment, tab="live") as flow:
        await task(flow, hand(flow))
