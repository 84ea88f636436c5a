"""With 10,000 runs in the store: how long until the Runs tab shows the list, and until a filter typed is shown?

The app runs under a pilot, its trainer as a process of its own; a time ends when the rows that came are on the screen.
The store is made for the purpose: the index, experiments and epochs of real runs, and snapshots of their size.

Usage: python benchmarks/runs.py [RUNS]
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from tui_trainer.app.app import TrainerApp
from tui_trainer.app.screen import MainScreen
from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment, LayerConfig
from tui_trainer.experiment.toml_file import dumps
from tui_trainer.store.schema import IndexedRun, write_index_row
from tui_trainer.store.store import Store
from tui_trainer.tabs.runs.table import RunsPanel
from tui_trainer.tabs.runs.view import RunsView

RUNS = 10_000
OPENED, FILTERED = 0.2, 0.05  # seconds that they may take
FILTERS = (
    "iris",
    "loss<0.1 dataset=iris state=finished",
    "lr>=0.01 layers=16-8",
    "tag=book -diverged",
    "loss<0.5 or x",
)
SNAPSHOT = 4000  # bytes, of a small network


def make_store(path: Path, runs: int = RUNS, seed: int = 0) -> None:
    """A store with so many runs, all different."""
    rng = random.Random(seed)
    store = Store(path, "nobody")
    experiments = [_experiment(rng) for _ in range(60)]
    texts = [dumps(experiment) for experiment in experiments]
    now = time.time()
    with store.writing() as connection:
        for run in range(1, runs + 1):
            which = rng.randrange(len(experiments))
            _add(connection, run, experiments[which], texts[which], rng, now)
    store.close()


def _experiment(rng: random.Random) -> Experiment:
    layers = tuple(LayerConfig(rng.choice((4, 8, 16, 32))) for _ in range(rng.randrange(4)))
    changes: dict[str, object] = {
        "name": rng.choice(("first try", "wide", "deep", "small rate", "book 2.1", "momentum")),
        "dataset.name": rng.choice(("iris", "wine", "boston", "moons", "spiral")),
        "training.optimizer.name": rng.choice(("sgd", "adam", "rmsprop")),
        "training.learning_rate": rng.choice((0.001, 0.01, 0.05, 0.1)),
        "model.seed": rng.randrange(100),
    }
    experiment = Experiment()
    for field, value in changes.items():
        experiment = with_field(experiment, field, value)
    return with_field(experiment, "model.layers", layers)


def _add(
    connection: sqlite3.Connection, run: int, experiment: Experiment, text: str, rng: random.Random, now: float
) -> None:
    saved = now - 60 * (RUNS - run) * rng.random()
    state = rng.choices(("finished", "stopped early", "diverged", "paused"), (80, 10, 5, 5))[0]
    loss = rng.lognormvariate(-1.5, 1.0)
    score = "val_r2" if experiment.dataset.name == "boston" else "val_accuracy"
    latest = {"loss": loss, "val_loss": loss * rng.uniform(0.9, 1.5), score: rng.random()}
    epoch = experiment.training.epochs if state == "finished" else rng.randrange(1, 200)
    values = (run, saved, saved, 0, f"{experiment.name} {run}", text, state, epoch, 4 * epoch, "{}", "nobody")
    connection.execute(
        "INSERT INTO runs (id, started, updated, pid, name, experiment, state, epoch, step, latest, owner)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    seconds = rng.expovariate(0.1)
    row = IndexedRun(values[4], experiment, "nobody", state, epoch, 4 * epoch, latest, seconds, saved, saved)
    write_index_row(connection, run, row)
    connection.execute("UPDATE cards SET tags = ? WHERE run = ?", (rng.choice(("", "", "book", "keep book")), run))
    connection.execute("INSERT INTO snapshots VALUES (?, ?)", (run, rng.randbytes(SNAPSHOT)))


def is_drawn(panel: RunsPanel, view: RunsView) -> bool:
    """Whether what the view shows now has been drawn."""
    return panel._drawn_from is not None and panel._drawn_from[0] is view.sheet


async def until(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Let the app work until ``holds``."""
    deadline = time.perf_counter() + 30
    while not holds():
        if time.perf_counter() > deadline:
            raise TimeoutError("the app never showed what was waited for")
        await asyncio.sleep(0)


async def measure() -> tuple[float, list[float]]:
    """Seconds until the tab is there, and for each filter until its rows are."""
    app = TrainerApp(Experiment(), owns_process=True)  # as the command opens it: its collector is spared after a second
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, MainScreen)
        await until(pilot, lambda: screen.state == "ready")
        await asyncio.sleep(1.5)  # so that the start is over
        started = time.perf_counter()
        screen.action_tab("runs")
        await until(pilot, lambda: isinstance(screen.tabs.view, RunsView))
        view = screen.tabs.view
        assert isinstance(view, RunsView)
        panel = view.query_one(RunsPanel)
        await until(pilot, lambda: view.listed is not None and is_drawn(panel, view))
        opened = time.perf_counter() - started
        filtered = []
        for text in (*FILTERS, "") * 3:
            before = view.listed
            started = time.perf_counter()
            view.filter = text
            view.ask()
            await until(pilot, lambda before=before: view.listed is not before and is_drawn(panel, view))
            filtered.append(time.perf_counter() - started)
            assert view.listed is not None and view.listed.filter == text
    return opened, filtered


def main() -> None:
    """Print both times, beside what they may take."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder) / "runs.sqlite", runs)
        os.environ["TUI_TRAINER_DATA"] = folder
        results = [asyncio.run(measure()) for _ in range(3)]
    opened = statistics.median(result[0] for result in results)
    filtered = [seconds for result in results for seconds in result[1]]
    print(f"{runs:,} runs")
    print(f"the Runs tab opened in     {1e3 * opened:6.1f} ms (may take {1e3 * OPENED:.0f})")
    print(f"a filter, median           {1e3 * statistics.median(filtered):6.1f} ms (may take {1e3 * FILTERED:.0f})")
    print(f"a filter, slowest          {1e3 * max(filtered):6.1f} ms")


if __name__ == "__main__":
    main()
