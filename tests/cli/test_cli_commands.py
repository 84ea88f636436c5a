"""The commands that need no screen: what they print, write and return."""

from __future__ import annotations

import csv
import json
import math
import os
import shlex
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from systems import WINDOWS

from tui_trainer import __version__
from tui_trainer.cli.main import main
from tui_trainer.datasets.catalog import CATALOG
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.experiment.toml_file import write
from tui_trainer.export.trained import stored_session
from tui_trainer.protocol import Remedy
from tui_trainer.store.store import Store, default_path
from tui_trainer.training.doctor import Advice

ROOT = Path(__file__).resolve().parents[2]
SMALL = Experiment(model=ModelConfig(layers=(LayerConfig(4),)), training=TrainingConfig(epochs=5))
STEEP = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False),
    model=ModelConfig(layers=()),
    training=TrainingConfig(learning_rate=1.0),
)


def book(rate: float) -> Experiment:
    """y = w x: the rooms of a house and its price, from w = 0."""
    return Experiment(
        dataset=DatasetConfig("boston_rm", standardize=False, validation_split=0.0),
        model=ModelConfig(layers=(), output=OutputConfig(use_bias=False, initializer="zeros")),
        training=TrainingConfig("sum_squared_error", learning_rate=rate, batch_size="full", epochs=10),
    )


def saved(folder: Path, experiment: Experiment) -> str:
    """The path of a file that holds ``experiment``."""
    file = folder / "experiment.toml"
    write(experiment, file)
    return str(file)


@pytest.mark.parametrize(("rate", "w"), [(1e-5, "3.6329"), (1e-6, "1.2363"), (5e-5, "-0.9534")])
def test_the_weight_of_the_book(tmp_path: Path, capsys: pytest.CaptureFixture[str], rate: float, w: str) -> None:
    assert main(["train", saved(tmp_path, book(rate))]) == 0
    assert f"w = {w}" in capsys.readouterr().out.splitlines()


def test_train_prints_plain_lines_in_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history = tmp_path / "history.csv"
    assert main(["train", saved(tmp_path, SMALL), "--epochs", "7", "--history", str(history)]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and "\x1b" not in out and "\r" not in out
    assert lines[0].startswith("epoch 1/7  loss ") and lines[6].startswith("epoch 7/7  ")
    assert lines[7] == "Finished 7 epochs, 28 steps."
    assert lines[8].startswith("28 steps in ") and "training: loss " in lines[8]

    with history.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(epoch) for epoch in range(1, 8)]
    assert set(rows[0]) == {"epoch", "loss", "val_loss", "val_accuracy"}
    assert f"{float(rows[6]['loss']):.6g}" in lines[6]
    assert all(math.isfinite(float(value)) for row in rows for value in row.values())


def test_json_is_one_object_and_has_no_nan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is not JSON")

    assert main(["train", saved(tmp_path, SMALL), "--json"]) == 0
    result = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert (result["state"], result["epochs"], result["steps"]) == ("finished", 5, 20)
    assert result["parameters"] == 4 * 4 + 4 + 4 * 3 + 3 and "weights" not in result
    assert set(result["training"]) == {"loss", "accuracy"}

    assert main(["train", saved(tmp_path, STEEP), "--json"]) == 1
    result = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert result["state"] == "diverged" and "steps grow with the features" in result["message"]
    assert [len(weights) for weights in result["weights"]] == [1, 1]


def test_the_test_part_is_told_on_request_and_the_run_notes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = saved(tmp_path, replace(SMALL, dataset=DatasetConfig("iris", test_split=0.2)))
    seen = []
    for words in ([], ["--test"]):
        assert main(["train", held, "--json", *words]) == 0
        result = json.loads(capsys.readouterr().out)
        assert result["data"]["test_rows"] == 30 and ("test" in result) == bool(words)
        with closing(Store(default_path())) as store:
            seen.append(stored_session(store, result["run"]).test_seen_at)
    assert set(result["test"]) == {"loss", "accuracy"} and seen == [[], [15]]
    assert main(["train", held, "--test"]) == 0
    assert "\ntest: loss " in capsys.readouterr().out
    assert main(["train", saved(tmp_path, SMALL), "--test"]) == 2
    assert "--test: no rows are held back for the test; add --set test_split=0.2" in capsys.readouterr().err


def test_a_run_that_diverges_says_what_to_try(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    what = "--set dataset.standardize=true --set training.learning_rate=0.1"
    assert main(["train", saved(tmp_path, STEEP)]) == 1
    out, err = capsys.readouterr()
    assert "The loss became" in out and f"Try it with {what}\n" in out
    assert "Traceback" not in err


def test_what_it_says_to_try_can_be_added_to_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: dict[str, bool | float | str] = {
        "model.layers[0].activation": "leaky_relu",
        "training.class_weight": "balanced",
        "training.batch_size": 32.0,
        "training.learning_rate": 1e-05,
        "dataset.standardize": True,
    }
    advice = Advice("dead units", "Units of layer 1 are dead.", Remedy(changes, "makes it leaky_relu"))
    with monkeypatch.context() as patched:
        patched.setattr("tui_trainer.cli.train.examine", lambda session: [advice])
        assert main(["train", saved(tmp_path, SMALL)]) == 0
    told = capsys.readouterr().out.split("are dead. Try it with ")[1].splitlines()[0]
    first = "model.layers[0].activation=leaky_relu"
    first = first if WINDOWS else f"'{first}'"  # a POSIX shell looks for files by the brackets
    assert told.startswith(f"--set {first} --set training.class_weight=balanced --set ")
    assert main(["train", saved(tmp_path, SMALL), *shlex.split(told)]) == 0
    with closing(Store(default_path())) as store:
        trained = stored_session(store, max(run.id for run in store.runs())).requested
    assert trained.model.layers[0].activation == "leaky_relu" and trained.training.class_weight == "balanced"
    assert (trained.training.batch_size, trained.training.learning_rate) == (32, 1e-05)


def test_summary_and_datasets_print_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", saved(tmp_path, SMALL)]) == 0
    out = capsys.readouterr().out
    assert "┃ Layer (type)" in out and "dense (Dense)" in out and "Total params: 35" in out
    assert main(["summary", saved(tmp_path, SMALL), "--style", "book"]) == 0
    book = capsys.readouterr().out
    assert "═" not in book and "=====" in book and "Total params: 35 (140.00 Byte)" in book
    assert main(["datasets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CATALOG)
    assert "13" not in lines[1] and "RM -> PRICE" in lines[1] and "3 classes" in lines[3]
    by_name = {line.split()[0]: line for line in lines}
    assert "pixel_0_2, … (64 features) -> target" in by_name["digits"]
    assert by_name["spiral"].endswith("2 classes   x1, x2 -> color")


@pytest.mark.parametrize("words", [[], ["train"], ["summary"], ["describe"], ["datasets"]])
def test_help_is_printed_for_each_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: " + " ".join(["tui-trainer", *words]))
    assert all(len(line) <= 100 for line in out.splitlines())


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"tui-trainer {__version__}\n"


def test_the_module_ends_with_the_code_of_the_command(tmp_path: Path) -> None:
    """``python -m tui_trainer`` from any folder; a reader of its output that leaves is no error."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tui_trainer"]
    refused = subprocess.run(
        [*command, "train", "missing.toml"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 2 and refused.stdout == ""
    assert refused.stderr == "tui-trainer: there is no file 'missing.toml'; check the path\n"

    path = saved(tmp_path, Experiment(training=TrainingConfig(epochs=200)))
    with subprocess.Popen(
        [*command, "train", path], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_files_are_written_though_the_reader_of_the_output_has_left(tmp_path: Path) -> None:
    """``tui-trainer export iris.toml | head -3`` writes the folder, and ``train --history`` the values."""
    path = saved(tmp_path, SMALL)
    script = (
        "import sys; from tui_trainer.cli.main import main; "
        f"sys.exit(main(['train', {str(path)!r}, '--history', 'losses.csv']) or "
        f"main(['export', {str(path)!r}, '--to', 'out', '--format', 'csv']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=environment,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0 and done.stderr == ""
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 6
    assert len((tmp_path / "out" / "history.csv").read_text().splitlines()) == 6


def test_describe_prints_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pets.csv"
    path.write_text(
        "kind,kg\x1b[1m,wild\n" + "".join(f"{'cat' if n % 2 else 'dog'},{n / 2},{n % 4 > 1}\n" for n in range(40))
    )
    assert main(["describe", "--csv", str(path), "--target", "wild", "--set", "test_split=0.25"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[0] == "30 rows, without the 10 of the test part; the target is wild"
    assert [line.split()[0] for line in lines[2:]] == ["column", "wild", "kind", "kg\ufffd[1m"]
    assert main(["describe", "--csv", str(path), "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert [column["name"] for column in described["columns"]] == ["wild", "kind", "kg\ufffd[1m"]
    assert described["rows"] == 40 and described["columns"][2]["quantiles"] == [0, 4.875, 9.75, 14.625, 19.5]
    path.write_text("a,y\n-999,1\n,2\n" + "".join(f"{n % 7},{n}\n" for n in range(40)) + "-999,5\n")
    assert main(["describe", "--csv", str(path)]) == 0
    out = capsys.readouterr().out
    assert "1 of 43 rows dropped: no value in a (1)." in out and "a is -999 in 2 rows, far from all others" in out
    assert main(["describe", "--csv", str(path), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["notes"]) == 2
    with pytest.raises(SystemExit):
        main(["describe"])
    assert "nothing to describe: give FILE.toml, --csv FILE.csv, or both" in capsys.readouterr().err
