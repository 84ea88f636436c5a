"""The Loss tab: training and validation loss over the epochs, or another measure of both parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from textual.app import ComposeResult
from textual.reactive import reactive
from textual.widgets import Static

from tui_trainer.errors import plain
from tui_trainer.measures import MEASURES
from tui_trainer.plotting.frame import one_cell
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.tabs.runs.selection import SelectedRun
from tui_trainer.tabs.runs.table import cell_text
from tui_trainer.tabs.view import TabView, hints_within
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import PlotWidget

from .legend import Item, Legend, LegendPanel, Overlay, ShownBand, best_of, drawn, line, shown_bands
from .messages import Curve, LossContent, WatchLoss

SMOOTHINGS = (0.0, 0.6, 0.9)
HINTS = ("inspect", "zoom_epochs", "pan_epochs", "all_epochs", "smooth", "compared_part")
MIN_EPOCHS = 4  # visible at least


class LossView(TabView):
    """Draws the curves it is given. Mini-batches are shown on request, and while there is no epoch yet."""

    DEFAULT_CSS = """
    LossView {
        padding: 0 1;
        LegendPanel, .hints, .rate { display: none; }
        .rate { height: 6; }
        &.-scheduled .rate { display: block; }
        &.-unseen .rate { display: none; }
        .hints { height: 1; color: $text-muted; }
        &.-looking .hints { display: block; }
    }
    """
    log_scale: reactive[bool] = reactive(False)
    batches: reactive[bool] = reactive(False)
    quantity: reactive[str] = reactive("loss")

    def __init__(self) -> None:
        super().__init__()
        self.viewport, self.smoothing = Viewport(), SMOOTHINGS[0]
        self.selected_runs: tuple[SelectedRun, ...] = ()
        self.shows_validation = True  # of the overlays
        self._content = LossContent("loss")
        self._epoch = 0  # of the current run
        self._moment: int | None = None  # the epoch of an earlier moment, where one is shown
        self._class_names: tuple[str, ...] = ()
        self._target = ""  # the one that is shown, of several
        self._loss_unit = ""
        self._quantities: tuple[str, ...] = ("loss",)  # those that this run records
        self._diverged_at: float | None = None  # in epochs
        self._marks_best = False  # whether a dashed line stands at the lowest validation loss

    def compose(self) -> ComposeResult:
        yield PlotWidget()
        yield PlotWidget(classes="rate")
        yield LegendPanel()
        yield Static(classes="hints", markup=False)

    def on_mount(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)  # the legend has other lines
        self.ask()

    def configure(self, options: dict[str, object]) -> None:
        """Set ``log``, ``batches`` and ``best``, and show the loss."""
        self.log_scale, self.batches = options.get("log") is True, options.get("batches") is True
        self._marks_best = options.get("best") is True
        if self.quantity != "loss":
            self._show_quantity("loss")

    def look_as(self, request: WatchLoss) -> None:
        """Show the same quantity, smoothing and epochs; other runs are those that are chosen here."""
        if request.quantity != self.quantity and request.quantity in MEASURES:
            self._show_quantity(request.quantity)
        if request.smoothing in SMOOTHINGS:
            self.smoothing = request.smoothing
        self.viewport = Viewport(request.low, request.high, request.at)
        self.ask()
        self.redraw()

    @property
    def request(self) -> WatchLoss:
        view = self.viewport
        runs = tuple(selected.run for selected in self.selected_runs)
        return WatchLoss(self.quantity, self.smoothing, view.low, view.high, view.at, runs, self.shows_validation)

    @property
    def last(self) -> int:
        """The newest epoch of any run."""
        return max(self._epoch, self._content.last)

    @property
    def _cursor(self) -> int | None:
        """The epoch at which the line stands: that of the cursor, or else of an earlier moment."""
        return self._moment if self.viewport.at is None else self.viewport.at

    @property
    def overlays(self) -> list[Overlay]:
        """The selected runs that the trainer has sent an answer for."""
        curves = {overlay.run: overlay.curve for overlay in self._content.overlays}
        return [
            Overlay(selected, curves[selected.run])
            for selected in self.selected_runs
            if selected.run in curves and selected.slot is not None
        ]

    @property
    def bands(self) -> list[ShownBand]:
        """The settings of which several runs are selected."""
        return shown_bands(self._content.bands, self.selected_runs)

    def show_loaded(self, loaded: Loaded) -> None:
        """Show all epochs of the run; the overlays stay until the trainer sends them again."""
        self._class_names, self._diverged_at, self._epoch = loaded.dataset.classes, None, 0
        self._loss_unit = loaded.dataset.loss_unit
        self._target = loaded.dataset.target if len(loaded.dataset.targets) > 1 else ""
        self.viewport = Viewport()
        self._content = msgspec.structs.replace(self._content, curves=())
        self.ask()
        self.redraw()

    def show_target(self, loaded: Loaded) -> None:
        self._target = loaded.dataset.target
        if self.quantity != "loss":
            self._content = msgspec.structs.replace(self._content, curves=(), overlays=(), bands=())
            self.redraw()

    def show_progress(self, progress: Progress) -> None:
        self._epoch = progress.newest
        self._moment = progress.moment
        recorded = {name.removeprefix("val_").partition("[")[0] for name in progress.values}
        self._quantities = tuple(name for name in MEASURES if name == "loss" or name in recorded)
        if self._moment is None:
            self._diverged_at = (progress.steps + 1) / progress.batches if progress.state == "diverged" else None

    def show_content(self, content: LossContent) -> None:
        if content.quantity == self.quantity:
            self._content = content
            self.redraw()

    def show_selected_runs(self, runs: tuple[SelectedRun, ...]) -> None:
        """Draw the curves of these runs as overlays."""
        self.selected_runs = runs
        if not runs:
            self._content = msgspec.structs.replace(self._content, overlays=(), bands=(), last=0)
        self.ask()
        self.redraw()

    def action_inspect(self, columns: int) -> None:
        """Move the cursor to the left or the right."""
        self._look(self.viewport.moved(columns, self.last, self.query_one(PlotWidget).size.width))

    def action_inspect_end(self, direction: int) -> None:
        """Move the cursor to the first epoch, or the newest."""
        self._look(self.viewport.put(self.last if direction > 0 else 1, self.last))

    def action_zoom_epochs(self, direction: int) -> None:
        """Show half as many epochs, or twice as many."""
        self._look(self.viewport.zoomed(direction, self.last))

    def action_pan_epochs(self, direction: int) -> None:
        """Show earlier or later epochs."""
        self._look(self.viewport.panned(direction, self.last))

    def action_all_epochs(self) -> None:
        """Show all epochs, and no cursor."""
        self._look(Viewport())

    def action_smooth(self) -> None:
        """Use the next degree of smoothing."""
        self.smoothing = SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)]
        self.ask()
        self.redraw()

    def action_compared_part(self) -> None:
        """Show the other part of the selected runs."""
        if not self.selected_runs:
            self.post_message(
                self.StatusMessage(f"No run is chosen; {key_of('choose_run')} in the Runs tab chooses one.")
            )
            return
        self.shows_validation = not self.shows_validation
        self.ask()
        self.redraw()

    def action_log_scale(self) -> None:
        """Use a log or a linear axis."""
        self.log_scale = not self.log_scale

    def action_batches(self) -> None:
        """Show or hide the loss of every mini-batch."""
        self.batches = not self.batches

    def action_quantity(self) -> None:
        """Show the next recorded quantity: the loss, the accuracy ..."""
        if len(self._quantities) == 1:
            self.post_message(
                self.StatusMessage("Metrics appear after the first epoch; without validation, choose some.")
            )
            return
        now = self._quantities.index(self.quantity) if self.quantity in self._quantities else -1
        self._show_quantity(self._quantities[(now + 1) % len(self._quantities)])

    def _show_quantity(self, quantity: str) -> None:
        self._content = LossContent(quantity, last=self._content.last)
        self.quantity = quantity
        self.ask()

    def _look(self, viewport: Viewport) -> None:
        if viewport != self.viewport:
            self.viewport = viewport
            self.ask()
            self.redraw()

    def watch_log_scale(self) -> None:
        self.redraw()

    def watch_batches(self) -> None:
        self.redraw()

    def watch_quantity(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw the lines of the current run over those of other runs."""
        if not self.is_mounted:
            return
        curves = drawn({curve.name: curve for curve in self._content.curves}, self.quantity, self.batches)
        lines = [(line(curve, self._class_names), curve) for curve in curves]
        overlays = self.overlays
        bands = self.bands
        best = None if bands else best_of(overlays, self.quantity)
        series = [part for band in bands for part in band.series()]
        series += [part for overlay in overlays if overlay is not best for part in overlay.series()]
        series += [own for own, _ in lines]
        series += [] if best is None else best.series(is_best=True)
        validation = [own for own, curve in lines if curve.name == "val_loss"]
        lowest = lowest_validation(validation) if self._marks_best else None
        series += [] if lowest is None else [lowest]
        if self.quantity == "loss" and self._diverged_at is not None and lines:
            top = max(float(own.y.max()) for own, _ in lines)
            series.append(Series("diverged", np.array([self._diverged_at]), np.array([top]), "bad", "scatter"))
        measure = MEASURES[self.quantity]
        zoomed = self.viewport.low is not None
        plot = Plot(
            tuple(series),
            x_label="epoch",
            y_label=measure.words + self._unit,
            log_y=self.log_scale,
            x_limits=self.viewport.span(self.last) if zoomed else None,
            y_limits=(0.0, 1.0) if measure.share and not self.log_scale and not zoomed else None,
            empty=_empty_text(),
            cursor=self._cursor,
            guide=None if lowest is None else float(lowest.x[0]),
        )
        self.query_one(PlotWidget).show(plot)
        self._show_rate()
        self._show_legend(lines)

    @property
    def _unit(self) -> str:
        """What is said after the name of the quantity: the unit of a loss, or the target of another measure."""
        if self.quantity == "loss":
            return self._loss_unit
        return f" of {one_cell(plain(self._target))}" if self._target else ""

    def _show_rate(self) -> None:
        """Draw the learning rate below, over the same epochs, where a schedule changes it."""
        curve = self._content.rate
        self.set_class(curve is not None, "-scheduled")
        if curve is None:
            return
        x, y = unpack(curve.x), np.array(unpack(curve.y))
        limits = self.viewport.span(self.last) if self.viewport.low is not None else None
        rate = Series("", x, y, "accent")
        plot = Plot((rate,), y_label="learning rate ρ", x_limits=limits, cursor=self._cursor)
        self.query_one(".rate", PlotWidget).show(plot)

    def _show_legend(self, lines: Sequence[tuple[Series, Curve]]) -> None:
        """Show the values at the cursor, in ``lines`` of the run and in the overlays, below the plot."""
        has_cursor = self.viewport.at is not None
        own = [
            Item(line.sign or "━", line.color, line.label, curve.at)
            for line, curve in lines
            if curve.name != "batch_loss"
        ]
        bands = [band.item() for band in self.bands]
        items = [*(own if has_cursor else []), *bands, *map(_item, self.overlays)]
        looking = has_cursor or bool(self.selected_runs) or self.smoothing > 0 or self.viewport.low is not None
        width = self.query_one(PlotWidget).size.width
        if looking:
            self.query_one(".hints", Static).update(hints_within(width, HINTS), layout=False)
        self.set_class(looking, "-looking")
        self.query_one(LegendPanel).tell(Legend(self._heading(), tuple(items), has_cursor), width)

    def _heading(self) -> str:
        parts = [] if self.viewport.at is None else [f"epoch {self.viewport.at:,}"]
        if self.smoothing:
            parts.append(f"smoothed {self.smoothing:g}")
        if self.selected_runs:
            parts.append("validation" if self.shows_validation else "training")
        return ", ".join(parts)


def lowest_validation(curves: Sequence[Series]) -> Series | None:
    """Return a mark at the lowest finite point of the validation loss; None without one."""
    for curve in curves:
        if np.isfinite(curve.y).any():
            place = slice(int(np.nanargmin(curve.y)), int(np.nanargmin(curve.y)) + 1)
            label = f"lowest, epoch {curve.x[place][0]:,.0f}"
            return Series(label, curve.x[place], curve.y[place], "good", "scatter", "◆")
    return None


def _item(overlay: Overlay) -> Item:
    selected, name = overlay.selected, cell_text(overlay.selected.name)
    if overlay.curve is None:
        return Item(selected.letter, selected.color, f"{name} (no curve)")
    return Item(selected.letter, selected.color, name, overlay.curve.at)


def _empty_text() -> str:
    train, step, epoch = map(key_of, ("toggle_training", "step", "epoch"))
    return f"Press {train} to train, {step} for one mini-batch, {epoch} for one epoch."


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible epochs ``low`` to ``high``, all where these are None, and the cursor ``at`` an epoch; None is off.

    ``last`` is the newest epoch there is.
    """

    low: int | None = None
    high: int | None = None
    at: int | None = None

    def span(self, last: int) -> tuple[int, int]:
        """Return the first and the last visible epoch."""
        return (1, max(last, 1)) if self.low is None or self.high is None else (self.low, self.high)

    def moved(self, columns: int, last: int, width: int) -> Viewport:
        """Move the cursor by so many columns of the plot; one that was off goes to the newest visible epoch."""
        low, high = self.span(last)
        if self.at is None:
            return self.put(min(high, last), last)
        step = max(1, round((high - low) / max(width, 1)))
        return self.put(self.at + columns * step, last)

    def put(self, epoch: int, last: int) -> Viewport:
        """Put the cursor at ``epoch``, or as near as there are epochs; the visible part follows it."""
        at = max(1, min(epoch, last))
        if last < 1:
            return replace(self, at=None)
        low, high = self.span(last)
        beyond = min(at - low, 0) + max(at - high, 0)
        return replace(self._showing(low + beyond, high + beyond, last) if beyond else self, at=at)

    def zoomed(self, direction: int, last: int) -> Viewport:
        """Show half as many epochs (1) or twice as many (-1), around the cursor, or else around the middle."""
        low, high = self.span(last)
        length = high - low
        center = (low + high) / 2 if self.at is None else float(self.at)
        zoomed = max(MIN_EPOCHS - 1, round(length / 2 if direction > 0 else length * 2))
        if zoomed >= last - 1:
            return replace(self, low=None, high=None)
        start = round(center - (center - low) / max(length, 1) * zoomed)
        return self._showing(start, start + zoomed, last)

    def panned(self, direction: int, last: int) -> Viewport:
        """Show earlier or later epochs, by half the visible part."""
        if self.low is None or self.high is None:
            return self
        half = direction * max(1, (self.high - self.low) // 2)
        return self._showing(self.low + half, self.high + half, last)

    def _showing(self, low: int, high: int, last: int) -> Viewport:
        """Show epochs ``low`` to ``high``, moved to where there are epochs."""
        over = max(0, high - max(last, 1))
        first = max(1, low - over)
        return replace(self, low=first, high=first + high - low)
