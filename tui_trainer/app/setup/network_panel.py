"""The Network part of the setup: a row a layer, edited in place."""

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

HIDDEN = [(name, name) for name in get_args(ActivationName) if name not in ("softmax", "identity")]
OUTPUT = [("auto", None), *((name, name) for name in get_args(ActivationName) if name != "identity")]
SHORT = (("_uniform", " unif"), ("_normal", " norm"))


def short(initializer: str) -> str:
    """The name of an initializer, short enough for its column."""
    for long, cut in SHORT:
        initializer = initializer.replace(long, cut)
    return initializer


INITIALIZERS = [(short(name), name) for name in get_args(InitializerName)]


class LayerRow(Horizontal):
    """The fields of one layer, after its number, which it draws itself; ``index`` None is the output."""

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
    """The fields of one layer, from left to right."""
    output = index is None
    base = "model.output" if output else f"model.layers[{index}]"
    yield TextField(f"{base}.units", "", "Neurons", "auto" if output else "", "units", None if output else "")
    choices = OUTPUT if output else HIDDEN
    activation = "activation no-dropout" if output else "activation"
    yield ChoiceField(f"{base}.activation", "", choices, "Activation function", activation)
    if not output:
        yield TextField(f"{base}.dropout", "", "Part of the outputs dropped while training", "0", "dropout", "0")
    yield SwitchField(f"{base}.use_bias", "", "Whether each neuron has a bias", "bias")
    yield ChoiceField(f"{base}.initializer", "", INITIALIZERS, "First values of the weights", "initializer")


class NetworkPanel(Panel):
    """The layers between what the data dictate, and the seed of the first weights."""

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
        self._last_chosen: int | None = None

    @property
    def chosen(self) -> int | None:
        """The hidden layer that keys act on: the one last in focus, or the last one."""
        count = len(self.query(LayerRow)) - 1
        if count <= 0:
            return None
        return count - 1 if self._last_chosen is None else min(self._last_chosen, count - 1)

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
            yield TextField("model.seed", "seed", "Seed of the first weights and of the shuffling")
            yield ChoiceField("model.dtype", "", [("float32", "float32"), ("float64", "float64")], "Precision")

    async def show_layers(self, experiment: Experiment) -> None:
        """Make as many rows as there are layers, then show their values."""
        rows = self.query_one(".rows", Vertical)
        hidden = [row for row in self.query(LayerRow) if row.index is not None]
        wanted = len(experiment.model.layers)
        for row in hidden[wanted:]:
            await row.remove()
        for index in range(len(hidden), wanted):
            await rows.mount(LayerRow(index), before=len(rows.children) - 1)
        self.show(experiment)
        self._mark()

    def show_params(self, params: int) -> None:
        """Say how many parameters the network has."""
        unit = "parameter" if params == 1 else "parameters"
        self.query_one(".heading", Static).update(f"Network  {params:,} {unit}")

    def show_inferred(self, output: OutputConfig) -> None:
        """Say which output layer ``auto`` comes to."""
        row = next(row for row in self.query(LayerRow) if row.index is None)
        row.query_one(".units Input", Input).placeholder = str(output.units)
        row.query_one(".activation", ChoiceField).explain_auto(f"({output.activation})")

    def choose(self, index: int | None) -> None:
        """Make a hidden layer the one that keys act on."""
        self._last_chosen = index
        self._mark()

    def _mark(self) -> None:
        for row in self.query(LayerRow):
            row.chosen = row.index is not None and row.index == self.chosen

    @on(events.DescendantFocus)
    def _follow_focus(self, event: events.DescendantFocus) -> None:
        for node in event.widget.ancestors:
            if isinstance(node, LayerRow) and node.index is not None:
                self.choose(node.index)

    @on(TextButton.Pressed)
    def _act(self, event: TextButton.Pressed) -> None:
        event.stop()
        self.post_message(LayersEdited(event.press.action))


@dataclass
class LayersEdited(Message):
    """A button under the layers was pressed: ``action`` is one of the training screen's."""

    action: str
