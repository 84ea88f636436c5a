"""How a picture of the app is taken: waited for until it says something, and cleared of what is not its own."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

# This checkout's app, not an older one that is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.film import FONTS, TITLE
from tui_trainer.app.film import tidy as without_fetches
from tui_trainer.app.screen import MainScreen

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # seconds until a picture is given up
STILL = 0.6  # seconds without a change until it is taken


@dataclass(frozen=True, slots=True)
class Pictures:
    """``take`` gives the pictures ``names``, from a store that holds nothing else: SVGs, or what the name says."""

    names: tuple[str, ...]
    take: Callable[[], Coroutine[None, None, Sequence[str] | Sequence[bytes]]]


class NotTaken(Exception):
    """This machine lacks what a picture needs; the one that there is stays."""


async def training_screen(pilot: Pilot[None]) -> MainScreen:
    """The app's screen, once its trainer has the data."""
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    await until(pilot, lambda: screen.state == "ready", "no trainer")
    return screen


async def until(pilot: Pilot[None], done: Callable[[], bool], what: str) -> None:
    """Wait for ``done``; TimeoutError with ``what`` where it never comes true."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await pilot.pause(0.01)
    await pilot.pause()


async def until_shown(pilot: Pilot[None], text: str) -> None:
    """Wait until ``text`` is on the screen, whichever that is by then."""

    def shown() -> bool:
        return any(text in strip.text for strip in pilot.app.screen._compositor.render_strips())

    await until(pilot, shown, f"never shown: {text}")


async def open_tab(pilot: Pilot[None], key: str, name: str) -> None:
    """Open a tab by its key, and wait until its view is there, so that the next keys are for it."""
    screen = pilot.app.screen
    assert isinstance(screen, MainScreen)
    await pilot.press(key)
    await until(pilot, lambda: screen.tabs.active == name and screen.tabs.view is not None, f"no tab {name}")


async def settled(pilot: Pilot[None]) -> str:
    """The picture once it no longer changes."""
    before, now, since = "", pilot.app.export_screenshot(title=TITLE), time.monotonic()
    while time.monotonic() - since < STILL:
        await pilot.pause(0.05)
        before, now = now, pilot.app.export_screenshot(title=TITLE)
        if _drawn(before) != _drawn(now):
            since = time.monotonic()
    return tidy(now)


def picture(app: TrainerApp) -> str:
    """The picture as it is now."""
    return tidy(app.export_screenshot(title=TITLE))


def tidy(svg: str) -> str:
    """Without what would be fetched from elsewhere, and with fonts that the reader's machine may have."""
    return re.sub(r"font-family:\s*Fira Code, *monospace", f"font-family: {FONTS}", without_fetches(svg))


def _drawn(svg: str) -> str:
    """A picture without its random name."""
    return re.sub(r"terminal-\d+", "terminal", svg)
