"""The Loss tab: training and validation loss over the epochs, or another measure of both parts."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.reactive import reactive

from tui_trainer.runtime.protocol import AnyRequest, Curve, Loaded, Progress, WatchLoss, unpack

from ..plain_text import plain
from ..plotting import Plot, PlotWidget, Series
from .view import View

LABELS = {
    "batch_loss": ("mini-batches", "batch"),
    "train": ("train", "train"),
    "validation": ("validation", "validation"),
}
QUANTITIES = {"loss": "loss", "accuracy": "accuracy", "recall": "accuracy of each class", "r2": "R²", "mae": "MAE"}
WAITING = "Press space to train, s for one mini-batch, e for one epoch."
CLASS_COLORS = 10


class LossView(View):
    """Draws the curves it is given. Mini-batches are shown on request, and while there is no epoch yet."""

    DEFAULT_CSS = "LossView { padding: 0 1; }"
    log_scale: reactive[bool] = reactive(False)
    batches: reactive[bool] = reactive(False)
    quantity: reactive[str] = reactive("loss")

    def __init__(self) -> None:
        super().__init__()
        self._curves: dict[str, Curve] = {}
        self._class_names: tuple[str, ...] = ()
        self._followed: tuple[str, ...] = ("loss",)  # quantities that this run has
        self._diverged_at: float | None = None  # in epochs

    def compose(self) -> ComposeResult:
        yield PlotWidget()

    def on_mount(self) -> None:
        self._draw()

    def configure(self, options: dict[str, object]) -> None:
        """``log`` and ``batches``; it is the loss that is looked at."""
        self.log_scale, self.batches = options.get("log") is True, options.get("batches") is True
        if self.quantity != "loss":
            self._curves = {}
            self.quantity = "loss"
            self.post_message(self.LookChanged())

    @property
    def request(self) -> AnyRequest:
        return WatchLoss(self.quantity)

    def show_loaded(self, loaded: Loaded) -> None:
        self._class_names, self._diverged_at = loaded.dataset.classes, None
        self.show(())

    def show_progress(self, progress: Progress) -> None:
        found = {name.removeprefix("val_").partition("[")[0] for name in progress.values}
        self._followed = tuple(name for name in QUANTITIES if name == "loss" or name in found)
        diverged = (progress.steps + 1) / progress.batches if progress.state == "diverged" else None
        if progress.curves is not None:
            self._diverged_at = diverged
            self.show(progress.curves)

    def action_log_scale(self) -> None:
        """Log or linear axis."""
        self.log_scale = not self.log_scale

    def action_batches(self) -> None:
        """Show or hide the loss of every mini-batch."""
        self.batches = not self.batches

    def action_quantity(self) -> None:
        """The next of what is followed: the loss, the accuracy ..."""
        if len(self._followed) == 1:
            self.post_message(
                self.Said("After the first epoch there are metrics too; without validation, choose some.")
            )
            return
        now = self._followed.index(self.quantity) if self.quantity in self._followed else -1
        self._curves = {}
        self.quantity = self._followed[(now + 1) % len(self._followed)]
        self.post_message(self.LookChanged())

    def show(self, curves: tuple[Curve, ...]) -> None:
        """Draw these curves from now on."""
        self._curves = {curve.name: curve for curve in curves}
        self._draw()

    def watch_log_scale(self) -> None:
        self._draw()

    def watch_batches(self) -> None:
        self._draw()

    def watch_quantity(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        series = [self._line(curve) for curve in self._in_order() if self._wanted(curve.name)]
        if self.quantity == "loss" and self._diverged_at is not None and series:
            top = max(float(one.y.max()) for one in series)
            series.append(Series("diverged", np.array([self._diverged_at]), np.array([top]), "class3", "scatter"))
        label = QUANTITIES[self.quantity]
        shares = self.quantity in ("accuracy", "recall")
        limits = (0.0, 1.0) if shares and not self.log_scale else None
        plot = Plot(tuple(series), x_label="epoch", y_label=label, log_y=self.log_scale, y_limits=limits, empty=WAITING)
        self.query_one(PlotWidget).show(plot)

    def _in_order(self) -> list[Curve]:
        """The curves, what lies over the others last; of each class only the validation part, if there is one."""
        curves = sorted(self._curves.values(), key=lambda curve: (curve.name != "batch_loss", "val_" in curve.name))
        held = [curve for curve in curves if curve.name.startswith("val_recall")]
        return held if self.quantity == "recall" and held else curves

    def _wanted(self, name: str) -> bool:
        epochs = len(self._curves["loss"].x) // 8 if "loss" in self._curves else 0
        return name != "batch_loss" or self.batches or epochs < 2

    def _line(self, curve: Curve) -> Series:
        x, y = unpack(curve.x), np.array(unpack(curve.y))
        _, _, index = curve.name.partition("[")
        if index:
            k = int(index.rstrip("]"))
            name = plain(self._class_names[k]) if k < len(self._class_names) else str(k)
            return Series(name, x, y, f"class{k % CLASS_COLORS}")
        part = "validation" if curve.name.startswith("val_") else "train"
        label, color = LABELS.get(curve.name, LABELS[part])
        return Series(label, x, y, color)
