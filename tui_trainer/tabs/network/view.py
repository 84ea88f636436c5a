"""The Network tab: neurons and links with one sample going through, one neuron closely, and hands on its weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult

from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.settings import Markers
from tui_trainer.tabs.view import TabView, hints
from tui_trainer.ui.keymap import key_of
from tui_trainer.ui.plot_widgets import TextLines
from tui_trainer.ui.prompt import Prompt

from .drawing import NetworkCanvas, Scene
from .layout import Arrangement, Selection, Shape, arrange, shape_of
from .messages import BIAS, Network, NeuronDetail, Term, WatchNetwork
from .neuron_panel import NeuronPanel, heading

PAGE = 10  # neurons or weights
LOOKING = ("next_layer", "next_neuron", "next_sample", "weights", "type_weight")  # actions told of in the hints
CHANGING = ("type_weight", "nudge", "weights")
OPTIONS = ("sample", "layer", "neuron")
WEIGHT = "weight"  # what is typed
NO_WEIGHTS = "An input has no weights; the right arrow goes on to the neurons."
LARGEST = 1e30  # float32 ends at 3e38
NUDGE = 0.1  # of the weight, and at least this much


class NetworkView(TabView):
    """Arranges the network for its size, asks for just what is drawn, and draws what comes."""

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
        self._panel, self._typing = NeuronPanel(), Prompt()
        self.choice = Selection()
        self._firsts: dict[int, int] = {}  # of each layer, the first neuron shown
        self._shape: Shape | None = None
        self._arrangement: Arrangement | None = None
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self.content: Network | None = None
        self._current = False  # whether the content is of the run that is loaded
        self._steps = 0

    def compose(self) -> ComposeResult:
        yield self._sample
        yield self._canvas
        yield self._panel
        yield self._typing

    def on_mount(self) -> None:
        self._tell_keys(False)
        self.watch(self._panel.plot, "markers", self._use_markers)

    def configure(self, options: dict[str, object]) -> None:
        """Options of a lesson that opens this view: ``sample``, ``layer`` (-1 is the output) and ``neuron``."""
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
        self._loaded, self._steps, self._current = loaded, 0, False
        shape = shape_of(loaded)
        if shape != self._shape:
            self._firsts.clear()
        self._shape = shape
        self._choose(self.choice)

    def show_progress(self, progress: Progress) -> None:
        self._steps = progress.steps

    def show_content(self, content: Network) -> None:
        if self._fits(content):
            self.content, self._current = content, True
            self._show()

    def action_next_layer(self, offset: int) -> None:
        """Go to a neuron of the layer before or after."""
        if self._shape is not None and self._arrangement is not None:
            self._choose(self.choice.beside(self._shape, self._arrangement, offset))

    def action_next_neuron(self, offset: int) -> None:
        """Go up or down among the neurons of the layer, or among the weights of the neuron."""
        if self._shape is not None:
            self._choose(self.choice.moved(self._shape, offset))

    def action_next_page(self, direction: int) -> None:
        """Go ten of these up or down."""
        self.action_next_neuron(PAGE * direction)

    def action_next_sample(self, offset: int) -> None:
        """Send another training sample through."""
        samples = 1 if self.content is None else self.content.samples
        self._choose(replace(self.choice, sample=(self.choice.sample + offset) % samples))

    def action_weights(self) -> None:
        """Pick one of the neuron's weights, or leave them."""
        self._typing.close()
        if self.choice.parameter is not None:
            self._choose(replace(self.choice, parameter=None))
        elif self.choice.layer == 0:
            self.post_message(self.Said(NO_WEIGHTS))
        else:
            self._choose(replace(self.choice, parameter=0))

    def action_type_weight(self) -> None:
        """Ask for another value of the weight that is picked; of the first one shown, where none is."""
        seen = self._seen()
        if self._shape is None or seen is None:
            self.post_message(self.Said(NO_WEIGHTS))
            return
        if self.choice.parameter is None:
            self._choose(replace(self.choice, parameter=seen.terms[0].source))
        term = picked_term(seen, self.choice.parameter)
        if term is not None:
            self._typing.ask(WEIGHT, f"{short_name(self._shape, seen, term)} =", f"{term.weight:.6g}")

    def action_nudge(self, direction: int) -> None:
        """The weight that is picked up or down by a tenth."""
        seen = self._seen()
        term = None if seen is None else picked_term(seen, self.choice.parameter)
        if term is None:
            self.post_message(self.Said("No weight is picked; w picks one."))
        else:
            self._set(term, nudged(term.weight, direction))

    @on(Prompt.Entered)
    def _set_typed(self, event: Prompt.Entered) -> None:
        event.stop()
        value, seen = typed_weight(event.text), self._seen()
        if isinstance(value, str):
            self.post_message(self.Said(value, "error"))
            return
        self._typing.close()
        term = None if seen is None else picked_term(seen, self.choice.parameter)
        if term is not None:
            self._set(term, value)

    @on(NetworkCanvas.Clicked)
    def _choose_clicked(self, event: NetworkCanvas.Clicked) -> None:
        event.stop()
        self.screen.set_focus(None)
        place = None if self._arrangement is None else self._arrangement.at(event.x, event.y)
        if place is not None:
            self._choose(Selection(self.choice.sample, *place))

    @on(TextLines.Clicked, ".neuron")
    def _pick_clicked(self, event: TextLines.Clicked) -> None:
        event.stop()
        parameter = self._panel.parameter_at(event.number)
        if parameter is not None:
            self._choose(replace(self.choice, parameter=parameter))

    @on(NetworkCanvas.Resized)
    def _fit(self) -> None:
        self._choose(self.choice)
        self._show()

    def _use_markers(self, markers: Markers) -> None:
        self._canvas.markers = markers
        self._show()

    def _seen(self) -> NeuronDetail | None:
        """The chosen neuron as it was computed last; None for an input, or while it is not here yet."""
        seen = self.content.looked_at if self.content is not None and self._current else None
        return seen if isinstance(seen, NeuronDetail) and (seen.layer, seen.neuron) == self.choice.place else None

    def _set(self, term: Term, value: float) -> None:
        """Change a weight by hand: one of the first weights before the first step, or else as the run goes on."""
        seen, content, shape = self._seen(), self.content, self._shape
        if seen is None or content is None or shape is None or value == term.weight:
            return
        change = f"{term_name(shape, seen, term)} is {value:.5g}, was {term.weight:.5g}"
        change = change[0].upper() + change[1:]
        if self._steps == 0 and content.first_weights:
            weights = self._experiment.model.weights or unpack(content.first_weights).tolist()
            first = first_weights_with(weights, term.index, value)
            said = f"{change}, and again after a reset; {key_of('undo')} takes it back."
            self.post_message(self.FieldChosen("model.weights", first, said))
        else:
            said = f"{change}, until a reset; {key_of('undo')} takes it back."
            self.post_message(self.WeightSet(term.index, value, term.weight, said))

    def _choose(self, choice: Selection) -> None:
        """Look at something else, or at the same after something has changed around it."""
        if choice.place != self.choice.place:
            self._typing.close()
        if (choice.parameter is None) != (self.choice.parameter is None):
            self._tell_keys(choice.parameter is not None)
        self.choice = choice if self._shape is None else choice.within(self._shape)
        width, height = self._canvas.size
        if self._shape is None or not width or not height:
            return
        self._arrangement = arrange(self._shape, width, height, self.choice.place, self._firsts)
        self._firsts.update({column.layer: column.first for column in self._arrangement.columns})
        self._draw()
        self.ask()

    def _tell_keys(self, changing: bool) -> None:
        """The keys for looking, or those for changing weights: up and down go through these then."""
        up_and_down = hints(("next_neuron",)).replace("neuron", "weight")
        told = f"{up_and_down}   {hints(CHANGING)}" if changing else hints(LOOKING)
        self._typing.show_hints(told)

    def _fits(self, content: Network) -> bool:
        """Whether ``content`` is of what is arranged, and not of what was before."""
        windows = tuple(layer.window for layer in content.layers)
        return self._arrangement is not None and windows == self._arrangement.windows

    def _draw(self) -> None:
        """Draw what is known, if it is of what is arranged."""
        shape, arrangement, content = self._shape, self._arrangement, self.content
        if shape is not None and arrangement is not None and content is not None and self._fits(content):
            self._canvas.show(Scene(shape, arrangement, content, self.choice))

    def _show(self) -> None:
        """Draw, and say all that is said around the picture."""
        width, content = self._sample.size.width, self.content
        if not width or self._shape is None or self._loaded is None or content is None or not self._fits(content):
            return  # a tab that is just being opened is fitted to its size first
        self._draw()
        self._sample.show((heading(self._loaded.dataset, content, width, self._canvas.lines),))
        self._panel.show(self._shape, content, self.choice.parameter)
        self.ask()  # a curve that has come need not come again


def typed_weight(text: str) -> float | str:
    """The number typed, or the sentence that says why it is none that can be set."""
    cleaned = text.strip().replace("−", "-").replace(",", ".")
    try:
        value = float(cleaned)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return f"Expected a number such as 0.5 or -2, got {text.strip()!r}; esc leaves the weight as it is."
    if abs(value) > LARGEST:
        return f"Expected a number between -1e30 and 1e30, got {text.strip()!r}."
    return value


def nudged(weight: float, direction: int) -> float:
    """A tenth of ``weight`` up (1) or down (-1), 0.1 at least."""
    return float(f"{weight + direction * max(NUDGE * abs(weight), NUDGE):.6g}")


def picked_term(seen: NeuronDetail, parameter: int | None) -> Term | None:
    """The parameter with that number, if it is among what is seen."""
    if parameter is None:
        return None
    if parameter == seen.inputs:
        return seen.bias
    return next((term for term in seen.terms if term.source == parameter), None)


def term_name(shape: Shape, seen: NeuronDetail, term: Term) -> str:
    """A parameter in words: the weight from input petal width to layer 1, neuron 3."""
    neuron = shape.place(seen.layer, seen.neuron)
    if term.source == BIAS:
        return f"bias of {neuron}"
    return f"weight from {shape.place(seen.layer - 1, term.source)} to {neuron}"


def short_name(shape: Shape, seen: NeuronDetail, term: Term) -> str:
    """The same where it is seen which neuron is meant: weight of petal width, bias."""
    return "bias" if term.source == BIAS else f"weight of {shape.name(seen.layer - 1, term.source)}"


def first_weights_with(weights: Sequence[float], index: int, value: float) -> tuple[float, ...]:
    """All first weights with one of them replaced."""
    return (*weights[:index], value, *weights[index + 1 :])
