"""Event files: TensorBoard finds the values of each epoch under the names that Keras gives them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from trained_runs import SMALL

from tui_trainer import train
from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.toml_file import write
from tui_trainer.export import tensorboard

needs_writer = pytest.mark.skipif(
    find_spec("tensorboardX") is None, reason="tensorboardX is an extra: 'tui-trainer[tensorboard]'"
)
Capture = pytest.CaptureFixture[str]


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """The values in the event files of a folder, by tag and step."""
    from tensorboardX.proto.event_pb2 import Event  # type: ignore[import-not-found, unused-ignore]

    values: dict[str, dict[int, float]] = {}
    for file in folder.glob(tensorboard.EVENTS):
        content = file.read_bytes()
        while content:  # a length of eight bytes, its checksum of four, the event, and a checksum
            size = int.from_bytes(content[:8], "little")
            event = Event.FromString(content[12 : 12 + size])
            content = content[16 + size :]
            for value in event.summary.value:
                if value.HasField("simple_value"):
                    values.setdefault(value.tag, {})[event.step] = value.simple_value
                else:
                    values.setdefault("texts", {})[event.step] = 0.0
    return values


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an experiment, and a store of its own."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    write(SMALL, "e.toml")
    return tmp_path


@needs_writer
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_every_epoch_is_in_the_files(words: list[str], place: Path, capsys: Capture) -> None:
    assert main(["train", "e.toml", "--tensorboard", "logs/a", "--set", "schedule=cosine", *words]) == 0
    training, validation = scalars(place / "logs/a/train"), scalars(place / "logs/a/validation")
    assert set(training) == {"texts", "epoch_loss", "epoch_learning_rate"}
    assert set(validation) == {"epoch_loss", "epoch_accuracy"}
    assert all(list(values) == [1, 2, 3] for name, values in (training | validation).items() if name != "texts")
    if words:
        values = json.loads(capsys.readouterr().out)["values"]
        assert validation["epoch_loss"][3] == pytest.approx(values["val_loss"], rel=1e-6)


@needs_writer
def test_from_python_and_one_folder_a_run(place: Path) -> None:
    run = train(SMALL, tensorboard=place / "b")
    told = scalars(place / "b" / "train")["epoch_loss"]
    assert list(told.values()) == pytest.approx(run.history["loss"].tolist(), rel=1e-6)
    with pytest.raises(UserError, match="has the event files of another run; give each run a folder of its own"):
        train(SMALL, tensorboard=place / "b")
    assert scalars(place / "b" / "train")["epoch_loss"] == told


@needs_writer
def test_a_folder_that_cannot_be_is_said_before_the_training(place: Path, capsys: Capture) -> None:
    (place / "file").write_text("mine")
    assert main(["train", "e.toml", "--tensorboard", "file"]) == 2
    told = capsys.readouterr()
    assert "--tensorboard: cannot write to 'file'" in told.err and "epoch 1" not in told.out


def test_without_the_package_a_sentence_says_so(place: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    assert main(["train", "e.toml", "--tensorboard", "logs"]) == 2
    told = capsys.readouterr()
    assert "need the package tensorboardX" in told.err and "pip install 'tui-trainer[tensorboard]'" in told.err
    assert "epoch 1" not in told.out
