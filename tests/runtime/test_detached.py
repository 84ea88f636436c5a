"""Trainers that go on alone, and the clients that come back to them."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from systems import KILL, MODES, WINDOWS, not_on_windows

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.pace import Pace
from tui_trainer.protocol import (
    AnyCommand,
    AnyReport,
    Attach,
    Attached,
    Crashed,
    Ended,
    Load,
    Loaded,
    Pause,
    Progress,
    Report,
    SetPace,
    TakenOver,
    Train,
    Update,
    Watch,
    encode,
)
from tui_trainer.runtime import Launch, client
from tui_trainer.runtime.client import Client
from tui_trainer.store import live_trainers
from tui_trainer.store.store import Store, StoredRun
from tui_trainer.system import sockets
from tui_trainer.system.processes import is_running
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.view import decode_content

ENDLESS = with_field(Experiment(), "training.epochs", 10_000_000)
SHORT = with_field(Experiment(), "training.epochs", 50)  # 200 steps
PATIENCE = 90.0 if WINDOWS else 20.0  # seconds; Wine needs many of them to start a process on a busy machine
R = TypeVar("R", bound=Report)


class Viewer:
    """A client and all it was told."""

    def __init__(self, launch: Launch) -> None:
        self.client = Client(launch)
        self.reports: list[AnyReport] = []
        self._source: AsyncIterator[AnyReport] | None = None

    async def start(self, *commands: AnyCommand) -> Viewer:
        for command in commands:
            self.client.send(command)
        await self.client.start()
        self._source = self.client.reports()
        return self

    async def until(self, kind: type[R], state: str | None = None) -> R:
        """The next report of a kind, and of a state."""
        assert self._source is not None
        async with asyncio.timeout(PATIENCE):
            async for report in self._source:
                self.reports.append(report)
                if isinstance(report, kind) and state in (None, getattr(report, "state", None)):
                    return report
        raise AssertionError(f"the reports ended without {kind.__name__}")

    async def to_the_end(self) -> list[AnyReport]:
        """All reports that still come."""
        assert self._source is not None
        async with asyncio.timeout(PATIENCE):
            return [report async for report in self._source]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder; trainers that still go on there after the test are ended."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    yield tmp_path
    for lock in (tmp_path / "sessions").glob("*.lock"):
        if live_trainers.is_live(lock.parent, lock.stem):
            os.kill(int(lock.stem.partition("-")[0]), KILL)


def stored(folder: Path) -> StoredRun:
    """The only run of the store."""
    store = Store(folder / "runs.sqlite")
    (run,) = store.runs()
    store.close()
    return run


async def gone(pid: int) -> None:
    """Wait until a process has ended."""
    async with asyncio.timeout(PATIENCE):
        while is_running(pid):
            await asyncio.sleep(0.01)


async def training(launch: Launch, experiment: Experiment = ENDLESS, pace: float | None = None) -> tuple[Viewer, int]:
    """Somebody who looks at a trainer that trains, and its process id."""
    viewer = await Viewer(launch).start(Load(experiment, 1), SetPace(Pace("10/s", pace)), Train())
    while (await viewer.until(Progress, "running")).steps == 0:
        pass
    assert viewer.client.pid is not None
    return viewer, viewer.client.pid


async def test_a_trainer_that_stays_is_come_back_to(folder: Path) -> None:
    first, pid = await training(Launch(stays=True))
    seen = max(report.steps for report in first.reports if isinstance(report, Progress))
    first.client.send(SetPace(Pace("10/s", 500.0)))
    await first.client.close()
    assert is_running(pid)
    run = stored(folder)
    assert run.alive and not run.watched and run.state == "running"

    second = await Viewer(Launch(attach=run.owner)).start(Attach(7), Watch("loss", encode(WatchLoss())))
    attached = await second.until(Attached)
    loaded, progress, update = await second.until(Loaded), await second.until(Progress), await second.until(Update)
    assert attached.experiment == ENDLESS and attached.stays and attached.pace.steps_per_second == 500.0
    assert {attached.run, loaded.run, progress.run, update.run} == {7}
    assert progress.steps > seen and decode_content(update).curves, "it went on meanwhile, and shows all curves"
    assert stored(folder).watched

    second.client.send(Pause())
    await second.until(Progress, "paused")
    await second.client.close()
    await gone(pid)
    assert stored(folder).was_interrupted and not list((folder / "sessions").iterdir()), (
        "at rest there is nothing to do"
    )


async def test_a_client_that_dies_is_one_that_goes(folder: Path) -> None:
    first, pid = await training(Launch(stays=True))
    assert first.client._writer is not None
    first.client._writer.transport.abort()
    async with asyncio.timeout(PATIENCE):
        while stored(folder).watched:
            await asyncio.sleep(0.01)
    assert is_running(pid)
    os.kill(pid, KILL)


async def test_the_newer_client_takes_over(folder: Path) -> None:
    """Of a trainer that does not stay, too: it ends with the newer one."""
    first, pid = await training(Launch())
    second = await Viewer(Launch(attach=stored(folder).owner)).start(Attach(1))
    assert not (await second.until(Attached)).stays
    told = await first.to_the_end()
    assert isinstance(told[-1], TakenOver), "the last word; a crash is not told of"
    await first.client.close()
    await second.until(Progress, "running")
    await second.client.close()
    await gone(pid)
    assert stored(folder).was_interrupted


async def test_a_session_that_is_killed_has_ended(folder: Path) -> None:
    first, pid = await training(Launch(stays=True))
    second = await Viewer(Launch(attach=stored(folder).owner)).start(Attach(1))
    await second.until(Progress, "running")
    os.kill(pid, KILL)
    assert (await second.to_the_end())[-1] == Crashed(0, "The session has ended")
    await first.client.close()


async def test_a_connection_ends_with_its_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that somebody else still holds, where the system tells of the end of a process."""
    held: list[socket.socket] = []

    def held_pair() -> tuple[socket.socket, socket.socket]:
        ours, theirs = sockets.pair()
        held.append(theirs.dup())
        return ours, theirs

    def call_at_end(pid: int, act: Callable[[], object]) -> None:
        asyncio.ensure_future(gone(pid)).add_done_callback(lambda _: act())

    monkeypatch.setattr(client, "pair", held_pair)
    if not WINDOWS:
        monkeypatch.setattr(client, "call_at_end", call_at_end)
    viewer, pid = await training(Launch())
    os.kill(pid, KILL)
    assert isinstance((await viewer.to_the_end())[-1], Crashed)
    held[0].close()


async def test_after_its_run_it_waits_for_a_while(folder: Path) -> None:
    first, pid = await training(Launch(stays=True, linger=0.2), SHORT, 250.0)
    await first.client.close()
    await gone(pid)
    run = stored(folder)
    assert (run.state, run.epoch, run.watched) == ("finished", 50, False) and run.is_resumable


async def test_the_end_is_told_to_who_comes_later(folder: Path) -> None:
    first, _ = await training(Launch(stays=True), SHORT, 250.0)
    await first.client.close()
    async with asyncio.timeout(PATIENCE):
        while stored(folder).state == "running":
            await asyncio.sleep(0.01)
    second = await Viewer(Launch(attach=stored(folder).owner)).start(Attach(1))
    assert (await second.until(Ended)).state == "finished"
    await second.client.close()


async def test_what_is_no_client_changes_nothing(folder: Path) -> None:
    first, _ = await training(Launch())
    name = stored(folder).owner
    for said in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x04\0\0\0\xc1\xc1\xc1\xc1"):
        with live_trainers.call(folder / "sessions", name) as stranger:
            stranger.settimeout(PATIENCE)
            stranger.sendall(said)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.recv(1) == b"", "it is hung up on, so that the trainer keeps no file open for it"
    with pytest.raises(OSError, match="no session"):
        live_trainers.call(folder / "sessions", "../../etc/passwd")
    assert (await first.until(Progress, "running")).run == 1
    await first.client.close()


@not_on_windows(MODES)
def test_sockets_are_the_users_alone(short: Path) -> None:
    place = live_trainers.LiveTrainer(short / "sessions")
    listener = place.listen()
    (file,) = (short / "sessions").glob("*.sock")
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    with live_trainers.call(short / "sessions", place.name) as far:
        near, _ = listener.accept()
        assert sockets.is_own(near)
        near.close()
        assert far.recv(1) == b""
    listener.close()
    place.leave()
    assert not list((short / "sessions").iterdir())


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="this system does not tell who calls")
def test_another_user_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair()
    assert sockets.is_own(one)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert not sockets.is_own(one)
    one.close()
    other.close()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose own path is short, as /tmp is."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@not_on_windows("a session listens on a port there, not in the file system")
def test_a_long_path_has_its_socket_elsewhere(tmp_path: Path, short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SHORT", short)
    deep = tmp_path / ("d" * 100) / "sessions"
    place = live_trainers.LiveTrainer(deep)
    listener = place.listen()
    assert not list(deep.glob("*.sock")) and len(list(short.rglob("*.sock"))) == 1
    with live_trainers.call(deep, place.name):
        listener.accept()[0].close()
    place.leave()
    listener.close()

    (private,) = short.iterdir()
    private.rmdir()
    (tmp_path / "trap").mkdir(mode=0o700)
    private.symlink_to(tmp_path / "trap")
    with pytest.raises(OSError, match="not a folder of this user's alone"):
        live_trainers.LiveTrainer(deep).listen()


def test_what_dead_sessions_left_is_swept_away(tmp_path: Path) -> None:
    place = live_trainers.LiveTrainer(tmp_path)
    for ending in ("lock", "port" if WINDOWS else "sock"):
        (tmp_path / f"1-0123456789ab.{ending}").touch()
    (tmp_path / "notes.lock").touch()
    newer = live_trainers.LiveTrainer(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["notes.lock", f"{place.name}.lock", f"{newer.name}.lock"]
    )
    assert live_trainers.is_live(tmp_path, place.name) and not live_trainers.is_live(tmp_path, "1-0123456789ab")
