"""A stack trains each of its models as a trainer of its own would: the same numbers, whoever is in the company."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference_traces import PATHS, dense_layers, engine_options, schedule_of

from tui_trainer.engine import (
    ACTIVATIONS,
    LOSSES,
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    CosineDecay,
    Dense,
    Dropout,
    ExponentialDecay,
    InputLayer,
    Nadam,
    OneCycleLR,
    Optimizer,
    ReduceLROnPlateau,
    RMSprop,
    Schedule,
    Sequential,
    StackedTrainer,
    StepLR,
    Trainer,
)

COMPANY = 7
Make = Callable[[int], Any]  # of the number of a model
RNG = np.random.default_rng(5)
X = RNG.normal(size=(23, 4))
CLASSES = np.eye(3)[RNG.integers(0, 3, 23)]
SCHEDULED: list[Callable[[], Schedule]] = [
    lambda: Schedule(3),
    lambda: StepLR(2, 0.5),
    lambda: ExponentialDecay(5, 0.3, warmup_steps=2),
    lambda: CosineDecay(4, 0.1),
    lambda: OneCycleLR(6),
    lambda: ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=0.1, cooldown=1),
]
VALIDATION = RNG.normal(size=(9, 4)), np.eye(3)[RNG.integers(0, 3, 9)]


def both_ways(models: Make, optimizers: Make, count: int, x: Any = X, y: Any = CLASSES, **options: Any) -> Any:
    """A stack of ``count`` models, and the trainer of each."""
    per_model = {name: options.pop(name) for name in ("seeds", "l1", "l2") if name in options}
    seeds = per_model.pop("seeds", list(range(count)))
    schedules = options.pop("schedules", [])  # first those of the stack
    stack = StackedTrainer(
        [models(i) for i in range(count)],
        x,
        y,
        optimizers=[optimizers(i) for i in range(count)],
        seeds=seeds,
        schedules=schedules[:count],
        **per_model,
        **options,
    )
    trainers = [
        Trainer(
            models(i),
            x,
            y,
            optimizer=optimizers(i),
            seed=seeds[i],
            schedule=schedules[count + i] if schedules else None,
            **{name: values[i] for name, values in per_model.items()},
            **options,
        )
        for i in range(count)
    ]
    return stack, trainers


def classifier(hidden: str = "tanh", output: str = "softmax", dtype: str = "float64", dropout: float = 0.0) -> Make:
    def make(number: int) -> Sequential:
        layers: list[Any] = [InputLayer(4), Dense(5, hidden)]
        layers += [Dropout(dropout)] if dropout else []
        return Sequential([*layers, Dense(4, "relu", use_bias=False), Dense(3, output)], number, dtype)

    return make


def assert_trains_alike(stack: StackedTrainer, trainers: list[Trainer], epochs: int, rtol: float = 1e-12) -> None:
    for _ in range(epochs):
        losses = np.empty((stack.steps_per_epoch, len(trainers)))
        values = stack.run_epoch(losses)
        for number, trainer in enumerate(trainers):
            alone = np.empty(trainer.steps_per_epoch)
            trainer.run_steps(alone)
            np.testing.assert_allclose(losses[:, number], alone, rtol=rtol)
            expected = trainer.end_epoch()
            assert list(values) == list(expected)
            np.testing.assert_allclose([value[number] for value in values.values()], list(expected.values()), rtol=rtol)
    for number, trainer in enumerate(trainers):
        state, expected_state = stack.state(number), trainer.state()
        assert state.keys() == expected_state.keys()
        for name, array in state.items():
            np.testing.assert_allclose(
                array, expected_state[name], rtol=rtol, atol=1e-15 if rtol else 0.0, err_msg=name
            )


@pytest.mark.parametrize("path", [path for path in PATHS if "lbfgs" not in path.stem], ids=lambda path: path.stem)
@pytest.mark.parametrize("place", [0, COMPANY])
def test_a_trace_of_the_reference_is_met_in_company(path: Path, place: int) -> None:
    trace = json.loads(path.read_text())
    x, y = (np.asarray(trace[name], float) for name in ("x", "y"))
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    layers = [InputLayer(x.shape[1]), *dense_layers(trace)]
    models = [Sequential(layers, seed, "float64") for seed in range(COMPANY + 1)]
    models[place].set_weights([np.asarray(weight, float) for weight in trace["initial_weights"]])
    options = dict(trace["optimizer"])
    kind = OPTIMIZERS[options.pop("name")]
    rates = [0.1**number * options["learning_rate"] for number in range(COMPANY + 1)]
    rates[place] = options["learning_rate"]
    stack = StackedTrainer(
        models,
        x,
        y,
        optimizers=[kind(**{**options, "learning_rate": rate}) for rate in rates],
        seeds=range(COMPANY + 1),
        schedules=[one for _ in models if (one := schedule_of(trace)) is not None],
        **engine_options(trace),
        l1=[trace["l1"]] * (COMPANY + 1),
        l2=[trace["l2"]] * (COMPANY + 1),
    )
    losses = np.empty((len(trace["losses"]), COMPANY + 1))
    done = 0
    while done < len(losses):
        done += stack.run_steps(losses[done:])
        if stack.position == 0:
            stack.end_epoch()
    np.testing.assert_allclose(losses[:, place], trace["losses"], rtol=1e-9)
    models[place].parameters.flat[:] = stack.weights(place)
    for got, expected in zip(models[place].get_weights(), trace["final_weights"], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("hidden", [name for name in ACTIVATIONS if name != "softmax"])
def test_every_activation_trains_as_alone(hidden: str) -> None:
    stack, trainers = both_ways(
        classifier(hidden), lambda i: SGD(0.02 * (i + 1)), 4, loss="logistic", batch_size=5, shuffle=True
    )
    assert_trains_alike(stack, trainers, 3)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_every_loss_trains_as_alone(loss: str, output: str) -> None:
    stack, trainers = both_ways(
        classifier(output=output),
        lambda i: SGD(0.01),
        3,
        loss=loss,
        batch_size=7,
        validation_data=VALIDATION,
        metrics=("accuracy", "per_class", "r2", "mae"),
    )
    assert_trains_alike(stack, trainers, 3)


@pytest.mark.parametrize(
    "optimizers",
    [
        lambda i: SGD(0.1, 0.5 + 0.1 * i),
        lambda i: SGD(0.1 * (i + 1), 0.9, nesterov=True),
        lambda i: OPTIMIZERS["adagrad"](0.05, 10.0 ** -(i + 5)),
        lambda i: RMSprop(0.01, 0.8 + 0.05 * i),
        lambda i: Adam(0.01 * (i + 1), 0.8 + 0.05 * i, 0.9 + 0.03 * i),
        lambda i: Adam(0.02),
        lambda i: AdamW(0.01 * (i + 1), 0.8 + 0.05 * i, weight_decay=0.1 * i),
        lambda i: Nadam(0.01 * (i + 1), 0.8 + 0.05 * i, 0.9 + 0.03 * i),
        lambda i: Nadam(0.02),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_model_has_its_own_constants_of_an_optimizer(optimizers: Make, dtype: str) -> None:
    stack, trainers = both_ways(
        classifier(dtype=dtype), optimizers, 4, loss="logistic", batch_size=10, shuffle=True, l1=[0, 0.01, 0, 0.02]
    )
    assert_trains_alike(stack, trainers, 4, rtol=1e-12 if dtype == "float64" else 1e-4)


@given(
    width=st.integers(1, 40),
    rows=st.integers(2, 40),
    batch=st.integers(1, 45),
    count=st.integers(1, 6),
    shuffle=st.booleans(),
    dropout=st.sampled_from([0.0, 0.3]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS.keys() - {"lbfgs"})),
    clipping=st.sampled_from([{}, {"clip_norm": 0.5}, {"clip_value": 0.05}]),
    weighted=st.booleans(),
    loss=st.sampled_from(["mse", "sse", "mae", "huber"]),
    schedule=st.sampled_from([None, *SCHEDULED]),
    dtype=st.sampled_from(["float32", "float64"]),
    data=st.integers(0, 2**32 - 1),
)
@example(1, 3, 3, 1, True, 0.3, "adagrad", {}, False, "mse", None, "float32", 252)  # rows that lay otherwise in memory
def test_any_stack_gives_the_very_bits_of_its_models_alone(
    width: int,
    rows: int,
    batch: int,
    count: int,
    shuffle: bool,
    dropout: float,
    optimizer: str,
    clipping: dict[str, float],
    weighted: bool,
    loss: str,
    schedule: Callable[[], Schedule] | None,
    dtype: str,
    data: int,
) -> None:
    rng = np.random.default_rng(data)
    x, y = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2))

    def model(number: int) -> Sequential:
        layers = [InputLayer(3), Dense(width, "relu"), Dropout(dropout), Dense(3, "tanh"), Dense(2)]
        return Sequential(layers, number, dtype)

    def optimizers(number: int) -> Optimizer:
        return OPTIMIZERS[optimizer](0.001 * (number + 1))

    stack, trainers = both_ways(
        model,
        optimizers,
        count,
        x,
        y,
        loss=loss,
        batch_size=batch,
        shuffle=shuffle,
        sample_weight=rng.random(rows) if weighted else None,
        l2=[0.01 * number for number in range(count)],
        validation_data=(x[:1], y[:1], rng.random(1) if weighted else None),
        schedules=[] if schedule is None else [schedule() for _ in range(2 * count)],
        **clipping,
    )
    assert_trains_alike(stack, trainers, 2 if schedule is None else 4, rtol=0.0)


def test_a_model_that_diverges_is_left_as_alone_and_disturbs_nobody() -> None:
    rates = [0.01, 1e6, 0.02, 1e200, 0.03]
    stack, trainers = both_ways(
        classifier("linear", "linear"), lambda i: SGD(rates[i], 0.5), 5, loss="mse", batch_size=5, shuffle=True
    )
    epochs = 4
    losses = np.concatenate([step_losses(stack) for _ in range(epochs)])
    assert stack.running == [0, 2, 4]
    assert sorted(stack.divergences) == [1, 3]
    for number, trainer in enumerate(trainers):
        alone = np.full(epochs * trainer.steps_per_epoch, np.nan)
        if number in stack.divergences:
            with pytest.raises(FloatingPointError) as caught:
                for step in range(len(alone)):
                    alone[step] = trainer.step()
            assert str(stack.divergences[number]) == str(caught.value)
            assert stack.divergences[number].step == trainer.steps + 1
        else:
            for step in range(len(alone)):
                alone[step] = trainer.step()
        np.testing.assert_array_equal(losses[:, number], alone)
        for name, array in trainer.state().items():
            np.testing.assert_array_equal(stack.state(number)[name], array, err_msg=name)


def step_losses(stack: StackedTrainer) -> np.ndarray:
    losses = np.empty((stack.steps_per_epoch, len(stack.models)))
    stack.run_epoch(losses)
    return losses


def test_a_model_that_was_stopped_stays_where_it_was() -> None:
    stack, trainers = both_ways(classifier(dropout=0.2), lambda i: Adam(0.01), 3, loss="logistic", shuffle=True)
    stack.run_epoch()
    stack.stop(1)
    before = stack.weights(1)
    values = [stack.run_epoch() for _ in range(5)][-1]
    np.testing.assert_array_equal(stack.weights(1), before)
    assert np.isnan(values["loss"][1]) and np.isfinite(values["loss"][[0, 2]]).all()
    for number, epochs in ((0, 6), (1, 1), (2, 6)):
        for _ in range(epochs):
            trainers[number].run_epoch()
        for name, array in trainers[number].state().items():
            np.testing.assert_array_equal(stack.state(number)[name], array, err_msg=name)


def test_a_trainer_goes_on_from_a_state_of_the_stack() -> None:
    stack, trainers = both_ways(classifier(), lambda i: SGD(0.1, 0.9), 3, loss="logistic", batch_size=5, shuffle=True)
    stack.run_epoch()
    stack.run_steps(np.empty((2, 3)))
    other = Trainer(
        classifier()(9), X, CLASSES, optimizer=SGD(0.1, 0.9), loss="logistic", batch_size=5, shuffle=True, seed=9
    )
    other.restore(stack.state(2))
    trainers[2].run_epoch()
    trainers[2].step()
    trainers[2].step()
    assert [other.step() for _ in range(9)] == [trainers[2].step() for _ in range(9)]


def test_a_new_learning_rate_acts_on_its_model_alone() -> None:
    stack, trainers = both_ways(classifier(), lambda i: Adam(0.01), 2, loss="logistic", batch_size=8)
    assert_trains_alike(stack, trainers, 1)
    stack.set_learning_rates([0.01, 0.05])
    trainers[1].optimizer.learning_rate = 0.05
    assert_trains_alike(stack, trainers, 2)


def test_what_does_not_agree_is_refused() -> None:
    def stack(models: list[Sequential], optimizers: list[Optimizer], seeds: list[int]) -> None:
        StackedTrainer(models, X, CLASSES, loss="logistic", optimizers=optimizers, seeds=seeds)

    one, other = classifier()(0), classifier("relu")(1)
    with pytest.raises(ValueError, match="only models of the same layers"):
        stack([one, other], [SGD(), SGD()], [0, 1])
    with pytest.raises(ValueError, match="only models of the same layers"):
        stack([one, classifier(dtype="float32")(1)], [SGD(), SGD()], [0, 1])
    with pytest.raises(ValueError, match="optimizers of several kinds"):
        stack([one, classifier()(1)], [SGD(), Adam()], [0, 1])
    with pytest.raises(ValueError, match="one optimizer, seed, l1 and l2 for each of 2 models"):
        stack([one, classifier()(1)], [SGD(), SGD()], [0])


def test_a_model_without_a_penalty_overflows_beside_others_as_alone() -> None:
    stack, trainers = both_ways(
        lambda i: Sequential([InputLayer(4), Dense(3)], i, "float32"),
        lambda i: Adam(3e28),
        3,
        loss="mae",
        l1=[0.0, 0.01, 0.0],
        l2=[0.0, 0.0, 0.01],
    )
    stack.run_epoch()
    trainers[0].run_epoch()
    np.testing.assert_array_equal(stack.run_epoch()["loss"][0], trainers[0].run_epoch()["loss"])
    assert stack.running == [0]
    np.testing.assert_array_equal(stack.weights(0), trainers[0].model.parameters.flat)


def test_powers_of_the_constants_of_adam_are_those_of_a_model_alone() -> None:
    betas = [beta for beta in np.random.default_rng(0).random(30_000).tolist() if beta**2 != beta * beta][:4]
    assert len(betas) == 4
    stack, trainers = both_ways(classifier(), lambda i: Adam(0.01, betas[i], betas[i]), 4, loss="logistic")
    assert_trains_alike(stack, trainers, 3, rtol=0.0)


def test_a_stack_with_a_schedule_goes_on_alone_and_leaves_out_who_diverges() -> None:
    rates = [0.05, 1e200, 0.1, 0.2]
    stack, trainers = both_ways(
        classifier("linear", "linear"),
        lambda i: SGD(rates[i]),
        4,
        loss="mse",
        batch_size=8,
        schedules=[ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=0.5) for _ in range(8)],
    )
    for _ in range(4):
        values = stack.run_epoch()
    assert stack.running == [0, 2, 3] and np.isnan(values["learning_rate"][1])
    for number in (0, 2, 3):
        for _ in range(4):
            expected = trainers[number].run_epoch()
        assert values["learning_rate"][number] == expected["learning_rate"] < rates[number]
        other = Trainer(
            classifier("linear", "linear")(9),
            X,
            CLASSES,
            optimizer=SGD(rates[number]),
            loss="mse",
            batch_size=8,
            schedule=ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=0.5),
        )
        other.restore(stack.state(number))
        for _ in range(3):
            assert other.run_epoch() == trainers[number].run_epoch()


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_weighted_cross_entropies_train_as_alone(output: str, shuffle: bool) -> None:
    stack, trainers = both_ways(
        classifier(output=output),
        lambda i: Adam(0.02),
        3,
        loss="logistic",
        batch_size=7,
        shuffle=shuffle,
        sample_weight=RNG.random(23),
        validation_data=VALIDATION,
    )
    assert_trains_alike(stack, trainers, 3, rtol=0.0)
