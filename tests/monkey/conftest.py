"""A folder for all that a monkey writes, and a pilot that is quick."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from known_styles import know_styles
from running_app import forked_trainers
from textual.pilot import Pilot

from tui_trainer.files import ROOT_VARIABLE

__all__ = ["forked_trainers", "playground"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``test_hands.py``; there only where this folder is named on the command line."""
    group = parser.getgroup("quick hands")
    group.addoption("--actions", type=int, default=1000, help="actions of quick hands, of all seeds together")
    group.addoption("--seeds", type=int, default=4, help="how many seeds they come from")
    group.addoption("--first-seed", type=int, default=1, help="the first of these")


async def key_seen(pilot: Pilot[None], timeout: float = 20.0) -> bool:
    """Wait until the app, its screen and the widget in focus have worked off their messages."""
    for node in (pilot.app, pilot.app.screen, pilot.app.focused):
        seen = asyncio.Event()
        if node is not None and node.call_later(seen.set):
            await asyncio.wait_for(seen.wait(), timeout)
    return True


async def at_once(*_: float) -> None:
    await asyncio.sleep(0)


@pytest.fixture
def playground(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, forked_trainers: None) -> Iterator[Path]:
    """The folder; nothing outside of it can be opened, saved or remembered."""
    files = tmp_path / "files"
    files.mkdir()
    (files / "some.csv").write_text("a,b,c\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(40)))
    monkeypatch.chdir(files)
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv(ROOT_VARIABLE, str(files))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("textual.app.wait_for_idle", at_once)
    monkeypatch.setattr("textual.pilot.wait_for_idle", at_once)
    monkeypatch.setattr(Pilot, "_wait_for_screen", key_seen)
    know_styles(monkeypatch)
    yield tmp_path
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"files", "data"}, left
