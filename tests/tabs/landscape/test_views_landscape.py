"""The landscape of a run: the book's numbers, the way, the ranges, and that training is not disturbed."""

from __future__ import annotations

import numpy as np
import pytest
from landscape_cases import IRIS, PERCEPTRON, WITH_BIAS, see, session_of

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import DatasetConfig, Experiment, ModelConfig, TrainingConfig
from tui_trainer.plotting.plot import HIGHEST, UNKNOWN, unpack_levels
from tui_trainer.protocol import Update, encode, frame, report_decoder, unpack
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.landscape import compute as landscape_compute
from tui_trainer.tabs.landscape.compute import LandscapeCompute
from tui_trainer.tabs.landscape.messages import KINDS, Landscape, WatchLandscape
from tui_trainer.tabs.landscape.surface import BANDS, compute_grid, draw_map
from tui_trainer.tabs.view import decode_content
from tui_trainer.training.series import MAX_POINTS

BATCHES = {"training__batch_size": 32}


@pytest.mark.parametrize(("rate", "end"), [(1e-5, "3.6329"), (1e-6, "1.2363"), (5e-5, "-0.9534")])
def test_ten_steps_of_the_book(rate: float, end: str) -> None:
    content = see(session_of(PERCEPTRON, 10, training__learning_rate=rate))
    assert content.kind == "curve" and content.way is not None and content.minimum is not None
    w = unpack(content.way.points)
    assert w[0] == 0.0 and f"{w[-1]:.4f}" == end and content.axes[0].at == w[-1]
    assert unpack(content.way.steps).tolist() == list(range(11)) and content.way.each == 11
    assert f"{unpack(content.minimum.point).item():.4f}" == "3.6534"
    assert content.minimum.loss == pytest.approx(29555.7815)


def test_the_curve_is_the_sum_of_squares() -> None:
    session = session_of(PERCEPTRON, 3)
    content = see(session, columns=100, low=-2.0, high=10.0)
    x, y = session.split.x_train[:, 0], session.split.y_train[:, 0]
    w = np.linspace(-2.0, 10.0, 100)
    expected = np.sum((w[:, None] * x - y) ** 2, axis=1)
    np.testing.assert_allclose(unpack(content.curve), expected, rtol=1e-12)
    assert (content.axes[0].low, content.axes[0].high) == (-2.0, 10.0)
    assert content.samples == content.training_rows == 506
    assert content.way is not None
    points = unpack(content.way.points)
    np.testing.assert_allclose(unpack(content.way.losses), np.sum((points[:, None] * x - y) ** 2, axis=1), rtol=1e-12)


def test_the_last_step_adds_up() -> None:
    session = session_of(PERCEPTRON, 3)
    update = see(session).update
    assert update is not None and (update.step, update.rate, update.optimizer) == (3, 1e-5, "")
    before, gradient, after = map(unpack, (update.before, update.gradient, update.after))
    assert gradient.tolist() == session.trainer.gradient()[0].ravel().tolist()
    assert after == pytest.approx(before - update.rate * gradient, rel=1e-14)
    assert after.tolist() == session.trainer.model.parameters.flat.tolist()


def test_a_rate_moved_after_a_step_is_the_next_ones() -> None:
    session = session_of(PERCEPTRON, 2)
    session.tune(with_field(PERCEPTRON, "training.learning_rate", 3e-5).training)
    content = see(session)
    assert content.update is not None and content.update.rate == 1e-5 and content.rate == 3e-5
    session.step()
    content = see(session)
    assert content.update is not None and content.update.rate == 3e-5


def test_before_the_first_step_there_is_a_start_and_a_slope() -> None:
    session = session_of(WITH_BIAS)
    content = see(session)
    x, y = session.split.x_train[:, 0], session.split.y_train[:, 0]
    assert content.update is None and content.way is not None
    assert unpack(content.way.points).tolist() == [0.0, 0.0]
    assert [axis.slope for axis in content.axes] == pytest.approx([-2 * x @ y, -2 * y.sum()], rel=1e-12)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("optimizer.momentum", 0.9, "momentum 0.9"), ("optimizer.name", "adam", "adam")],
)
def test_another_optimizer_is_named(field: str, value: object, said: str) -> None:
    update = see(session_of(with_field(PERCEPTRON, f"training.{field}", value), 2)).update
    assert update is not None and update.optimizer == said


@pytest.mark.parametrize("experiment", [PERCEPTRON, WITH_BIAS, IRIS], ids=["one", "two", "many"])
def test_looking_changes_nothing(experiment: Experiment) -> None:
    watched, alone = session_of(experiment, **BATCHES), session_of(experiment, **BATCHES)
    viewer = LandscapeCompute(TrainerContext(watched))
    for _ in range(12):
        for kind in KINDS:
            viewer.compute(WatchLandscape(12, 12, kind))
        watched.step()
        alone.step()
    assert watched.trainer.model.parameters.flat.tolist() == alone.trainer.model.parameters.flat.tolist()
    assert watched.history.steps.points()[1].tolist() == alone.history.steps.points()[1].tolist()


def test_a_grid_is_computed_once_while_it_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    computed = []
    monkeypatch.setattr(landscape_compute, "compute_grid", lambda *given: computed.append(1) or compute_grid(*given))
    session = session_of(WITH_BIAS)
    viewer = LandscapeCompute(TrainerContext(session))
    for _ in range(5):
        viewer.compute(WatchLandscape(20, 20))
        session.step()
    assert len(computed) == 1
    viewer.compute(WatchLandscape(24, 20))
    assert len(computed) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("experiment", [PERCEPTRON, WITH_BIAS, IRIS], ids=["one", "two", "many"])
def test_every_kind_goes_through_the_pipe(experiment: Experiment, kind: str) -> None:
    content = see(session_of(experiment, 2), 20, 20, kind=kind)
    report = report_decoder.decode(frame(Update(1, "landscape", 2, encode(content)))[4:])
    assert isinstance(report, Update) and decode_content(report) == content
    assert content.kind == (kind if kind in content.kinds else content.kinds[0])
    assert (content.map is None) == (len(content.axes) == 1) == bool(content.curve)


def test_a_diverging_way_is_followed_and_then_left() -> None:
    session = session_of(PERCEPTRON, 8, training__learning_rate=5e-5)
    first, content = see(session_of(PERCEPTRON)).axes[0], see(session)
    assert (content.axes[0].low, content.axes[0].high) == (first.low, first.high), "there is room on either side"
    assert content.way is not None and content.way.outside == 0
    wide = see(session_of(PERCEPTRON, 40, training__learning_rate=5e-5))
    assert wide.axes[0].high > first.high and wide.way is not None and wide.way.outside == 0
    fixed = see(session_of(PERCEPTRON, 40, training__learning_rate=5e-5), low=-2.0, high=10.0)
    assert (fixed.axes[0].low, fixed.axes[0].high) == (-2.0, 10.0)
    assert fixed.way is not None and fixed.way.outside > 0
    far = see(session_of(PERCEPTRON, 500, training__learning_rate=5e-5))
    assert far.axes[0].high < 1000.0 and not far.axes[0].low <= far.axes[0].at <= far.axes[0].high


def test_a_diverged_run_can_still_be_seen() -> None:
    session = session_of(PERCEPTRON, 200, training__learning_rate=1.0)
    assert session.state == "diverged"
    content = see(session)
    assert content.way is not None and np.isfinite(unpack(content.curve)).all()


def test_zoom_halves_the_range_and_keeps_the_minimum_in_it() -> None:
    session = session_of(WITH_BIAS, 5)
    plain, near, wide = (see(session, zoom=zoom) for zoom in (0, 3, -2))
    for axis, closer, wider in zip(plain.axes, near.axes, wide.axes, strict=True):
        assert closer.high - closer.low == pytest.approx((axis.high - axis.low) / 8)
        assert wider.high - wider.low == pytest.approx((axis.high - axis.low) * 4)
    assert near.minimum is not None
    for axis, value in zip(near.axes, unpack(near.minimum.point), strict=True):
        assert axis.low < value < axis.high


def test_without_a_formula_zooming_in_follows_the_newest_point() -> None:
    session = session_of(with_field(PERCEPTRON, "model.output.activation", "softplus"), 10)
    content = see(session, zoom=4)
    assert content.minimum is None
    assert content.axes[0].low < content.axes[0].at < content.axes[0].high


def test_a_long_way_is_thinned_and_its_newest_steps_are_whole() -> None:
    content = see(session_of(PERCEPTRON, MAX_POINTS + 1001, **BATCHES))
    assert content.way is not None and content.batch == 32
    steps = unpack(content.way.steps)
    assert steps[0] == 0 and steps[-1] == MAX_POINTS + 1001 and len(steps) < 130
    assert (np.diff(steps) > 0).all() and len(content.way.points) == 8 * len(steps)


def test_a_slice_goes_through_where_the_weights_are() -> None:
    session = session_of(IRIS, 4)
    for number in (0, 70, -1):
        content = see(session, columns=41, parameter=number)
        (axis,) = content.axes
        assert axis.at == session.trainer.model.parameters.flat[number]
        assert (axis.low + axis.high) / 2 == pytest.approx(axis.at)
        assert unpack(content.curve)[20] == pytest.approx(content.here, rel=1e-6)
        assert content.way is None and content.minimum is None


def test_axes_are_named_after_weights_and_layers() -> None:
    session = session_of(IRIS)
    names = {number: see(session, 10, parameter=number).axes[0] for number in (0, 17, 64, 80, 216, 242)}
    assert [axis.name for axis in names.values()] == [
        "layer 1: w₁₁⁽⁰⁾",
        "layer 1: w₂₂⁽⁰⁾",
        "layer 1: b₁⁽⁰⁾",
        "layer 2: w₁₁⁽¹⁾",
        "output: w₁₁⁽²⁾",
        "output: b₃⁽²⁾",
    ]
    assert [axis.next_layer for axis in names.values()] == [80, 80, 80, 216, 0, 0]
    normed = session_of(with_field(IRIS, "model.layers[1].batch_norm", True))
    names = {number: see(normed, 10, parameter=number).axes[0] for number in (242, 243, 251, 259, 274)}
    assert [axis.name for axis in names.values()] == [
        "output: b₃⁽²⁾",
        "layer 2: γ₁⁽¹⁾",
        "layer 2: β₁⁽¹⁾",
        "layer 2: μ₁⁽¹⁾",
        "layer 2: σ²₈⁽¹⁾",
    ]
    assert [axis.next_layer for axis in names.values()] == [243, 0, 0, 0, 0]
    two_features = Experiment(
        dataset=DatasetConfig("boston", features=("RM", "LSTAT")),
        model=ModelConfig(layers=()),
        training=TrainingConfig(loss="sum_squared_error"),
    )
    content = see(session_of(with_field(two_features, "model.output.use_bias", False)))
    assert [axis.name for axis in content.axes] == ["w₁", "w₂"]


def test_the_two_axes_are_never_one_weight() -> None:
    session = session_of(IRIS, 1)
    content = see(session, kind="contour", parameter=5, parameter_2=5)
    assert [axis.parameter for axis in content.axes] == [5, 6], "never one weight on both axes"
    middle = see(session, 9, 9, kind="contour", parameter=3, parameter_2=64)
    assert [axis.name for axis in middle.axes] == ["layer 1: w₄₁⁽⁰⁾", "layer 1: b₁⁽⁰⁾"]


def test_a_map_has_its_lowest_band_at_the_minimum_and_its_first_row_on_top() -> None:
    y, x = np.mgrid[0:41, 0:41] / 20.0 - 1.0
    losses = (x - 0.5) ** 2 + (y - 0.5) ** 2
    losses[0, 0] = np.nan
    drawn = draw_map(losses)
    levels = unpack_levels(drawn.levels, drawn.rows)
    assert levels[40, 0] == UNKNOWN and (levels == UNKNOWN).sum() == 1
    assert levels[10, 30] == levels[levels != UNKNOWN].min()
    shades = levels[levels != UNKNOWN].astype(int) * BANDS // (HIGHEST + 1)
    assert sorted(set(shades.tolist())) == list(range(BANDS)), "a band, a shade"
    assert len(unpack(drawn.edges)) == BANDS - 1
    assert (drawn.lowest, drawn.highest) == (0.0, pytest.approx(float(np.nanmax(losses))))


def test_opposite_points_of_a_bowl_are_in_the_same_band() -> None:
    """Whatever the last digits of their losses, which machines round in ways of their own."""
    for columns in (30, 45, 60):
        loss_map = see(session_of(WITH_BIAS), columns, 34).map
        assert loss_map is not None
        levels = unpack_levels(loss_map.levels, loss_map.rows)
        assert (levels == levels[::-1, ::-1]).all(), columns


def test_losses_that_overflow_are_left_out() -> None:
    session = session_of(PERCEPTRON)
    content = see(session, low=-1e200, high=1e200)
    assert np.isnan(unpack(content.curve)).any()
    content = see(session_of(WITH_BIAS), low=-1e200, high=1e200)
    assert isinstance(content, Landscape) and content.map is not None
    assert (unpack_levels(content.map.levels, content.map.rows) == UNKNOWN).any()
    assert np.isfinite([content.map.lowest, content.map.highest]).all()
