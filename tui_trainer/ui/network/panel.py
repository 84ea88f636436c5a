"""The neuron looked at: its formula, its parameters, and its activation as a plot or its softmax as bars."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.plotting.plot import Plot
from tui_trainer.tabs.network.messages import Network, NeuronSeen, PhiCurve
from tui_trainer.tabs.network.neuron_panel import formula_lines, title_line
from tui_trainer.ui.plotting.widget import PlotWidget

from .bars import bar_lines
from .lines import Line, TextLines
from .phi import phi_plot
from .shape import Shape
from .terms import Table, table, terms_that_fit

WIDE = 100  # columns from which the formula has more room
FORMULA = 3  # lines over the table: title, formula and numbers


class NeuronPanel(Horizontal):
    """Shows what it is given; the curves of activations are kept, since each comes but once."""

    DEFAULT_CSS = """
    NeuronPanel {
        height: 38%;
        min-height: 7;
        max-height: 14;
        .neuron { width: 45; margin-right: 1; }
        .bars { display: none; }
        &.-softmax .bars { display: block; }
        &.-softmax PlotWidget { display: none; }
        &.-wide .neuron { width: 62; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text, self.plot, self._bars = TextLines("neuron"), PlotWidget("phi"), TextLines("bars")
        self.curves: dict[tuple[str, float], PhiCurve] = {}
        self._table = Table((), ())
        self._over = 0  # lines over the table

    def compose(self) -> ComposeResult:
        yield self._text
        yield self.plot
        yield self._bars

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")

    def terms_of(self, shape: Shape, layer: int) -> int:
        """How many weights of a neuron of ``layer`` there is room for."""
        if layer == 0:
            return 0
        inputs, use_bias = shape.layers[layer - 1].units, shape.layers[layer].use_bias
        return terms_that_fit(self._text.size.height - FORMULA, inputs, use_bias)

    def parameter_at(self, line: int) -> int | None:
        """Which of the neuron's parameters a line shows."""
        place = line - self._over
        return self._table.parameters[place] if 0 <= place < len(self._table.parameters) else None

    def show(self, shape: Shape, network: Network, parameter: int | None) -> None:
        """Show the neuron of ``network`` that is looked at, with a parameter picked or none."""
        seen = network.looked_at
        self.set_class(parameter is not None, "-picked")
        text = self._text
        lines: list[Line] = [title_line(shape, seen), *formula_lines(seen, text.size.width)]
        self._over = len(lines)
        self._table = Table((), ())
        if isinstance(seen, NeuronSeen):
            if seen.curve is not None:
                self.curves[seen.curve.activation, seen.curve.span] = seen.curve
            self._table = table(shape, seen, text.size.width, text.size.height - FORMULA, parameter)
        text.show((*lines, *self._table.lines))
        self._show_activation(shape, seen if isinstance(seen, NeuronSeen) else None)

    def _show_activation(self, shape: Shape, seen: NeuronSeen | None) -> None:
        self.set_class(seen is not None and bool(seen.probabilities), "-softmax")
        if seen is None:
            self.plot.show(Plot())
        elif seen.probabilities:
            self._bars.show(bar_lines(shape, seen, *self._bars.size, self.plot.markers))
        elif (curve := self.curves.get((seen.activation, seen.span))) is not None:
            self.plot.show(phi_plot(curve, seen))
