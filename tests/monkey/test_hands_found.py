"""What quick hands once crashed the app with, each as the burst that did it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cage import cage
from hands import burst, post_click, post_key, settle
from textual import events
from textual.command import CommandList
from textual.style import Style
from textual.widgets import OptionList

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.dialogs.dialog import AskPath
from tui_trainer.app.dialogs.pick_file import PickFile
from tui_trainer.app.palette import Palette
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs.book.guide import LessonState
from tui_trainer.tabs.book.lesson_page import LessonPage

pytestmark = pytest.mark.slow  # as all monkeys but a few quick hands
DIALOGS = ("i", "ctrl+o", "ctrl+e", "M")


async def test_turning_the_pages_of_the_book(playground: Path) -> None:
    """Blanks that were removed while they were being made looked for boxes they did not have."""
    async with cage(0) as one:
        await burst(one, "9")
        await burst(one, "enter")
        screen, tracker = one.screen, one.screen.lessons.tracker
        (page,) = screen.query("#lesson").results(LessonPage)
        states = []
        for lesson in tracker.library.lessons:
            tracker.begin(lesson)
            states.append(tracker.page)
        blanks = next(index for index, state in enumerate(states) if is_blank(state))
        for turns in range(40):  # of the event loop, until the page is turned
            page.show(states[blanks])
            for _ in range(turns):
                await asyncio.sleep(0)
            page.show(states[blanks - 1])
            await settle(one)
            assert one.pilot.app._exception is None


def is_blank(state: LessonState | None) -> bool:
    """Whether the question of a lesson is one of numbers."""
    return state is not None and bool(state.lesson.questions) and bool(state.lesson.questions[0].blanks)


@pytest.mark.parametrize("key", DIALOGS)
async def test_a_dialog_and_the_palette(key: str, playground: Path) -> None:
    """The palette lay below the dialog, and a second one of the same name was opened."""
    async with cage(0) as one:
        await burst(one, key, "ctrl+p")
        await burst(one, "ctrl+p")
        await one.still_works()


@pytest.mark.parametrize("keys", (("ctrl+o", "M", "enter", "escape"), ("ctrl+e", "i", "enter"), ("i", "i", "escape")))
async def test_two_dialogs_and_an_answer(keys: tuple[str, ...], playground: Path) -> None:
    """The lower dialog took the answer, and closed the upper one."""
    async with cage(0) as one:
        for _ in range(3):
            await burst(one, *keys)
            await burst(one, "escape", "escape", "escape")
        await one.still_works()


async def test_a_click_on_an_entry_that_is_being_narrowed_away(playground: Path) -> None:
    """The click had the number of an entry in a list that was shorter by then."""
    async with cage(0) as one:
        await burst(one, "i")
        picker = one.pilot.app.screen
        assert isinstance(picker, PickFile)
        await one.until(lambda: picker.query_one(OptionList).option_count, "the list of files")
        region = picker.query_one(OptionList).content_region
        for _ in range(3):
            post_key(one.pilot, "z")
            post_key(one.pilot, "z")
            post_click(one.pilot, region.x + 2, region.y)
            await settle(one)
        await one.still_works()


async def test_a_click_on_a_command_that_is_no_longer_offered(playground: Path) -> None:
    """The commands were found anew between the moment of the click and its handling."""
    async with cage(0) as one:
        await burst(one, "ctrl+p")
        palette = one.pilot.app.screen
        assert isinstance(palette, Palette)
        commands = palette.query_one(CommandList)
        await one.until(lambda: commands.option_count, "the commands")
        for option in (0, commands.option_count - 1):
            style = Style.from_meta({"option": option})
            place = palette.query_one("#--input").region.offset  # not beside the palette, which would close it
            click = events.Click(commands, 1, 1, 0, 0, 1, False, False, False, place.x + 1, place.y + 1, style)
            commands.post_message(click)
            commands.clear_options()
            await settle(one)
        assert one.pilot.app.screen is palette, "nothing was chosen"
        await one.still_works()


async def test_a_dialog_closes_itself_alone(playground: Path) -> None:
    """One below another closed that one, since Textual calls what is seen behind a dialog current, too."""
    async with cage(0) as one:
        app = one.pilot.app
        lower, upper = AskPath("Below", ""), PickFile("")
        await app.push_screen(lower)
        await app.push_screen(upper)
        lower.dismiss(None)
        await settle(one)
        assert app.screen is upper
        upper.dismiss(None)
        await settle(one)
        assert app.screen is lower
        lower.dismiss(None)
        await settle(one)
        assert app.screen is one.screen


async def test_a_layer_of_an_experiment_that_is_not_shown_yet(playground: Path) -> None:
    """The layer that was to go was one of those on the screen, and not of those there were."""
    async with cage(0) as one:
        await burst(one, "a", "x", "x", "u")
        editor, said = one.screen.editor, []
        await one.until(lambda: len(editor.history._future) == 1 and not editor._lock.locked(), "all four edits")
        one.screen.message_line.show_message = lambda *sentence: said.append(sentence[0])  # type: ignore[method-assign]
        async with editor._lock:  # the panels are being updated
            undone = asyncio.create_task(editor.action_redo())
            await asyncio.sleep(0)
            assert not one.screen.experiment.model.layers
            removed = asyncio.create_task(one.screen.action_do("remove_layer"))
            await asyncio.sleep(0.05)
        await asyncio.gather(undone, removed)
        await settle(one)
        assert any("no hidden layer to remove" in sentence for sentence in said), said


@pytest.mark.parametrize("keys", (("x", "u", "U", "x"), ("a", "u", "x"), ("x", "9", "enter", "x", "u", "x")))
async def test_removing_a_layer_right_after_another_edit(keys: tuple[str, ...], playground: Path) -> None:
    """The layer that was to go was one of those on the screen, and not of those there were."""
    async with cage(0) as one:
        for _ in range(4):
            await burst(one, *keys)
            assert "there is no" not in str(one.screen.message_line.content)
        await one.still_works()


@pytest.mark.parametrize("order", ("9n4n", "9nnn4", "9n3p5n4"))
async def test_tabs_that_open_while_a_lesson_begins(order: str, playground: Path) -> None:
    """The lesson set up a view that was still being made."""
    async with cage(0) as one:
        await burst(one, "9")
        await burst(one, "enter", *order)
        await burst(one, *"nnnnnnnnnnnnnn", seconds=0.03)
        await one.still_works()


@pytest.mark.parametrize("name", ("landscape", "boundary", "network", "predictions", "runs", "book"))
async def test_a_view_is_there_before_it_is_set_up(name: str, playground: Path) -> None:
    """A second request got the view that the first one was still making."""
    async with cage(0) as one:
        tabs = one.screen.tabs
        first = asyncio.create_task(tabs.ready(name))
        await asyncio.sleep(0)
        assert tabs.made(name) is None
        view = await tabs.ready(name)
        assert view.is_mounted and view is await first
        view.configure({})


@pytest.mark.parametrize(
    "keys", (("q", "ctrl+p"), ("q", "i"), ("q", "M"), ("M", "ctrl+q"), ("9", "q"), ("4", "q", "n"))
)
async def test_keys_after_the_one_that_leaves(keys: tuple[str, ...], playground: Path) -> None:
    """A dialog that was opened while the app was closing missed its widgets."""
    app = TrainerApp(Experiment())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for key in keys:
            post_key(pilot, key)
        for _ in range(300):
            if app._exit:
                break
            await asyncio.sleep(0.01)
        assert app._exit
        await asyncio.sleep(0.1)
    assert app.return_code == 0 and app._exception is None
