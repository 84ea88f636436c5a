"""How long does the Landscape view take a step: computed in the runtime, and drawn, 100x30, in the UI's process?

Every kind of picture, step by step, from the report's bytes to the strips the terminal is sent.

Usage: python benchmarks/landscape.py
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from plot import paint
from rich.style import Style

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.experiment.toml_file import read
from tui_trainer.plotting import heatmaps
from tui_trainer.plotting.lines import render_plot
from tui_trainer.protocol import Update, encode, frame, report_decoder
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.drawing import chart, curve, position_text, steps_text, update_text
from tui_trainer.tabs.landscape.messages import Landscape, WatchLandscape
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session

Result = TypeVar("Result")

WIDTH, HEIGHT, STEPS = 100, 30, 60
MARK = 15.0  # milliseconds a drawing may take
HEADER = 4  # bytes before a frame's body
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


class Styles(dict[int, Style]):
    """A style for each role, made when it is first asked for, as a widget does."""

    def __missing__(self, role: int) -> Style:
        style = self[role] = Style(color=f"rgb({role % 256},0,0)", bgcolor=f"rgb(0,{role % 256},0)")
        return style


def cases() -> dict[str, tuple[Experiment, str]]:
    """What is looked at: an experiment and a kind of picture."""
    perceptron, iris = read(EXAMPLES / "perceptron.toml"), read(EXAMPLES / "iris.toml")
    two = with_field(perceptron, "model.output.use_bias", True)
    return {
        "curve, 1 parameter": (perceptron, "curve"),
        "curve, batches of 32": (with_field(perceptron, "training.batch_size", 32), "curve"),
        "curve, diverging": (with_field(perceptron, "training.learning_rate", 5e-5), "curve"),
        "contour, 2 parameters": (two, "contour"),
        "contour, batches of 4": (with_field(two, "training.batch_size", 4), "contour"),
        "slice, 243 parameters": (iris, "slice"),
        "plane, 243 parameters": (iris, "plane"),
        "plane, 133,635 parameters": (read(EXAMPLES / "iris_overfit.toml"), "plane"),
    }


def draw(content: Landscape) -> None:
    """All that changes on the screen, as strips."""
    if content.map is None:
        paint(render_plot(curve(content, False), WIDTH, HEIGHT), Styles())
    else:
        paint(heatmaps.render_heatmap(chart(content, content.map), WIDTH, HEIGHT), Styles())
    if content.way is None:
        position_text(content)
    else:
        update_text(content)
        steps_text(content, HEIGHT)


def measure(experiment: Experiment, kind: str) -> tuple[list[float], list[float]]:
    """Milliseconds a step for computing and for drawing; the first, which fills the caches, left out."""
    session = Session()
    session.load(experiment)
    look = LandscapeCompute(TrainerContext(session))
    request = WatchLandscape(WIDTH - 6, 2 * (HEIGHT - 4), kind)
    computing, drawing = [], []
    for _ in range(STEPS):
        session.step()
        spent, content = timed(lambda: look.compute(request))
        computing.append(spent)
        report = frame(Update(1, "landscape", session.steps, encode(content)))
        spent, _ = timed(lambda report=report: draw(received(report)))
        drawing.append(spent)
    return computing[1:], drawing[1:]


def received(report: bytes) -> Landscape:
    """The landscape as it comes through the pipe."""
    decoded = report_decoder.decode(report[HEADER:])
    assert isinstance(decoded, Update)
    content = decode_content(decoded)
    assert isinstance(content, Landscape)
    return content


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Milliseconds of ``work``, and what it returned."""
    started = time.perf_counter()
    result = work()
    return 1e3 * (time.perf_counter() - started), result


def main() -> int:
    """Print medians and the slowest of twenty; 1 where a drawing's median is above the mark."""
    print(f"{'milliseconds a step':<28}{'computed':>10}{'p95':>8}{'drawn':>10}{'p95':>8}")
    slow = 0
    for name, case in cases().items():
        computing, drawing = measure(*case)
        numbers = [f for times in (computing, drawing) for f in (statistics.median(times), percentile(times))]
        print(f"{name:<28}{numbers[0]:>10.1f}{numbers[1]:>8.1f}{numbers[2]:>10.1f}{numbers[3]:>8.1f}")
        slow += numbers[2] > MARK
    print(f"drawn at {WIDTH}x{HEIGHT}; mark: a median under {MARK:g} ms")
    return int(slow > 0)


def percentile(times: list[float]) -> float:
    """What 95 of 100 stay under."""
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
