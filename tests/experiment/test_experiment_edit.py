"""Edits give a new valid experiment or name the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.errors import UserError
from tui_trainer.experiment.edit import add_layer, move_layer, remove_layer, with_field
from tui_trainer.experiment.schema import (
    DatasetConfig,
    EarlyStoppingConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    PointConfig,
)
from tui_trainer.experiment.validation import validate

THREE = Experiment(model=ModelConfig(layers=tuple(LayerConfig(units=units) for units in (1, 2, 3))))
PATHS = [
    "name",
    "dataset.features",
    "dataset.path",
    "dataset.standardize",
    "model.layers[0].units",
    "model.layers[0].activation",
    "model.output.units",
    "training.learning_rate",
    "training.batch_size",
    "training.early_stopping",
    "training.optimizer.epsilon",
]


def units(experiment: Experiment) -> list[int]:
    return [layer.units for layer in experiment.model.layers]


def test_text_becomes_what_the_field_holds() -> None:
    changed = with_field(Experiment(), "training.learning_rate", " 0.5 ")
    assert changed.training.learning_rate == 0.5
    assert with_field(changed, "training.batch_size", "full").training.batch_size == "full"
    assert with_field(changed, "training.batch_size", "64").training.batch_size == 64
    assert with_field(changed, "dataset.standardize", "false").dataset.standardize is False
    assert with_field(changed, "model.layers[0].units", "3").model.layers[0].units == 3
    assert Experiment().training.learning_rate == 0.05


@pytest.mark.parametrize(
    ("text", "names"),
    [("RM, TAX", ("RM", "TAX")), ("", ()), ('"a, b",c', ("a, b", "c")), ("RM,", ("RM",))],
)
def test_feature_names_are_read_from_text(text: str, names: tuple[str, ...]) -> None:
    assert with_field(Experiment(), "dataset.features", text).dataset.features == names


def test_optional_fields_take_none_and_tables() -> None:
    stopping = with_field(Experiment(), "training.early_stopping", EarlyStoppingConfig(patience=3))
    assert stopping.training.early_stopping == EarlyStoppingConfig(patience=3)
    later = with_field(stopping, "training.early_stopping.patience", "5")
    assert later.training.early_stopping == EarlyStoppingConfig(patience=5)
    assert with_field(later, "training.early_stopping", None) == Experiment()
    assert with_field(Experiment(), "model.layers", ()).model.layers == ()
    assert with_field(Experiment(), "name", "null").name == "null"


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1e400", "nan", "", "inf", None, float("nan"), [], True])
def test_wrong_learning_rates_are_refused(value: object) -> None:
    with pytest.raises(UserError, match="expected a finite number greater than 0") as caught:
        with_field(Experiment(), "training.learning_rate", value)
    assert caught.value.field == "training.learning_rate"


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("training.lr", 1, "training: unknown field 'lr'"),
        ("model.layers[3].units", 1, "model.layers: there is no entry 3, its entries are 0 to 0"),
        ("training.early_stopping.patience", 1, "training.early_stopping: is not set"),
        ("name.x", 1, "name: has no field 'x'"),
        ("a b", 1, "'a b' is not the path of a field"),
        ("", 1, "'' is not the path of a field"),
        ("model.output.units", "", "expected an integer from 1 to 65536 or nothing, got ''"),
        ("training.batch_size", "half", "expected an integer from 1 to 1000000 or 'full', got 'half'"),
        ("name", "\ud800", r"name: expected text in valid Unicode, got '\ud800'"),
        ("model.layers", [{}] * 257, "model.layers: expected a list of at most 256, got a list of 257"),
        ("dataset.points", [{}] * 1001, "dataset.points: expected a list of at most 1000, got a list of 1001"),
        (
            "dataset.points",
            [{}, {"x1": 101}],
            "dataset.points[1].x1: expected a finite number from -100 to 100, got 101",
        ),
        ("dataset.points", [{"x": 1}], "dataset.points[0]: unknown field 'x'"),
        ("dataset.points", "", "dataset.points: expected a list of at most 1000, got ''"),
        ("dataset.removed", [3, -1], "dataset.removed[1]: expected an integer from 0 to 999999, got -1"),
    ],
)
def test_wrong_paths_and_values_are_refused(path: str, value: object, sentence: str) -> None:
    with pytest.raises(UserError) as caught:
        with_field(Experiment(), path, value)
    assert sentence in str(caught.value)


@given(st.sampled_from(PATHS), st.text(st.characters()) | st.floats() | st.integers() | st.none())
def test_any_value_is_taken_or_refused(path: str, value: object) -> None:
    try:
        changed = with_field(Experiment(), path, value)
    except UserError as error:
        assert error.field.startswith(path)
        assert str(error).isprintable()
    else:
        assert validate(changed) == changed


@given(st.text(st.characters()) | st.from_regex(r"[a-z_.\[\]0-9]+"))
def test_any_path_is_taken_or_refused(path: str) -> None:
    with pytest.raises(UserError):
        with_field(Experiment(), path + ".zzz", "1")


def test_layers_are_added_removed_and_moved() -> None:
    assert units(add_layer(THREE)) == [1, 2, 3, 3]
    assert units(add_layer(THREE, 1)) == [1, 1, 2, 3]
    assert units(add_layer(THREE, 0, LayerConfig(units=9))) == [9, 1, 2, 3]
    assert units(remove_layer(THREE, 1)) == [1, 3]
    assert units(move_layer(THREE, 0, 1)) == [2, 1, 3]
    assert units(move_layer(THREE, 1, -5)) == [2, 1, 3]
    assert units(add_layer(Experiment(model=ModelConfig(layers=())))) == [16]


@pytest.mark.parametrize("index", [-1, 3])
def test_layers_that_are_not_there(index: int) -> None:
    with pytest.raises(UserError, match="its entries are 0 to 2"):
        remove_layer(THREE, index)
    with pytest.raises(UserError, match="its entries are 0 to 2"):
        move_layer(THREE, index, 1)
    with pytest.raises(UserError, match="expected a position from 0 to 3"):
        add_layer(THREE, index * 2)


@pytest.mark.parametrize(
    ("path", "value", "kept"),
    [
        ("model.seed", 3, False),
        ("model.output.use_bias", False, False),
        ("dataset.name", "boston_rm", False),
        ("dataset.noise", 5.0, False),
        ("dataset.seed", 3, True),
        ("dataset.points", [{"x1": 1.0}], True),
        ("dataset.removed", [3], True),
        ("training.learning_rate", 0.1, True),
        ("model.dtype", "float64", True),
    ],
)
def test_first_weights_given_by_hand_go_where_others_are_drawn(path: str, value: object, kept: bool) -> None:
    experiment = with_field(Experiment(), "model.weights", (1.0, 2.0))
    assert with_field(experiment, path, value).model.weights == ((1.0, 2.0) if kept else ())


BY_HAND = (PointConfig(1.0, -2.0, 1.0),)


@pytest.mark.parametrize(
    ("path", "value", "points", "removed"),
    [
        ("dataset.seed", "4", BY_HAND, ()),
        ("dataset.samples", 100, BY_HAND, ()),
        ("dataset.classes", 3, BY_HAND, ()),
        ("dataset.name", "circle", (), ()),
        ("dataset.seed", "0", BY_HAND, (2, 7)),
        ("dataset.noise", 10.0, BY_HAND, (2, 7)),
        ("dataset.features", "x1", BY_HAND, (2, 7)),
        ("dataset.points[0].x1", "1.0", BY_HAND, (2, 7)),
    ],
)
def test_the_numbers_of_removed_points_go_with_the_points(
    path: str, value: object, points: tuple[PointConfig, ...], removed: tuple[int, ...]
) -> None:
    dataset = DatasetConfig("blobs", points=BY_HAND, removed=(2, 7))
    changed = with_field(Experiment(dataset=dataset), path, value).dataset
    assert (changed.points, changed.removed) == (points, removed)


def test_a_whole_dataset_is_taken_as_it_is() -> None:
    before = Experiment(dataset=DatasetConfig("blobs", removed=(1,)), model=ModelConfig(weights=(1.0,)))
    dataset = DatasetConfig("blobs", seed=5, points=BY_HAND, removed=(2,))
    after = with_field(before, "dataset", dataset)
    assert after.dataset == dataset and after.model.weights == (1.0,)
    with pytest.raises(UserError, match="dataset: expected a table, got 3"):
        with_field(before, "dataset", 3)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("dataset.missing_marks", '["-999", "n/a"]', ("-999", "n/a")),
        ("dataset.missing_marks", "-999, n/a", ("-999", "n/a")),
        ("dataset.features", "[cm] length, width", ("[cm] length", "width")),
        ("dataset.target", "[x]", "[x]"),
        ("dataset.kinds", ' {RM = "number", "the id" = "ignore"} ', {"RM": "number", "the id": "ignore"}),
        ("training.class_weight", "{no = 1, yes = 2.5}", {"no": 1.0, "yes": 2.5}),
        ("training.class_weight", "balanced", "balanced"),
    ],
)
def test_lists_and_tables_may_be_texts_of_toml(path: str, text: str, value: object) -> None:
    table, field = path.split(".")
    assert getattr(getattr(with_field(Experiment(), path, text), table), field) == value


def test_whole_layers_and_tables_may_be_texts_of_toml() -> None:
    assert [layer.units for layer in with_field(Experiment(), "model.layers", "[16, 8]").model.layers] == [16, 8]
    stopping = with_field(Experiment(), "training.early_stopping", "{patience = 5}").training.early_stopping
    assert stopping is not None and stopping.patience == 5


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        ("dataset.kinds", "{RM = number}", "expected a list or a table as in a TOML file"),
        ("dataset.kinds", '{RM = "number"', "expected a list or a table as in a TOML file"),
        ("dataset.kinds", '{RM = "number"}\nother = 1', "expected a list or a table as in a TOML file"),
        ("dataset.missing_marks", '["-999"', "expected a list or a table as in a TOML file"),
        ("dataset.missing_marks", "[-999]", "expected a text of at least one character, got -999"),
        ("dataset.missing_marks", "[n/a]", "expected a list or a table as in a TOML file"),
        ("training.class_weight", "{yes = -1}", "expected a finite number of at least 0 for 'yes', got -1"),
        ("training.class_weight", "[" * 5000, "expected"),
        ("training.class_weight", "{a = " + "[" * 5000, "expected|nested"),
    ],
)
def test_a_broken_list_or_table_is_refused(path: str, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        with_field(Experiment(), path, text)
