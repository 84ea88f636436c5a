"""A trainer or a sweep's process whose app goes at any moment of its start ends; none is left waiting for ever."""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from systems import WINDOWS

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Load, Train, frame
from tui_trainer.runtime import Launch, client, connection
from tui_trainer.runtime.client import start_module
from tui_trainer.sweep import client as sweep_client
from tui_trainer.sweep.messages import PreviewSweep, SweepRequest

PATIENCE = 90.0 if WINDOWS else 20.0  # seconds; a busy machine needs some of them to start Python, Wine many
ENDLESS = with_field(Experiment(), "training.epochs", 10_000_000)
TRAIN = frame(Load(ENDLESS, 1)) + frame(Train())
PREVIEW = frame(PreviewSweep(SweepRequest(ENDLESS, (("training.epochs", "2,3"),)), 1))
CASES = (  # module, argument, what the app has sent before it goes
    (client.MODULE, Launch().as_argument(), b""),
    (client.MODULE, Launch().as_argument(), TRAIN),
    (client.MODULE, Launch(stays=True).as_argument(), b""),
    (sweep_client.MODULE, "0", b""),
    (sweep_client.MODULE, "0", PREVIEW),
)


def ends(seed: int) -> str:
    """Start a process whose app goes within a second, some at once; return what is wrong with its end."""
    rng = random.Random(seed)
    module, argument, sent = CASES[seed % len(CASES)]
    seconds = rng.choice((0.0, 0.3, 1.0)) * rng.random()
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryFile() as errors:
        with theirs:
            process = start_module(module, argument, theirs, errors)
        with ours:
            ours.sendall(sent)
            time.sleep(seconds)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"{module} outlives an app that has gone after {seconds:.2f} s"
        errors.seek(0)
        return errors.read().decode()


@pytest.mark.parametrize("starts", [len(CASES), pytest.param(200, marks=pytest.mark.slow)])
def test_no_process_outlives_an_app_that_goes_while_it_starts(starts: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert [wrong for wrong in pool.map(ends, range(starts)) if wrong] == []


def test_a_thread_that_fails_ends_the_process() -> None:
    """Otherwise the process would wait for ever for what the thread was to bring."""
    code = f"import time; from {connection.__name__} import start_thread; start_thread(lambda: 1 / 0); time.sleep(1000)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 1 and run.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"
