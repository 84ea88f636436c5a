"""TOML: an exact round trip, layers that read well, and a sentence for every broken file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from experiment_strategies import experiments
from hypothesis import given
from hypothesis import strategies as st
from systems import LINKS, not_on_windows

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, PointConfig
from tui_trainer.experiment.toml_file import dumps, loads, read, write


@given(experiments)
def test_round_trip_is_exact(experiment: Experiment) -> None:
    assert loads(dumps(experiment)) == experiment


@given(st.text() | st.text(alphabet='[]{}=".,\n abmodelyrs1-', max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        loads(text)
    except UserError as error:
        assert str(error).isprintable()


def test_empty_text_is_the_default_experiment() -> None:
    assert loads("") == Experiment()


def test_layers_are_an_array_of_tables() -> None:
    text = dumps(Experiment(model=ModelConfig(layers=(LayerConfig(units=8), LayerConfig(units=4)))))
    assert text.count("[[model.layers]]\nunits = ") == 2


def test_points_are_an_array_of_tables() -> None:
    points = (PointConfig(1.5, -2.0, 1.0), PointConfig(0.25, 3.0))
    text = dumps(Experiment(dataset=DatasetConfig("spiral", points=points)))
    assert "[[dataset.points]]\nx1 = 1.5\nx2 = -2.0\nvalue = 1.0\n" in text
    assert loads("[[dataset.points]]\nx1 = 1\nvalue = 2").dataset.points == (PointConfig(1.0, 0.0, 2.0),)


def test_a_perceptron_is_written_as_no_layers() -> None:
    perceptron = Experiment(model=ModelConfig(layers=()))
    assert "layers = []" in dumps(perceptron)
    assert loads(dumps(perceptron)) == perceptron


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        (
            "[[model.layers]]\nunits = 0",
            "model.layers[0].units",
            "expected an integer from 1 to 65536, got 0",
        ),
        ("[model]\nseed = 'x'", "model.seed", "expected an integer of at least 0, got 'x'"),
        ("[model]\ndtype = 'f4'", "model.dtype", "expected one of: float32, float64, got 'f4'"),
        ("model = 3", "model", "expected a table, got 3"),
        ("[[dataset.points]]\n[[dataset.points]]\nx2 = 'a'", "dataset.points[1].x2", "from -100 to 100, got 'a'"),
        ("[training]\nl2 = nan", "training.l2", "expected a finite number of at least 0, got nan"),
        ("[training]\nlearning_rate = inf", "training.learning_rate", "at most 1000000, got inf"),
        ("[training.early_stopping]\nbaseline = nan", "training.early_stopping.baseline", "got nan"),
        ("[dataset]\nfetures = []", "dataset", "unknown field 'fetures', did you mean features?"),
        ("[dataset]\nname = 2020-01-01", "dataset.name", "got a value of type date"),
        ("zzz = 1", "", "the fields here are: name, dataset, model, training"),
        ("a = 1\nb", "", "not valid TOML at "),
        ("a = " + "9" * 5000, "", "a number has too many digits"),
        ("a = " + "[" * 5000, "", "nested too deeply"),
        ("a." * 3000 + "a = 1", "", ""),
        ("'\x1b' = 1", "", r"invalid character '\x1b'"),
    ],
)
def test_errors_name_the_field(text: str, field: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        loads(text)
    assert caught.value.field == field
    assert reason in caught.value.reason


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    experiment = Experiment(name="überall ☃\n")
    write(experiment, tmp_path / "run.toml")
    assert read(tmp_path / "run.toml") == experiment
    assert os.listdir(tmp_path) == ["run.toml"]


@not_on_windows(LINKS)
def test_write_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text("")
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    write(Experiment(name="linked"), tmp_path / "link.toml")
    assert (tmp_path / "link.toml").is_symlink()
    assert read(tmp_path / "real.toml").name == "linked"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    write(Experiment(name="old"), tmp_path / "run.toml")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError, match="can't be written: No space left"):
        write(Experiment(name="new"), tmp_path / "run.toml")
    assert read(tmp_path / "run.toml").name == "old"
    assert os.listdir(tmp_path) == ["run.toml"]


def test_an_invalid_experiment_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.layers\[0\]\.units"):
        write(Experiment(model=ModelConfig(layers=(LayerConfig(units=0),))), tmp_path / "run.toml")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"name = '\xff'", "not UTF-8 text"), (b"#" * 1_000_001, "larger than 1 MB")],
    ids=["letters", "length"],
)
def test_files_that_are_no_experiment(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "run.toml").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        read(tmp_path / "run.toml")


def test_missing_file_folder_and_byte_order_mark(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no file"):
        read(tmp_path / "none.toml")
    with pytest.raises(UserError, match="there is no file"):
        read("\0")
    with pytest.raises(UserError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UserError, match="is a folder"):
        write(Experiment(), tmp_path)
    with pytest.raises(UserError, match="is not a path"):
        write(Experiment(), "a\0b")
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbfname = 'bom'")
    assert read(tmp_path / "bom.toml").name == "bom"


def test_a_weight_of_minus_zero_is_written_as_such_beside_one_of_zero() -> None:
    texts = [dumps(Experiment(model=ModelConfig(weights=(weight,)))) for weight in (0.0, -0.0)]
    assert "-0.0" not in texts[0] and "-0.0" in texts[1]


def test_a_file_of_the_user_is_not_called_as_shipped_data() -> None:
    experiment = Experiment(dataset=DatasetConfig(path="flowers.csv"))
    assert 'name = "iris"' not in dumps(experiment) and 'path = "flowers.csv"' in dumps(experiment)
    assert loads(dumps(experiment)) == experiment
    assert 'name = "iris"' in dumps(Experiment())
