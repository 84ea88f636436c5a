"""Lists over the training screen: letters search, space trains, the key line stays, and axes are never blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_trainer.tabs.data.view import DataView
from tui_trainer.ui.dropdown import Dropdown, DropdownList
from tui_trainer.ui.status_lines import KeyLine

if TYPE_CHECKING:
    from running_app import Flow, Start


async def open_list(flow: Flow, choice: Dropdown) -> DropdownList:
    """Open the list of ``choice`` by keys."""
    choice.focus()
    await flow.until(lambda: choice.has_focus, "the focus")
    await flow.press("enter")
    await flow.until(lambda: isinstance(flow.screen.focused, DropdownList), "the open list")
    return flow.screen.query_one(DropdownList)


async def test_an_open_list_leaves_space_and_the_key_line_and_closes_beside_it(start: Start) -> None:
    async with start() as flow:
        line = flow.screen.query_one(KeyLine)
        before = flow.screen_text().splitlines()[-1]
        assert before.startswith("space Train") and before.rstrip().endswith("q Quit")
        await open_list(flow, flow.field("dataset.name").query_one(Dropdown))
        await flow.until(lambda: any("dim" in str(span.style) for span in line.render().spans), "dim keys")
        assert flow.screen_text().splitlines()[-1] == before
        flow.input("dataset.path").focus()
        await flow.until(lambda: not flow.screen.query(DropdownList), "no list")
        assert flow.screen_text().splitlines()[-1] == before
        await flow.press("escape")

        choice = flow.field("training.loss").query_one(Dropdown)
        await open_list(flow, choice)
        await flow.pilot.click(offset=(100, 2))
        await flow.until(lambda: not flow.screen.query(DropdownList), "no list")
        assert flow.screen.focused is choice
        await flow.press("escape")

        choice = flow.field("training.optimizer.name").query_one(Dropdown)
        await open_list(flow, choice)
        await flow.press("space")
        await flow.until(lambda: flow.progress.steps > 0, "training beneath the list")
        assert choice.expanded
        await flow.press("m")
        assert not flow.screen.has_class("-no-setup"), "m is a letter here"
        await flow.press("escape")
        await flow.until(lambda: flow.screen.focused is choice, "the focus back where it was")
        await flow.press("escape")
        await flow.until(lambda: flow.screen.focused is None, "no focus")


async def test_the_key_line_can_be_clicked_and_drops_what_does_not_fit(start: Start) -> None:
    async with start(size=(60, 16)) as flow:
        line = flow.screen_text().splitlines()[-1]
        assert line.startswith("space Train s Step") and line.rstrip().endswith("? Help q Quit")
        await flow.pilot.click(KeyLine, offset=(line.index("Step"), 0))
        await flow.until(lambda: flow.progress.steps == 1, "a step by the mouse")


async def test_axes_are_columns_and_never_blank(start: Start) -> None:
    async with start() as flow:
        await flow.press("2")
        await flow.until(lambda: flow.screen.query(DataView), "the tab")
        axis = flow.screen.query_one("#x-axis", Dropdown)
        await flow.until(lambda: axis.value is not None, "an axis")
        assert flow.screen.trainer.loaded is not None
        columns = list(flow.screen.trainer.loaded.dataset.columns)
        opened = await open_list(flow, axis)
        assert [str(option.prompt) for option in opened.options] == columns
        await flow.press("end", "enter")
        await flow.until(lambda: axis.value == columns[-1], "another axis")
