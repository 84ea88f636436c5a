"""The Network panel of the setup: one row per layer, edited in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, get_args

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from tui_trainer.experiment.schema import ActivationName, Experiment, InitializerName, OutputConfig
from tui_trainer.ui.button import TextButton
from tui_trainer.ui.fields import ChoiceField, Field, SwitchField, TextField
from tui_trainer.ui.keymap import action_of

from .panel import Panel

HIDDEN_ACTIVATIONS = [(name, name) for name in get_args(ActivationName) if name not in ("softmax", "identity")]
OUTPUT_ACTIVATIONS = [("auto", None), *((name, name) for name in get_args(ActivationName) if name != "identity")]
ABBREVIATIONS = (("_uniform", " unif"), ("_normal", " norm"))


def short_initializer(initializer: str) -> str:
    """Abbreviate the name of an initializer to fit its column."""
    for long, abbreviation in ABBREVIATIONS:
        initializer = initializer.replace(long, abbreviation)
    return initializer


INITIALIZERS = [(short_initializer(name), name) for name in get_args(InitializerName)]


class LayerRow(Horizontal):
    """The fields of one layer; it draws the layer's number itself. ``index`` None is the output layer."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"layer-row--chosen"}
    DEFAULT_CSS = """
    LayerRow {
        height: 1;
        color: $text-muted;
        .layer-row--chosen { color: $text-accent; text-style: bold; }
        .units { width: 6; margin-left: 4; margin-right: 1; }
        .activation { width: 13; margin-right: 1; }
        .dropout { width: 4; margin-right: 1; }
        .no-dropout { margin-right: 6; }
        .bias { width: 5; margin-right: 1; }
        .initializer { width: 1fr; }
    }
    """
    chosen: reactive[bool] = reactive(False)

    def __init__(self, index: int | None) -> None:
        super().__init__(*_fields(index))
        self.index = index

    def render(self) -> Text:
        style = self.get_component_rich_style("layer-row--chosen", partial=True) if self.chosen else ""
        return Text("out" if self.index is None else str(self.index + 1), style)


def _fields(index: int | None) -> Iterator[Field]:
    """Yield the fields of one layer, from left to right."""
    is_output = index is None
    base = "model.output" if is_output else f"model.layers[{index}]"
    yield TextField(f"{base}.units", "", "Neurons", "auto" if is_output else "", "units", None if is_output else "")
    choices = OUTPUT_ACTIVATIONS if is_output else HIDDEN_ACTIVATIONS
    activation = "activation no-dropout" if is_output else "activation"
    yield ChoiceField(f"{base}.activation", "", choices, "Activation function", activation)
    if not is_output:
        yield TextField(f"{base}.dropout", "", "Fraction of the outputs dropped during training", "0", "dropout", "0")
    yield SwitchField(f"{base}.use_bias", "", "Whether each neuron has a bias", "bias")
    yield ChoiceField(f"{base}.initializer", "", INITIALIZERS, "How the weights are initialized", "initializer")


class NetworkPanel(Panel):
    """The layers, and the seed of the initial weights."""

    heading = "Network"
    DEFAULT_CSS = """
    NetworkPanel {
        .titles { height: 1; color: $text-disabled; }
        .rows { height: auto; margin-right: 1; }
        .buttons { height: 1; margin-top: 0; }
        .buttons TextButton { margin-right: 1; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_focused: int | None = None

    @property
    def chosen(self) -> int | None:
        """The hidden layer that is marked as the one that keys act on."""
        return self._chosen_of(len(self.query(LayerRow)) - 1)

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
        yield from super().compose()
        yield Static("    units  activation    drop bias  weights", classes="titles", markup=False)
        with Vertical(classes="rows"):
            yield LayerRow(None)
        with Horizontal(classes="buttons"):
            yield TextButton("+ add", action_of("add_layer"))
            yield TextButton("- remove", action_of("remove_layer"))
            yield TextButton("▲", action_of("move_layer_minus"))
            yield TextButton("▼", action_of("move_layer_plus"))
        with Horizontal(classes="pair"):
            yield TextField("model.seed", "seed", "Seed of the initial weights and of shuffling")
            yield ChoiceField("model.dtype", "", [("float32", "float32"), ("float64", "float64")], "Precision")

    async def show_layers(self, experiment: Experiment) -> None:
        """Create or remove rows to match the layers, then show their values."""
        rows = self.query_one(".rows", Vertical)
        hidden = [row for row in self.query(LayerRow) if row.index is not None]
        count = len(experiment.model.layers)
        for row in hidden[count:]:
            await row.remove()
        for index in range(len(hidden), count):
            await rows.mount(LayerRow(index), before=len(rows.children) - 1)
        self.show(experiment)
        self._mark_chosen()

    def show_params(self, params: int) -> None:
        """Show the number of parameters."""
        unit = "parameter" if params == 1 else "parameters"
        self.query_one(".heading", Static).update(f"Network  {params:,} {unit}", layout=False)

    def show_inferred(self, output: OutputConfig) -> None:
        """Show what ``auto`` means for the output layer."""
        row = next(row for row in self.query(LayerRow) if row.index is None)
        row.query_one(".units Input", Input).placeholder = str(output.units)
        row.query_one(".activation", ChoiceField).explain_auto(f"({output.activation})")

    def choose(self, index: int | None) -> None:
        """Select the hidden layer that keys act on."""
        self._last_focused = index
        self._mark_chosen()

    def _mark_chosen(self) -> None:
        chosen = self.chosen
        for row in self.query(LayerRow):
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
