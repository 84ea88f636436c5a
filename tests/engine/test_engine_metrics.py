"""Metrics as scikit-learn defines them: its kept answers, itself where it is installed, and what it does not have."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from typing import Any, get_args

import numpy as np
import pytest
import sklearn_answers
from sklearn_answers import OUTPUTS, SEEDS, case

from tui_trainer.engine.metrics import METRICS, Thresholds, calibration_curve, measure
from tui_trainer.experiment.schema import MetricName
from tui_trainer.measures import BY_CLASS, MEASURES, is_rising

KEPT: dict[str, dict[str, Any]] = json.loads(sklearn_answers.FILE.read_text())
CASES = [(kind, seed) for kind in OUTPUTS for seed in SEEDS]


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_metrics_are_those_of_scikit_learn(kind: str, seed: int) -> None:
    predicted, y = case(kind, seed)
    for name, answer in KEPT[f"{kind}, {seed}"].items():
        if "[" not in name:
            np.testing.assert_allclose(METRICS[name](predicted, y), answer, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_of_several_targets_has_its_own_measures(seed: int) -> None:
    predicted, y = case("three targets", seed)
    kept = KEPT[f"three targets, {seed}"]
    mean = y.mean(axis=1, keepdims=True)
    values = measure(("r2", "rmse", "mae", "mape"), predicted - mean, y - mean, mean, each_output=True)
    assert sorted(values) == sorted(kept) and len(values) == 4 * (1 + len(y))
    assert list(values)[:4] == ["r2", "r2[0]", "r2[1]", "r2[2]"]
    for name, answer in kept.items():
        np.testing.assert_allclose(values[name], answer, rtol=1e-9, err_msg=name)
    stacked = measure(("r2", "mae"), np.stack([predicted, y]), y, each_output=True)
    np.testing.assert_allclose(stacked["mae[1]"], [kept["mae[1]"], 0.0], rtol=1e-9)
    assert stacked["r2[2]"][1] == 1.0 and stacked["r2"].shape == (2,)


def test_r2_of_several_targets_leaves_out_those_that_do_not_vary() -> None:
    y = np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0]])
    predicted = np.array([[1.0, 2.0, 4.0], [7.0, 7.0, 8.0]])
    values = measure(("r2",), predicted, y, each_output=True)
    assert values["r2"] == values["r2[0]"] == 0.5 and np.isnan(values["r2[1]"])


@pytest.mark.skipif(find_spec("sklearn") is None, reason="scikit-learn is not here: its kept answers were compared")
def test_the_kept_answers_are_those_of_the_scikit_learn_that_is_installed() -> None:
    for kind, seed in CASES:
        for name, answer in sklearn_answers.answers(*case(kind, seed)).items():
            np.testing.assert_allclose(answer, KEPT[f"{kind}, {seed}"][name], rtol=1e-12)


def test_a_stack_of_models_has_a_value_for_each() -> None:
    for kind in OUTPUTS:
        predicted, y = case(kind, 0)
        alone = [predicted, predicted[:, ::-1], np.full_like(predicted, 0.5)]
        for name in MEASURES:
            if name in KEPT[f"{kind}, 0"]:
                together = METRICS[name](np.array(alone), y)
                np.testing.assert_array_equal(together, [METRICS[name](one, y) for one in alone], err_msg=name)


def test_calibration_by_hand() -> None:
    """Of 0.1, 0.15 and 0.92, 0.98 and 1 the bins are 0 to 0.1, 0.1 to 0.2, and 0.9 to 1."""
    predicted, y = np.array([[0.1, 0.15, 0.92, 0.98, 1.0]]), np.array([[0.0, 1.0, 1.0, 0.0, 1.0]])
    bins, probabilities, frequencies, counts = calibration_curve(predicted, y)
    assert (bins.tolist(), counts.tolist()) == ([0, 1, 9], [1, 1, 3])
    np.testing.assert_allclose(probabilities, [0.1, 0.15, 2.9 / 3])
    np.testing.assert_allclose(frequencies, [0.0, 1.0, 2.0 / 3])
    assert METRICS["calibration_error"](predicted, y) == pytest.approx((0.1 + 0.85 + 0.9) / 5)
    # Of several classes it is the probability of the one that is predicted, and whether that is right.
    softmax, truth = np.array([[0.65, 0.25], [0.35, 0.75]])[:, [0, 0, 1]], np.eye(2)[:, [0, 1, 1]]
    three = np.vstack([softmax, np.zeros(3)]), np.vstack([truth, np.zeros(3)])
    assert METRICS["calibration_error"](*three) == pytest.approx((abs(0.65 - 0.5) * 2 + 0.25) / 3)


def test_what_is_not_defined_is_nan() -> None:
    scores = np.array([[0.2, 0.7, 0.9]])
    ones, zeros = np.ones((1, 3)), np.zeros((1, 3))
    assert math.isnan(METRICS["roc_auc"](scores, ones)) and math.isnan(METRICS["roc_auc"](scores, zeros))
    assert METRICS["average_precision"](scores, ones) == 1.0
    assert math.isnan(METRICS["average_precision"](scores, zeros))
    assert math.isnan(METRICS["mape"](scores, np.array([[0.0, 1.0, 2.0]]))), "a share of nothing"
    lost = np.array([[np.nan, 0.7, 0.9]])
    for name in ("roc_auc", "average_precision", "log_loss", "brier", "calibration_error"):
        assert math.isnan(METRICS[name](lost, np.array([[1.0, 0.0, 1.0]]))), name


def test_probabilities_of_0_and_1_that_are_wrong_have_a_finite_log_loss() -> None:
    for dtype in (np.float32, np.float64):
        loss = METRICS["log_loss"](np.array([[0.0, 1.0]], dtype), np.array([[1.0, 0.0]], dtype))
        assert loss == pytest.approx(-math.log(np.finfo(dtype).eps), rel=1e-6)


def test_a_relative_error_is_of_the_target_before_it_was_standardized() -> None:
    y, predicted, mean = np.array([[10.0, 20.0]]), np.array([[11.0, 18.0]]), 15.0
    inside = measure(["mape", "rmse"], predicted - mean, y - mean, np.array([[mean]]))
    assert inside == pytest.approx({"mape": 0.1, "rmse": math.sqrt(2.5)})  # 1 of 10 and 2 of 20


def test_thresholds_are_the_distinct_scores_from_the_highest() -> None:
    found = Thresholds.of(np.array([0.5, 0.9, 0.5, 0.1]), np.array([True, True, False, False]))
    assert found.scores.tolist() == [0.9, 0.5, 0.1]
    assert (found.right.tolist(), found.wrong.tolist()) == ([1, 2, 2], [0, 1, 2])
    false_positive, true_positive = found.rates
    assert (false_positive.tolist(), true_positive.tolist()) == ([0, 0, 0.5, 1], [0, 0.5, 1, 1])


def test_every_metric_is_in_the_table_of_measures() -> None:
    assert set(METRICS) == set(MEASURES) - {"loss"}
    asked_for = {name for name in MEASURES if not MEASURES[name].by_class} - {"loss"} | set(BY_CLASS)
    assert set(get_args(MetricName)) == asked_for
    assert is_rising("val_f1") and is_rising("recall[2]") and not is_rising("val_log_loss") and not is_rising("seconds")
