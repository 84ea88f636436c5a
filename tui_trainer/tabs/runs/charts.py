"""Draws charts of runs: a measure over a field, the share of it that each field explains, and parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual import events
from textual.message import Message

from tui_trainer.errors import plain
from tui_trainer.formats import format_bar, format_measure
from tui_trainer.measures import in_words
from tui_trainer.plotting.axes import CELL_HEIGHT, HUGE, Area, Scale, ticks
from tui_trainer.plotting.colors import WRONG, series_css, shape
from tui_trainer.plotting.frame import Board, Frame, one_cell, shorten, shorten_alike
from tui_trainer.plotting.lines import DOTS, Dots, draw
from tui_trainer.plotting.plot import Array, Plot, Series
from tui_trainer.protocol import unpack
from tui_trainer.settings import Markers
from tui_trainer.ui.plot_widgets import FrameWidget, Line, PlotWidget, Span

from .messages import ChartField, RunChart

MAX_COLORS = 8  # values of a field that have a colour each; of more, ranges have
RANGES = 4
COLOR_MARKS = "*o+x#%&="
MARGIN = 0.04  # of the x axis on each side, so that no point lies on its ends
GAPS = (3, 2)  # cells between the values of a run
REACH = 4.0  # cells from a point to a click on it, at most
BARS = (24, 16, 10, 6)  # cells of the longest bar
MIN_SHARE = 0.005  # a smaller one is rounded to 0 %
NO_FIELDS = "A chart needs runs that differ in a field; those that the list shows differ in none."
NO_VALUES = "None of these runs has a {measure} yet; o sorts by another column."
TOO_FEW = "There are too few runs to tell which field mattered."
ALIKE = "All of these runs have the same {measure}."
CURSOR = ("◉", "@")
LOST = (WRONG, "X")


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """What the user charts: the field across, and that of the colours, by their paths.

    None is the field that explains most, and for the colours the next one; an empty path is no colours.
    """

    across: str | None = None
    color: str | None = None

    def across_of(self, chart: RunChart) -> ChartField | None:
        """Return the field across; None where the runs differ in no field."""
        found = (field for field in chart.fields if field.path == self.across)
        return next(found, chart.fields[0] if chart.fields else None)

    def color_of(self, chart: RunChart) -> ChartField | None:
        """Return the field of the colours; None for no colours."""
        if self.color == "":
            return None
        found = (field for field in chart.fields if field.path == self.color)
        across = self.across_of(chart)
        return next(found, next((field for field in chart.fields if field is not across), None))

    def moved(self, chart: RunChart, offset: int) -> ChartChoice:
        """Return the choice with the next or the previous field across; the colours stay."""
        across, color = self.across_of(chart), self.color_of(chart)
        if across is None:
            return self
        place = (chart.fields.index(across) + offset) % len(chart.fields)
        kept = self.color if color is None or self.color is None else color.path
        return ChartChoice(chart.fields[place].path, kept)

    def recolored(self, chart: RunChart) -> ChartChoice:
        """Return the choice with the next field for the colours; after the last one there are none."""
        across, color = self.across_of(chart), self.color_of(chart)
        others = [field.path for field in chart.fields if field is not across]
        paths = [*others, ""]
        now = "" if color is None else color.path
        return ChartChoice(self.across, paths[(paths.index(now) + 1) % len(paths)] if now in paths else paths[0])


def scatter(chart: RunChart, choice: ChartChoice, run: int | None, markers: Markers) -> Plot:
    """Return the plot of the measure over a field, with ``run`` marked; diverged runs are beyond the worst value."""
    arrows = "<>" if markers == "ascii" else "←→"
    across, color, name = choice.across_of(chart), choice.color_of(chart), in_words(chart.measure)
    values = unpack(chart.values)
    if across is None or not np.isfinite(values).any():
        return Plot(empty=NO_FIELDS if across is None else NO_VALUES.format(measure=name))
    x, y = unpack(across.places), _with_lost(chart, values)
    lost = np.isin(chart.runs, chart.diverged)
    series = []
    for number, (label, members) in enumerate(_colored(color, len(x))):
        shown = members & ~lost
        series.append(
            Series(
                label,
                x[shown],
                y[shown],
                f"class{number}",
                "scatter",
                glyph=shape(number),
                mark=COLOR_MARKS[number],
            )
        )
    if lost.any():
        series.append(Series("diverged", x[lost], y[lost], "bad", "scatter", glyph=LOST[0], mark=LOST[1]))
    if run in chart.runs:
        place = chart.runs.index(run)
        here = slice(place, place + 1)
        series.append(Series("", x[here], y[here], "accent", "scatter", glyph=CURSOR[0], mark=CURSOR[1]))
    return Plot(
        tuple(series),
        x_label=f"{arrows[0]} {across.label} {arrows[1]}",
        y_label=name,
        title="" if color is None else f"{color.label}:",
        log_y=chart.log,
        log_x=across.scale == "log",
        x_limits=_x_limits(across, x),
        x_names=across.levels if across.scale == "levels" else (),
    )


def run_at(chart: RunChart, choice: ChartChoice, plot: PlotWidget, column: int, row: int) -> int | None:
    """Return the run whose point in the scatter plot is nearest to a cell; None where none is near."""
    across, values = choice.across_of(chart), unpack(chart.values)
    if across is None or not np.isfinite(values).any():
        return None
    cells = plot.cells(unpack(across.places), _with_lost(chart, values))
    if cells is None:
        return None
    columns, rows, _ = cells
    distances = np.hypot(columns - column, CELL_HEIGHT * (rows - row))
    distances = np.where(np.isfinite(distances), distances, np.inf)
    nearest = int(distances.argmin())
    return chart.runs[nearest] if distances[nearest] <= REACH else None


Named = Literal["across", "before", "color", "measure"]


def name_at(chart: RunChart, choice: ChartChoice, plot: PlotWidget, column: int, row: int) -> Named | None:
    """Return what is named at a cell around the scatter plot: the field across, with the arrow to the one before it,
    the measure, or the field of the colours with its legend; None elsewhere.
    """
    cells = plot.cells(np.zeros(1), np.zeros(1))
    if cells is None:
        return None
    area, text = cells[2], plot.row_text(row)
    if row < area.top:
        name = in_words(chart.measure)
        return "measure" if text.startswith(name) and column < len(name) else "color"
    if row < area.top + area.rows:
        return None
    start = text.find(label := one_cell(plot.plot.x_label))
    if start < 0 or not start <= column < start + len(label):
        return None
    return "before" if column < start + 2 else "across"


def _with_lost(chart: RunChart, values: Array) -> Array:
    """Return the values (n,) with one beyond the worst for runs that diverged."""
    values = np.clip(values, -HUGE, HUGE)
    y = np.log10(values) if chart.log else values
    known = y[np.isfinite(y)]
    best, worst = (known.max(), known.min()) if chart.rising else (known.min(), known.max())
    beyond = worst + (worst - best) / 12
    y = np.where(np.isin(chart.runs, chart.diverged), beyond, y)
    return np.power(10.0, np.minimum(y, math.log10(HUGE))) if chart.log else y


def _x_limits(field: ChartField, x: Array) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    if field.scale == "levels":
        return -0.5, len(field.levels) - 0.5
    if field.scale == "log":
        factor = math.exp((math.log(high) - math.log(low)) * MARGIN)
        return low / factor, high * factor
    margin = (high / 2 - low / 2) * 2 * MARGIN
    return low - margin, high + margin


def _colored(field: ChartField | None, count: int) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the label of each colour, and which of ``count`` runs have it (n,)."""
    if field is None:
        return [("", np.ones(count, bool))]
    places = unpack(field.places)
    distinct, index = np.unique(places, return_inverse=True)
    if len(distinct) <= MAX_COLORS:
        return [(level, index == number) for number, level in enumerate(field.levels)]
    ranges = index * RANGES // len(distinct)
    found = []
    for number in range(RANGES):
        levels = [level for place, level in enumerate(field.levels) if place * RANGES // len(distinct) == number]
        found.append((f"{levels[0]} … {levels[-1]}", ranges == number))
    return found


def shares(chart: RunChart, choice: ChartChoice, width: int, markers: Markers) -> Line:
    """Return a line of ``width`` cells that tells with bars how much of the measure's variance each field explains."""
    across = choice.across_of(chart)
    told = [(field, share) for field in chart.fields if (share := field.share) is not None]
    if not told or across is None:
        return ((_untold(chart), "dim"),)
    end = "" if chart.together is None else f"   all together {100 * chart.together:.0f} %"
    for longest in BARS:
        spans, used, shown = [("what mattered", "dim")], len("what mattered") + len(end), 0
        for field, share in told:
            bar = format_bar(share, longest, markers == "ascii")
            entry = f"   {one_cell(field.shared_label)} ", f"{bar} " if bar else "", f"{100 * share:.0f} %"
            used += sum(map(len, entry))
            if used > width - 4:
                break
            style = "title" if field is across else "text"
            spans += [(entry[0], style), (entry[1], "positive"), (entry[2], style)]
            shown += 1
        if shown == len(told) or (longest == BARS[-1]) or (shown and told[shown - 1][1] < MIN_SHARE):
            break
    if shown < len(told):
        spans.append((f"  +{len(told) - shown}", "dim"))
    return (*spans, (end, "dim"))


def field_told_at(line: Line, chart: RunChart, column: int) -> ChartField | None:
    """Return the field whose share stands at a column of the line that ``shares`` has made; None beside them."""
    told = iter([field for field in chart.fields if field.share is not None])
    following, at, end = next(told, None), None, 0
    for text, _ in line:
        if following is not None and text.strip() == one_cell(following.shared_label):
            at, following = following, next(told, None)
        elif text.startswith(" "):  # what stands behind the last one
            at = None
        end += len(text)
        if column < end:
            return at
    return None


def _untold(chart: RunChart) -> str:
    """Say why nothing is told of what the fields explain."""
    values = unpack(chart.values)
    known = values[np.isfinite(values)]
    if len(chart.fields) == 1:
        only = chart.fields[0]
        return f"The runs differ in {only.shared_label}" + (", which vary together." if only.tied else " alone.")
    if not chart.fields or not len(known):
        return ""
    return ALIKE.format(measure=in_words(chart.measure)) if len(known) > 1 and np.ptp(known) == 0 else TOO_FEW


def details(chart: RunChart, run: int | None, name: str, width: int, markers: Markers) -> Line:
    """Return a line of ``width`` cells that tells the values of a run, as many as fit, and its name at the end."""
    if run not in chart.runs:
        return ()
    place = chart.runs.index(run)
    value = float(unpack(chart.values)[place])
    said = "diverged" if run in chart.diverged else "-" if np.isnan(value) else format_measure(value)
    values = [(in_words(chart.measure), said), *((field.label, _level(field, place)) for field in chart.fields)]
    entries: list[list[Span]] = [[(f"{one_cell(label)} ", "dim"), (one_cell(value), "text")] for label, value in values]
    entries = [[(f"run {run}", "title")], *entries, *([[(one_cell(name), "dim")]] if name else [])]
    lengths = [sum(len(text) for text, _ in entry) for entry in entries]
    gap = next((gap for gap in GAPS if sum(lengths) + gap * (len(entries) - 1) <= width), GAPS[-1])
    dots = "~" if markers == "ascii" else "…"
    spans, used = entries[0], lengths[0]
    for number, (entry, length) in enumerate(zip(entries[1:], lengths[1:], strict=True), start=2):
        more = gap + len(dots) if number < len(entries) else 0  # that the rest needs, to be told of
        if used + gap + length + more > width:
            return (*spans, (" " * gap + dots, "dim"))
        spans, used = [*spans, (" " * gap, "dim"), *entry], used + gap + length
    return tuple(spans)


def _level(field: ChartField, place: int) -> str:
    """Return the value of a field as text, of the run at ``place``."""
    places = unpack(field.places)
    return field.levels[int(np.searchsorted(np.unique(places), places[place]))]


@dataclass(frozen=True, slots=True, eq=False)
class Parallel:
    """Parallel coordinates of a chart, with ``run`` marked; or a sentence instead."""

    chart: RunChart | None = None
    run: int | None = None
    empty: str = ""


ROLES = ("text", "axis", "bad", "rest", "good", "best", "run")
TEXT, AXIS, BAD, REST, GOOD, BEST, RUN = range(len(ROLES))
LINE_MARKS = {BAD: ".", REST: ":", GOOD: "o", BEST: "#", RUN: "@"}
MIN_AXIS = 12  # cells between two axes
MAX_LABELS = 8  # values of a number on its axis; of more, round ones are labelled
QUARTER = 0.25
MAX_LINES = 200  # more take longer than a blink to draw, and hide one another
LEGEND = "green best quarter, red worst"
ASCII_LEGEND = "@ chosen, # best, o best quarter, : others, . worst"


class ParallelPanel(FrameWidget[Parallel]):
    """Shows each run as a line over the axes of the fields and of the measure, the best ones in front."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"parallel--{name}" for name in ROLES}
    DEFAULT_CSS = f"""
    ParallelPanel {{
        .parallel--text {{ color: $foreground; }}
        .parallel--axis {{ color: $foreground-muted; }}
        .parallel--rest {{ color: $data-batch; }}
        .parallel--best {{ color: $text-success; text-style: bold; }}
        .parallel--run {{ color: $text-accent; text-style: bold; }}
        {series_css("parallel--", ("good", "bad"))}
    }}
    """

    @dataclass
    class RunPointed(Message):
        """The line of a run was clicked, ``twice`` in a row."""

        run: int
        twice: bool

    @dataclass
    class FieldPointed(Message):
        """The name of the axis of a field was clicked."""

        path: str

    def __init__(self) -> None:
        super().__init__(Parallel(), "parallel")

    def on_click(self, event: events.Click) -> None:
        chart = self._drawing.chart
        if chart is None or not _is_drawn(chart, self.size.height):
            return
        event.stop()
        axes, area, places = _arranged(chart, *self.size, self.form)
        if event.y == 0:
            number = max(0, sum(area.column(place) <= event.x for place in places.tolist()) - 1)
            if number < len(axes) - 1:  # the last one is the measure
                self.post_message(self.FieldPointed(chart.fields[number].path))
            return
        run = _line_at(chart, axes, area, places, event.x, event.y)
        if run is not None:
            self.post_message(self.RunPointed(run, event.chain == 2))

    @property
    def form(self) -> Markers:
        """The markers, or without colours those by which lines differ all the same."""
        return "ascii" if self.app.no_color else self.markers

    @property
    def render_settings(self) -> tuple[object, ...]:
        return (*self.size, self.form)

    def draw(self, drawing: Parallel, width: int, height: int) -> Frame:
        return render_parallel(drawing, width, height, self.form)

    def styles_of(self, drawing: Parallel) -> Mapping[int, Style]:
        return {role: self.style_named(f"parallel--{name}") for role, name in enumerate(ROLES)}


@dataclass(frozen=True, slots=True)
class Coordinate:
    """An axis of parallel coordinates: ``places`` (runs,) from 0 at the bottom to 1, and labels at such places."""

    name: str
    places: Array
    labels: tuple[tuple[float, str], ...]


def coordinates(chart: RunChart, most: int) -> list[Coordinate]:
    """Return the axes of the first fields and of the measure, ``most`` in all. The best value of that is on top."""
    found = []
    for field in chart.fields[: most - 1]:
        places = unpack(field.places)
        distinct = np.unique(places)
        scaled = _scaled(np.log10(distinct) if field.scale == "log" else distinct)
        of_runs = scaled[np.searchsorted(distinct, places)]
        found.append(Coordinate(field.label, of_runs, _axis_labels(field, distinct, scaled)))
    y = unpack(chart.values)
    known = np.unique(y[np.isfinite(y)])
    lost = np.isin(chart.runs, chart.diverged)
    scaled = _scaled(np.log10(y) if chart.log else np.array(y))
    scaled = scaled if chart.rising else 1.0 - scaled
    ends = (known[0], known[-1]) if chart.rising else (known[-1], known[0])
    labels = tuple((float(place), format_measure(float(end))) for place, end in zip((0.0, 1.0), ends, strict=True))
    return [*found, Coordinate(in_words(chart.measure), np.where(lost, 0.0, scaled), labels)]


def _axis_labels(field: ChartField, distinct: Array, scaled: Array) -> tuple[tuple[float, str], ...]:
    """Return the labels of an axis and their places: its values (n,), or round ones where these are too many."""
    if field.scale == "levels" or len(distinct) <= MAX_LABELS:
        return tuple(zip(scaled.tolist(), map(one_cell, field.levels), strict=False))
    is_log = field.scale == "log"
    low, high = np.log10(distinct[[0, -1]]) if is_log else distinct[[0, -1]]
    scale = Scale(float(low), float(high), log=is_log)
    found = ticks(scale, MAX_LABELS)
    places = scale.fraction(np.array([position for position, _ in found]))
    return tuple((min(max(place, 0.0), 1.0), label) for place, (_, label) in zip(places.tolist(), found, strict=True))


def _scaled(values: Array) -> Array:
    """Return values (n,) from 0 for the lowest to 1 for the highest; all in the middle where they are equal."""
    known = values[np.isfinite(values)] / 2
    low, span = float(known.min()), float(known.max() - known.min())
    return (values / 2 - low) / span if span > 0 else np.where(np.isfinite(values), 0.5, values)


def line_roles(chart: RunChart) -> NDArray[np.intp]:
    """Return the role of each run's line (runs,): the best, its best quarter, the worst quarter and diverged, the rest.

    A run without a value has role 0: it has no line.
    """
    values = unpack(chart.values)
    lost = np.isin(chart.runs, chart.diverged)
    order = np.argsort(-values if chart.rising else values, kind="stable")  # NaN last
    known = int(np.isfinite(values).sum())
    quarter = round(known * QUARTER)
    roles = np.where(np.isfinite(values), REST, TEXT).astype(np.intp)
    roles[order[known - quarter : known]] = BAD
    roles[order[:quarter]] = GOOD
    roles[order[:known][:1]] = BEST
    roles[lost] = BAD
    return roles


def render_parallel(drawing: Parallel, width: int, height: int, markers: Markers) -> Frame:
    """Draw parallel coordinates into ``height`` rows of ``width`` cells, with as many axes as fit."""
    board, chart = Board(width, height), drawing.chart
    if chart is None or not _is_drawn(chart, height):
        empty = drawing.empty if chart is None or chart.fields else NO_FIELDS
        board.write_centered(
            empty or NO_VALUES.format(measure="value" if chart is None else in_words(chart.measure)), AXIS
        )
        return board.frame()
    axes, area, places = _arranged(chart, width, height, markers)
    y = np.column_stack([one.places for one in axes])  # (runs, axes)
    _draw_lines(board, chart, drawing.run, area, places, y, markers)
    _write_axes(board, axes, area, places, markers)
    return board.frame()


def _is_drawn(chart: RunChart, height: int) -> bool:
    """Return whether there are lines to draw, and room for them."""
    return bool(chart.fields) and bool(np.isfinite(unpack(chart.values)).any()) and height >= 3


def _arranged(chart: RunChart, width: int, height: int, markers: Markers) -> tuple[list[Coordinate], Area, Array]:
    """Return the axes that fit, where their lines are drawn, and the places (axes,) of the axes, from 0 to 1."""
    axes = coordinates(chart, max(2, width // MIN_AXIS))
    longest = max(len(label) for _, label in axes[-1].labels)
    last = min(max(longest, len(one_cell(axes[-1].name))), width // 4)
    area = Area(0, 1, max(width - last - 1, 1), height - 1, *DOTS[markers])
    return axes, area, np.linspace(0.0, 1.0, len(axes))


def _line_at(
    chart: RunChart, axes: Sequence[Coordinate], area: Area, places: Array, column: int, row: int
) -> int | None:
    """Return the run whose line passes nearest to a cell; None where none is near."""
    across = min(max((column - area.left + 0.5) / area.columns, 0.0), 1.0)
    y = np.column_stack([one.places for one in axes])
    heights = np.array([np.interp(across, places, line) for line in y])  # nan where a run has no value
    roles = line_roles(chart)
    drawn = _evenly(unpack(chart.values), roles) & (roles > 0) & np.isfinite(heights)
    distances = np.where(drawn, np.abs(area.top + (1.0 - heights) * area.rows - 0.5 - row), np.inf)
    nearest = int(distances.argmin())
    return chart.runs[nearest] if distances[nearest] <= REACH / CELL_HEIGHT else None


def _draw_lines(
    board: Board, chart: RunChart, run: int | None, area: Area, places: Array, y: Array, markers: Markers
) -> None:
    roles = line_roles(chart)
    kept = _evenly(unpack(chart.values), roles)
    lines = []
    for role in (REST, BAD, GOOD, BEST):
        # Lines that are the same on the screen are drawn once.
        dots = np.unique(np.rint(y[kept & (roles == role)] * (area.rows * area.down - 1)), axis=0)
        lines += [Dots(role, LINE_MARKS[role], places, one / max(area.rows * area.down - 1, 1), True) for one in dots]
    if run in chart.runs and roles[chart.runs.index(run)]:
        lines.append(Dots(RUN, LINE_MARKS[RUN], places, y[chart.runs.index(run)], True))
    dot = 1 / max(area.rows * area.down - 1, 1)
    thick = [line for line in lines if line.role == BEST]
    lines += [Dots(one.role, one.mark, one.x, one.y + np.where(one.y < 0.5, dot, -dot), True) for one in thick]
    board.paste(area.top, area.left, *draw(lines, area.columns, area.rows, markers))


def _evenly(values: Array, roles: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which runs (n,) are drawn: all, or where they are many, as many as can be, evenly from best to worst."""
    order = np.lexsort((values, roles))  # runs of a role follow one another
    order = order[roles[order] > 0]
    if len(order) > MAX_LINES:
        order = order[np.linspace(0, len(order) - 1, MAX_LINES).round().astype(np.intp)]
    kept: NDArray[np.bool_] = roles == BEST
    kept[order] = True
    return kept


def _write_axes(board: Board, axes: Sequence[Coordinate], area: Area, places: Array, markers: Markers) -> None:
    ascii_only = markers == "ascii"
    dots = "~" if ascii_only else "…"
    columns = [area.column(place) for place in places.tolist()]
    gap = columns[1] - columns[0]
    names = shorten_alike([one_cell(plain(one.name)) for one in axes], max(gap - 2, 1), dots)
    for number, (one, column) in enumerate(zip(axes, columns, strict=True)):
        line = slice(area.top, area.top + area.rows), column
        board.characters[line], board.roles[line] = "|" if ascii_only else "│", AXIS
        board.write(0, column, names[number], TEXT)
        room = board.width - column - 1 if number == len(axes) - 1 else gap // 2
        taken: set[int] = set()
        for place, label in sorted(one.labels, key=lambda each: each[0] not in (0.0, 1.0)):  # the ends come first
            row = area.row(place)
            if row not in taken:
                taken.add(row)
                board.write(row, column, "+" if ascii_only else "├", AXIS)
                board.write(row, column + 1, shorten(label, max(room, 1), dots), AXIS)
