"""``tui-trainer export``, and ``train --weights``: what they write, say and return."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from safetensors.numpy import load_file
from trained_runs import HARMFUL, SMALL, named

from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, TrainingConfig
from tui_trainer.experiment.share import share
from tui_trainer.experiment.toml_file import read, write
from tui_trainer.export import onnx
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.store import default_path
from tui_trainer.training.session import Session

STEEP = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False),
    model=ModelConfig(layers=()),
    training=TrainingConfig(learning_rate=1.0),
)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a store of its own."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def saved(experiment: Experiment = SMALL) -> str:
    """The path of a file that holds ``experiment``."""
    write(experiment, "e.toml")
    return "e.toml"


def refused(capsys: Capture, *words: str) -> str:
    """What is said of a command that ends with 2, before anything was trained."""
    assert main(list(words)) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    return told.err.removeprefix("tui-trainer: ").strip()


def kept(epochs: int = 30) -> Session:
    """A run in the store, of number 1."""
    session, keeper = Session(), Checkpointer(default_path())
    training = replace(SMALL.training, epochs=epochs, learning_rate=0.9)
    session.load(replace(SMALL, training=training))
    session.train()
    session.advance_to_end()
    keeper.save(session)
    return session


def test_an_experiment_is_trained_and_written(place: Path, capsys: Capture) -> None:
    assert main(["export", saved(), "--to", "out", "--epochs", "2"]) == 0
    said = capsys.readouterr().out
    assert "epoch 2/2" in said and "Epoch 2 of small is in out:\n  experiment.toml\n" in said
    assert read("out/experiment.toml").training.epochs == 2
    with (place / "out/history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"] and list(rows[0])[1:3] == ["loss", "val_loss"]


def test_some_formats_into_a_folder_named_as_the_run(place: Path, capsys: Capture) -> None:
    assert main(["export", share(named(HARMFUL)), "--format", "csv", "--format", "svg"]) == 0
    (folder,) = (one for one in place.iterdir())
    assert folder.name == "import-os-..-..-x"
    assert sorted(one.name for one in folder.iterdir()) == ["history.csv", "loss.svg"]
    assert "\x1b" not in capsys.readouterr().out


def test_a_stored_run_and_its_best_epoch(place: Path, capsys: Capture) -> None:
    session = kept()
    assert session.best.epoch < 30
    assert main(["export", "1", "--to", "last", "--format", "pytorch"]) == 0
    assert main(["export", "1", "--to", "best", "--format", "pytorch", "--best"]) == 0
    assert f"Epoch {session.best.epoch} of small is in best" in capsys.readouterr().out
    last, best = (load_file(f"{name}/weights.safetensors")["0.weight"].T for name in ("last", "best"))
    np.testing.assert_array_equal(last, session.trainer.model.get_weights()[0])
    session.swap_best()
    np.testing.assert_array_equal(best, session.trainer.model.get_weights()[0])
    assert not np.array_equal(last, best)


def test_nothing_is_trained_for_nothing(place: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be written is told before the training."""
    Path("file").write_text("")
    Path("out").mkdir()
    Path("out/history.csv").write_text("epoch,mine")
    file = saved()
    assert "is a file; give the path of a folder" in refused(capsys, "export", file, "--to", "file/x")
    assert "'out' has history.csv already" in refused(capsys, "export", file, "--to", "out")
    monkeypatch.setattr(onnx, "onnx_is_there", lambda: False)
    told = refused(capsys, "export", file, "--to", "new", "--format", "onnx")
    assert told == "ONNX files need the package onnx: pip install 'tui-trainer[onnx]'"
    assert not Path("new").exists() and Path("out/history.csv").read_text() == "epoch,mine"
    assert main(["export", file, "--to", "out", "--format", "csv", "--force"]) == 0
    assert Path("out/history.csv").read_text().startswith("epoch,loss,")


def test_runs_that_are_not_there(place: Path, capsys: Capture) -> None:
    assert "there is no run 7: no run has been saved in" in refused(capsys, "export", "7")
    kept(1)
    assert refused(capsys, "export", "7") == "there is no run 7; the newest are: 1 (small)"
    assert "remove --epochs" in refused(capsys, "export", "1", "--epochs", "5")
    assert "there is no file 'nosuch.toml'" in refused(capsys, "export", "nosuch.toml")
    assert "there is no file '12345678901234567890'" in refused(capsys, "export", "12345678901234567890")


def test_a_run_that_diverges_is_not_exported(place: Path, capsys: Capture) -> None:
    assert main(["export", saved(STEEP), "--to", "out"]) == 1
    assert "Nothing was exported; --best" in capsys.readouterr().out and not Path("out").exists()


def test_files_stay_where_they_may_be(place: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved()
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(place))
    assert "is outside of" in refused(capsys, "export", file, "--to", "../elsewhere")
    assert "is outside of" in refused(capsys, "train", file, "--weights", "/etc/hosts")


def test_training_begins_with_exported_weights(place: Path, capsys: Capture) -> None:
    file = saved()
    assert main(["export", file, "--to", "out", "--format", "pytorch"]) == 0
    first = capsys.readouterr().out
    assert main(["train", file, "--weights", "out/weights.safetensors"]) == 0
    assert losses(capsys.readouterr().out)[0] < losses(first)[-1], "it goes on from there"
    wrong = saved(replace(SMALL, model=ModelConfig(layers=())))
    told = refused(capsys, "train", wrong, "--weights", "out/weights.safetensors")
    assert told.startswith("model.weights: tensor 0.weight is 6 x 4 in the file, but 3 x 4 in this network")


def losses(printed: str) -> list[float]:
    """The losses of the epochs that were printed."""
    return [float(line.split("loss ")[1].split()[0]) for line in printed.splitlines() if line.startswith("epoch ")]
