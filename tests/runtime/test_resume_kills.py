"""A trainer killed again and again, and gone on with each time, ends as one that was left alone: bit for bit."""

from __future__ import annotations

import random
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from msgspec.structs import replace
from systems import KILL

from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    TrainingConfig,
)
from tui_trainer.export.trained import stored_session
from tui_trainer.pace import Pace
from tui_trainer.protocol import (
    AnyCommand,
    Close,
    Ended,
    Load,
    Progress,
    Resume,
    SetPace,
    Train,
    frame,
    read_frame,
    report_decoder,
)
from tui_trainer.runtime import Launch
from tui_trainer.runtime.client import MODULE, start_module
from tui_trainer.store.store import Store, default_path
from tui_trainer.training.session import Session

pytestmark = pytest.mark.slow

KILLS = 10  # of each of the two runs
STEPS_PER_SECOND = 200.0  # while it is killed; slow motion changes no number
MOST_REPORTS = 16  # read before a kill, 20 a second: up to 0.8 s of training
BASE = Experiment(
    dataset=DatasetConfig("iris", validation_split=0.3, seed=1),
    model=ModelConfig((LayerConfig(12, "tanh", dropout=0.3), LayerConfig(6)), dtype="float64"),
    training=TrainingConfig(batch_size=16, shuffle=True),
)
STOPPING = EarlyStoppingConfig(patience=150, restore_best_weights=True)
ADAM = replace(
    BASE,
    name="adam",
    training=replace(
        BASE.training,
        optimizer=OptimizerConfig("adam"),
        learning_rate=0.002,
        epochs=5000,
        early_stopping=STOPPING,
        metrics=("per_class",),
    ),
)
MOMENTUM = replace(
    BASE,
    name="momentum",
    training=replace(
        BASE.training,
        optimizer=OptimizerConfig("sgd", momentum=0.9, nesterov=True),
        learning_rate=0.002,
        epochs=400,
        l1=1e-4,
        l2=1e-3,
    ),
)


class Child:
    """The real trainer, at the other end of a socket."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the child)
        with theirs:
            self.process = start_module(MODULE, Launch(niceness=0).as_argument(), theirs, self._errors)
        self._socket = ours
        self._reports: BinaryIO = ours.makefile("rb")

    def send(self, *commands: AnyCommand) -> None:
        self._socket.sendall(b"".join(frame(command) for command in commands))

    def progress(self) -> Progress | None:
        """The next progress of a run that trains; None once it has ended."""
        while True:
            body = read_frame(self._reports)
            assert body is not None, f"the trainer has ended by itself: {self._last_words()}"
            report = report_decoder.decode(body)
            if isinstance(report, Ended):
                return None
            if isinstance(report, Progress) and report.state == "running":
                return report

    def kill(self) -> None:
        self.process.send_signal(KILL)
        self.wait()

    def hang_up(self) -> None:
        """Go without a word, as an app does that is killed."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let it save its run and end."""
        self.send(Close())
        self.wait()

    def wait(self) -> None:
        """Wait until it has ended."""
        self.process.wait()
        for file in (self._reports, self._socket, self._errors):
            file.close()

    def _last_words(self) -> str:
        self.process.wait()
        self._errors.seek(0)
        return self._errors.read().decode()


def stored_number(store: Store, name: str) -> int | None:
    """The number of the run of that name; None before its first snapshot."""
    return next((run.id for run in store.runs() if run.name == name), None)


def begin(experiment: Experiment, store: Store) -> Child:
    """A trainer on the run: from its first step, or from its last snapshot."""
    child, number = Child(), stored_number(store, experiment.name)
    child.send(Load(experiment, 1) if number is None else Resume(number, 1))
    return child


def killed_often(experiment: Experiment, rng: random.Random) -> list[int]:
    """Train with KILLS kills, then to the end; the steps at which it went on after each."""
    store, places = Store(default_path()), []
    for _ in range(KILLS):
        child = begin(experiment, store)
        child.send(SetPace(Pace("10/s", STEPS_PER_SECOND)), Train())
        first = child.progress()
        assert first is not None
        for _ in range(rng.randrange(MOST_REPORTS)):
            assert child.progress() is not None, "it ended before it was killed; make the run longer"
        child.kill()
        places.append(first.steps)
    child = begin(experiment, store)
    child.send(Train())
    while child.progress() is not None:
        pass
    child.close()
    store.close()
    return places


def straight(experiment: Experiment) -> Session:
    """The same run, left alone."""
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    return session


def assert_same(session: Session, folder: Path) -> None:
    """Weights, optimizer, generator, best weights, patience and every loss: the bytes are the same."""
    store = Store(folder / "runs.sqlite")
    stored = next(run for run in store.runs() if run.name == session.requested.name)
    assert (stored.state, stored.epoch, stored.step) == (session.state, session.trainer.epochs, session.steps)
    kept, _ = store.snapshot(stored.id)
    epochs = stored_session(store, stored.id).history.columns(0)
    expected = session.snapshot()
    seconds = "stopping.own"  # of training: a run that is resumed takes longer
    assert set(kept) == set(expected)
    for name in set(expected) - {seconds}:
        assert kept[name].tobytes() == expected[name].tobytes(), f"{name} of {stored.name}"
    history = session.history.columns(0)
    assert list(epochs) == list(history)
    for name, values in history.items():
        assert epochs[name].tobytes() == values.tobytes(), f"{name} of {stored.name}"


def test_twenty_kills_change_no_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path))
    Store(default_path()).close()
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(killed_often, experiment, random.Random(seed))
            for seed, experiment in enumerate((ADAM, MOMENTUM))
        ]
        places = [run.result() for run in runs]
    for steps in places:
        resumed = [place for before, place in pairwise(steps) if place > before]
        assert len(resumed) >= KILLS // 3, f"the kills came too early to mean something: {steps}"
    adam, momentum = straight(ADAM), straight(MOMENTUM)
    assert adam.state == "stopped early" and momentum.state == "finished"
    assert adam.snapshot()["parameters"].dtype == np.float64
    for session in (adam, momentum):
        assert session.best.weights is not None
        assert_same(session, tmp_path)
