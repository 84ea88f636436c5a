"""The Data part of the setup."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal

from tui_trainer.datasets import CATALOG
from tui_trainer.experiment import Experiment
from tui_trainer.runtime.protocol import DatasetView

from .field import ChoiceField, SwitchField, TextField
from .panel import Panel, value_at


class DataPanel(Panel):
    """Which dataset, which of its columns, and how much is kept for validation."""

    heading = "Data"

    def compose(self) -> ComposeResult:
        yield from super().compose()
        names: list[tuple[str, str | None]] = [(entry.title, name) for name, entry in CATALOG.items()]
        yield ChoiceField("dataset.name", "dataset", names, "A dataset that comes with the app")
        yield TextField("dataset.path", "own CSV", "A CSV file of yours, instead", "path of a CSV file", missing=None)
        yield TextField(
            "dataset.features", "features", "Columns the model reads, with commas between", "all", missing=()
        )
        yield ChoiceField("dataset.target", "target", [("as usual", None)], "The column to be predicted")
        with Horizontal(classes="pair"):
            yield TextField("dataset.validation_split", "validation", "Part kept for validation, 0 to 0.9")
            yield TextField("dataset.seed", "seed", "Seed of the split", classes="-short")
        yield SwitchField(
            "dataset.standardize",
            "standardize features",
            "Mean 0 and deviation 1, fitted on the training part",
        )

    def show_dataset(self, dataset: DatasetView) -> None:
        """Offer the columns of the dataset as targets, and say how many samples there are."""
        target: ChoiceField = next(field for field in self.query(ChoiceField) if field.path == "dataset.target")
        usual: list[tuple[str, str | None]] = [(f"{dataset.target}", None)]
        target.offer([*usual, *((name, name) for name in dataset.available if name != dataset.target)])
        counts = f"{dataset.train_rows} training, {dataset.validation_rows} validation"
        self.query_one(".heading").update(f"Data  {counts}")  # type: ignore[attr-defined]

    def show(self, experiment: Experiment) -> None:
        super().show(experiment)
        self.set_class(value_at(experiment, "dataset.path") is not None, "-own")
