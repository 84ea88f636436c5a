"""Lists over the training screen: letters search, space trains, the key line stays, and axes are never blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui_trainer.app.dialogs.help import HelpScreen
from tui_trainer.app.palette import Palette
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs.data.view import DataView
from tui_trainer.ui.dropdown import Dropdown, DropdownList
from tui_trainer.ui.status_lines import MAX_CHIPS, KeyLine

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
        assert before.startswith(" space  train ") and before.rstrip().endswith("?  help")
        await open_list(flow, flow.field("dataset.name").query_one(Dropdown))
        await flow.until(lambda: {"off"} <= {part.role for part in line.parts(120)}, "dim keys")
        assert flow.screen_text().splitlines()[-1] == before
        flow.input("training.epochs").focus()
        await flow.until(lambda: not flow.screen.query(DropdownList), "no list")
        assert flow.screen_text().splitlines()[-1] == before
        await flow.press("escape")

        choice = (await flow.unfold("training.loss")).query_one(Dropdown)
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
        assert line.startswith(" space  train  s  step") and line.rstrip().endswith("?  help")
        await flow.pilot.click(KeyLine, offset=(line.index("step"), 0))
        await flow.until(lambda: flow.progress.steps == 1, "a step by the mouse")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_keys_of_the_present_state_are_shown_at_most_eight_with_help(
    start: Start, size: tuple[int, int]
) -> None:
    async with start(with_field(Experiment(), "training.epochs", 1_000_000), size=size) as flow:
        line = flow.screen.query_one(KeyLine)

        def keys() -> list[str]:
            return [part.text.strip() for part in line.parts(line.size.width) if part.role == "key"]

        assert keys()[:4] == ["space", "s", "e", "a"] and keys()[-1] == "?" and len(keys()) <= MAX_CHIPS
        await flow.pilot.click(KeyLine, offset=(2, 0))
        await flow.until(lambda: " space  pause " in line.text, "training")
        assert keys()[:4] == ["space", "z", "Z", "E"] and keys()[-1] == "?" and "^p" in keys()
        pace = flow.screen.trainer.pace
        await flow.pilot.click(KeyLine, offset=(line.text.index(" z") + 1, 0))
        await flow.until(lambda: flow.screen.trainer.pace != pace, "a slower pace")
        await flow.pilot.click(KeyLine, offset=(line.text.index(" pace") + 1, 0))
        await flow.until(lambda: flow.screen.trainer.pace == pace, "the faster one again")
        await flow.pilot.click(KeyLine, offset=(2, 0))
        await flow.until_state("paused")
        assert keys()[:4] == ["space", "s", "e", "r"]
        await flow.pilot.click(KeyLine, offset=(line.text.index("commands"), 0))
        await flow.until(lambda: isinstance(flow.pilot.app.screen, Palette), "all commands")
        await flow.press("escape")
        await flow.until(lambda: flow.pilot.app.screen is flow.screen, "no commands")
        await flow.pilot.click(KeyLine, offset=(line.text.index("help"), 0))
        await flow.until(lambda: isinstance(flow.pilot.app.screen, HelpScreen), "the help")


async def test_a_click_on_a_key_takes_what_was_typed_first(start: Start) -> None:
    async with start() as flow:
        line = flow.screen.query_one(KeyLine)
        field = flow.input("training.epochs")
        field.focus()
        field.value = "7"
        await flow.until(lambda: flow.screen.focused is field, "the focus")
        await flow.pilot.click(KeyLine, offset=(line.text.index("step"), 0))
        await flow.until(lambda: flow.progress.steps == 1 and flow.progress.epochs == 7, "a step of seven epochs")
        assert flow.screen.focused is None


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
