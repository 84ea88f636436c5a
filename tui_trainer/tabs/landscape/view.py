"""The Landscape tab: the loss as a function of the weights, and the trajectory of training."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec.structs import replace
from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from tui_trainer.experiment.schema import Experiment
from tui_trainer.plotting.plot import Plot
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.tabs.runs.selection import SelectedRun
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.plot_widgets import HeatmapWidget, PlotWidget

from . import drawing as texts
from .drawing import COMPUTING, chart, curve, lines_of_step
from .messages import KINDS, Companion, Landscape, WatchLandscape

MIN_BESIDE = 100  # columns from which the numbers are beside the picture
MIN_HEIGHT_BELOW = 15  # with fewer rows, the reduced numbers are beside it, too
MIN_TALL = 28  # rows from which there is room for more numbers below the picture
MAX_ZOOM = 12
LIMITS = ("low", "high", "low_2", "high_2")
PARAMETERS = ("parameter", "parameter_2")
LINE_TIME = 0.4  # seconds that a line of an algorithm is marked, after a single step
MAX_PARAMETER = 2**31  # number of a parameter in a lesson


class LandscapeView(TabView):
    """Requests and draws a landscape; moves the initial weights, and chooses the axes."""

    DEFAULT_CSS = """
    LandscapeView {
        padding: 0 1;
        .numbers { layout: horizontal; height: 8; }
        .rule { width: 1fr; height: 1fr; }
        .steps { width: auto; height: 1fr; padding-left: 1; }
        &.-many .rule { width: 32; }
        &.-many .steps { width: 1fr; }
        .note { height: 1; color: $foreground-muted; display: none; }
        .note.-warning { color: $text-warning; }
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
        &.-algorithms .numbers { layout: vertical; }
        &.-algorithms .rule { width: 1fr; height: auto; margin-bottom: 1; }
        &.-algorithms .steps { padding-left: 0; }
        &.-algorithms.-beside .numbers { padding-left: 2; }
        &.-algorithms.-low .numbers { padding-left: 1; }
    }
    """
    log_scale: reactive[bool] = reactive(False)

    def __init__(self) -> None:
        super().__init__()
        self._options: dict[str, object] = {}
        self._zoom = 0
        self._companions: tuple[Companion, ...] = ()  # the variants of a lesson
        self._selected_runs: tuple[SelectedRun, ...] = ()
        self.content: Landscape | None = None
        self._progress: Progress | None = None
        self._start: list[float] = []  # the initial weights, if set by hand
        self._written_room = (0, 0)  # the room that the numbers had when they were last written
        self._step, self._line = 0, 0  # the newest step, and the line of the algorithm that is marked
        self._walk: Timer | None = None  # goes on to the step's next line
        self._is_current = False  # whether the content is of a run with as many parameters as the one that is loaded

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
        self.call_after_refresh(self._use_final_size)

    def _arrange(self) -> None:
        """Place the numbers beside the picture, or below it, depending on the room."""
        is_wide, is_low = self.size.width >= MIN_BESIDE, self.size.height < MIN_HEIGHT_BELOW
        self.set_class(is_wide or is_low, "-beside")
        self.set_class(is_low and not is_wide, "-low")
        self.set_class(self.size.height >= MIN_TALL, "-tall")

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: kind, parameters and limits; invalid ones are ignored."""
        self._zoom, self._options = 0, read_options(options)
        variants = options.get("companions")
        self._companions = tuple(Companion(*one) for one in variants) if isinstance(variants, list) else ()
        self.set_class(options.get("algorithms") is True, "-algorithms")
        self._refresh_picture()

    def look_as(self, request: WatchLandscape) -> None:
        """Show the same landscape, with the same paths on it but those of the runs that are chosen."""
        names = ("kind", *PARAMETERS, "low", "high", "low_2", "high_2")
        self._options = {name: getattr(request, name) for name in names}
        self._zoom, self._companions = request.zoom, request.companions
        self._refresh_picture()

    @property
    def request(self) -> WatchLandscape:
        runs = () if self._companions else tuple(selected.run for selected in self._selected_runs)
        request = WatchLandscape(*self._grid(), zoom=self._zoom, **self._options)  # type: ignore[arg-type]
        return replace(request, companions=self._companions, runs=runs)

    def python(self, loaded: Loaded) -> str:
        from tui_trainer.export.view_code import descent_code

        axis = self.content.axes[0] if self.content is not None else None
        limits = (-1.0, 1.0) if axis is None else (axis.low, axis.high)
        dataset = loaded.dataset
        return descent_code(loaded.experiment, dataset.features, dataset.target, limits) or super().python(loaded)

    def show_selected_runs(self, runs: tuple[SelectedRun, ...]) -> None:
        """Draw the paths of these runs, where they have the same landscape."""
        self._selected_runs = runs
        self.ask()

    def show_experiment(self, experiment: Experiment) -> None:
        self._start = list(experiment.model.weights)

    def show_loaded(self, loaded: Loaded) -> None:
        content = self.content
        self._progress = None
        if content is not None and loaded.params != len(content.axes):
            self._is_current = False

    def show_progress(self, progress: Progress) -> None:
        self._progress = progress
        if self.content is not None and self.is_mounted:
            self._write_note(self.content)

    def show_content(self, content: Landscape) -> None:
        names = {selected.run: f"{selected.letter} {selected.name}" for selected in self._selected_runs}
        paths = tuple(replace(path, name=names.get(path.run or 0, path.name)) for path in content.companions)
        self.content, self._is_current = replace(content, companions=paths), True
        self.set_class(content.map is not None, "-map")
        self._follow_step(content)
        self._arrange()  # a view that has just been made may have missed its first resize
        self._draw()
        self.call_after_refresh(self._use_final_size)

    def _follow_step(self, content: Landscape) -> None:
        """Mark the lines that a single step goes through, one after the other; while training runs, the last one."""
        step = 0 if content.update is None else content.update.step
        if step == self._step:
            return
        lines = lines_of_step(content)
        is_single = step == self._step + 1 and not self._is_running
        self._step, self._line = step, 0 if not lines else lines[0] if is_single else lines[-1]
        if self._walk is not None:
            self._walk.stop()
        self._walk = self.set_interval(LINE_TIME, self.next_line) if self.has_class("-algorithms") else None

    def next_line(self) -> None:
        """Mark the next line that the newest step went through."""
        lines = range(0) if self.content is None else lines_of_step(self.content)
        if lines and self._line < lines[-1]:
            self._line += 1
            self._draw()
        elif self._walk is not None:
            self._walk.stop()

    def action_log_scale(self) -> None:
        """Switch the loss axis between logarithmic and linear."""
        self.log_scale = not self.log_scale

    def watch_log_scale(self) -> None:
        self._draw()

    def action_kind(self) -> None:
        """Show the next kind of picture that the model has."""
        content = self.content
        if content is None or len(content.kinds) == 1:
            self.post_message(self.StatusMessage("With one parameter there is one picture: its curve."))
            return
        next_index = content.kinds.index(content.kind) + 1
        self._options["kind"] = content.kinds[next_index % len(content.kinds)]
        self._refresh_picture()

    def action_zoom(self, direction: int) -> None:
        """Halve or double the range."""
        self._zoom = min(max(self._zoom + direction, -MAX_ZOOM), MAX_ZOOM)
        self._refresh_picture()

    def action_weight(self, direction: int) -> None:
        """Show the next or the previous parameter."""
        self._change_parameter(0, direction)

    def action_weight_2(self, direction: int) -> None:
        """Show the next or the previous parameter on the second axis."""
        self._change_parameter(1, direction)

    def _change_parameter(self, axis: int, direction: int) -> None:
        number = self._parameter(axis)
        if number is None:
            self.post_message(self.StatusMessage("This axis is not a single weight; v shows another picture."))
            return
        next_number = number + direction
        if next_number == self._parameter(1 - axis):
            next_number += direction
        self._options[PARAMETERS[axis]] = next_number
        self._refresh_picture()

    def action_layer(self) -> None:
        """Show the first parameter of the next layer."""
        content = self.content
        if content is not None and content.axes[0].parameter is not None:
            self._options["parameter"] = content.axes[0].next_layer
            self._refresh_picture()

    def action_start(self, direction: int) -> None:
        """Move the first weight; this edits the experiment, so the run starts again from there."""
        self._move_start(0, direction)

    def action_start_2(self, direction: int) -> None:
        """Move the first bias, or the second weight."""
        self._move_start(1, direction)

    def _move_start(self, axis: int, direction: int) -> None:
        content = self.content
        if content is None or not self._is_current or content.way is None:
            self.post_message(self.StatusMessage("Only a model with one or two parameters can be moved by hand here."))
            return
        if axis >= len(content.axes):
            return
        parameter_axis, count = content.axes[axis], len(content.axes)
        weights = list(self._start or unpack(content.way.points)[:count].tolist())
        value = (round(weights[axis] / parameter_axis.stride) + direction) * parameter_axis.stride
        weights[axis] = float(f"{value:.10g}")
        self._start = weights  # the next key may be pressed before the edit is applied
        sentence = f"Start from {parameter_axis.name} = {weights[axis]:g}."
        self.post_message(self.FieldChosen("model.weights", weights, sentence))

    def _parameter(self, axis: int) -> int | None:
        axes = () if self.content is None else self.content.axes
        return axes[axis].parameter if axis < len(axes) else None

    def _grid(self) -> tuple[int, int]:
        """Return the number of points that fit in the picture."""
        if self.has_class("-map"):
            columns, rows = self.query_one(HeatmapWidget).grid
        else:
            columns, rows = self.query_one(PlotWidget).size
        return max(columns, 16), max(rows, 8)

    def _use_final_size(self) -> None:
        """Use the final size: more steps may fit in the table, or another grid in the picture."""
        if self.content is not None and self._text_room() != self._written_room:
            self._write_texts(self.content)
        self.ask()

    def _refresh_picture(self) -> None:
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
        self._write_texts(content)

    def _write_texts(self, content: Landscape) -> None:
        rule, steps = self.query_one(".rule", Static), self.query_one(".steps", Static)
        self.set_class(content.way is None, "-many")
        width, lines = self._written_room = self._text_room()
        if content.way is not None:
            if self.has_class("-algorithms"):
                line = None if content.update is None else self._line
                _write(rule, texts.algorithms_text(content, width, line))
            else:
                _write(rule, texts.update_text(content))
            _write(steps, texts.steps_text(content, lines))
        else:
            _write(rule, texts.position_text(content))
            _write(steps, texts.explanation(content))
        self._write_note(content)
        self.query_one(".hints", Static).update(hints(self._useful_actions(content), self.taken_keys), layout=False)

    def _write_note(self, content: Landscape) -> None:
        """Write what is to be known about the picture, or why the status line has another loss."""
        warning = texts.note(content)
        aside = "" if self._progress is None else texts.epoch_note(content, self._progress)
        note = self.query_one(".note", Static)
        note.update(warning or aside, layout=False)
        note.set_class(bool(warning), "-warning")
        # While training runs, its line stays once it is there: what comes and goes moves all that is above it.
        stays = self.has_class("-note") and self._is_running
        self.set_class(bool(warning or aside) or stays, "-note")

    def _text_room(self) -> tuple[int, int]:
        """Return how many columns the rule has, and how many lines the table of steps can have."""
        numbers, rule = self.query_one(".numbers").size.height, self.query_one(".rule", Static)
        return rule.content_size.width, numbers - rule.size.height - 1 if self._is_stacked else numbers

    @property
    def _is_running(self) -> bool:
        """Whether training goes on."""
        return self._progress is not None and self._progress.state == "running"

    @property
    def _is_stacked(self) -> bool:
        """Whether the table of steps stands below the other numbers, not beside them."""
        return self.has_class("-beside") or self.has_class("-algorithms")

    def _useful_actions(self, content: Landscape) -> set[str]:
        """Return the actions that are useful for this picture."""
        keys = {"zoom"} | ({"kind"} if len(content.kinds) > 1 else set())
        if content.way is not None:
            return keys | {"start", "rate"} | ({"start_2"} if len(content.axes) > 1 else set())
        if content.axes[0].parameter is not None:
            keys |= {"weight", "layer"} | ({"weight_2"} if len(content.axes) > 1 else set())
        return keys


def read_options(options: Mapping[str, object]) -> dict[str, object]:
    """Return the valid fields of a request in ``options``. A plane of two parameters is a contour."""
    fields: dict[str, object] = {}
    kind = options.get("kind")
    if kind in KINDS:
        fields["kind"] = "contour" if kind == "plane" and "parameter_2" in options else kind
    for name in PARAMETERS:
        number = options.get(name)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < MAX_PARAMETER:
            fields[name] = number
    for name in LIMITS:
        limit = options.get(name)
        if isinstance(limit, int | float) and not isinstance(limit, bool) and math.isfinite(limit):
            fields[name] = float(limit)
    return fields


def _write(line: Static, text: Text) -> None:
    """Write another text. The screen is laid out anew, which takes longer, only where it needs other room."""
    before = line.content
    if text != before:
        line.update(text, layout=not (isinstance(before, Text) and _room(before) == _room(text)))


def _room(text: Text) -> tuple[int, int]:
    """Return the columns and rows of a text without wrapped lines."""
    rows = text.plain.split("\n")
    return max(map(cell_len, rows)), len(rows)
