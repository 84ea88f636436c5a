"""Hands on the setup: numbers, commands typed in fields, explanations, and what the mouse does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.help import HelpScreen, JumpScreen
from tui_trainer.app.tab_bar import TabBar
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs import TABS, tab_named
from tui_trainer.tabs.book.view import LessonList
from tui_trainer.tabs.boundary.view import BoundaryView
from tui_trainer.tabs.runs.table import RunsPanel
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.status_lines import KeyLine

if TYPE_CHECKING:
    from running_app import Flow, Start

RATE = "training.learning_rate"


async def focus(flow: Flow, path: str) -> Input:
    """The box of a field, once it has the focus."""
    await flow.screen.editor.reveal(path)
    box = flow.input(path)
    box.focus()
    await flow.until(lambda: box.has_focus, f"focus on {path}")
    return box


async def test_enter_takes_a_number_and_leaves_its_field(start: Start) -> None:
    async with start() as flow:
        await focus(flow, RATE)
        await flow.press(*"0,02", "enter")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == 0.02, "a decimal comma")
        assert flow.screen.focused is None
        box = await focus(flow, RATE)
        await flow.press(*".01", "enter")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == 0.01, "no zero before the point")
        box = await focus(flow, RATE)
        await flow.press("0", "enter")
        await flow.until(lambda: box.has_focus, "a wrong number is not left")
        assert flow.message.startswith("Learning rate: a number above 0, such as 0.05")
        await flow.press("escape")
        assert flow.screen.focused is None, "escape leaves it all the same"


async def test_what_cannot_be_part_of_a_number_is_a_command(start: Start) -> None:
    async with start(with_field(Experiment(), "training.epochs", 1_000_000)) as flow:
        box = await focus(flow, "model.layers[0].units")
        flow.write("12s")  # in one write: the edit comes first, and the step is one of the new network
        await flow.until(lambda: flow.progress.steps == 1, "a step")
        assert flow.screen.experiment.model.layers[0].units == 12 and box.has_focus
        await flow.press("1", "+")
        await flow.until(lambda: flow.screen.experiment.model.layers[0].units == 128, "a step up from 121")
        await flow.press("space")
        await flow.until_state("running")
        await flow.press("space")
        await flow.until_state("paused")
        box = await focus(flow, RATE)
        await flow.press(*"1e", "-", "2", "x", "enter")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == 0.01, "an exponent, with its sign")
        assert not flow.screen.experiment.model.layers, "x is no part of it"
        batch = await focus(flow, "training.batch_size")
        await flow.press(*"full", "enter")
        await flow.until(lambda: flow.screen.experiment.training.batch_size == "full", "the word it may be")
        assert not batch.has_focus


async def test_in_a_text_field_every_key_types(start: Start) -> None:
    async with start() as flow:
        box = await focus(flow, "dataset.path")
        await flow.press("q", "space", "plus", "semicolon", "1")
        assert box.value == "q +;1" and flow.progress.steps == 0


async def test_a_field_in_focus_is_explained(start: Start) -> None:
    async with start() as flow:
        await focus(flow, RATE)
        await flow.until_said("Learning rate; [ and ] change it during training")
        await flow.press("escape")
        await flow.until(lambda: flow.message == "", "no explanation without focus")
        flow.screen.message_line.show_message("An error.", "error")
        await focus(flow, RATE)
        await flow.press("tab")
        assert flow.message == "An error."


async def test_a_key_at_the_bottom_is_clicked_whatever_has_the_focus(start: Start) -> None:
    async with start() as flow:
        await focus(flow, "dataset.path")
        line = flow.screen.query_one(KeyLine)
        await flow.pilot.click(line, offset=(line.text.index(" step") + 1, 0))
        await flow.until(lambda: flow.progress.steps == 1, "a step")


async def click_text(flow: Flow, text: str, times: int = 1, at: int = 0) -> None:
    """Click where ``text`` is on the screen, at its character number ``at``."""
    await flow.until(lambda: text in flow.screen_text(), f"{text!r} on the screen")
    row, line = next((row, line) for row, line in enumerate(flow.screen_text().splitlines()) if text in line)
    column = cell_len(line[: line.index(text)]) + at
    await flow.pilot.click(flow.pilot.app.screen, offset=(column, row), times=times)


async def click_tab(flow: Flow, name: str) -> None:
    """Click the key of a tab in their line."""
    bar = flow.screen.query_one(TabBar)
    await flow.pilot.click(bar, offset=(bar.text.index(f" {tab_named(name).key} ") + 1, 0))


async def test_a_click_on_a_tab_gives_the_focus_to_its_view(start: Start) -> None:
    async with start() as flow:
        for tab in TABS:
            await focus(flow, RATE)
            await click_tab(flow, tab.name)
            await flow.until(lambda tab=tab: flow.screen.tabs.view is flow.screen.tabs.made(tab.name), tab.name)
            assert flow.screen.focused is None, tab.name
        await click_tab(flow, "book")
        lessons = flow.screen.query_one(LessonList)
        await flow.until(lambda: lessons.chosen is not None, "the lessons")
        first = lessons.chosen
        await flow.press("down")
        await flow.until(lambda: lessons.chosen != first, "the next lesson, with an arrow right after the click")


async def test_a_double_click_opens_a_lesson(start: Start) -> None:
    async with start() as flow:
        await click_tab(flow, "book")
        await click_text(flow, "Gradient descent", times=2)
        await flow.until(lambda: flow.screen.in_lesson, "the lesson")


async def test_a_double_click_opens_a_run(start: Start) -> None:
    async with start() as flow:
        await flow.press("e")
        await flow.until(lambda: flow.progress.epoch == 1, "an epoch")
        await flow.press("R")
        await flow.until_loaded(2)
        await click_tab(flow, "runs")
        view = flow.screen.query_one(RunsView)
        await flow.until(lambda: view.sheet.rows and view.query_one(RunsPanel).region, "the runs, laid out")
        await flow.pilot.click(RunsPanel, offset=(20, 1), times=2)
        await flow.until(lambda: flow.progress.epoch == 1, "the run as it was")


async def test_help_and_dialogs_are_closed_by_mouse(start: Start) -> None:
    async with start() as flow:
        app = flow.pilot.app
        for text in ("esc closes", ""):
            await flow.press("question_mark")
            await flow.until(lambda: isinstance(app.screen, HelpScreen), "the help")
            if text:
                await click_text(flow, text)
            else:
                await flow.pilot.click(app.screen, offset=(0, 20))
            await flow.until(lambda: app.screen is flow.screen, "the help closed")
        await flow.press("ctrl+s")
        await flow.until_asked(AskPath)
        await click_text(flow, "esc: cancel")
        await flow.until(lambda: app.screen is flow.screen, "the question left")


async def test_a_key_in_the_hints_of_a_tab_is_clicked(start: Start) -> None:
    async with start(tab="boundary") as flow:
        view = flow.screen.query_one(BoundaryView)
        await focus(flow, RATE)
        await click_text(flow, "d discretize", at=3)
        await flow.until(lambda: view.discretize, "only the regions")
        assert flow.screen.focused is None


async def test_ctrl_c_copies_and_quits_only_where_nothing_is_selected(start: Start) -> None:
    async with start() as flow:
        app = flow.pilot.app
        box = await focus(flow, "dataset.path")
        await flow.press(*"here", "shift+home", "ctrl+c")
        await flow.until(lambda: app.clipboard == "here", "the text of the field copied")
        assert app.is_running and box.value == "here"
        await flow.press("delete", "escape")
        flow.screen.message_line.show_message("A sentence to keep.")
        row = next(row for row, line in enumerate(flow.screen_text().splitlines()) if "A sentence" in line)
        await flow.pilot.mouse_down(flow.screen, offset=(1, row))
        await flow.pilot.hover(flow.screen, offset=(11, row))
        await flow.pilot.mouse_up(flow.screen, offset=(11, row))
        await flow.until(lambda: flow.screen.get_selected_text(), "a selection")
        await flow.press("ctrl+c")
        await flow.until(lambda: app.clipboard.startswith("A sentence"), "the text of the screen copied")
        assert app.is_running
        await flow.pilot.press("ctrl+c")
        await flow.until(lambda: not flow.screen.is_running or app._exit, "the end")


async def test_a_letter_jumps_to_its_field(start: Start) -> None:
    async with start() as flow:
        app, seen = flow.pilot.app, flow.input(RATE)
        flow.write(";")
        await flow.until(lambda: isinstance(app.screen, JumpScreen) and app.screen.query(".letter"), "the letters")
        await flow.until(lambda: all(letter.region for letter in app.screen.query(".letter")), "their places")
        letters = {str(letter.content): letter.region.offset for letter in app.screen.query(".letter").results(Static)}
        targets = [widget for widget in flow.screen.focus_chain if widget.region.offset in letters.values()]
        assert seen in targets and len(targets) == len(letters) > 15
        letter = next(letter for letter, place in letters.items() if place == seen.region.offset)
        await flow.press(letter)
        await flow.until(lambda: seen.has_focus, "the field of the letter")
        await flow.press("semicolon")
        await flow.until(lambda: isinstance(app.screen, JumpScreen), "the letters, from a number field too")
        await flow.press("escape")
        await flow.until(lambda: app.screen is flow.screen, "no letters")
        assert seen.has_focus, "esc cancels"
        await flow.press("escape")
        flow.write(f";{letter}.5\r")
        await flow.until(lambda: flow.screen.experiment.training.learning_rate == 0.5, "all of it in one write")
        await flow.press("semicolon")
        await flow.until(lambda: isinstance(app.screen, JumpScreen) and app.screen.query(".letter"), "the letters")
        place = seen.region.offset
        await flow.pilot.click(app.screen, offset=place)
        await flow.until(lambda: seen.has_focus, "a click on a letter")
