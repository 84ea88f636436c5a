"""The Boundary tab: what the model, or any neuron of it, says over two features, or over the only one."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widgets import Static

from tui_trainer.datasets import CATALOG, ToySet
from tui_trainer.experiment import Experiment
from tui_trainer.runtime.protocol import AnyContent, AnyRequest, Loaded
from tui_trainer.runtime.protocol.boundary import (
    OUTPUT,
    WHOLE,
    Boundary,
    Function,
    LayerShown,
    WatchBoundary,
    locate,
)

from ..boundary.arrangement import Arrangement, arrange
from ..boundary.axes import Axes
from ..boundary.curve import plot
from ..boundary.picture import Shown, heatmap
from ..boundary.strip import Strip, StripWidget
from ..boundary.words import describe
from ..plotting import HeatmapWidget, PlotWidget
from .hints import hints
from .view import View

STRIP_FROM = (96, 20)  # columns and rows from which the small pictures have room
STRIP = 44  # cells for them at least; a square picture leaves more
HINTS = ("look_layer", "look_neuron", "samples")
SAMPLES: tuple[Shown, ...] = ("all", "training", "none")
SAID = {
    "all": "Training and validation samples.",
    "training": "Training samples alone.",
    "none": "No samples.",
}
USUAL_GRID = (60, 50)  # before there is a canvas to fill


class BoundaryView(View):
    """Shows what it is sent; asks again whenever another neuron, other axes or another size is wanted."""

    DEFAULT_CSS = """
    BoundaryView {
        padding: 0 0 0 1;
        .shown { height: 1; }
        .body { height: 1fr; }
        .hints { height: 1; color: $text-disabled; }
        StripWidget { display: none; }
        &.-strip StripWidget { display: block; }
        PlotWidget { display: none; }
        &.-curve PlotWidget { display: block; }
        &.-curve HeatmapWidget { display: none; }
    }
    """
    discretize: reactive[bool] = reactive(False)
    samples: reactive[Shown] = reactive[Shown]("all")

    def __init__(self) -> None:
        super().__init__()
        self._x = self._y = ""
        self._layer, self._neuron = OUTPUT, WHOLE
        self._content: Boundary | Function | None = None
        self._asked: AnyRequest | None = None
        self._experiment = Experiment()
        self._units: tuple[int, ...] = ()
        self._target = ""

    def compose(self) -> ComposeResult:
        yield Axes()
        yield Static("", classes="shown", markup=False)
        with Horizontal(classes="body"):
            with Vertical():
                yield HeatmapWidget()
                yield PlotWidget()
            yield StripWidget()
        yield Static("", classes="hints", markup=False)

    @property
    def request(self) -> AnyRequest:
        columns, rows = self._grid
        arrangement = self._arrangement
        return WatchBoundary(
            columns,
            rows,
            self._x,
            self._y,
            self._layer,
            self._neuron,
            tuple(block.window for block in arrangement.blocks),
            arrangement.side,
        )

    @property
    def is_complete(self) -> bool:
        """Whether what is shown is what was asked for, at its full size."""
        content, asked = self._content, self.request
        if (
            content is None
            or not isinstance(asked, WatchBoundary)
            or self._place != (content.chosen.layer, content.chosen.neuron)
        ):
            return False
        fits = isinstance(content, Function) or (content.columns, content.rows) == (asked.columns, asked.rows)
        return fits and tuple(thumbs.window for thumbs in content.thumbs) == asked.thumbs

    def configure(self, options: dict[str, object]) -> None:
        """``x`` and ``y``, names of features, and ``discretize``; it is the output that is looked at."""
        self._x, self._y = str(options.get("x", "")), str(options.get("y", ""))
        self.discretize = options.get("discretize") is True
        self._layer, self._neuron = OUTPUT, WHOLE
        self._ask()

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def show_experiment(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def show_loaded(self, loaded: Loaded) -> None:
        """Back to the output where the layers are others than before, and to the usual axes where the features are."""
        features = loaded.dataset.features
        self._x, self._y = (name if name in features else "" for name in (self._x, self._y))
        units = tuple(layer.output for layer in loaded.layers)
        if units != self._units:
            self._layer, self._neuron = OUTPUT, WHOLE
        self._units, self._target = units, loaded.dataset.target
        self._show_hints(len(features))

    def _show_hints(self, features: int) -> None:
        """The keys that do something with these data."""
        is_toy = self._is_toy
        useful = {"discretize": features > 1, "next_axis": features > 2 and not is_toy, "regenerate": is_toy}
        more = [action for action, does in useful.items() if does]
        self.query_one(".hints", Static).update(hints((*HINTS, *more)))

    def show_content(self, content: AnyContent) -> None:
        if isinstance(content, Boundary | Function):
            self._content = content
            self._draw()
            self._fit()

    def watch_discretize(self) -> None:
        self._draw()

    def watch_samples(self) -> None:
        self._draw()

    def action_discretize(self) -> None:
        """Tell apart only the sides of the border, or all shades."""
        self.discretize = not self.discretize

    def action_samples(self) -> None:
        """All samples, those for training, or none."""
        self.samples = SAMPLES[(SAMPLES.index(self.samples) + 1) % len(SAMPLES)]
        self.post_message(self.Said(SAID[self.samples]))

    def action_look_layer(self, step: int) -> None:
        """A layer on or back; its first neuron, or the whole output."""
        if self._content is not None:
            layer, _ = self._place
            self._look_at(min(max(layer + step, 0), len(self._layers) - 1), WHOLE)

    def action_look_neuron(self, step: int) -> None:
        """A neuron on or back; after the last comes the first."""
        if self._content is not None:
            layer, neuron = self._place
            lowest = WHOLE if self._layers[layer].whole else 0
            self._look_at(layer, lowest + (neuron + step - lowest) % (self._layers[layer].units - lowest))

    def action_look_output(self) -> None:
        """Back to the output."""
        self._look_at(OUTPUT, WHOLE)

    def action_next_axis(self, axis: str) -> None:
        """The next feature on the axis ``x`` or ``y``, past that of the other one."""
        content = self._content
        if not isinstance(content, Boundary) or len(content.axes) <= 2:
            self.post_message(self.Said("There are no other features to put on the axes."))
            return
        x, y = self._x or content.x, self._y or content.y
        now, other = (x, y) if axis == "x" else (y, x)
        others = [name for name in content.axes if name != other]
        place = others.index(now) + 1 if now in others else 0
        name = others[place % len(others)]
        self._choose_axes(*((name, other) if axis == "x" else (other, name)))

    def action_regenerate(self) -> None:
        """Other points of a toy set: its next seed."""
        if not self._is_toy:
            self.post_message(self.Said("Only a toy set can have other points; this one is as it was measured."))
            return
        seed = self._experiment.dataset.seed + 1
        self.post_message(
            self.FieldChosen("dataset.seed", seed, f"Other points, those of seed {seed}; the weights stay.")
        )

    @on(Axes.Picked)
    def _pick_axes(self, event: Axes.Picked) -> None:
        event.stop()
        self._choose_axes(event.x, event.y)

    @on(StripWidget.Picked)
    def _pick_neuron(self, event: StripWidget.Picked) -> None:
        event.stop()
        self._look_at(event.layer, event.neuron)

    @property
    def _is_toy(self) -> bool:
        """Whether the data are made from a formula."""
        dataset = self._experiment.dataset
        return dataset.path is None and isinstance(CATALOG.get(dataset.name), ToySet)

    def _choose_axes(self, x: str, y: str) -> None:
        self._x, self._y = x, y
        self._ask()

    def _look_at(self, layer: int, neuron: int) -> None:
        is_last = self._content is not None and layer == len(self._layers) - 1
        self._layer, self._neuron = OUTPUT if is_last else layer, neuron
        self._ask()

    @property
    def _layers(self) -> tuple[LayerShown, ...]:
        return () if self._content is None else self._content.chosen.layers

    @property
    def _place(self) -> tuple[int, int]:
        """The layer and the neuron that are wanted, whether they are shown yet or not."""
        return locate(self._layers, self._layer, self._neuron)

    @property
    def _grid(self) -> tuple[int, int]:
        """The points that would fill the canvas."""
        if isinstance(self._content, Function):
            return self.query_one(PlotWidget).size.width, 1
        canvas = self.query_one(HeatmapWidget)
        return canvas.grid if canvas.size.area else USUAL_GRID

    @property
    def _arrangement(self) -> Arrangement:
        strip = self.query_one(StripWidget)
        if self._content is None or not self.has_class("-strip"):
            return Arrangement()
        units = [layer.units for layer in self._layers]
        return arrange(units, self._place, strip.size, gap=0 if strip.form == "pixels" else 1)

    def _ask(self) -> None:
        """Ask the trainer, if it is something else than what it was asked for."""
        wanted = self.request
        if wanted != self._asked:
            self._asked = wanted
            self.post_message(self.LookChanged())

    def _fit(self) -> None:
        """Give each part its room, and ask for as many points as it has pixels."""
        width, height = self.size
        columns, rows = STRIP_FROM
        self.set_class(width >= columns and height >= rows, "-strip")
        square = isinstance(self._content, Boundary) and self._content.square
        left = width - 2 * height if square else 0
        self.query_one(StripWidget).styles.width = max(left, STRIP)
        self.call_after_refresh(self._ask)

    def _draw(self) -> None:
        content = self._content
        if content is None or not self.is_mounted:
            return
        is_curve = isinstance(content, Function)
        self.set_class(is_curve, "-curve")
        self.query_one(".shown", Static).update(describe(content.chosen, self._target, content.classes))
        if isinstance(content, Function):
            self.query_one(PlotWidget).show(plot(content, self.samples))
            self.query_one(Axes).show((), "", "")
        else:
            self.query_one(HeatmapWidget).show(heatmap(content, self.discretize, self.samples))
            self.query_one(Axes).show(content.axes, content.x, content.y)
        strip = Strip(self._arrangement, content.chosen, content.thumbs, content.thumb, len(content.classes), is_curve)
        self.query_one(StripWidget).show(strip)
