"""What comes over a line: to the trainer, the app, a sweep and a browser's tab, and to trainers that stay."""

from __future__ import annotations

import asyncio
import contextlib
import glob
import io
import os
import queue
import random
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NoReturn

import forked_trainer
import msgspec
import numpy as np
import pytest
from holding import Campaign, Case, check_sentence
from mutators import NASTY_BYTES, NASTY_TEXTS, changed_json, damaged

from tui_trainer import protocol
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.files import DATA_VARIABLE, safe_name
from tui_trainer.pace import pace_named
from tui_trainer.protocol import HEADER, MAX_BYTES, NO_MESSAGE, command_decoder, frame, read_frame, report_decoder
from tui_trainer.runtime import Launch, reporting
from tui_trainer.runtime.client import MessageReader
from tui_trainer.runtime.connection import Connection
from tui_trainer.store.live_trainers import call, folder_beside, live_names
from tui_trainer.store.store import default_path
from tui_trainer.sweep import messages as sweep_messages
from tui_trainer.sweep.service import preview, validate
from tui_trainer.tabs.computing import TabComputing, TrainerContext
from tui_trainer.tabs.landscape.messages import WatchLandscape
from tui_trainer.tabs.loss.messages import WatchLoss
from tui_trainer.tabs.network.messages import WatchNetwork
from tui_trainer.tabs.predictions.messages import WatchPredictions
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

KIND = "frames"
PATIENCE = 20.0  # seconds
SHORT = with_field(Experiment(), "training.epochs", 2)
LONG = with_field(Experiment(), "training.epochs", 10_000_000)
SLOW = pace_named("10/s")
REQUESTS: dict[str, protocol.Request] = {
    "loss": WatchLoss(),
    "network": WatchNetwork(),
    "landscape": WatchLandscape(8, 4),
    "predictions": WatchPredictions(),
}


def commands() -> list[protocol.AnyCommand]:
    """One of each, as the app sends them; none that works long."""
    watching = [protocol.Watch(tab, protocol.encode(request)) for tab, request in REQUESTS.items()]
    return [
        protocol.Load(SHORT, 1),
        protocol.Step(),
        protocol.Epoch(),
        *watching,
        protocol.Train(),
        protocol.Pause(),
        protocol.SetPace(SLOW),
        protocol.CountDead(True),
        protocol.Tune(TrainingConfig(epochs=3)),
        protocol.SetWeight(3, 0.5),
        protocol.SwapBest(),
        protocol.EditRuns((1,), name="x", add=("a",), pinned=True),
        protocol.Preview(DatasetConfig(path="own.csv"), 1),
        protocol.Resume(1, 2),
        protocol.Export("out", ("csv",)),
        protocol.WriteReport("report.md"),
        protocol.Predict("new.csv", "out.csv", True),
        protocol.StopPredicting(),
        protocol.Attach(1),
    ]


@cache
def reports() -> tuple[msgspec.Struct, ...]:
    """What a trainer tells of a short run, and of all that may happen."""
    session = Session()
    session.load(SHORT)
    told: list[msgspec.Struct] = [reporting.loaded(session, 1)]
    session.train()
    session.advance_to_end()
    told += [progress := reporting.progress(session, 1), reporting.ended(session, 1, progress)]
    for tab, request in REQUESTS.items():
        computing = TabComputing(TrainerContext(session))
        computing.watch(protocol.Watch(tab, protocol.encode(request)))
        computed = computing.compute()
        assert computed is not None
        told.append(protocol.Update(1, tab, session.steps, protocol.encode(computed[1])))
    told += [
        protocol.Refused(1, "dataset.path", "it is not there"),
        protocol.LoadingProgress(1, 0.5),
        protocol.PredictingProgress(1, 0.5),
        protocol.Predicted(1, "40 rows predicted.", True),
        protocol.Notice(1, "All is well.", good=True),
        protocol.ResumeOffer(0, 3, SHORT, 1, 10, 60.0),
        protocol.Opened(1, SHORT, 3, "x", 2),
        protocol.Attached(1, SHORT, SLOW, True),
        protocol.TakenOver(0),
        protocol.Crashed(0, "It failed."),
    ]
    return tuple(told)


def wishes() -> list[sweep_messages.AnyCommand]:
    """What the app sends to a sweep's process."""
    wish = sweep_messages.SweepRequest(
        SHORT, (("training.learning_rate", "0.1, 0.2"), ("model.seed", "1,2,3")), jobs="1"
    )
    drawn = sweep_messages.SweepRequest(SHORT, (("training.l2", "log:0.001..0.1"),), random="5", repeat="2", by="loss")
    return [sweep_messages.PreviewSweep(wish, 1), sweep_messages.PreviewSweep(drawn, 2), sweep_messages.Cancel()]


def events() -> list[sweep_messages.AnyEvent]:
    """What a sweep's process tells the app."""
    leaders = (sweep_messages.Leader("rate 0.1", "0.5"),)
    return [
        sweep_messages.SweepPreview(1, said="5 runs", by="loss"),
        sweep_messages.SweepProgress(1, 5, 0, "loss", leaders, 3.0),
        sweep_messages.SweepFinished("Done.", True, "loss", "sweep-1", (sweep_messages.Kept(1, "x"),)),
    ]


def changed_frame(rng: random.Random, message: msgspec.Struct) -> bytes:
    """A message with something changed in it: a value, its bytes, or what stands before them."""
    body = frame(message)[HEADER.size :]
    match rng.randrange(8):
        case 0 | 1 | 2:
            body = msgspec.msgpack.encode(changed_value(rng, msgspec.msgpack.decode(body)))
        case 3 | 4:
            body = damaged(rng, body)
        case 5:
            whole = damaged(rng, frame(message))
            # More is never announced than is sent: a reader would wait for it.
            return (
                whole if len(whole) < 4 else HEADER.pack(min(HEADER.unpack(whole[:4])[0], len(whole) - 4)) + whole[4:]
            )
        case 6:
            announced = rng.choice((0, 1, MAX_BYTES + 1, 2**32 - 1))
            return HEADER.pack(announced) + body
    return HEADER.pack(len(body)) + body


def changed_value(rng: random.Random, value: Any) -> Any:
    """A decoded message with one of its values replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        if name != "type" or rng.random() < 0.2:
            return {**value, name: changed_value(rng, value[name])}
        return value
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], changed_value(rng, value[place]), *value[place + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int) and rng.random() < 0.7:
        return value + rng.choice((-1, 1, 7))
    if isinstance(value, float) and rng.random() < 0.7:
        return rng.choice((value * 1.5, -value, 0.0, float("nan"), float("inf")))
    if isinstance(value, str) and rng.random() < 0.8:
        return rng.choice(NASTY_TEXTS)
    if isinstance(value, bytes) and rng.random() < 0.8:
        return damaged(rng, value)
    return rng.choice((None, 0, -1, 2**63 - 1, 1.5, "", "x", [], {}, b"", [1], {"a": 1}, True))


def stream_of(rng: random.Random, messages: Sequence[msgspec.Struct]) -> bytes:
    """A few messages, of which some are changed."""
    chosen = [rng.choice(messages) for _ in range(rng.randrange(1, 4))]
    return b"".join(changed_frame(rng, one) if rng.random() < 0.6 else frame(one) for one in chosen)


def try_commands(case: Case) -> bool:
    """Commands are decoded in their order, up to the first that is none; the trainer is told of that as of an end."""
    sent = stream_of(case.rng, commands())
    ours, theirs = socket.socketpair()
    received: queue.SimpleQueue[protocol.AnyCommand | None] = queue.SimpleQueue()
    connection = Connection(theirs)
    connection.start(lambda _, command: received.put(command))
    ours.sendall(sent)
    ours.shutdown(socket.SHUT_WR)
    told = []
    while not told or told[-1] is not None:
        told.append(received.get(timeout=PATIENCE))
    connection.close()
    ours.close()
    for command in told[:-1]:
        assert command is not None
        assert frame(command_decoder.decode(frame(command)[HEADER.size :])) == frame(command)
    return len(told) > 1


async def read_all(sent: bytes, decoder: msgspec.msgpack.Decoder[Any], rng: random.Random) -> tuple[list[Any], bool]:
    """The messages in what was sent, in pieces as they may come, and whether one was none."""
    stream = asyncio.StreamReader()
    reader = MessageReader(stream, decoder)

    async def feed() -> None:
        start = 0
        while start < len(sent):
            end = start + rng.choice((1, 3, 4, 5, 100, len(sent)))
            stream.feed_data(sent[start:end])
            start = end
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding = asyncio.create_task(feed())
    found = [message async for batch in reader.batches() for message in batch]
    await feeding
    return found, reader.garbled


def try_reports(case: Case) -> bool:
    """Reports are decoded up to the first that is none; what a tab shows is one of its contents, or refused as well."""
    found, _ = asyncio.run(read_all(stream_of(case.rng, reports()), report_decoder, case.rng))
    for report in found:
        if isinstance(report, protocol.Update):
            try:
                decode_content(report)
            except NO_MESSAGE:
                return False
    return bool(found)


def try_sweep(case: Case) -> bool:
    """A sweep's process decodes what it is asked, and its preview is a sentence or a reason."""
    if case.rng.random() < 0.3:
        found, _ = asyncio.run(read_all(stream_of(case.rng, events()), sweep_messages.event_decoder, case.rng))
        return bool(found)
    body = changed_frame(case.rng, case.rng.choice(wishes()))[HEADER.size :]
    try:
        command = sweep_messages.command_decoder.decode(body)
    except NO_MESSAGE:
        return False
    if isinstance(command, sweep_messages.PreviewSweep):
        told = preview(command, validate)
        check_sentence(told.said or told.reason)
        return bool(told.said)
    return True


class Page:
    """A browser's tab that sends messages, and hears of nothing but pongs."""

    def __init__(self, messages: list[Any]) -> None:
        self.messages, self.pongs = messages, 0

    async def __aiter__(self) -> AsyncIterator[Any]:
        for message in self.messages:
            yield message

    async def send_json(self, content: Any) -> None:
        assert content[0] == "pong" and len(content[1]) <= 100
        self.pongs += 1


class Terminal:
    """The app of a tab, which notes what it is sent."""

    def __init__(self) -> None:
        self.heard = 0

    async def send_bytes(self, content: bytes) -> bool:
        assert isinstance(content, bytes)
        self.heard += 1
        return True

    async def set_terminal_size(self, width: int, height: int) -> None:
        assert 1 <= width <= 1000 and 1 <= height <= 1000
        self.heard += 1

    async def blur(self) -> None:
        self.heard += 1

    async def focus(self) -> None:
        self.heard += 1


PAGES = (
    '["stdin","abc\\u001b[A"]',
    '["resize",{"width":120,"height":40}]',
    '["ping","123456"]',
    '["focus"]',
    '["blur"]',
)


def try_page(case: Case) -> bool:
    """What a page sends reaches its app as text and sizes in bounds; all else is ignored."""
    from aiohttp import WSMessage, WSMsgType

    from tui_trainer.serve.server import TabServer

    rng = case.rng
    sent = []
    for _ in range(rng.randrange(1, 5)):
        text = rng.choice(PAGES)
        text = changed_json(rng, text) if rng.random() < 0.6 else text
        if rng.random() < 0.2:
            text = damaged(rng, text.encode("utf-8", "replace"), NASTY_BYTES).decode("utf-8", "replace")
        kind = WSMsgType.TEXT if rng.random() < 0.9 else WSMsgType.BINARY
        sent.append(WSMessage(kind, text if kind is WSMsgType.TEXT else text.encode("utf-8", "replace"), None))
    page, app = Page(sent), Terminal()
    asyncio.run(TabServer([])._forward(page, app))  # type: ignore[arg-type]
    return bool(app.heard or page.pongs)


def try_trainer(case: Case) -> bool:
    """A real trainer obeys what it understands, ends with the line, and says nothing on its standard error."""
    case.write("own.csv", b"a,b\n1,2\n3,4\n5,6\n7,8.5\n")
    case.outputs |= {"out", "data"}
    before = b"".join(map(frame, commands()[: case.rng.randrange(3)]))
    changed = b"".join(changed_frame(case.rng, one) for one in case.rng.sample(commands(), 2))
    with trainer(Launch()) as (process, line, errors):
        line.sendall(before + changed + frame(protocol.Close()))
        line.shutdown(socket.SHUT_WR)
        heard = _hear(line)
        assert process.wait(PATIENCE) == 0, _said(errors)
        assert _said(errors) == ""
    assert not any(isinstance(report, protocol.Crashed) for report in heard), heard
    case.outputs |= {path.name for name in ordered(changed) for path in case.folder.glob(f"{glob.escape(name)}*")}
    return bool(heard)


def ordered(changed: bytes) -> Iterator[str]:
    """What the names of files begin with that a trainer has been told to write, in the folder where it is."""
    stream = io.BytesIO(changed)
    with contextlib.suppress(OSError, *NO_MESSAGE):  # at which a trainer stops reading, too
        while (body := read_frame(stream)) is not None:
            match command_decoder.decode(body):
                case protocol.WriteReport(path=path) | protocol.Export(folder=path) if Path(path).stem:
                    yield Path(path).stem
                    yield safe_name(Path(path).stem)  # its figure's


def try_stranger(case: Case) -> bool:
    """A trainer that stays goes on with its run, whatever another client sends; it can be taken over and ended."""
    case.outputs |= {"data"}
    os.environ[DATA_VARIABLE] = str(case.folder / "data")  # the campaign puts it back
    with trainer(Launch(stays=True, linger=0.05)) as (process, line, errors):
        line.sendall(frame(protocol.Load(LONG, 1)) + frame(protocol.Train()))
        for report in _heard(line):
            if isinstance(report, protocol.Progress) and report.state == "running":
                break
        (name,) = live_names(folder_beside(default_path()))
        with call(folder_beside(default_path()), name) as stranger:
            stranger.sendall(b"".join(changed_frame(case.rng, one) for one in case.rng.sample(commands(), 2)))
            stranger.shutdown(socket.SHUT_WR)
            _hear(stranger)
        with call(folder_beside(default_path()), name) as owner:
            owner.sendall(frame(protocol.Attach(7)) + frame(protocol.Pause()) + frame(protocol.Close()))
            heard = _hear(owner)
        assert process.wait(PATIENCE) == 0, _said(errors)
        assert _said(errors) == ""
    return any(isinstance(report, protocol.Attached) for report in heard)


class trainer:
    """A trainer's process at the end of a line, and its standard error; gone afterwards in any case."""

    def __init__(self, launch: Launch) -> None:
        self._ours, theirs = socket.socketpair()
        self._errors = TemporaryFile()  # noqa: SIM115 (closed below)
        with theirs:
            self._process = forked_trainer.ForkedProcess(launch.as_argument(), theirs, self._errors)
        self._ours.settimeout(PATIENCE)

    def __enter__(self) -> tuple[forked_trainer.ForkedProcess, socket.socket, Any]:
        return self._process, self._ours, self._errors

    def __exit__(self, *_: object) -> None:
        self._ours.close()
        self._errors.close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE)


def _heard(line: socket.socket) -> Iterator[protocol.AnyReport]:
    """The reports on a line, until its end."""
    with line.makefile("rb") as stream:
        try:
            while (body := read_frame(stream)) is not None:
                yield report_decoder.decode(body)
        except ConnectionError:  # what it had not read any more
            return


def _hear(line: socket.socket) -> list[protocol.AnyReport]:
    return list(_heard(line))


def _said(errors: Any) -> str:
    errors.seek(0)
    return str(errors.read().decode(errors="replace")[-2000:])


def try_frames(case: Case) -> bool:
    chance = case.rng.random()
    if chance < 0.03:
        return try_trainer(case)
    if chance < 0.035:
        return try_stranger(case)
    if chance < 0.2 and find_spec("textual_serve") is not None:
        return try_page(case)
    if chance < 0.4:
        return try_sweep(case)
    return try_commands(case) if chance < 0.7 else try_reports(case)


@pytest.fixture(scope="module", autouse=True)
def prepared() -> None:
    """What is made once, before any case is measured."""
    forked_trainer.prepare()
    reports()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of arrays that are full of nonsense
def test_frames(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "_exit", ended)
    with np.errstate(all="ignore"):
        campaign.run(try_frames)


def ended(code: int) -> NoReturn:
    """Stand for the end of the process, which is the fuzzer's own."""
    raise SystemExit(code)
