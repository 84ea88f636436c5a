"""What happens when the learning rate is too high: a plain word, and the weights from before."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui_trainer.engine import SGD, Adam, Dense, Diverged, InputLayer, Optimizer, Sequential, Trainer


def make_trainer(rate: float = 10.0, optimizer: Optimizer | None = None, loss: str = "mse") -> Trainer:
    rng = np.random.default_rng(0)
    model = Sequential([InputLayer(3), Dense(6, "relu"), Dense(2)], seed=1)
    x, y = rng.normal(size=(20, 3)) * 10.0, rng.normal(size=(20, 2))
    return Trainer(model, x, y, loss=loss, optimizer=optimizer or SGD(rate), batch_size=6)


def run_until_diverged(trainer: Trainer) -> Diverged:
    with pytest.raises(Diverged) as caught:
        for _ in range(1000):
            trainer.step()
    return caught.value


def test_message_names_step_gradient_and_remedy() -> None:
    trainer = make_trainer()
    error = run_until_diverged(trainer)
    assert error.step == trainer.steps + 1
    assert error.epoch == trainer.epochs + 1
    assert not math.isfinite(error.loss)
    peaks = [max(np.abs(k).max(), np.abs(b).max()) for k, b in zip(*[iter(trainer.gradient())] * 2, strict=True)]
    assert error.largest_gradient == max(peaks)
    assert error.layer == peaks.index(max(peaks)) + 1
    assert (error.learning_rate, error.suggested_rate) == (10.0, 1.0)
    assert f"at step {error.step} (epoch {error.epoch})" in str(error)
    assert f"{error.largest_gradient:.3g}, in layer {error.layer}" in str(error)
    assert "Try a learning rate below 10, for instance 1" in str(error)


@pytest.mark.parametrize("loss", ["sse", "mse"])
def test_weights_are_those_before_the_last_update(loss: str) -> None:
    trainer, twin = make_trainer(loss=loss), make_trainer(loss=loss)
    error = run_until_diverged(trainer)
    for _ in range(error.step - 2):  # the step that found it made no update, and the one before is undone
        twin.step()
    for a, b in zip(trainer.model.get_weights(), twin.model.get_weights(), strict=True):
        assert np.isfinite(a).all()
        assert a.tobytes() == b.tobytes()


def test_weights_stay_good_if_the_next_step_diverges_too() -> None:
    trainer = make_trainer()
    run_until_diverged(trainer)
    weights = trainer.model.get_weights()
    trainer.model.set_weights([np.full_like(weight, 1e30) for weight in weights])
    for _ in range(3):
        with pytest.raises(Diverged):
            trainer.step()
            trainer.step()
        assert all(np.isfinite(weight).all() for weight in trainer.model.get_weights())


def test_a_second_report_keeps_the_same_weights() -> None:
    """Nothing changes between two steps that both diverge: the bad weights don't come back by turns."""
    trainer = make_trainer()
    run_until_diverged(trainer)
    trainer.model.parameters.flat[:] = np.nan
    kept = trainer._spare.flat.copy()
    with pytest.raises(Diverged):
        trainer.step()
    assert trainer.model.parameters.flat.tobytes() == kept.tobytes()
    assert trainer._spare.flat.tobytes() == kept.tobytes(), "the weights that diverged are still held"


@pytest.mark.parametrize("optimizer", [SGD(10.0, momentum=0.9), Adam(1e15)], ids=["momentum", "adam"])
def test_training_goes_on_at_a_lower_rate(optimizer: Optimizer) -> None:
    trainer = make_trainer(optimizer=optimizer)
    run_until_diverged(trainer)
    trainer.model.initialize(seed=1)
    optimizer.learning_rate = 1e-4
    losses = [trainer.run_epoch()["loss"] for _ in range(30)]
    assert all(map(math.isfinite, losses))
    assert losses[-1] < losses[0]


def test_divergence_before_any_update_names_no_layer() -> None:
    trainer = make_trainer()
    trainer.model.set_weights([np.full_like(weight, 1e30) for weight in trainer.model.get_weights()])
    with pytest.raises(Diverged, match=r"at step 1 .* before any update\. Try standardized") as caught:
        trainer.step()
    assert caught.value.largest_gradient is None
    assert caught.value.layer is None


@pytest.mark.parametrize("way", ["step", "run_steps", "run_epoch"])
def test_every_way_of_running_reports_it(way: str) -> None:
    trainer = make_trainer()
    with pytest.raises(Diverged):
        for _ in range(1000):
            {"step": trainer.step, "run_epoch": trainer.run_epoch}.get(way, lambda: trainer.run_steps(np.zeros(4)))()


def test_it_is_a_floating_point_error() -> None:
    assert issubclass(Diverged, FloatingPointError)
