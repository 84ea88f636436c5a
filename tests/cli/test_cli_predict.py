"""The command ``predict``: with runs of the store and exports, to the screen and into files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from systems import LINKS, not_on_windows

from tui_trainer.api import train
from tui_trainer.cli.main import main
from tui_trainer.experiment.schema import DatasetConfig, Experiment, TrainingConfig
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.training.session import Session

HOUSES = "size,town,price\n" + "".join(f"{i},{'B' if i % 2 else 'K'},{2 * i + i % 2}\n" for i in range(40))
NEW = "town,size\nB,3\nM,4\nK,5\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "runs.sqlite"


@pytest.fixture
def houses(tmp_path: Path) -> Experiment:
    (tmp_path / "houses.csv").write_text(HOUSES)
    (tmp_path / "new.csv").write_text(NEW)
    config = DatasetConfig(path=str(tmp_path / "houses.csv"), target="price", standardize_target=True)
    return Experiment(name="houses", dataset=config, training=TrainingConfig(epochs=3))


def test_a_stored_run_predicts_without_its_data(
    store: Path, houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session, checkpointer = Session(), Checkpointer(store)
    session.load(houses)
    session.train()
    session.advance_to_end()
    checkpointer.save(session)
    checkpointer.close()
    (tmp_path / "houses.csv").unlink()
    assert main(["predict", "1", str(tmp_path / "new.csv")]) == 0
    printed = capsys.readouterr()
    head, first, second, third = printed.out.splitlines()
    assert head == "line,predicted_price" and second == "3," and first.startswith("2,") and third.startswith("4,")
    assert printed.err.splitlines() == [
        "2 rows predicted, 1 not:",
        "  line 3: column 'town' holds 'M'; it was trained on 'B', 'K'",
    ]


def test_an_export_predicts_into_a_file(houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(houses).save(tmp_path / "run")
    words = ["predict", str(tmp_path / "run"), str(tmp_path / "houses.csv"), "--to", str(tmp_path / "out.csv")]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"40 rows predicted in {tmp_path / 'out.csv'}.\nScores: loss ")
    before = (tmp_path / "out.csv").read_text()
    assert len(before.splitlines()) == 41
    assert main(words) == 2
    assert "exists already; give another path, or overwrite it with --force" in capsys.readouterr().err
    assert main([*words, "--force"]) == 0
    assert (tmp_path / "out.csv").read_text() == before


def test_a_file_of_another_kind_is_never_overwritten(
    houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(houses).save(tmp_path / "run")
    (tmp_path / "mine.csv").write_text("my,own\n1,2\n")
    words = ["predict", str(tmp_path / "run"), str(tmp_path / "new.csv"), "--to", str(tmp_path / "mine.csv"), "--force"]
    assert main(words) == 2
    assert "exists and is a file of another kind, which is never overwritten" in capsys.readouterr().err
    assert (tmp_path / "mine.csv").read_text() == "my,own\n1,2\n"


@not_on_windows(LINKS)
def test_the_rows_to_predict_are_never_overwritten(
    houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(houses).save(tmp_path / "run")
    new, link = tmp_path / "new.csv", tmp_path / "link.csv"
    link.symlink_to(new)
    for to in (new, link):
        assert main(["predict", str(tmp_path / "run"), str(new), "--to", str(to), "--force"]) == 2
        assert "holds the rows to predict; give another path" in capsys.readouterr().err
    assert new.read_text() == NEW


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("7", "there is no run 7"),
        ("nowhere", "there is no run or folder 'nowhere'; tui-trainer runs lists the runs"),
        (".", "experiment.toml"),
    ],
)
def test_what_is_no_run_is_told(
    run: str,
    sentence: str,
    store: Path,
    houses: Experiment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["predict", run, "new.csv"]) == 2
    assert sentence in capsys.readouterr().err


def test_the_saved_runs_are_listed(store: Path, houses: Experiment, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0 and capsys.readouterr().out == "No runs.\n"
    for name in ("one", "two\x1b[2J"):
        session, checkpointer = Session(), Checkpointer(store)
        session.load(replace(houses, name=name))
        session.train()
        session.advance_to_end()
        checkpointer.save(session)
        checkpointer.close()
    assert main(["runs"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["2", "two\ufffd[2J"], ["1", "one"]]
    assert "houses.csv" in lines[1] and "epoch 3" in lines[1] and " r2 " in lines[1] and "finished" in lines[1]
    assert main(["runs", "name=one", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert (run["run"], run["dataset"], run["epoch"], run["layers"]) == (1, "houses.csv", 3, "16")
    assert main(["runs", "acc>"]) == 2
    assert "the filter 'acc>'" in capsys.readouterr().err


def test_train_keeps_its_run_and_predict_uses_it(
    store: Path, houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = str(houses.dataset.path)
    assert main(["train", "--csv", csv, "--set", "training.epochs=3", "--no-store"]) == 0
    assert "saved as run" not in capsys.readouterr().out and not store.exists()
    assert main(["train", "--csv", csv, "--set", "training.epochs=3"]) == 0
    out = capsys.readouterr().out
    assert "saved as run 1: tui-trainer predict 1 NEW.csv predicts with it" in out
    assert "\nvalidation: loss " in out and "\nbest epoch: " in out
    assert main(["train", "--csv", csv, "--set", "training.epochs=3", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["run"] == 2 and 1 <= result["best"]["epoch"] <= 3 and "loss" in result["validation"]
    assert main(["predict", "2", str(tmp_path / "new.csv")]) == 0
    assert main(["runs"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == ["2", "1"]
