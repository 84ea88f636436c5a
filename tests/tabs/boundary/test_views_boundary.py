"""The Boundary view, computed: the same numbers as the model gives for the same places, in raw units."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from tui_trainer.datasets.toy_sets import derive
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.plotting.plot import HIGHEST, MIDDLE, UNKNOWN, to_levels, unpack_levels
from tui_trainer.protocol import unpack
from tui_trainer.tabs.boundary import compute
from tui_trainer.tabs.boundary.compute import BoundaryCompute
from tui_trainer.tabs.boundary.messages import OUTPUT, WHOLE, Boundary, Function, WatchBoundary
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.network.messages import NeuronRange
from tui_trainer.training.session import Session

Array = NDArray[np.float64]
LAYERS = (LayerConfig(6, "tanh"), LayerConfig(4, "relu", dropout=0.5))
COLUMNS, ROWS = 9, 6


def session_of(name: str, features: tuple[str, ...] = (), **model: object) -> Session:
    """A run of five epochs."""
    session = Session()
    config = ModelConfig(layers=LAYERS, **model)  # type: ignore[arg-type]
    session.load(Experiment(dataset=DatasetConfig(name, features=features), model=config))
    for _ in range(5):
        session.epoch()
    return session


def plane(session: Session, **request: object) -> Boundary:
    content = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(COLUMNS, ROWS, **request))  # type: ignore[arg-type]
    assert isinstance(content, Boundary)
    return content


def function(session: Session, **request: object) -> Function:
    content = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(COLUMNS, ROWS, **request))  # type: ignore[arg-type]
    assert isinstance(content, Function)
    return content


def places(content: Boundary) -> tuple[Array, Array]:
    """x and y (rows * columns,) of the pixels, from the limits that are told, the first row on top."""
    x = np.linspace(*content.x_limits, content.columns)
    y = np.linspace(*content.y_limits, content.rows)[::-1]
    return np.tile(x, content.rows), np.repeat(y, content.columns)


def raw_rows(session: Session, content: Boundary) -> Array:
    """The features (n, features) of each pixel, the others at the mean of the training rows."""
    dataset = session.dataset
    rows = np.tile(dataset.x[session.split.train_rows].mean(axis=0), (content.rows * content.columns, 1))
    for name, values in zip((content.x, content.y), places(content), strict=True):
        rows[:, dataset.features.index(name)] = values
    return rows


def predicted(session: Session, raw: Array) -> Array:
    """What the model says of raw features."""
    parts = session.split
    result: Array = session.trainer.model.predict((raw - parts.mean) / parts.scale)
    return result


def outputs_of(session: Session, raw: Array, layer: int) -> Array:
    """The outputs (n, units) of a hidden layer, by hand."""
    x = (raw - session.split.mean) / session.split.scale
    weights = session.trainer.model.get_weights()
    for index in range(layer):
        x = x @ weights[2 * index] + weights[2 * index + 1]
        x = np.tanh(x) if LAYERS[index].activation == "tanh" else np.maximum(x, 0)
    return x


def values_of(content: Boundary) -> Array:
    """The values in the middle of each pixel's level."""
    levels = np.frombuffer(content.levels, np.uint8).astype(float)
    low, high = content.chosen.low, content.chosen.high
    return low + (levels + 0.5) / (HIGHEST + 1) * (high - low)


def assert_close(content: Boundary, expected: Array) -> None:
    """The levels are those of ``expected`` to the width of a level; beyond the scale they are at its end."""
    low, high = content.chosen.low, content.chosen.high
    difference = np.abs(values_of(content) - np.clip(expected, low, high))
    assert difference.max() <= 0.51 * (high - low) / (HIGHEST + 1)


def test_two_classes_are_the_probability_of_the_second() -> None:
    session = session_of("iris_two", tuple(session_of("iris").dataset.features))
    content = plane(session)
    assert_close(content, predicted(session, raw_rows(session, content))[:, 0])
    assert content.kinds == b"" and (content.chosen.low, content.chosen.high) == (0.0, 1.0)
    assert content.chosen.held == 2 and content.chosen.neuron == 0 and not content.square


def test_several_classes_are_the_likeliest_and_its_probability() -> None:
    session = session_of("iris")
    content = plane(session)
    expected = predicted(session, raw_rows(session, content))
    assert_close(content, expected.max(axis=1))
    assert list(content.kinds) == expected.argmax(axis=1).tolist() and len(set(content.kinds)) > 1
    assert content.chosen.neuron == WHOLE and content.classes == session.dataset.classes
    one = plane(session, neuron=2)
    assert_close(one, expected[:, 2])
    assert set(one.kinds) == {2} and one.chosen.layers[-1].names[2] == "virginica"


def test_two_classes_with_two_outputs() -> None:
    session = session_of("moons", output=OutputConfig(units=2))
    content = plane(session)
    expected = predicted(session, np.column_stack(places(content)))
    assert content.chosen.neuron == WHOLE and content.kinds == b""
    assert_close(content, expected[:, 1])
    first = plane(session, neuron=0)
    assert_close(first, expected[:, 0])
    assert set(first.kinds) == {0}


def test_a_number_is_shown_on_the_scale_of_the_target() -> None:
    session = session_of("boston")
    content = plane(session, x="TAX", y="RM")
    assert (content.x, content.y) == ("TAX", "RM") and content.axes == session.dataset.features
    assert_close(content, predicted(session, raw_rows(session, content))[:, 0])
    assert (content.chosen.low, content.chosen.high) == (session.dataset.y.min(), session.dataset.y.max())
    assert content.chosen.held == 11
    low, high = content.x_limits
    tax = session.dataset.columns["TAX"]
    assert low < tax.min() < tax.max() < high, "raw units, with a margin"


def test_a_toy_set_is_shown_over_x1_and_x2_whatever_is_made_of_them() -> None:
    session = session_of("circle", ("x1^2", "sin(x2)"))
    content = plane(session)
    assert content.axes == ("x1", "x2") and (content.x, content.y) == ("x1", "x2")
    made = derive(*places(content))
    raw = np.column_stack([made["x1^2"], made["sin(x2)"]])
    assert_close(content, predicted(session, raw)[:, 0])
    assert content.square and content.chosen.held == 0 and content.x_limits == content.y_limits == (-6.0, 6.0)
    assert content.chosen.layers[0].names == ("x1^2", "sin(x2)")
    inputs = plane(session, layer=0, neuron=1)
    assert_close(inputs, made["sin(x2)"])


@pytest.mark.parametrize("layer", [1, 2])
def test_a_neuron_is_its_activation(layer: int) -> None:
    session = session_of("iris")
    for neuron in range(LAYERS[layer - 1].units):
        content = plane(session, layer=layer, neuron=neuron)
        expected = outputs_of(session, raw_rows(session, content), layer)[:, neuron]
        assert (content.chosen.layer, content.chosen.neuron) == (layer, neuron) and content.kinds == b""
        assert_close(content, expected)
        low, high = content.chosen.low, content.chosen.high
        assert low == -high and (high == 1.0 if layer == 1 else high >= np.abs(expected).max())


def test_small_pictures_are_the_same_neurons() -> None:
    session = session_of("iris")
    windows = (NeuronRange(0, 0, 2), NeuronRange(1, 2, 3), NeuronRange(3, 0, 3))
    content = plane(session, thumbs=windows, thumb=5)
    assert [thumbs.window for thumbs in content.thumbs] == list(windows) and content.thumb == 5
    grid = replace(content, columns=5, rows=5)
    expected = outputs_of(session, raw_rows(session, grid), 1)[:, 2:5].T
    levels = np.frombuffer(content.thumbs[1].levels, np.uint8).reshape(3, 25)
    assert np.abs(levels.astype(int) - to_levels(expected, -1.0, 1.0)).max() <= 1
    probabilities = np.frombuffer(content.thumbs[2].levels, np.uint8).reshape(3, 25)
    wanted = to_levels(predicted(session, raw_rows(session, grid)).T, 0.0, 1.0)
    assert np.abs(probabilities.astype(int) - wanted).max() <= 1


def test_every_sample_is_at_its_place_with_its_class() -> None:
    session = session_of("iris")
    content, dataset = plane(session), session.dataset
    assert content.hidden == 0 and dataset.labels is not None
    for validation, rows in ((False, session.split.train_rows), (True, session.split.val_rows)):
        for kind in range(3):
            [group] = [one for one in content.samples if (one.kind, one.validation) == (kind, validation)]
            of_kind = rows[dataset.labels[rows] == kind]
            np.testing.assert_array_equal(unpack(group.x), dataset.columns[content.x][of_kind])
            np.testing.assert_array_equal(unpack(group.y), dataset.columns[content.y][of_kind])


def test_samples_of_a_number_have_its_level() -> None:
    session = session_of("boston")
    training, validation = plane(session).samples
    expected = to_levels(session.split.y_train[:, 0], 5.0, 50.0)
    assert training.levels == expected.tobytes() and training.kind == -1
    assert validation.validation and len(validation.levels) == len(session.split.val_rows)


def test_too_many_samples_are_thinned_and_counted() -> None:
    session = Session()
    session.load(Experiment(dataset=DatasetConfig("xor", samples=10_000)))
    content = plane(session)
    drawn = sum(len(unpack(group.x)) for group in content.samples)
    assert drawn == 3000 and content.hidden == 7000


def test_the_usual_axes_tell_most_of_the_target() -> None:
    content = plane(session_of("iris"))
    assert (content.x, content.y) == ("petal length (cm)", "petal width (cm)")
    content = plane(session_of("boston"), x="no such feature")
    assert (content.x, content.y) == ("RM", "LSTAT")
    content = plane(session_of("boston"), x="LSTAT", y="LSTAT")
    assert (content.x, content.y) == ("LSTAT", "RM")


def test_looking_leaves_training_as_it_was() -> None:
    looked_at, alone = session_of("iris"), session_of("iris")
    look = BoundaryCompute(TrainerContext(looked_at))
    for _ in range(6):
        look.compute(WatchBoundary(40, 30, layer=1, thumbs=(NeuronRange(2, 0, 4),)))
        looked_at.step()
        alone.step()
    assert looked_at.history.steps.points()[1].tolist() == alone.history.steps.points()[1].tolist()


def test_the_picture_follows_the_weights() -> None:
    session = session_of("iris")
    look = BoundaryCompute(TrainerContext(session))
    before = look.compute(WatchBoundary(COLUMNS, ROWS))
    session.epoch()
    after = look.compute(WatchBoundary(COLUMNS, ROWS))
    assert isinstance(before, Boundary) and isinstance(after, Boundary)
    assert before.levels != after.levels and after.levels == plane(session).levels


def test_a_wide_layer_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_of("iris")
    whole = plane(session).levels
    monkeypatch.setattr(compute, "MAX_NUMBERS", 1)
    monkeypatch.setattr(compute, "MIN_POINTS", 7)
    assert plane(session).levels == whole


def test_weights_that_are_no_numbers_are_unknown() -> None:
    session = session_of("iris")
    session.trainer.model.parameters.flat[:] = np.nan
    for request in ({}, {"layer": 1}, {"layer": 2}):
        content = plane(session, thumbs=(NeuronRange(2, 0, 4),), **request)
        assert set(content.levels) == {UNKNOWN}
        assert np.isfinite([content.chosen.low, content.chosen.high]).all()
    session.trainer.model.parameters.flat[:] = 1e30
    assert set(plane(session, layer=2).levels) <= {*range(HIGHEST + 1), UNKNOWN}


@pytest.mark.parametrize("weight", [0.0, 1e-40])
def test_dead_units_are_neutral(weight: float) -> None:
    session = session_of("iris")
    session.trainer.model.parameters.flat[:] = weight
    content = plane(session, layer=2, thumbs=(NeuronRange(2, 0, 4),))
    assert (content.chosen.low, content.chosen.high) == (-1.0, 1.0)
    assert set(content.levels) == set(content.thumbs[0].levels) == {MIDDLE}


@pytest.mark.parametrize(
    ("layer", "neuron", "expected"),
    [(99, 0, (3, 0)), (-7, 99, (0, 1)), (1, WHOLE, (1, 0)), (OUTPUT, 99, (3, 2)), (OUTPUT, -5, (3, WHOLE))],
)
def test_what_lies_outside_the_network_is_brought_inside(layer: int, neuron: int, expected: tuple[int, int]) -> None:
    session = session_of("iris")
    windows = (NeuronRange(99, -3, 99), NeuronRange(1, 5, 99), NeuronRange(1, 99, 1))
    content = plane(session, layer=layer, neuron=neuron, thumbs=windows)
    assert (content.chosen.layer, content.chosen.neuron) == expected
    assert [thumbs.window for thumbs in content.thumbs] == [
        NeuronRange(3, 0, 3),
        NeuronRange(1, 5, 1),
        NeuronRange(1, 5, 1),
    ]
    huge = BoundaryCompute(TrainerContext(session)).compute(WatchBoundary(10**9, -4))
    assert isinstance(huge, Boundary) and (huge.columns, huge.rows) == (512, 2)
    assert unpack_levels(huge.levels, huge.rows).shape == (2, 512)


def test_one_feature_is_a_curve_in_raw_units() -> None:
    session = session_of("boston_rm")
    content = function(session)
    x = np.array(unpack(content.places))
    assert len(x) == 2 * COLUMNS and (x[0], x[-1]) == content.x_limits
    [line] = content.lines
    np.testing.assert_allclose(unpack(line.y), predicted(session, x[:, None])[:, 0], rtol=1e-5)
    assert (content.x, content.y, line.kind) == ("RM", "PRICE", -1) and content.truth == b""
    training, validation = content.samples
    np.testing.assert_array_equal(unpack(training.x), session.dataset.columns["RM"][session.split.train_rows])
    np.testing.assert_array_equal(unpack(validation.y), session.dataset.columns["PRICE"][session.split.val_rows])
    low, high = content.y_limits
    assert low <= unpack(line.y).min() and unpack(line.y).max() <= high and low < 5.0 and high > 50.0


def test_a_curve_far_from_the_samples_is_within_the_axis() -> None:
    session = session_of("boston_rm")
    session.trainer.model.parameters.flat[-1] = 1000.0
    assert function(session).y_limits[1] >= 1000.0
    session.trainer.model.parameters.flat[:] = np.nan
    assert np.isfinite(function(session).y_limits).all()


def test_the_truth_of_a_toy_curve() -> None:
    session = session_of("curve_abs")
    content = function(session)
    np.testing.assert_allclose(unpack(content.truth), np.abs(unpack(content.places)))
    hidden = function(session, layer=1, neuron=3, thumbs=(NeuronRange(1, 0, 6),), thumb=7)
    assert hidden.truth == b"" and hidden.samples == ()
    expected = outputs_of(session, np.array(unpack(hidden.places))[:, None], 1)[:, 3]
    np.testing.assert_allclose(unpack(hidden.lines[0].y), expected, atol=1e-5)
    assert len(hidden.thumbs[0].levels) == 6 * 7


def test_classes_over_one_feature_have_a_line_each() -> None:
    session = session_of("iris", ("petal length (cm)",))
    content = function(session)
    assert [line.kind for line in content.lines] == [0, 1, 2]
    expected = predicted(session, np.array(unpack(content.places))[:, None])
    for line in content.lines:
        np.testing.assert_allclose(unpack(line.y), expected[:, line.kind], rtol=1e-5)
    heights = {one.kind: set(unpack(one.y).tolist()) for one in content.samples}
    assert heights == {0: {-0.05}, 1: {-0.1}, 2: {-0.15000000000000002}}
    two = function(session_of("iris_two", ("petal length (cm)",)))
    assert [line.kind for line in two.lines] == [1]
    assert {one.kind: set(unpack(one.y).tolist()) for one in two.samples} == {0: {0.0}, 1: {1.0}}


def test_a_perceptron_has_inputs_and_an_output() -> None:
    session = Session()
    flat = TrainingConfig(loss="mse")
    session.load(Experiment(dataset=DatasetConfig("plane"), model=ModelConfig(layers=()), training=flat))
    content = plane(session, layer=1)
    assert [layer.units for layer in content.chosen.layers] == [2, 1]
    assert content.chosen.layers[1].names == ("y",) and content.chosen.low == -content.chosen.high
