"""Early stopping, step by step as Keras's callback of the same name does it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tui_trainer.engine import Dense, EarlyStopping, InputLayer, Sequential


def run(values: list[float], monitor: str = "val_loss", **options: Any) -> tuple[int | None, EarlyStopping]:
    """The epoch after which it stops, or None. The model's one weight is the number of the epoch."""
    stopping, model = EarlyStopping(monitor, **options), Sequential([InputLayer(1), Dense(1, use_bias=False)])
    for epoch, value in enumerate(values, start=1):
        model.set_weights([[[epoch]]])
        if stopping.should_stop(epoch, {monitor: value}, model):
            return epoch, stopping
    return None, stopping


def keras_stop(
    values: list[float],
    rising: bool,
    min_delta: float,
    patience: int,
    baseline: float | None,
    start_from_epoch: int,
) -> tuple[int | None, int]:
    """Keras's rules written out: its epochs count from 0, ours from 1. Also the number of the best epoch."""

    def improves(value: float, reference: float) -> bool:
        return value - min_delta > reference if rising else value + min_delta < reference

    best, best_epoch, wait = (-np.inf if rising else np.inf), 0, 0
    for epoch, value in enumerate(values):
        if epoch < start_from_epoch:
            continue
        wait += 1
        if improves(value, best):
            best, best_epoch = value, epoch + 1
            if baseline is None or improves(value, baseline):
                wait = 0
            continue
        if wait >= patience and epoch > 0:
            return epoch + 1, best_epoch
    return None, best_epoch


def test_it_stops_after_patience_epochs_without_improvement() -> None:
    assert run([3.0, 2.0, 2.5, 2.4, 2.3], patience=3)[0] == 5
    assert run([3.0, 2.0, 2.5, 1.9, 2.3, 2.2], patience=3)[0] is None
    assert run([3.0, 3.0], patience=0)[0] == 2
    assert run([3.0, 3.0], patience=1)[0] == 2


def test_min_delta_and_its_sign_does_not_matter() -> None:
    values = [1.0, 0.95, 0.91, 0.85]
    assert run(values, patience=2, min_delta=0.1)[0] == 3
    assert run(values, patience=2, min_delta=-0.1)[0] == 3
    assert run(values, patience=2)[0] is None


def test_the_mode_says_which_direction_is_better() -> None:
    rising = [0.5, 0.6, 0.7]
    assert run(rising, "val_accuracy", patience=1)[0] is None
    assert run(rising, "val_r2", patience=1)[0] is None
    assert run(rising, "val_loss", patience=1)[0] == 2
    assert run(rising, "val_mae", patience=1)[0] == 2
    assert run(rising, "val_loss", patience=1, mode="max")[0] is None
    assert run(rising, "val_accuracy", patience=1, mode="min")[0] == 2
    with pytest.raises(ValueError, match="auto, min or max, got 'up'"):
        EarlyStopping(mode="up")


def test_baseline_must_be_beaten_within_the_patience() -> None:
    # improving, but never below the baseline: waiting goes on, and the first epoch without progress ends it
    assert run([3.0, 2.9, 2.8, 2.8], patience=2, baseline=1.0)[0] == 4
    assert run([3.0, 0.9, 0.95, 0.8], patience=2, baseline=1.0)[0] is None


def test_epochs_before_start_from_epoch_do_not_count() -> None:
    assert run([1.0, 2.0, 3.0, 4.0], patience=1, start_from_epoch=2)[0] == 4
    _, stopping = run([0.1, 2.0, 3.0, 2.5], patience=5, start_from_epoch=2)
    assert stopping.best_epoch == 4


def test_restores_the_best_weights_only_where_asked() -> None:
    model = Sequential([InputLayer(1), Dense(1, use_bias=False)])
    stopped, stopping = run([3.0, 1.0, 2.0, 2.0], patience=2, restore_best_weights=True)
    assert stopped == 4
    assert stopping.restore(model)
    assert model.get_weights()[0].item() == 2.0

    _, stopping = run([3.0, 1.0, 2.0, 2.0], patience=2)
    before = model.get_weights()
    assert not stopping.restore(model)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_missing_value_names_what_there_is() -> None:
    model = Sequential([InputLayer(1), Dense(1)])
    with pytest.raises(KeyError, match="watches 'val_loss', but there are only: loss"):
        EarlyStopping().should_stop(1, {"loss": 1.0}, model)


@pytest.mark.parametrize("seed", range(60))
def test_random_curves_end_where_keras_ends_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = [float(v) for v in np.round(rng.random(25), 1)]
    options = {
        "min_delta": float(rng.choice([0.0, 0.1, 0.25])),
        "patience": int(rng.integers(0, 5)),
        "baseline": None if rng.random() < 0.5 else float(rng.random()),
        "start_from_epoch": int(rng.integers(0, 4)),
    }
    rising = bool(rng.random() < 0.5)
    stopped, stopping = run(values, mode="max" if rising else "min", **options)
    expected, best_epoch = keras_stop(values, rising, **options)
    assert (stopped, stopping.best_epoch) == (expected, best_epoch)
