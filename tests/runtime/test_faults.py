"""Kills, at random moments: of the trainer under the app, and of the app over the trainer."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from systems import KILL

pytestmark = pytest.mark.slow
PtyApp = pytest.importorskip("pty_app", reason="there are no pseudo-terminals", exc_type=ImportError).PtyApp

KILLS = 10  # of each of the two runs, which can be tested side by side
ENDLESS = "[[model.layers]]\nunits = 8\n[training]\nepochs = 10000000\n"


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def gone(pid: int) -> bool:
    """Whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def saved_step(folder: Path) -> int:
    """The step of the newest run in the store."""
    store = sqlite3.connect(folder / "runs.sqlite")
    row = store.execute("SELECT step FROM runs ORDER BY updated DESC LIMIT 1").fetchone()
    store.close()
    return int(row[0])


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("seed", [1, 2])
def test_an_app_killed_while_training_loses_a_second_at_most(seed: int, tmp_path: Path, experiment: Path) -> None:
    """No orphan after two seconds, and the next start offers the run, at most a second of training behind."""
    rng = random.Random(seed)
    step = 0
    for number in range(KILLS):
        app = PtyApp([sys.executable, "-m", "tui_trainer", "--pace", "full", str(experiment)], data_folder=tmp_path)
        if number:
            app.read_until(b"g resumes it")
            app.press(b"g")
            app.read_until(b"space continues")
        app.read_until(b"epoch")
        app.press(b" ")
        app.read_until(b"steps/s")
        app.read(rng.uniform(0.6, 1.0))
        (trainer,) = children(app.pid)
        os.kill(app.pid, KILL)
        app.wait()
        deadline = time.monotonic() + 2.0
        while not gone(trainer):
            assert time.monotonic() < deadline, f"the trainer {trainer} outlived the app by two seconds"
            time.sleep(0.01)
        assert saved_step(tmp_path) > step, f"kill {number}: nothing was saved since the one before"
        step = saved_step(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_line_hung_up_while_training_ends_both_processes(tmp_path: Path, experiment: Path) -> None:
    """A line that drops ends both processes, and the run is in the store."""
    app = PtyApp([sys.executable, "-m", "tui_trainer", "--pace", "full", str(experiment)], data_folder=tmp_path)
    app.read_until(b"epoch")
    app.press(b" ")
    app.read_until(b"steps/s")
    app.read(0.8)
    (trainer,) = children(app.pid)
    app.hang_up()
    deadline = time.monotonic() + 2.0
    while not (gone(trainer) and gone(app.pid)):
        assert time.monotonic() < deadline, "a process outlived the line by two seconds"
        time.sleep(0.01)
    assert saved_step(tmp_path) > 0


@pytest.mark.parametrize("how", ["q", "ctrl+c", "ctrl+q", "SIGTERM"])
def test_leaving_while_training_leaves_a_clean_terminal(how: str, tmp_path: Path, experiment: Path) -> None:
    """The alternate screen is left, the cursor and the mouse put right, the exit code 0, and the store one file."""
    app = PtyApp([sys.executable, "-m", "tui_trainer", "--pace", "full", str(experiment)], data_folder=tmp_path)
    app.read_until(b"epoch")
    app.press(b" ")
    app.read_until(b"steps/s")
    if how == "SIGTERM":
        os.kill(app.pid, signal.SIGTERM)
    else:
        app.press({"q": b"q", "ctrl+c": b"\x03", "ctrl+q": b"\x11"}[how])
    last = app.read_until(b"\x1b[?1049l")
    last += app.read(0.3)
    assert b"\x1b[?25h" in last and b"\x1b[?1000l" in last
    assert b"Traceback" not in last
    assert app.wait() == 0
    assert [file.name for file in tmp_path.glob("runs.sqlite*")] == ["runs.sqlite"]
    assert saved_step(tmp_path) > 0
