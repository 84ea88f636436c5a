"""TuiClassifier and TuiRegressor, as scikit-learn uses them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tui_trainer
from tui_trainer.datasets.loading import load
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.toml_file import write

needs_sklearn = pytest.mark.skipif(
    find_spec("sklearn") is None, reason="scikit-learn is an extra: 'tui-trainer[sklearn]'"
)
WITHOUT = """
import sys
sys.modules["sklearn"] = None  # as if it were not installed
import tui_trainer
from tui_trainer import *
assert "TuiClassifier" in dir(tui_trainer) and callable(fit)
try:
    from tui_trainer import TuiClassifier
except ImportError as error:
    print(error)
"""


def test_without_scikit_learn_a_sentence_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    remedy = "python -m pip install 'tui-trainer[sklearn]'"
    assert done.stdout == f"TuiClassifier needs scikit-learn, which is not installed: {remedy}\n"


@needs_sklearn
@pytest.mark.parametrize("name", tui_trainer.ESTIMATORS)
def test_scikit_learns_own_checks_pass(name: str) -> None:
    from sklearn.utils.estimator_checks import check_estimator

    # As of scikit-learn's own SGDClassifier: two rows may be in two mini-batches, one with the weight 2 is in one.
    differs = {"check_sample_weight_equivalence_on_dense_data": "rows and weights are not the same mini-batches"}
    estimator = getattr(tui_trainer, name)(epochs=100)
    results = check_estimator(estimator, on_skip=None, expected_failed_checks=differs)
    assert len(results) > 40 and {one["status"] for one in results} <= {"passed", "skipped", "xfail"}
    assert [one["check_name"] for one in results if one["status"] == "xfail"] == list(differs)


@needs_sklearn
def test_weights_of_rows_are_those_of_a_column() -> None:
    x, y = iris()
    weights = np.where(y == "setosa", 0.0, np.linspace(1.0, 2.0, len(y)))
    given = tui_trainer.TuiClassifier(epochs=5).fit(x, y, sample_weight=weights)
    settings = {"dataset.weight_column": "weight"}
    column = tui_trainer.TuiClassifier(epochs=5, settings=settings).fit(x.assign(weight=weights), y)
    np.testing.assert_array_equal(given.predict_proba(x), column.predict_proba(x.assign(weight=weights)))
    assert given.score(x[y != "setosa"], y[y != "setosa"]) > 0.5 and given.n_features_in_ == 4
    assert not np.array_equal(given.predict_proba(x), tui_trainer.TuiClassifier(epochs=5).fit(x, y).predict_proba(x))


@needs_sklearn
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "sample_weight.shape"),
        ([-1.0] * 150, "[Nn]egative"),
        ([0.0] * 150, "at least one non-zero|all training rows have the weight 0"),
    ],
)
def test_weights_that_are_none_are_refused(weights: list[float], message: str) -> None:
    x, y = iris()
    with pytest.raises(ValueError, match=message):
        tui_trainer.TuiClassifier(epochs=1).fit(x, y, sample_weight=weights)
    named = tui_trainer.TuiClassifier(epochs=1, settings={"dataset.weight_column": x.columns[0]})
    with pytest.raises(ValueError, match="the weights are those of the column"):
        named.fit(x, y, sample_weight=np.ones(150))


def iris() -> tuple[Any, Any]:
    """A frame with the features, and the names of the classes."""
    data = load(DatasetConfig())
    assert data.labels is not None
    return pd.DataFrame(data.x, columns=list(data.features)), np.array(data.classes)[data.labels]


@needs_sklearn
def test_a_pipeline_is_searched_and_cross_validated() -> None:
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    x, y = iris()
    pipeline = make_pipeline(MinMaxScaler(), tui_trainer.TuiClassifier(epochs=30))
    assert cross_val_score(pipeline, x, y).mean() > 0.9
    grid = {"tuiclassifier__learning_rate": [1e-6, 0.02], "tuiclassifier__layers": [(8,), (8, 4)]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(x, y)
    assert search.best_params_["tuiclassifier__learning_rate"] == 0.02 and search.best_score_ > 0.9


@needs_sklearn
def test_a_classifier_has_the_labels_it_was_given() -> None:
    x, y = iris()
    network = tui_trainer.TuiClassifier(layers=(8,), activation="tanh", epochs=40).fit(x, y)
    assert network.classes_.tolist() == ["setosa", "versicolor", "virginica"] == list(network.run_.class_names)
    assert network.feature_names_in_.tolist() == list(x.columns) == list(network.run_.features)
    assert network.n_features_in_ == 4 and network.score(x, y) > 0.95
    probabilities = network.predict_proba(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert (network.classes_[probabilities.argmax(axis=1)] == network.predict(x)).all()
    assert network.run_.experiment.model.layers == (LayerConfig(8, "tanh"),)


@needs_sklearn
@pytest.mark.parametrize("labels", [[-1, 1], [1.0, 3.0], [False, True], ["NA", "none"], ["10", "9"]])
def test_labels_of_any_kind(labels: list[Any]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    y = np.array(labels)[(x[:, 0] > 0).astype(int)]
    network = tui_trainer.TuiClassifier(epochs=30).fit(x, y)
    assert network.classes_.tolist() == sorted(labels) and network.score(x, y) > 0.9


@needs_sklearn
def test_texts_in_a_frame_are_categories_and_names_are_checked() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"months": rng.integers(1, 60, 300), "plan": rng.choice(["a", "b", "c"], 300)})
    leaves = np.where((frame["months"] < 20) & (frame["plan"] != "b"), "leaves", "stays")
    network = tui_trainer.TuiClassifier(epochs=60).fit(frame, leaves)
    assert network.n_features_in_ == 2 and network.run_.features == ("months", "plan=a", "plan=b", "plan=c")
    assert network.score(frame, leaves) > 0.93
    with pytest.raises(ValueError, match="feature names should match"):
        network.predict(frame[["plan", "months"]])
    with pytest.raises(ValueError, match=r"row 0 of x: .* it was trained on 'a', 'b', 'c'"):
        network.predict(pd.DataFrame({"months": [3], "plan": ["d"]}))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        network.fit(frame, leaves[1:])


@needs_sklearn
def test_numbers_are_in_their_own_unit() -> None:
    x = np.linspace(-1.0, 3.0, 200)[:, None]
    line = tui_trainer.TuiRegressor(layers=(), epochs=60, l2=0.0).fit(x, 3000.0 * x[:, 0] - 1000.0)
    np.testing.assert_allclose(line.predict([[0.0], [10.0]]), [-1000.0, 29000.0], rtol=1e-3)
    assert line.score(x, 3000.0 * x[:, 0] - 1000.0) > 0.999


@needs_sklearn
def test_several_targets_are_several_columns() -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    y = np.stack([x @ [1.0, 2.0, 3.0], 50.0 * x @ [0.0, 1.0, -1.0]], axis=1)
    for table, targets in ((x, y), (pd.DataFrame(x, columns=["a", "b", "c"]), pd.DataFrame(y, columns=["u", "v"]))):
        regressor = tui_trainer.TuiRegressor(epochs=60, random_state=1).fit(table, targets)
        assert regressor.predict(table).shape == (60, 2) and regressor.score(table, targets) > 0.9
        assert regressor.run_.targets == ("y1", "y2")
    alone = tui_trainer.TuiRegressor(epochs=2).fit(x, y[:, 0])
    assert alone.predict(x).shape == (60,)


@needs_sklearn
def test_an_experiment_of_the_app_is_the_base(tmp_path: Path) -> None:
    write(
        Experiment(
            dataset=DatasetConfig("wine", validation_split=0.25, test_split=0.2),
            model=ModelConfig((LayerConfig(5, "tanh"),)),
            training=TrainingConfig(epochs=7, learning_rate=0.2),
        ),
        tmp_path / "e.toml",
    )
    x, y = iris()
    network = tui_trainer.TuiClassifier(tmp_path / "e.toml", random_state=3, learning_rate=0.1).fit(x, y)
    trained = network.run_.experiment
    assert trained.model.layers == (LayerConfig(5, "tanh"),) and trained.training.epochs == 7 == network.run_.epoch
    assert trained.training.learning_rate == 0.1 and (trained.model.seed, trained.dataset.seed) == (3, 3)
    assert trained.dataset.test_split == 0.0, "rows of a test part would be left out in silence"
    assert "val_loss" in network.run_.history
    other = tui_trainer.TuiClassifier(tmp_path / "e.toml", settings={"training.schedule.name": "cosine"}).fit(x, y)
    assert other.run_.experiment.training.schedule.name == "cosine"


@needs_sklearn
def test_no_row_is_left_out_for_a_test_in_silence() -> None:
    x, y = iris()
    settings = {"dataset.test_path": "later.csv"}
    fitted = tui_trainer.TuiClassifier(epochs=2, settings=settings).fit(x, y)
    assert fitted.run_.experiment.dataset.test_path is None, "as the path of the data: there are no files"
    parts = x.assign(part=["train", "train", "validation"] * 50)
    fitted = tui_trainer.TuiClassifier(epochs=2, settings={"dataset.split_column": "part"}).fit(parts, y)
    assert fitted.run_.features == tuple(x.columns) and "val_loss" in fitted.run_.history
    parts = x.assign(part=["train", "test", "validation"] * 50)
    with pytest.raises(ValueError, match=r"'part' has 50 rows for the test, .* leave them out of fit"):
        tui_trainer.TuiClassifier(epochs=2, settings={"dataset.split_column": "part"}).fit(parts, y)


@needs_sklearn
def test_a_column_of_weights_is_no_feature() -> None:
    rng = np.random.default_rng(1)
    x = pd.DataFrame({"a": rng.normal(size=300), "w": np.repeat([0.0, 1.0], 150)})
    y = np.where(x["w"] == 1.0, 2.0, -3.0) * x["a"]
    line = tui_trainer.TuiRegressor(layers=(), epochs=40, l2=0.0, settings={"dataset.weight_column": "w"}).fit(x, y)
    assert line.run_.features == ("a",)
    np.testing.assert_allclose(line.predict(pd.DataFrame({"a": [1.0], "w": [0.0]})), [2.0], rtol=0.02)


@needs_sklearn
def test_weights_of_classes_are_by_label() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(300, 2)), (rng.random(300) < 0.2).astype(int)  # nothing to learn but how frequent they are
    plain, weighted = (
        tui_trainer.TuiClassifier(epochs=20, class_weight=weight).fit(x, y).predict(x).mean()
        for weight in (None, {0: 1.0, 1: 100.0})
    )
    assert plain < 0.1 and weighted > 0.9


@needs_sklearn
def test_what_makes_no_sense_is_said() -> None:
    from sklearn.exceptions import ConvergenceWarning, NotFittedError

    x, y = iris()
    with pytest.raises(NotFittedError):
        tui_trainer.TuiClassifier().predict(x)
    with pytest.raises(ValueError, match=r"training\.learning_rate: expected a finite number"):
        tui_trainer.TuiClassifier(learning_rate=-1.0).fit(x, y)
    with pytest.raises(ValueError, match="y has one class"):
        tui_trainer.TuiClassifier().fit(x, y == "none")
    linear = {"model.output.activation": "linear"}
    network = tui_trainer.TuiClassifier(epochs=5, settings=linear).fit(x, y)
    with pytest.raises(ValueError, match="the outputs are no probabilities"):
        network.predict_proba(x)
    with pytest.warns(ConvergenceWarning, match="The loss became"):
        steep = {"dataset.standardize": False, "dataset.standardize_target": False}
        tui_trainer.TuiRegressor(optimizer="sgd", learning_rate=10.0, layers=(), settings=steep).fit(x, x.iloc[:, 0])


@needs_sklearn
def test_a_copy_of_a_trained_one_predicts_the_same() -> None:
    x, y = iris()
    network = tui_trainer.TuiClassifier(epochs=5).fit(x, y)
    content = pickle.dumps(network)
    assert len(content) < 40_000, "the data are not in it"
    np.testing.assert_array_equal(pickle.loads(content).predict_proba(x), network.predict_proba(x))
