"""The Data tab: the columns in numbers or the rows as a table, and a scatter plot of any two columns.

Where the columns are the pixels of a picture, the chosen row is drawn beside the plot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import var
from textual.widgets import DataTable, Label, Static

from tui_trainer.datasets import statistics_text
from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, ToySet
from tui_trainer.datasets.statistics import ColumnStatistics, DataStatistics
from tui_trainer.errors import plain, printable
from tui_trainer.formats import format_number
from tui_trainer.plotting.colors import series_css, shape
from tui_trainer.plotting.plot import COLORS, Plot, Series, class_colors, unpack_levels
from tui_trainer.protocol import DatasetView, Loaded, unpack
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.plot_widgets import PictureWidget, PixelImage, PlotWidget

from .messages import DataContent, RowPicture, WatchData, WatchRow

TABLE_ROWS, MIN_ROWS = 1000, 50
END_ROWS = 5  # at either end, where the rows between them are left out
MAX_SHAPES = 400  # points up to which each is drawn as a shape, not a dot
TABLE_CELLS = 30_000  # a wide table has fewer rows, but at least MIN_ROWS: each cell costs 15 us
Panel = Literal["columns", "rows"]
TALL = 24  # rows from which there is room for all notes on a file
MAX_HEADING = 12  # cells of the target's name in a heading
COMMON = (0.01, 0.99)  # quantiles between which an axis is drawn where the rest of the data would squeeze them
MAX_STRETCH = 2.0  # of an axis by the rest
Values = NDArray[np.float64]
LEFT = frozenset({"column", "distribution", "kind"})  # headings of columns of text


class ColumnTable(DataTable[Text]):
    """The statistics of the columns, one in each row; bars have the colour of the most frequent class in them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"bars--{name}" for name in COLORS}
    DEFAULT_CSS = f"""
    ColumnTable {{
        & > .datatable--cursor {{ background: $primary-muted; }}
        {series_css("bars--")}
    }}
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id="columns")

    def fill(self, statistics: DataStatistics, ascii_only: bool) -> None:
        """Show other statistics; the cursor stays in its row."""
        before = self.cursor_row
        self.clear(columns=True)
        target = plain(statistics.columns[0].name, MAX_HEADING)
        rows = [self._cells(column, statistics, ascii_only) for column in statistics.columns]
        names = statistics_text.headings(statistics)
        for name in names:
            label = Text(f"with {target}" if name == "with" else name, justify="left" if name in LEFT else "right")
            # A width that is left to the table grows after its first rows are drawn.
            self.add_column(label, width=max(label.cell_len, *(cells[name].cell_len for cells in rows)))
        for cells in rows:
            self.add_row(*(cells[name] for name in names))
        self.move_cursor(row=min(before, len(statistics.columns) - 1), animate=False)

    def _cells(self, column: ColumnStatistics, statistics: DataStatistics, ascii_only: bool) -> dict[str, Text]:
        style = {"target": "bold", "feature": "", "left out": "dim"}[column.role]
        cells = {
            name: Text(text, style, justify="left" if name in LEFT else "right")
            for name, text in statistics_text.row(column, ascii_only).items()
        }
        colors = class_colors(len(statistics.classes)) if statistics.classes else ("train",)
        styles = [self.get_component_rich_style(f"bars--{color}", partial=True) for color in colors]
        for place, index in enumerate(statistics_text.commonest_classes(column)):
            cells["distribution"].stylize(styles[index], place, place + 1)
        return cells


class DataView(TabView):
    """Shows a dataset. Names come from files, so they are always plain text, never markup."""

    DEFAULT_CSS = """
    DataView {
        .about { height: auto; max-height: 5; padding: 0 1; color: $text-muted; }
        DataTable { height: 2fr; }
        .detail { height: auto; max-height: 3; padding: 0 1; }
        #rows { display: none; }
        &.-rows #rows { display: block; }
        &.-rows #columns, &.-rows .detail { display: none; }
        .axes { height: 1; margin-top: 1; padding: 0 1; }
        .axes Label { width: auto; margin-right: 1; color: $text-muted; }
        .axes Dropdown { width: 1fr; max-width: 26; margin-right: 2; }
        .hints { height: 1; padding: 0 1; color: $text-muted; }
        &.-short {
            .about, .detail { max-height: 1; }
            .axes { margin-top: 0; }
            DataTable { height: 3fr; }
            .drawn { height: 4fr; }
        }
        .beyond { height: auto; padding: 0 1; color: $text-muted; display: none; }
        .drawn { height: 3fr; }
        .picture { display: none; width: 1fr; margin: 0 1; }
        &.-picture .picture { display: block; }
        &.-picture PlotWidget { width: 2fr; }
    }
    """
    panel: var[Panel] = var[Panel]("columns")

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[str, np.ndarray] = {}
        self._dataset: DatasetView | None = None
        self._requested_axes: dict[str, str] = {}  # columns of a lesson for the axes, until they exist
        self._only_ends = False  # of the rows, and the columns that the model uses
        self._run = 0
        self._statistics: DataStatistics | None = None
        self._row = 0  # the chosen one

    def compose(self) -> ComposeResult:
        yield Static("", classes="about", markup=False)
        yield ColumnTable()
        yield Static("", classes="detail", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=True, id="rows")
        with Horizontal(classes="axes"):
            yield Label("x")
            yield Dropdown(id="x-axis")
            yield Label("y")
            yield Dropdown(id="y-axis")
        plot = PlotWidget()
        plot.usual_markers = plot.markers = "block"  # a Braille dot is too small for a single sample
        with Horizontal(classes="drawn"):
            yield plot
            yield PictureWidget("picture")
        yield Static("", classes="beyond", markup=False)
        yield Static(hints(("data_table", "data_line")), classes="hints", markup=False)

    def on_mount(self) -> None:
        self.watch(self.query_one(PlotWidget), "markers", self._fill_columns, init=False)
        self.watch(self.app, "theme", self._recolor, init=False)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < TALL, "-short")

    @property
    def request(self) -> WatchData | WatchRow:
        return WatchRow(self._run, self._row) if self._draws_row else WatchData(self._run)

    @property
    def _draws_row(self) -> bool:
        """Whether the chosen row is drawn: the rows are there, and they are pictures."""
        return self.panel == "rows" and self._dataset is not None and self._dataset.pixels is not None

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options.

        ``panel`` is columns or rows, ``ends`` leaves out the rows in the middle and columns that aren't used, ``x``
        and ``y`` are names of columns.
        """
        self.panel = "columns" if options.get("panel", "columns") == "columns" else "rows"
        self._requested_axes = {f"#{axis}-axis": str(options[axis]) for axis in ("x", "y") if axis in options}
        self._show_ends(options.get("ends") is True)
        if self._dataset is not None:
            self._fill_axes(self._dataset)
            self._draw()

    def _show_ends(self, only_ends: bool) -> None:
        """Show the first and the last rows alone, or all."""
        before, self._only_ends = self._only_ends, only_ends
        if self._dataset is not None and only_ends != before:
            self._fill_table(self._dataset)

    def show_loaded(self, loaded: Loaded) -> None:
        self._run = loaded.run
        self.show(loaded.dataset)
        self._ask_for_row()

    def show_target(self, loaded: Loaded) -> None:
        """Show the columns with that target, and plot it where the other one was plotted."""
        before = self._dataset
        self.show(loaded.dataset)
        axis = self.query_one("#y-axis", Dropdown)
        if before is not None and axis.value == before.target:
            axis.value = loaded.dataset.target
            self._draw()
        self._fill_table(loaded.dataset)

    def show_content(self, content: DataContent | RowPicture) -> None:
        """Show the statistics, or the picture of a row."""
        if isinstance(content, RowPicture):
            self.query_one(PictureWidget).show(PixelImage(unpack_levels(content.levels, content.rows)))
            return
        if content.statistics != self._statistics:  # each time that the tab is opened, they come again
            self._statistics = content.statistics
            self._fill_columns()

    def python(self, loaded: Loaded) -> str:
        from tui_trainer.export.view_code import data_code

        x, y = (str(self.query_one(name, Dropdown).value) for name in ("#x-axis", "#y-axis"))
        known = {x, y} <= set(self._columns)
        return (data_code(loaded.experiment, x, y) if known else "") or super().python(loaded)

    def watch_panel(self, panel: Panel) -> None:
        self.set_class(panel == "rows", "-rows")
        self._ask_for_row()

    def _ask_for_row(self) -> None:
        self.set_class(self._draws_row, "-picture")
        self.ask()

    @on(DataTable.RowHighlighted, "#rows")
    def _draw_row(self, event: DataTable.RowHighlighted) -> None:
        """Draw the row under the cursor, where it is a picture; the line of those left out is none."""
        event.stop()
        rows = list(self._visible_rows()) if self._columns else []
        row = rows[event.cursor_row] if 0 <= event.cursor_row < len(rows) else None
        if row is not None:
            self._row = row
            self._ask_for_row()

    def action_data_table(self) -> None:
        """Show the rows in place of the columns, or the columns again."""
        self.panel = "rows" if self.panel == "columns" else "columns"
        self._show_ends(False)

    def action_data_line(self, offset: int) -> None:
        """Move the cursor of the visible table."""
        table = self.query_one(f"#{self.panel}", DataTable)
        table.move_cursor(row=table.cursor_row + offset)

    def _recolor(self) -> None:
        self.call_after_refresh(self._fill_columns)  # when the styles are those of the new theme

    def _fill_columns(self) -> None:
        if self._statistics is not None:
            self.query_one(ColumnTable).fill(self._statistics, self.query_one(PlotWidget).markers == "ascii")

    @on(DataTable.RowHighlighted, "#columns")
    def _show_column(self, event: DataTable.RowHighlighted) -> None:
        """Tell more of the column under the cursor, and draw it on the x axis."""
        event.stop()
        if self._statistics is None or event.cursor_row >= len(self._statistics.columns):
            return
        column = self._statistics.columns[event.cursor_row]
        self.query_one(".detail", Static).update(statistics_text.detail(column, self._statistics))
        if column.role != "target" and column.name in self._columns:
            self.query_one("#x-axis", Dropdown).value = column.name
            self._draw()

    def show(self, dataset: DatasetView) -> None:
        """Show ``dataset``; the axes keep their columns, if it has them."""
        is_same = self._dataset is not None and self._dataset.columns == dataset.columns
        self._dataset = dataset
        if not is_same:
            self._columns = {name: unpack(data) for name, data in dataset.columns.items()}
            self._fill_table(dataset)
            self._fill_axes(dataset)
        task = f"{len(dataset.classes)} classes" if dataset.classes else "regression"
        rows = f"{dataset.rows:,} rows: {dataset.train_rows:,} training, {dataset.validation_rows:,} validation"
        rows += f", {dataset.test_rows:,} test" if dataset.test_rows else ""
        about = f"{plain(dataset.title)}: {plain(dataset.target)}, {task}   {rows}"
        self.query_one(".about", Static).update("\n".join((about, *map(printable, dataset.notes))))
        self._draw()

    def _fill_table(self, dataset: DatasetView) -> None:
        table = self.query_one("#rows", DataTable)
        table.clear(columns=True)
        table.add_column(Text(dataset.row_heading, style="dim"))
        names = () if dataset.row_column in self._columns else dataset.row_names
        if names:
            table.add_column(Text(plain(dataset.row_column), style="dim"))
        shown = sorted(self._columns, key=lambda name: name != dataset.target)
        if self._only_ends:
            shown = [name for name in (*dataset.features, dataset.target) if name in self._columns]
        for name in shown:
            table.add_column(Text(plain(name), style="bold" if name == dataset.target else ""))
        words = {**dataset.levels, **({dataset.target: dataset.classes} if dataset.classes else {})}
        numbers = [f"{number:.0f}" for number in unpack(dataset.row_numbers).tolist()]
        for row in self._visible_rows():
            if row is None:
                table.add_row(*(Text("…", "dim", justify="right") for _ in table.columns))
                continue
            called = [*(numbers[row : row + 1] or [""]), *((names[row : row + 1] or [""]) if names else [])]
            values = ((name, self._columns[name][row]) for name in shown)
            cells = [plain(words[name][int(value)]) if name in words else f"{value:g}" for name, value in values]
            table.add_row(*(Text(cell, "dim") for cell in called), *(Text(cell, justify="right") for cell in cells))

    def _visible_rows(self) -> Iterator[int | None]:
        """Yield the rows of the table; None for rows that are left out."""
        count = len(next(iter(self._columns.values())))
        if not self._only_ends or count <= 2 * END_ROWS:
            yield from range(min(count, TABLE_ROWS, max(TABLE_CELLS // len(self._columns), MIN_ROWS)))
            return
        yield from range(END_ROWS)
        yield None
        yield from range(count - END_ROWS, count)

    def _fill_axes(self, dataset: DatasetView) -> None:
        names = list(self._columns)
        features = [name for name in dataset.features if name in names]  # the others are derived from categories
        features = features or [name for name in names if name != dataset.target]
        first = features[0]
        second = features[1] if dataset.classes and len(features) > 1 else dataset.target
        for selector, default in (("#x-axis", first), ("#y-axis", second)):
            axis = self.query_one(selector, Dropdown)
            axis.offer((name, name) for name in names)
            column = (
                self._requested_axes.pop(selector, axis.value)
                if self._requested_axes.get(selector) in names
                else axis.value
            )
            axis.value = column if column in names else default

    @on(Dropdown.Changed)
    def _choose_axis(self, event: Dropdown.Changed) -> None:
        event.stop()
        self._draw()

    def _draw(self) -> None:
        dataset = self._dataset
        x_name, y_name = (self.query_one(name, Dropdown).value for name in ("#x-axis", "#y-axis"))
        if dataset is None or x_name not in self._columns or y_name not in self._columns:
            return
        x, y = self._columns[str(x_name)], self._columns[str(y_name)]
        if dataset.classes and dataset.target in self._columns:
            labels = self._columns[dataset.target].astype(int)
            colors = class_colors(len(dataset.classes))
            is_few = len(x) <= MAX_SHAPES
            series = tuple(
                Series(plain(name), x[labels == k], y[labels == k], color, "scatter", shape(k) if is_few else "")
                for k, (name, color) in enumerate(zip(dataset.classes, colors, strict=True))
            )
        else:
            series = (Series("", x, y, "train", "scatter"),)
        is_plane = isinstance(CATALOG.get(dataset.name), ToySet) and {x_name, y_name} <= set(PLANE_COLUMNS[:2])
        limits = {name: None if is_plane else common_limits(values) for name, values in (("x", x), ("y", y))}
        levels = dataset.classes if x_name == dataset.target else dataset.levels.get(str(x_name), ())
        plot = Plot(  # no labels, since the dropdowns above name the axes
            series,
            empty="No rows.",
            square=is_plane,
            x_limits=limits["x"],
            y_limits=limits["y"],
            x_names=tuple(map(plain, levels)),
        )
        self.query_one(PlotWidget).show(plot)
        self._tell_beyond({"x": x, "y": y}, limits)

    def _tell_beyond(self, values: dict[str, Values], limits: dict[str, tuple[float, float] | None]) -> None:
        """Say which rows are not drawn, since they would squeeze the others."""
        sentences = []
        for axis, ends in limits.items():
            if ends is not None:
                low, high = ends
                beyond = int(((values[axis] < low) | (values[axis] > high)).sum())
                ends_text = " to ".join(map(format_number, (float(values[axis].min()), float(values[axis].max()))))
                sentences.append(
                    f"{axis} is cut at the 1st and 99th percentile: {beyond:,} rows lie beyond, {ends_text}"
                )
        line = self.query_one(".beyond", Static)
        line.display = bool(sentences)
        line.update("; ".join(sentences))


def common_limits(values: Values) -> tuple[float, float] | None:
    """Return the 1st and 99th percentile of ``values`` (n,) if the rest would squeeze what is between; None if not."""
    if not len(values):
        return None
    # ``np.quantile`` would import ``numpy.ma`` for it, which takes 10 ms.
    low, high = np.interp(COMMON, np.linspace(0.0, 1.0, len(values)), np.sort(values)).tolist()
    return (low, high) if 0 < (high - low) * MAX_STRETCH < np.ptp(values) else None
