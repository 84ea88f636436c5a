"""How good and how quick the usual settings are on the test part, beside scikit-learn's, on the same rows in turn.

python benchmarks/baselines.py [--seeds 10]

Needs scikit-learn. Ours is what ``tui-trainer train --csv`` does, theirs an MLPClassifier or MLPRegressor with its own
settings behind a StandardScaler, the target scaled as well. Both train on the rows that are not in the test part; ours
holds a fifth of all rows back for validation and does not train on them. Times are those of training alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tui_trainer.datasets.catalog import GOOD_SETTINGS, good_settings
from tui_trainer.engine.metrics import METRICS
from tui_trainer.experiment.schema import OWN_DATA, DatasetConfig, Experiment
from tui_trainer.training.session import Session

ROWS, FEATURES, POSITIVES = 50_000, 30, 0.07  # of the made table
HELD_BACK = 0.2
TABLES = ("breast_cancer", "wine", "digits", "boston", "made")


def made(folder: Path) -> Path:
    """Write a table of two classes, of which the rarer one depends on some of the features, and not on these alone."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES))
    score = x[:, 0] + x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3]) + 0.5 * x[:, 4] ** 2 + rng.normal(0.0, 0.7, ROWS)
    label = (score > np.quantile(score, 1 - POSITIVES)).astype(int)
    path = folder / "made.csv"
    names = ",".join([*(f"x{number}" for number in range(FEATURES)), "churned"])
    np.savetxt(path, np.column_stack([x.round(4), label]), delimiter=",", header=names, comments="", fmt="%.6g")
    return path


def experiment_of(name: str, seed: int, path: Path) -> Experiment:
    """The usual settings of one's own data, for a table that comes with the app or the one at ``path``."""
    parts: dict[str, Any] = {"test_split": HELD_BACK, "validation_split": HELD_BACK, "seed": seed}
    if name == "made":
        dataset = DatasetConfig(path=str(path), target="churned", **parts)
    else:
        dataset = DatasetConfig(name, standardize_target=True, **parts)
    settings = good_settings(dataset) if name == "made" else GOOD_SETTINGS[None]
    assert settings is not None
    return settings.applied_to(replace(OWN_DATA, dataset=dataset, model=replace(OWN_DATA.model, seed=seed)))


def theirs(session: Session, seed: int) -> tuple[NDArray[Any], float]:
    """What scikit-learn predicts of the test part (outputs, n), as the engine's metrics take it, and its seconds."""
    data, parts = session.dataset, session.split
    rows = np.concatenate([parts.train_rows, parts.val_rows])
    if data.labels is None:
        network = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
        answers = data.y[:, 0]
    else:
        network, answers = MLPClassifier(random_state=seed), data.labels
    model = make_pipeline(StandardScaler(), network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        started = time.perf_counter()
        model.fit(data.x[rows], answers[rows])
        seconds = time.perf_counter() - started
    x = data.x[parts.test_rows]
    if data.labels is None:
        return model.predict(x)[None], seconds
    shares = model.predict_proba(x).T
    return (shares[1:] if parts.y_test.shape[1] == 1 else shares), seconds


def main() -> None:
    """Print a line for each table and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tables", nargs="*", default=TABLES, choices=TABLES)
    options = parser.parse_args()
    print(f"test part, mean and deviation of {options.seeds} seeds")
    print(f"{'table':<14} {'measure':<18} {'ours':>15} {'scikit-learn':>15} {'ours s':>8} {'theirs s':>9}")
    with tempfile.TemporaryDirectory() as folder:
        path = made(Path(folder))
        for name in options.tables:
            scores: dict[str, list[tuple[float, float]]] = {}
            seconds = []
            for seed in range(options.seeds):
                session = Session()
                session.load(experiment_of(name, seed, path))
                started = time.perf_counter()
                session.train()
                session.advance_to_end()
                own_seconds = time.perf_counter() - started
                other, other_seconds = theirs(session, seed)
                target = session.split.target
                y = target.restore(session.split.y_test).T
                own = target.restore(session.trainer.model.predict(session.split.x_test)).T
                measures = ["r2"] if session.dataset.labels is None else ["accuracy", "balanced_accuracy", "log_loss"]
                for measure in [*measures, *(["average_precision"] if name == "made" else [])]:
                    scores.setdefault(measure, []).append((METRICS[measure](own, y), METRICS[measure](other, y)))
                seconds.append((own_seconds, other_seconds))
            times = np.median(seconds, axis=0)
            for place, (measure, values) in enumerate(scores.items()):
                (own_mean, other_mean), (own_spread, other_spread) = np.mean(values, axis=0), np.std(values, axis=0)
                ours, others = f"{own_mean:7.4f} ± {own_spread:.3f}", f"{other_mean:7.4f} ± {other_spread:.3f}"
                line = f"{name:<14} {measure:<18} {ours} {others}"
                print(f"{line} {times[0]:8.2f} {times[1]:9.2f}" if place == 0 else line, flush=True)


if __name__ == "__main__":
    main()
