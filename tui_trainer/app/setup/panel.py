"""The base class of the setup's panels: a titled column of fields that shows an experiment."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import Experiment
from tui_trainer.ui.fields import Field


class Panel(Vertical):
    """Fields under a heading; each field's path names the part of the experiment that it shows."""

    DEFAULT_CSS = """
    Panel {
        height: auto;
        margin-bottom: 1;
        .heading { text-style: bold; color: $text-accent; height: 1; width: 1fr; }
        .pair { height: 1; }
        .-fixed { display: none; }
        & > Field, LazyFields > Field, .pair Field { margin-right: 1; }
    }
    """
    heading = ""

    def compose(self) -> ComposeResult:
        yield Static(self.heading, classes="heading", markup=False)

    async def prepare(self, experiment: Experiment) -> None:
        """Create the fields that only ``experiment`` needs."""

    def show(self, experiment: Experiment) -> None:
        """Show the values of ``experiment``."""
        for field in self.query(Field):
            field.show(value_at(experiment, field.path))
            field.set_class(is_hidden(experiment, field.path), "-fixed")


def value_at(experiment: Experiment, path: str) -> object:
    """Return the value at a dotted path, as ``model.layers[0].units``; None if any part of the path is None."""
    value: object = experiment
    for part in path.replace("]", "").replace("[", ".").split("."):
        if value is None:
            return None
        value = value[int(part)] if isinstance(value, tuple) else getattr(value, part)
    return value
