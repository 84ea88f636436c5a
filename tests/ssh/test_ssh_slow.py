"""A line of 10 KB a second: keys are answered while it trains, and nothing piles up."""

from __future__ import annotations

import statistics
import time

import pytest
from loopback_sshd import LoopbackSshd
from pty_app import ASKED
from remote_app import Connect, RemoteApp
from throttled_link import ThrottledLink

pytestmark = pytest.mark.slow

RATE = 10_000.0  # bytes a second
TRAINING = 3.0  # seconds
LEARNT = 6  # frames
PRESSES = 5
# Seconds beyond what the machine takes for a key while nothing else is on the line. A backlog takes many times that:
# without pacing, what is drawn in these seconds takes six more to send. How quick keys are on a quiet machine is what
# benchmarks/slow_link.py tells.
QUICK = 1.0
SILENT = {"loss": 2.0, "live": 5.0}  # after a pause, what a slow line has had no room for is painted whole
FRAME = 6000  # bytes of a frame at most, in the mean; a whole picture of Live takes three times as many


def answers(app: RemoteApp, presses: int) -> list[float]:
    """Seconds from presses of the two keys for the rate to the sentence they bring."""
    waited = []
    for number in range(presses):
        pressed = time.monotonic()
        app.press(b"]["[number % 2 : number % 2 + 1])
        app.read_until(b"Learning rate")
        waited.append(time.monotonic() - pressed)
        app.read(0.25)
    return waited


@pytest.mark.parametrize("tab", ["loss", "live"])
def test_keys_are_quick_on_a_slow_line(sshd: LoopbackSshd, connect: Connect, experiment: str, tab: str) -> None:
    link = ThrottledLink(sshd.port, RATE)
    app = connect(experiment, port=link.port)
    app.read_until(b"epoch")
    app.press(b"0" if tab == "loss" else b"m")  # the curves, or all pictures at once
    while app.read(1.0):
        pass  # one whole picture of Live is two seconds of this line
    at_rest = statistics.median(answers(app, 3))
    app.until_training()
    for _ in range(LEARNT):  # frames, from which it learns how slow the line is
        app.read_until(ASKED)
    before = link.down
    frames = app.read(TRAINING).count(ASKED)
    assert (link.down - before) / frames < FRAME
    assert (link.down - before) / TRAINING > RATE / 20, "it goes on drawing"

    waited = answers(app, PRESSES)
    assert statistics.median(waited) < at_rest + QUICK, f"{waited}, and {at_rest:.2f} s at rest"

    paused = last = time.monotonic()
    app.press(b" ")
    while time.monotonic() - last < 0.5:
        if app.read_some(0.05):
            last = time.monotonic()
    assert last - paused < SILENT[tab], f"still writing {last - paused:.1f} s after the pause"
    app.press(b"q")
    assert app.wait() == 0
    link.close()
