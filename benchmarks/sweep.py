"""How long does a sweep take: from the command to the table, beside an older version, scikit-learn, and one process?

    python benchmarks/sweep.py [--rounds N] [--before FOLDER]

First, 64 runs of Iris with 16 units over 200 epochs (8 rates, 8 seeds) as a command; with ``--before``, a checkout of
an older version, in pairs with that. Then 8 rates over 5 folds beside scikit-learn's ``GridSearchCV(n_jobs=2)``, each
as a command of its own, where scikit-learn is installed. Last, 24 runs that take long, in several processes and in one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import joblib
from joblib.externals.loky import get_reusable_executor

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.sweep import SweepResult, sweep

ROOT = Path(__file__).parents[1]
RATES = "0.001,0.003,0.01,0.03,0.1,0.3,1,3"
TABLE = ["--set", f"training.learning_rate={RATES}", "--set", "model.seed=1,2,3,4,5,6,7,8"]
FOLDS = ["--set", f"training.learning_rate={RATES}", "--folds", "5"]
# A file of today with every field would be refused by the version before.
IRIS = """name = "iris 16"
[dataset]
name = "iris"
[[model.layers]]
units = 16
[training]
epochs = 200
"""
TABLE_MARK = 5.0
GRID_SEARCH = f"""
import warnings
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("ignore")
network = MLPClassifier(
    (16,), solver="sgd", momentum=0.0, alpha=0.0, batch_size=32, max_iter=200, tol=0.0, n_iter_no_change=1000
)
search = GridSearchCV(
    make_pipeline(StandardScaler(), network),
    {{"mlpclassifier__learning_rate_init": [{RATES}]}},
    cv=StratifiedKFold(5, shuffle=True, random_state=0),
    n_jobs=2,
    refit=False,
)
search.fit(*load_iris(return_X_y=True))
print(search.cv_results_["mean_test_score"])
"""
LONG_FIELDS = {
    "training.learning_rate": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
    "model.layers[0].units": [128, 160, 192, 256],
}
LONG = Experiment(
    name="digits",
    dataset=DatasetConfig("digits"),
    model=ModelConfig(layers=(LayerConfig(16),)),
    training=TrainingConfig(epochs=60),
)


def seconds_of(command: list[str], root: Path = ROOT) -> float:
    """The seconds that ``command`` takes from its start to its end, with the package of ``root`` and a new store."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(root), "TUI_TRAINER_DATA": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled once
        started = time.perf_counter()
        subprocess.run(command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


def sweep_command(experiment: Path, options: list[str]) -> list[str]:
    return [sys.executable, "-P", "-m", "tui_trainer", "sweep", str(experiment), *options]


def compare_commands(rounds: int, before: Path | None) -> None:
    """Print the seconds of the sweeps, and how many times as long the others take."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = Path(folder) / "iris.toml"
        experiment.write_text(IRIS, encoding="utf-8")
        table, folds = sweep_command(experiment, TABLE), sweep_command(experiment, FOLDS)
        ways = {"64 runs of Iris": lambda: seconds_of(table)}
        if before is not None:
            ways["the same, the version before"] = lambda: seconds_of(table, before)
        ways["8 rates over 5 folds"] = lambda: seconds_of(folds)
        if has_scikit_learn():
            ways["GridSearchCV(n_jobs=2)"] = lambda: seconds_of([sys.executable, "-c", GRID_SEARCH])
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, run in ways.items():
                taken[name].append(run())
    for name, seconds in taken.items():
        print(f"{name}: {min(seconds):.2f} s at least, {statistics.median(seconds):.2f} s in the median")
    for name, other, mark in (
        ("64 runs of Iris", "the same, the version before", TABLE_MARK),
        ("8 rates over 5 folds", "GridSearchCV(n_jobs=2)", None),
    ):
        if other in taken:
            ratio = statistics.median(b / a for a, b in zip(taken[name], taken[other], strict=True))
            verdict = "" if mark is None else f" (mark {mark:g}: {'met' if ratio >= mark else 'missed'})"
            print(f"{other} takes {ratio:.2f} times as long, in pairs{verdict}")


def has_scikit_learn() -> bool:
    return subprocess.run([sys.executable, "-c", "import sklearn"], capture_output=True, check=False).returncode == 0


def timed(jobs: int) -> tuple[float, float, SweepResult]:
    """Seconds of a sweep, the share of a core that this process had, and the result."""
    started, worked = time.perf_counter(), time.process_time()
    result = sweep(LONG, LONG_FIELDS, jobs=jobs, keep=False)
    seconds = time.perf_counter() - started
    get_reusable_executor().shutdown(wait=True)  # so that the next one starts its processes itself
    return seconds, (time.process_time() - worked) / seconds, result


def compare_processes(rounds: int) -> None:
    """Print both times of each round, and the best and the worst ratio."""
    jobs = joblib.cpu_count()
    sweep(LONG, {"training.epochs": [1]}, jobs=1, keep=False)  # imports, and the data in the file cache
    ratios = []
    for _ in range(rounds):
        alone, share, one = timed(1)
        together, _, other = timed(jobs)
        assert [row.scores for row in one.rows] == [row.scores for row in other.rows]
        ratios.append(together / alone)
        print(
            f"{len(one.rows)} runs in one process {alone:.1f} s, in {jobs} processes {together:.1f} s: "
            f"{ratios[-1]:.2f}; one process had {share:.0%} of a core, load {os.getloadavg()[0]:.1f}"
        )
    print(f"ratio {min(ratios):.2f} to {max(ratios):.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="a checkout of an older version")
    options = parser.parse_args()
    compare_commands(options.rounds, options.before)
    compare_processes(options.rounds)


if __name__ == "__main__":
    main()
