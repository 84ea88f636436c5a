"""What the two processes say to each other: commands in, reports out, each a length and a MessagePack map."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from tui_trainer.experiment import Experiment, TrainingConfig

State = Literal["empty", "ready", "running", "paused", "finished", "stopped early", "diverged"]
View = Literal["loss", "other"]

HEADER = struct.Struct("<I")


class Command(msgspec.Struct, frozen=True, tag=True):
    """Something the front end asks for."""


class Load(Command, frozen=True):
    """Make ``experiment`` the run under work, at its first step, not training. ``run`` numbers the run."""

    experiment: Experiment
    run: int


class Train(Command, frozen=True):
    """Train until the epochs are done, or on past them where they were."""


class Pause(Command, frozen=True):
    """Stop training where it is."""


class Step(Command, frozen=True):
    """One mini-batch."""


class Epoch(Command, frozen=True):
    """The rest of the epoch under way, or one more."""


class Tune(Command, frozen=True):
    """Take learning rate and epochs of ``training`` without a reset."""

    training: TrainingConfig


class Resume(Command, frozen=True):
    """Go on with the run of the store that ``Offer`` told of, as run number ``run``."""

    stored: int
    run: int


class Close(Command, frozen=True):
    """Save the run and end."""


class Watch(Command, frozen=True):
    """What is on the screen: only that is computed."""

    view: View


class Curve(msgspec.Struct, frozen=True):
    """A line of the loss plot: x and y as little-endian doubles."""

    name: str
    x: bytes
    y: bytes


class Report(msgspec.Struct, frozen=True, tag=True):
    """Something the child tells; ``run`` is the number given with ``Load``."""

    run: int


class DatasetView(msgspec.Struct, frozen=True):
    """A dataset as the screen needs it; ``columns`` are the first rows, as little-endian doubles."""

    name: str
    title: str
    features: tuple[str, ...]
    target: str
    task: str
    classes: tuple[str, ...]
    rows: int
    train_rows: int
    validation_rows: int
    available: tuple[str, ...]
    columns: dict[str, bytes]


class SummaryRow(msgspec.Struct, frozen=True):
    """One layer of the model."""

    name: str
    kind: str
    output: int
    params: int


class Loaded(Report, frozen=True):
    """The run is ready: all that was inferred, the data and the model."""

    experiment: Experiment
    dataset: DatasetView
    layers: tuple[SummaryRow, ...]
    params: int
    size: int
    summary: str


class Refused(Report, frozen=True):
    """The experiment makes no sense: ``field`` and ``reason``. The run before it goes on being the one."""

    field: str
    reason: str


class Progress(Report, frozen=True):
    """Where training is. ``curves`` come only while the loss is watched and has changed."""

    state: State
    epoch: int
    epochs: int
    batch: int
    batches: int
    steps: int
    steps_per_second: float
    seconds_left: float | None
    learning_rate: float
    values: dict[str, float]
    curves: tuple[Curve, ...] | None = None


class Ended(Report, frozen=True):
    """Training ended by itself: a sentence for the user, and a learning rate to try where one helps."""

    state: State
    sentence: str
    rate: float | None = None


class Offer(Report, frozen=True):
    """A run in the store was cut off, ``seconds_ago``; ``Resume`` goes on with it."""

    stored: int
    experiment: Experiment
    epoch: int
    step: int
    seconds_ago: float


class Notice(Report, frozen=True):
    """Something the user should know, while all goes on."""

    sentence: str


class Crashed(Report, frozen=True):
    """The child met an error of its own."""

    sentence: str


AnyCommand = Load | Train | Pause | Step | Epoch | Tune | Watch | Resume | Close
AnyReport = Loaded | Refused | Progress | Ended | Offer | Notice | Crashed

_encoder = msgspec.msgpack.Encoder()
command_decoder = msgspec.msgpack.Decoder(AnyCommand)
report_decoder = msgspec.msgpack.Decoder(AnyReport)


def newest(older: Progress, newer: Progress) -> Progress:
    """The one report that stands for two in a row: the newer, with the older's curves where it has none."""
    if newer.curves is None and older.run == newer.run:
        return msgspec.structs.replace(newer, curves=older.curves)
    return newer


def frame(message: Command | Report) -> bytes:
    """``message`` as it goes through the pipe."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next body, or None where the other side has gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (size,) = HEADER.unpack(header)
    body = stream.read(size)
    return body if len(body) == size else None


def pack(values: NDArray[Any]) -> bytes:
    """An array (k,) as little-endian doubles."""
    return np.ascontiguousarray(values, "<f8").tobytes()


def unpack(data: bytes) -> NDArray[np.float64]:
    """The array (k,) that ``pack`` was given; read-only."""
    return np.frombuffer(data, "<f8")
