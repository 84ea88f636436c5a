"""What does the Boundary view cost, on the screen's side and on the trainer's?

Drawing: from the bytes of a report to the strips of the whole picture, 100 x 40 cells with 500 samples on it, as it
changes while a spiral is learnt. Computing: the grid of that picture in the trainer, the small pictures with it.
Speed kept: steps between two snapshots of the store while the tab is live on a pseudo-terminal, over those of a bare
loop in a process of its own; the two take turns.

Usage: python benchmarks/boundary.py [drawing] [computing] [speed]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from plot import paint
from pty_app import open_app
from rich.style import Style
from textual.color import Color
from ui_tax import speed_kept

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, LayerConfig, ModelConfig, TrainingConfig
from tui_trainer.experiment.toml_file import dumps, read
from tui_trainer.plotting.frame import Frame, changes
from tui_trainer.plotting.heatmaps import layout, render_heatmap
from tui_trainer.plotting.lines import render_plot
from tui_trainer.plotting.plot import COLORS
from tui_trainer.protocol import HEADER, Update, encode, frame, report_decoder
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.drawing import heatmap, plot
from tui_trainer.tabs.boundary.messages import Boundary, Function, WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.session import Session
from tui_trainer.ui.plot_widgets import Tints

WIDTH, HEIGHT = 100, 40
PICTURES = 40
DRAWING_MARK, SPEED_MARK = 20.0, 0.85
SPIRAL = with_field(read(Path(__file__).parents[1] / "examples" / "spiral.toml"), "training.epochs", 10_000_000)
NAMES = ("background", "text", "axis", "low", "high", "sequence", *COLORS)


def experiment(name: str, *layers: LayerConfig) -> Experiment:
    """A network on a dataset."""
    training = TrainingConfig(learning_rate=0.002)
    return Experiment(dataset=DatasetConfig(name), model=ModelConfig(layers=layers), training=training)


TANH = (LayerConfig(8, "tanh"), LayerConfig(8, "tanh"))
CASES = {
    "spiral, 8-8": SPIRAL,
    "iris, 16": experiment("iris", LayerConfig(16)),
    "boston, 64-64": experiment("boston", LayerConfig(64), LayerConfig(64)),
    "digits, 100": experiment("digits", LayerConfig(100)),
    "curve, 8-8": experiment("curve_sine", *TANH),
    "spiral, 256-256": experiment("spiral", LayerConfig(256, "tanh"), LayerConfig(256, "tanh")),
}


def request(session: Session, columns: int, rows: int) -> WatchBoundary:
    """A picture with the small ones of every layer, 8 neurons of each."""
    units = [session.trainer.model.inputs, *(layer.units for layer, _ in session.trainer.model.dense)]
    thumbs = tuple(NeuronRange(layer, 0, min(count, 8)) for layer, count in enumerate(units))
    return WatchBoundary(columns, rows, thumbs=thumbs)


def reports(case: Experiment, columns: int, rows: int) -> tuple[list[bytes], float]:
    """The bytes of a report after each of the first epochs, and the median seconds of computing one."""
    session = Session()
    session.load(case)
    look, asked = BoundaryCompute(TrainerContext(session)), request(session, columns, rows)
    sent, times = [], []
    for number in range(PICTURES):
        session.epoch()
        started = time.perf_counter()
        content = look.compute(asked)
        times.append(time.perf_counter() - started)
        sent.append(frame(Update(1, "boundary", number, encode(content))))
    return sent, statistics.median(times)


def canvas_of(case: Experiment) -> tuple[int, int]:
    """The columns and rows of pixels that fill the canvas of a picture in its place."""
    session = Session()
    session.load(case)
    content = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(2, 2))
    if not isinstance(content, Boundary):
        return WIDTH, 1
    area, _ = layout(heatmap(content, False, "all"), WIDTH, HEIGHT)
    return area.columns, 2 * area.rows


def drawer() -> Callable[[bytes], Frame]:
    """Draws a report's bytes as strips."""
    colors = {name: Color(20 * number % 256, 90, 160) for number, name in enumerate(NAMES)}
    styles = {role: Style() for role in range(256)}

    def draw(sent: bytes) -> Frame:
        report = report_decoder.decode(sent[HEADER.size :])
        assert isinstance(report, Update)
        content = decode_content(report)
        if isinstance(content, Function):
            drawn = render_plot(plot(content, "all"), WIDTH, HEIGHT)
            paint(drawn, styles)
            return drawn
        assert isinstance(content, Boundary)
        picture = heatmap(content, False, "all")
        drawn = render_heatmap(picture, WIDTH, HEIGHT)
        paint(drawn, Tints(colors, picture.kind_colors))
        return drawn

    return draw


def drawing() -> None:
    """Print milliseconds of drawing, and how much of the picture changes from one to the next."""
    slowest = 0.0
    for name, case in CASES.items():
        sent, _ = reports(case, *canvas_of(case))
        draw, times, changed = drawer(), [], []
        before = draw(sent[0])
        for one in sent:
            started = time.perf_counter()
            drawn = draw(one)
            runs = changes(before, drawn)
            times.append(1e3 * (time.perf_counter() - started))
            changed.append(sum(columns for _, _, columns in runs) / (WIDTH * HEIGHT))
            before = drawn
        slowest = max(slowest, statistics.median(times))
        share = statistics.median(changed[1:])
        print(
            f"{name:<16} drawn in {statistics.median(times):5.1f} ms, at most {max(times):5.1f}; {share:4.0%} changed"
        )
    print(f"the slowest is {slowest:.1f} ms; the mark is {DRAWING_MARK:g} ms")


def computing() -> None:
    """Print milliseconds of computing a picture, and the bytes that are sent."""
    for name, case in CASES.items():
        columns, rows = canvas_of(case)
        sent, seconds = reports(case, columns, rows)
        size = f"{columns}x{rows}"
        print(f"{name:<16} {size:>7} points in {1e3 * seconds:5.2f} ms, {len(sent[-1]) / 1e3:5.1f} kB sent")


def speed() -> None:
    """Print steps a second, bare and while the tab is live, and the median of their ratios."""
    text = dumps(SPIRAL)
    app = open_app(text)
    for key in (b"4", b"m"):
        app.press(key)
        app.read(1.0)
    print(f"the engine keeps {speed_kept(app, text):.1%} of its bare speed; the mark is {SPEED_MARK:.0%}")


PARTS = {"drawing": drawing, "computing": computing, "speed": speed}


def main(names: list[str]) -> None:
    """Run the parts called ``names``, or all of them."""
    for name, part in PARTS.items():
        if not names or name in names:
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
