"""What the monkey, and a storm of resizes, have found: each a thing that once did harm."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from cage import Cage, cage
from msgspec.structs import replace
from textual.app import App, ComposeResult
from textual.widgets import OptionList

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.app.dialogs.preview_data import PreviewData
from tui_trainer.app.palette import Palette
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import Experiment
from tui_trainer.ui.dropdown import Dropdown, DropdownList, SafeOptionList
from tui_trainer.ui.fields import TextBox

pytestmark = pytest.mark.slow


async def test_quick_hands_break_nothing(playground: Path) -> None:
    """One app, so that it costs little: what was given twice, had no room, or was taken for markup."""
    async with cage(0) as one:
        await answered_twice(one)
        await list_closed_twice(one)
        await pages_without_room(one)
        await a_name_that_looks_like_markup(one)
        await boxes_that_have_gone_are_forgotten(one)
        await one.still_works()


async def answered_twice(one: Cage) -> None:
    """Two Enters in one breath, or two clicks beside the palette; the second had put away what lay below."""
    for dialog in (AskPath("Open", ""), Palette(), PickFile("")):
        await one.pilot.app.push_screen(dialog)
        dialog.dismiss()
        dialog.dismiss()
        await one.pilot.pause()
        assert one.pilot.app.screen is one.screen


async def list_closed_twice(one: Cage) -> None:
    """Two presses of the mouse beside it, the second before the screen has heard that it has gone."""
    one.screen.query(Dropdown).first().focus()
    await one.pilot.press("enter")
    opened = one.screen.query(DropdownList).first()
    await opened.remove()
    opened.action_close()


async def pages_without_room(one: Cage) -> None:
    """Keys that turn the page of a list, in a terminal of one cell."""
    await one.pilot.resize_terminal(1, 1)
    for dialog in (Palette(), PickFile("")):
        await one.pilot.app.push_screen(dialog)
        await one.until(lambda dialog=dialog: dialog.query_one(OptionList).option_count, "options")
        await one.pilot.press("down", "pagedown", "pageup")
        dialog.dismiss()
        await one.pilot.pause()
    await one.come_back()


async def a_name_that_looks_like_markup(one: Cage) -> None:
    """It is the title of the preview."""
    preview = PreviewData(replace(Experiment().dataset, path="a[b=!u}.z].csv"), lambda config, number: None)
    await one.pilot.app.push_screen(preview)
    await one.until(lambda: "[b=!u}.z]" in str(preview.query_one("#preview")._border_title), "the title")
    preview.dismiss()
    await one.pilot.pause()


async def boxes_that_have_gone_are_forgotten(one: Cage) -> None:
    """Layers that are added and removed leave none of their fields behind."""
    await one.start_over()
    await one.pilot.press(*("a", "a", "x", "x") * 3)
    await one.until(lambda: len(one.screen.experiment.model.layers) == 1, "one layer")
    await one.until(lambda: all(box.is_attached for box in known_boxes(one.screen)), "no box that has gone")


def known_boxes(screen: MainScreen) -> list[TextBox]:
    """The boxes that are waiting for something of the screen."""
    gc.collect()
    return [box for box in screen.text_selection_started_signal._subscriptions if isinstance(box, TextBox)]


class ListApp(App[None]):
    """A list that has no room."""

    CSS = "SafeOptionList { width: 0; height: 0; border: none; padding: 0; }"

    def compose(self) -> ComposeResult:
        yield SafeOptionList("a", "b", "c")


async def test_a_list_without_room_turns_no_page(playground: Path) -> None:
    async with ListApp().run_test(size=(1, 1)) as pilot:
        await pilot.press("down", "pagedown", "pageup")
        assert pilot.app.query_one(SafeOptionList).highlighted == 1  # as the first key has left it


async def test_left_while_a_tab_opens(playground: Path) -> None:
    """Its view had missed the widgets that were gone by then, and said so in a traceback."""
    for tab in ("predictions", "landscape"):
        app = TrainerApp(Experiment())
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            screen = app.screen
            assert isinstance(screen, MainScreen)
            screen.tabs.active = tab
            app.exit()
        assert app.return_code == 0 and app._exception is None
