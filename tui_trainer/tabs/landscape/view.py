"""The Landscape tab: the loss as a function of the weights, and the way down."""

from __future__ import annotations

import math
from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.widgets import Static

from tui_trainer.experiment.schema import Experiment
from tui_trainer.plotting.plot import Plot
from tui_trainer.protocol import Loaded, unpack
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget

from . import drawing as texts
from .drawing import COMPUTING, chart, curve
from .messages import KINDS, Landscape, WatchLandscape

BESIDE = 100  # columns from which the numbers stand beside the picture
LOW = 15  # rows below which they stand there too, as few as they are then
TALL = 28  # rows from which there is room for more numbers below it
MAX_ZOOM = 12
LIMITS = ("low", "high", "low_2", "high_2")
PARAMETERS = ("parameter", "parameter_2")
LARGEST = 2**31  # numbers of parameters


class LandscapeView(TabView):
    """Asks for a landscape and draws what comes; moves the first weights, and chooses what is looked at."""

    DEFAULT_CSS = """
    LandscapeView {
        padding: 0 1;
        .numbers { layout: horizontal; height: 8; }
        .rule { width: 1fr; height: 1fr; }
        .steps { width: auto; height: 1fr; padding-left: 1; }
        &.-many .rule { width: 32; }
        &.-many .steps { width: 1fr; }
        .note { height: 1; color: $text-warning; display: none; }
        .hints { height: 1; color: $text-muted; }
        .map { display: none; }
        &.-map .map { display: block; }
        &.-map .curve { display: none; }
        &.-note .note { display: block; }
        &.-many .numbers { height: auto; max-height: 8; }
        &.-many .rule, &.-many .steps { height: auto; }
        &.-tall .numbers { height: 12; margin-top: 1; }
        &.-tall.-many .numbers { height: auto; max-height: 12; }
        &.-beside .both { layout: horizontal; }
        &.-beside .numbers { layout: vertical; width: 46; height: 1fr; margin-top: 0; padding-left: 3; }
        &.-beside .rule { height: auto; margin-bottom: 1; }
        &.-low .numbers { width: 31; padding-left: 1; }
        &.-low .rule { width: 1fr; margin-bottom: 0; }
        &.-low .steps { padding-left: 0; }
    }
    """
    log_scale: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self._options: dict[str, object] = {}
        self._zoom = 0
        self.content: Landscape | None = None  # what is shown
        self._start: list[float] = []  # the first weights, as chosen by hand
        self._written = 0  # lines that the table of steps had room for
        self._current = False  # whether the content is of a run with as many parameters as the one that is loaded

    def compose(self) -> ComposeResult:
        with Container(classes="both"):
            with Vertical(classes="picture"):
                yield PlotWidget(classes="curve")
                yield HeatmapWidget(classes="map")
            with Container(classes="numbers"):
                yield Static(classes="rule")
                yield Static(classes="steps")
        yield Static(classes="note", markup=False)
        yield Static(classes="hints", markup=False)

    def on_mount(self) -> None:
        self.query_one(PlotWidget).show(Plot(empty=COMPUTING))

    def on_resize(self) -> None:
        self._arrange()
        self.call_after_refresh(self._look_again)

    def _arrange(self) -> None:
        """The numbers beside the picture, or below it, as there is room."""
        wide, low = self.size.width >= BESIDE, self.size.height < LOW
        self.set_class(wide or low, "-beside")
        self.set_class(low and not wide, "-low")
        self.set_class(self.size.height >= TALL, "-tall")

    def configure(self, options: dict[str, object]) -> None:
        """Kind, parameters and limits that a lesson wants to be seen; what makes no sense is ignored."""
        self._zoom, self._options = 0, read_options(options)
        self._look_again()

    @property
    def request(self) -> WatchLandscape:
        return WatchLandscape(*self._grid(), zoom=self._zoom, **self._options)  # type: ignore[arg-type]

    def show_experiment(self, experiment: Experiment) -> None:
        self._start = list(experiment.model.weights)

    def show_loaded(self, loaded: Loaded) -> None:
        content = self.content
        if content is not None and loaded.params != len(content.axes):
            self._current = False

    def show_content(self, content: Landscape) -> None:
        self.content, self._current = content, True
        self.set_class(content.map is not None, "-map")
        self._arrange()  # a view that has just been made may have missed its first resize
        self._draw()
        self.call_after_refresh(self._fill)

    def action_log_scale(self) -> None:
        """Log or linear loss axis."""
        self.log_scale = not self.log_scale

    def watch_log_scale(self) -> None:
        self._draw()

    def action_kind(self) -> None:
        """The next kind of picture that the model has."""
        content = self.content
        if content is None or len(content.kinds) == 1:
            self.post_message(self.Said("With one parameter there is one picture: its curve."))
            return
        following = content.kinds.index(content.kind) + 1
        self._options["kind"] = content.kinds[following % len(content.kinds)]
        self._look_again()

    def action_zoom(self, direction: int) -> None:
        """Half the range, or twice as much."""
        self._zoom = min(max(self._zoom + direction, -MAX_ZOOM), MAX_ZOOM)
        self._look_again()

    def action_weight(self, direction: int) -> None:
        """The next parameter, or the one before."""
        self._change_parameter(0, direction)

    def action_weight_2(self, direction: int) -> None:
        """The next parameter along the second axis, or the one before."""
        self._change_parameter(1, direction)

    def _change_parameter(self, axis: int, direction: int) -> None:
        number = self._parameter(axis)
        if number is None:
            self.post_message(self.Said("This axis is not a single weight; v shows another picture."))
            return
        following = number + direction
        if following == self._parameter(1 - axis):
            following += direction
        self._options[PARAMETERS[axis]] = following
        self._look_again()

    def action_layer(self) -> None:
        """The first parameter of the next layer."""
        content = self.content
        if content is not None and content.axes[0].parameter is not None:
            self._options["parameter"] = content.axes[0].next_layer
            self._look_again()

    def action_start(self, direction: int) -> None:
        """Move the first weight: an edit of the experiment, so the run starts again from there."""
        self._move_start(0, direction)

    def action_start_2(self, direction: int) -> None:
        """Move the first bias, or the second weight."""
        self._move_start(1, direction)

    def _move_start(self, axis: int, direction: int) -> None:
        content = self.content
        if content is None or not self._current or content.way is None:
            self.post_message(self.Said("Only a model with one or two parameters can be moved by hand here."))
            return
        if axis >= len(content.axes):
            return
        moved, count = content.axes[axis], len(content.axes)
        weights = list(self._start or unpack(content.way.points)[:count].tolist())
        value = (round(weights[axis] / moved.stride) + direction) * moved.stride
        weights[axis] = float(f"{value:.10g}")
        self._start = weights  # the next key may come before the edit is made
        said = f"Start from {moved.name} = {weights[axis]:g}."
        self.post_message(self.FieldChosen("model.weights", weights, said))

    def _parameter(self, axis: int) -> int | None:
        axes = () if self.content is None else self.content.axes
        return axes[axis].parameter if axis < len(axes) else None

    def _grid(self) -> tuple[int, int]:
        """Points that the picture has room for."""
        if self.has_class("-map"):
            columns, rows = self.query_one(HeatmapWidget).grid
        else:
            columns, rows = self.query_one(PlotWidget).size
        return max(columns, 16), max(rows, 8)

    def _fill(self) -> None:
        """Use the room there turned out to be: for more steps in the table, and for another grid."""
        if self.content is not None and self._lines() != self._written:
            self._write(self.content)
        self.ask()

    def _look_again(self) -> None:
        if self.is_mounted:
            self._draw()
            self.ask()

    def _draw(self) -> None:
        content = self.content
        if content is None or not self.is_mounted:
            return
        if content.map is not None:
            self.query_one(HeatmapWidget).show(chart(content, content.map))
        else:
            self.query_one(PlotWidget).show(curve(content, self.log_scale))
        self._write(content)

    def _write(self, content: Landscape) -> None:
        rule, steps = self.query_one(".rule", Static), self.query_one(".steps", Static)
        self.set_class(content.way is None, "-many")
        self._written = self._lines()
        if content.way is not None:
            rule.update(texts.update_text(content))
            steps.update(texts.steps_text(content, self._written))
        else:
            rule.update(texts.place_text(content))
            steps.update(texts.explanation(content))
        self.query_one(".note", Static).update(note := texts.note(content))
        self.set_class(bool(note), "-note")
        self.query_one(".hints", Static).update(hints(self._keys(content), self.taken_keys))

    def _lines(self) -> int:
        """How many lines the table of steps may have."""
        numbers = self.query_one(".numbers").size.height
        return numbers - self.query_one(".rule").size.height - 1 if self.has_class("-beside") else numbers

    def _keys(self, content: Landscape) -> set[str]:
        """The actions that do something for this picture."""
        keys = {"zoom"} | ({"kind"} if len(content.kinds) > 1 else set())
        if content.way is not None:
            return keys | {"start", "rate"} | ({"start_2"} if len(content.axes) > 1 else set())
        if content.axes[0].parameter is not None:
            keys |= {"weight", "layer"} | ({"weight_2"} if len(content.axes) > 1 else set())
        return keys


def read_options(options: Mapping[str, object]) -> dict[str, object]:
    """The fields of a request that ``options`` give. A plane of two parameters is a contour."""
    found: dict[str, object] = {}
    kind = options.get("kind")
    if kind in KINDS:
        found["kind"] = "contour" if kind == "plane" and "parameter_2" in options else kind
    for name in PARAMETERS:
        number = options.get(name)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < LARGEST:
            found[name] = number
    for name in LIMITS:
        limit = options.get(name)
        if isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit):
            found[name] = float(limit)
    return found
