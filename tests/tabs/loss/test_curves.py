"""Curves of what was recorded: averaged, cut, read at an epoch; of runs in the store as of the one under work."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_trainer.experiment.edit import with_field
from tui_trainer.experiment.schema import Experiment
from tui_trainer.protocol import pack, unpack
from tui_trainer.store.checkpointer import Checkpointer
from tui_trainer.tabs.computing import TrainerContext
from tui_trainer.tabs.loss.compute import LossCompute, StoredCurves, band_of, noun_of, quartiles
from tui_trainer.tabs.loss.messages import Curve, WatchLoss
from tui_trainer.training.history import RecordedCurve
from tui_trainer.training.series import SpilledSeries
from tui_trainer.training.session import Session

FLOATS = st.floats(-1e6, 1e6)


def averages(values: list[float], smoothing: float) -> list[float]:
    """By the definition: weights that fall by ``smoothing`` with each epoch that lies between."""
    found = []
    for end in range(1, len(values) + 1):
        pairs = [(value, smoothing ** (end - 1 - place)) for place, value in enumerate(values[:end])]
        kept = [(value, weight) for value, weight in pairs if math.isfinite(value)]
        found.append(sum(value * weight for value, weight in kept) / sum(weight for _, weight in kept))
    return found


@given(st.lists(FLOATS, min_size=1, max_size=30), st.sampled_from((0.6, 0.9)), st.integers(0, 30))
def test_an_average_whose_weights_fall(values: list[float], smoothing: float, cut: int) -> None:
    recorded = SpilledSeries(values[:cut])
    curve = RecordedCurve(recorded, smoothing)
    recorded.extend(values[cut:])
    curve.update()
    x, y = curve.points()
    np.testing.assert_array_equal(x, np.arange(1, len(values) + 1))
    np.testing.assert_allclose(y, averages(values, smoothing), rtol=1e-9, atol=1e-6)
    assert curve.at(len(values)) == y[-1]


def test_a_constant_stays_what_it_is() -> None:
    np.testing.assert_allclose(RecordedCurve(SpilledSeries([0.25] * 50), 0.9).points()[1], 0.25, rtol=1e-12)


def test_what_is_not_finite_is_left_out_of_the_average() -> None:
    curve = RecordedCurve(SpilledSeries([1.0, math.nan, 3.0, math.inf]), 0.6)
    _, y = curve.points()
    assert math.isnan(y[1]) and y[3] == math.inf
    assert y[2] == pytest.approx((0.6 * 1.0 + 3.0) / 1.6)


def test_a_part_of_the_epochs() -> None:
    values = np.linspace(1.0, 0.0, 10_000)
    values[7000] = 5.0
    curve = RecordedCurve(SpilledSeries(values.tolist()))
    assert len(curve.points()[0]) < 2100, "all of it is thinned"
    x, y = curve.points(6801, 7200)
    np.testing.assert_array_equal(x, np.arange(6801, 7201))
    np.testing.assert_array_equal(y, values[6800:7200])
    for low, high, count in ((9_990, 20_000, 11), (-5, 3, 3), (None, 4, 4), (20_000, 30_000, 0), (5, 3, 0), (1, -2, 0)):
        assert len(curve.points(low, high)[0]) == count
    assert curve.at(7001) == 5.0 and curve.at(0) is None and curve.at(10_001) is None and curve.at(None) is None


def trained(folder: Path, epochs: int, **fields: object) -> tuple[Checkpointer, Session]:
    """A run in the store, by a session of its own."""
    experiment = Experiment()
    for field, value in fields.items():
        experiment = with_field(experiment, field.replace("__", "."), value)
    session, keeper = Session(), Checkpointer(folder / "runs.sqlite", "me")
    session.load(experiment)
    for _ in range(epochs):
        session.epoch()
        keeper.save(session)
    return keeper, session


def test_the_curves_of_the_current_run_are_as_requested(tmp_path: Path) -> None:
    _, session = trained(tmp_path, 6)
    compute = LossCompute(TrainerContext(session)).compute
    curves = {curve.name: curve for curve in compute(WatchLoss(low=2, high=4, at=3)).curves}
    losses = list(session.history.epochs["loss"])
    assert unpack(curves["loss"].x).tolist() == [2, 3, 4]
    assert unpack(curves["loss"].y).tolist() == losses[1:4] and curves["loss"].at == losses[2]
    steps = unpack(curves["batch_loss"].x)
    assert steps.min() >= 2 and steps.max() <= 4 and len(steps) == 9
    smooth = compute(WatchLoss(smoothing=0.9)).curves
    np.testing.assert_allclose(unpack(smooth[0].y), averages(losses, 0.9))


def test_runs_of_the_store_beside_the_one_under_work(tmp_path: Path) -> None:
    _, first = trained(tmp_path, 3)
    _, second = trained(tmp_path, 5, dataset__validation_split=0.0)
    keeper, _ = trained(tmp_path, 1)
    assert keeper.store is not None
    stored = StoredCurves(keeper.store)

    def see(**wanted: object) -> dict[int, Curve | None]:
        overlays = stored.overlays(WatchLoss(runs=(2, 1, 3, 99), **wanted), current=3)  # type: ignore[arg-type]
        return {overlay.run: overlay.curve for overlay in overlays.curves}

    curves = see(at=2)
    assert list(curves) == [2, 1, 99] and curves[99] is None, "the one under work has its own"
    one, two = curves[1], curves[2]
    assert one is not None and two is not None
    assert (one.name, two.name) == ("val_loss", "loss"), "training, where nothing is held back"
    assert unpack(one.y).tolist() == list(first.history.epochs["val_loss"])
    assert two.at == second.history.epochs["loss"][1]
    assert stored.overlays(WatchLoss(runs=(1, 2)), None).last == 5
    training, smooth = see(validation=False)[1], see(smoothing=0.6)[1]
    assert training is not None and training.name == "loss"
    assert smooth is not None
    np.testing.assert_allclose(unpack(smooth.y), averages(list(first.history.epochs["val_loss"]), 0.6))
    assert see(quantity="accuracy")[2] is None and see(quantity="recall")[1] is None

    other, again = Checkpointer(tmp_path / "runs.sqlite", "me"), Session()
    again.load(other.claim(2).experiment)
    other.restore(again, 2)
    again.epoch()
    other.save(again)
    newer = see()[2]
    assert newer is not None and len(unpack(newer.x)) == 6, "one that goes on elsewhere is read anew"


def test_overlays_are_read_when_they_are_requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not each time that the curves of the current run are computed."""
    trained(tmp_path, 3)
    keeper, session = trained(tmp_path, 2)
    compute, request = LossCompute(TrainerContext(session, keeper)).compute, WatchLoss(runs=(1, 2))
    content = compute(request)
    assert [overlay.run for overlay in content.overlays] == [1] and content.last == 3, "the current one is no overlay"
    monkeypatch.setattr(StoredCurves, "overlays", None)
    session.epoch()
    again = compute(request)
    assert again.overlays == content.overlays and len(again.curves[0].x) > len(content.curves[0].x)
    with pytest.raises(TypeError):
        compute(WatchLoss(runs=(1, 2)))


def test_overlays_need_no_current_run(tmp_path: Path) -> None:
    keeper, _ = trained(tmp_path, 3)
    keeper.forget_run()
    content = LossCompute(TrainerContext(Session(), keeper)).compute(WatchLoss(runs=(1,)))
    assert content.curves == () and content.overlays[0].curve is not None
    content = LossCompute(TrainerContext(Session())).compute(WatchLoss(runs=(1,)))
    assert content.curves == content.overlays == (), "without a store there are none"


def test_quartiles_by_hand() -> None:
    # Of four values the quartiles lie three quarters of the way from the first to the second, and so on.
    found = quartiles(np.array([[4.0, 7.0], [1.0, 7.0], [3.0, math.nan], [2.0, 9.0]]))
    np.testing.assert_allclose(found, [[1.75, 7.0], [2.5, 7.0], [3.25, 8.0]])
    values = np.random.default_rng(0).normal(size=(9, 20))
    np.testing.assert_allclose(quartiles(values), np.quantile(values, (0.25, 0.5, 0.75), axis=0))
    assert quartiles(np.zeros((3, 0))).shape == (3, 0)


def curve(*values: float, first: int = 1, at: float | None = None) -> Curve:
    return Curve("val_loss", pack(np.arange(first, first + len(values)) * 1.0), pack(np.array(values)), at)


def test_a_band_ends_where_less_than_half_of_the_runs_go_on() -> None:
    curves = {1: curve(1, 2, 3, 4), 2: curve(3, 4, 5), 3: curve(5, math.nan, 7), 4: curve(7, 8)}
    band = band_of(curves, "seeds", None)
    assert band.runs == (1, 2, 3, 4) and band.at is None
    assert unpack(band.x).tolist() == [1, 2, 3], "only one run has a fourth epoch"
    assert unpack(band.median).tolist() == [4, 5, 5], "the epoch that is not finite lies between its neighbours"
    assert unpack(band.lower).tolist() == [2.5, 3.5, 4] and unpack(band.upper).tolist() == [5.5, 6.5, 6]
    told = {run: curve(1, 2, at=float(run)) for run in (1, 2, 3)}
    assert band_of(told, "folds", 2).at == (1.5, 2, 2.5)
    assert band_of(told | {4: curve(1), 5: curve(1), 6: curve(1), 7: curve(1)}, "folds", 2).at is None, (
        "too few have it"
    )
    lost = band_of({run: curve(math.nan, math.inf) for run in (1, 2, 3)}, "seeds", 1)
    assert unpack(lost.x).tolist() == [] and lost.at is None


def test_what_the_runs_of_a_band_are() -> None:
    assert noun_of([(0, None), (1, None), (2, None)]) == "seeds"
    assert noun_of([(0, "1/2"), (0, "2/2")]) == "folds"
    assert noun_of([(0, "1/2"), (1, "2/2")]) == "runs" and noun_of([(0, None), (0, None)]) == "runs"


def test_three_runs_of_a_setting_have_a_band(tmp_path: Path) -> None:
    losses = []
    for seed in range(3):
        keeper, session = trained(tmp_path, 3, model__seed=seed)
        losses.append(list(session.history.epochs["val_loss"]))
    for seed in range(2):
        keeper, _ = trained(tmp_path, 2, model__seed=seed, training__learning_rate=0.5)
    assert keeper.store is not None
    stored = StoredCurves(keeper.store)
    found = stored.overlays(WatchLoss(runs=(1, 2, 3, 4, 5, 99), at=3), current=5)
    assert [overlay.run for overlay in found.curves] == [4, 99], (
        "two of a setting are lines, and the current one is its own"
    )
    (band,) = found.bands
    assert (band.runs, band.noun, found.last) == ((1, 2, 3), "seeds", 3)
    np.testing.assert_allclose(unpack(band.median), np.median(losses, axis=0))
    assert band.at is not None and band.at[1] == np.median([values[2] for values in losses])
    assert stored.overlays(WatchLoss(runs=(1, 2)), None).bands == (), "not of two"
    assert [one.runs for one in stored.overlays(WatchLoss(runs=(3, 1, 2)), current=2).bands] == [(3, 1, 2)], "all of it"
    assert stored.overlays(WatchLoss(runs=(1, 2, 3), quantity="r2"), None).bands == (), "nobody has measured that"
