"""The rate finder: the loss after some steps at many learning rates, one of which is taken."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui_trainer.formats import format_measure
from tui_trainer.plotting.plot import Plot, Series
from tui_trainer.protocol import RatesFound
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import PlotWidget

from .dialog import Dialog, clickable

TRYING = "Training a short run at each of many rates ..."
NONE_LEARNS = "The loss falls at none of these rates: look at the data, or standardize it."


class RateFinder(Dialog[float | None]):
    """Shows what is found, and returns the rate that was chosen; None if it is to stay as it is."""

    CSS_PATH = "rate_finder.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "lower", "Lower"),
        Binding("right", "higher", "Higher"),
        Binding("home", "suggested", "Suggested"),
        Binding("enter", "take", "Take"),
        Binding("escape", "dismiss", "Back"),
    ]

    def __init__(self, current: float, markers: Markers | None = None) -> None:
        super().__init__()
        self._current, self._markers = current, markers
        self._found: RatesFound | None = None
        self._problem = ""  # why nothing is found, or nothing is of use
        self._chosen = 0  # place among the rates

    def compose(self) -> ComposeResult:
        with Vertical(classes="box") as box:
            box.border_title = "Which learning rate?"
            box.border_subtitle = clickable(
                ("←", "lower"), ("→ another", "higher"), ("enter: take it", "take"), ("esc: back", "dismiss")
            )
            plot = PlotWidget()
            plot.markers = self._markers or plot.usual_markers
            yield plot
            yield Static(TRYING, classes="status -waiting", markup=False)

    def on_mount(self) -> None:
        self._show()

    def show(self, found: RatesFound) -> None:
        """Show what was found."""
        if found.reason:
            self._problem = found.reason
        else:
            self._found, self._problem = found, NONE_LEARNS if found.suggestion is None else ""
        self._show()

    def show_lost(self, sentence: str) -> None:
        """Say that nothing more will be found."""
        self._problem = sentence
        self._show()

    def _show(self) -> None:
        """Show what is known, unless the dialog has not opened yet, or is being closed."""
        if not (self.is_attached and self.query(PlotWidget)):
            return
        if self._found is not None and self._found.suggestion is None:
            self._draw()
        if self._problem:
            self._show_status(self._problem, is_problem=True)
        else:
            self.action_suggested()

    def action_lower(self) -> None:
        """Choose the next lower rate."""
        self._move(-1)

    def action_higher(self) -> None:
        """Choose the next higher rate."""
        self._move(1)

    def action_suggested(self) -> None:
        """Choose the suggested rate."""
        if self._found is not None and self._found.suggestion is not None:
            self._chosen = self._found.rates.index(self._found.suggestion)
            self._show_chosen()

    def action_take(self) -> None:
        """Close with the chosen rate."""
        if self._found is not None and self._found.suggestion is not None:
            self.dismiss(self._found.rates[self._chosen])

    @on(PlotWidget.Clicked)
    def _choose_clicked(self, event: PlotWidget.Clicked) -> None:
        """Choose the rate nearest to a click; a second click takes it."""
        event.stop()
        found = self._found
        if found is None or found.suggestion is None:
            return
        cells = self.query_one(PlotWidget).cells(np.array(found.rates), np.ones(len(found.rates)))
        if cells is None:
            return
        if event.twice:
            self.action_take()
            return
        self._chosen = int(np.abs(cells[0] - event.column).argmin())
        self._show_chosen()

    def _move(self, steps: int) -> None:
        if self._found is not None and self._found.suggestion is not None:
            self._chosen = min(max(self._chosen + steps, 0), len(self._found.rates) - 1)
            self._show_chosen()

    def _show_chosen(self) -> None:
        assert self._found is not None
        self._draw()
        rate, loss = self._found.rates[self._chosen], self._found.losses[self._chosen]
        outcome = f"loss {format_measure(loss)}" if math.isfinite(loss) else "diverged"
        words = [f"ρ = {rate:g}: {outcome} after {self._found.steps} steps"]
        if rate == self._found.suggestion:
            words.append("the lowest that does nearly as well as the best")
        elif rate == self._current:
            words.append("the current one")
        self._show_status("; ".join(words) + ".")

    def _draw(self) -> None:
        found = self._found
        assert found is not None
        rates, losses = np.array(found.rates), np.array(found.losses)
        # A loss far above that of the first weights says no more than that it went wrong
        losses = np.where(losses > 2.0 * found.first_loss, np.nan, losses) if found.first_loss > 0.0 else losses
        series = [Series("loss", rates, losses, "train")]
        now = int(np.abs(np.log(rates / self._current)).argmin())
        series.append(Series("now", rates[now : now + 1], losses[now : now + 1], "validation", glyph="○"))
        if found.suggestion is not None:
            place = self._chosen
            series.append(Series("chosen", rates[place : place + 1], losses[place : place + 1], "accent", glyph="●"))
        positive = losses[np.isfinite(losses)]
        self.query_one(PlotWidget).show(
            Plot(
                tuple(series),
                x_label="ρ",
                y_label=f"ℒ after {found.steps} steps",
                log_x=True,
                log_y=bool(len(positive)) and bool((positive > 0.0).all()),
                x_limits=(float(rates[0]), float(rates[-1])),
                cursor=None if found.suggestion is None else float(rates[self._chosen]),
                empty="every run has diverged",
            )
        )
