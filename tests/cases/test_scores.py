"""What plain ``train --csv`` reaches on held-back rows, beside scikit-learn's network with its target scaled."""

from __future__ import annotations

import argparse
import importlib.util
from functools import cache
from pathlib import Path

import pytest

from tui_trainer.cli.options import experiment_from_options
from tui_trainer.training.session import Session

pytestmark = pytest.mark.slow
FILES = Path(__file__).parent / "files"
SHARE = 0.9  # of scikit-learn's score that must be reached
# R² or accuracy of MLPRegressor in a TransformedTargetRegressor with a StandardScaler, or of MLPClassifier, each with
# max_iter=500 and random_state=0, to two digits. Files whose columns say nothing of the target are not among them.
SCORES = {
    "01_noaa_co2.csv": 0.99,
    "09_titanic.csv": 0.60,
    "10_penguins.csv": 0.90,
    "12_houses.csv": 0.98,
    "13_houses_currency.csv": 0.97,
    "14_accounting.csv": 0.99,
    "15_units_row.csv": 0.99,
    "17_report_title_footer.csv": 0.60,
    "18b_unnamed0.csv": 1.00,
    "22_energy.csv": 0.97,
    "23_concrete.csv": 0.95,
    "24b_labels_case.csv": 1.00,
    "25_fraud.csv": 0.97,
    "26_stock_dates.csv": 0.96,
    "26b_ampm.csv": 0.86,
    "26c_time_of_day.csv": 0.92,
    "32_r_write_table.txt": 0.98,
    "41_single_quotes.csv": 1.00,
    "44_cjk_emoji.csv": 1.00,
    "45_kaggle_houses.csv": 0.90,
    "48_wdbc_kaggle.csv": 0.95,
    "51_cyrillic.csv": 0.91,
    "52_sjis.csv": 0.91,
    "66_dates_ok.csv": 0.98,
}


@cache
def run(name: str) -> Session:
    """The run that ``tui-trainer train --csv FILE --missing fill`` makes."""
    options = argparse.Namespace(file=None, csv=str(FILES / name), test_csv=None, target=None, missing="fill")
    session = Session()
    session.load(experiment_from_options(options))
    session.train()
    session.advance_to_end()
    return session


@pytest.mark.parametrize("name", SCORES)
def test_usual_settings_train_well(name: str) -> None:
    session = run(name)
    assert session.state in ("finished", "stopped early")
    score = session.values["val_r2" if session.dataset.task == "regression" else "val_accuracy"]
    print(f"{name}: {score:.3f}, scikit-learn {SCORES[name]:.2f}")
    assert score >= SHARE * SCORES[name]


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="not installed: scikit-learn")
@pytest.mark.filterwarnings("ignore")
def test_the_scores_to_reach_are_those_of_scikit_learn() -> None:
    from sklearn.compose import TransformedTargetRegressor  # type: ignore[import-not-found, unused-ignore]
    from sklearn.neural_network import MLPClassifier, MLPRegressor  # type: ignore[import-not-found, unused-ignore]
    from sklearn.preprocessing import StandardScaler  # type: ignore[import-not-found, unused-ignore]

    for name, expected in SCORES.items():
        session = run(name)
        parts, data = session.split, session.dataset
        if data.labels is None:
            network = MLPRegressor(max_iter=500, random_state=0)
            model, y = TransformedTargetRegressor(network, transformer=StandardScaler()), data.y[:, 0]
        else:
            model, y = MLPClassifier(max_iter=500, random_state=0), data.labels
        score = model.fit(parts.x_train, y[parts.train_rows]).score(parts.x_val, y[parts.val_rows])
        assert score == pytest.approx(expected, abs=0.02), name
