"""Runs that diverge, and a trainer that is killed: told in a sentence, and the app goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from systems import ENDED_BY_KILL, KILL, not_on_windows

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, TrainingConfig
from tui_trainer.protocol import Ended
from tui_trainer.runtime.client import Client
from tui_trainer.system.processes import how_it_ended

if TYPE_CHECKING:
    from running_app import Start

STEEP = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False),
    model=ModelConfig(layers=()),
    training=TrainingConfig(learning_rate=1.0),
)


async def test_divergence_is_explained_and_a_lower_rate_works(start: Start) -> None:
    async with start(STEEP, size=(80, 24)) as flow:
        await flow.press("space")
        await flow.until_state("diverged")
        await flow.until_said("The loss became")
        told = flow.message
        assert "at step" in told and "gradient" in told and "RM is about 6.3" in told
        assert "Key f standardizes the features, lowers the rate to " in told and " and trains again." in told
        ended = [report for report in flow.reports if isinstance(report, Ended)]
        assert len(ended) == 1 and ended[0].remedy is not None
        await flow.until_shown(told)
        await flow.until_shown("✖ epoch 0/200 diverged ────────────")

        await flow.press("space")
        await flow.until_said("or lower the rate with [ and press r.")
        await flow.press("s")
        assert flow.screen.state == "diverged"
        await flow.press("[", "[", "[", "[")
        await flow.until_said("Learning rate 0.01.")
        await flow.press("r")
        await flow.until_loaded(2)
        await flow.press("space")
        await flow.until_state("finished")
        assert flow.progress.epoch == 200 and flow.progress.values["loss"] < 600


async def test_one_key_applies_the_remedy_and_runs_again(start: Start) -> None:
    async with start(STEEP) as flow:
        await flow.press("f")
        await flow.until_said("Nothing to fix")
        await flow.press("space")
        await flow.until_state("diverged")
        await flow.until_said("Key f standardizes the features, lowers the rate to ")
        await flow.press("f")
        await flow.until_state("finished")
        assert flow.screen.experiment.dataset.standardize
        assert flow.progress.epoch == 200 and flow.progress.values["val_r2"] > 0.1
        await flow.press("u")
        await flow.until(lambda: not flow.screen.experiment.dataset.standardize, "the setting from before")


async def test_a_killed_trainer_is_told_of_and_replaced(start: Start) -> None:
    long = replace(Experiment(), training=TrainingConfig(epochs=1_000_000))
    async with start(long) as flow:
        await flow.press("space")
        await flow.until(lambda: flow.progress.epoch > 2, "two epochs")
        killed, loads = flow.screen.trainer.client.pid, flow.loads
        assert killed is not None
        os.kill(killed, KILL)
        await flow.until_said(how_it_ended(ENDED_BY_KILL))
        await flow.until(lambda: flow.loads > loads, "a load in another trainer")
        await flow.until(lambda: flow.screen.state in ("ready", "paused"), "a trainer that waits")
        assert flow.screen.trainer.client.pid not in (None, killed)
        assert flow.screen.experiment == long

        steps = flow.progress.steps
        await flow.press("s")
        await flow.until(lambda: flow.progress.steps > steps, "a step")
        await flow.press("space")
        await flow.until_state("running")
        epoch = flow.progress.epoch
        await flow.until(lambda: flow.progress.epoch > epoch + 2, "more epochs")
        await flow.enter("model.layers[0].units", "3")
        await flow.until_state("ready")
        assert flow.heading == "Network  27 parameters"


@not_on_windows("a process can't be stopped for a while there")
@pytest.mark.slow  # seconds of silence, and of steps that take two each; in a moment: tests/ui/test_widgets_lines.py
async def test_a_trainer_that_is_stopped_is_noticed(start: Start) -> None:
    long = replace(Experiment(), training=TrainingConfig(epochs=10_000_000))
    async with start(long) as flow:
        await flow.press("space")
        await flow.until_shown("steps/s")
        assert flow.screen.trainer.client.pid is not None
        os.kill(flow.screen.trainer.client.pid, signal.SIGSTOP)
        await flow.until_shown("the trainer does not answer")
        assert "steps/s" not in flow.screen_text()
        os.kill(flow.screen.trainer.client.pid, signal.SIGCONT)
        await flow.until_shown("steps/s")
        await flow.press("z", "z", "z", "z")
        await flow.until_said("Pace 2/s: 2 steps a second.")
        for _ in range(8):
            await asyncio.sleep(0.25)
            assert flow.screen.status.is_responding


async def test_a_trainer_that_never_starts_is_not_started_for_ever(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(with_field(Experiment(), "training.epochs", 1_000_000)) as flow:
        screen, starts = flow.screen, 0
        real = Client.start

        async def broken(client: Client) -> None:
            nonlocal starts
            starts += 1
            with monkeypatch.context() as patched:
                patched.setattr("tui_trainer.runtime.client.MODULE", "tui_trainer.runtime.no_such_module")
                await real(client)

        monkeypatch.setattr(Client, "start", broken)
        assert screen.trainer.client.pid is not None
        os.kill(screen.trainer.client.pid, KILL)
        await flow.until_said("It could not be started; space tries again.")
        assert starts == 2, "the one killed and two that failed"
        loads = flow.loads
        monkeypatch.setattr(Client, "start", real)
        await flow.press("space")
        await flow.until(lambda: flow.loads > loads, "a load in another trainer")
        await flow.press("space")
        await flow.until_state("running")
