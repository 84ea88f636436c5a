"""Two terminals, one session: the second one shows what the first one does, until that has gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulated_app import PATIENCE, EmulatedApp
from multiplexers import Open
from terminal_modes import left_behind
from terminal_table import BEST, TERMINALS

pytestmark = pytest.mark.slow

ENDLESS = "name = 'endless'\n[[model.layers]]\nunits = 8\n[training]\nepochs = 10000000\n"
TERMINAL = next(terminal for terminal in TERMINALS if terminal.name == BEST)


@pytest.fixture
def follower(open_app: Open, tmp_path: Path) -> Iterator[tuple[EmulatedApp, EmulatedApp]]:
    """A presenter's terminal, and a smaller one that follows it."""
    presenter = open_app(TERMINAL, (120, 40), ENDLESS)
    app = EmulatedApp(["--follow"], (80, 24), tmp_path, {})
    app.until(lambda text: "following endless, read only" in text and "epoch 0/" in text, "the session")
    yield presenter, app
    app.end()


def test_a_second_terminal_follows(follower: tuple[EmulatedApp, EmulatedApp]) -> None:
    presenter, app = follower
    presenter.press(b"0")
    app.until(lambda text: "Press space to train" in text, "the tab of the presenter")
    app.press(b" ")
    app.until(lambda text: "This terminal only follows" in text, "the refusal")
    presenter.press(b" ")
    app.until(lambda text: "▶ epoch" in text, "training, as it is seen there")
    presenter.press(b" ")
    seen = app.until(lambda text: "‖ epoch" in text, "the pause")
    assert seen.count("read only") == 1
    presenter.press(b"q")
    assert presenter.wait(PATIENCE) == 0
    assert app.wait(PATIENCE) == 0
    assert b"The session has ended." in app.bytes and left_behind(app.bytes.decode()) == []


def test_a_presenter_that_is_killed(follower: tuple[EmulatedApp, EmulatedApp]) -> None:
    presenter, app = follower
    os.kill(presenter.pid, signal.SIGKILL)
    assert app.wait(PATIENCE) == 0
    assert b"The session has ended." in app.bytes and left_behind(app.bytes.decode()) == []


def test_a_follower_that_is_killed_or_quits(follower: tuple[EmulatedApp, EmulatedApp], tmp_path: Path) -> None:
    presenter, app = follower
    presenter.press(b" ")
    app.until(lambda text: "▶ epoch" in text, "training")
    os.kill(app.pid, signal.SIGKILL)
    another = EmulatedApp(["--follow"], (80, 24), tmp_path, {})
    another.until(lambda text: "▶ epoch" in text, "the same session")
    assert another.quit() == 0
    presenter.until(lambda text: "▶ epoch" in text, "the run goes on")
    assert presenter.quit() == 0
