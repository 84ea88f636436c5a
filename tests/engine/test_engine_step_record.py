"""A recorded step: against PyTorch's autograd, and against the step that the trainer then takes, bit for bit."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import torch_steps

from tui_trainer.engine import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    CosineDecay,
    Dense,
    Diverged,
    Dropout,
    InputLayer,
    Nadam,
    Optimizer,
    RMSprop,
    Sequential,
    Trainer,
)
from tui_trainer.engine.activations import ACTIVATIONS
from tui_trainer.engine.losses import LOSSES

ANSWERS = json.loads(torch_steps.FILE.read_text())
OPTIMIZERS = {
    "gradient descent": SGD(0.1),
    "momentum": SGD(0.1, 0.9),
    "Nesterov": SGD(0.1, 0.9, nesterov=True),
    "Adagrad": Adagrad(0.1),
    "RMSprop": RMSprop(0.01),
    "Adam": Adam(0.01),
    "AdamW": AdamW(0.01, weight_decay=0.1),
    "Nadam": Nadam(0.01),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "penalties": {"l1": 0.01, "l2": 0.02},
    "length limited": {"clip_norm": 0.05, "l2": 0.1},
    "values limited": {"clip_value": 0.01},
    "weights and a schedule": {"sample_weight": np.arange(50) / 20, "schedule": CosineDecay(20)},
}


def trainer_for(name: str) -> Trainer:
    """A trainer in float64 that is about to take the step of a case."""
    case = torch_steps.CASES[name]
    made = torch_steps.data(case)
    layers: list[Dense | Dropout] = []
    for layer in case["layers"]:
        layers.append(Dropout(layer["dropout"]) if "dropout" in layer else Dense(**layer))
    model = Sequential([InputLayer(torch_steps.INPUTS), *layers], dtype="float64")
    model.set_weights(made["weights"])
    options = {"loss": case["loss"], "sample_weight": made["sample_weight"], "seed": torch_steps.SEED}
    return Trainer(model, made["x"], made["y"], optimizer=SGD(0.1), batch_size=None, **options)


def mixed_trainer(optimizer: Optimizer, dtype: str = "float32", **options: Any) -> Trainer:
    """A trainer that shuffles, with dropout, batch normalization, a frozen layer and a last batch that is shorter."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 4)), np.eye(3)[rng.integers(0, 3, 50)]
    layers = [
        InputLayer(4),
        Dropout(0.2),
        Dense(6, "relu", batch_norm=True),
        Dropout(0.3),
        Dense(5, "gelu", trainable=False),
        Dense(4, "tanh", use_bias=False, l2=0.3),
        Dense(3, "softmax"),
    ]
    model = Sequential(layers, dtype=dtype)
    return Trainer(
        model, x, y, loss="logistic", optimizer=copy.deepcopy(optimizer), batch_size=16, shuffle=True, **options
    )


def test_all_layers_activations_and_losses_have_a_case() -> None:
    assert {layer.get("activation") for case in torch_steps.CASES.values() for layer in case["layers"]} >= set(
        ACTIVATIONS
    )
    assert {case["loss"] for case in torch_steps.CASES.values()} == set(LOSSES)
    assert set(ANSWERS) == set(torch_steps.CASES)
    layers = [layer for case in torch_steps.CASES.values() for layer in case["layers"]]
    assert {key for layer in layers for key in layer} == {"units", "activation", "use_bias", "batch_norm", "dropout"}


@pytest.mark.parametrize("name", torch_steps.CASES)
def test_a_recorded_step_is_what_autograd_says(name: str) -> None:
    trainer, answers = trainer_for(name), ANSWERS[name]
    record = trainer.record_step()

    def check(got: Any, expected: Any) -> None:
        np.testing.assert_allclose(got, np.asarray(expected), rtol=1e-9, atol=1e-12)

    check(record.losses, answers["losses"])
    check(record.data_loss, answers["loss"])
    for layer, expected in zip(record.layers, answers["layers"], strict=True):
        for value in ("x", "weighted", "o", "a", "of_a", "of_o", "of_weighted"):
            got = getattr(layer, value)
            if got is not None:
                check(got.T, expected[value])
        if layer.slope is not None and layer.of_a is not None:
            check(layer.of_a * layer.slope, layer.of_o)
    assert record.update is not None
    gradient = trainer.model.parameters.zeros_like()
    gradient.flat[:] = record.update.gradient
    for got, expected in zip(gradient.arrays(), answers["gradients"], strict=True):
        if expected is None:
            assert not got.any(), "moving means and variances have no gradient"
        else:
            check(got, expected)


@pytest.mark.parametrize("name", torch_steps.CASES)
def test_a_gradient_is_the_sum_of_what_the_samples_say(name: str) -> None:
    """dL/do times x, summed over the samples, is dL/dw; dL/do is dL/da times the slope, where there is one."""
    trainer = trainer_for(name)
    record = trainer.record_step()
    assert record.update is not None
    gradient = trainer.model.parameters.zeros_like()
    gradient.flat[:] = record.update.gradient
    for index, layer in enumerate(record.layers):
        np.testing.assert_allclose(layer.x @ layer.of_weighted.T, gradient.kernels[index], rtol=1e-12, atol=1e-15)
        bias = gradient.biases[index]
        if bias is not None:
            np.testing.assert_allclose(layer.of_weighted.sum(axis=1), bias, rtol=1e-12, atol=1e-15)
    assert record.losses.sum() * record.scale == pytest.approx(record.data_loss, rel=1e-12)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_next_step_is_the_recorded_one(dtype: str, optimizer: str, options: str) -> None:
    """Bit for bit, over three epochs; to record it changes nothing that the steps depend on."""
    trainer = mixed_trainer(OPTIMIZERS[optimizer], dtype, **OPTIONS[options])
    for _ in range(12):
        before = trainer.state()
        gradient = trainer.gradient()
        record = trainer.record_step()
        after = trainer.state()
        assert all((before[name] == after[name]).all() for name in before)
        assert all((one == other).all() for one, other in zip(gradient, trainer.gradient(), strict=True))
        loss = trainer.step()
        update = record.update
        assert update is not None and loss == record.loss
        np.testing.assert_array_equal(trainer.model.parameters.flat, update.new)
        np.testing.assert_array_equal(trainer._gradients.flat, update.direction)
        for name, values in trainer.optimizer.state.items():
            np.testing.assert_array_equal(values, update.optimizer.state[name])
        assert trainer.optimizer.used_rate == update.optimizer.used_rate
        if trainer.position == 0:
            trainer.end_epoch()


def test_a_run_that_is_looked_at_is_the_same_run() -> None:
    looked_at, plain = (mixed_trainer(OPTIMIZERS["Nadam"]) for _ in range(2))
    for _ in range(9):
        looked_at.record_step()
        looked_at.record_step()
        assert looked_at.step() == plain.step()
    np.testing.assert_array_equal(looked_at.model.parameters.flat, plain.model.parameters.flat)


def test_the_samples_are_those_of_the_next_batch() -> None:
    trainer = mixed_trainer(SGD(0.1))
    seen: list[int] = []
    for size in (16, 16, 16, 2):
        record = trainer.record_step()
        assert record.samples.shape == record.losses.shape == (size,)
        np.testing.assert_array_equal(record.targets.T, trainer._y[record.samples])
        seen += record.samples.tolist()
        trainer.step()
    assert sorted(seen) == list(range(50)) and seen != list(range(50))
    assert seen == trainer._order.tolist()


def test_what_is_added_to_a_gradient_and_taken_from_it() -> None:
    trainer = mixed_trainer(SGD(0.1), "float64", l1=0.01, l2=0.02, clip_norm=0.05)
    update = trainer.record_step().update
    assert update is not None and update.l1 is not None and update.l2 is not None and update.length is not None
    total = update.gradient + update.l2 + update.l1
    assert update.length == pytest.approx(np.linalg.norm(total)) and update.length > 0.05
    np.testing.assert_allclose(update.direction, total * 0.05 / update.length, rtol=1e-12)
    flat = trainer.model.parameters.flat
    first = trainer.model.parameters.kernel_parts[0]
    np.testing.assert_allclose(update.l2[first], 2 * 0.02 * flat[first], rtol=1e-12)
    np.testing.assert_allclose(update.l1[first], 0.01 * np.sign(flat[first]), rtol=1e-12)
    plain = mixed_trainer(SGD(0.1)).record_step().update
    assert plain is not None and plain.l1 is None and plain.length is None


def test_a_loss_that_is_not_finite_has_no_update() -> None:
    x, y = np.ones((4, 1)), np.ones((4, 1))
    model = Sequential([InputLayer(1), Dense(1)], dtype="float64")
    model.parameters.flat[:] = 1e200
    trainer = Trainer(model, x, y, loss="mse", optimizer=SGD(0.1))
    record = trainer.record_step()
    assert record.update is None and not np.isfinite(record.loss)
    with pytest.raises(Diverged):
        trainer.step()
