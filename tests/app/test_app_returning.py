"""The app and sessions that go on without it: told of, come back to with a key, and given up to another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_app import Start
from systems import KILL

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.pace import Pace
from tui_trainer.protocol import Attach, Load, Progress, SetPace, TakenOver, Train
from tui_trainer.runtime import Launch
from tui_trainer.runtime.client import Client
from tui_trainer.store import live_trainers
from tui_trainer.store.store import Store
from tui_trainer.system.processes import is_running

ENDLESS = with_field(with_field(Experiment(), "training.epochs", 10_000_000), "name", "far away")


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The data folder of ``start``; trainers that still go on there after the test are ended."""
    folder = tmp_path / "store"
    yield folder
    for lock in (folder / "sessions").glob("*.lock"):
        if live_trainers.is_live(lock.parent, lock.stem):
            os.kill(int(lock.stem.partition("-")[0]), KILL)


async def leave_one_training() -> None:
    """A trainer that goes on alone, in slow motion."""
    client = Client(Launch(stays=True))
    for command in (Load(ENDLESS, 1), SetPace(Pace("10/s", 10.0)), Train()):
        client.send(command)
    await client.start()
    async for report in client.reports():
        if isinstance(report, Progress) and report.steps > 0:
            break
    await client.close()


def owner(data: Path) -> str:
    """The session of the run that was saved last."""
    store = Store(data / "runs.sqlite")
    run = store.runs()[0]
    store.close()
    return run.owner


async def test_a_key_comes_back_to_what_goes_on(start: Start, data: Path) -> None:
    async with start() as flow:
        await leave_one_training()
    async with start() as flow:
        await flow.until_said("The run far away is running without a screen, at epoch")
        own = flow.screen.trainer.client.pid
        await flow.press("g")
        await flow.until_state("running")
        assert flow.screen.experiment == ENDLESS and flow.screen.trainer.pace.steps_per_second == 10.0
        assert own is not None
        await flow.until(lambda: not is_running(own), "the end of its own trainer")
        await flow.press("space")
        await flow.until_state("paused")
        await flow.press("space")
        await flow.until_state("running")


async def test_a_session_that_has_gone_meanwhile(start: Start, data: Path) -> None:
    async with start() as flow:
        await leave_one_training()
    async with start() as flow:
        await flow.until_said("g returns to it")
        far = owner(data)
        os.kill(int(far.partition("-")[0]), KILL)
        await flow.until(lambda: not live_trainers.is_live(data / "sessions", far), "the end of the session")
        await flow.press("g")
        await flow.until_said("space continues")
        assert "can't be reached" in flow.message and flow.screen.experiment == ENDLESS
        await flow.until_state("paused")


async def test_another_terminal_takes_over(start: Start, data: Path) -> None:
    async with start(ENDLESS) as flow:
        await flow.press("space")
        await flow.until_state("running")
        await flow.until(lambda: (data / "runs.sqlite").exists() and Store(data / "runs.sqlite").runs(), "a saved run")
        other = Client(Launch(attach=owner(data)))
        other.send(Attach(1))
        await other.start()
        await flow.until(lambda: flow.pilot.app._exit, "the end of the older one")
        assert isinstance(flow.reports[-1], TakenOver)
        await other.close()
