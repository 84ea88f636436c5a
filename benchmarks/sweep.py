"""How much sooner is a sweep done that runs side by side, than the same runs one after the other in one process?

Both do 24 runs of a second or two each. The first figure includes the start of the processes, each time anew. What
else the machine does counts: the share of a core that a single process got is printed with it.

Usage: python benchmarks/sweep.py [ROUNDS]
"""

from __future__ import annotations

import os
import sys
import time

import joblib
from joblib.externals.loky import get_reusable_executor

from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.sweep import SweepResult, sweep

ROUNDS = 3
MARK = 0.6
FIELDS = {
    "training.learning_rate": [0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
    "model.layers[0].units": [16, 24, 32, 48],
}
EXPERIMENT = Experiment(
    name="digits",
    dataset=DatasetConfig("digits"),
    model=ModelConfig(layers=(LayerConfig(16),)),
    training=TrainingConfig(epochs=1500),
)


def timed(jobs: int) -> tuple[float, float, SweepResult]:
    """Seconds of a sweep, the share of a core that this process had, and the result."""
    started, worked = time.perf_counter(), time.process_time()
    result = sweep(EXPERIMENT, FIELDS, jobs=jobs, keep=False)
    seconds = time.perf_counter() - started
    get_reusable_executor().shutdown(wait=True)  # so that the next one starts its processes itself
    return seconds, (time.process_time() - worked) / seconds, result


def main() -> None:
    """Print both times of each round, and the best and the worst ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    jobs = joblib.cpu_count()
    sweep(EXPERIMENT, {"training.epochs": [1]}, jobs=1, keep=False)  # imports, and the data in the file cache
    ratios = []
    for _ in range(rounds):
        alone, share, one = timed(1)
        together, _, other = timed(jobs)
        assert [row.scores for row in one.rows] == [row.scores for row in other.rows]
        ratios.append(together / alone)
        longest = max(row.seconds for row in one.rows)
        print(
            f"{len(one.rows)} runs of {alone / len(one.rows):.2f} s on average, {longest:.2f} s at most: "
            f"one after the other {alone:.1f} s, {jobs} at a time {together:.1f} s: {ratios[-1]:.2f}; "
            f"a single process had {share:.0%} of a core, load {os.getloadavg()[0]:.1f}"
        )
    low, high = min(ratios), max(ratios)
    print(f"ratio {low:.2f} to {high:.2f}, {low / MARK:.2f} to {high / MARK:.2f} of the mark of {MARK} on two cores")


if __name__ == "__main__":
    main()
