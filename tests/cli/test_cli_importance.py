"""The command ``importance``, and the same in Python: of runs of the store and of exports."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer import DatasetConfig, Experiment, ExperimentError, Run, TrainingConfig, fit, train
from tui_trainer.cli.main import main
from tui_trainer.cli.runs import from_store
from tui_trainer.experiment.schema import ModelConfig
from tui_trainer.export.trained import stored_session
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.training.session import Session

ROWS = 80
HOUSES = "size,town,noise,price\n" + "".join(
    f"{i % 23},{'BKM'[i % 3]},{i * 7 % 11},{2 * (i % 23) + 30 * (i % 3 == 0)}\n" for i in range(ROWS)
)
BY = ["--by", "rmse"]


@pytest.fixture
def houses(tmp_path: Path) -> Experiment:
    path = tmp_path / "houses.csv"
    path.write_text(HOUSES)
    data = DatasetConfig(path=str(path), target="price", standardize_target=True)
    return Experiment(
        name="houses",
        dataset=data,
        model=ModelConfig(layers=()),
        training=TrainingConfig(epochs=40, learning_rate=0.05, l2=0.001),
    )


@pytest.fixture
def store(houses: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The session of run 1 of the store."""
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    session, checkpointer = Session(), Checkpointer(tmp_path / "store" / "runs.sqlite")
    session.load(houses)
    session.train()
    session.advance_to_end()
    checkpointer.save(session)
    checkpointer.close()
    return session


def test_a_stored_run_tells_which_columns_matter(store: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["importance", "1"]) == 0
    head, below, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("The R² of 16 validation rows is ") and below.startswith("It is lower by this much")
    assert {line.split()[0] for line in lines[:2]} == {"size", "town"} and lines[2].split()[0] == "noise"
    assert all(line.split()[2] == "±" for line in lines) and "#" * 30 in lines[0]
    assert main(["importance", "1", "--by", "loss", "--repeats", "2"]) == 0
    assert "without the penalty of the weights" in capsys.readouterr().out.splitlines()[1]
    assert main(["importance", "1", *BY, "--repeats", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["measure"], printed["part"], printed["rows"], printed["repeats"]) == ("rmse", "validation", 16, 2)
    assert printed["columns"][0]["mean"] > 1.0, "in the unit of the target, and more is worse"


def test_python_and_an_export_say_the_same(
    store: Session, houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(houses)
    run.save(tmp_path / "run")
    found = run.importance(by="rmse", repeats=3, seed=4)
    words = ["importance", str(tmp_path / "run"), *BY, "--repeats", "3", "--seed", "4", "--json"]
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)["columns"]
    assert [one["column"] for one in printed] == [one.column for one in found]
    assert [one["mean"] for one in printed] == pytest.approx([one.mean for one in found])
    assert [one.mean for one in Run.load(tmp_path / "run").importance(by="rmse", repeats=3, seed=4)] == pytest.approx(
        [one.mean for one in found]
    )
    assert main(["importance", "1", *BY, "--repeats", "3", "--seed", "4", "--json"]) == 0
    stored = json.loads(capsys.readouterr().out)["columns"]
    assert [one["mean"] for one in stored] == pytest.approx([one.mean for one in found])


def test_other_parts_and_the_best_epoch(
    houses: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_TRAINER_DATA", str(tmp_path / "store"))
    (tmp_path / "store").mkdir()
    session, checkpointer = Session(), Checkpointer(tmp_path / "store" / "runs.sqlite", "before")
    session.load(replace(houses, dataset=replace(houses.dataset, test_split=0.25)))
    session.train()
    session.advance_to_end()
    session.trainer.model.parameters.flat[:] *= 0.5
    checkpointer.save(session)
    checkpointer.close()
    run = Run.of_session(session)
    for part, rows in (("training", 44), ("validation", 16), ("test", 20)):
        for words, judged in (([], run), (["--best"], run.best())):
            assert main(["importance", "1", "--part", part, "--json", *words]) == 0
            printed = json.loads(capsys.readouterr().out)
            assert (printed["part"], printed["rows"]) == (part, rows)
            expected = judged.importance(part=part)  # type: ignore[arg-type]
            assert [one["mean"] for one in printed["columns"]] == pytest.approx([one.mean for one in expected])
    assert len(session.test_seen_at) == 2, "it is noted each time"
    assert from_store(1, stored_session).test_seen_at == [session.steps] * 2
    assert main(["report", "1", "--to", str(tmp_path / "report.md")]) == 0
    assert "looked at twice" in (tmp_path / "report.md").read_text()


def test_a_part_without_rows_and_other_words_are_refused(
    store: Session, houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["importance", "1", "--part", "test"]) == 2
    assert "--part: no rows are held back for the test in this run; train with --set" in capsys.readouterr().err
    run = train(houses)
    with pytest.raises(ExperimentError, match="expected one of training, validation, test; got 'all'"):
        run.importance(part="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the part of the data, not both"):
        run.importance({"size": [1.0]}, [1.0], part="test")
    run.save(tmp_path / "run")
    assert main(["importance", str(tmp_path / "run"), "--best"]) == 2
    assert "--best: an export has only the weights it was saved with" in capsys.readouterr().err


def test_without_a_validation_part_it_is_the_training_part_and_other_rows_can_be_given(houses: Experiment) -> None:
    run = train(replace(houses, dataset=replace(houses.dataset, validation_split=0.0)))
    x = {"size": [1.0, 9.0, 20.0, 4.0], "town": ["B", "K", "M", "B"], "noise": [1.0, 2.0, 3.0, 4.0]}
    assert {one.column for one in run.importance()} == {"size", "town", "noise"}
    given = {one.column: one for one in run.importance(x, [32.0, 18.0, 40.0, 38.0], by="mae")}
    assert given["size"].mean > given["noise"].mean
    with pytest.raises(ValueError, match="give both x and y, or neither"):
        run.importance(x)


def test_a_run_on_arrays_needs_them_again_when_it_is_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    run = fit(x, 3 * x[:, 1], epochs=20)
    assert run.importance()[0].column == run.features[1]
    run.save(tmp_path / "run")
    with pytest.raises(ExperimentError, match="the run was trained on arrays, which are not saved; give x and y"):
        Run.load(tmp_path / "run").importance()
    assert main(["importance", str(tmp_path / "run")]) == 2
    said = "the run was trained on arrays, which are not saved; Run.load(FOLDER).importance(x, y) in Python takes them"
    assert capsys.readouterr().err == f"tui-trainer: {said}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["7"], "there is no run 7"),
        (["nowhere"], "there is no run or folder 'nowhere'; tui-trainer runs lists the runs"),
        (["1", "--by", "accuracy"], "--by: expected one of loss, r2, rmse, mae, mape; got 'accuracy'"),
        (["nowhere", "--repeats", "0"], "--repeats: expected a whole number from 1 to 1,000; got '0'"),
    ],
)
def test_what_cannot_be_is_told(
    words: list[str], sentence: str, store: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["importance", *words]) == 2
    printed = capsys.readouterr()
    assert sentence in printed.err and "Traceback" not in printed.err and not printed.out


def test_changed_data_are_told(
    store: Session, houses: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "houses.csv").unlink()
    assert main(["importance", "1"]) == 2
    assert "houses.csv" in capsys.readouterr().err
