"""--detach over SSH: training goes on without the line, and is come back to; a line that hangs is left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from loopback_sshd import LoopbackSshd
from remote_app import Connect, saved, state, until
from systems import KILL
from throttled_link import ThrottledLink

from tui_trainer.system.processes import is_running

pytestmark = pytest.mark.slow

FAST = 10_000_000.0


def test_training_goes_on_when_the_line_drops(
    sshd: LoopbackSshd, connect: Connect, tmp_path: Path, experiment: str
) -> None:
    app = connect("--detach", experiment)
    app.read_until(b"epoch")
    app.until_training()
    app.read(0.3)
    told = app.epoch_told(0.0)
    os.kill(app.pid, KILL)
    app.wait()
    until(lambda: not sshd.sessions(), "the end of the session")
    _, at_the_drop, trainer = saved(tmp_path)
    until(lambda: saved(tmp_path)[1] > max(told, at_the_drop), "a later epoch")
    assert is_running(trainer)

    listed = connect("sessions").read_until(b"ago")
    assert b"endless" in listed and b"running, no terminal" in listed
    back = connect("--resume")
    back.read_until(b"steps/s")
    back.read(0.3)
    assert back.epoch_told(0.0) > told
    back.press(b"q")
    assert b"The run continues; tui-trainer --resume returns to it." in back.read_until(b"returns to it")
    assert back.wait() == 0 and is_running(trainer)

    back = connect("--resume")
    back.read_until(b"steps/s")
    back.press(b" ")
    until(lambda: (back.read(0.05), state(tmp_path) == "paused")[1], "a pause")
    back.press(b"q")
    assert back.wait() == 0
    until(lambda: not is_running(trainer), "the end of a trainer that has nothing to do")


def test_a_line_that_hangs_is_left_behind(
    sshd: LoopbackSshd, connect: Connect, tmp_path: Path, experiment: str
) -> None:
    """The server does not know yet that the line is dead; by number the session is taken over at once."""
    link = ThrottledLink(sshd.port, FAST)
    app = connect(experiment, port=link.port)
    app.read_until(b"epoch")
    app.until_training()
    app.read(0.3)
    link.held.set()

    refused = connect("--resume")
    assert b"open in another terminal; tui-trainer --resume 1 takes it over" in refused.read_until(b"takes it over")
    assert refused.wait() == 2
    back = connect("--resume", "1")
    back.read_until(b"steps/s")
    assert back.epoch_told(0.0) >= app.epoch_told(0.0)
    link.held.clear()
    app.read_until(b"Another terminal has taken over this session.")
    assert app.wait() == 0
    back.press(b"q")
    assert back.wait() == 0
    link.close()
