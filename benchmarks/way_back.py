"""How long until a run is back: after its trainer was killed, and after both were, by ``tui-trainer --resume``?

    python benchmarks/way_back.py [--pairs N] [--before FOLDER]

Each time from the kill, or from the command, to the sentence that says where the run is. FOLDER is a checkout of an
older version, which takes turns with this one.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pty_app import TRAINING, PtyApp

ROOT = Path(__file__).parents[1]
TRAINER, BACK = b"runtime.worker", b"Back at epoch"
TRAINED, PATIENCE = 4.0, 20.0  # seconds


def app_of(checkout: Path, data_folder: Path, *words: str) -> PtyApp:
    """The app of a checkout, with its runs in ``data_folder``."""
    return PtyApp(
        [sys.executable, "-m", "tui_trainer", *words],
        data_folder=data_folder,
        variables={"PYTHONPATH": str(checkout)},
    )


def trainer_of(app: PtyApp) -> int:
    """The process id of an app's trainer."""
    children = Path(f"/proc/{app.pid}/task/{app.pid}/children").read_text().split()
    return next(int(pid) for pid in children if TRAINER in Path(f"/proc/{pid}/cmdline").read_bytes())


def ways_back(checkout: Path) -> tuple[float, float]:
    """Seconds until a run is back after its trainer was killed, and after the app was, too."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = Path(folder) / "run.toml"
        experiment.write_text(TRAINING)
        app = app_of(checkout, Path(folder), "--pace", "full", str(experiment))
        app.read_until(b"epoch", PATIENCE)
        app.read(1.5)
        app.press(b" ")
        app.read(TRAINED)
        killed = time.perf_counter()
        os.kill(trainer_of(app), signal.SIGKILL)
        app.read_until(BACK, PATIENCE)
        trainer_back = time.perf_counter() - killed
        app.read(1.0)
        os.kill(trainer_of(app), signal.SIGKILL)
        app.end()
        app = app_of(checkout, Path(folder), "--resume")
        app.read_until(BACK, PATIENCE)
        resumed = time.perf_counter() - app.started
        app.read(0.5)
        app.close()
    return trainer_back, resumed


def main() -> None:
    """Print the medians of both, and their ratios to those of the version before, pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--before", type=Path)
    options = parser.parse_args()
    before, now = [], []
    for _ in range(options.pairs):
        if options.before is not None:
            before.append(ways_back(options.before.resolve()))
        now.append(ways_back(ROOT))
    for place, name in enumerate(("killed trainer", "--resume")):
        line = f"{name:<16}{1e3 * statistics.median(times[place] for times in now):6.0f} ms"
        if before:
            ratios = [after[place] / earlier[place] for earlier, after in zip(before, now, strict=True)]
            earlier = 1e3 * statistics.median(times[place] for times in before)
            line += f"   before {earlier:6.0f} ms   pair by pair {statistics.median(ratios):.2f}"
        print(line)


if __name__ == "__main__":
    main()
