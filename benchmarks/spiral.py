"""How well the lesson on the spiral does: ten seeds without noise, then with noise 25 and 50.

    PYTHONPATH=. python benchmarks/spiral.py

Without noise a run stops once 97 % of the validation points are right, or after 10 seconds of training. With noise
it trains for 10 seconds, and both the accuracy at the end and the best on the way are told.
"""

from __future__ import annotations

from statistics import median

from tui_trainer.book.library import packaged
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.training.session import Session

SEEDS = range(10)
GOAL = 0.97


def trained(experiment: Experiment, seed: int) -> tuple[float, float, float]:
    """Validation accuracy at the end, the best on the way, and the seconds of training."""
    for path in ("dataset.seed", "model.seed"):
        experiment = with_field(experiment, path, seed)
    session = Session()
    session.load(experiment)
    session.train()
    session.advance_to_end()
    followed = session.history.epochs["val_accuracy"]
    return followed[-1], max(followed), session.seconds


def main() -> None:
    """Print a line a seed, then a line a noise."""
    lesson = next(lesson for lesson in packaged().lessons if lesson.id == "book:spiral_tanh")
    print(f"{'seed':>4}  {'accuracy':>8}  {'seconds':>7}")
    reached = 0
    for seed in SEEDS:
        accuracy, _, seconds = trained(lesson.experiment, seed)
        reached += accuracy >= GOAL
        print(f"{seed:4}  {accuracy:8.1%}  {seconds:7.2f}")
    print(f"{GOAL:.0%} reached by {reached} of {len(SEEDS)} seeds (mark: 8 in under 10 s)")
    for noise in (25, 50):
        noisy = with_field(with_field(lesson.experiment, "dataset.noise", noise), "training.stop_at_accuracy", None)
        runs = [trained(noisy, seed) for seed in SEEDS]
        ends, bests = [run[0] for run in runs], [run[1] for run in runs]
        print(
            f"noise {noise}: at the end {min(ends):.1%} to {max(ends):.1%}, median {median(ends):.1%}; "
            f"best on the way {min(bests):.1%} to {max(bests):.1%}, median {median(bests):.1%}"
        )


if __name__ == "__main__":
    main()
