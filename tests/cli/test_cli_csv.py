"""Data of one's own from the command line: --csv and --target, with and without a screen."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from systems import WINDOWS

from tui_trainer.cli.main import main
from tui_trainer.cli.options import Parser, add_experiment_options, experiment_from_options
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import FIRST_EXPERIMENT, OWN_DATA, DatasetConfig, Experiment, TrainingConfig
from tui_trainer.experiment.toml_file import read, write

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHOP = "id;colour;size;price\n" + "".join(
    f"{place};{'red' if place % 3 else 'blue'};{place % 7},5;{'' if place == 4 else f'{place},25'}\n"
    for place in range(30)
)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The path of a file with a gap."""
    (tmp_path / "shop.csv").write_text(SHOP)
    return str(tmp_path / "shop.csv")


def options(file: str | None = None, csv: str | None = None, target: str | None = None) -> argparse.Namespace:
    targets = None if target is None else [target]
    return argparse.Namespace(file=file, csv=csv, test_csv=None, target=targets, missing=None, fields=[])


def test_the_experiment_of_the_options(shop: str, tmp_path: Path) -> None:
    assert experiment_from_options(options()) == FIRST_EXPERIMENT
    assert replace(read(EXAMPLES / "spiral.toml"), name=FIRST_EXPERIMENT.name) == FIRST_EXPERIMENT
    own = DatasetConfig(path=shop, target="size", standardize_target=True)
    assert experiment_from_options(options(csv=shop, target="size")) == replace(OWN_DATA, name="shop", dataset=own)
    given = Experiment(
        name="given",
        dataset=DatasetConfig("wine", features=("ash",), target="hue", seed=7),
        training=TrainingConfig(epochs=3),
    )
    write(given, tmp_path / "given.toml")
    assert experiment_from_options(options(str(tmp_path / "given.toml"), shop)) == Experiment(
        name="given",
        dataset=DatasetConfig("wine", path=shop, target="price", seed=7, standardize_target=True),
        training=TrainingConfig(epochs=3),
    )


def test_train_runs_on_a_csv_file(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--csv", shop, "--target", "colour", "--epochs", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "size and 1 other -> colour: 2 classes, 29 rows: 23 + 6"
    assert lines[1] == "1 of 30 rows dropped: no value in price (1)."
    assert lines[2] == "Left out: id (numbers the rows)."
    assert lines[3].startswith("epoch 1/2  loss ")
    assert main(["train", "--csv", shop, "--target", "colour", "--epochs", "2", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["epochs"] == 2
    assert result["data"] == {
        **{"target": "colour", "task": "classification", "classes": ["blue", "red"], "rows": 29},
        **{"training_rows": 23, "validation_rows": 6, "features": ["size", "price"], "left_out": ["id"]},
    }


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--target", "price"], "--target names a column of a CSV file; give the file with --csv"),
        (["train", "x.toml", "--target", "price"], "there is no file 'x.toml'"),
        (["train", "--csv", "nosuch.csv"], "--csv: there is no file 'nosuch.csv'; check the path"),
        (["--csv", "\x1b[2J"], r"--csv: there is no file '\x1b[2J'"),
        (["train", "--csv", "SHOP", "--target", "prize"], "dataset.target: there is no column 'prize'; did you mean"),
        (["--csv", "SHOP", "--resume"], "--resume takes the number of a run, not a file"),
        (["--csv", "SHOP"], "the app needs a terminal"),
    ],
)
def test_wrong_options_of_a_csv_file_are_refused(
    shop: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([shop if word == "SHOP" else word for word in words]) == 2
    out, err = capsys.readouterr()
    assert told in err and err.count("\n") == 1 and out == ""


def test_a_root_confines_the_file(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inside").mkdir()
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path / "inside"))
    with pytest.raises(UserError, match=r"--csv: .* is outside of"):
        experiment_from_options(options(csv=shop))


def test_one_set_of_options_for_all_commands(
    shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--csv, --target, --missing and --set mean the same in train, summary, export, sweep and the app."""
    words = ["--csv", shop, "--target", "size", "--missing", "fill", "--set", "model.layers[0].units=3"]
    assert main(["train", *words, "--set", "training.epochs = 2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epochs"] == 2
    assert main(["summary", *words]) == 0
    assert "(None, 3)" in capsys.readouterr().out
    assert main(["export", *words, "--epochs", "1", "--to", str(tmp_path / "out")]) == 0
    assert read(tmp_path / "out" / "experiment.toml").dataset.missing == "fill"
    sweep = ["sweep", *words[:6], "--set", "model.layers[0].units=2,3", "--epochs", "1", "--jobs", "1", "--json"]
    capsys.readouterr()
    assert main(sweep) == 0
    swept = json.loads(capsys.readouterr().out)
    assert len(swept["runs"]) == 2 and all("val_loss" in run["scores"] for run in swept["runs"])
    sweep[2] = "-"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(shop).read_bytes())))
    assert main(sweep) == 0
    assert len(json.loads(capsys.readouterr().out)["runs"]) == 2
    parser = Parser()
    add_experiment_options(parser)
    given = experiment_from_options(parser.parse_args(words, argparse.Namespace(file=None)))
    own = DatasetConfig(path=shop, target="size", missing="fill", standardize_target=True)
    assert given.model.layers[0].units == 3 and given.dataset == own


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("epochs", "--set: expected a field and its value, such as training.learning_rate=0.01; got 'epochs'"),
        ("training.speed=1", "training: unknown field 'speed'"),
        ("training.epochs=many", "training.epochs"),
    ],
)
def test_a_wrong_field_is_named(word: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(EXAMPLES / "iris.toml"), "--set", word]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("form", ["'{}'", '"{}"', "  {} ", "{url}", "{url_here}"])
def test_paths_come_as_a_terminal_gives_them(form: str, shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = Path(shop).as_uri()
    path = form.format(shop, url=url, url_here=url.replace("file://", "FILE://localhost"))
    assert main(["train", "--csv", path, "--target", "colour", "--epochs", "1"]) == 0
    assert "-> colour: 2 classes" in capsys.readouterr().out


def test_a_path_may_be_escaped(shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spaced = tmp_path / "my shop.csv"
    spaced.write_text(Path(shop).read_text())
    escaped = str(spaced) if WINDOWS else str(spaced).replace(" ", "\\ ")
    for path in (escaped, spaced.as_uri()):
        assert main(["train", "--csv", path, "--target", "colour", "--epochs", "1"]) == 0
        assert "-> colour: 2 classes" in capsys.readouterr().out


def test_data_come_through_a_pipe(shop: str) -> None:
    words = [sys.executable, "-m", "tui_trainer", "train", "--csv", "-", "--target", "colour", "--epochs", "1"]
    done = subprocess.run(words, input=Path(shop).read_bytes(), capture_output=True, check=True)
    assert b"-> colour: 2 classes" in done.stdout


def test_the_path_in_a_file_is_relative_to_it(shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "own.csv").write_text(Path(shop).read_text())
    write(Experiment(dataset=DatasetConfig(path=str(folder / "own.csv"), target="colour")), folder / "own.toml")
    assert 'path = "own.csv"' in (folder / "own.toml").read_text()
    write(Experiment(dataset=DatasetConfig(path=shop, target="colour")), folder / "far.toml")
    moved = folder.rename(tmp_path / "moved")
    monkeypatch.chdir("/")
    for file in ("own.toml", "far.toml"):
        assert main(["train", str(moved / file), "--set", "training.epochs=1"]) == 0


def test_a_column_with_another_meaning_is_not_guessed_to_be_the_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{n * n},{n % 2},{'test' if n % 4 == 0 else 'train'}" for n in range(40)]
    (tmp_path / "own.csv").write_text("\n".join(["a,sick,part", *rows, ""]))
    words = [
        "train",
        "--csv",
        str(tmp_path / "own.csv"),
        "--set",
        "split_column=part",
        "--epochs",
        "1",
        "--test",
        "--json",
    ]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    data = result["data"]
    assert (data["target"], data["features"], data["left_out"]) == ("sick", ["a"], ["part"])
    assert (data["training_rows"], data["validation_rows"], data["test_rows"]) == (24, 6, 10) and "test" in result
    assert main([*words[:3], "--set", "group_column=part", "--set", "target=part"]) == 2
    assert "dataset.group_column: 'part' is the target; choose another column here" in capsys.readouterr().err


def test_other_data_without_a_file_come_with_settings_that_train_them_well() -> None:
    def title_of(*fields: str) -> str:
        options = argparse.Namespace(file=None, csv=None, test_csv=None, target=None, missing=None, fields=fields)
        experiment = experiment_from_options(options)
        return f"{experiment.title}, {experiment.training.epochs} epochs"

    assert title_of("dataset.name=digits") == "digits 64 relu ρ .003, 40 epochs"
    assert title_of("epochs=7", "dataset.name=digits") == "digits 64 relu ρ .003, 7 epochs", "what is set stays"
