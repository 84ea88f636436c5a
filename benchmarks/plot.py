"""How long does a loss plot of 100x30 take, from data to strips, beside the usual plot widget?

textual-plotext (over plotext 5) can't share an environment with plotext 6, so it is installed into a
throw-away one; without a package index that half is left out, and said so.

Usage: python benchmarks/plot.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.style import Style

from tui_trainer.plotting.frame import Frame
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.training.series import DownsampledSeries
from tui_trainer.ui.plot_widgets import strip

WIDTH, HEIGHT, POINTS, REPEATS = 100, 30, 1000, 60

USUAL = f"""
import asyncio, statistics, sys, time
import numpy as np
from textual.app import App
from textual_plotext import PlotextPlot
class Host(App):
    def compose(self):
        yield PlotextPlot()
async def main():
    app = Host()
    async with app.run_test(size=({WIDTH}, {HEIGHT})) as pilot:
        widget = app.query_one(PlotextPlot)
        x = np.arange(1, {POINTS} + 1)
        times = []
        for number in range(8):
            y = np.exp(-x / 300.0) + 0.05 + 0.01 * np.random.default_rng(number).normal(size=len(x))
            started = time.perf_counter()
            widget.plt.clear_data()
            widget.plt.plot(x.tolist(), y.tolist(), label="train")
            widget.plt.plot(x.tolist(), (1.1 * y).tolist(), label="validation")
            widget.refresh()
            widget.render_lines(widget.size.region)
            times.append(time.perf_counter() - started)
        print(statistics.median(times[1:]))
asyncio.run(main())
"""


def paint(frame: Frame, styles: Mapping[int, Style]) -> None:
    """Make the strips of a whole frame, as the widget does."""
    for row in range(len(frame.rows)):
        strip(frame, row, styles)


def curves(points: int, seed: int = 0) -> np.ndarray:
    """A loss that falls with a little noise, (points,)."""
    x = np.arange(1, points + 1)
    return np.exp(-x / (0.3 * points)) + 0.05 + 0.01 * np.random.default_rng(seed).normal(size=points)


def ours(counts: Sequence[int]) -> dict[int, float]:
    """Median seconds of a drawing, by the number of steps that a run has recorded; all take turns."""
    styles = {role: Style() for role in range(256)}
    runs = {points: [_recorded(points, seed) for seed in (0, 1)] for points in counts}
    times: dict[int, list[float]] = {points: [] for points in counts}
    for _ in range(REPEATS):
        for points, series in runs.items():
            started = time.perf_counter()
            named = zip(("train", "validation"), series, strict=True)
            lines = tuple(
                Series(name, *one.points(), name, sign="○" if name == "validation" else "") for name, one in named
            )
            paint(render_plot(Plot(lines, "epoch", "loss"), WIDTH, HEIGHT), styles)
            times[points].append(time.perf_counter() - started)
    return {points: statistics.median(taken) for points, taken in times.items()}


def _recorded(points: int, seed: int) -> DownsampledSeries:
    thinned = DownsampledSeries()
    thinned.extend(curves(points, seed))
    return thinned


def usual() -> float | None:
    """Median seconds of textual-plotext on as many points, or None where it can't be installed."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        packages = ["textual-plotext", "plotext<6", "numpy"]
        if subprocess.run([python, "-m", "pip", "install", "-q", *packages]).returncode:
            return None
        shown = subprocess.run([python, "-c", USUAL], capture_output=True, text=True)
        if shown.returncode:
            print(shown.stderr[-500:], file=sys.stderr)
            return None
        return float(shown.stdout)


def main() -> None:
    """Print milliseconds by number of recorded steps, and the ratio to the usual widget."""
    times = ours([10**power for power in range(2, 8)])
    for points, seconds in times.items():
        print(f"{points:>12,} recorded   {1e3 * seconds:6.1f} ms")
    print(f"slowest over quickest: {max(times.values()) / min(times.values()):.2f} (mark: 1.3)")
    other = usual()
    if other is None:
        print("textual-plotext could not be installed: no comparison")
    else:
        print(
            f"textual-plotext at {POINTS:,} points: {1e3 * other:.1f} ms, {other / times[POINTS]:.1f}x ours (mark: 10x)"
        )


if __name__ == "__main__":
    main()
