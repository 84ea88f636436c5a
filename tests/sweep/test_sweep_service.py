"""The process that sweeps for the app: asked, started, cancelled, and left alone by an app that was killed."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import sys
from pathlib import Path

import pytest
from sweep_cases import LONG, RATE, SMALL
from systems import WINDOWS

from tui_trainer.protocol import frame, read_frame
from tui_trainer.runtime.client import start_module
from tui_trainer.store.store import Store, default_path
from tui_trainer.sweep.client import MODULE, SweepClient
from tui_trainer.sweep.messages import (
    Cancel,
    PreviewSweep,
    Start,
    SweepCrashed,
    SweepFinished,
    SweepPreview,
    SweepProgress,
    SweepRequest,
    event_decoder,
)

ENDLESS = SweepRequest(LONG, (("training.epochs", "2,9000000,9999999"),), jobs="2")


async def test_a_sweep_is_asked_for_started_and_finished() -> None:
    client = SweepClient(niceness=10)
    wish = SweepRequest(SMALL, ((RATE, "0.01,0.1"),), jobs="1")
    for number in range(3):
        client.send(PreviewSweep(wish, number))
    await client.start()
    answers, standings, ends = [], [], []
    async for news in client.events():
        match news:
            case SweepPreview(number):
                answers.append(news)
                if number == 2:
                    assert client.pid is not None and (WINDOWS or os.getpriority(os.PRIO_PROCESS, client.pid) == 0)
                    client.send(Start(wish))
            case SweepProgress():
                standings.append(news)
            case _:
                ends.append(news)
    assert answers[-1].said == "2 learning rates = 2 runs" and len(answers) <= 3
    assert standings[-1].done == 2
    (end,) = ends
    assert (
        isinstance(end, SweepFinished)
        and end.good
        and [one.name for one in end.kept]
        == [
            "learning_rate = 0.1",
            "learning_rate = 0.01",
        ]
    )
    await client.close()
    store = Store(default_path())
    assert len(store.runs()) == 2
    store.close()


async def test_cancelled_before_the_first_run() -> None:
    early = SweepClient(niceness=0)
    early.send(Start(ENDLESS))
    early.send(Cancel())
    await early.start()
    (*_, end) = [news async for news in early.events()]
    assert end == SweepFinished("Sweep ended, 0 of 3 runs.", False, "val_loss")
    await early.close()


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
async def test_cancelled_after_the_first_run(jobs: str) -> None:
    client = SweepClient(niceness=0)
    client.send(Start(SweepRequest(LONG, ENDLESS.fields, jobs=jobs)))
    await client.start()
    async for news in client.events():
        if isinstance(news, SweepProgress) and news.done == 1:
            client.send(Cancel())
        end = news
    assert isinstance(end, SweepFinished) and end.sentence.startswith("Sweep ended, 1 of 3 runs. Best val_loss ")
    assert len(end.kept) == 1 and end.tag == "sweep-1"
    await asyncio.wait_for(client.close(), 10)


async def test_a_sweep_that_fails_says_why() -> None:
    client = SweepClient(niceness=0)
    client.send(Start(SweepRequest(SMALL, (("dataset.name", "irsi"),), jobs="1")))
    await client.start()
    (*_, end) = [news async for news in client.events()]
    assert isinstance(end, SweepFinished) and not end.good
    assert end.sentence.startswith("The sweep has failed: no run can be trained; the first one: dataset.name: ")
    await client.close()


async def test_a_process_that_crashes_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_trainer.sweep.client.MODULE", "tui_trainer.sweep.no_such_module")
    client = SweepClient(niceness=0)
    await client.start()
    (end,) = [news async for news in client.events()]
    assert isinstance(end, SweepCrashed) and end.sentence.startswith("The sweep's process ended with code 1: ")
    await client.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts the processes that hold a pipe")
def test_no_process_outlives_an_app_that_is_killed() -> None:
    ours, theirs = socket.socketpair()
    held, holder = os.pipe()
    with theirs, os.fdopen(holder, "wb") as errors:
        process = start_module(MODULE, "0", theirs, errors)
    ours.sendall(frame(Start(ENDLESS)))
    with ours.makefile("rb") as stream:
        done = 0
        while not done:
            body = read_frame(stream)
            assert body is not None
            news = event_decoder.decode(body)
            assert isinstance(news, SweepProgress)
            done = news.done
    ours.close()  # as the system does for an app that was killed
    said = b""
    while select.select([held], [], [], 20.0)[0]:  # ends when the last process has let go of the pipe
        if not (part := os.read(held, 1 << 16)):
            break
        said += part
    else:
        pytest.fail("a process is still there after 20 s")
    os.close(held)
    assert b"Traceback" not in said
    assert process.wait(10) == 0
    store = Store(default_path())
    assert [run.epoch for run in store.runs()] == [2]
    store.close()
