"""The part of the Loss tab that looks closely: a cursor, zoom, smoothing, and runs laid beside the one under work."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from tui_trainer.plotting.plot import Series
from tui_trainer.protocol.reports import Progress
from tui_trainer.protocol.view import Curve
from tui_trainer.tabs.loss.legend import Item, Legend, LegendPanel
from tui_trainer.tabs.runs.messages import RunCurve, RunCurves
from tui_trainer.tabs.runs.selection import Choice
from tui_trainer.tabs.view import View
from tui_trainer.ui.plotting.widget import PlotWidget

from ..keymap import key_of
from ..runs.cells import told
from ..views.hints import hints_within
from .beside import Beside
from .lens import Lens

CHOOSE = "in_view('choose_run')"
SMOOTHINGS = (0.0, 0.6, 0.9)
TOLD = ("inspect", "zoom_epochs", "pan_epochs", "all_epochs", "smooth", "compared_part")


class InspectedPlot(View):
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
        self.lens, self.smoothing = Lens(), SMOOTHINGS[0]
        self.chosen: tuple[Choice, ...] = ()
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
        self.lens, self._epochs = Lens(), 0
        if self.chosen:
            self.post_message(self.LookChanged())

    def lay_beside(self, chosen: tuple[Choice, ...]) -> None:
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
    def beside(self) -> list[Beside]:
        """The runs whose curves are there."""
        return [Beside(one, self._beside[one.run]) for one in self.chosen if one.run in self._beside]

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
        self._look(Lens())

    def action_smooth(self) -> None:
        """The next degree of smoothing."""
        self.smoothing = SMOOTHINGS[(SMOOTHINGS.index(self.smoothing) + 1) % len(SMOOTHINGS)]
        self.post_message(self.LookChanged())
        self.redraw()

    def action_compared_part(self) -> None:
        """The other part of the chosen runs."""
        if not self.chosen:
            self.post_message(self.Said(f"No run is chosen; {key_of(CHOOSE)} in the Runs tab chooses one."))
            return
        self.compared_validation = not self.compared_validation
        self.post_message(self.LookChanged())
        self.redraw()

    def _look(self, lens: Lens) -> None:
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

    def _item(self, one: Beside) -> Item:
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
