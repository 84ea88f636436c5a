"""A model as Keras code: valid Python, of the right layers, and the same model where Keras is there to run it."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tui_trainer.experiment.resolve import Target, count_parameters, resolve
from tui_trainer.experiment.schema import (
    DatasetConfig,
    Experiment,
    LayerConfig,
    ModelConfig,
    OptimizerConfig,
    OutputConfig,
    TrainingConfig,
)
from tui_trainer.export.keras import keras_code

THREE = Target("multiclass", 3, ("a", "b", "c"))
NUMBER = Target("regression", 1, (), 0.0, 50.0)
BOOK = Experiment(model=ModelConfig((LayerConfig(20),)))
RICH = Experiment(
    name="'''\n[x]",
    dataset=DatasetConfig(name='"); import os; ("', features=("'",)),
    model=ModelConfig(
        (
            LayerConfig(8, "leaky_relu", 0.25, False, "he_uniform"),
            LayerConfig(4, "gelu", initializer="zeros"),
            LayerConfig(3, "identity"),
        ),
        OutputConfig(use_bias=False, initializer="random_normal"),
        dtype="float64",
    ),
    training=TrainingConfig(optimizer=OptimizerConfig("adam", beta_1=0.8), l1=1e-4, l2=0.01, learning_rate=1e-5),
)
OPTIMIZERS = [
    OptimizerConfig("sgd", momentum=0.9, nesterov=True),
    OptimizerConfig("rmsprop"),
    OptimizerConfig("adagrad"),
    OptimizerConfig("adam"),
    OptimizerConfig("adamw", weight_decay=0.02),
    OptimizerConfig("nadam"),
]
LOSSES = ["sum_squared_error", "mean_squared_error", "mean_absolute_error", "huber"]


def code_for(experiment: Experiment, target: Target = THREE, features: int = 10) -> tuple[str, int]:
    """The code, and the number of parameters its model should have."""
    resolved = resolve(experiment, target, features)
    return keras_code(resolved, features), count_parameters(resolved.model, features)


def programs() -> list[tuple[str, int]]:
    """One of each kind."""
    training = BOOK.training
    made = [
        code_for(BOOK),
        code_for(RICH),
        code_for(normed(input_dropout=0.1)),
        code_for(replace(BOOK, model=ModelConfig(())), NUMBER, 1),
    ]
    made += [code_for(replace(BOOK, training=replace(training, optimizer=optimizer))) for optimizer in OPTIMIZERS]
    made += [code_for(replace(BOOK, training=replace(training, loss=loss)), NUMBER) for loss in LOSSES]  # type: ignore[arg-type]
    return made


def layers_of(code: str) -> list[tuple[str, dict[str, Any]]]:
    """Name and keyword arguments of each layer in the list; what is no constant as its source."""
    *_, model = (node.value for node in ast.parse(code).body if isinstance(node, ast.Assign))
    assert isinstance(model, ast.Call) and isinstance(model.args[0], ast.List)
    found = []
    for call in model.args[0].elts:
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        values = {
            str(word.arg): word.value.value if isinstance(word.value, ast.Constant) else ast.unparse(word.value)
            for word in call.keywords
        }
        found.append((call.func.id, values))
    return found


def test_the_books_network_is_written_as_keras_code() -> None:
    code, params = code_for(BOOK)
    assert params == 283
    assert layers_of(code) == [
        ("InputLayer", {"shape": "(10,)"}),
        ("Dense", {"units": 20, "activation": "relu"}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    assert 'loss="categorical_crossentropy"' in code and "keras.optimizers.SGD(learning_rate=0.05)" in code


def test_everything_that_differs_from_keras_is_written() -> None:
    code, _ = code_for(RICH)
    assert "penalty = keras.regularizers.L1L2(l1=0.0001, l2=0.01)\n" in code
    assert layers_of(code)[1:] == [
        (
            "Dense",
            {
                "units": 8,
                "activation": "keras.layers.LeakyReLU(negative_slope=0.01)",
                "use_bias": False,
                "kernel_initializer": "he_uniform",
                "kernel_regularizer": "penalty",
            },
        ),
        ("Dropout", {}),
        ("Dense", {"units": 4, "activation": "gelu", "kernel_initializer": "zeros", "kernel_regularizer": "penalty"}),
        ("Dense", {"units": 3, "kernel_regularizer": "penalty"}),
        (
            "Dense",
            {
                "units": 3,
                "activation": "softmax",
                "use_bias": False,
                "kernel_initializer": "random_normal",
                "kernel_regularizer": "penalty",
            },
        ),
    ]
    assert "Dropout(0.25)" in code and 'set_floatx("float64")' in code
    assert "Adam(learning_rate=1e-05, beta_1=0.8, beta_2=0.999, epsilon=1e-08)" in code
    assert "import os" not in code and "'''" not in code, "no text of the user"


def test_options_of_a_layer_are_written() -> None:
    layers = (
        LayerConfig(8, l1=0.0, l2=0.5, initializer="he_normal", initializer_scale=0.25),
        LayerConfig(4, trainable=False, initializer="random_uniform", initializer_scale=4.0),
        LayerConfig(4, l1=0.0, l2=0.0, initializer_scale=2.0),
    )
    experiment = Experiment(model=ModelConfig(layers, input_dropout=0.2), training=TrainingConfig(l1=0.1))
    code, _ = code_for(experiment)
    assert "Dropout(0.2),\n    Dense(units=8" in code and "penalty = keras.regularizers.L1L2(l1=0.1)\n" in code
    made = [options for kind, options in layers_of(code) if kind == "Dense"]
    assert [options.get("kernel_regularizer") for options in made] == [
        "keras.regularizers.L1L2(l2=0.5)",
        None,
        None,
        "penalty",
    ]
    assert [options.get("trainable") for options in made] == [None, False, None, None]
    first = "keras.initializers.{}"
    assert [options.get("kernel_initializer") for options in made] == [
        first.format("VarianceScaling(0.5, mode='fan_in', distribution='truncated_normal')"),
        first.format("RandomUniform(minval=-0.1, maxval=0.1)"),
        first.format("VarianceScaling(2.0, mode='fan_avg', distribution='uniform')"),
        None,
    ]


def normed(**options: Any) -> Experiment:
    """One with batch normalization."""
    layers = (
        LayerConfig(8, "leaky_relu", 0.5, use_bias=False, batch_norm=True),
        LayerConfig(4, "linear", batch_norm=True, trainable=False),
    )
    return Experiment(model=ModelConfig(layers, **options))


def test_batch_normalization_stands_before_the_activation() -> None:
    code, params = code_for(normed())
    assert params == 10 * 8 + 32 + 9 * 4 + 16 + 5 * 3
    assert "from keras.layers import Activation, BatchNormalization, Dense, Dropout, InputLayer\n" in code
    assert layers_of(code)[1:] == [
        ("Dense", {"units": 8, "use_bias": False}),
        ("BatchNormalization", {}),
        ("Activation", {}),
        ("Dropout", {}),
        ("Dense", {"units": 4, "trainable": False}),
        ("BatchNormalization", {"trainable": False}),
        ("Dense", {"units": 3, "activation": "softmax"}),
    ]
    assert "Activation(keras.layers.LeakyReLU(negative_slope=0.01))" in code


def test_an_experiment_that_is_not_resolved_is_refused() -> None:
    with pytest.raises(ValueError, match="not resolved"):
        keras_code(BOOK, 10)


@pytest.mark.parametrize("program", programs())
def test_it_is_python(program: tuple[str, int]) -> None:
    ast.parse(program[0])
    assert max(map(len, program[0].splitlines())) < 170


@pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="Keras is not installed")
def test_keras_counts_the_same_parameters(tmp_path: Path) -> None:
    made = programs()
    lines = ["import os", "os.environ.setdefault('KERAS_BACKEND', 'torch')"]
    for code, _ in made:
        lines += [code, "print('COUNT', model.count_params())", "keras.config.set_floatx('float32')"]
    script = tmp_path / "models.py"
    script.write_text("\n".join(lines), encoding="utf-8")
    environment = {"KERAS_BACKEND": "torch", **os.environ}
    out = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environment)
    counts = [int(line.split()[1]) for line in out.stdout.splitlines() if line.startswith("COUNT")]
    assert counts == [params for _, params in made]
