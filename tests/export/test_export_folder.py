"""The folder of a run: all files, none over another, and none outside of it."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from systems import LINKS, MODES, not_on_windows
from trained_runs import HARMFUL, SMALL, named, rich, session_of, trained_on

from tui_trainer import engine
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import EarlyStoppingConfig, Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.experiment.validation import to_plain
from tui_trainer.export import folder as folders
from tui_trainer.export import onnx, pytorch
from tui_trainer.export.folder import FORMATS, check_folder, write_folder
from tui_trainer.export.metadata import history_csv, metadata_text, read_history, read_metadata
from tui_trainer.export.onnx import onnx_is_there
from tui_trainer.export.trained import stored_model
from tui_trainer.export.trained import trained as network_of
from tui_trainer.files import file_name, free_folder, safe_name
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.system.private import is_root
from tui_trainer.training.history import EPOCH
from tui_trainer.training.session import Session

ALWAYS = {
    "README.txt",
    "experiment.toml",
    "history.csv",
    "predictions.csv",
    "loss.svg",
    "loss.txt",
    "model.json",
    "model_features.py",
    "model_keras.py",
    "model_numpy.py",
    "model_pytorch.py",
    "weights.safetensors",
}


def test_all_formats_are_written_and_described(tmp_path: Path) -> None:
    place = tmp_path / "a" / "b"
    names = write_folder(trained_on(), place)
    assert set(names) == set(os.listdir(place)) == ALWAYS | ({"model.onnx"} if onnx_is_there() else set())
    assert read(place / "experiment.toml") == SMALL
    readme = (place / "README.txt").read_text()
    assert all(f"\n{name}\n" in readme for name in names if name != "README.txt")
    assert "or features (n, 4)" in readme and "{" not in readme.replace('{"features": x}', "")


def test_what_is_said_of_a_history_without_all_its_epochs(tmp_path: Path) -> None:
    whole = trained_on()
    thinned = replace(whole, history={EPOCH: np.array([1.0, 3.0]), "loss": np.array([2.0, 1.0])})
    for trained, told in ((whole, "The values of every epoch, one row each."), (thinned, "lowest or highest; one row")):
        write_folder(trained, tmp_path, force=True)
        readme = (tmp_path / "README.txt").read_text()
        assert told in readme and ("every epoch" in readme) == (trained is whole)
    assert (tmp_path / "history.csv").read_text().splitlines() == ["epoch,loss", "1,2.0", "3,1.0"]


@pytest.mark.parametrize("one", sorted(set(FORMATS) - {"onnx"}))
def test_one_format_is_written_alone(one: str, tmp_path: Path) -> None:
    assert write_folder(trained_on(), tmp_path, [one, one]) == list(FORMATS[one])
    assert sorted(os.listdir(tmp_path)) == sorted(FORMATS[one])


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "loss.svg").write_text("<svg mine")
    with pytest.raises(UserError, match=r"has loss\.svg already; choose another folder$"):
        write_folder(trained_on(), tmp_path)
    with pytest.raises(UserError, match=r"choose another folder, or overwrite with --force$"):
        write_folder(trained_on(), tmp_path, insist="--force")
    assert os.listdir(tmp_path) == ["loss.svg"] and (tmp_path / "loss.svg").read_text() == "<svg mine"
    write_folder(trained_on(), tmp_path, force=True)
    assert (tmp_path / "loss.svg").read_text().startswith("<svg xmlns")
    (tmp_path / "loss.svg").write_text("no picture of ours")
    with pytest.raises(UserError, match="is a file of another kind, which is never overwritten"):
        write_folder(trained_on(), tmp_path, force=True)


@not_on_windows(LINKS)
def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    outside, place = tmp_path / "outside.txt", tmp_path / "place"
    place.mkdir()
    (place / "loss.txt").symlink_to(outside)  # dangling: it counts as there
    with pytest.raises(UserError, match=r"has loss\.txt already"):
        write_folder(trained_on(), place, ["txt"])
    write_folder(trained_on(), place, ["txt"], force=True)
    assert not outside.exists() and not (place / "loss.txt").is_symlink()


def test_a_failure_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, "replace", full)
    with pytest.raises(UserError, match="can't be written: No space left on device"):
        write_folder(trained_on(), tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["file", "file/below", "file/far/below"])
def test_a_file_is_no_folder(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file' is a file; give the path of a folder"):
        check_folder(tmp_path / path, ["csv"])


@pytest.mark.parametrize(("path", "complaint"), [("a\0b", "is not a path"), ("x" * 5000, "can't be written")])
def test_what_is_no_path_is_told(path: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        write_folder(trained_on(), Path(path), ["csv"])


@pytest.mark.skipif(is_root(), reason="root may write anywhere")
@not_on_windows(MODES)
def test_a_folder_that_cannot_be_written_to_is_told_first(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="can't be written to; choose another folder"):
        check_folder(tmp_path / "new", ["csv"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("iris", "iris"),
        ("../../etc/passwd", "etc-passwd"),
        ("/root", "root"),
        (".hidden", "hidden"),
        ("..", "run"),
        ("", "run"),
        ("naïve run: 2", "na-ve-run-2"),
        ("CON", "run-CON"),
        ("nul.txt", "run-nul.txt"),
        ("x" * 300, "x" * 60),
        ("a\nb\x1b[2J", "a-b-2J"),
    ],
)
def test_a_runs_name_is_no_path(name: str, safe: str, tmp_path: Path) -> None:
    assert safe_name(name) == safe
    first = free_folder(name, tmp_path)
    first.mkdir()
    assert first.parent == tmp_path and free_folder(name, tmp_path) == tmp_path / f"{safe}-2"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("naïve run 2", "naïve run 2.toml"),
        ("rate: 1/2?", "rate- 1-2.toml"),
        ("..\\con", "my-con.toml"),
        ("nul", "my-nul.toml"),
        ("\x1b[2J[/b]", "[2J[-b].toml"),
        ("..", "experiment.toml"),
        pytest.param("😀" * 300, "😀" * 60 + ".toml", id="too long"),  # 240 bytes, and most systems allow 255
    ],
)
def test_a_file_is_called_what_every_system_allows(name: str, file: str) -> None:
    assert file_name(name, ".toml") == file


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_programs_are_python_without_a_word_of_the_user(activation: str, tmp_path: Path) -> None:
    write_folder(trained_on(rich(activation)), tmp_path / "rich", ["keras", "pytorch", "numpy"])
    write_folder(trained_on(named(HARMFUL)), tmp_path / "harmful")
    for place in ("rich", "harmful"):
        for name in ("model_keras.py", "model_pytorch.py", "model_numpy.py"):
            code = (tmp_path / place / name).read_text()
            tree = ast.parse(code)
            assert {"predict", "standardize"} <= {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
            assert "import os" not in code and "sepal" not in code


def test_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    history = {"loss": np.array([0.1 + 0.2, 1e-300, np.inf]), "val_loss": np.array([1.0, np.nan, -0.0])}
    path = tmp_path / "history.csv"
    path.write_text(history_csv(history), newline="")
    again = read_history(path)
    assert list(again) == ["loss", "val_loss"]
    assert all(again[name].tobytes() == values.tobytes() for name, values in history.items())
    path.write_text(history_csv({}), newline="")
    assert read_history(path) == {}
    for wrong in ("", "epoch,loss\n1,x\n", "epoch,loss\n1\n"):
        path.write_text(wrong)
        with pytest.raises(UserError, match=r"is not the history\.csv of an export"):
            read_history(path)


def test_metadata_are_read_as_they_were_written(tmp_path: Path) -> None:
    trained, path = trained_on(named('quote " and \x1b[2J')), tmp_path / "model.json"
    path.write_text(metadata_text(trained))
    assert path.read_text().isascii()
    preparation, progress = read_metadata(path)
    inputs = preparation.inputs
    assert inputs.features == trained.inputs.features
    assert inputs.mean.tobytes() == trained.inputs.mean.tobytes()
    assert inputs.scale.tobytes() == trained.inputs.scale.tobytes()
    assert preparation == trained.preparation and (progress.epoch, progress.steps) == (3, trained.steps)


@pytest.mark.parametrize(
    ("old", "new"), [('"scale": [', '"scale": [0, '), ('"mean": [', '"mean": [1, '), ('"epoch": 3', '"epoch": "3"')]
)
def test_damaged_metadata_are_refused(old: str, new: str, tmp_path: Path) -> None:
    path, text = tmp_path / "model.json", metadata_text(trained_on())
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=r"model\.json"):
        read_metadata(path)


def test_every_activation_and_loss_can_be_exported() -> None:
    hidden = set(engine.ACTIVATIONS) - {"linear"}
    assert set(pytorch.ACTIVATIONS) == hidden == set(onnx.SIMPLE) | {"swish", "gelu"}
    assert set(pytorch.EACH_LOSS) == set(engine.LOSSES)


def test_weights_of_the_best_epoch_say_so(tmp_path: Path) -> None:
    from tui_trainer.export.trained import trained

    session = session_of()
    best = trained(session, best=True)
    write_folder(best, tmp_path)
    assert f"Weights of the best epoch: epoch {session.best.epoch}." in (tmp_path / "README.txt").read_text()
    assert read_metadata(tmp_path / "model.json")[1].best


def test_weights_that_were_put_back_are_told_as_those_of_their_epoch(tmp_path: Path) -> None:
    """By early stopping, or by hand; from the session, and from the store."""
    session = Session()
    stopping = EarlyStoppingConfig(patience=3, restore_best_weights=True)
    experiment = with_field(Experiment(), "training.early_stopping", to_plain(stopping))
    session.load(with_field(experiment, "training.learning_rate", 0.5))
    session.train()
    session.advance_to_end()
    assert session.state == "stopped early" and session.best.epoch < session.trainer.epochs
    network = network_of(session)
    assert (network.epoch, network.best) == (session.best.epoch, True)
    write_folder(network, tmp_path / "out")
    said = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    assert f"Weights of the best epoch: epoch {session.best.epoch:,}." in said
    checkpointer = Checkpointer(tmp_path / "runs.sqlite")
    checkpointer.save(session)
    assert checkpointer.run is not None and checkpointer.store is not None
    stored = stored_model(checkpointer.store, checkpointer.run)
    assert (stored.epoch, stored.best) == (session.best.epoch, True)
    checkpointer.close()
    session.swap_best()
    session.train()
    session.advance(0.0)
    assert not network_of(session).best, "it has gone on from there"
