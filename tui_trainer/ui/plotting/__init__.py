"""Plots in the terminal: a description of a plot or a heatmap, and the widget that shows it."""

from tui_trainer.ui.plotting.heatmap import Gradient, Heatmap, Marks
from tui_trainer.ui.plotting.heatmap_widget import HeatmapWidget
from tui_trainer.ui.plotting.plot import COLORS, Markers, Plot, Series, class_colors
from tui_trainer.ui.plotting.raster import warm_up
from tui_trainer.ui.plotting.widget import PlotWidget

__all__ = [
    "COLORS",
    "Gradient",
    "Heatmap",
    "HeatmapWidget",
    "Markers",
    "Marks",
    "Plot",
    "PlotWidget",
    "Series",
    "class_colors",
    "warm_up",
]
