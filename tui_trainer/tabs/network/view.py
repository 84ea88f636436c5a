"""The Network tab: the network with the values of one sample, one neuron in detail, and editing of its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult

from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_number
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.settings import Markers
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import TextLines
from tui_trainer.ui.status_lines import Prompt

from .drawing import NetworkCanvas, Scene
from .layout import Arrangement, Selection, Shape, arrange, shape_of
from .messages import BIAS, Network, NeuronDetail, Term, WatchNetwork
from .neuron_panel import NeuronPanel, heading

PAGE = 10  # neurons or weights
VIEW_HINTS = ("next_layer", "next_neuron", "next_sample", "weights", "type_weight")  # actions
EDIT_HINTS = ("type_weight", "nudge", "weights")
OPTIONS = ("sample", "layer", "neuron")
WEIGHT_PROMPT = "weight"  # the prompt's purpose
NO_WEIGHTS = "An input has no weights; the right arrow moves on to the neurons."
MAX_WEIGHT = 1e30  # the limit of float32 is 3e38
NUDGE = 0.1  # relative to the weight, and also the minimum


class NetworkView(TabView):
    """Fits the network to its size, requests only what is drawn, and draws the content."""

    DEFAULT_CSS = """
    NetworkView {
        padding: 0 1;
        .sample { height: 1; }
        Prompt Label { max-width: 75%; }
        Prompt Input { max-width: 24; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._sample, self._canvas = TextLines("sample"), NetworkCanvas()
        self._panel, self._prompt = NeuronPanel(), Prompt()
        self.choice = Selection()
        self._firsts: dict[int, int] = {}  # the first visible neuron of each layer
        self._shape: Shape | None = None
        self._arrangement: Arrangement | None = None
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self.content: Network | None = None
        self._is_current = False  # whether the content belongs to the loaded run
        self._steps = 0

    def compose(self) -> ComposeResult:
        yield self._sample
        yield self._canvas
        yield self._panel
        yield self._prompt

    def on_mount(self) -> None:
        self._show_keys(False)
        self.watch(self._panel.plot, "markers", self._use_markers)

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: ``sample``, ``layer`` (-1 is the output) and ``neuron``."""
        numbers = {name: value for name in OPTIONS if isinstance(value := options.get(name), int)}
        self._choose(replace(self.choice, parameter=None, **numbers))

    @property
    def request(self) -> WatchNetwork:
        choice = self.choice
        return WatchNetwork(
            sample=choice.sample,
            layer=choice.layer,
            neuron=choice.neuron,
            windows=() if self._arrangement is None else self._arrangement.windows,
            terms=0 if self._shape is None else self._panel.terms_of(self._shape, choice.layer),
            parameter=choice.parameter,
            first_weights=choice.parameter is not None,
            curves=tuple(self._panel.curves),
        )

    def show_experiment(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def show_loaded(self, loaded: Loaded) -> None:
        self._loaded, self._steps, self._is_current = loaded, 0, False
        shape = shape_of(loaded)
        if shape != self._shape:
            self._firsts.clear()
        self._shape = shape
        self._choose(self.choice)

    def show_progress(self, progress: Progress) -> None:
        self._steps = progress.steps if progress.now is None else max(progress.steps, 1)  # a run that has begun

    def show_content(self, content: Network) -> None:
        if self._fits(content):
            self.content, self._is_current = content, True
            self._show()

    def action_next_layer(self, offset: int) -> None:
        """Select a neuron of the previous or next layer."""
        if self._shape is not None and self._arrangement is not None:
            self._choose(self.choice.beside(self._shape, self._arrangement, offset))

    def action_next_neuron(self, offset: int) -> None:
        """Move up or down among the neurons of the layer, or among the weights of the neuron."""
        if self._shape is not None:
            self._choose(self.choice.moved(self._shape, offset))

    def action_next_page(self, direction: int) -> None:
        """Move ten neurons or weights up or down."""
        self.action_next_neuron(PAGE * direction)

    def action_next_sample(self, offset: int) -> None:
        """Show another training sample."""
        samples = 1 if self.content is None else self.content.samples
        self._choose(replace(self.choice, sample=(self.choice.sample + offset) % samples))

    def action_weights(self) -> None:
        """Select a weight of the neuron, or deselect it."""
        self._prompt.close()
        if self.choice.parameter is not None:
            self._choose(replace(self.choice, parameter=None))
        elif self.choice.layer == 0:
            self.post_message(self.StatusMessage(NO_WEIGHTS))
        else:
            self._choose(replace(self.choice, parameter=0))

    def action_type_weight(self) -> None:
        """Prompt for a value of the selected weight, or of the first one if none is selected."""
        detail = self._neuron_detail()
        if self._shape is None or detail is None:
            self.post_message(self.StatusMessage(NO_WEIGHTS))
            return
        if self.choice.parameter is None:
            self._choose(replace(self.choice, parameter=detail.terms[0].source))
        term = picked_term(detail, self.choice.parameter)
        if term is not None:
            self._prompt.ask(WEIGHT_PROMPT, f"{short_name(self._shape, detail, term)} =", f"{term.weight:.6g}")

    def action_nudge(self, direction: int) -> None:
        """Change the selected weight by a tenth, up or down."""
        detail = self._neuron_detail()
        term = None if detail is None else picked_term(detail, self.choice.parameter)
        if term is None:
            self.post_message(self.StatusMessage("No weight is picked; w picks one."))
        else:
            self._set_weight(term, nudged(term.weight, direction))

    @on(Prompt.Entered)
    def _handle_entered(self, event: Prompt.Entered) -> None:
        event.stop()
        value, detail = parse_weight(event.text), self._neuron_detail()
        if isinstance(value, str):
            self.post_message(self.StatusMessage(value, "error"))
            return
        self._prompt.close()
        term = None if detail is None else picked_term(detail, self.choice.parameter)
        if term is not None:
            self._set_weight(term, value)

    @on(NetworkCanvas.Clicked)
    def _handle_neuron_clicked(self, event: NetworkCanvas.Clicked) -> None:
        event.stop()
        self.screen.set_focus(None)
        neuron = None if self._arrangement is None else self._arrangement.at(event.x, event.y)
        if neuron is not None:
            self._choose(Selection(self.choice.sample, *neuron))

    @on(TextLines.Clicked, ".neuron")
    def _handle_line_clicked(self, event: TextLines.Clicked) -> None:
        event.stop()
        parameter = self._panel.parameter_at(event.number)
        if parameter is not None:
            self._choose(replace(self.choice, parameter=parameter))

    @on(NetworkCanvas.Resized)
    def _handle_resized(self) -> None:
        self._choose(self.choice)
        self._show()

    def _use_markers(self, markers: Markers) -> None:
        self._canvas.markers = markers
        self._show()

    def _neuron_detail(self) -> NeuronDetail | None:
        """Return the latest values of the chosen neuron; None for an input, or before they have arrived."""
        detail = self.content.looked_at if self.content is not None and self._is_current else None
        return (
            detail
            if isinstance(detail, NeuronDetail) and (detail.layer, detail.neuron) == self.choice.position
            else None
        )

    def _set_weight(self, term: Term, value: float) -> None:
        """Change a weight: the initial weights before the first step, and afterwards those of the training run."""
        detail, content, shape = self._neuron_detail(), self.content, self._shape
        if detail is None or content is None or shape is None or value == term.weight:
            return
        change = f"{term_name(shape, detail, term)} is {format_number(value)}, was {format_number(term.weight)}"
        change = change[0].upper() + change[1:]
        if self._steps == 0 and content.first_weights:
            weights = self._experiment.model.weights or unpack(content.first_weights).tolist()
            first = first_weights_with(weights, term.index, value)
            sentence = f"{change}, also after a reset; {key_of('undo')} undoes it."
            self.post_message(self.FieldChosen("model.weights", first, sentence))
        else:
            sentence = f"{change}, until a reset; {key_of('undo')} undoes it."
            self.post_message(self.WeightSet(term.index, value, term.weight, sentence))

    def _choose(self, choice: Selection) -> None:
        """Change the selection, or update everything for the same selection."""
        if choice.position != self.choice.position:
            self._prompt.close()
        if (choice.parameter is None) != (self.choice.parameter is None):
            self._show_keys(choice.parameter is not None)
        self.choice = choice if self._shape is None else choice.within(self._shape)
        width, height = self._canvas.size
        if self._shape is None or not width or not height:
            return
        self._arrangement = arrange(self._shape, width, height, self.choice.position, self._firsts)
        self._firsts.update({column.layer: column.first for column in self._arrangement.columns})
        self._draw()
        self.ask()

    def _show_keys(self, is_editing: bool) -> None:
        """Show the keys for viewing, or those for editing weights, when up and down select a weight."""
        up_and_down = hints(("next_neuron",)).replace("neuron", "weight")
        text = f"{up_and_down}   {hints(EDIT_HINTS)}" if is_editing else hints(VIEW_HINTS)
        self._prompt.show_hints(text)

    def _fits(self, content: Network) -> bool:
        """Return whether ``content`` fits the current layout, and not a previous one."""
        windows = tuple(layer.window for layer in content.layers)
        return self._arrangement is not None and windows == self._arrangement.windows

    def _draw(self) -> None:
        """Draw the content, if it fits the current layout."""
        shape, arrangement, content = self._shape, self._arrangement, self.content
        if shape is not None and arrangement is not None and content is not None and self._fits(content):
            self._canvas.show(Scene(shape, arrangement, content, self.choice))

    def _show(self) -> None:
        """Draw the picture, and show the heading and the neuron panel."""
        width, content = self._sample.size.width, self.content
        if not width or self._shape is None or self._loaded is None or content is None or not self._fits(content):
            return  # a tab that is being opened has no size yet
        self._draw()
        self._sample.show((heading(self._loaded.dataset, content, width, self._canvas.lines),))
        self._panel.show(self._shape, content, self.choice.parameter)
        self.ask()  # a curve that has arrived need not be sent again


def parse_weight(text: str) -> float | str:
    """Return the number typed, or a sentence that says why it is not valid."""
    cleaned = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(cleaned)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return f"Expected a number such as 0.5 or -2, got {text.strip()!r}; esc leaves the weight as it is."
    if abs(value) > MAX_WEIGHT:
        return f"Expected a number between -1e30 and 1e30, got {text.strip()!r}."
    return value


def nudged(weight: float, direction: int) -> float:
    """Return ``weight`` changed by a tenth, up (1) or down (-1), and at least by 0.1."""
    return float(f"{weight + direction * max(NUDGE * abs(weight), NUDGE):.6g}")


def picked_term(detail: NeuronDetail, parameter: int | None) -> Term | None:
    """Return the term of the parameter with that number, if it is among those sent."""
    if parameter is None:
        return None
    if parameter == detail.inputs:
        return detail.bias
    return next((term for term in detail.terms if term.source == parameter), None)


def term_name(shape: Shape, detail: NeuronDetail, term: Term) -> str:
    """Describe a parameter: the weight from input petal width to layer 1, neuron 3."""
    neuron = shape.full_name(detail.layer, detail.neuron)
    if term.source == BIAS:
        return f"bias of {neuron}"
    return f"weight from {shape.full_name(detail.layer - 1, term.source)} to {neuron}"


def short_name(shape: Shape, detail: NeuronDetail, term: Term) -> str:
    """Describe a parameter without its neuron: weight of petal width, bias."""
    return "bias" if term.source == BIAS else f"weight of {shape.name(detail.layer - 1, term.source)}"


def first_weights_with(weights: Sequence[float], index: int, value: float) -> tuple[float, ...]:
    """Return all initial weights with one of them replaced."""
    return (*weights[:index], value, *weights[index + 1 :])
