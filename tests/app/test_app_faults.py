"""The trainer killed under the app, many times in a row: a notice, and training goes on where it was."""

from __future__ import annotations

import asyncio
import os
import random

import pytest
from running_app import Start
from systems import KILL

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment

pytestmark = pytest.mark.slow

KILLS = 20


async def test_trainer_killed_at_random_moments(start: Start) -> None:
    """Each time it says so, comes back paused, and has lost at most a second of training."""
    rng = random.Random(0)
    endless = with_field(Experiment(), "training.epochs", 10_000_000)
    async with start(endless) as flow:
        for number in range(KILLS):
            await flow.press("space")
            await flow.until_state("running")
            moment = asyncio.get_running_loop().time() + rng.uniform(0.1, 0.7)
            await flow.until(lambda moment=moment: asyncio.get_running_loop().time() > moment, "the moment")
            before, killed = flow.progress, flow.screen.trainer.client.pid
            assert killed is not None
            os.kill(killed, KILL)
            await flow.until(
                lambda killed=killed: flow.screen.trainer.client.pid not in (killed, None), "another trainer"
            )
            await flow.until_said("space continues")
            await flow.until_state("paused")
            lost = (before.steps - flow.progress.steps) / max(before.steps_per_second, 1.0)
            assert lost < 1.0, f"kill {number} cost {lost:.2f} s of training"
            assert "signal 9" in flow.message
