"""How many keys, and how many clicks, the way to a well-known network takes from another dataset."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.command import CommandList
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui_trainer.app.dialogs.help import JumpScreen
from tui_trainer.app.palette import Palette, offered
from tui_trainer.app.tab_bar import TabBar
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs import tab_named
from tui_trainer.ui.dropdown import Dropdown, DropdownList
from tui_trainer.ui.status_lines import KeyLine

if TYPE_CHECKING:
    from running_app import Flow, Start

MOST_PRESSES = 12  # from the start to 2-8-8-1 tanh on the spiral, after another dataset
LONG = with_field(Experiment(), "training.epochs", 1_000_000)
RATE, UNITS, ACTIVATION = "training.learning_rate", "model.layers[0].units", "model.layers[0].activation"


class Keys:
    """Presses keys, and counts them."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.presses = flow, 0

    async def press(self, *keys: str) -> None:
        self.presses += len(keys)
        await self.flow.press(*keys)

    async def jump(self, path: str) -> None:
        """Give a field the focus by its letter."""
        app, target = self.flow.pilot.app, focusable(self.flow, path)
        await self.press("semicolon")
        await self.flow.until(lambda: isinstance(app.screen, JumpScreen), "the letters")
        letters = app.screen.query(".letter").results(Static)
        await self.flow.until(lambda: all(letter.region for letter in app.screen.query(".letter")), "their places")
        letter = next(letter for letter in letters if letter.region.offset == target.region.offset)
        await self.press(str(letter.content))
        await self.flow.until(lambda: target.has_focus, f"focus on {path}")

    async def choose(self, typed: str) -> None:
        """Take the first entry of the palette for what is typed."""
        app = self.flow.pilot.app
        await self.press("ctrl+p")
        await self.flow.until(lambda: isinstance(app.screen, Palette), "the palette")
        await self.press(*typed)
        await self.flow.until(lambda: app.screen.query_one(Input).value == typed, "what was typed")
        await self.press("enter")
        await self.flow.until(lambda: not isinstance(app.screen, Palette), "the palette closed")


class Mouse:
    """Clicks, and counts clicks; turns the wheel."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.presses = flow, 0

    @property
    def _top(self) -> Screen[object]:
        return self.flow.pilot.app.screen

    async def settled(self) -> None:
        """Wait until nothing is about to move: a chosen dataset brings other fields with its load."""
        ready = ("ready", "running", "paused", "finished")
        await self.flow.until(lambda: self.flow.screen.state in ready, "a loaded run")
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
        await self.flow.pilot.click(self._top, offset=(cell_len(line[: line.index(text)]) + 1, row), times=times)

    async def click_key(self, label: str) -> None:
        """Click a key on the last line."""
        await self.settled()
        line = self.flow.screen.query_one(KeyLine)
        await self.flow.until(lambda: f" {label} " in f"{line.text} ", f"the key {label!r}")
        await self.click(line, x=f"{line.text} ".index(f" {label} ") + 1)

    async def click_tab(self, name: str) -> None:
        """Click the key of a tab in their line."""
        bar = self.flow.screen.query_one(TabBar)
        await self.click(bar, x=bar.text.index(f" {tab_named(name).key} ") + 1)

    async def choose_command(self, title: str) -> None:
        """Choose from the list of all commands."""
        await self.click_key("commands")
        await self.flow.until(lambda: isinstance(self._top, Palette) and self._top.query_one(CommandList).option_count)
        commands = self._top.query_one(CommandList)
        index = [entry.title for entry in offered(self.flow.screen)].index(title)
        first, rows = commands.scroll_offset.y, 2  # a title, and what it does
        while not first <= rows * index < first + commands.size.height:
            await self.turn(commands, -1)
            first = commands.scroll_offset.y
        await self.click(commands, x=3, y=int(rows * index - first))

    async def turn(self, target: Widget, direction: int) -> None:
        """Turn the wheel over a widget: up is 1."""
        kind = events.MouseScrollUp if direction > 0 else events.MouseScrollDown
        x, y = target.region.offset
        self.flow.pilot.app.post_message(kind(None, x, y, 0, -direction, 0, False, False, False, x, y))
        await self.flow.pilot.pause()

    async def choose(self, path: str, value: str) -> None:
        """Choose from the list of a field, which is turned until the value is seen."""
        dropdown = self.flow.field(path).query_one(Dropdown)
        await self.click(dropdown)
        await self.flow.until(lambda: dropdown.query(DropdownList), "the list")
        options = dropdown.query_one(DropdownList)
        index = [option for _, option in dropdown.options].index(value)
        await self.flow.until(lambda: options.region, "its place")
        while not options.scroll_offset.y <= index < options.scroll_offset.y + options.size.height:
            await self.turn(options, 1 if index < options.scroll_offset.y else -1)
        await self.click(options, y=index - int(options.scroll_offset.y))


def focusable(flow: Flow, path: str) -> Widget:
    """What of a field takes the focus."""
    return next(node for node in flow.field(path).walk_children(Widget) if node.focusable)


def is_spiral_network(experiment: Experiment) -> bool:
    """Whether this is 2-8-8-1 tanh on the spiral."""
    layers = [(layer.units, layer.activation) for layer in experiment.model.layers]
    return experiment.dataset.name == "spiral" and layers == [(8, "tanh"), (8, "tanh")]


async def test_twelve_keys_lead_to_the_network_for_the_spiral(start: Start) -> None:
    async with start(tab="live") as flow:
        keys = Keys(flow)
        await keys.choose("sp")
        await flow.until(lambda: is_spiral_network(flow.screen.experiment), "the network")
        assert keys.presses <= MOST_PRESSES


async def test_twelve_clicks_lead_to_the_network_for_the_spiral(start: Start) -> None:
    async with start(tab="live") as flow:
        mouse = Mouse(flow)
        await mouse.choose("dataset.name", "spiral")
        await flow.until(lambda: is_spiral_network(flow.screen.experiment), "the network")
        assert mouse.presses <= MOST_PRESSES
