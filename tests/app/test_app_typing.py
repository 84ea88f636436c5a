"""Keys that come in one burst: in fields, before a dialog is there, and while the focus moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from running_app import wait_until
from test_app_snapshots import settle
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.palette import Palette
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.dropdown import Dropdown

if TYPE_CHECKING:
    from running_app import Start

BACKSPACE, LEFT, HOME, ESCAPE = "\x7f", "\x1b[D", "\x1b[H", "\x1b[27u"
CTRL_O, CTRL_P, CTRL_S = "\x0f", "\x10", "\x13"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (f"abcdef{3 * BACKSPACE}XYZ", "abcXYZ"),
        (f"ba{BACKSPACE}c", "bc"),
        (f"adb{LEFT}{LEFT}{BACKSPACE}c{HOME}x", "xcdb"),
    ],
)
async def test_a_burst_keeps_its_order_in_a_field(start: Start, written: str, text: str) -> None:
    async with start() as flow:
        await flow.screen.editor.reveal("dataset.path")
        box = flow.input("dataset.path")
        box.focus()
        await flow.until(lambda: box.has_focus, "focus")
        flow.write(written)
        await flow.until(lambda: box.value == text, f"{text!r}, not {box.value!r}")


async def test_keys_before_a_dialog_has_come_go_to_it(start: Start) -> None:
    async with start() as flow:
        before = flow.screen.experiment
        flow.write(f"{CTRL_S}bar")
        box = await flow.until_asked(AskPath)
        await flow.until(lambda: box.value.endswith(".tomlbar"), "the keys in it")
        assert flow.screen.experiment == before, "none of them was a command"
        flow.write(f"{ESCAPE}s")
        await flow.until(lambda: flow.progress.steps == 1, "the key after the dialog is a command again")


async def test_keys_before_the_palette_has_come_go_to_it(start: Start) -> None:
    async with start() as flow:
        flow.write(f"{CTRL_P}one mini\r")
        await flow.until(lambda: flow.progress.steps == 1, "the command that was typed ahead")
        assert not isinstance(flow.pilot.app.screen, Palette)


async def test_keys_before_a_list_or_a_prompt_has_come_go_to_it(start: Start) -> None:
    async with start() as flow:
        dropdown = flow.field("training.optimizer.name").query_one(Dropdown)
        dropdown.focus()
        await flow.until(lambda: dropdown.has_focus, "focus")
        flow.write("\rrms\r")
        await flow.until(lambda: flow.screen.experiment.training.optimizer.name == "rmsprop", "the option found")
        assert flow.progress.steps == 0
        await flow.screen.tabs.open("runs")
        view = flow.screen.query_one(RunsView)
        flow.screen.set_focus(None)
        flow.write(f"/loss{BACKSPACE}t")
        await flow.until(lambda: view.query_one(Input).value == "lost", "the text of the filter")


async def test_a_pasted_path_waits_for_its_dialog(start: Start) -> None:
    async with start() as flow:
        flow.write(f"{CTRL_O}\x1b[200~/tmp/one.toml\x1b[201~")
        box = await flow.until_asked(AskPath)
        await flow.until(lambda: box.value.endswith("/tmp/one.toml"), "what was pasted")


async def test_keys_are_handled_in_an_app_that_runs_as_for_a_user(quick: None, forked_trainers: None) -> None:
    """Not in a test of Textual's, which gives the app a task of its own: the second key was never handled."""
    tabs: list[str] = []

    async def press(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, MainScreen)
        await wait_until(pilot, lambda: screen.state == "ready", "the trainer")
        for key, tab in (("2", "data"), ("7", "summary"), ("2", "data")):
            await pilot.press(key)
            await wait_until(pilot, lambda tab=tab: screen.tabs.active == tab, f"the tab {tab}")
            tabs.append(screen.tabs.active)
        pilot.app.exit()

    await TrainerApp(Experiment()).run_async(headless=True, size=(120, 40), auto_pilot=press)
    assert tabs == ["data", "summary", "data"]


async def test_the_focus_moves_without_a_new_picture_of_the_whole_screen(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, render_lines = set[Widget](), Widget.render_lines

    def note(widget: Widget, crop: Region) -> list[Strip]:
        drawn.add(widget)
        return render_lines(widget, crop)

    async with start() as flow:
        box = flow.input("training.learning_rate")
        await settle(flow.pilot)
        monkeypatch.setattr(Widget, "render_lines", note)
        box.focus()
        await flow.until(lambda: box in drawn and box.has_focus, "a drawn field")
        assert flow.screen.header not in drawn and flow.screen.tabs.view not in drawn
