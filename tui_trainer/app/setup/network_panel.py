"""The Network card of the setup: one row per layer, edited in place, and what is rarer for each layer folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, get_args

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import ActivationName, Experiment, InitializerName, LayerConfig, OutputConfig
from tui_trainer.formats import format_exact
from tui_trainer.ui.fields import ChoiceField, Field, SwitchField, TextButton, TextField
from tui_trainer.ui.keymap import action_of, key_of

from .panel import Fold, Panel, Row, on_or_off

HIDDEN_ACTIVATIONS = [(name, name) for name in get_args(ActivationName) if name not in ("softmax", "identity")]
OUTPUT_ACTIVATIONS = [("auto", None), *((name, name) for name in get_args(ActivationName) if name != "identity")]
PEOPLE = {"glorot": "Glorot", "he": "He", "lecun": "LeCun"}


def initializer_name(initializer: str) -> str:
    """Write the name of an initializer as people do: Glorot uniform."""
    first, *rest = initializer.split("_")
    return " ".join([PEOPLE.get(first, first), *rest])


INITIALIZERS = [(initializer_name(name), name) for name in get_args(InitializerName)]


def own_or_auto(factor: float | None) -> str:
    """Write the factor of a penalty that a layer may have of its own."""
    return "auto" if factor is None else format_exact(factor)


# Folded settings of layers: the field, what it is called, and how a value is written.
DETAILS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("dropout", "dropout", format_exact),
    ("initializer", "weights", initializer_name),
    ("use_bias", "bias", on_or_off),
    ("l1", "L1", own_or_auto),
    ("l2", "L2", own_or_auto),
    ("batch_norm", "batch norm", on_or_off),
    ("trainable", "trainable", on_or_off),
    ("initializer_scale", "scale", format_exact),
)
FOLDED = tuple(f"model.{layer}.{name}" for layer in ("layers[]", "output") for name, *_ in DETAILS)
PRECISIONS = [("float32", "float32"), ("float64", "float64")]
ROWS = (
    Row(TextField, "model.seed", "seed", "Seed of the initial weights and of shuffling"),
    Row(partial(ChoiceField, choices=PRECISIONS), "model.dtype", "precision", "Of all numbers in the network"),
    Row(
        partial(TextField, empty="0", missing="0"),
        "model.input_dropout",
        "drop inputs",
        "Fraction of the inputs dropped during training",
    ),
)


class Titles(Widget):
    """The titles of the columns below: the last one at the right edge."""

    DEFAULT_CSS = "Titles { height: 1; color: $text-disabled; }"

    def __init__(self, left: str, right: str = "") -> None:
        super().__init__(classes="titles")
        self._left, self._right = left, right

    def render(self) -> Text:
        return Text(f"{self._left.ljust(self.size.width - len(self._right))}{self._right}", no_wrap=True)


class LayerRow(Horizontal):
    """Fields of one layer; it draws the layer's number itself. ``index`` None is the output layer."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"layer-row--chosen"}
    DEFAULT_CSS = """
    LayerRow {
        height: 1;
        color: $text-muted;
        .layer-row--chosen { color: $text-accent; text-style: bold; }
        .units, .dropout { width: 5; margin-left: 6; margin-right: 1; }
        .activation, .initializer { width: 1fr; }
        .no-dropout { margin-left: 12; }
        .l1 { width: 5; margin-left: 6; margin-right: 1; }
        .l2 { width: 1fr; }
        .scale { width: 1fr; margin-left: 6; }
        .no-norm { margin: 0 2 0 6; }
        .bias { width: 1; margin-left: 1; }
    }
    """
    chosen: reactive[bool] = reactive(False)

    def __init__(self, index: int | None, fields: Iterable[Field]) -> None:
        super().__init__(*fields)
        self.index = index

    def render(self) -> Text:
        style = self.get_component_rich_style("layer-row--chosen", partial=True) if self.chosen else ""
        return Text("out" if self.index is None else str(self.index + 1), style)


def shape_row(index: int | None) -> LayerRow:
    """Create the row with the size and the activation of a layer."""
    is_output, base = index is None, _base(index)
    units = TextField(f"{base}.units", "", "Neurons", "auto" if is_output else "", "units", None if is_output else "")
    choices = OUTPUT_ACTIVATIONS if is_output else HIDDEN_ACTIVATIONS
    return LayerRow(index, (units, ChoiceField(f"{base}.activation", "", choices, "Activation function", "activation")))


def detail_row(index: int | None) -> LayerRow:
    """Create the row with the dropout, the initializer and the bias of a layer."""
    base = _base(index)
    fields: list[Field] = []
    if index is not None:
        fields.append(
            TextField(f"{base}.dropout", "", "Fraction of the outputs dropped during training", "0", "dropout", "0")
        )
    classes = "initializer no-dropout" if index is None else "initializer"
    fields.append(ChoiceField(f"{base}.initializer", "", INITIALIZERS, "How the weights are initialized", classes))
    fields.append(SwitchField(f"{base}.use_bias", "", "Whether each neuron has a bias", classes="bias"))
    return LayerRow(index, fields)


def penalty_row(index: int | None) -> LayerRow:
    """Create the row with the penalties of a layer, and whether it is trained."""
    base = _base(index)
    number = partial(TextField, empty="auto", missing=None)
    l1, l2 = (f"Factor of the sum of {of}; auto is that of the training" for of in ("|W|", "W squared"))
    trainable = "Whether training changes the weights and biases of the layer"
    return LayerRow(
        index,
        (
            number(f"{base}.l1", "", l1, classes="l1"),
            number(f"{base}.l2", "", l2, classes="l2"),
            SwitchField(f"{base}.trainable", "", trainable, classes="bias"),
        ),
    )


def scale_row(index: int | None) -> LayerRow:
    """Create the row with the scale of a layer's initial weights, and batch normalization of a hidden one."""
    base, help_text = _base(index), "What the variance of the initial weights is multiplied by"
    classes = "scale no-norm" if index is None else "scale"
    fields: list[Field] = [TextField(f"{base}.initializer_scale", "", help_text, "1", classes, "1")]
    if index is not None:
        norm = "Normalize what goes into the activation over each mini-batch, as Keras's BatchNormalization"
        fields.append(SwitchField(f"{base}.batch_norm", "", norm, classes="bias"))
    return LayerRow(index, fields)


# The rows of each layer by the class of what holds them: those that are always there, and the folded ones.
LAYER_ROWS = {"rows": shape_row, "details": detail_row, "penalties": penalty_row, "scales": scale_row}


def _base(index: int | None) -> str:
    return "model.output" if index is None else f"model.layers[{index}]"


def _details() -> Iterator[Widget]:
    yield Titles("    dropout weights", "bias")
    yield Vertical(detail_row(None), classes="layers details")
    yield Titles("      L1    L2", "trainable")
    yield Vertical(penalty_row(None), classes="layers penalties")
    yield Titles("      scale", "batch norm")
    yield Vertical(scale_row(None), classes="layers scales")


def _told_details(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Yield the folded settings of layers, and where a layer has another value than the default one, all values."""
    model, default = experiment.model, LayerConfig()
    layers: list[LayerConfig | OutputConfig] = [*model.layers, model.output]
    bases = [*(_base(index) for index in range(len(model.layers))), _base(None)]
    for name, label, word in DETAILS:
        values = [
            getattr(layer, name)
            for base, layer in zip(bases, layers, strict=True)
            if hasattr(layer, name) and not is_hidden(experiment, f"{base}.{name}")
        ]
        if values:
            is_default = set(values) == {getattr(default, name)}
            yield label, "" if is_default else f"{label} {'/'.join(dict.fromkeys(map(word, values)))}"


class NetworkPanel(Panel):
    """The layers, and the seed of the initial weights."""

    heading = "Network"
    DEFAULT_CSS = """
    NetworkPanel {
        .layers { height: auto; }
        .buttons { height: 1; margin-top: 0; }
        .buttons TextButton { margin-right: 1; padding: 0 1; background: $surface-lighten-1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_focused: int | None = None
        self._params: int | None = None  # of the model
        self._hides_counts = False

    @property
    def chosen(self) -> int | None:
        """The hidden layer that is marked as the one that keys act on."""
        return self._chosen_of(len(self.query(".rows > LayerRow")) - 1)

    def chosen_of(self, experiment: Experiment) -> int | None:
        """The hidden layer of ``experiment`` that keys act on: the one last in focus, or the last one.

        The experiment may not be shown yet, so that there are other layers than rows.
        """
        return self._chosen_of(len(experiment.model.layers))

    def _chosen_of(self, count: int) -> int | None:
        if count <= 0:
            return None
        return count - 1 if self._last_focused is None else min(self._last_focused, count - 1)

    def compose(self) -> ComposeResult:
        yield Titles("layer units activation")
        with Vertical(classes="layers rows"):
            yield shape_row(None)
        with Horizontal(classes="buttons"):
            yield TextButton("add", action_of("add_layer"), key_of("add_layer"))
            yield TextButton("remove", action_of("remove_layer"), key_of("remove_layer"))
            yield TextButton("▲", action_of("move_layer_minus"))
            yield TextButton("▼", action_of("move_layer_plus"))
        yield Fold(ROWS, paths=FOLDED, extra=_details, more=_told_details)

    async def prepare(self, experiment: Experiment) -> None:
        """Create or remove rows to match the layers."""
        count = len(experiment.model.layers)
        for kind, make in LAYER_ROWS.items():
            for rows in self.query(f".{kind}").results(Vertical):
                hidden = [row for row in rows.walk_children(LayerRow) if row.index is not None]
                for row in hidden[count:]:
                    await row.remove()
                for index in range(len(hidden), count):
                    await rows.mount(make(index), before=len(rows.children) - 1)

    def show(self, fields: Iterable[Field]) -> None:
        super().show(fields)
        for row in self.walk_children(LayerRow):
            row.display = any(not field.has_class("-fixed") for field in row.walk_children(Field))
        for titles, rows in zip(self.walk_children(Titles), self.query(".layers"), strict=True):
            titles.display = any(row.display for row in rows.walk_children(LayerRow))
        self.query_one(".buttons").display = not is_hidden(self.experiment, "model.layers")
        self._mark_chosen()

    def show_params(self, params: int) -> None:
        """Show the number of parameters."""
        self._params = params
        number = "?" if self._hides_counts else f"{params:,}"
        self.tell_count(f"{number} {'parameter' if params == 1 else 'parameters'}")

    def hide_counts(self, hidden: bool) -> None:
        """Hide the number of parameters, since a lesson asks for it, or show it again."""
        self._hides_counts = hidden
        if self._params is not None:
            self.show_params(self._params)

    def show_inferred(self, output: OutputConfig) -> None:
        """Show what ``auto`` means for the output layer."""
        row = next(row for row in self.query(".rows > LayerRow").results(LayerRow) if row.index is None)
        row.query_one(".units Input", Input).placeholder = str(output.units)
        row.query_one(".activation", ChoiceField).explain_auto(f"({output.activation})")

    def choose(self, index: int | None) -> None:
        """Select the hidden layer that keys act on."""
        self._last_focused = index
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        chosen = self.chosen
        for row in self.walk_children(LayerRow):
            row.chosen = row.index is not None and row.index == chosen

    @on(events.DescendantFocus)
    def _follow_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors:
            if isinstance(node, LayerRow) and node.index is not None:
                self.choose(node.index)

    @on(TextButton.Pressed)
    def _handle_pressed(self, event: TextButton.Pressed) -> None:
        event.stop()
        self.post_message(LayersEdited(event.button.action))


@dataclass
class LayersEdited(Message):
    """A button under the layers was pressed: ``action`` is an action of the main screen."""

    action: str
