"""Followers of a session: they are told what its client is told, and whatever they do or not changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from systems import not_on_windows
from test_detached import ENDLESS, PATIENCE, SHORT, Viewer, folder, gone, stored, training

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.pace import Pace
from tui_trainer.protocol import (
    AnyCommand,
    Attach,
    Attached,
    CountDead,
    Crashed,
    Ended,
    Follow,
    Followed,
    Load,
    Loaded,
    LookAt,
    Pause,
    Progress,
    SetPace,
    Step,
    TakenOver,
    Train,
    Tune,
    Unavailable,
    Update,
    Watch,
    encode,
    frame,
    read_frame,
    report_decoder,
)
from tui_trainer.runtime import Launch, reporting
from tui_trainer.runtime.connection import ClientConnections, Connection
from tui_trainer.runtime.followers import MAX_WAITING, Followers
from tui_trainer.runtime.resume import find_session
from tui_trainer.store import live_trainers
from tui_trainer.system.processes import is_running
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.data.messages import WatchData
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.predictions.compute import PredictionsCompute
from tui_trainer.tabs.predictions.messages import WatchPredictions
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

__all__ = ["folder"]  # the fixture
LOSS, DATA = Watch("loss", encode(WatchLoss())), Watch("data", encode(WatchData(1)))
NAMED = with_field(ENDLESS, "name", "far away")


async def follow(name: str, *commands: AnyCommand) -> Viewer:
    """Somebody who follows a session."""
    return await Viewer(Launch(follow=name)).start(Follow(), *commands)


def session_of(folder: Path) -> str:
    """The only live session."""
    (name,) = live_trainers.live_names(folder / "sessions")
    return name


async def test_a_follower_is_told_what_the_client_is_told(folder: Path) -> None:
    first, _ = await training(Launch(), NAMED, 100.0)
    first.client.send(LOSS)
    await first.until(Update)  # so the trainer knows what is looked at there
    follower = await follow(session_of(folder), LOSS)
    followed, loaded = await follower.until(Followed), await follower.until(Loaded)
    progress, update = await follower.until(Progress, "running"), await follower.until(Update)
    assert followed.experiment == NAMED and followed.pace.steps_per_second == 100.0 and followed.watch == LOSS
    assert {followed.run, loaded.run, progress.run, update.run} == {1} and decode_content(update).curves

    faster = with_field(NAMED, "training.learning_rate", 0.5)
    for command, expected in (
        (SetPace(Pace("full", None)), Followed(1, NAMED, Pace("full", None), LOSS)),
        (Tune(faster.training), Followed(1, faster, Pace("full", None), LOSS)),
        (DATA, Followed(1, faster, Pace("full", None), DATA)),
    ):
        first.client.send(command)
        assert await follower.until(Followed) == expected
    first.client.send(Pause())
    await follower.until(Progress, "paused")
    first.client.send(LookAt(1))
    while (progress := await follower.until(Progress)).now is None:
        pass
    assert progress.epoch == 1, "the earlier moment that is shown there"

    first.client.send(Load(SHORT, 2))
    while (followed := await follower.until(Followed)).run == 1:
        pass
    assert followed.experiment == SHORT and (await follower.until(Loaded)).run == 2
    first.client.send(Train())
    ended = await follower.until(Ended)
    assert ended.state == "finished" and ended.remedy is None
    second = await Viewer(Launch(attach=session_of(folder))).start(Attach(9))
    await second.until(Attached)
    assert (await follower.until(Followed)).run == 9, "it follows whoever has the session"
    await follower.client.close()
    await first.to_the_end()
    await first.client.close()
    second.client.send(Step())
    await second.until(Progress, "paused")
    await second.client.close()


async def test_who_comes_after_the_end_is_told_the_same(folder: Path) -> None:
    """The end had no dead units, which a lesson may ask for, and for followers no number of the stored run."""
    first = await Viewer(Launch()).start(Load(SHORT, 1), CountDead(True), Train())
    progress, ended = await first.until(Progress, "finished"), await first.until(Ended)
    assert ended.progress is not None and len(ended.progress.dead_units) == 1
    assert ended.progress.dead_units == progress.dead_units
    first.client.send(LOSS)
    await first.until(Update)
    number = stored(folder).id
    follower = await follow(session_of(folder))
    later = await follower.until(Ended)
    assert later.progress == replace(ended.progress, stored=number), "which is known by then"
    await follower.client.close()
    await first.client.close()


async def test_who_only_follows_changes_nothing(folder: Path) -> None:
    first, _ = await training(Launch())
    name = session_of(folder)
    follower = await follow(name)
    for command in (Pause(), Load(SHORT, 1), Attach(1)):
        follower.client.send(command)  # which the client does not even send
    await follower.until(Progress, "running")
    for command in (Pause(), Attach(1), LookAt(0), Watch("no such tab"), Watch("loss", encode(WatchData(1)))):
        with live_trainers.call(folder / "sessions", name) as rogue:
            rogue.settimeout(PATIENCE)
            rogue.sendall(frame(Follow()) + frame(command))
            end = time.monotonic() + PATIENCE
            with contextlib.suppress(ConnectionError):
                while rogue.recv(1 << 16):  # until it is hung up on
                    assert time.monotonic() < end, command
    seen = (await first.until(Progress, "running")).steps
    while (await first.until(Progress, "running")).steps <= seen:
        pass
    assert not any(isinstance(report, TakenOver) for report in first.reports)
    while (await follower.until(Progress, "running")).steps <= seen:
        pass
    await follower.client.close()
    await first.client.close()


@not_on_windows("the system takes in all that is sent in a second and a half, whether it is read or not")
async def test_a_follower_that_does_not_read_slows_nobody(folder: Path) -> None:
    """Once it reads, it is told the newest state, without all that was in between."""
    first, _ = await training(Launch())
    name = session_of(folder)
    with live_trainers.call(folder / "sessions", name) as slow:
        slow.sendall(frame(Follow()) + frame(LOSS))
        first.client.send(LOSS)
        before = len(first.reports)
        for _ in range(30):  # one and a half seconds of training
            told = (await first.until(Progress, "running")).steps
        slow.settimeout(PATIENCE)

        def read() -> int:
            """How many reports it reads until it knows as much as the client."""
            with slow.makefile("rb") as stream:
                for count in range(10_000):
                    body = read_frame(stream)
                    assert body is not None
                    report = report_decoder.decode(body)
                    if isinstance(report, Progress) and report.steps >= told:
                        return count
            raise AssertionError("it is told everything")

        count, sent = await asyncio.to_thread(read), len(first.reports) - before
        assert count < sent / 2
    await first.until(Progress, "running")
    await first.client.close()


async def test_a_follower_that_dies_is_not_missed(folder: Path) -> None:
    first, pid = await training(Launch())
    follower = await follow(session_of(folder), LOSS)
    await follower.until(Update)
    assert follower.client._writer is not None
    follower.client._writer.transport.abort()
    seen = (await first.until(Progress, "running")).steps
    while (await first.until(Progress, "running")).steps <= seen:
        pass
    another = await follow(session_of(folder))
    await another.until(Progress, "running")
    await first.client.close()
    assert (await another.to_the_end())[-1] == Crashed(0, "The session has ended"), "the presenter has quit"
    await another.client.close()
    await gone(pid)


async def test_a_detached_run_is_followed_to_its_end(folder: Path) -> None:
    """A follower is no client: the trainer saves and ends as if there was none, neither later nor sooner."""
    first, pid = await training(Launch(stays=True, linger=0.7), SHORT, 130.0)
    follower = await follow(session_of(folder))
    await first.client.close()
    assert (await follower.until(Ended)).state == "finished"
    ended = time.monotonic()
    end = ended + PATIENCE
    while is_running(pid) and time.monotonic() < end:
        follower.client.send(LOSS)
        await asyncio.sleep(0.02)
    assert 0.5 < time.monotonic() - ended < PATIENCE
    told = await follower.to_the_end()
    assert any(isinstance(report, Update) for report in told), "meanwhile it was shown what it asked for"
    assert isinstance(told[-1], Crashed)
    await follower.client.close()


@pytest.fixture
def loaded() -> Session:
    """A session with a run at its first step."""
    session = Session()
    session.load(Experiment())
    return session


@pytest.fixture
def silent() -> Iterator[Connection]:
    """A connection from which nobody reads."""
    near, far = socket.socketpair()
    yield Connection(near)
    near.close()
    far.close()


def test_what_waits_for_a_follower_stays_little(loaded: Session, silent: Connection) -> None:
    first, _ = socket.socketpair()
    news = [Followed(1, Experiment(), Pace("full", None), None), reporting.loaded(loaded, 1)]
    followers = Followers(ClientConnections(first, stays=False), TrainerContext(loaded), lambda: news)
    followers.hear(silent, Follow())
    followers.hear(silent, LOSS)
    for number in range(1000):
        followers.tell(Ended(1, "finished", f"{number}"), None)
        assert len(silent.reports) <= MAX_WAITING
    assert followers.is_due
    followers.compute(1, share=10)
    assert followers.is_due, "who has not read the last picture gets no other one while the session trains"
    followers.compute(1, share=None)
    assert not followers.is_due
    first.close()


def test_what_the_client_sees_is_not_computed_again(loaded: Session, silent: Connection) -> None:
    first, _ = socket.socketpair()
    followers = Followers(ClientConnections(first, stays=False), TrainerContext(loaded), list)
    followers.hear(silent, Follow())
    followers.hear(silent, LOSS)
    followers.compute(1, share=None)
    progress = reporting.progress(loaded, 1)
    followers.tell(progress, LOSS)
    assert not followers.is_due, "it is computed for the client, and passed on"
    followers.tell(progress, DATA)
    assert followers.is_due
    first.close()


def test_the_test_part_is_not_looked_at_by_following(loaded: Session) -> None:
    loaded.load(with_field(Experiment(), "dataset.test_split", 0.2))
    request = WatchPredictions("test", 0, 5)
    apart = PredictionsCompute(TrainerContext(loaded, only_looks=True))
    assert isinstance(apart.compute(request), Unavailable) and not loaded.test_seen_at
    assert not isinstance(PredictionsCompute(TrainerContext(loaded)).compute(request), Unavailable)
    assert not isinstance(apart.compute(request), Unavailable) and len(loaded.test_seen_at) == 1


async def test_sessions_to_follow_are_told_by_their_numbers(folder: Path) -> None:
    with pytest.raises(UserError, match="there is no session to follow"):
        find_session("")
    first, pid = await training(Launch(), NAMED)
    name, number = session_of(folder), stored(folder).id
    assert {find_session(""), find_session(str(number)), find_session(str(pid))} == {name}
    with pytest.raises(UserError, match=rf"no session '7777' to follow: {number} \(far away, running\)"):
        find_session("7777")
    second = await Viewer(Launch()).start(Load(SHORT, 1))
    await second.until(Loaded)
    with pytest.raises(UserError, match=r"give the number of a session: .*\d+ \(nothing trained yet\)"):
        find_session("")
    assert find_session(str(second.client.pid)) != name
    await second.client.close()
    await first.client.close()
