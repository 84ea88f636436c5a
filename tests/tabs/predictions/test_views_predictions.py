"""The Predictions view's numbers: by hand on a few rows, and against the trainer on the datasets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OutputConfig, TrainingConfig
from tui_trainer.protocol import Update, encode, frame, report_decoder, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.predictions.compute import MAX_POINTS, PredictionsCompute
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions, WatchPredictions
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

ROWS = "x,kind\n-2,a\n-2,b\n0,b\n0,b\n2,c\n2,a\n2,c\n0,c\n"
TRAINING = WatchPredictions(part="training")


def loaded(experiment: Experiment, epochs: int = 0) -> Session:
    session = Session()
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
    return session


def see(session: Session, request: WatchPredictions = TRAINING) -> ClassPredictions | NumberPredictions:
    content = PredictionsCompute(TrainerContext(session)).compute(request)
    assert isinstance(content, ClassPredictions | NumberPredictions)
    return content


def classes(session: Session, request: WatchPredictions = TRAINING) -> ClassPredictions:
    content = see(session, request)
    assert isinstance(content, ClassPredictions)
    return content


def numbers(session: Session, request: WatchPredictions = TRAINING) -> NumberPredictions:
    content = see(session, request)
    assert isinstance(content, NumberPredictions)
    return content


@pytest.fixture
def by_hand(tmp_path: Path) -> Session:
    """Three classes along x, with the logits -x, 1/2 and x: a at -2, b at 0, c at 2."""
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return loaded(
        Experiment(
            dataset=DatasetConfig(path=str(path), standardize=False, validation_split=0.0),
            model=ModelConfig(layers=(), weights=(-1.0, 0.0, 1.0, 0.0, 0.5, 0.0), dtype="float64"),
        )
    )


def test_counts_and_shares_by_hand(by_hand: Session) -> None:
    content = classes(by_hand)
    assert unpack(content.confusion.counts).reshape(3, 3).tolist() == [[1, 0, 1], [1, 2, 0], [0, 1, 2]]
    assert unpack(content.confusion.recall) == pytest.approx([1 / 2, 2 / 3, 2 / 3])
    assert unpack(content.confusion.precision) == pytest.approx([1 / 2, 2 / 3, 2 / 3])
    assert (content.accuracy, content.right, content.part.samples) == (5 / 8, 5, 8)
    assert content.confusion.shown == (0, 1, 2) and content.confusion.others == 0 and content.confusion.pages == 1


def test_the_worst_samples_by_hand(by_hand: Session) -> None:
    """Row 5, in line 7 of the file, is at x = 2 and of class a, to which exp(-2) of the exponentials belongs."""
    content = classes(by_hand)
    exponentials = np.exp([-2.0, 0.5, 2.0])
    probabilities = exponentials / exponentials.sum()
    listed, chosen = content.listed, content.chosen
    assert unpack(listed.rows)[0] == 7 and unpack(listed.features)[0] == 2.0
    assert (unpack(listed.true)[0], unpack(listed.predicted)[0]) == (0.0, 2.0)
    assert unpack(listed.certainty)[0] == pytest.approx(probabilities[0])
    assert unpack(listed.losses)[0] == pytest.approx(-np.log(probabilities[0]))
    assert (np.diff(unpack(listed.losses)) <= 0).all() and len(unpack(listed.rows)) == 8
    assert (chosen.rank, chosen.row, chosen.true, chosen.predicted) == (0, 7, 0.0, 2.0)
    assert unpack(chosen.outputs) == pytest.approx(probabilities) and chosen.sum == pytest.approx(1.0)
    assert content.probabilities


def test_ranks_beyond_the_samples_are_the_last(by_hand: Session) -> None:
    content = classes(by_hand, WatchPredictions(part="training", first=700, rows=3, chosen=900))
    assert content.listed.first == 5 and len(unpack(content.listed.rows)) == 3
    assert content.chosen.rank == 7 and content.chosen.row == unpack(content.listed.rows)[-1]
    content = classes(by_hand, WatchPredictions(part="training", first=-3, rows=0, chosen=-2))
    assert content.listed.first == 0 and content.listed.rows == b"" and content.chosen.rank == 0


def test_without_a_validation_part_it_is_the_training_part(by_hand: Session) -> None:
    part = classes(by_hand, WatchPredictions(part="validation")).part
    assert (part.name, part.missing, part.samples) == ("training", "validation", 8)
    assert classes(by_hand).part.missing == ""


def test_rows_are_those_of_the_dataset() -> None:
    session = loaded(Experiment())
    dataset, rows = session.dataset, []
    for validation, samples in ((True, 30), (False, 120)):
        content = classes(session, WatchPredictions(part="validation" if validation else "training", rows=200))
        assert (content.part.name, content.part.samples) == ("validation" if validation else "training", samples)
        listed = unpack(content.listed.rows).astype(int)
        assert (dataset.x[listed].ravel() == unpack(content.listed.features)).all()
        assert (dataset.labels is not None) and (dataset.labels[listed] == unpack(content.listed.true)).all()
        assert (dataset.x[content.chosen.row] == unpack(content.chosen.features)).all()
        rows += listed.tolist()
    assert sorted(rows) == list(range(150))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_one_unit_decides_at_a_half(activation: str) -> None:
    experiment = Experiment(dataset=DatasetConfig("iris_two"), training=TrainingConfig(learning_rate=0.01))
    session = loaded(with_field(experiment, "model.output.activation", activation), epochs=1)
    content = classes(session, WatchPredictions(part="training", rows=80))
    p = session.trainer.model.predict(session.split.x_train)[:, 0].astype(float)
    y = session.split.y_train[:, 0]
    expected = [[np.sum((y == true) & ((p >= 0.5) == said)) for said in (0, 1)] for true in (0, 1)]
    assert unpack(content.confusion.counts).reshape(2, 2).tolist() == expected
    assert 0 < np.sum(p >= 0.5) < len(p), "both classes are predicted"
    certainty = dict(zip(session.split.train_rows.tolist(), np.where(y == 1, p, 1 - p).tolist(), strict=True))
    listed = [certainty[row] for row in unpack(content.listed.rows).tolist()]
    assert unpack(content.listed.certainty) == pytest.approx(listed)
    assert listed == sorted(listed, key=lambda one: -abs(1 - one)), "the furthest from right first"
    assert content.probabilities == (activation == "sigmoid")
    assert len(unpack(content.chosen.outputs)) == (2 if activation == "sigmoid" else 1)


def test_softmax_rows_sum_to_1_for_every_sample() -> None:
    session = loaded(Experiment(), epochs=2)
    look = PredictionsCompute(TrainerContext(session))
    for rank in range(120):
        content = look.compute(WatchPredictions(part="training", chosen=rank))
        assert isinstance(content, ClassPredictions) and content.chosen.rank == rank
        assert len(unpack(content.chosen.outputs)) == 3
        assert content.chosen.sum == pytest.approx(1.0, abs=1e-6)


def test_a_wrong_output_is_no_probability() -> None:
    session = loaded(Experiment(model=ModelConfig(output=OutputConfig(activation="linear"))))
    content = classes(session)
    assert not content.probabilities and abs(content.chosen.sum - 1.0) > 0.01
    assert content.points.axis == "distance"


@pytest.mark.parametrize("validation", [True, False])
def test_numbers_are_those_of_the_trainer(validation: bool) -> None:
    session = loaded(Experiment(dataset=DatasetConfig("boston"), training=TrainingConfig(learning_rate=0.01)), epochs=3)
    parts = session.split
    x, y = (parts.x_val, parts.y_val) if validation else (parts.x_train, parts.y_train)
    assert x is not None and y is not None
    content = numbers(session, WatchPredictions(part="validation" if validation else "training", rows=1000))
    scores = session.trainer.evaluate(x, y)
    assert (content.r2, content.mae) == (scores["r2"], scores["mae"])
    predicted = session.trainer.model.predict(x)[:, 0].astype(float)
    assert content.rmse == pytest.approx(np.sqrt(np.mean((predicted - y[:, 0]) ** 2)))
    assert unpack(content.true).tolist() == y[:, 0].tolist()
    assert unpack(content.predicted) == pytest.approx(predicted, rel=1e-6)
    order = np.argsort(-np.abs(unpack(content.predicted) - unpack(content.true)))
    rows = parts.val_rows if validation else parts.train_rows
    assert unpack(content.listed.rows).tolist() == rows[order].tolist()
    residuals = unpack(content.predicted) - unpack(content.true)
    assert unpack(content.listed.certainty) == pytest.approx(residuals[order])
    edges, counts = unpack(content.edges), unpack(content.counts)
    assert counts.sum() == len(y) and edges[-1] == -edges[0] == np.abs(residuals).max()
    assert counts.tolist() == np.histogram(residuals, edges)[0].tolist()


def test_a_target_that_does_not_vary_has_no_r2() -> None:
    session = loaded(Experiment(dataset=DatasetConfig("curve_sine", samples=20)))
    same = np.full_like(session.split.y_train, 3.0)
    session.split = dataclasses.replace(session.split, y_train=same)
    assert np.isnan(numbers(session).r2)


LOSSES = [
    ("boston_rm", "linear", "sum_squared_error"),
    ("boston_rm", "linear", "mean_squared_error"),
    ("boston_rm", "linear", "mean_absolute_error"),
    ("boston_rm", "linear", "huber"),
    ("iris_two", "sigmoid", "binary_crossentropy"),
    ("iris_two", "tanh", "huber"),
    ("iris", "softmax", "categorical_crossentropy"),
    ("iris", "sigmoid", "binary_crossentropy"),
    ("iris", "softmax", "mean_squared_error"),
    ("iris", "linear", "mean_absolute_error"),
]


@pytest.mark.parametrize(("dataset", "output", "loss"), LOSSES)
def test_the_mean_of_the_points_is_the_loss_and_they_lie_on_the_curve(dataset: str, output: str, loss: str) -> None:
    experiment = Experiment(
        dataset=DatasetConfig(dataset),
        model=ModelConfig(output=OutputConfig(activation=output), dtype="float64"),  # type: ignore[arg-type]
        training=TrainingConfig(loss=loss, learning_rate=1e-5, l2=0.01),  # type: ignore[arg-type]
    )
    session = loaded(experiment, epochs=1)
    points = see(session).points
    kernels = session.trainer.model.get_weights()[::2]
    penalty = 0.01 * sum(float((kernel**2).sum()) for kernel in kernels)
    x, y = unpack(points.x), unpack(points.y)
    trained = session.trainer.evaluate(session.split.x_train, session.split.y_train)["loss"] - penalty
    assert points.penalized and points.loss == pytest.approx(trained, rel=1e-9)
    assert points.mean == pytest.approx(y.mean(), rel=1e-12)
    assert points.loss == pytest.approx(y.sum() if loss == "sum_squared_error" else y.mean(), rel=1e-12)
    exact = {
        "squared_error": lambda x: x**2,
        "absolute_error": np.abs,
        "huber": lambda x: np.where(np.abs(x) < 1, x**2 / 2, np.abs(x) - 0.5),
        "crossentropy": lambda p: -np.log(p),
    }[next(kind for kind in ("squared_error", "absolute_error", "huber", "crossentropy") if loss.endswith(kind))]
    assert y == pytest.approx(exact(x), rel=1e-9, abs=1e-12)
    curve_x, curve_y = unpack(points.curve_x), unpack(points.curve_y)
    assert len(curve_x) > 100 and (np.diff(curve_x) > 0).all()
    assert curve_y == pytest.approx(exact(curve_x), rel=1e-9, abs=1e-12)
    assert curve_x.min() <= x.min() + 1e-12 and x.max() <= curve_x.max() + 1e-12


def test_huber_over_several_outputs_has_no_curve() -> None:
    session = loaded(with_field(Experiment(), "training.loss", "huber"))
    points = classes(session).points
    assert points.axis == "distance" and points.curve_x == points.curve_y == b""
    assert points.mean == pytest.approx(unpack(points.y).mean(), rel=1e-6)


def test_wrong_points_come_first() -> None:
    session = loaded(Experiment(), epochs=1)
    content = classes(session)
    assert 0 < content.points.wrong == 120 - content.right < 120
    p = unpack(content.points.x)
    assert p[: content.points.wrong].max() < 0.5 and p[content.points.wrong :].min() > 1 / 3


def test_of_many_samples_some_are_drawn_and_all_are_counted() -> None:
    session = loaded(Experiment(dataset=DatasetConfig("moons", samples=6000)))
    content = classes(session)
    assert content.part.samples == 4800 and unpack(content.confusion.counts).sum() == 4800
    assert len(unpack(content.points.x)) == MAX_POINTS
    assert content.points.mean == pytest.approx(
        session.trainer.evaluate(session.split.x_train, session.split.y_train)["loss"], rel=1e-5
    )
    again = classes(session)
    assert again.points == content.points, "the same ones each time"
    assert set(unpack(content.points.y)) != set(unpack(content.listed.losses))


def test_a_look_follows_the_training() -> None:
    session = loaded(Experiment(training=TrainingConfig(learning_rate=0.1)))
    look = PredictionsCompute(TrainerContext(session))
    before = look.compute(TRAINING)
    for _ in range(20):
        session.epoch()
    after = look.compute(TRAINING)
    assert isinstance(before, ClassPredictions) and isinstance(after, ClassPredictions)
    assert after.points.mean < before.points.mean and after.accuracy > before.accuracy
    assert after == classes(session), "as if looked at for the first time"


def test_outputs_that_are_no_numbers_any_more() -> None:
    experiment = Experiment(dataset=DatasetConfig("boston_rm", standardize=False), model=ModelConfig(layers=()))
    session = loaded(with_field(experiment, "model.weights", (3e38, 1.0)))
    content = numbers(session)
    assert content.points.mean == np.inf and unpack(content.counts).sum() == 0
    assert np.isfinite(unpack(content.edges)).all() and np.isfinite(unpack(content.points.curve_y)).all()
    for kind in ("iris", "iris_two"):
        session = loaded(Experiment(dataset=DatasetConfig(kind)))
        session.trainer.model.parameters.flat[:] = 1e38
        assert unpack(classes(session).confusion.counts).sum() == len(session.split.x_train)


def test_what_is_sent_is_what_comes() -> None:
    for name in ("iris", "boston"):
        content = see(loaded(Experiment(dataset=DatasetConfig(name))))
        report = report_decoder.decode(frame(Update(1, "predictions", 0, encode(content)))[4:])
        assert isinstance(report, Update) and decode_content(report) == content


def test_the_digits_have_ten_rows() -> None:
    content = classes(loaded(Experiment(dataset=DatasetConfig("digits")), epochs=1))
    assert len(content.confusion.shown) == 10
    assert len(unpack(content.chosen.features)) == 64
    assert content.confusion.pages == 1
