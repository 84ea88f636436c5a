"""The Data panel of the setup: the dataset, its columns, and the validation split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Label, Static

from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, ToySet, choose, choose_file
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.validation import to_plain
from tui_trainer.protocol import DatasetView
from tui_trainer.ui.fields import ByHandField, ChoiceField, FieldEdited, LazyFields, SwitchField, TextField

from .panel import Panel

COORDINATES = PLANE_COLUMNS[:2]  # the default features of a plane
OWN_FILE = "own file"  # in the list of datasets


class DatasetField(ChoiceField):
    """A dropdown of datasets. Another dataset clears the file, and the columns that it does not have."""

    class OwnFileRequested(Message):
        """The user selected "own file" in the list."""

    config = DatasetConfig()  # what is chosen now

    def keep(self, config: DatasetConfig) -> None:
        """Remember the current configuration, and show a file as "own file"."""
        self.config = config
        if config.path is not None:
            self.show(OWN_FILE)

    def edited(self, value: object) -> None:
        if value == OWN_FILE:
            self.post_message(self.OwnFileRequested())
        else:
            self.post_message(FieldEdited("dataset", to_plain(choose(self.config, str(value))), self))


class OwnFileField(TextField):
    """The path of a file, instead of a dataset's name. Another file clears the options of the previous one."""

    config = DatasetConfig()  # what is chosen now

    def edited(self, value: object) -> None:
        path = None if value is None else str(value)
        self.post_message(FieldEdited("dataset", to_plain(choose_file(self.config, path)), self))


class TransformField(SwitchField):
    """A switch for one column of a plane: whether it is a feature."""

    @dataclass
    class Switched(Message):
        """The column was switched on or off."""

        field: TransformField

    def __init__(self, column: str) -> None:
        super().__init__("dataset.features", column, f"Whether {column} is an input of the model")
        self.column = column

    def show(self, value: object) -> None:
        columns = value if isinstance(value, tuple) and value else COORDINATES
        super().show(self.column in columns)

    def edited(self, value: object) -> None:
        self.post_message(self.Switched(self))


class Transforms(Vertical):
    """Switches for the columns of a plane; if none is on, the features are x1 and x2."""

    DEFAULT_CSS = """
    Transforms {
        height: auto;
        Label { width: 12; color: $text-muted; }
        TransformField, Checkbox { width: auto; }
    }
    """

    def __init__(self) -> None:
        rows = (("features", PLANE_COLUMNS[:4]), ("", PLANE_COLUMNS[4:]))
        super().__init__(
            *(Horizontal(Label(label), *map(TransformField, columns), classes="pair") for label, columns in rows)
        )

    @on(TransformField.Switched)
    def _handle_switched(self, event: TransformField.Switched) -> None:
        """Post all columns at once, since a second switch may change before the first edit is applied."""
        event.stop()
        columns = tuple(field.column for field in self.query(TransformField) if field.query_one(Checkbox).value)
        value = () if columns == COORDINATES else columns
        self.post_message(FieldEdited("dataset.features", value, event.field))


class DataPanel(Panel):
    """The dataset, its columns, and the part that is kept for validation."""

    heading = "Data"
    DEFAULT_CSS = """
    DataPanel {
        .blobs { display: none; }
        &.-blobs .blobs { display: block; }
        &.-toy .columns { display: none; }
    }
    """

    def compose(self) -> ComposeResult:
        yield from super().compose()
        names: list[tuple[str, str | None]] = [(entry.title, name) for name, entry in CATALOG.items()]
        names.append((OWN_FILE, OWN_FILE))
        yield DatasetField("dataset.name", "dataset", names, "A built-in dataset, or your own file")
        yield OwnFileField("dataset.path", "own CSV", "Your own CSV file instead", "path of a CSV file", missing=None)
        yield TextField(
            "dataset.features", "features", "Input columns of the model, separated by commas", "all", "columns", ()
        )
        yield ChoiceField("dataset.target", "target", [("default", None)], "The column to predict", classes="columns")
        yield LazyFields(_toy_fields, "toy")
        yield LazyFields(lambda: [Transforms()], "plane")
        yield ByHandField()
        with Horizontal(classes="pair"):
            yield TextField("dataset.validation_split", "validation", "Fraction held out for validation, 0 to 0.9")
            yield TextField("dataset.seed", "seed", "Seed of the split, and of a toy set's points", classes="-short")
        yield SwitchField(
            "dataset.standardize",
            "standardize features",
            "Mean 0 and standard deviation 1, fitted on the training part",
        )
        yield SwitchField(
            "dataset.standardize_target",
            "standardize target",
            "Numbers to predict, too; predictions and MAE stay in their own unit, the loss is of the scaled target",
        )

    def show_dataset(self, dataset: DatasetView) -> None:
        """Offer the dataset's columns as targets, and show the number of samples."""
        target: ChoiceField = next(field for field in self.query(ChoiceField) if field.path == "dataset.target")
        default: list[tuple[str, str | None]] = [(f"{dataset.target}", None)]
        target.offer([*default, *((name, name) for name in dataset.available if name != dataset.target)])
        scaled = next(field for field in self.query(SwitchField) if field.path == "dataset.standardize_target")
        scaled.display = not dataset.classes
        counts = f"{dataset.train_rows} training, {dataset.validation_rows} validation"
        self.query_one(".heading", Static).update(f"Data  {counts}", layout=False)

    async def prepare(self, experiment: Experiment) -> None:
        toy = _toy_set(experiment.dataset)
        await self.query_one(".toy", LazyFields).set_visible(toy is not None)
        await self.query_one(".plane", LazyFields).set_visible(toy is not None and toy.in_the_plane)

    def show(self, experiment: Experiment) -> None:
        super().show(experiment)
        config = experiment.dataset
        self.query_one(DatasetField).keep(config)
        self.query_one(OwnFileField).config = config
        toy = _toy_set(config)
        in_the_plane = toy is not None and toy.in_the_plane
        self.query_one(ByHandField).keep(config if in_the_plane else DatasetConfig())
        self.set_class(toy is not None, "-toy")
        self.set_class(toy is not None and toy.any_classes, "-blobs")


def _toy_set(config: DatasetConfig) -> ToySet | None:
    """Return the selected toy set, if any."""
    entry = CATALOG.get(config.name) if config.path is None else None
    return entry if isinstance(entry, ToySet) else None


def _toy_fields() -> Iterator[Horizontal]:
    """Yield the fields that only toy sets have."""
    yield Horizontal(
        TextField("dataset.samples", "samples", "Number of points; empty for the default", "default", missing=None),
        TextField("dataset.noise", "noise %", "0 to 50", "0", "-short", "0"),
        TextField("dataset.classes", "classes", "2 to 10", "4", "-short blobs", None),
        classes="pair",
    )
