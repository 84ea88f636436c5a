"""The loss as a function of the parameters, against the trainer's own, and what is derived from it."""

from __future__ import annotations

import numpy as np
import pytest
from landscape_cases import IRIS, PERCEPTRON, WITH_BIAS, session_of

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.tabs.landscape import surface as surfaces
from tui_trainer.tabs.landscape.compute import requested_range, stride
from tui_trainer.tabs.landscape.surface import (
    Cut,
    Surface,
    compute_grid,
    filter_normalized,
    least_squares,
    plane_directions,
)
from tui_trainer.training.session import Session

TWO_CLASSES = with_field(with_field(IRIS, "dataset.name", "iris_two"), "model.layers", [])
CASES = {
    "sum of squares": WITH_BIAS,
    "mean of squares": with_field(WITH_BIAS, "training.loss", "mean_squared_error"),
    "absolute": with_field(WITH_BIAS, "training.loss", "mean_absolute_error"),
    "huber, relu": with_field(with_field(WITH_BIAS, "training.loss", "huber"), "model.output.activation", "relu"),
    "swish": with_field(WITH_BIAS, "model.output.activation", "swish"),
    "sigmoid": TWO_CLASSES,
    "sigmoid, squares": with_field(TWO_CLASSES, "training.loss", "mean_squared_error"),
    "softmax": with_field(IRIS, "model.layers", []),
    "own penalty": with_field(with_field(WITH_BIAS, "model.output.l2", 0.2), "model.output.l1", 0.0),
    "penalties by layer": with_field(with_field(IRIS, "model.layers[0].l2", 0.2), "model.output.trainable", False),
    "deep, dropout": with_field(IRIS, "model.layers[0].dropout", 0.5),
}


def evaluated(session: Session, points: np.ndarray) -> list[float]:
    """The trainer's own loss at each of ``points`` (k, size)."""
    flat = session.trainer.model.parameters.flat
    before, losses = flat.copy(), []
    for point in points:
        flat[:] = point
        losses.append(session.trainer.evaluate(session.split.x_train, session.split.y_train)["loss"])
    flat[:] = before
    return losses


@pytest.mark.parametrize("penalty", ["none", "l1 and l2"])
@pytest.mark.parametrize("experiment", CASES.values(), ids=CASES)
def test_values_are_the_trainers(experiment: Experiment, penalty: str) -> None:
    if penalty != "none":
        experiment = with_field(with_field(experiment, "training.l1", 0.1), "training.l2", 0.3)
    session = session_of(experiment, model__dtype="float64")
    surface = Surface(session)
    points = np.random.default_rng(1).normal(size=(7, surface.size))
    got = surface.values(np.zeros(surface.size), np.eye(surface.size), points)
    np.testing.assert_allclose(got, evaluated(session, points), rtol=1e-11)
    np.testing.assert_allclose([surface.value(point) for point in points], got, rtol=1e-11)


@pytest.mark.parametrize("experiment", CASES.values(), ids=CASES)
def test_the_gradient_is_the_slope(experiment: Experiment) -> None:
    session = session_of(experiment, model__dtype="float64", training__l2=0.1)
    surface = Surface(session)
    rng = np.random.default_rng(2)
    point, direction, h = rng.normal(size=surface.size), rng.normal(size=surface.size), 1e-6
    ahead, behind = surface.values(point, direction[None], np.array([[h], [-h]]))
    assert surface.gradient(point) @ direction == pytest.approx((ahead - behind) / (2 * h), rel=1e-5)


def test_a_plane_of_a_network_with_batch_normalization_leaves_all_but_the_weights_alone() -> None:
    session = session_of(with_field(IRIS, "model.layers[0].batch_norm", True), model__dtype="float64")
    session.epoch()
    model, surface = session.trainer.model, Surface(session)
    flat = model.parameters.flat
    direction = filter_normalized(model, np.random.default_rng(0))
    assert not direction[243:].any() and len(direction) == len(flat)
    ahead, behind = surface.values(flat, direction[None], np.array([[1e-6], [-1e-6]]))
    assert surface.gradient(flat) @ direction == pytest.approx((ahead - behind) / 2e-6, rel=1e-5)
    assert surface.value(flat) == pytest.approx(evaluated(session, flat[None])[0], rel=1e-12)


def test_a_contour_is_the_trainers_loss_at_every_point() -> None:
    session = session_of(WITH_BIAS)
    cut = Cut(np.zeros(2), np.eye(2), ((-1.0, 9.0), (-40.0, 10.0)))
    losses = compute_grid(Surface(session), cut, 11, 9)
    assert losses.shape == (9, 11)
    places = [(w, b) for b in np.linspace(-40.0, 10.0, 9) for w in np.linspace(-1.0, 9.0, 11)]
    np.testing.assert_allclose(losses.ravel(), evaluated(session, np.array(places)), rtol=1e-11)


def test_where_time_is_short_points_between_are_interpolated(monkeypatch: pytest.MonkeyPatch) -> None:
    surface = Surface(session_of(WITH_BIAS))
    cut = Cut(np.zeros(2), np.eye(2), ((3.0, 4.0), (0.0, 1.0)))
    fine = compute_grid(surface, cut, 33, 33)
    monkeypatch.setattr(Surface, "seconds", 1.0)
    counted = []
    values = Surface.values
    monkeypatch.setattr(Surface, "values", lambda *given: counted.append(len(given[3])) or values(*given))
    coarse = compute_grid(surface, cut, 33, 33)
    assert coarse.shape == fine.shape and counted == [81]
    np.testing.assert_allclose(coarse, fine, rtol=0.02)
    np.testing.assert_allclose(coarse[::4, ::4], fine[::4, ::4], rtol=1e-12)


@pytest.mark.parametrize("loss", ["sum_squared_error", "mean_squared_error"])
@pytest.mark.parametrize("l2", [0.0, 0.5])
@pytest.mark.parametrize("experiment", [PERCEPTRON, WITH_BIAS], ids=["w", "w and b"])
@pytest.mark.parametrize("own", [None, 0.25])
def test_the_least_loss_has_no_slope(experiment: Experiment, own: float | None, l2: float, loss: str) -> None:
    session = session_of(experiment, training__loss=loss, training__l2=l2, model__output__l2=own)
    least = least_squares(session)
    assert least is not None
    surface = Surface(session)
    steep = np.abs(surface.gradient(np.zeros(surface.size))).max()
    assert np.abs(surface.gradient(least)).max() < 1e-9 * steep


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.l1", 0.1),
        ("training.loss", "huber"),
        ("model.output.activation", "relu"),
        ("model.output.activation", "softplus"),
    ],
)
def test_no_least_loss_without_a_formula(path: str, value: object) -> None:
    assert least_squares(session_of(with_field(WITH_BIAS, path, value))) is None
    assert least_squares(session_of(IRIS)) is None


def test_a_large_training_set_is_sampled_and_always_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(surfaces.MAX_SAMPLES, False, 50)
    one, two = Surface(session_of(IRIS)), Surface(session_of(IRIS))
    assert (one.samples, one.training_rows) == (50, 105)
    point = np.linspace(-1.0, 1.0, one.size)
    assert one.value(point) == two.value(point)
    assert Surface(session_of(PERCEPTRON)).samples == 506


def test_directions_are_at_right_angles_and_as_long_as_the_weights() -> None:
    session = session_of(IRIS)
    model, surface = session.trainer.model, Surface(session)
    gradient = surface.gradient(model.parameters.flat)
    along, across = plane_directions(model, gradient, seed=3)
    weights = np.sqrt(sum(float((kernel**2).sum()) for kernel in model.parameters.kernels))
    assert np.linalg.norm(along) == pytest.approx(weights) == np.linalg.norm(across)
    assert along @ across == pytest.approx(0.0, abs=1e-9)
    assert along @ gradient == pytest.approx(weights * np.linalg.norm(gradient))
    assert np.array_equal(across, plane_directions(model, gradient, seed=3)[1])
    assert not np.array_equal(across, plane_directions(model, gradient, seed=4)[1])


def test_a_random_direction_suits_each_neuron() -> None:
    model = session_of(IRIS).trainer.model
    model.parameters.kernels[0][:, 2] *= 10.0
    direction = filter_normalized(model, np.random.default_rng(0))
    first = direction[:80].reshape(5, 16)
    np.testing.assert_allclose(
        np.linalg.norm(first[:4], axis=0), np.linalg.norm(model.parameters.kernels[0], axis=0), rtol=1e-6
    )
    assert not first[4].any(), "biases stay"


@pytest.mark.parametrize(
    ("low", "high", "zoom", "expected"),
    [
        (None, None, 1, (-3.0, 5.0)),
        (0.0, 4.0, 0, (0.0, 4.0)),
        (0.0, 4.0, 1, (1.0, 3.0)),
        (None, 4.0, 0, (-3.0, 4.0)),
        (4.0, 4.0, 0, (-3.0, 5.0)),
        (9.0, -9.0, 0, (-3.0, 5.0)),
        (float("nan"), 1.0, 0, (-3.0, 5.0)),
    ],
)
def test_a_range_asked_for_replaces_the_usual_one(
    low: float | None, high: float | None, zoom: int, expected: tuple[float, float]
) -> None:
    assert requested_range(low, high, (-3.0, 5.0), zoom) == expected


@pytest.mark.parametrize(("high", "step"), [(12.0, 0.1), (39.0, 0.1), (40.0, 1.0), (1e-3, 1e-5)])
def test_a_stride_is_a_power_of_ten(high: float, step: float) -> None:
    assert stride(0.0, high) == pytest.approx(step)
