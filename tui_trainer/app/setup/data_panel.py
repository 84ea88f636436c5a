"""The Data card of the setup: the dataset, its noise, the validation split, and, folded, its columns and the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.widgets import Checkbox

from tui_trainer.datasets.catalog import CATALOG, PLANE_COLUMNS, ToySet, choose, choose_file
from tui_trainer.errors import printable
from tui_trainer.experiment.edit import is_hidden
from tui_trainer.experiment.schema import DatasetConfig, Experiment
from tui_trainer.experiment.validation import to_plain
from tui_trainer.protocol import DatasetView
from tui_trainer.ui.fields import ByHandField, ChoiceField, Field, FieldEdited, SwitchField, TextButton, TextField
from tui_trainer.ui.keymap import action_of, key_of

from .panel import Fold, Panel, Row

COORDINATES = PLANE_COLUMNS[:2]  # the default features of a plane
OWN_FILE = "own file"  # in the list of datasets
STANDARDIZE_TARGET = "dataset.standardize_target"


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
        super().__init__("dataset.features", "", f"Whether {column} is an input of the model", column)
        self.column = column

    def show(self, value: object) -> None:
        columns = value if isinstance(value, tuple) and value else COORDINATES
        super().show(self.column in columns)

    def edited(self, value: object) -> None:
        self.post_message(self.Switched(self))


class Transforms(Container):
    """Switches for the columns of a plane; if none is on, the features are x1 and x2."""

    DEFAULT_CSS = """
    Transforms { layout: grid; grid-size: 2; grid-columns: 12 1fr; grid-rows: 1; height: auto; }
    """

    def __init__(self) -> None:
        super().__init__(*map(TransformField, PLANE_COLUMNS))

    @on(TransformField.Switched)
    def _handle_switched(self, event: TransformField.Switched) -> None:
        """Post all columns at once, since a second switch may change before the first edit is applied."""
        event.stop()
        columns = tuple(field.column for field in self.walk_children(TransformField) if field.query_one(Checkbox).value)
        value = () if columns == COORDINATES else columns
        self.post_message(FieldEdited("dataset.features", value, event.field))


def toy_set_of(experiment: Experiment) -> ToySet | None:
    """Return the selected toy set, if any."""
    config = experiment.dataset
    entry = CATALOG.get(config.name) if config.path is None else None
    return entry if isinstance(entry, ToySet) else None


def is_toy(experiment: Experiment) -> bool:
    """Return whether the points are generated."""
    return toy_set_of(experiment) is not None


def is_table(experiment: Experiment) -> bool:
    """Return whether the data are a table, of which another column can be predicted."""
    return not is_toy(experiment)


def has_classes(experiment: Experiment) -> bool:
    """Return whether the number of classes can be chosen."""
    toy = toy_set_of(experiment)
    return toy is not None and toy.any_classes


def is_own_file(experiment: Experiment) -> bool:
    """Return whether the data are read from a file of the user's."""
    return experiment.dataset.path is not None


def has_row_columns(experiment: Experiment) -> bool:
    """Return whether columns may say something of the rows: in a file of the user's, or where one does already."""
    return is_own_file(experiment) or bool(experiment.dataset.row_columns)


def is_plane(experiment: Experiment) -> bool:
    """Return whether the points lie in the plane of x1 and x2."""
    toy = toy_set_of(experiment)
    return toy is not None and toy.in_the_plane


def has_features(experiment: Experiment) -> bool:
    """Return whether the features can be chosen."""
    return is_table(experiment) or is_plane(experiment)


def is_fold(experiment: Experiment) -> bool:
    """Return whether a fold is held back, as in a run of a cross-validation."""
    return experiment.dataset.fold is not None


def _told_test_file(experiment: Experiment) -> str:
    """Tell the name of the file, which alone fits a folded row."""
    path = experiment.dataset.test_path
    return "" if path is None else printable(f"test file {PurePath(path).name}")


def _told_features(experiment: Experiment) -> str:
    """Tell the features: always those of a plane, which are few, of other data those that were chosen."""
    features = experiment.dataset.features
    if is_plane(experiment):
        features = features or COORDINATES
    return printable(f"features {', '.join(features)}") if features else ""


DATASETS: list[tuple[str, str | None]] = [(entry.title, name) for name, entry in CATALOG.items()]
ROWS = (
    Row(
        partial(DatasetField, choices=[*DATASETS, (OWN_FILE, OWN_FILE)]),
        "dataset.name",
        "dataset",
        "A built-in dataset, or your own file",
    ),
    Row(partial(TextField, empty="0", missing="0"), "dataset.noise", "noise %", "0 to 50", is_toy),
    Row(
        TextField,
        "dataset.validation_split",
        "validation",
        "Fraction held out for validation, 0 to 0.9",
        lambda experiment: not is_fold(experiment),
    ),
    Row(
        partial(TextField, empty="none", missing=None),
        "dataset.fold",
        "fold",
        "The part held out for validation: 2/5 is the second of five; empty for a fraction",
        is_fold,
    ),
)
COLUMNS = (
    Row(
        partial(TextField, empty="all", missing=()),
        "dataset.features",
        "features",
        "Input columns of the model, separated by commas",
        has_features,
        _told_features,
    ),
    Row(
        partial(ChoiceField, choices=[("default", None)]),
        "dataset.target",
        "target",
        "The column to predict; several ones of numbers are chosen where your own data are opened",
        is_table,
    ),
    Row(
        partial(TextField, empty="none", missing=None),
        "dataset.split_column",
        "part column",
        "The column that says which part each row is in: train, validation or test; it is no feature",
        has_row_columns,
    ),
    Row(
        partial(TextField, empty="none", missing=None),
        "dataset.group_column",
        "groups",
        "The column whose equal values keep rows in one part, such as a patient's; it is no feature",
        has_row_columns,
    ),
    Row(
        partial(TextField, empty="none", missing=None),
        "dataset.weight_column",
        "row weights",
        "The column by which the loss of each row is multiplied; it is no feature",
        has_row_columns,
    ),
)
REST = (
    Row(
        partial(TextField, empty="default", missing=None),
        "dataset.samples",
        "samples",
        "Number of points; empty for the default",
        is_toy,
    ),
    Row(partial(TextField, empty="4", missing=None), "dataset.classes", "classes", "2 to 10", has_classes),
    Row(TextField, "dataset.seed", "seed", "Seed of the split, and of a toy set's points"),
    Row(
        partial(TextField, empty="0", missing="0"),
        "dataset.test_split",
        "test part",
        "Fraction that is never used in training or choosing, 0 to 0.9; the Predictions tab shows it on request",
    ),
    Row(
        partial(TextField, empty="none", missing=None),
        "dataset.test_path",
        "test file",
        "The path of a file with the same columns, whose rows are the test part",
        is_own_file,
        told=_told_test_file,
    ),
    Row(
        partial(ChoiceField, choices=[("shuffled", "shuffled"), ("file", "file")]),
        "dataset.split_order",
        "parts",
        "Drawn from shuffled rows, or the end of the file for the test and what comes before for validation",
    ),
    Row(
        SwitchField,
        "dataset.standardize",
        "standardize",
        "Features with mean 0 and standard deviation 1, fitted on the training part",
    ),
    Row(
        SwitchField,
        STANDARDIZE_TARGET,
        "the target",
        "Numbers to predict, too; predictions and MAE stay in their own unit, the loss is of the scaled target",
        told=lambda experiment: "target standardized" if experiment.dataset.standardize_target else "",
    ),
    Row(
        partial(OwnFileField, empty="path", missing=None),
        "dataset.path",
        "own CSV",
        "The path of your own CSV file",
        told=lambda experiment: "",  # the dataset is
    ),
)


class DataPanel(Panel):
    """The dataset, its columns, and the part that is kept for validation."""

    heading = "Data"
    rows = ROWS
    DEFAULT_CSS = """
    DataPanel TextButton { padding: 0; background: transparent; width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._dataset: DatasetView | None = None

    def compose(self) -> ComposeResult:
        for row in ROWS:
            yield row.make()
        yield ByHandField()
        yield TextButton("open a CSV of your own", action_of("open_data"), key_of("open_data"))
        yield Fold(COLUMNS, extra=lambda: [Transforms()])
        yield Fold(REST)

    def show_dataset(self, dataset: DatasetView) -> None:
        """Offer the dataset's columns as targets, and show the number of samples."""
        self._dataset = dataset
        self.absent = frozenset({STANDARDIZE_TARGET} if dataset.classes else ())
        self.show([field for field in self.walk_children(Field) if field.path == STANDARDIZE_TARGET])
        tested = f" + {dataset.test_rows:,}" if dataset.test_rows else ""
        self.tell_count(f"{dataset.train_rows:,} + {dataset.validation_rows:,}{tested} rows")

    def _offer_targets(self) -> None:
        dataset = self._dataset
        for field in self.walk_children(ChoiceField):
            if field.path == "dataset.target" and dataset is not None:
                default: list[tuple[str, str | None]] = [(dataset.targets[0], None)]
                field.offer([*default, *((name, name) for name in dataset.available if name != dataset.targets[0])])

    def show(self, fields: Iterable[Field]) -> None:
        super().show(fields)
        config, in_the_plane = self.experiment.dataset, is_plane(self.experiment)
        self.query_one(DatasetField).keep(config)
        for own_file in self.walk_children(OwnFileField):
            own_file.config = config
        for field in self.walk_children(Field):
            if field.path == "dataset.features" and isinstance(field, TransformField) != in_the_plane:
                field.add_class("-fixed")  # the switches, or the text in their place
        self._offer_targets()
        self.query_one(ByHandField).keep(config if in_the_plane else DatasetConfig())
        self.query_one(TextButton).display = not is_hidden(self.experiment, "dataset.path")

    @on(TextButton.Pressed)
    def _handle_pressed(self, event: TextButton.Pressed) -> None:
        event.stop()
        self.post_message(DatasetField.OwnFileRequested())
