"""The text of --set, and values from Python: what they become, and how they are refused."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pytest
from sweep_cases import RATE, SMALL, UNITS

from tui_trainer.errors import UserError
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.sweep.plan import Choices, Range, read_axis, value_at

FEATURES, LAYERS = "dataset.features", "model.layers"
LENGTH, WIDTH = "petal length (cm)", "petal width (cm)"
A_RATE = "training.learning_rate: expected a finite number greater than 0 and at most 1000000"


@pytest.mark.parametrize(
    ("path", "given", "values"),
    [
        (RATE, "1e-6,1e-5, 5e-5", (1e-6, 1e-5, 5e-5)),
        (UNITS, "4,8,16", (4, 8, 16)),
        ("training.batch_size", "16,full", (16, "full")),
        ("training.shuffle", "true,false", (True, False)),
        ("training.loss", "mse,null", ("mse", None)),
        ("model.layers[0].activation", "relu, tanh", ("relu", "tanh")),
        (FEATURES, f'"{LENGTH}, {WIDTH}",{WIDTH}', ([LENGTH, WIDTH], [WIDTH])),
        ("dataset.path", "../a.csv,b..c.csv", ("../a.csv", "b..c.csv")),
        (RATE, [0.1, 0.2], (0.1, 0.2)),
        (RATE, np.array([0.1, 0.2]), (0.1, 0.2)),
        (UNITS, np.arange(1, 3), (1, 2)),
        ("training.loss", ["mse", None], ("mse", None)),
        (FEATURES, [(WIDTH,)], ([WIDTH],)),
        ("$.training.epochs", "3", (3,)),
        (LAYERS, "none, 32,64-32", ("none", "32", "64-32")),
        (LAYERS, [32, (64, 32), [{"units": 3}]], ("32", "64-32", "3")),
    ],
)  # fmt: skip
def test_listed_values_are_read_with_their_types(
    path: str, given: str | Iterable[object], values: tuple[object, ...]
) -> None:
    axis = read_axis(SMALL, path, given)
    assert axis == Choices(path.removeprefix("$."), values)
    assert list(map(type, axis.values)) == list(map(type, values))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("layers", LAYERS),
        ("optimizer", "training.optimizer.name"),
        ("features", FEATURES),
        ("batch_size", "training.batch_size"),
        ("beta_1", "training.optimizer.beta_1"),
    ],
)
def test_a_name_that_no_other_field_has_is_enough(name: str, path: str) -> None:
    assert read_axis(SMALL, name, [value_at(SMALL, path)]).path == path


@pytest.mark.parametrize(
    ("path", "given", "axis"),
    [
        (RATE, "log:1e-4..1e-1", Range(RATE, 1e-4, 1e-1, log=True, whole=False)),
        (RATE, "0.1..0.5", Range(RATE, 0.1, 0.5, log=False, whole=False)),
        (UNITS, " 1..100 ", Range(UNITS, 1, 100, log=False, whole=True)),
        ("training.batch_size", "log:8..64", Range("training.batch_size", 8, 64, log=True, whole=True)),
        ("dataset.samples", "100..500", Range("dataset.samples", 100, 500, log=False, whole=True)),
    ],
)
def test_ranges_are_read(path: str, given: str, axis: Range) -> None:
    assert read_axis(SMALL, path, given) == axis


@pytest.mark.parametrize(
    ("path", "given", "told"),
    [
        (RATE, "0.1,abc", f"{A_RATE}, got 'abc'"),
        (RATE, "0.1,-1", f"{A_RATE}, got '-1'"),
        (RATE, "0.1,", f"{A_RATE}, got ''"),
        (RATE, "", "got ''"),
        (RATE, "\x1b[2J", r"got '\x1b[2J'"),
        (RATE, [], "training.learning_rate: expected at least one value, got none"),
        (RATE, "0.1,1e-1", "training.learning_rate: the value 0.1 is given twice; give each once"),
        (UNITS, "4,0", "model.layers[0].units: expected an integer from 1 to 65536, got '0'"),
        (UNITS, "1..2.5", "model.layers[0].units: expected an integer from 1 to 65536, got '2.5'"),
        ("model.layers[3].units", "4", "there is no entry 3, its entries are 0 to 0"),
        ("training.rate", "4", "training: unknown field 'rate'"),
        ("training.early_stopping.patience", "1,2", "training.early_stopping: is not set"),
        (LAYERS, "32,64x", "model.layers: expected the units of each hidden layer, such as 16 or 64-32, or none for"),
        (LAYERS, "16,0", "model.layers[0].units: expected an integer from 1 to 65536, got '0'"),
        (LAYERS, "-".join(["4"] * 257), "model.layers: expected a list of at most 256, got a list of 257"),
        ("seed", "1,2", "seed: is the name of several fields; give one of them with its table: dataset.seed or "),
        ("a b", "4", "'a b' is not the path of a field"),
        ("", "4", "is not the path of a field"),
        (RATE, "log:1e-3,1e-2", "expected a range after log:, such as log:1e-4..1e-1, got 'log:1e-3,1e-2'"),
        (RATE, "0.5..0.1", "expected a range from a smaller to a larger number, got '0.5..0.1'"),
        (RATE, "0.1..0.5,1", "got '0.5,1'"),
        ("training.l2", "log:0..1", "expected a range that begins above 0 for log:, got 'log:0..1'"),
        ("training.batch_size", "8..full", "expected a range of numbers, such as 1..100, got '8..full'"),
        ("model.layers[0].activation", "relu..tanh", "got 'relu..tanh'"),
    ],
)  # fmt: skip
def test_what_is_refused(path: str, given: str | Iterable[object], told: str) -> None:
    with pytest.raises(UserError) as refused:
        read_axis(SMALL, path, given)
    assert told in str(refused.value) and str(refused.value).isprintable()


def test_the_value_of_a_field() -> None:
    assert value_at(SMALL, UNITS) == 4
    assert value_at(Experiment(dataset=DatasetConfig(features=("a", "b"))), FEATURES) == ["a", "b"]


def test_real_numbers_are_drawn_evenly_from_the_whole_range() -> None:
    rng = np.random.default_rng(0)
    drawn = [Range(RATE, -2.0, 6.0, log=False, whole=False).draw(rng) for _ in range(2000)]
    assert -2.0 <= min(drawn) < -1.9 and 5.9 < max(drawn) <= 6.0
    assert np.mean(drawn) == pytest.approx(2.0, abs=0.2)
    assert all(float(f"{value:.6g}") == value for value in drawn)


def test_orders_of_magnitude_are_drawn_evenly() -> None:
    rng = np.random.default_rng(0)
    drawn = [Range(RATE, 1e-4, 1e-1, log=True, whole=False).draw(rng) for _ in range(2000)]
    assert min(drawn) >= 1e-4 and max(drawn) <= 1e-1
    counts = np.histogram(np.log10(drawn), bins=3, range=(-4, -1))[0]
    assert counts == pytest.approx(667, abs=80)


@pytest.mark.parametrize("log", [False, True])
def test_whole_numbers_are_drawn_up_to_both_ends(log: bool) -> None:
    rng = np.random.default_rng(0)
    drawn = [Range(UNITS, 1, 4, log=log, whole=True).draw(rng) for _ in range(2000)]
    assert {type(value) for value in drawn} == {int}
    weights = [math.log((k + 0.5) / (k - 0.5)) if log else 1.0 for k in range(1, 5)]
    for k, weight in enumerate(weights, start=1):
        assert drawn.count(k) == pytest.approx(2000 * weight / sum(weights), abs=100)


def test_a_draw_never_leaves_a_range_that_six_digits_do_not_hold() -> None:
    narrow = Range(RATE, 0.12345671, 0.12345674, log=False, whole=False)
    assert all(narrow.low <= narrow.draw(np.random.default_rng(seed)) <= narrow.high for seed in range(20))


def test_the_widest_range_does_not_overflow() -> None:
    widest = Range("training.early_stopping.baseline", -1.7e308, 1.7e308, log=False, whole=False)
    assert all(math.isfinite(widest.draw(np.random.default_rng(seed))) for seed in range(20))
