"""One run of a sweep: the same as ``tui-trainer train``, and a sentence where it can't be done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from sweep_cases import BOOK, RATE, SMALL
from threadpoolctl import threadpool_info, threadpool_limits

from tui_trainer.cli.main import main
from tui_trainer.datasets.loading import load
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    TrainingConfig,
)
from tui_trainer.experiment.toml_file import write
from tui_trainer.sweep.workers import release, run_one, with_absolute_path
from tui_trainer.training.session import Session

STEEP = Experiment(
    dataset=DatasetConfig("boston_rm", standardize=False),
    model=ModelConfig(layers=()),
    training=TrainingConfig(learning_rate=1.0, epochs=3),
)
STOP = EarlyStoppingConfig("loss", 1.0, 3, restore_best_weights=True)
PATIENT = replace(SMALL, training=TrainingConfig(epochs=60, early_stopping=STOP))
PAIR = Experiment(
    dataset=DatasetConfig("boston_rm"),
    model=ModelConfig(layers=(LayerConfig(1, use_bias=False),)),
    training=TrainingConfig(epochs=1),
)


@pytest.mark.parametrize("experiment", [SMALL, BOOK, PATIENT], ids=["small", "book", "patient"])
def test_it_is_what_train_does(experiment: Experiment, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(experiment, tmp_path / "one.toml")
    assert main(["train", str(tmp_path / "one.toml"), "--json"]) == 0
    single = json.loads(capsys.readouterr().out)
    outcome = run_one(experiment, "loss", keep=True)
    assert (outcome.state, outcome.message) == (single["state"], single["message"])
    assert (outcome.epochs, outcome.steps, outcome.latest) == (single["epochs"], single["steps"], single["values"])
    assert {name: outcome.scores[name] for name in single["training"]} == single["training"]
    assert all(len(values) == outcome.epochs for values in outcome.history.values())


def test_the_scores_are_those_of_the_last_weights() -> None:
    outcome = run_one(SMALL, "val_loss", keep=True)
    session = Session()
    session.load(SMALL)
    session.trainer.restore(outcome.snapshot)
    parts = session.split
    assert parts.x_val is not None and parts.y_val is not None
    validation = session.trainer.evaluate(parts.x_val, parts.y_val)
    assert {f"val_{name}": value for name, value in validation.items()}.items() <= outcome.scores.items()
    assert outcome.scores["val_loss"] == outcome.history["val_loss"][-1]


def test_the_weight_of_the_book() -> None:
    found = [run_one(with_field(BOOK, RATE, rate), "loss", keep=False).weights for rate in ("1e-6", "1e-5", "5e-5")]
    assert [{name: round(value, 4) for name, value in weights.items()} for weights in found] == [
        {"w": 1.2363},
        {"w": 3.6329},
        {"w": -0.9534},
    ]


def test_the_names_of_few_weights() -> None:
    assert list(run_one(with_field(BOOK, "model.output.use_bias", True), "loss", keep=False).weights) == ["w", "b"]
    pair = with_field(PAIR, "model.output.use_bias", False)
    assert list(run_one(pair, "loss", keep=False).weights) == ["w_0", "w_1"]
    assert run_one(PAIR, "loss", keep=False).weights == {}


def test_a_run_that_diverges_has_no_scores() -> None:
    outcome = run_one(STEEP, "val_loss", keep=False)
    assert outcome.state == "diverged" and outcome.scores == {} and outcome.snapshot == {}
    assert "The loss became" in outcome.message


@pytest.mark.parametrize(
    ("field", "value", "by", "told"),
    [
        ("dataset.name", "irsi", "loss", "dataset.name: there is no dataset 'irsi', did you mean iris?"),
        ("dataset.path", "missing.csv", "loss", "there is no file"),
        ("training.loss", "mse", "val_accuracy", "by: this run has no val_accuracy; what it has: loss, r2, mae"),
        ("training.optimizer.nesterov", True, "loss", "training.optimizer.momentum: expected a momentum above 0"),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_done_says_why(field: str, value: object, by: str, told: str) -> None:
    outcome = run_one(with_field(SMALL, field, value), by, keep=False)
    assert outcome.state == "failed" and told in outcome.message and outcome.steps == 0
    assert run_one(SMALL, "loss", keep=False).state == "finished"


def test_memory_that_runs_out_is_no_end_of_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Session, "load", short)
    outcome = run_one(SMALL, "loss", keep=False)
    assert outcome.state == "failed" and "don't fit into memory" in outcome.message


def test_data_are_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reads = []
    from tui_trainer.datasets import loading as data_cache

    real = load

    def counted(config: DatasetConfig, *rest: object) -> object:
        reads.append(config.seed)
        return real(config, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(data_cache, "load", counted)
    release()
    for experiment in (SMALL, with_field(SMALL, RATE, 0.2), with_field(SMALL, "dataset.seed", 1)):
        run_one(experiment, "loss", keep=False)
    assert reads == [0, 1]
    release()


def test_linear_algebra_has_one_thread_and_its_own_number_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    def blas() -> set[int]:
        return {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}

    seen: list[set[int]] = []
    real = Session.advance

    def watched(session: Session, seconds: float) -> None:
        seen.append(blas())
        real(session, seconds)

    monkeypatch.setattr(Session, "advance", watched)
    large = Experiment(
        dataset=DatasetConfig("digits"),
        model=ModelConfig(layers=(LayerConfig(2000),)),
        training=TrainingConfig(batch_size=128, epochs=1),
    )
    with threadpool_limits(2, user_api="blas"):
        assert run_one(large, "loss", keep=False).state == "finished"
        assert blas() == {2}
    assert seen and all(threads == {1} for threads in seen)


def test_files_are_named_from_the_root_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert with_absolute_path(SMALL) is SMALL
    named = replace(SMALL, dataset=DatasetConfig(path="own.csv"))
    assert with_absolute_path(named).dataset.path == str(tmp_path / "own.csv")
    monkeypatch.setenv("TUI_TRAINER_ROOT", str(tmp_path))
    with pytest.raises(UserError, match="is outside of"):
        with_absolute_path(replace(SMALL, dataset=DatasetConfig(path="../own.csv")))
