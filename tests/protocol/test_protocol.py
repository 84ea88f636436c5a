"""Frames: what is sent is what comes, and a pipe that ends in the middle is an end."""

from __future__ import annotations

import io

import msgspec
import numpy as np
import pytest

from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    TrainingConfig,
)
from tui_trainer.pace import Pace
from tui_trainer.protocol import (
    HEADER,
    Command,
    CountDead,
    Crashed,
    Ended,
    Epoch,
    Load,
    Pause,
    Progress,
    Refused,
    Remedy,
    Report,
    SetPace,
    Step,
    Train,
    Tune,
    Update,
    Watch,
    command_decoder,
    encode,
    frame,
    pack,
    read_frame,
    report_decoder,
    unpack,
)
from tui_trainer.tabs.loss.messages import Curve, LossContent, WatchLoss

EXPERIMENT = Experiment(
    name="naïve [b]",
    dataset=DatasetConfig(path="a,b.csv", features=("x", "y, z"), target="t"),
    model=ModelConfig(layers=(LayerConfig(3, dropout=0.5), LayerConfig(2, "tanh"))),
    training=TrainingConfig(batch_size="full", early_stopping=EarlyStoppingConfig(patience=3)),
)
COMMANDS: list[Command] = [
    Load(EXPERIMENT, 7),
    Train(),
    Pause(),
    Step(),
    Epoch(),
    SetPace(Pace("10/s", 2.5)),
    CountDead(True),
    Tune(TrainingConfig(learning_rate=1e-300)),
    Watch("summary"),
    Watch("loss", encode(WatchLoss("accuracy"))),
]
CURVE = Curve("loss", pack(np.arange(3)), pack(np.array([1.0, np.nan, np.inf])))
REPORTS: list[Report] = [
    Refused(3, "model.layers[0].units", "expected fewer"),
    Progress(1, "running", 2, 3, 4, 5, 6, 7.5, None, 0.1, {"loss": 0.5}, b"x"),
    Update(1, "loss", 3, encode(LossContent("loss", (CURVE,)))),
    Progress(1, "diverged", 2, 3, 4, 5, 6, 0.0, 1.5, 0.1, {}),
    Ended(2, "diverged", "The loss became inf.", Remedy({"training.learning_rate": 0.5}, "lowers it")),
    Ended(2, "finished", "Finished.", progress=Progress(1, "finished", 2, 2, 0, 5, 10, 0.0, None, 0.1, {"loss": 0.5})),
    Crashed(0, "MemoryError: "),
]


def test_frames_come_as_they_were_sent() -> None:
    pipe = io.BytesIO(b"".join(frame(message) for message in [*COMMANDS, *REPORTS]))
    for sent in COMMANDS:
        assert command_decoder.decode(read_frame(pipe) or b"") == sent
    for report in REPORTS:
        assert report_decoder.decode(read_frame(pipe) or b"") == report
    assert read_frame(pipe) is None


def test_a_pipe_cut_anywhere_is_an_end() -> None:
    whole = frame(Load(EXPERIMENT, 7))
    for length in range(len(whole)):
        assert read_frame(io.BytesIO(whole[:length])) is None
    assert read_frame(io.BytesIO(whole)) == whole[HEADER.size :]


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x80", b'{"type": "Load"}', b"\x81\xa4type\xa7Destroy"])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        command_decoder.decode(body)


def test_arrays_keep_every_bit() -> None:
    values = np.array([0.1, -0.0, np.nan, np.inf, 5e-324, 1.7e308])
    assert unpack(pack(values)).tobytes() == values.tobytes()
    assert unpack(pack(values[::2])).tobytes() == values[::2].tobytes()
    assert unpack(pack(np.arange(3, dtype="float32"))).tolist() == [0.0, 1.0, 2.0]
    assert unpack(pack(np.empty(0))).shape == (0,)
