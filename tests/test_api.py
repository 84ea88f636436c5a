"""From Python: train, fit and Run, as a notebook uses them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

import tui_trainer
from tui_trainer import (
    DatasetConfig,
    Experiment,
    ExperimentError,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    Run,
    ScheduleConfig,
    TrainingConfig,
    fit,
    train,
)
from tui_trainer.experiment.share import share
from tui_trainer.experiment.toml_file import write

SMALL = Experiment(
    name="small <b>",
    model=ModelConfig((LayerConfig(6, "tanh", dropout=0.1),)),
    training=TrainingConfig(epochs=5, learning_rate=0.1, l2=1e-3),
)
LINE = replace(SMALL, model=ModelConfig(layers=()))
STEEP = replace(LINE, dataset=DatasetConfig("boston_rm", standardize=False))


@pytest.fixture(scope="module")
def run() -> Run:
    return train(SMALL)


def test_one_experiment_in_every_form(run: Run, tmp_path: Path) -> None:
    write(SMALL, tmp_path / "e.toml")
    for form in (tmp_path / "e.toml", str(tmp_path / "e.toml"), share(SMALL)):
        same = train(form)
        assert same.experiment == SMALL
        assert all(np.array_equal(a, b) for a, b in zip(run.weights, same.weights, strict=True))
    assert run.state == "finished" and run.epoch == 5 and run.message == "Finished 5 epochs, 20 steps."


def test_settings_take_the_place_of_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    changed = train(SMALL, epochs=2, settings={"training.learning_rate": 0.3, "model.layers[0].units": 3})
    assert changed.experiment.training.epochs == 2 and changed.weights[0].shape == (4, 3)
    assert capsys.readouterr().out == ""
    train(SMALL, epochs=2, progress=True)
    assert "epoch 2/2" in capsys.readouterr().out


def test_history_and_scores(run: Run) -> None:
    assert set(run.history) == {"loss", "val_loss", "val_accuracy"}
    frame = run.history_frame()
    assert frame.index.tolist() == [1, 2, 3, 4, 5] and frame.index.name == "epoch"
    assert frame["val_loss"].tolist() == run.history["val_loss"].tolist()
    scores = run.evaluate()
    assert scores["val_loss"] == pytest.approx(run.history["val_loss"][-1])
    assert list(scores) == ["loss", "accuracy", "val_loss", "val_accuracy"]


def test_raw_features_in_names_out(run: Run) -> None:
    from tui_trainer.datasets.loading import load

    data = load(DatasetConfig())
    frame = pd.DataFrame(data.x, columns=list(run.features))[list(run.features)[::-1]]  # in another order
    outputs = run.predict(data.x)
    assert outputs.shape == (150, 3) and np.array_equal(outputs, run.predict(frame))
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)
    classes = run.classes(frame)
    assert set(classes) <= set(run.class_names) and np.mean(classes == np.array(data.classes)[data.labels]) > 0.7
    by_name = run.evaluate(frame, np.array(data.classes)[data.labels])
    assert by_name == run.evaluate(data.x, data.labels)
    assert by_name["accuracy"] == pytest.approx(np.mean(classes == np.array(data.classes)[data.labels]))


def test_what_a_notebook_shows(run: Run) -> None:
    assert "small &lt;b&gt;" in run._repr_html_() and "<b>" not in run._repr_html_()
    assert run.plot()._repr_svg_().startswith("<svg ") and "⠉⠉⠉ training" in str(run.plot(log=True))
    assert repr(run).startswith("<Run 'small <b>': finished, epoch 5, loss ")
    assert "Total params: 51" in run.summary() and run.model.count_params() == 51


def test_saved_and_loaded(run: Run, tmp_path: Path) -> None:
    names = run.save(tmp_path / "run")
    assert "weights.safetensors" in names
    again = Run.load(str(tmp_path / "run"))
    x = [[5.1, 3.5, 1.4, 0.2], [6.0, 3.0, 5.0, 2.0]]
    assert np.array_equal(again.predict(x), run.predict(x)) and again.classes(x).tolist() == run.classes(x).tolist()
    assert again.evaluate() == run.evaluate() and repr(again) == repr(run)
    assert {name: values.tolist() for name, values in again.history.items()} == {
        name: values.tolist() for name, values in run.history.items()
    }
    with pytest.raises(ExperimentError, match="overwrite with force=True"):
        run.save(tmp_path / "run")
    again.save(tmp_path / "run", ["csv"], force=True)
    with pytest.raises(ExperimentError, match=r"save run\.best\(\) instead"):
        again.best()


def test_the_best_epoch() -> None:
    rough = train(SMALL, epochs=40, settings={"training.learning_rate": 1.5})
    best = rough.best()
    values = rough.history["val_loss"]
    assert best.epoch == values.argmin() + 1 < 40
    assert best.evaluate()["val_loss"] == pytest.approx(values.min())
    assert best.best() is best


def test_an_earlier_epoch_is_that_of_a_shorter_run() -> None:
    long, short = train(SMALL, epochs=9), train(SMALL, epochs=4)
    earlier = long.at(4)
    assert earlier.epoch == 4 and earlier.message == "Epoch 4 of 9, an earlier moment."
    assert all(np.array_equal(a, b) for a, b in zip(earlier.weights, short.weights, strict=True))
    assert earlier.evaluate() == short.evaluate()
    assert {name: values.tolist() for name, values in earlier.history.items()} == {
        name: values.tolist() for name, values in short.history.items()
    }
    later = long.at(7)
    assert earlier.epoch == 4 and later.epoch == 7 and long.epoch == 9, "each is its own"


@pytest.mark.parametrize("epoch", [-1, 6, 2.5, True, "3"])
def test_an_epoch_that_there_is_none_of(run: Run, epoch: Any) -> None:
    with pytest.raises(ExperimentError, match="epoch"):
        run.at(epoch)


def test_a_loaded_run_has_no_earlier_epochs(run: Run, tmp_path: Path) -> None:
    run.save(tmp_path)
    with pytest.raises(ExperimentError, match="only the weights it was saved with"):
        Run.load(tmp_path).at(1)


def test_weights_of_another_run(run: Run, tmp_path: Path) -> None:
    run.save(tmp_path)
    first = [train(SMALL, epochs=1, weights=w) for w in (run, run.weights, tmp_path / "weights.safetensors")]
    assert len({one.history["loss"][0] for one in first}) == 1
    assert first[0].history["loss"][0] < run.history["loss"][0]
    with pytest.raises(ExperimentError, match="weights of shapes"):
        train(SMALL, weights=run.weights[1:])


def test_a_divergence_warns() -> None:
    with pytest.warns(UserWarning, match="The loss became"):
        steep = train(STEEP, settings={"training.learning_rate": 1.0})
    assert steep.state == "diverged" and "The loss became" in steep.message


def test_fit_a_line() -> None:
    x = np.linspace(-1.0, 3.0, 200)
    line = fit(x, 3.0 * x - 1.0, LINE, epochs=60, settings={"training.l2": 0.0})
    assert line.features == ("x",) and line.class_names == ()
    np.testing.assert_allclose(line.predict([0.0, 10.0]).ravel(), [-1.0, 29.0], atol=1e-3)
    assert line.evaluate(x, 3.0 * x - 1.0)["r2"] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="the target is a number and has no classes"):
        line.classes([0.0])


def test_fit_a_frame_with_texts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=300), "colour": rng.choice(["red", "blue", "green"], 300)})
    bought = pd.Series(np.where((frame["size"] > 0) | (frame["colour"] == "red"), "yes", "no"), name="bought")
    run = fit(frame, bought, SMALL, epochs=100)
    assert run.features == ("size", "colour=blue", "colour=green", "colour=red")
    assert run.class_names == ("no", "yes") and run.evaluate(frame, bought)["accuracy"] > 0.9
    assert run.classes({"size": [-2.0, -2.0], "colour": ["red", "blue"]}).tolist() == ["yes", "no"]
    run.save(tmp_path)
    again = Run.load(tmp_path)
    assert np.array_equal(again.predict(frame), run.predict(frame))
    with pytest.raises(ExperimentError, match="trained on arrays, which are not saved; give x and y"):
        again.evaluate()


@pytest.mark.parametrize("outputs", [None, 2])
def test_two_classes_with_one_or_two_outputs(outputs: int | None) -> None:
    x = np.linspace(-1, 1, 100)[:, None]
    model = ModelConfig(layers=(), output=OutputConfig(units=outputs))
    run = fit(x, x[:, 0] > 0, replace(SMALL, model=model), epochs=60)
    assert run.predict(x).shape == (100, outputs or 1)
    assert run.classes([[-1.0], [1.0]]).tolist() == ["False", "True"]
    assert run.evaluate(x, x[:, 0] > 0)["accuracy"] == run.evaluate(x, (x[:, 0] > 0).astype(int))["accuracy"] > 0.9


def test_whole_numbers_are_classes_unless_it_says_otherwise() -> None:
    x = np.arange(60.0)[:, None]
    y = np.repeat([3, 5, 7], 20)
    classes = fit(x, y, SMALL)
    assert classes.class_names == ("3", "5", "7")
    assert classes.evaluate(x, y.astype(float)) == classes.evaluate(x, y)
    with pytest.raises(ValueError, match="y holds '1', which is none of the classes: 3, 5, 7"):
        classes.evaluate([[1.0]], [1])
    assert fit(x, y, SMALL, settings={"dataset.task": "regression"}).class_names == ()


@pytest.mark.parametrize(
    ("x", "y", "complaint"),
    [
        (np.zeros((4, 2, 2)), np.zeros(4), r"x: expected the shape \(n, features\), got \(4, 2, 2\)"),
        (np.zeros((4, 2)), np.arange(5.0), r"y: expected one value for each of 4 rows of x, got the shape \(5,\)"),
        (np.arange(8.0).reshape(4, 2), np.zeros(4), "nothing to learn"),
        (np.array([[1.0], [np.inf], [2.0], [3.0]]), np.arange(4.0) / 3, "goes beyond"),
        ({}, np.arange(4.0), "x: there are no features in it"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), [1.0], "two columns have the same name"),
        (np.arange(4.0), np.zeros((4, 3, 1)), r"y: expected the shape \(n,\), or \(n, targets\), got \(4, 3, 1\)"),
    ],
)
def test_arrays_that_make_no_sense(x: Any, y: Any, complaint: str) -> None:
    with pytest.raises(ExperimentError, match=complaint):
        fit(x, y, SMALL)


def test_experiments_that_make_no_sense(run: Run) -> None:
    with pytest.raises(ExperimentError, match="there is no file"):
        train("nosuch.toml")
    with pytest.raises(ExperimentError, match=r"training\.epochs"):
        train(replace(SMALL, training=TrainingConfig(epochs=0)))
    with pytest.raises(ExperimentError, match="unknown field"):
        train(SMALL, settings={"training.rate": 1.0})
    with pytest.raises(ValueError, match="give both x and y"):
        run.evaluate([[1.0, 2.0, 3.0, 4.0]])
    with pytest.raises(ValueError, match="the same number of rows, got 1 and 2"):
        run.evaluate([[1.0, 2.0, 3.0, 4.0]], [0, 1])
    with pytest.raises(ExperimentError, match="there is no file"):
        Run.load("nosuch")


def test_the_package_has_what_it_lists() -> None:
    assert "train" in dir(tui_trainer)
    assert all(getattr(tui_trainer, name) is not None for name in tui_trainer.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        tui_trainer.nosuch  # noqa: B018


NONSENSE: dict[str, Any] = {
    "complex y": lambda run, x, y: fit(x, y + 1j, epochs=1),
    "complex x": lambda run, x, y: fit(x + 1j, y, epochs=1),
    "complex objects": lambda run, x, y: fit(x, np.array([complex(one) for one in y], object), epochs=1),
    "complex features": lambda run, x, y: run.predict(x + 1j),
    "complex column": lambda run, x, y: run.predict({"x1": x[:, 0] + 1j, "x2": x[:, 1]}),
    "complex answers": lambda run, x, y: run.evaluate(x, y + 1j),
    "complex weights": lambda run, x, y: fit(x, y, epochs=1, weights=[one + 1j for one in run.weights]),
    "experiment": lambda run, x, y: fit(x, y, 5, epochs=1),  # type: ignore[arg-type]
    "no experiment": lambda run, x, y: train(None),  # type: ignore[arg-type]
    "settings": lambda run, x, y: fit(x, y, settings=5),  # type: ignore[arg-type]
    "names of settings": lambda run, x, y: fit(x, y, settings={5: 1}),  # type: ignore[dict-item]
    "weights": lambda run, x, y: fit(x, y, epochs=1, weights=5),  # type: ignore[arg-type]
    "folder to load": lambda run, x, y: Run.load(5),  # type: ignore[arg-type]
    "folder to save": lambda run, x, y: run.save(5),
    "format": lambda run, x, y: run.save("out", ["nonsense"]),
    "formats": lambda run, x, y: run.save("out", 5),
    "lists as formats": lambda run, x, y: run.save("out", [["svg"], ["csv"]]),
    "an array of one format": lambda run, x, y: run.save("out", np.array("svg")),
    "numbers that are no floats": lambda run, x, y: fit([[10**400]] * 40, y, epochs=1),
    "targets that are no floats": lambda run, x, y: fit(x, [10**400] * 40, epochs=1),
    "features that are no floats": lambda run, x, y: run.predict([[10**400, 1]]),
    "answers that are no floats": lambda run, x, y: run.evaluate(x, [10**400] * 40),
    "weights that are no floats": lambda run, x, y: fit(x, y, epochs=1, weights=[[10**400]]),
    "a set of names": lambda run, x, y: fit(x, y, settings={"training.metrics": {"mse", "mae"}}),
    "a set of numbers": lambda run, x, y: fit(x, y, settings={"model.layers": {1, 2}}),
    "an array of records": lambda run, x, y: fit(x, y, settings={"dataset.path": np.zeros(2, [("a", float)])}),
    "endless settings": lambda run, x, y: fit(x, y, settings={"training.learning_rate": endless()}),
    "a width": lambda run, x, y: run.plot().text(width="wide"),
    "a height": lambda run, x, y: run.plot().text(height=0),
    "columns of two lengths": lambda run, x, y: run.predict({"x1": [1.0, 2.0], "x2": [1.0]}),
    "two columns of one name": lambda run, x, y: run.predict(pd.DataFrame(np.c_[x, x], columns=["x1", "x2"] * 2)),
    "scalars as columns": lambda run, x, y: fit({"a": 1, "b": 2}, y, epochs=1),
    "arrays as cells": lambda run, x, y: fit({"a": np.array([np.zeros(2)] * 40 + [0], object)[:40]}, y, epochs=1),
}


def endless() -> list[Any]:
    """A list that is in itself."""
    result: list[Any] = []
    result.append(result)
    return result


@pytest.mark.parametrize("call", NONSENSE.values(), ids=list(NONSENSE))
@pytest.mark.filterwarnings("error")
def test_nonsense_is_a_value_error_with_a_sentence(call: Any) -> None:
    x = np.random.default_rng(0).normal(size=(40, 2))
    y = x[:, 0] + 1
    with pytest.raises(ValueError, match=r"expected|complex|iterable|nested|must"):
        call(fit(x, y, epochs=1), x, y)


def test_pandas_texts_with_gaps() -> None:
    frame = pd.DataFrame({"a": pd.array(["u", "v", pd.NA, "u"] * 10, dtype="string"), "b": np.arange(40.0)})
    run = fit(frame, np.arange(40.0) * 2, epochs=1)
    assert run.features == ("a=u", "a=v", "b")


def test_categories_that_would_get_one_name() -> None:
    frame = pd.DataFrame({"a": ["b=c", "x"] * 20, "a=b": ["c", "c", "d", "d"] * 10, "a=x": np.arange(40.0)})
    run = fit(frame, np.arange(40.0) % 7, epochs=3, settings={"dataset.task": "regression"})
    assert run.features == ("a=b=c", "a=x.2", "a=b=c.2", "a=b=d", "a=x")
    one, other = frame.iloc[[0]], frame.iloc[[0]].assign(**{"a=b": "d"})
    assert run.predict(one) != run.predict(other)


def frames() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Frames to train on, each with another one that says the same."""
    rng = np.random.default_rng(0)
    values, days = rng.normal(size=(40, 2)), pd.date_range("2020-01-01", periods=40)
    named = pd.DataFrame(values, columns=["p", "q"])
    dated = pd.DataFrame({"day": days, "p": values[:, 0]})
    spans = pd.DataFrame({"span": pd.to_timedelta(np.arange(40), unit="h"), "p": values[:, 0]})
    return {
        "numbers as names": (pd.DataFrame(values), pd.DataFrame(values[:, ::-1], columns=[1, 0])),
        "tuples as names": (pd.DataFrame(values, columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),) * 2,
        "another order and more": (named, pd.DataFrame({"other": ["x"] * 40, "q": named["q"], "p": named["p"]})),
        "dates": (dated, dated.assign(day=days.astype("datetime64[s]"))),
        "spans of time": (spans, spans.assign(span=spans["span"].astype("timedelta64[s]"))),
        "categories of bool": (named.assign(flag=pd.Categorical([True, False] * 20)), named.assign(flag=[1, 0] * 20)),
    }


@pytest.mark.parametrize("case", frames())
def test_a_frame_is_predicted_as_it_was_trained_on(case: str) -> None:
    frame, same = frames()[case]
    run = fit(frame, np.sin(np.arange(40.0)), epochs=2, settings={"dataset.validation_split": 0.0})
    assert run._session is not None
    parts = run._session.split
    trained_on = parts.target.restore(run.model.predict(parts.x_train))
    order = np.argsort(trained_on[:, 0])
    predicted = run.predict(frame)
    assert np.sort(predicted[:, 0]) == pytest.approx(trained_on[order, 0])
    assert run.predict(same) == pytest.approx(predicted)


@pytest.mark.parametrize("names", [("k" * 100 + "1", "k" * 100 + "2"), ("k\x1b", "k\x07")])
def test_categories_that_are_called_the_same_are_not_taken_for_one_another(names: tuple[str, str]) -> None:
    frame = pd.DataFrame({"a": np.arange(40.0), "b": names * 20})
    run = fit(frame, np.arange(40.0) % 7, epochs=1, settings={"dataset.standardize": False})
    one_hot = run._trained.inputs.read(frame)[:, 1:]
    assert one_hot.sum() == 40 and (one_hot[::2] == one_hot[0]).all() and (one_hot[1::2] == 1 - one_hot[0]).all()


def test_settings_may_be_numbers_of_numpy() -> None:
    x = np.random.default_rng(0).normal(size=(40, 2))
    settings = {"training.learning_rate": np.float32(0.5), "training.metrics": np.array(["mae", "r2"])}
    run = fit(x, x[:, 0], epochs=np.int64(1), settings=settings)  # type: ignore[arg-type]
    assert run.experiment.training.learning_rate == 0.5 and run.experiment.training.metrics == ("mae", "r2")


def test_the_sentence_on_wrong_weights_names_them_once(run: Run) -> None:
    with pytest.raises(ValueError, match=r"^weights: expected real numbers"):
        train(SMALL, epochs=1, weights=[array + 1j for array in run.weights])


def test_a_run_with_a_schedule_tells_the_rate_of_each_epoch() -> None:
    training = TrainingConfig(learning_rate=0.2, epochs=6, schedule=ScheduleConfig("cosine"), class_weight="balanced")
    run = train(Experiment(training=training))
    rates = run.history["learning_rate"]
    assert len(rates) == 6 and rates[0] < 0.2 and (np.diff(rates) < 0).all()
