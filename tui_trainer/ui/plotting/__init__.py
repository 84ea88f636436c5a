"""Plots in the terminal: a description of a plot, and the widget that shows it."""

from tui_trainer.ui.plotting.plot import COLORS, Markers, Plot, Series
from tui_trainer.ui.plotting.raster import warm_up
from tui_trainer.ui.plotting.widget import PlotWidget

__all__ = ["COLORS", "Markers", "Plot", "PlotWidget", "Series", "warm_up"]
