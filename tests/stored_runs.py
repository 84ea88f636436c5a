"""Runs in the store before the app starts: trained for a few epochs each, by a session that has ended."""

from __future__ import annotations

from pathlib import Path

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.training.session import Session

EPOCHS = 5
RUNS: dict[str, dict[str, object]] = {
    "slow": {"training.learning_rate": 0.005},
    "usual": {},
    "adam": {"training.optimizer.name": "adam", "training.learning_rate": 0.01},
    "homes": {"dataset.name": "boston", "training.learning_rate": 0.005},
}


def store_runs(folder: Path, runs: dict[str, dict[str, object]] = RUNS) -> dict[str, Session]:
    """Train them, the first one first; by name, the sessions that did."""
    found = {}
    for name, changes in runs.items():
        experiment = with_field(Experiment(), "name", name)
        for path, value in {"training.epochs": EPOCHS, **changes}.items():
            experiment = with_field(experiment, path, value)
        session, keeper = Session(), Checkpointer(folder / "runs.sqlite", "gone")
        session.load(experiment)
        session.train()
        session.advance_to_end()
        keeper.save(session)
        found[name] = session
    return found
