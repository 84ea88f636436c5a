"""The Loss tab: training and validation loss over the epochs, or another measure of both parts."""

from __future__ import annotations

import numpy as np
from textual.reactive import reactive

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol.reports import Loaded, Progress
from tui_trainer.protocol.view import Curve, WatchLoss
from tui_trainer.protocol.views import AnyContent
from tui_trainer.tabs.runs.messages import RunCurves
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.loss.inspecting import InspectedPlot
from tui_trainer.ui.loss.lines import drawn, line
from tui_trainer.ui.plotting.widget import PlotWidget

QUANTITIES = {"loss": "loss", "accuracy": "accuracy", "recall": "accuracy of each class", "r2": "R²", "mae": "MAE"}


class LossView(InspectedPlot):
    """Draws the curves it is given. Mini-batches are shown on request, and while there is no epoch yet."""

    log_scale: reactive[bool] = reactive(False)
    batches: reactive[bool] = reactive(False)
    quantity: reactive[str] = reactive("loss")

    def __init__(self) -> None:
        super().__init__()
        self._curves: dict[str, Curve] = {}
        self._class_names: tuple[str, ...] = ()
        self._followed: tuple[str, ...] = ("loss",)  # quantities that this run has
        self._diverged_at: float | None = None  # in epochs

    def on_mount(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)  # the legend has other lines

    def configure(self, options: dict[str, object]) -> None:
        """``log`` and ``batches``; it is the loss that is looked at."""
        self.log_scale, self.batches = options.get("log") is True, options.get("batches") is True
        if self.quantity != "loss":
            self._curves = {}
            self.quantity = "loss"
            self.post_message(self.LookChanged())

    @property
    def request(self) -> WatchLoss:
        lens = self.lens
        runs = tuple(one.run for one in self.chosen)
        return WatchLoss(self.quantity, self.smoothing, lens.low, lens.high, lens.at, runs, self.compared_validation)

    def show_loaded(self, loaded: Loaded) -> None:
        self._class_names, self._diverged_at = loaded.dataset.classes, None
        self.forget()
        self.show(())

    def show_progress(self, progress: Progress) -> None:
        self.follow(progress)
        found = {name.removeprefix("val_").partition("[")[0] for name in progress.values}
        self._followed = tuple(name for name in QUANTITIES if name == "loss" or name in found)
        diverged = (progress.steps + 1) / progress.batches if progress.state == "diverged" else None
        if progress.curves is not None:
            self._diverged_at = diverged
            self.show(progress.curves)

    def show_content(self, content: AnyContent) -> None:
        if isinstance(content, RunCurves) and content.quantity == self.quantity:
            self.take_beside(content)

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
        self._beside = {}
        self.quantity = self._followed[(now + 1) % len(self._followed)]
        self.post_message(self.LookChanged())

    def show(self, curves: tuple[Curve, ...]) -> None:
        """Draw these curves from now on."""
        self._curves = {curve.name: curve for curve in curves}
        self.redraw()

    def watch_log_scale(self) -> None:
        self.redraw()

    def watch_batches(self) -> None:
        self.redraw()

    def watch_quantity(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw what is known: the run's own lines over those of other runs."""
        if not self.is_mounted:
            return
        lines = [(line(curve, self._class_names), curve) for curve in drawn(self._curves, self.quantity, self.batches)]
        series = [one for beside in self.beside for one in beside.series()] + [one for one, _ in lines]
        if self.quantity == "loss" and self._diverged_at is not None and lines:
            top = max(float(one.y.max()) for one, _ in lines)
            series.append(Series("diverged", np.array([self._diverged_at]), np.array([top]), "class3", "scatter"))
        shares = self.quantity in ("accuracy", "recall")
        zoomed = self.lens.low is not None
        plot = Plot(
            tuple(series),
            x_label="epoch",
            y_label=QUANTITIES[self.quantity],
            log_y=self.log_scale,
            x_limits=self.lens.span(self.last) if zoomed else None,
            y_limits=(0.0, 1.0) if shares and not self.log_scale and not zoomed else None,
            empty=_waiting(),
            cursor=self.lens.at,
        )
        self.query_one(PlotWidget).show(plot)
        self.tell(lines)


def _waiting() -> str:
    train, step, epoch = map(key_of, ("toggle_training", "step", "epoch"))
    return f"Press {train} to train, {step} for one mini-batch, {epoch} for one epoch."
