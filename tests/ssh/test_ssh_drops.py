"""The line drops: at ten moments, by the death of either end. The run is kept, and is gone on with."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_sshd import LoopbackSshd
from remote_app import Connect, RemoteApp, has_saved, saved, until
from systems import KILL

from tui_trainer.system.processes import is_running

pytestmark = pytest.mark.slow


def at_rest(app: RemoteApp) -> None:
    """Trained for a moment, then paused."""
    app.until_training()
    app.read(0.2)
    app.press(b" ")
    app.read(0.3)


def training(seconds: float) -> Callable[[RemoteApp], None]:
    """In the middle of training."""

    def act(app: RemoteApp) -> None:
        app.until_training()
        app.read(seconds)

    return act


def with_keys(*keys: bytes) -> Callable[[RemoteApp], None]:
    """Training, with something open or just changed."""

    def act(app: RemoteApp) -> None:
        app.until_training()
        for key in keys:
            app.press(key)
            app.read(0.15)

    return act


MOMENTS: dict[str, Callable[[RemoteApp], None]] = {
    "after the first slices": training(0.0),
    "between two snapshots": training(0.3),
    "about when the second is written": training(0.5),
    "after more than a second": training(1.3),
    "while it is paused": at_rest,
    "after a single step": lambda app: app.press(b"s"),
    "with the help open": with_keys(b"?"),
    "while a path is typed": with_keys(b"\x0f", b"some"),
    "after the rate was changed": with_keys(b"]", b"]"),
    "as soon as the app has come back": lambda app: None,
}


def drop(app: RemoteApp, server: LoopbackSshd, by_client: bool) -> None:
    """End the connection without a word, from this end or from the other."""
    if by_client:
        os.kill(app.pid, KILL)
    else:
        (session,) = server.sessions()
        os.kill(session, KILL)
    app.wait()


def test_a_run_survives_ten_drops(sshd: LoopbackSshd, connect: Connect, tmp_path: Path, experiment: str) -> None:
    told_long_before = -1
    app = connect(experiment)
    app.read_until(b"epoch")
    for number, (moment, act) in enumerate(MOMENTS.items()):
        if number:
            app = connect("--resume")
            back = app.read_until(b"space continues")
            epoch = int(re.findall(rb"Back at epoch ([\d,]+)", back)[-1].replace(b",", b""))
            assert told_long_before <= epoch, f"{moment}: at {epoch}, and had told of {told_long_before}"
        act(app)
        told_long_before = max(told_long_before, app.epoch_told(1.0))
        trainer = None if number == 0 and not has_saved(tmp_path) else saved(tmp_path)[2]
        drop(app, sshd, by_client=number % 2 == 0)
        until(lambda: not sshd.sessions(), "the end of the session")
        until(lambda trainer=trainer: trainer is None or not is_running(trainer), "the end of the trainer")
        until(lambda: has_saved(tmp_path), f"{moment}: the run in the store")
        assert saved(tmp_path)[0] == 1, f"{moment}: another run was begun"
    assert told_long_before > 0

    store = sqlite3.connect(tmp_path / "runs.sqlite")
    assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert store.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    store.close()


def test_the_size_of_the_terminal_comes_over(connect: Connect) -> None:
    app = connect(size=(58, 14))
    app.read_until(b"This terminal is 58x14; at least 60x16 is needed.")
    app.press(b"q")
    assert app.wait() == 0, "the exit code comes back"
