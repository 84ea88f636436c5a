"""The Boundary tab: the output of the model, or of any neuron, over two features or the only one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Label, Static

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Loaded
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget

from .drawing import Shown, describe, heatmap, plot
from .keys import PEN_ACTIONS
from .messages import OUTPUT, WHOLE, Boundary, Function, LayerShown, Neuron, WatchBoundary, locate
from .points import ONLY_PLANES, PointEditor
from .thumbnails import Arrangement, StripWidget, arrange, room_for, strip_of

STRIP_FROM = (96, 20)  # columns and rows from which the small pictures have room
STRIP = 44  # cells for them at least; a square picture leaves more
HINTS = ("look_layer", "look_neuron", "samples")
USUAL_GRID = (60, 50)  # before there is a canvas to fill
MIN_FEATURES = 3  # features, from which there is a choice
SAMPLES: dict[Shown, str] = {
    "all": "Training and validation samples.",
    "training": "Training samples only.",
    "none": "No samples.",
}


class Axes(Horizontal):
    """Lets the user select two features; hidden if there are fewer than three."""

    DEFAULT_CSS = """
    Axes {
        height: 1;
        display: none;
        &.-choice { display: block; }
        Label { width: auto; margin-right: 1; color: $text-muted; }
        Dropdown { width: 1fr; max-width: 26; margin-right: 2; }
    }
    """

    @dataclass
    class Picked(Message):
        """Other features were selected."""

        x: str
        y: str

    def compose(self) -> ComposeResult:
        yield Label("x")
        yield Dropdown(id="boundary-x")
        yield Label("y")
        yield Dropdown(id="boundary-y")

    def show(self, names: tuple[str, ...], x: str, y: str) -> None:
        """Offer ``names``, with ``x`` and ``y`` selected."""
        self.set_class(len(names) >= MIN_FEATURES, "-choice")
        if len(names) < MIN_FEATURES:
            return
        for choice, value in zip(self.query(Dropdown), (x, y), strict=True):
            choice.offer((name, name) for name in names)
            choice.value = value

    @on(Dropdown.Changed)
    def _pick(self, event: Dropdown.Changed) -> None:
        event.stop()
        x, y = (str(choice.value) for choice in self.query(Dropdown))
        self.post_message(self.Picked(x, y))


class NeuronView(TabView):
    """The base of views that show the output, or a selected neuron, over two features or the only one."""

    def __init__(self) -> None:
        super().__init__()
        self._choice = Selection()
        self._units: tuple[int, ...] = ()
        self._target = ""

    @property
    def picture(self) -> Boundary | Function | None:
        """What is shown of the neuron; None before the first content."""
        raise NotImplementedError

    @property
    def _grid(self) -> tuple[int, int]:
        """Return the grid of points that fills the canvas."""
        raise NotImplementedError

    def _watch(self, windows: tuple[NeuronRange, ...], side: int) -> WatchBoundary:
        """Return the request for what is selected, with the thumbnails of these neurons."""
        choice = self._choice
        return WatchBoundary(*self._grid, choice.x, choice.y, choice.layer, choice.neuron, windows, side)

    def configure(self, options: dict[str, object]) -> None:
        """Set the features ``x`` and ``y``; select the output."""
        self._choice = Selection(str(options.get("x", "")), str(options.get("y", "")))
        self.ask()

    def _look_at(self, request: WatchBoundary) -> None:
        """Choose the neuron and the features of a request."""
        self._choice = Selection(request.x, request.y, request.layer, request.neuron)
        self.ask()

    def show_loaded(self, loaded: Loaded) -> None:
        """Select the output if the layers have changed, and the default axes if the features have."""
        units = tuple(layer.output for layer in loaded.layers)
        self._choice.keep_features(loaded.dataset.features)
        if units != self._units:
            self._choice.look_at_output()
        self._units, self._target = units, loaded.dataset.target

    def show_target(self, loaded: Loaded) -> None:
        self._target = loaded.dataset.target

    @on(StripWidget.Picked)
    def _pick_neuron(self, event: StripWidget.Picked) -> None:
        event.stop()
        if self.picture is not None:
            self._choice.look_at(event.layer, event.neuron, self.picture.chosen.layers)
            self.ask()

    def action_look_layer(self, step: int) -> None:
        """Select the next or previous layer."""
        if self.picture is not None:
            self._choice.step_layer(step, self.picture.chosen.layers)
            self.ask()

    def action_look_neuron(self, step: int) -> None:
        """Select the next or previous neuron."""
        if self.picture is not None:
            self._choice.step_neuron(step, self.picture.chosen.layers)
            self.ask()

    def action_look_output(self) -> None:
        """Select the output."""
        self._choice.look_at_output()
        self.ask()

    def action_next_axis(self, axis: str) -> None:
        """Select the next feature on the axis ``x`` or ``y``."""
        picture = self.picture
        if not isinstance(picture, Boundary) or len(picture.axes) <= 2:
            self.post_message(self.StatusMessage("There are no other features to put on the axes."))
            return
        self._choice.step_axis(axis, picture)
        self.ask()


class BoundaryView(NeuronView):
    """Shows the computed content, and requests another whenever the neuron, the axes or the size change."""

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
    MODE = PEN_ACTIONS
    discretize: reactive[bool] = reactive(False)
    samples: reactive[Shown] = reactive[Shown]("all")

    def __init__(self) -> None:
        super().__init__()
        self.content: Boundary | Function | None = None
        self.points = PointEditor()

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
    def picture(self) -> Boundary | Function | None:
        return self.content

    @property
    def request(self) -> WatchBoundary:
        arrangement = self._arrangement
        return self._watch(tuple(block.window for block in arrangement.blocks), arrangement.side)

    def look_as(self, request: WatchBoundary) -> None:
        """Choose the same neuron and features."""
        self._look_at(request)

    def configure(self, options: dict[str, object]) -> None:
        """Set the features ``x`` and ``y``, and ``discretize``; select the output."""
        self.discretize = options.get("discretize") is True
        super().configure(options)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fit)

    def show_experiment(self, experiment: Experiment) -> None:
        self.points.show_experiment(experiment)
        if self.in_mode and not self.points.in_the_plane:
            self._set_mode(False)

    def show_content(self, content: Boundary | Function) -> None:
        self.content = content
        self.points.show_picture(content)
        self._draw()
        self._fit()

    def watch_discretize(self) -> None:
        self._draw()

    def action_discretize(self) -> None:
        """Show only the decision regions, or all shades."""
        self.discretize = not self.discretize

    def watch_samples(self) -> None:
        self._draw()

    def action_samples(self) -> None:
        """Show all samples, those for training, or none."""
        choices = list(SAMPLES)
        self.samples = choices[(choices.index(self.samples) + 1) % len(choices)]
        self.post_message(self.StatusMessage(SAMPLES[self.samples]))

    def action_regenerate(self) -> None:
        """Generate new points of a toy set, those of its next seed."""
        self.post_message(self.points.regenerate())

    def action_pen(self) -> None:
        """Take the pen, or put it away."""
        if not self.in_mode and self.points.plane is None:
            self.post_message(self.StatusMessage(ONLY_PLANES))
            return
        self._set_mode(not self.in_mode)
        if self.in_mode:
            self.screen.set_focus(None)

    def action_leave_pen(self) -> None:
        """Put the pen away."""
        self._set_mode(False)

    def action_move_pen(self, columns: int, rows: int) -> None:
        """Move the pen by so many cells to the right and down."""
        self.points.pen.move(columns, rows, self.query_one(HeatmapWidget).grid)
        self._draw()

    def action_pick_value(self, digit: int) -> None:
        """Choose the value of the points that the pen adds."""
        if self.points.plane is not None:
            if sentence := self.points.pen.pick(digit, self.points.plane.classes):
                self.post_message(self.StatusMessage(sentence))
            self._draw()

    def action_add_point(self) -> None:
        """Add a point at the pen, and show the samples so that it is visible."""
        if self.samples == "none" and self.points.plane is not None:
            self.samples = "training"
        self.post_message(self.points.add(self.query_one(HeatmapWidget), pen_is_shown=self.in_mode))

    def action_remove_point(self) -> None:
        """Remove the point nearest to the pen."""
        self.post_message(self.points.remove(self.query_one(HeatmapWidget), self.samples))

    def action_clear_points(self) -> None:
        """Undo everything that was added and removed by hand."""
        self.post_message(self.points.clear())

    @on(HeatmapWidget.Clicked)
    def _use_mouse(self, event: HeatmapWidget.Clicked) -> None:
        event.stop()
        self.points.pen.column, self.points.pen.row = event.column, event.row
        if event.second:
            self.action_remove_point()
        else:
            self.action_add_point()

    def _set_mode(self, on: bool) -> None:
        self.in_mode = on
        if on:
            self.points.pen.centre(self.query_one(HeatmapWidget).grid)
        self._draw()
        self.refresh_bindings()

    @on(Axes.Picked)
    def _pick_axes(self, event: Axes.Picked) -> None:
        event.stop()
        self._choice.x, self._choice.y = event.x, event.y
        self.ask()

    def _useful(self, content: Boundary | Function) -> list[str]:
        """Return the actions that have an effect on these data."""
        several = isinstance(content, Boundary)
        choice = isinstance(content, Boundary) and len(content.axes) > 2
        useful = {"discretize": several, "next_axis": choice, "regenerate": self.points.is_toy}
        useful |= {"pen": self.points.plane is not None, "clear_points": self.points.has_changes}
        return [action for action, does in useful.items() if does]

    def _write(self, line: str, text: str) -> None:
        """Update a line of text, if it has changed."""
        shown = self.query_one(line, Static)
        if shown.content != text:
            shown.update(text, layout=False)

    @property
    def _grid(self) -> tuple[int, int]:
        if isinstance(self.content, Function):
            return self.query_one(PlotWidget).size.width, 1
        canvas = self.query_one(HeatmapWidget)
        return canvas.grid if canvas.size.area else USUAL_GRID

    @property
    def _arrangement(self) -> Arrangement:
        strip = self.query_one(StripWidget)
        if self.content is None or not self.has_class("-strip"):
            return Arrangement()
        layers = self.content.chosen.layers
        room = room_for(*strip.size, strip.form)
        return arrange([layer.units for layer in layers], self._choice.clipped(layers), room)

    def _fit(self) -> None:
        """Lay out the parts, and request as many points as there are pixels."""
        width, height = self.size
        columns, rows = STRIP_FROM
        self.set_class(width >= columns and height >= rows, "-strip")
        square = isinstance(self.content, Boundary) and self.content.square
        left = width - 2 * height if square else 0
        self.query_one(StripWidget).styles.width = max(left, STRIP)
        self.call_after_refresh(self.ask)

    def _draw(self) -> None:
        content = self.content
        if content is None or not self.is_mounted:
            return
        self.set_class(isinstance(content, Function), "-curve")
        shown = describe(content.chosen, self._target, content.classes)
        self._write(".hints", hints(self.MODE if self.in_mode else (*HINTS, *self._useful(content)), self.taken_keys))
        if isinstance(content, Function):
            self.query_one(PlotWidget).show(plot(content, self.samples))
            self.query_one(Axes).show((), "", "")
        else:
            shown = self._show_picture(content) + shown
            self.query_one(Axes).show(content.axes, content.x, content.y)
        self._write(".shown", shown)
        self.query_one(StripWidget).show(strip_of(content, self._arrangement))

    def _show_picture(self, content: Boundary) -> str:
        """Show the heatmap, with the pen while it is in use; return a description of the pen."""
        widget, picture = self.query_one(HeatmapWidget), heatmap(content, self.discretize, self.samples)
        widget.show(picture)
        if not self.in_mode:
            return ""
        pen = self.points.pen
        widget.show(replace(picture, marks=(*picture.marks, pen.mark(content, widget))))
        return f"{pen.describe(content, widget)}   "


@dataclass(slots=True)
class Selection:
    """The selected neuron and features; for an empty name, the trainer chooses the feature."""

    x: str = ""
    y: str = ""
    layer: int = OUTPUT
    neuron: int = WHOLE

    def clipped(self, layers: Sequence[LayerShown]) -> Neuron:
        """Return the selected neuron, clipped to the network."""
        return locate(layers, self.layer, self.neuron)

    def look_at(self, layer: int, neuron: int, layers: Sequence[LayerShown]) -> None:
        """Select a neuron; the last layer remains the output, even if layers are added before it."""
        self.layer, self.neuron = (OUTPUT if layer >= len(layers) - 1 else max(layer, 0)), neuron

    def look_at_output(self) -> None:
        """Select the whole output."""
        self.layer, self.neuron = OUTPUT, WHOLE

    def step_layer(self, step: int, layers: Sequence[LayerShown]) -> None:
        """Select the next or previous layer: its first neuron, or the whole output."""
        self.look_at(self.clipped(layers)[0] + step, WHOLE, layers)

    def step_neuron(self, step: int, layers: Sequence[LayerShown]) -> None:
        """Select the next or previous neuron; the first follows the last."""
        layer, neuron = self.clipped(layers)
        lowest = WHOLE if layers[layer].whole else 0
        self.look_at(layer, lowest + (neuron + step - lowest) % (layers[layer].units - lowest), layers)

    def step_axis(self, axis: str, content: Boundary) -> None:
        """Select the next feature on the axis ``x`` or ``y`` of ``content``, skipping that of the other axis."""
        x, y = self.x or content.x, self.y or content.y
        now, other = (x, y) if axis == "x" else (y, x)
        names = [name for name in content.axes if name != other]
        name = names[(names.index(now) + 1) % len(names) if now in names else 0]
        self.x, self.y = (name, other) if axis == "x" else (other, name)

    def keep_features(self, features: Collection[str]) -> None:
        """Forget axes that are not among ``features``."""
        self.x, self.y = (name if name in features else "" for name in (self.x, self.y))
