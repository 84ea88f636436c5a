"""The whole app under a pilot: started, waited for until its child process has the data, and driven.

The trainer is a process of its own, as ever, but forked from one that has everything imported.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest
from known_messages import know_messages
from known_styles import know_styles
from rich.console import RenderableType
from systems import WINDOWS
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from tui_trainer.app import tab_bar
from tui_trainer.app.app import TrainerApp
from tui_trainer.app.preferences import Preferences
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import AnyReport, Loaded, Progress, Update
from tui_trainer.runtime import client
from tui_trainer.runtime.client import Client
from tui_trainer.tabs.loss.messages import Curve
from tui_trainer.tabs.view import decode_content
from tui_trainer.ui.fields import Field
from tui_trainer.ui.pacing import ExactCompositor
from tui_trainer.ui.terminal_input import PasteParser

# Seconds a condition may take to come true; a busy machine needs some of them, and Wine many to start a process.
PATIENCE = 90.0 if WINDOWS else 30.0
WIDE = (120, 40)


async def wait_until(pilot: Pilot[None], condition: Callable[[], object], what: str = "") -> None:
    """Let the app work until ``condition`` holds; fail with a sentence where it never does.

    The longer it takes to look, the rarer that is done: the app needs the processor to get there.
    """
    loop = asyncio.get_running_loop()
    looked = loop.time()
    deadline = looked + PATIENCE
    while not condition():
        now = loop.time()
        if now > deadline:
            screen = next((one for one in pilot.app.screen_stack if isinstance(one, MainScreen)), None)
            told = "" if screen is None else f"; the app says {text_of(screen.message_line)!r}"
            pytest.fail(f"never came true in {PATIENCE:g} s: {what or 'the condition'}{told}")
        await asyncio.sleep(max(0.005, 3 * (now - looked)))
        looked = loop.time()


async def key_seen(pilot: Pilot[None], timeout: float = PATIENCE) -> bool:
    """Wait until the app, its screen and the widget in focus have worked off their messages, and no key waits."""
    for node in (pilot.app, pilot.app.screen, pilot.app.focused):
        seen = asyncio.Event()
        if node is not None and node.call_later(seen.set):
            answer = asyncio.ensure_future(seen.wait())
            running = {pilot.app._task} - {None}  # a key may end the app, which answers nothing then
            done, _ = await asyncio.wait({answer, *running}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            answer.cancel()
            if not done:
                raise TimeoutError(f"{node} has not answered in {timeout:g} s")
    async with asyncio.timeout(timeout):
        while isinstance(pilot.app, TrainerApp) and pilot.app.is_running and not pilot.app.keys_received.is_idle:
            await asyncio.sleep(0)
    return True


post_mouse_events = Pilot._post_mouse_events


async def use_mouse_where_widgets_are(pilot: Pilot[None], *arguments: Any, **named: Any) -> bool:
    """Send what a mouse does once what has changed is laid out: nobody aims at where a button was before."""
    screen = pilot.app.screen
    await wait_until(pilot, lambda: not screen._layout_required or screen is not pilot.app.screen, "a layout")
    return await post_mouse_events(pilot, *arguments, **named)


def text_of(widget: Static) -> str:
    """The characters a Static shows."""
    return str(widget.content)


class Flow:
    """An app that runs: presses keys, finds fields, and knows every report that came."""

    def __init__(self, pilot: Pilot[None], reports: list[AnyReport]) -> None:
        self.pilot, self.reports = pilot, reports

    @property
    def screen(self) -> MainScreen:
        """The training screen, whatever lies over it."""
        return next(screen for screen in self.pilot.app.screen_stack if isinstance(screen, MainScreen))

    async def press(self, *keys: str) -> None:
        """Press keys one by one, each followed by the messages it set off.

        A dialog that closes is gone a moment before its conversation has ended, and a key for another one would have
        no effect in between. Nobody is that quick but a test on a busy machine.
        """
        for key in keys:
            await self.until(lambda: not self._is_between_dialogs, "the end of the dialog before")
            await self.pilot.press(key)

    def write(self, text: str) -> None:
        """Send what a terminal would in one write, and go on at once."""
        for event in PasteParser().feed(text):
            self.pilot.app.post_message(event)

    @property
    def _is_between_dialogs(self) -> bool:
        """Whether a conversation goes on while no dialog is open: one is about to open, or was the last."""
        screens = self.pilot.app.screen_stack
        if not screens or not isinstance(screens[-1], MainScreen):
            return False
        dialogs = screens[-1].dialogs
        return not dialogs.is_free and not dialogs.is_closed

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait for ``condition``."""
        await wait_until(self.pilot, condition, what)

    async def until_said(self, part: str) -> None:
        """Wait until the message line holds ``part``."""
        await self.until(lambda: part in self.message, f"a message with {part!r}")

    async def until_asked(self, dialog: type[Screen[Any]]) -> Input:
        """Wait until ``dialog`` is open, with a text box in focus, which is returned."""
        app = self.pilot.app
        await self.until(lambda: isinstance(app.screen, dialog) and isinstance(app.focused, Input), dialog.__name__)
        assert isinstance(app.focused, Input)
        return app.focused

    async def until_state(self, state: str) -> None:
        """Wait until the trainer is in ``state``."""
        await self.until(lambda: self.screen.state == state, f"the state {state!r}")

    async def until_loaded(self, count: int) -> None:
        """Wait until ``count`` runs have been loaded since the start."""
        await self.until(lambda: self.loads >= count and self.screen.state == "ready", f"load number {count}")

    @property
    def message(self) -> str:
        """What the message line says."""
        return text_of(self.screen.message_line)

    @property
    def heading(self) -> str:
        """The title of the card of layers."""
        return self.screen.network_panel.title

    @property
    def progress(self) -> Progress:
        """The newest progress shown."""
        progress = self.screen.status.progress
        assert progress is not None
        return progress

    @property
    def loads(self) -> int:
        """How many runs have been loaded."""
        return sum(isinstance(report, Loaded) for report in self.reports)

    def contents(self, tab: str, run: int | None = None) -> list[Any]:
        """All contents received for a tab, those of one run where its number is given."""
        return [
            decode_content(report)
            for report in self.reports
            if isinstance(report, Update) and report.tab == tab and run in (None, report.run)
        ]

    def curves(self) -> tuple[Curve, ...]:
        """The newest curves received for the present run; none before the first."""
        contents = self.contents("loss", self.progress.run)
        return contents[-1].curves if contents else ()

    async def until_curves(self) -> tuple[Curve, ...]:
        """Wait for the curves that belong to the newest progress."""

        def steps() -> list[int]:
            return [report.steps for report in self.reports if isinstance(report, Update) and report.tab == "loss"]

        await self.until(lambda: steps()[-1:] == [self.progress.steps], "the curves of the newest step")
        return self.curves()

    def field(self, path: str) -> Field:
        """The field of the experiment at ``path``: the one that is shown, if there are several."""
        fields = [field for field in self.screen.query(Field) if field.path == path]
        return min(fields, key=lambda field: field.has_class("-fixed"))

    async def unfold(self, path: str) -> Field:
        """The field of the experiment at ``path``, unfolded if it was folded."""
        await self.screen.editor.reveal(path)
        return self.field(path)

    def input(self, path: str) -> Input:
        """The text box of a field."""
        return self.field(path).query_one(Input)

    async def enter(self, path: str, text: str) -> None:
        """Put ``text`` into a field, press Enter, and leave it."""
        box = (await self.unfold(path)).query_one(Input)
        box.focus()
        await self.until(lambda: box.has_focus, f"focus on {path}")
        box.value = text
        await self.press("enter", "escape")
        assert self.screen.focused is None

    async def until_shown(self, text: str) -> None:
        """Wait until the screen holds ``text``, whole, wherever its lines break."""
        words = " ".join(text.split())
        await self.until(lambda: words in " ".join(self.screen_text().split()), f"{words!r} on the screen")

    def screen_text(self) -> str:
        """Every character on the screen, row by row."""
        strips = self.pilot.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in strips)


Start = Callable[..., AbstractAsyncContextManager[Flow]]


@asynccontextmanager
async def running_app(
    reports: list[AnyReport],
    experiment: Experiment | None = None,
    size: tuple[int, int] = WIDE,
    path: Path | None = None,
    lessons: Path | None = None,
    hand_in: Path | None = None,
    preferences: Preferences | None = None,
    tab: str = "loss",
) -> AsyncIterator[Flow]:
    """The app on ``experiment`` with ``tab`` open, the first one that it has, once its first run is loaded.

    What the frames before that would show is drawn with the first one after it: other tests see each of them.
    """
    app = TrainerApp(experiment or Experiment(), path, lessons=lessons, preferences=preferences, hand_in=hand_in)
    with pytest.MonkeyPatch.context() as patch, pytest.MonkeyPatch.context() as drawing:
        drawing.setattr(ExactCompositor, "render_update", draw_later)
        patch.setattr(tab_bar, "FIRST", tab)
        patch.setattr(tab_bar.TabBar.active, "_default", tab)
        async with app.run_test(size=size, notifications=preferences is not None) as pilot:
            flow = Flow(pilot, reports)
            await wait_until(pilot, lambda: isinstance(app.screen, MainScreen), "the main screen")
            await wait_until(pilot, lambda: app.screen.is_mounted, "its first tab")
            patch.undo()
            tabs = flow.screen.tabs
            await flow.until(lambda: flow.screen.state == "ready" and tabs.view is not None, "the first load")
            drawing.undo()
            yield flow


put_together = ExactCompositor.render_update


def draw_unseen(
    compositor: ExactCompositor,
    full: bool = False,
    screen_stack: list[Screen[object]] | None = None,
    simplify: bool = False,
) -> RenderableType | None:
    """Draw all widgets of a frame, and don't put the frame together, unless it is for a picture: nobody sees it."""
    if full:
        return put_together(compositor, full, screen_stack, simplify)
    visible_screen_stack.set([] if screen_stack is None else screen_stack)
    changed = list(compositor._dirty_regions)
    compositor._dirty_regions.clear()
    for widget, (region, clip) in compositor.visible_widgets.items():
        seen = region.intersection(clip)
        if seen and any(seen.overlaps(part) for part in changed):
            widget.render_lines(seen.translate(-region.offset))
    return None


def draw_later(compositor: ExactCompositor, full: bool = False, **named: Any) -> RenderableType | None:
    """Leave what has changed to the next frame, unless it is for a picture."""
    return put_together(compositor, full, **named) if full else None


class EmptyCache:
    """A cache of a strip that keeps nothing. Textual makes seven for each, which frames that nobody sees don't ask."""

    def get(self, key: object) -> None:
        """Return that nothing is kept."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot that is quick, frames that only are drawn, and handlers and styles that are worked out once.

    It would wait after each key until the process is idle and every widget has answered, 100 ms or so; now it
    waits for those whom a key concerns, and what takes longer is waited for by name. Before the mouse is used, it waits
    for a layout that is due. Textual's log of messages and its caches of strips are left out. The slow tests of
    terminals run the app without any of this; ``app/test_quick.py`` compares handlers and styles with Textual's own.
    """

    async def at_once(*_: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr("textual.app.wait_for_idle", at_once)
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_once)
    monkeypatch.setattr(Pilot, "_wait_for_screen", key_seen)
    monkeypatch.setattr(Pilot, "_post_mouse_events", use_mouse_where_widgets_are)
    monkeypatch.setattr(ExactCompositor, "render_update", draw_unseen)
    empty_cache = EmptyCache()
    monkeypatch.setattr("textual.strip.FIFOCache", lambda _: empty_cache)
    know_messages(monkeypatch)
    know_styles(monkeypatch)


@pytest.fixture
def forked_trainers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainers that are forked from a process that has everything imported; on Windows, where nothing is, as ever."""
    if WINDOWS:
        return
    import forked_trainer

    started, python = client.start_module, sys.executable
    forked_trainer.prepare()

    def forked(module: str, argument: str, connection: socket.socket, errors: IO[bytes]) -> object:
        if module == forked_trainer.MODULE and sys.executable == python:  # a test may break Python
            return forked_trainer.ForkedProcess(argument, connection, errors)
        return started(module, argument, connection, errors)

    monkeypatch.setattr(client, "start_module", forked)


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick: None, forked_trainers: None) -> Start:
    """Starts the app: ``async with start(experiment, size) as flow``, with a store of its own."""
    reports: list[AnyReport] = []
    received = Client.reports

    async def recorded(client: Client) -> AsyncIterator[AnyReport]:
        async for report in received(client):
            reports.append(report)
            yield report

    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    monkeypatch.setattr(Client, "reports", recorded)
    return partial(running_app, reports)
