"""Pictures of docs/runs.md: a list of runs with three of them compared, and their losses in one plot.

The runs are trained here, a few hundred epochs each; when, and how long that took, is written over with numbers that
are always the same.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from taking import (  # beside this file, and puts this checkout first
    ROOT,
    Pictures,
    open_tab,
    picture,
    training_screen,
    until_shown,
)

from tui_trainer.app.app import TrainerApp
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.experiment.toml_file import read
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.store.edits import RunEdits
from tui_trainer.store.store import Store, default_path
from tui_trainer.training.session import Session

SIZE = (120, 36)
EPOCHS = 100
RUNS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("first try", "book", {}),
    ("small rate", "book rate", {"training.learning_rate": 0.005}),
    ("large rate", "book rate", {"training.learning_rate": 0.5}),
    ("no hidden layer", "book", {"model.layers": ()}),
    ("deep", "", {"model.layers": (LayerConfig(16), LayerConfig(8, "tanh"))}),
    ("Adam", "keep", {"training.optimizer.name": "adam", "training.learning_rate": 0.01}),
    ("L2 penalty", "", {"training.l2": 0.01}),
    ("wine", "", {"dataset.name": "wine"}),
    ("house prices", "", {"dataset.name": "boston", "training.learning_rate": 0.005}),
    ("too large a rate", "", {"dataset.name": "boston", "training.learning_rate": 5.0}),
)


def make_runs() -> None:
    """Train and keep them."""
    for name, _, changes in RUNS:
        experiment = with_field(read(ROOT / "examples" / "iris.toml"), "name", name)
        for path, value in {"training.epochs": EPOCHS, **changes}.items():
            experiment = with_field(experiment, path, value)
        session, keeper = Session(), Checkpointer(default_path(), "nobody")
        session.load(experiment)
        session.train()
        while session.state == "running":
            session.advance(0.1)
        keeper.save(session)
    edits = RunEdits(Store(default_path(), "nobody"))
    for number, (_, tags, _) in enumerate(RUNS, start=1):
        edits.tag((number,), tags.split(), ())
    edits.pin((6,), True)
    _set_times(default_path())


def _set_times(path: Path) -> None:
    connection = sqlite3.connect(path)
    for number in range(1, len(RUNS) + 1):
        saved = time.time() - 90.0 * 4 ** (len(RUNS) - number) ** 0.75
        connection.execute("UPDATE cards SET updated = ?, seconds = ? WHERE run = ?", (saved, 1.5 * number, number))
        connection.execute("UPDATE runs SET updated = ?, watched = 1 WHERE id = ?", (saved, number))
    connection.commit()
    connection.close()


async def take() -> Sequence[str]:
    """Both pictures as SVG."""
    make_runs()
    app = TrainerApp(Experiment())
    async with app.run_test(size=SIZE) as pilot:
        await training_screen(pilot)
        await pilot.press("m", "8")
        await until_shown(pilot, f"{len(RUNS)} runs")
        await pilot.press("end")
        for count in range(1, 4):
            await pilot.press("v", "up")
            await until_shown(pilot, f"{count} chosen")
        await pilot.press("w")
        await until_shown(pilot, "training.learning_rate")
        listed = picture(app)
        await open_tab(pilot, "0", "loss")
        await pilot.press("y", "right", *["left"] * 30)
        await until_shown(pilot, "first try 0.")
        return listed, picture(app)


ALL = (Pictures(("runs", "runs_loss"), take),)
