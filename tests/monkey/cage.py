"""The app that the monkey is let at: its files in a folder of their own, its exit barred, its health measured."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monkey import Monkey
from textual.pilot import Pilot
from textual.timer import Timer

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import AnyReport, Crashed
from tui_trainer.runtime.client import Client
from tui_trainer.tabs.runs.view import RunsView
from tui_trainer.ui.terminal_input import KeyQueue

PATIENCE = 60.0  # seconds until the app answers; a busy machine needs some of them
SEEN_TO = 100  # events after which somebody looks whether the experiment can be run at all
DEEPEST = 12  # screens, lists and fields that escape may have to leave


@dataclass(frozen=True, slots=True)
class Health:
    """What should not grow: memory of the app and of the trainer (MB), widgets, timers, tasks."""

    app_mb: float
    trainer_mb: float
    widgets: int
    timers: int
    tasks: int


@dataclass
class Cage:
    """The app under the pilot."""

    pilot: Pilot[None]
    monkey: Monkey
    crashes: list[Crashed] = field(default_factory=list)
    exits: int = 0

    @property
    def screen(self) -> MainScreen:
        """The training screen, whatever lies over it."""
        return next(screen for screen in self.pilot.app.screen_stack if isinstance(screen, MainScreen))

    async def let_loose(self, count: int) -> None:
        """So many events; AssertionError at the first that does harm."""
        for number in range(count):
            if (
                number % SEEN_TO == SEEN_TO - 1 and self.screen.trainer.refused is not None
            ):  # nothing trains until it is undone
                await self.start_over()
            await self.monkey.act(self.pilot)
            assert self.pilot.app._exception is None, self.monkey.story()
            assert not self.crashes, f"{self.crashes}; {self.monkey.story()}"

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for ``condition``."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while not condition():
            assert self.pilot.app._exception is None, self.monkey.story()
            if loop.time() > end:
                told = self.screen.message_line.content
                raise AssertionError(f"never: {what}; the app says {told!r}; {self.monkey.story()}")
            await asyncio.sleep(0.01)

    async def come_back(self) -> None:
        """Back to the training screen in the usual size, with nothing in focus."""
        await self.pilot.resize_terminal(120, 40)
        self.monkey.size = (120, 40)
        for _ in range(DEEPEST):
            await self.until(lambda: self.keys_received.is_idle, "the effect of the keys before")  # maybe a dialog
            if self.pilot.app.screen is self.screen and self.screen.focused is None and not self.is_in_mode:
                break
            await self.pilot.press("escape")
        assert self.pilot.app.screen is self.screen, f"stuck in {self.pilot.app.screen}: {self.monkey.story()}"
        assert self.screen.focused is None, f"stuck in {self.screen.focused}: {self.monkey.story()}"

    async def still_works(self) -> None:
        """Keys have their effect, and training starts and goes on."""
        await self.come_back()
        for key, tab in (("7", "summary"), ("1", "live")):
            await self.pilot.press(key)
            await self.until(lambda tab=tab: self.screen.tabs.active == tab, f"the tab {tab}")
        await self.pilot.press("question_mark")
        await self.until(lambda: self.pilot.app.screen is not self.screen, "the help")
        await self.pilot.press("escape")
        await self.until(lambda: self.pilot.app.screen is self.screen, "the end of the help")
        await self.start_over()
        before = self.steps
        await self.pilot.press("s")
        await self.until(lambda: self.steps == before + 1, "one step")
        await self.pilot.press("space")
        await self.until(lambda: self.steps > before + 3, "training")
        await self.pilot.press("space")
        await self.until(lambda: self.screen.state != "running", "the pause")

    async def start_over(self) -> None:
        """An experiment that is known, at its first step."""
        await self.screen.trainer.start_over(Experiment())
        await self.until(lambda: self.screen.state == "ready" and self.steps == 0, "the usual experiment")

    @property
    def is_in_mode(self) -> bool:
        """Whether keys do something else than usual in the open tab, until escape, such as those of the pen."""
        view = self.screen.tabs.view
        return view is not None and view.in_mode and not isinstance(view, RunsView)  # which always has its own u

    @property
    def keys_received(self) -> KeyQueue:
        assert isinstance(self.pilot.app, TrainerApp)
        return self.pilot.app.keys_received

    @property
    def steps(self) -> int:
        progress = self.screen.status.progress
        return -1 if progress is None else progress.steps

    async def health(self) -> Health:
        """Measured with every tab made, no lesson on, and the usual experiment at its first step."""
        await self.come_back()
        for key in ("9", "enter", "L", *"1234567890", *"1234567890", "1"):  # a lesson's page is made when one is on
            await self.pilot.press(key)
        await self.start_over()
        await self.until_at_rest()
        gc.collect()
        nodes = list(self.screen.walk_children(with_self=True))
        timers = sum(isinstance(one, Timer) for one in gc.get_objects())
        trainer = self.screen.trainer.client.pid
        assert trainer is not None, self.monkey.story()
        return Health(resident(os.getpid()), resident(trainer), len(nodes), timers, len(asyncio.all_tasks()))

    async def until_at_rest(self) -> None:
        """Until no node has a message left to work off."""
        nodes = (self.pilot.app, *self.screen.walk_children(with_self=True))
        await self.until(lambda: not any(node.message_queue_size for node in nodes), "all messages worked off")


def resident(process: int) -> float:
    """Memory in use, MB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


@asynccontextmanager
async def cage(seed: int) -> AsyncIterator[Cage]:
    """The app with its trainer ready, in the folder and with the environment that were set up for it."""
    crashes: list[Crashed] = []
    received = Client.reports

    async def watched(client: Client) -> AsyncIterator[AnyReport]:
        async for report in received(client):
            if isinstance(report, Crashed):
                crashes.append(report)
            yield report

    Client.reports = watched  # type: ignore[method-assign]
    app = TrainerApp(Experiment())
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            one = Cage(pilot, Monkey(seed), crashes)
            await one.until(lambda: isinstance(app.screen, MainScreen) and app.screen.state == "ready", "the start")

            def barred(*args: object, **named: object) -> None:
                one.exits += 1
                one.screen.dialogs.is_closed = False

            app.exit, leave = barred, app.exit  # type: ignore[method-assign]
            yield one
            app.exit = leave  # type: ignore[method-assign]
    finally:
        Client.reports = received  # type: ignore[method-assign]
