"""Draws activations and their slopes over the same inputs, for a lesson that compares them."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.plotting.plot import Plot, Series, class_colors
from tui_trainer.protocol import unpack
from tui_trainer.ui.plot_widgets import PlotWidget

from .messages import PhiCurve

COMPARED = ("tanh", "sigmoid", "relu")  # the book's
NAMES = {"relu": "ReLU"}
SPAN = 4.0
Panel = Literal["net", "activation", "slopes"]


class ActivationCurves(Horizontal):
    """Shows a plot for each activation, or one plot of all slopes; it keeps the curves, since each is sent once."""

    DEFAULT_CSS = """
    ActivationCurves { height: 34%; display: none; }
    ActivationCurves PlotWidget { margin-right: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._panel: Panel = "net"
        self._curves: dict[str, PhiCurve] = {}

    def compose(self) -> ComposeResult:
        for _ in range(len(COMPARED) + 1):  # the last is for a network that has another one
            yield PlotWidget()

    def choose(self, panel: object) -> None:
        """Show each activation with its slope, or all slopes in one plot; nothing for another panel."""
        self._panel = "activation" if panel == "activation" else "slopes" if panel == "slopes" else "net"
        self.display = self._panel != "net"

    def missing(self, own: str) -> tuple[str, ...]:
        """Return the activations whose curves have yet to be sent; ``own`` is that of the layer."""
        return () if self._panel == "net" else tuple(name for name in self._names(own) if name not in self._curves)

    def show(self, own: str, curves: tuple[PhiCurve, ...]) -> None:
        """Show the activations, and ``own`` beside the book's if it is none of them."""
        self._curves.update((curve.activation, curve) for curve in curves)
        known = [self._curves[name] for name in self._names(own) if name in self._curves]
        plots = [_phi_and_slope(curve) for curve in known] if self._panel == "activation" else [_slopes(known)]
        for index, widget in enumerate(self.query(PlotWidget)):
            widget.display = index < len(plots)
            if widget.display:
                widget.show(plots[index])

    @staticmethod
    def _names(own: str) -> tuple[str, ...]:
        return COMPARED if own in (*COMPARED, "softmax", "") else (*COMPARED, own)


def _phi_and_slope(curve: PhiCurve) -> Plot:
    o = unpack(curve.o)
    return Plot(
        (Series("φ", o, unpack(curve.phi), "train"), Series("φ′", o, unpack(curve.slope), "validation", sign="○")),
        x_label="o",
        title=NAMES.get(curve.activation, curve.activation),
        x_limits=(-SPAN, SPAN),
    )


def _slopes(curves: list[PhiCurve]) -> Plot:
    colors = class_colors(len(curves))
    series = tuple(
        Series(NAMES.get(curve.activation, curve.activation), unpack(curve.o), unpack(curve.slope), color, sign=sign)
        for curve, color, sign in zip(curves, colors, "●○▲■", strict=False)
    )
    return Plot(series, x_label="o", title="φ′", x_limits=(-SPAN, SPAN))
