"""A long reading: told, stopped by what makes it useless, and its file kept in memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tui_trainer.datasets.dataset import ReadingStopped
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.protocol import (
    AnyCommand,
    AnyReport,
    Close,
    Load,
    LoadingProgress,
    Pause,
    Preview,
    Previewed,
    Refused,
    Train,
    Watch,
    command_decoder,
    frame,
    report_decoder,
)
from tui_trainer.runtime import side_jobs
from tui_trainer.runtime.connection import ClientConnections, CommandQueue
from tui_trainer.runtime.side_jobs import FileLoading
from tui_trainer.training.session import Session

EXPERIMENT = Experiment()


@dataclass
class Client:
    """Commands as if a connected client had sent them."""

    connections: ClientConnections

    def send(self, command: AnyCommand | None) -> None:
        assert self.connections.current is not None
        self.connections.received.put((self.connections.current, command))


@pytest.fixture
def client() -> Iterator[Client]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Client(ClientConnections(theirs, stays=True))


@pytest.mark.parametrize(
    ("command", "stops"),
    [
        (Load(EXPERIMENT, 2), True),
        (Pause(), True),
        (Close(), True),
        (None, True),
        (Train(), False),
        (Watch("loss"), False),
        (Preview(DatasetConfig(path="x.csv"), 1), False),
    ],
)
def test_what_stops_a_reading(client: Client, command: AnyCommand | None, stops: bool) -> None:
    commands = CommandQueue(client.connections)
    assert not commands.stops_loading()
    client.send(Watch("loss"))
    client.send(command)
    assert commands.stops_loading() is stops and commands.stops_loading() is stops
    assert not commands.empty()
    assert commands.next(0.0) == Watch("loss")
    assert commands.next(0.0) == command
    assert commands.empty() and not commands.stops_loading()


def test_a_reading_is_told_and_stopped(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_jobs, "PROGRESS_AFTER", 0.0)
    monkeypatch.setattr(side_jobs, "PROGRESS_EVERY", 0.0)
    file = tmp_path / "own.csv"
    file.write_text("a,b\n" + "1,2.5\n2,3.5\n" * 150_000)
    own = with_field(EXPERIMENT, "dataset.path", str(file))
    session = Session()
    session.load(EXPERIMENT)
    sent: list[AnyReport] = []
    commands = CommandQueue(client.connections)
    readings = FileLoading(commands, sent.append)

    def stop_halfway(report: AnyReport) -> None:
        sent.append(report)
        if isinstance(report, LoadingProgress) and report.fraction > 0.5:
            client.send(Pause())

    with pytest.raises(ReadingStopped):
        session.load(own, FileLoading(commands, stop_halfway).watcher(2))
    assert session.experiment.dataset.path is None and session.state == "ready"
    told = [report.fraction for report in sent if isinstance(report, LoadingProgress)]
    assert told == sorted(told) and len(told) > 2 and 0.5 < told[-1] < 1.0
    assert all(report.run == 2 for report in sent)
    readings.stopped(2)
    assert sent[-1] == Refused(2, "dataset.path", side_jobs.STOPPED)

    commands.next(0.0)
    session.load(own, readings.watcher(3))
    assert len(session.dataset.x) == 300_000


def test_nothing_is_said_of_a_reading_that_a_newer_run_replaces(client: Client) -> None:
    sent: list[AnyReport] = []
    client.send(Load(EXPERIMENT, 3))
    readings = FileLoading(CommandQueue(client.connections), sent.append)
    assert not readings.watcher(2)(0.5)
    readings.stopped(2)
    assert sent == []


def test_an_own_file_is_read_once_for_many_edits(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,b,c\n" + "".join(f"{n % 7},{n % 3}.5,{n % 11}.25\n" for n in range(40)))
    own = with_field(EXPERIMENT, "dataset.path", str(file))
    session = Session()
    calls: list[float] = []

    def count(fraction: float) -> bool:
        calls.append(fraction)
        return True

    session.load(own, count)
    read = len(calls)
    assert read > 0
    data = session.dataset
    session.load(with_field(own, "training.epochs", 3), count)
    assert session.dataset is data
    session.load(with_field(own, "dataset.target", "a"), count)
    assert session.dataset.target == "a" and len(calls) == read
    file.write_text("a,b,c\n" + "".join(f"{n % 5},{n % 3}.5,{n % 11}.25\n" for n in range(60)))
    session.load(own, count)
    assert len(session.dataset.x) == 60 and len(calls) > read
    file.unlink()
    with pytest.raises(ValueError, match="there is no file"):
        session.load(own)


def test_a_preview_goes_through_the_protocol(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("a,colour\n1,red\n2.5,blue\n3,red\n4,blue\n")
    asked = Preview(DatasetConfig(path=str(file), kinds={"a": "number"}, header=True), 7)
    assert command_decoder.decode(frame(asked)[4:]) == asked
    sent: list[AnyReport] = []
    FileLoading(CommandQueue(client.connections), sent.append).preview(asked.dataset, asked.number)
    (report,) = sent
    assert isinstance(report, Previewed) and report.run == 7 and report.preview.classes == ("blue", "red")
    assert report_decoder.decode(frame(report)[4:]) == report
