"""The Summary tab: the model layer by layer, and what was found out by itself."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui_trainer.runtime.protocol import Loaded

from ..plain_text import plain
from .view import View


class SummaryView(View):
    """Keras's table of the model, then the experiment in words."""

    DEFAULT_CSS = """
    SummaryView { padding: 0 1; }
    SummaryView Static { width: 1fr; }
    """

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("")

    def show_loaded(self, loaded: Loaded) -> None:
        """Show the model of ``loaded``."""
        self.query_one(Static).update(Text(f"{loaded.summary}\n\n{describe(loaded)}"))


def describe(loaded: Loaded) -> str:
    """The sizes that the data dictate, and the training that was chosen, a line each."""
    dataset, training = loaded.dataset, loaded.experiment.training
    output = loaded.experiment.model.output
    optimizer = training.optimizer
    details = {
        "sgd": f", momentum {optimizer.momentum:g}" if optimizer.momentum else "",
        "rmsprop": f", decay {optimizer.rho:g}",
        "adam": f", β1 {optimizer.beta_1:g}, β2 {optimizer.beta_2:g}",
    }.get(optimizer.name, "")
    batches = "the full batch" if training.batch_size == "full" else f"mini-batches of {training.batch_size}"
    classes = ", ".join(map(plain, dataset.classes))
    target = f"{plain(dataset.target)}: {classes}" if classes else plain(dataset.target)
    lines = (
        ("in", f"{len(dataset.features)} features: {', '.join(map(plain, dataset.features))}"),
        ("out", f"{output.units} {output.activation}, for {target}"),
        ("loss", training.loss or ""),
        ("optimizer", f"{optimizer.name}, learning rate {training.learning_rate:g}{details}"),
        ("epochs", f"{training.epochs:,}, {batches} of {dataset.train_rows:,} samples"),
    )
    return "\n".join(f"{name:<10} {text}" for name, text in lines)
