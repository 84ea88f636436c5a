"""What predictions depend on: as scikit-learn computes it, by hand, and on trained networks."""

from __future__ import annotations

import json
import tracemalloc
from itertools import islice

import numpy as np
import pytest
import sklearn_inspection as reference
from numpy.typing import NDArray

from tui_trainer.datasets.dataset import Feature
from tui_trainer.datasets.preparation import Inputs, preparation_of
from tui_trainer.datasets.split import TargetScale
from tui_trainer.engine import Dense, InputLayer, Sequential
from tui_trainer.engine.metrics import METRICS
from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, OutputConfig
from tui_trainer.training.inspection import (
    GRID,
    MAX_REPEATS,
    PermutationImportance,
    RawModel,
    check_repeats,
    columns_of,
    error_histogram,
    flips,
    grid_of,
    importance_of,
    measure_of_importance,
    permutations,
    responses,
)
from tui_trainer.training.session import Session

ANSWERS = json.loads(reference.FILE.read_text())
FEATURES = (
    Feature("size", "size"),
    *(Feature(f"town={name}", "town", name) for name in "abc"),
    Feature("rooms", "rooms"),
)


def raw_model(model: Sequential, features: tuple[Feature, ...], classes: bool = False) -> RawModel:
    """A network whose features and target are not standardized."""
    inputs = Inputs(features, np.zeros(len(features)), np.ones(len(features)))
    return RawModel(model, inputs, TargetScale.none(1), classes)


def line(weights: NDArray[np.float64], bias: float = 0.0, classes: bool = False) -> RawModel:
    """A linear model of features or, with ``classes``, the sigmoid of one."""
    layers = [InputLayer(len(weights)), Dense(1, "sigmoid" if classes else "linear")]
    model = Sequential(layers, dtype="float64")
    model.set_weights([weights[:, None], np.array([bias])])
    return raw_model(model, FEATURES[: len(weights)], classes)


@pytest.mark.parametrize("seed", reference.SEEDS)
@pytest.mark.parametrize("by", ["r2", "rmse", "accuracy"])
def test_the_importances_are_those_of_scikit_learn(by: str, seed: int) -> None:
    raw, y = reference.table()
    model = line(reference.WEIGHTS).model

    def score(x: NDArray[np.float64]) -> float:
        outputs = model.predict(x).T
        if by == "accuracy":
            return float(METRICS[by]((outputs > 1.0).astype(float), (y > 1.0).astype(float)[None]))
        return float(METRICS[by](outputs, y[None]))

    importance = PermutationImportance(score, reference.encoded(raw), columns_of(FEATURES), by, reference.REPEATS, seed)
    found = {one.column: one for one in importance.finish()}
    expected = ANSWERS[f"{by}, {seed}"]
    for name, mean, deviation in zip(("size", "town", "rooms"), expected["mean"], expected["deviation"], strict=True):
        assert (found[name].mean, found[name].deviation) == pytest.approx((mean, deviation), abs=1e-9)
    means = [one.mean for one in found.values()]
    assert means == sorted(means, reverse=True), "the most important first"


def test_a_repeat_permutes_what_the_one_before_has_left() -> None:
    orders = orders_of(9, 3, seed=5)
    assert all(sorted(order) == list(range(9)) for order in orders)
    assert len(set(orders)) == 3
    assert orders_of(9, 3, seed=5) == orders != orders_of(9, 3, seed=6)


def orders_of(rows: int, repeats: int, seed: int) -> list[tuple[int, ...]]:
    """The orders of the first repeats."""
    return [tuple(order.tolist()) for order in islice(permutations(rows, seed), repeats)]


def test_the_orders_of_many_repeats_are_not_in_memory_at_once() -> None:
    x = np.zeros((100_000, 1))
    tracemalloc.start()
    PermutationImportance(lambda _: 0.0, x, {"a": slice(0, 1)}, by="accuracy", repeats=MAX_REPEATS).advance()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * x.nbytes, "one order at a time; 800 MB otherwise"


def test_every_step_permutes_one_column_and_puts_it_back() -> None:
    x = np.arange(20.0).reshape(5, 4)
    seen: list[NDArray[np.float64]] = []

    def score(rows: NDArray[np.float64]) -> float:
        seen.append(rows.copy())
        return 0.0

    importance = PermutationImportance(score, x, {"a": slice(0, 1), "b": slice(1, 4)}, by="accuracy", repeats=2, seed=0)
    while not importance.is_done:
        importance.advance()
    orders = orders_of(5, 2, seed=0)
    assert (seen[0] == x).all(), "the score of the rows as they are"
    steps = [(repeat, column) for repeat in range(2) for column in (slice(0, 1), slice(1, 4))]
    for step, (repeat, column) in enumerate(steps, 1):
        moved = x.copy()
        moved[:, column] = x[list(orders[repeat]), column]
        assert (seen[step] == moved).all()
    assert importance.repeats == 2 and not importance.losses.any()


def test_a_column_the_network_does_not_read_has_no_importance_and_a_half_done_repeat_counts_half() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2))
    importance = PermutationImportance(
        lambda rows: float(-((rows[:, 0] - x[:, 0]) ** 2).sum()), x, {"a": slice(0, 1), "b": slice(1, 2)}, "accuracy", 3
    )
    for _ in range(3):
        importance.advance()
    means, deviations = importance.summary()
    assert means[0] == importance.losses[0, :2].mean() > 0 and deviations[0] == pytest.approx(
        importance.losses[0, :2].std()
    )
    assert (means[1], deviations[1], importance.repeats, importance.is_done) == (0.0, 0.0, 1, False)


def test_the_columns_of_a_table_are_put_together_from_their_features() -> None:
    assert columns_of(FEATURES) == {"size": slice(0, 1), "town": slice(1, 4), "rooms": slice(4, 5)}


@pytest.mark.parametrize("by", ["loss", "accuracy", "roc_auc"])
def test_a_trained_network_depends_on_the_petals(by: str) -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("iris")))
    for _ in range(30):
        session.epoch()
    x, y = session.split.part(session.split.judged)
    assert session.split.judged == "validation" and len(x) == 30
    data = x, y, session.split.target
    importance = importance_of(session.trainer.model, session.experiment, data, session.dataset.inputs, by)
    assert importance.baseline == pytest.approx(
        session.scores()[f"val_{by}"] if by != "roc_auc" else importance.baseline
    )
    assert importance.finish()[0].column.startswith("petal")


def test_the_measures_of_a_number_are_in_its_own_unit() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("boston", standardize_target=True)))
    session.epoch()
    data = (*session.split.part(session.split.judged), session.split.target)
    for by in ("loss", "rmse", "mae", "r2"):
        importance = importance_of(session.trainer.model, session.experiment, data, session.dataset.inputs, by)
        if by != "rmse":
            assert importance.baseline == pytest.approx(session.scores()[f"val_{by}"], rel=1e-5)
        else:
            assert importance.baseline > 1.0


def test_a_measure_or_a_number_of_repeats_that_cannot_be_is_told() -> None:
    session = Session()
    session.load(Experiment(model=ModelConfig(output=OutputConfig(activation="linear"))))
    assert measure_of_importance(None, session.experiment, "multiclass") == "accuracy"
    assert measure_of_importance(None, session.experiment, "regression") == "r2"
    with pytest.raises(UserError, match=r"by: expected one of loss, accuracy, .*average_precision; got 'log_loss'"):
        measure_of_importance("log_loss", session.experiment, "multiclass")
    for repeats in (0, True, 2.5, 1001):
        with pytest.raises(UserError, match="repeats: expected a whole number from 1 to 1,000"):
            check_repeats(repeats)  # type: ignore[arg-type]


def test_the_response_is_that_of_scikit_learn() -> None:
    raw = reference.encoded(reference.table()[0])
    values = grid_of(raw, slice(4, 5), FEATURES)
    outputs = responses(line(reference.WEIGHTS), raw, slice(4, 5), values)[..., 0]
    expected = ANSWERS["response"]
    assert values[:, 0].tolist() == expected["values"]
    assert outputs.mean(axis=1) == pytest.approx(expected["mean"], abs=1e-9)
    np.testing.assert_allclose(outputs[:, :3].T, expected["rows"], atol=1e-9)


def test_a_grid_is_in_the_unit_of_the_column() -> None:
    raw = np.column_stack([np.linspace(100.0, 200.0, 1001), np.zeros((1001, 3)), np.arange(1001) % 4])
    numbers = grid_of(raw, slice(0, 1), FEATURES)
    assert numbers.shape == (GRID, 1) and (numbers[0, 0], numbers[-1, 0]) == pytest.approx((101.0, 199.0))
    assert grid_of(raw, slice(1, 4), FEATURES).tolist() == np.eye(3).tolist(), "one category after the other"
    assert grid_of(raw, slice(4, 5), FEATURES)[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0], "each value that there is"


def test_where_a_decision_flips() -> None:
    model = line(np.array([2.0, -1.0]), classes=True)  # class 1 above 2 a = b
    row = np.array([1.0, 5.0])
    assert flips(model, row, 0, (-3.0, 10.0), 0.0) == pytest.approx([2.5], abs=1e-5)
    assert flips(model, row, 1, (-3.0, 10.0), 0.0) == pytest.approx([2.0], abs=1e-5)
    assert flips(model, row, 0, (-3.0, 2.0), 0.0) == []
    assert flips(model, row, 0, (1.0, 1.0), 0.0) == []


def test_where_a_number_passes_a_level() -> None:
    model = line(np.array([2.0, -1.0]), bias=0.5)
    assert flips(model, np.array([1.0, 5.0]), 0, (-9.0, 9.0), 4.0) == pytest.approx([4.25], abs=1e-5)


def test_flips_below_and_above_are_the_nearest() -> None:
    """A hump: class 1 for x between -1 and 2."""
    layers = [InputLayer(1), Dense(2, "relu"), Dense(1, "sigmoid")]
    model = Sequential(layers, dtype="float64")
    model.set_weights([np.array([[1.0, -1.0]]), np.array([0.0, 0.0]), np.array([[-1.0], [-2.0]]), np.array([2.0])])
    hump = raw_model(model, FEATURES[:1], classes=True)
    assert flips(hump, np.array([0.5]), 0, (-4.0, 7.0), 0.0) == pytest.approx([-1.0, 2.0], abs=1e-4)


def test_a_raw_model_is_the_network_with_its_scales() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("boston", standardize_target=True)))
    session.epoch()
    preparation = preparation_of(session.dataset, session.split)
    model = RawModel(session.trainer.model, preparation.inputs, session.split.target, classes=False)
    rows = session.split.val_rows
    x_val = session.split.x_val
    assert x_val is not None
    expected = session.split.target.restore(session.trainer.model.predict(x_val))
    np.testing.assert_allclose(model.predict(session.dataset.x[rows]), expected, rtol=1e-5)


def test_a_histogram_of_nothing_has_limits() -> None:
    for values in (np.zeros(3), np.array([np.nan, np.inf])):
        edges, counts = error_histogram(values, 31)
        assert edges[0] == -1.0 and edges[-1] == 1.0 and len(edges) == len(counts) + 1
    assert error_histogram(np.zeros(3), 31)[1][15] == 3, "0 is in the middle"
