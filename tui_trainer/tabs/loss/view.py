"""The Loss tab: training and validation loss over the epochs, or another measure of both parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.app import ComposeResult
from textual.reactive import reactive
from textual.widgets import Static

from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol.reports import Loaded, Progress
from tui_trainer.protocol.view import Curve, WatchLoss
from tui_trainer.protocol.views import AnyContent
from tui_trainer.tabs.runs.messages import RunCurve, RunCurves
from tui_trainer.tabs.runs.selection import SelectedRun
from tui_trainer.tabs.runs.table import told
from tui_trainer.tabs.view import TabView, hints_within
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import PlotWidget

from .legend import Item, Legend, LegendPanel, Overlay, Viewport, drawn, line

QUANTITIES = {"loss": "loss", "accuracy": "accuracy", "recall": "accuracy of each class", "r2": "R²", "mae": "MAE"}
SMOOTHINGS = (0.0, 0.6, 0.9)
TOLD = ("inspect", "zoom_epochs", "pan_epochs", "all_epochs", "smooth", "compared_part")


class InspectedPlot(TabView):
    """Holds what is looked at, and tells below the plot what the cursor is at."""

    DEFAULT_CSS = """
    InspectedPlot {
        padding: 0 1;
        LegendPanel, .hints { display: none; }
        .hints { height: 1; color: $text-muted; }
        &.-looking .hints { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.lens, self.smoothing = Viewport(), SMOOTHINGS[0]
        self.chosen: tuple[SelectedRun, ...] = ()
        self.compared_validation = True
        self._beside: dict[int, RunCurve] = {}
        self._epochs = self._epochs_beside = 0  # of the run under work, and the most of the others

    def compose(self) -> ComposeResult:
        yield PlotWidget()
        yield LegendPanel()
        yield Static(classes="hints", markup=False)

    def redraw(self) -> None:
        """Draw what is known."""
        raise NotImplementedError

    @property
    def last(self) -> int:
        """The newest epoch of any run."""
        return max(self._epochs, self._epochs_beside)

    def follow(self, progress: Progress) -> None:
        """Take down how far the run is."""
        self._epochs = progress.epoch

    def forget(self) -> None:
        """Another run is loaded: look at all of it; the others are asked for again, one of them may be this one."""
        self.lens, self._epochs = Viewport(), 0
        if self.chosen:
            self.post_message(self.LookChanged())

    def lay_beside(self, chosen: tuple[SelectedRun, ...]) -> None:
        """Draw these runs, too."""
        asked = {one.run for one in chosen} - {one.run for one in self.chosen}
        self.chosen = chosen
        kept = {one.run for one in chosen}
        self._beside = {run: curve for run, curve in self._beside.items() if run in kept}
        if not chosen:
            self._epochs_beside = 0
        if asked:
            self.post_message(self.LookChanged())
        self.redraw()

    def take_beside(self, curves: RunCurves) -> None:
        """Take on the curves of these runs."""
        self._beside = {one.run: one for one in curves.curves}
        self._epochs_beside = curves.last
        self.redraw()

    @property
    def beside(self) -> list[Overlay]:
        """The runs whose curves are there."""
        return [Overlay(one, self._beside[one.run]) for one in self.chosen if one.run in self._beside]

    def action_inspect(self, columns: int) -> None:
        """The cursor to the left or the right."""
        self._look(self.lens.moved(columns, self.last, self.query_one(PlotWidget).size.width))

    def action_inspect_end(self, direction: int) -> None:
        """The cursor to the first epoch, or the newest."""
        self._look(self.lens.put(self.last if direction > 0 else 1, self.last))

    def action_zoom_epochs(self, direction: int) -> None:
        """Half as many epochs, or twice as many."""
        self._look(self.lens.zoomed(direction, self.last))

    def action_pan_epochs(self, direction: int) -> None:
        """Earlier or later epochs."""
        self._look(self.lens.panned(direction, self.last))

    def action_all_epochs(self) -> None:
        """All epochs, and no cursor."""
        self._look(Viewport())

    def action_smooth(self) -> None:
        """The next degree of smoothing."""
        self.smoothing = SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)]
        self.post_message(self.LookChanged())
        self.redraw()

    def action_compared_part(self) -> None:
        """The other part of the chosen runs."""
        if not self.chosen:
            self.post_message(self.Said(f"No run is chosen; {key_of('choose_run')} in the Runs tab chooses one."))
            return
        self.compared_validation = not self.compared_validation
        self.post_message(self.LookChanged())
        self.redraw()

    def _look(self, lens: Viewport) -> None:
        if lens != self.lens:
            self.lens = lens
            self.post_message(self.LookChanged())
            self.redraw()

    def tell(self, lines: Sequence[tuple[Series, Curve]]) -> None:
        """Say below the plot what is at the cursor, in ``lines`` of the run and beside it."""
        is_told = self.lens.at is not None
        own = [
            Item(line.sign or "━", line.color, line.label, curve.at)
            for line, curve in lines
            if curve.name != "batch_loss"
        ]
        items = [*(own if is_told else []), *map(self._item, self.beside)]
        looking = is_told or bool(self.chosen) or self.smoothing > 0 or self.lens.low is not None
        width = self.query_one(PlotWidget).size.width
        if looking:
            self.query_one(".hints", Static).update(hints_within(width, TOLD))
        self.set_class(looking, "-looking")
        self.query_one(LegendPanel).tell(Legend(self._heading(), tuple(items), is_told), width)

    def _item(self, one: Overlay) -> Item:
        curve = one.told.curve
        name = told(one.choice.name)
        if curve is None:
            return Item(one.choice.letter, one.choice.color, f"{name} (no curve)")
        return Item(one.choice.letter, one.choice.color, name, curve.at)

    def _heading(self) -> str:
        parts = [] if self.lens.at is None else [f"epoch {self.lens.at:,}"]
        if self.smoothing:
            parts.append(f"smoothed {self.smoothing:g}")
        if self.chosen:
            parts.append("validation" if self.compared_validation else "training")
        return ", ".join(parts)


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
