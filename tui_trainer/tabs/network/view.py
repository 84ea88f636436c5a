"""The Network tab: the network with the values of one sample, one neuron in detail, and editing of its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_number
from tui_trainer.plotting.pictures import picture_size
from tui_trainer.plotting.plot import unpack_levels
from tui_trainer.protocol import Loaded, Progress, unpack
from tui_trainer.settings import Markers
from tui_trainer.tabs.view import GAP, TabView, hints
from tui_trainer.ui.keymap import action_of, key_of
from tui_trainer.ui.plot_widgets import PictureWidget, PixelImage, TextLines
from tui_trainer.ui.status_lines import Prompt

from .activation_curves import ActivationCurves
from .drawing import NetworkCanvas, Scene
from .keys import MICROSCOPE_ACTIONS
from .layout import Arrangement, Selection, Shape, arrange, shape_of
from .messages import BIAS, Network, NeuronDetail, NeuronStep, Stage, Term, WatchNetwork
from .neuron_panel import NeuronPanel, heading, sample_name
from .step_panel import StageOfLayer, stages_of, step_heading, step_table, terms_of, track_line

PICTURE_SHARE = 4  # of the width, at most, for the picture of the inputs
PAGE = 10  # neurons or weights
# Actions, the last ones of which are left out where there is no room for all
VIEW_HINTS = ("next_layer", "next_neuron", "next_sample", "microscope", "weights", "type_weight")
STEP_HINTS = ("stage", "leave_microscope", "play_stages", "whole_batch", "next_sample", "next_neuron")
EDIT_HINTS = ("type_weight", "nudge", "weights")
OPTIONS = ("sample", "layer", "neuron")
WEIGHT_PROMPT = "weight"  # the prompt's purpose
NO_WEIGHTS = "An input has no weights; the right arrow moves on to the neurons."
MAX_WEIGHT = 1e30  # the limit of float32 is 3e38
NUDGE = 0.1  # relative to the weight, and also the minimum
PLAY_EVERY = 1.5  # seconds that a stage is shown, if the microscope goes on by itself
NOT_NOW = "The microscope shows the next step; esc goes back to the network, whose weights can be changed."


class NetworkView(TabView):
    """Fits the network to its size, requests only what is drawn, and draws the content."""

    DEFAULT_CSS = """
    NetworkView {
        padding: 0 1;
        .sample { height: 1; }
        &.-step .sample { height: 2; }
        .inputs { display: none; }
        Prompt Label { max-width: 75%; }
        Prompt Input { max-width: 24; }
    }
    """

    MODE = MICROSCOPE_ACTIONS

    def __init__(self) -> None:
        super().__init__()
        self._sample, self._canvas, self._picture = TextLines("sample"), NetworkCanvas(), PictureWidget("inputs")
        self._curves, self._panel, self._prompt = ActivationCurves(), NeuronPanel(), Prompt()
        self.choice = Selection()
        self._firsts: dict[int, int] = {}  # the first visible neuron of each layer
        self._neurons: dict[int, int] = {}  # the neuron of each layer that was chosen last
        self._shape: Shape | None = None
        self._arrangement: Arrangement | None = None
        self._experiment = Experiment()
        self._loaded: Loaded | None = None
        self.content: Network | None = None
        self._is_current = False  # whether the content belongs to the loaded run
        self._steps = 0
        self._is_earlier = False  # whether an earlier moment is shown
        self._stage = 0  # of the stages under the microscope, which is ``in_mode``
        self._opened_at = ""  # the kind of stage that a lesson opens it at; the first without one
        self._member, self._of_batch = 0, False
        self._playing: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self._sample
        with Horizontal():
            yield self._picture
            yield self._canvas
        yield self._curves
        yield self._panel
        yield self._prompt

    def on_mount(self) -> None:
        self._show_keys()
        self.watch(self._panel.plot, "markers", self._use_markers)

    def on_resize(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """Give the picture of the inputs as much room as it needs, if they are one."""
        pixels = None if self._loaded is None else self._loaded.dataset.pixels
        self._picture.display = pixels is not None
        if pixels is not None:
            room = self.content_size.width // PICTURE_SHARE, self.content_size.height // 2
            self._picture.styles.width = picture_size(pixels.rows, pixels.columns, *room)[0]

    def configure(self, options: dict[str, object]) -> None:
        """Apply a lesson's options: ``panel``, ``stage``, ``sample``, ``layer`` (-1: the output), ``neuron``."""
        self._curves.choose(options.get("panel"))
        numbers = {name: value for name in OPTIONS if isinstance(value := options.get(name), int)}
        self._choose(replace(self.choice, parameter=None, **numbers))
        stage = options.get("stage")
        self._opened_at = stage if isinstance(stage, str) else ""
        self._use_microscope(options.get("panel") == "microscope")

    def look_as(self, request: WatchNetwork) -> None:
        """Choose the same sample, neuron and weight, or the same stage of the next step."""
        stage = request.stage
        self._use_microscope(stage is not None)
        if stage is not None:
            stages = [number for number, one in enumerate(self._stages) if one.kind == stage.kind]
            stages = [number for number in stages if self._stages[number].layer == request.layer] or stages
            self._stage = stages[0] if stages else 0
            self._member, self._of_batch = stage.member, stage.of_batch
        self._choose(Selection(request.sample, request.layer, request.neuron, request.parameter))
        self._show_keys()

    @property
    def request(self) -> WatchNetwork:
        choice = self.choice
        return WatchNetwork(
            sample=choice.sample,
            layer=choice.layer,
            neuron=choice.neuron,
            windows=() if self._arrangement is None else self._arrangement.windows,
            terms=self._terms,
            parameter=choice.parameter,
            first_weights=choice.parameter is not None,
            curves=tuple(self._panel.curves),
            compared=self._curves.missing(self._own_activation),
            stage=self._requested_stage,
        )

    @property
    def _requested_stage(self) -> Stage | None:
        if not self.in_mode or self._shape is None:
            return None
        return Stage(self._stage_of_layer.kind, self._member, self._of_batch)

    @property
    def _terms(self) -> int:
        """How many weights there is room for."""
        shape, height = self._shape, self._panel.text_size[1]
        if shape is None:
            return 0
        if self.in_mode:
            return terms_of(shape, self._stage_of_layer, self._experiment.training, height)
        return self._panel.terms_of(shape, self.choice.layer)

    @property
    def _stages(self) -> tuple[StageOfLayer, ...]:
        return () if self._shape is None else stages_of(self._shape)

    def _first_stage(self, shape: Shape | None) -> int:
        """Return the number of the stage that the microscope is opened at."""
        kinds = [] if shape is None else [stage.kind for stage in stages_of(shape)]
        return next((number for number, kind in enumerate(kinds) if kind == self._opened_at), 0)

    @property
    def _stage_of_layer(self) -> StageOfLayer:
        return self._stages[min(self._stage, len(self._stages) - 1)]

    @property
    def _own_activation(self) -> str:
        """The activation of the first layer."""
        return "" if self._shape is None else self._shape.layers[1].activation

    def show_experiment(self, experiment: Experiment) -> None:
        self._experiment = experiment

    def show_loaded(self, loaded: Loaded) -> None:
        if self._loaded is not None and self._loaded.dataset.names != loaded.dataset.names:
            self.content = None  # a sample of other data has no place in these, though the network may look the same
        self._loaded, self._steps, self._is_current = loaded, 0, False
        self._make_room()
        shape = shape_of(loaded)
        if shape != self._shape:
            self._firsts.clear()
        if len(stages_of(shape)) != len(self._stages):
            self._stage = self._first_stage(shape)
        self._shape = shape
        self._choose(self._choice_of_stage if self.in_mode else self.choice)

    def show_target(self, loaded: Loaded) -> None:
        self.content = None
        self._loaded, self._shape, self._is_current = loaded, shape_of(loaded), False

    def show_progress(self, progress: Progress) -> None:
        self._is_earlier = progress.now is not None
        self._steps = max(progress.steps, 1) if self._is_earlier else progress.steps  # a run that has begun

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
        content = self.content
        if self.in_mode and content is not None and isinstance(step := content.looked_at, NeuronStep):
            self._member = (self._member + offset) % step.samples
            self._of_batch = False
            self._show_keys()
            self.ask()
            return
        samples = 1 if content is None else content.samples
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
        if self.in_mode:
            self.post_message(self.StatusMessage(NOT_NOW))
            return
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
        if self.in_mode:
            self.post_message(self.StatusMessage(NOT_NOW))
        elif term is None:
            self.post_message(self.StatusMessage("No weight is picked; w picks one."))
        else:
            self._set_weight(term, nudged(term.weight, direction))

    def action_microscope(self) -> None:
        """Put the next step under the microscope, or show the network again."""
        self._use_microscope(not self.in_mode)

    def action_leave_microscope(self) -> None:
        """Show the network again."""
        self._use_microscope(False)

    def action_stage(self, offset: int) -> None:
        """Go to the next or previous stage; after the last one, take the step, and begin with the one after it."""
        if not self._stages:
            return
        if self._stage + offset >= len(self._stages):
            self._stage = 0
            self.call_later(self.screen.run_action, action_of("step"))
        else:
            self._stage = max(self._stage + offset, 0)
        self._choose(self._choice_of_stage)

    def action_play_stages(self) -> None:
        """Go on by itself, stage by stage and step by step, or stop."""
        if self._playing is None:
            self._playing = self.set_interval(PLAY_EVERY, self.play_on)
            self.play_on()
        else:
            self._stop_playing()
        self._show_keys()

    def action_whole_batch(self) -> None:
        """Show the numbers of the whole mini-batch, or those of one of its samples."""
        self._of_batch = not self._of_batch
        self._show_keys()
        self.ask()

    def play_on(self) -> None:
        """Show the next stage, if the microscope is seen: nothing is trained behind a dialog.

        It ends with the last stage of an earlier moment, from which no step can be taken.
        """
        if not (self.in_mode and self.is_on_screen) or (self._is_earlier and self._stage + 1 >= len(self._stages)):
            self._stop_playing()
            self._show_keys()
        elif self.screen.is_active:
            self.action_stage(1)

    @property
    def is_playing(self) -> bool:
        """Whether the microscope goes on by itself."""
        return self._playing is not None

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def _use_microscope(self, is_on: bool) -> None:
        """Show the next step at its first stage, or the network."""
        if is_on == self.in_mode:
            return
        self._prompt.close()
        self._stop_playing()
        self.in_mode, self._stage = is_on, self._first_stage(self._shape)
        self.set_class(is_on, "-step")
        self._panel.use_step(is_on, has_curve=True)
        if is_on and self._shape is not None:
            self._choose(self._choice_of_stage)
        else:
            self._choose(self.choice)
        self._show_keys()
        self.ask()  # also where there is no picture that has a size

    @property
    def _choice_of_stage(self) -> Selection:
        """The selection in the layer of the stage: the neuron that is chosen, or the nearest one."""
        layer = self._stage_of_layer.layer
        neuron = self.choice.neuron if layer == self.choice.layer else self._neurons.get(layer, 0)
        return replace(self.choice, layer=layer, neuron=neuron)

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
        if neuron is not None and self.in_mode:
            self._go_to_layer(*neuron)
        elif neuron is not None:
            self._choose(Selection(self.choice.sample, *neuron))

    @on(TextLines.Clicked, ".neuron")
    def _handle_line_clicked(self, event: TextLines.Clicked) -> None:
        event.stop()
        parameter = self._panel.parameter_at(event.number)
        if parameter is not None:
            self._choose(replace(self.choice, parameter=parameter))

    @on(NetworkCanvas.Resized)
    def _handle_resized(self) -> None:
        self._show_keys()
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
        is_other = (choice.parameter is None) != (self.choice.parameter is None)
        self.choice = choice if self._shape is None else choice.within(self._shape)
        self._neurons[self.choice.layer] = self.choice.neuron
        if is_other:
            self._show_keys()
        width, height = self._canvas.size
        if self._shape is None or not width or not height:
            return
        self._arrangement = arrange(self._shape, width, height, self.choice.position, self._firsts)
        self._firsts.update({column.layer: column.first for column in self._arrangement.columns})
        self._draw()
        self.ask()

    def _go_to_layer(self, layer: int, neuron: int) -> None:
        """Choose a neuron under the microscope, at the stage of the same kind in its layer, if there is one."""
        kind = self._stage_of_layer.kind
        stage = StageOfLayer("forward" if kind == "loss" and layer != self._stage_of_layer.layer else kind, layer)
        if stage in self._stages:
            self._stage = self._stages.index(stage)
            self._choose(replace(self.choice, layer=layer, neuron=neuron, parameter=None))

    def _show_keys(self) -> None:
        """Show the keys for viewing, for the microscope, or for editing weights, when up and down select a weight."""
        up_and_down = hints(("next_neuron",)).replace("neuron", "weight")
        if self.in_mode:
            labels = {"play_stages": "Stop"} if self._playing else {}
            labels |= {"whole_batch": "One sample"} if self._of_batch else {}
            text = self._fitting_hints(STEP_HINTS, labels)
        elif self.choice.parameter is not None:
            text = f"{up_and_down}   {hints(EDIT_HINTS)}"
        else:
            text = self._fitting_hints(VIEW_HINTS, {})
        self._prompt.show_hints(text)

    def _fitting_hints(self, actions: Sequence[str], labels: Mapping[str, str]) -> str:
        """Return the keys of as many of the first actions as there is room for, those of the first one in front."""
        room = self._sample.size.width or self.size.width
        for count in range(len(actions), 0, -1):
            parts = hints(actions[:1], labels=labels), hints(actions[1:count], labels=labels)
            text = GAP.join(filter(None, parts))
            if cell_len(text) <= room:
                break
        return text

    def _fits(self, content: Network) -> bool:
        """Return whether ``content`` fits the current layout and mode, and not a previous one."""
        windows = tuple(layer.window for layer in content.layers)
        if isinstance(content.looked_at, NeuronStep) != self.in_mode:
            return False
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
        if content.picture:
            self._picture.show(PixelImage(unpack_levels(content.picture, content.picture_rows)))
        self._curves.show(self._own_activation, content.compared)
        if isinstance(content.looked_at, NeuronStep):
            self._show_step(self._shape, self._loaded, content, content.looked_at)
        else:
            self._sample.show((heading(self._loaded.dataset, content, width, self._canvas.lines),))
            batch = self._experiment.training.samples_a_step(content.samples)
            self._panel.show(self._shape, content, content.looked_at, self.choice.parameter, batch)
        self.ask()  # a curve that has arrived need not be sent again

    def _show_step(self, shape: Shape, loaded: Loaded, content: Network, step: NeuronStep) -> None:
        """Show a stage of the next step: which step, which stage, and the neuron in it."""
        width = self._sample.size.width
        name = "all samples" if step.stage.of_batch else sample_name(loaded.dataset, content)
        lines = step_heading(step, width, self._canvas.lines), track_line(shape, step, name, width)
        self._sample.show(lines)
        has_curve = step.slope is not None and step.stage.kind in ("forward", "backward")
        if self._panel.use_step(True, has_curve):
            self.call_after_refresh(self._show)  # the text has another width then
        size, markers = self._panel.text_size, self._canvas.markers
        self._panel.show_step(step, step_table(shape, content, step, size, self.choice.parameter, markers))


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
