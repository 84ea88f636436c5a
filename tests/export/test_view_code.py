"""The Python for a view runs as it is, and computes what the view shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.export.view_code import data_code, descent_code
from tui_trainer.training.session import Session

ROOT = Path(__file__).resolve().parents[2]
LESSONS = {lesson.id.partition(":")[2]: lesson.experiment for lesson in packaged().lessons}


def loaded(experiment: Experiment) -> Session:
    session = Session()
    session.load(experiment)
    return session


def descent(session: Session) -> str:
    return descent_code(session.experiment, session.dataset.features, session.dataset.target, (-2.0, 10.0))


def printed(code: str) -> list[str]:
    """What a program prints, run as a user runs it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


@pytest.mark.parametrize("name", ["gradient_descent", "two_parameters", "perceptron"])
def test_the_loop_of_gradient_descent_takes_the_steps_of_the_run(name: str) -> None:
    session = loaded(LESSONS[name])
    code = descent(session)
    session.train()
    while session.state == "running":
        session.advance(0.1)
    last = f"{session.trainer.steps} "
    (line,) = [line for line in printed(code) if line.startswith(last)]
    numbers = [float(word) for word in line.replace("[", " ").replace("]", " ").split()]
    assert numbers[1:-1] == pytest.approx(session.trainer.model.parameters.flat.tolist(), rel=1e-7)
    assert numbers[-1] == pytest.approx(float(session.history.epochs["loss"][-1]), rel=0.05), "of the step before"


def test_the_data_tab_has_its_table_and_a_plot() -> None:
    lines = printed(data_code(LESSONS["housing_data"], "RM", "PRICE"))
    assert "0    6.575   24.0" in lines and "505  6.030   11.9" in lines and "[506 rows x 2 columns]" in lines
    assert any("RM, PRICE" in line for line in lines)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dataset.validation_split", 0.5),
        ("dataset.name", "boston"),
        ("dataset.name", "curve_sine"),
        ("training.batch_size", 32),
        ("training.optimizer.name", "adam"),
        ("training.l2", 0.1),
        ("model.output.l2", 0.1),
        ("model.input_dropout", 0.5),
        ("dataset.fold", "2/5"),
        ("model.output.initializer", "glorot_uniform"),
        ("model.output.activation", "relu"),
    ],
)
def test_what_is_no_such_descent_has_no_program(path: str, value: object) -> None:
    assert descent(loaded(with_field(LESSONS["gradient_descent"], path, value))) == ""


def test_data_that_do_not_come_with_the_package_have_no_program() -> None:
    assert data_code(Experiment(dataset=DatasetConfig("spiral")), "x1", "x2") == ""
    assert data_code(Experiment(dataset=DatasetConfig(path="mine.csv")), "a", "b") == "", "however it is separated"
