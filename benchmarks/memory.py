"""Does memory grow with the number of steps? Resident memory of both processes over 10^6 steps.

Usage: python benchmarks/memory.py
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pty_app import open_app

STEPS, LOOKS = 1_000_000, 10


def resident(pid: int) -> float:
    """Megabytes of a process in memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def steps_saved(folder: Path) -> int:
    """The step of the newest snapshot."""
    store = sqlite3.connect(folder / "runs.sqlite")
    row = store.execute("SELECT step FROM runs ORDER BY id DESC").fetchone()
    store.close()
    return int(row[0])


def main() -> None:
    """Print memory at each tenth of the steps, and the growth from the second look on."""
    app = open_app()
    child = int(Path(f"/proc/{app.pid}/task/{app.pid}/children").read_text().split()[0])
    looks = []
    try:
        app.press(b" ")
        app.read(2.0)
        for number in range(1, LOOKS + 1):
            while (steps := steps_saved(app.data_folder)) < number * STEPS // LOOKS:
                app.read(0.5)
            looks.append((resident(app.pid), resident(child)))
            print(
                f"{steps:>10,} steps   app {looks[-1][0]:6.1f} MB   trainer {looks[-1][1]:6.1f} MB",
                flush=True,
            )
    finally:
        app.close()
    for name, index in (("app", 0), ("trainer", 1)):
        print(f"{name} grew by {looks[-1][index] - looks[1][index]:+.1f} MB over the last {STEPS * 8 // 10:,} steps")


if __name__ == "__main__":
    main()
