"""The Data tab: the dataset as a table, and a scatter plot of any two of its columns."""

from __future__ import annotations

import numpy as np
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import DataTable, Label, Static

from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, ToySet
from tui_trainer.errors import plain, printable
from tui_trainer.plotting.colors import shape
from tui_trainer.plotting.plot import Plot, Series, class_colors
from tui_trainer.protocol import DatasetView, Loaded, unpack
from tui_trainer.tabs.view import TabView
from tui_trainer.ui.dropdown import Dropdown
from tui_trainer.ui.plot_widgets import PlotWidget

TABLE_ROWS, MIN_ROWS = 1000, 50
MAX_SHAPES = 400  # points up to which each is drawn as a shape, not a dot
TABLE_CELLS = 30_000  # a wide table has fewer rows, but at least MIN_ROWS: each cell costs 15 us


class DataView(TabView):
    """Shows a dataset. Names come from files, so they are always plain text, never markup."""

    DEFAULT_CSS = """
    DataView {
        .about { height: auto; max-height: 5; padding: 0 1; color: $text-muted; }
        DataTable { height: 2fr; }
        .axes { height: 1; margin-top: 1; padding: 0 1; }
        .axes Label { width: auto; margin-right: 1; color: $text-muted; }
        .axes Dropdown { width: 1fr; max-width: 26; margin-right: 2; }
        PlotWidget { height: 3fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._columns: dict[str, np.ndarray] = {}
        self._dataset: DatasetView | None = None
        self._requested_axes: dict[str, str] = {}  # columns of a lesson for the axes, until they exist

    def compose(self) -> ComposeResult:
        yield Static("", classes="about", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=True)
        with Horizontal(classes="axes"):
            yield Label("x")
            yield Dropdown(id="x-axis")
            yield Label("y")
            yield Dropdown(id="y-axis")
        plot = PlotWidget()
        plot.usual_markers = plot.markers = "block"  # a Braille dot is too small for a single sample
        yield plot

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: ``x`` and ``y`` are names of columns."""
        self._requested_axes = {f"#{axis}-axis": str(options[axis]) for axis in ("x", "y") if axis in options}
        if self._dataset is not None:
            self._fill_axes(self._dataset)
            self._draw()

    def show_loaded(self, loaded: Loaded) -> None:
        self.show(loaded.dataset)

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
        table = self.query_one(DataTable)
        table.clear(columns=True)
        table.add_column(Text(dataset.row_heading, style="dim"))
        names = () if dataset.row_column in self._columns else dataset.row_names
        if names:
            table.add_column(Text(plain(dataset.row_column), style="dim"))
        for name in self._columns:
            table.add_column(Text(plain(name), style="bold" if name == dataset.target else ""))
        words = {**dataset.levels, **({dataset.target: dataset.classes} if dataset.classes else {})}
        rows = min(TABLE_ROWS, max(TABLE_CELLS // len(self._columns), MIN_ROWS))
        cells = [
            [plain(words[name][int(value)]) if name in words else f"{value:g}" for value in values[:rows].tolist()]
            for name, values in self._columns.items()
        ]
        numbers = [f"{number:.0f}" for number in unpack(dataset.row_numbers).tolist()]
        named = [numbers, names] if names else [numbers]
        for called, row in zip(zip(*named, strict=True), zip(*cells, strict=True), strict=False):  # more may be named
            table.add_row(*(Text(cell, "dim") for cell in called), *(Text(cell, justify="right") for cell in row))

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
        plot = Plot(series, empty="No rows.", square=is_plane)  # no labels, since the dropdowns above name the axes
        self.query_one(PlotWidget).show(plot)
