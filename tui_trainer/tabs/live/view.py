"""The Live tab: what each neuron sees, the output over two features with the samples, and the loss, all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Digits

from tui_trainer.errors import plain
from tui_trainer.plotting.colors import shape
from tui_trainer.plotting.plot import Plot
from tui_trainer.protocol import Loaded, Progress
from tui_trainer.tabs.boundary.drawing import heatmap, name_of, plot
from tui_trainer.tabs.boundary.messages import OUTPUT, Boundary, Function
from tui_trainer.tabs.boundary.view import NeuronView
from tui_trainer.tabs.loss.legend import drawn, line
from tui_trainer.tabs.predictions.messages import ClassPredictions, NumberPredictions
from tui_trainer.tabs.predictions.panels import FRAME_ROWS, columns_for, count_digits, draw_matrix
from tui_trainer.tabs.predictions.plots import Picture, TextPanel, scatter
from tui_trainer.ui.card import EDGES, Card
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget
from tui_trainer.ui.status_lines import metric_text

from .drawing import NetworkPicture, scene_for
from .messages import Live, WatchLive

WIDE = 84  # columns from which the network has a third of its own
USUAL_GRID = (40, 36)  # before there is a canvas to fill
LARGE, TALL = 160, 40  # columns of the screen and rows of the tab from which there are large digits
DIGITS, MIN_LOSS, MIN_OUTPUT = 5, 9, 10  # rows of the digits, and at least of the loss and of the output
MAX_MAPPED = 20  # features; of more, two tell little
UNSEEN = (2, 2)  # points of a map that is not shown
MIN_CLASSES = 3
# The first that there is of each is shown in large digits.
LARGE_NAMES = (("val_accuracy", "accuracy", "val_r2", "r2"), ("val_loss", "loss"))
LABELS = {"val_accuracy": "Accuracy", "accuracy": "Accuracy", "val_r2": "R²", "r2": "R²"}
LABELS |= {"val_loss": "Loss", "loss": "Loss"}
LONG = 8  # cells of a loss that is written long
NARROW_NETWORK = 40  # columns of a card whose count has no room beside a long title
MAX_CLASSES = 4  # named below the output
# Of the losses in the title, with their colours.
NAMES = {"loss": ("  train ", "$data-train"), "val_loss": ("  validation ", "$data-validation")}
NARROW_NAMES = {"loss": (" ", "$data-train"), "val_loss": (" val ", "$data-validation")}


class LiveView(NeuronView):
    """Three pictures of one moment. A neuron that is chosen is shown large, in place of the output."""

    DEFAULT_CSS = """
    LiveView {
        layout: grid;
        grid-size: 2 2;
        grid-rows: 3fr 2fr;
        grid-columns: 1fr 1fr;
        #live-network { row-span: 2; }
        .curve, .matrix, .scatter, #live-digits { display: none; }
        &.-curve .curve, &.-matrix .matrix, &.-scatter .scatter { display: block; }
        &.-curve HeatmapWidget, &.-matrix HeatmapWidget, &.-scatter HeatmapWidget { display: none; }
        &.-compact #live-network { row-span: 1; }
        &.-compact #live-output { row-span: 2; }
        &.-large { grid-size: 2 3; grid-columns: 2fr 3fr; }
        &.-large #live-network { row-span: 3; }
        &.-large #live-digits { display: block; height: 5; }
        Digits { width: 1fr; text-align: center; text-style: bold; }
    }
    """
    log_scale: reactive[bool] = reactive(False)
    tally: reactive[bool] = reactive(False)  # predicted against true, in place of the map

    def __init__(self) -> None:
        super().__init__()
        self.content: Live | None = None
        self._names = Picture()  # of the data, for the tally
        self._progress: Progress | None = None
        self._loss_unit = ""
        self._hides_counts = False

    def compose(self) -> ComposeResult:
        with Card(id="live-network"):
            yield NetworkPicture()
        with Card(id="live-output"):
            yield HeatmapWidget()
            yield PlotWidget("curve")
            yield TextPanel(draw_matrix, "matrix")
            yield PlotWidget("scatter")
        with Horizontal(id="live-digits"):
            for place in range(2):
                with Card(id=f"live-digits-{place}"):
                    yield Digits()
        with Card(id="live-loss"):
            yield PlotWidget("loss")

    def on_mount(self) -> None:
        self._draw()

    @property
    def picture(self) -> Boundary | Function | None:
        return None if self.content is None else self.content.boundary

    @property
    def request(self) -> WatchLive:
        scene = self.query_one(NetworkPicture).scene
        watched = self._watch(scene.windows, scene.side)
        if not self._shows_tally:
            return WatchLive(watched)
        room = self.query_one("#live-output", Card).content_size
        classes = max(min(columns_for(room.width, count_digits(self._names)), room.height - FRAME_ROWS), MIN_CLASSES)
        return WatchLive(watched, tally=True, classes=classes)

    def look_as(self, request: WatchLive) -> None:
        """Choose the same neuron and features, and the map or predicted against true."""
        self.tally = request.tally or (self.tally and request.boundary.layer != OUTPUT)
        self._look_at(request.boundary)

    def on_resize(self, event: events.Resize) -> None:
        """Give the network the whole height where there is room beside it, else the output."""
        self.set_class(event.size.width < WIDE, "-compact")
        self.set_class(
            event.size.width >= WIDE and self.app.size.width >= LARGE and event.size.height >= TALL, "-large"
        )
        self._lay_out()
        self.call_after_refresh(self._fit)

    def _lay_out(self) -> None:
        """Give the output as many rows as a square takes, but leave some to the loss."""
        width, height = self.size
        if self.has_class("-compact"):
            self.styles.grid_rows = "3fr 2fr"
            return
        is_large = self.has_class("-large")
        right = width * 3 // 5 if is_large else width // 2
        loss = max(MIN_LOSS, height // 4)
        rows = max(min((right - 4) // 2 + 2, height - loss - (DIGITS if is_large else 0)), MIN_OUTPUT)
        self.styles.grid_rows = f"{rows} {DIGITS} 1fr" if is_large else f"{rows} 1fr"

    def show_loaded(self, loaded: Loaded) -> None:
        """Begin with the map, or with predicted against true where two of the features tell little."""
        self._loss_unit = loaded.dataset.loss_unit
        before, self._names = self._names, Picture.of(loaded)
        if before.names != self._names.names:
            count = len(loaded.dataset.features)
            self.tally = count > MAX_MAPPED or (count > 2 and not loaded.dataset.classes)
        super().show_loaded(loaded)

    def show_target(self, loaded: Loaded) -> None:
        self._names = Picture.of(loaded)
        super().show_target(loaded)

    @property
    def _shows_tally(self) -> bool:
        """Whether predictions are compared with what is true, as no neuron is looked at."""
        picture = self.picture
        is_output = picture is None or picture.chosen.layer == len(picture.chosen.layers) - 1
        return self.tally and is_output

    def watch_tally(self) -> None:
        if self.is_mounted:
            self._fit()

    def action_tally(self) -> None:
        """Show the output as a map, or predicted against true."""
        self.tally = not self.tally

    def show_progress(self, progress: Progress) -> None:
        """Show the loss in the title at once: a picture that belongs to it may never come."""
        self._progress = progress
        self._title_loss()

    def show_content(self, content: Live) -> None:
        self.content = content
        self._fit()

    def watch_log_scale(self) -> None:
        if self.is_mounted:
            self._show_loss(self.content)

    def action_log_scale(self) -> None:
        """Use a log or a linear axis for the loss."""
        self.log_scale = not self.log_scale

    def action_go_on(self) -> None:
        """Go on with the lesson or the run from last time, if that is offered."""
        self.post_message(self.OfferTaken())

    # What the Boundary tab does, by keys of their own that a config file can change.
    action_see_layer = NeuronView.action_look_layer
    action_see_neuron = NeuronView.action_look_neuron
    action_see_output = NeuronView.action_look_output
    action_see_axis = NeuronView.action_next_axis

    @property
    def _grid(self) -> tuple[int, int]:
        if self._shows_tally:
            return UNSEEN
        if isinstance(self.picture, Function):
            return self.query_one(".curve", PlotWidget).size.width, 1
        canvas = self.query_one(HeatmapWidget)
        return canvas.grid if canvas.size.area else USUAL_GRID

    def _fit(self) -> None:
        """Ask for as many points as there are pixels."""
        self._draw()
        self.ask()

    def hide_counts(self, hidden: bool) -> None:
        self._hides_counts = hidden
        self._draw()

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        content = self.content
        network = self.query_one("#live-network", Card)
        if content is None:
            network.entitle(_network_title(network.size.width))
            self.query_one("#live-output", Card).entitle("Output")
            self._show_loss(None)
            return
        count = "? parameters" if self._hides_counts else f"{content.params:,} parameters"
        network.entitle(_network_title(network.size.width), count)
        self._show_output(content)  # first, so that it comes first over a slow line, too
        picture = self.query_one(NetworkPicture)
        picture.show(scene_for(content, *picture.size, picture.form))
        self._show_loss(content)

    def _show_output(self, content: Live) -> None:
        picture, tally = content.boundary, content.tally if self._shows_tally else None
        card, is_curve = self.query_one("#live-output", Card), isinstance(picture, Function) and tally is None
        self.set_class(is_curve, "-curve")
        self.set_class(isinstance(tally, ClassPredictions), "-matrix")
        self.set_class(isinstance(tally, NumberPredictions), "-scatter")
        if tally is not None:
            self._names = replace(self._names, content=tally)
            if isinstance(tally, ClassPredictions):
                self.query_one(".matrix", TextPanel).show(self._names)
            else:
                self.query_one(".scatter", PlotWidget).show(scatter(self._names))
            part = f"{tally.part.name}, {tally.part.samples:,} rows"
            card.entitle(f"Predicted and true: {plain(self._target)}", f"{part}   {key_of('tally')} map")
            return
        if isinstance(picture, Function):
            self.query_one(".curve", PlotWidget).show(plot(picture, "all"))
        else:
            self.query_one(HeatmapWidget).show(replace(heatmap(picture, False, "all"), bare=True))
        card.entitle(_title(picture, self._target), legend=_legend(picture, card.size.width))

    def _show_loss(self, content: Live | None) -> None:
        curves = () if content is None else content.loss.curves
        shown = [line(curve, ()) for curve in drawn({curve.name: curve for curve in curves}, "loss", False)]
        quiet = tuple(replace(one, label="") for one in shown)
        train = key_of("toggle_training")
        progress = self._progress
        moment = None if progress is None else progress.moment
        self.query_one(".loss", PlotWidget).show(
            Plot(
                quiet,
                x_label="epoch",
                log_y=self.log_scale,
                empty=f"Press {train}, and watch it learn.",
                cursor=moment,
            )
        )
        self._title_loss()

    def _title_loss(self) -> None:
        """Write the newest losses, as they stand in the status line."""
        values = {} if self._progress is None else self._progress.values
        card = self.query_one("#live-loss", Card)
        room = card.outer_size.width - EDGES - len(NAMES) * LONG
        heading, names = f"Loss{self._loss_unit}", NAMES
        if _length(heading, names) > room:
            names = NARROW_NAMES
        if _length(heading, names) > room:
            heading = "Loss"  # the status line has the unit
        parts: list[str | tuple[str, str]] = [(heading, "bold")]
        for name, (label, color) in names.items():
            if name in values:
                parts.append((f"{label}{metric_text(name, values[name])}", f"bold {color}"))
        card.entitle(Content.assemble(*parts))
        if self.has_class("-large"):
            self._show_digits(values)

    def _show_digits(self, values: Mapping[str, float]) -> None:
        """Show score and loss in large digits, those of the validation part if there is one."""
        for place, names in enumerate(LARGE_NAMES):
            name = next((name for name in names if name in values), "")
            text = metric_text(name, values[name]) if name else ""
            digits = self.query_one(f"#live-digits-{place} Digits", Digits)
            if digits.value != text:
                digits.update(text)
            part = "validation" if name.startswith("val_") else "training"
            self.query_one(f"#live-digits-{place}", Card).entitle(
                f"{LABELS[name]}, {part}" if name else LABELS[names[0]]
            )


def _length(heading: str, names: Mapping[str, tuple[str, str]]) -> int:
    """Return how many cells a title has without its numbers."""
    return len(heading) + sum(len(label) for label, _ in names.values())


def _network_title(width: int) -> str:
    return "Network" if width < NARROW_NETWORK else "What each neuron sees"


def _title(picture: Boundary | Function, target: str) -> str:
    """Return what the large picture shows."""
    chosen = picture.chosen
    last = len(chosen.layers) - 1
    if chosen.layer == last:
        several = chosen.neuron >= 0 and chosen.layers[last].units > 1
        return f"Output: {name_of(chosen, chosen.neuron)}" if several else f"Output: {plain(target)}"
    return f"{'Input' if chosen.layer == 0 else f'Layer {chosen.layer}'}: {name_of(chosen, max(chosen.neuron, 0))}"


def _legend(picture: Boundary | Function, width: int) -> str:
    """Return the names of the axes, and the shapes of the classes, as far as there is room."""
    parts = [f"{shape(kind)} {plain(name)}" for kind, name in enumerate(picture.classes[:MAX_CLASSES])]
    if any(samples.validation for samples in picture.samples):
        parts.append("hollow: validation")
    if isinstance(picture, Boundary) and len(picture.axes) > 2:
        parts.insert(0, f"→ {plain(picture.x)} ↑ {plain(picture.y)}")
    while len("  ".join(parts)) > width - 4 and len(parts) > 1:
        parts.pop()
    return "  ".join(parts)
