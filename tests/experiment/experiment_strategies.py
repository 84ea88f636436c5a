"""Hypothesis strategies for valid experiments."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from tui_trainer.experiment.schema import (
    ActivationName,
    ColumnKind,
    DatasetConfig,
    DelimiterName,
    EarlyStoppingConfig,
    Experiment,
    InitializerName,
    LayerConfig,
    LossName,
    MetricName,
    ModelConfig,
    OptimizerConfig,
    OptimizerName,
    OutputConfig,
    PointConfig,
    ScheduleConfig,
    ScheduleName,
    TrainingConfig,
)

_text = st.text(min_size=1, max_size=20)
_activation = st.sampled_from(get_args(ActivationName))
_initializer = st.sampled_from(get_args(InitializerName))
_units = st.integers(1, 65536)
_seed = st.integers(0, 2**63 - 1)
_fraction = st.floats(0.0, 1.0, exclude_max=True)
_not_negative = st.floats(0.0, allow_infinity=False)
_count = st.integers(0, 10_000_000)

_points = st.builds(
    PointConfig, x1=st.floats(-100.0, 100.0), x2=st.floats(-100.0, 100.0), value=st.floats(-1000.0, 1000.0)
)
_datasets = st.builds(
    DatasetConfig,
    name=_text,
    path=st.none() | _text,
    features=st.lists(_text, max_size=4).map(tuple),
    target=st.none() | _text,
    standardize=st.booleans(),
    validation_split=st.floats(0.0, 0.9),
    split_column=st.none() | _text,
    group_column=st.none() | _text,
    weight_column=st.none() | _text,
    test_path=st.none() | _text,
    seed=_seed,
    samples=st.none() | st.integers(4, 1_000_000),
    noise=st.floats(0.0, 50.0),
    classes=st.none() | st.integers(2, 10),
    delimiter=st.none() | st.sampled_from(get_args(DelimiterName)),
    decimal=st.none() | st.sampled_from(["point", "comma"]),
    encoding=st.none() | _text,
    header=st.none() | st.booleans(),
    kinds=st.none() | st.dictionaries(_text, st.sampled_from(get_args(ColumnKind)), max_size=3),
    missing=st.sampled_from(["drop", "fill"]),
    task=st.none() | st.sampled_from(["regression", "classification"]),
)
_rarer: dict[str, st.SearchStrategy[Any]] = {
    "initializer_scale": st.floats(0.0, exclude_min=True, allow_infinity=False),
    "l1": st.none() | _not_negative,
    "l2": st.none() | _not_negative,
    "trainable": st.booleans(),
}
_layers = st.builds(
    LayerConfig,
    units=_units,
    activation=_activation,
    dropout=_fraction,
    use_bias=st.booleans(),
    initializer=_initializer,
    batch_norm=st.booleans(),
    **_rarer,
)
_outputs = st.builds(
    OutputConfig,
    units=st.none() | _units,
    activation=st.none() | _activation,
    use_bias=st.booleans(),
    initializer=_initializer,
    **_rarer,
)
_models = st.builds(
    ModelConfig,
    layers=st.lists(_layers, max_size=3).map(tuple),
    output=_outputs,
    seed=_seed,
    weights=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(tuple),
    dtype=st.sampled_from(["float32", "float64"]),
    input_dropout=_fraction,
)
_optimizers = st.builds(
    OptimizerConfig,
    name=st.sampled_from(get_args(OptimizerName)),
    momentum=_fraction,
    nesterov=st.booleans(),
    rho=_fraction,
    beta_1=_fraction,
    beta_2=_fraction,
    epsilon=st.floats(0.0, exclude_min=True, allow_infinity=False),
    weight_decay=_not_negative,
)
_schedules = st.builds(
    ScheduleConfig,
    name=st.sampled_from(get_args(ScheduleName)),
    warmup_epochs=_not_negative,
    decay_epochs=st.none() | st.floats(0.0, exclude_min=True, allow_infinity=False),
    factor=st.floats(0.0, 1.0, exclude_min=True),
    alpha=_fraction,
    patience=_count,
)
_stopping = st.builds(
    EarlyStoppingConfig,
    monitor=st.sampled_from(["loss", "val_loss"]),
    min_delta=_not_negative,
    patience=_count,
    mode=st.sampled_from(["auto", "min", "max"]),
    baseline=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    restore_best_weights=st.booleans(),
    start_from_epoch=_count,
)
_training = st.builds(
    TrainingConfig,
    loss=st.none() | st.sampled_from(get_args(LossName)),
    optimizer=_optimizers,
    learning_rate=st.floats(0.0, 1e6, exclude_min=True),
    batch_size=st.integers(1, 1_000_000) | st.just("full"),
    epochs=st.integers(1, 10_000_000),
    shuffle=st.booleans(),
    l1=_not_negative,
    l2=_not_negative,
    schedule=_schedules,
    class_weight=st.none() | st.just("balanced") | st.dictionaries(_text, _not_negative, max_size=3),
    clip_norm=st.none() | st.floats(0.0, exclude_min=True, allow_infinity=False),
    clip_value=st.none() | st.floats(0.0, exclude_min=True, allow_infinity=False),
    early_stopping=st.none() | _stopping,
    stop_at_loss=st.none() | _not_negative,
    stop_at_step=st.none() | _not_negative,
    stop_at_gradient=st.none() | _not_negative,
    stop_at_accuracy=st.none() | st.floats(0.0, 1.0, exclude_min=True),
    stop_after=st.none() | st.floats(0.0, exclude_min=True, allow_infinity=False),
    metrics=st.lists(st.sampled_from(get_args(MetricName)), max_size=4).map(tuple),
)
experiments = st.builds(
    Experiment,
    name=_text,
    dataset=_datasets,
    model=_models,
    training=_training,
    hide=st.lists(_text, max_size=3).map(tuple),
)
