"""Runs with L-BFGS: what does not go with it, a pause, a sweep, the rate finder, memory and exports."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from tui_trainer.cli.main import main
from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    ScheduleConfig,
    TrainingConfig,
)
from tui_trainer.export.folder import write_folder
from tui_trainer.export.trained import trained
from tui_trainer.training.builder import estimate
from tui_trainer.training.rates import scan_rates
from tui_trainer.training.session import Session
from tui_trainer.training.stack import runs_together, stack_key, train_together

IRIS = Experiment(
    dataset=DatasetConfig("iris"),
    model=ModelConfig(layers=(LayerConfig(6, "tanh"),)),
    training=TrainingConfig(
        optimizer=OptimizerConfig("lbfgs", history_size=5), learning_rate=1.0, batch_size="full", epochs=15, l2=0.001
    ),
)


def loaded(experiment: Experiment) -> Session:
    session = Session(max_threads=1)
    session.load(experiment)
    return session


def finished(experiment: Experiment) -> Session:
    session = loaded(experiment)
    session.train()
    session.advance_to_end()
    return session


def test_it_learns_in_a_few_epochs() -> None:
    session = finished(IRIS)
    assert session.state == "finished" and session.trainer.steps == 15
    assert session.values["loss"] < 0.15 and session.values["val_accuracy"] > 0.9


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("training.batch_size", 32, "the same rows: expected full, got 32; set it to full, or choose another"),
        ("model.input_dropout", 0.1, "the same network: expected 0, got 0.1"),
        ("model.layers[0].dropout", 0.25, "the same network: expected 0, got 0.25"),
        ("model.layers[0].batch_norm", True, "moving mean and variance follow over hundreds of steps"),
        ("training.clip_norm", 1.0, "needs the whole gradient"),
        ("training.clip_value", 1.0, "needs the whole gradient"),
        ("training.schedule.name", "cosine", "finds the length of each step itself; leave the schedule out"),
        ("training.schedule.warmup_epochs", 2.0, "finds the length of each step itself; leave the schedule out"),
    ],
)
def test_what_does_not_go_with_it_is_refused(path: str, value: object, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        loaded(with_field(IRIS, path, value))
    assert error.value.field == path


def test_a_run_goes_on_exactly_from_a_snapshot() -> None:
    whole, first, third = finished(IRIS), loaded(IRIS), loaded(IRIS)
    for _ in range(7):
        first.epoch()
    third.restore(first.snapshot(), first.history.columns(0), first.state)
    third.train()
    third.advance_to_end()
    for column, values in whole.history.columns(0).items():
        np.testing.assert_array_equal(third.history.columns(0)[column], values, err_msg=column)
    np.testing.assert_array_equal(third.trainer.model.parameters.flat, whole.trainer.model.parameters.flat)


def test_runs_of_a_sweep_are_trained_one_by_one_with_the_numbers_of_each_alone() -> None:
    runs = [with_field(IRIS, "training.l2", value) for value in (0.0, 0.001, 0.01, 0.1, 1.0)]
    session = loaded(runs[0])
    assert len({stack_key(one) for one in runs}) == 1 and runs_together(session).models == 1
    losses = [one.values["loss"] for ended in train_together(session, runs) for _, one in ended]
    assert losses == [finished(one).values["loss"] for one in runs]


def test_the_rate_finder_says_that_there_is_nothing_to_find() -> None:
    session = loaded(IRIS)
    with pytest.raises(UserError, match="lbfgs finds the length of each step itself; 1 is a good rate"):
        scan_rates(session.experiment, session.split)


def test_its_memory_counts() -> None:
    session, adam = loaded(IRIS), loaded(with_field(IRIS, "training.optimizer.name", "adam"))
    longer = loaded(with_field(IRIS, "training.optimizer.history_size", 50))
    needs = [estimate(one.experiment, 4, one.split).weights for one in (adam, session, longer)]
    assert needs == sorted(set(needs))


def test_exports_name_pytorchs_lbfgs_and_say_that_keras_has_none(tmp_path: Path) -> None:
    result = trained(finished(IRIS))
    write_folder(result, tmp_path, ["pytorch", "keras", "train_pytorch"])
    expected = (
        'LBFGS(model.parameters(), lr=1.0, max_iter=1, max_eval=25, history_size=5, line_search_fn="strong_wolfe")'
    )
    for name in ("model_pytorch.py", "train_pytorch.py"):
        code = (tmp_path / name).read_text()
        compile(code, name, "exec")
        assert f"torch.optim.{expected}" in code and "def closure():" in code
    assert "SHUFFLE = 15, 120, 1.0, False" in code
    keras = (tmp_path / "model_keras.py").read_text()
    compile(keras, "model_keras.py", "exec")
    assert "# Keras has no L-BFGS" in keras and "optimizer=keras.optimizers.Adam()," in keras
    with pytest.raises(UserError, match="Keras has no L-BFGS to train again with; choose train_pytorch"):
        write_folder(result, tmp_path / "again", ["train_keras"])


def test_the_command_line_sets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "iris.toml").write_text('[dataset]\nname = "iris"\n')
    words = ["train", str(tmp_path / "iris.toml"), "--set", "optimizer=lbfgs", "--set", "epochs=8"]
    assert main(words) == 2
    assert "training.batch_size" in capsys.readouterr().err
    assert main([*words, "--set", "batch_size=full", "--set", "history_size=3", "--set", "learning_rate=1"]) == 0
    assert main([*words, "--set", "max_eval=1"]) == 2
    assert "expected an integer from 2 to 100, got '1'" in capsys.readouterr().err


def test_a_schedule_of_another_name_counts_as_one() -> None:
    with pytest.raises(UserError, match="leave the schedule out"):
        loaded(replace(IRIS, training=replace(IRIS.training, schedule=ScheduleConfig("plateau"))))
