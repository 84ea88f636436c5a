"""The Loss tab: training and validation loss over the epochs."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.reactive import reactive

from tui_trainer.runtime.protocol import AnyRequest, Curve, Loaded, Progress, WatchLoss, unpack

from ..plotting import Plot, PlotWidget, Series
from .view import View

LABELS = {
    "batch_loss": ("mini-batches", "batch"),
    "loss": ("train", "train"),
    "val_loss": ("validation", "validation"),
}
WAITING = "Press space to train, s for one mini-batch, e for one epoch."


class LossView(View):
    """Draws the curves it is given. Mini-batches are shown on request, and while there is no epoch yet."""

    DEFAULT_CSS = "LossView { padding: 0 1; }"
    log_scale: reactive[bool] = reactive(False)
    batches: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self._curves: dict[str, Curve] = {}

    def compose(self) -> ComposeResult:
        yield PlotWidget()

    def on_mount(self) -> None:
        self._draw()

    @property
    def request(self) -> AnyRequest:
        return WatchLoss()

    def show_loaded(self, loaded: Loaded) -> None:
        self.show(())

    def show_progress(self, progress: Progress) -> None:
        if progress.curves is not None:
            self.show(progress.curves)

    def action_log_scale(self) -> None:
        """Log or linear loss axis."""
        self.log_scale = not self.log_scale

    def action_batches(self) -> None:
        """Show or hide the loss of every mini-batch."""
        self.batches = not self.batches

    def show(self, curves: tuple[Curve, ...]) -> None:
        """Draw these curves from now on."""
        self._curves = {curve.name: curve for curve in curves}
        self._draw()

    def watch_log_scale(self) -> None:
        self._draw()

    def watch_batches(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        series = tuple(self._series(name) for name in LABELS if name in self._curves and self._wanted(name))
        plot = Plot(series, x_label="epoch", y_label="loss", log_y=self.log_scale, empty=WAITING)
        self.query_one(PlotWidget).show(plot)

    def _wanted(self, name: str) -> bool:
        epochs = len(self._curves["loss"].x) // 8 if "loss" in self._curves else 0
        return name != "batch_loss" or self.batches or epochs < 2

    def _series(self, name: str) -> Series:
        label, color = LABELS[name]
        curve = self._curves[name]
        return Series(label, unpack(curve.x), np.array(unpack(curve.y)), color)
