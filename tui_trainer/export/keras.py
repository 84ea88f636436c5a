"""The network as Python code for Keras 3: the model alone, and ``model_keras.py``, which loads its weights.

The code contains no text of the user: names come from fixed lists, everything else is numbers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tui_trainer.experiment.schema import Experiment, LayerConfig, OptimizerConfig, OutputConfig, TrainingConfig

if TYPE_CHECKING:
    from .trained import TrainedModel


# The default slope of Keras's leaky ReLU is 0.2.
ACTIVATIONS = {"leaky_relu": "keras.layers.LeakyReLU(negative_slope=0.01)"}
LOSSES = {"sum_squared_error": "lambda y, p: keras.ops.sum(keras.ops.square(p - y))"}
DEFAULT_INITIALIZER = "glorot_uniform"
HEAD = '''\
"""A network from tui-trainer, for Keras 3. Its weights and the scales of its features are in the files beside it.

predict(x) takes a table with the columns of the data, a data frame or columns by name; or an array of the features
in the order of "features" in model.json, with a 1 for a category. model is the Keras model itself: it takes features
standardized, as standardize(x) gives them.
"""

import json
import runpy
from pathlib import Path

'''
LOAD = '''\

folder = Path(__file__).resolve().parent
about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
features = runpy.run_path(str(folder / "model_features.py"))["features"]  # of this folder, whatever else is loaded
mean, scale = np.array(about["mean"]), np.array(about["scale"])
tensors = load_file(folder / "weights.safetensors")
# Named as in PyTorch, "0.weight" before "0.bias"; Keras's kernels are (inputs, units).
order = ["weight", "bias", "running_mean", "running_var"]
names = sorted(tensors, key=lambda name: (int(name.split(".")[0]), order.index(name.split(".")[1])))
model.set_weights([tensors[name].T for name in names])


def standardize(x):
    """Features (n, {inputs}) of x as the network was trained on them; the division is done in double precision."""
    return ((np.asarray(features(x), "float64") - mean) / scale).astype("{dtype}")

{target}
def predict(x):
    """Outputs (n, {outputs}) for a table x with the columns of the data, or its features (n, {inputs})."""
    return {predicted}


if __name__ == "__main__":
    model.summary()
'''


TARGET = '''
# The network was trained on the target standardized, as standardize_target(y) gives it.
target_mean, target_scale = np.array(about["target_mean"]), np.array(about["target_scale"])


def standardize_target(y):
    """Targets y (n, {outputs}) as the network was trained on them."""
    return ((np.asarray(y, "float64") - target_mean) / target_scale).astype("{dtype}")

'''


def keras_code(experiment: Experiment, n_features: int) -> str:
    """Return code for a resolved ``experiment`` with ``n_features`` inputs, compiled with its loss and optimizer.

    When run, it prints the summary. Raises ValueError if the experiment is not resolved.
    """
    imports, model = keras_lines(experiment, n_features)
    return "\n".join([*imports, "", *model, "model.summary()", ""])


def keras_model(experiment: Experiment, n_features: int) -> str:
    """Return the declaration of the model alone, see ``keras_code``."""
    _, lines = keras_lines(experiment, n_features)
    first = lines.index("model = Sequential([")
    return "\n".join(lines[first : lines.index("])", first) + 1])


def keras_lines(experiment: Experiment, n_features: int) -> tuple[list[str], list[str]]:
    """Return the imports, and the lines that build and compile the model; see ``keras_code``."""
    model, training = experiment.model, experiment.training
    if model.output.units is None or model.output.activation is None or training.loss is None:
        raise ValueError("the experiment is not resolved: output units, output activation and loss are needed")
    dropout = model.input_dropout or any(layer.dropout for layer in model.layers)
    has_norm = any(layer.batch_norm for layer in model.layers)
    names = {
        "Activation": any(layer.batch_norm and _activation(layer) for layer in model.layers),
        "BatchNormalization": has_norm,
        "Dense": True,
        "Dropout": dropout,
        "InputLayer": True,
    }
    layer_names = ", ".join(name for name, is_used in names.items() if is_used)
    imports = ["import keras", f"from keras.layers import {layer_names}"]
    imports.append("from keras.models import Sequential")
    lines = []
    if model.dtype != "float32":
        lines += [f'keras.config.set_floatx("{model.dtype}")', ""]
    factors = {training.penalties(layer) for layer in model.all_layers}
    if (training.l1, training.l2) in factors and (shared := _regularizer(training.l1, training.l2)):
        lines += [f"penalty = {shared}", ""]
    lines += ["model = Sequential([", f"    InputLayer(shape=({n_features},)),"]
    if model.input_dropout:
        lines.append(f"    Dropout({model.input_dropout!r}),")
    for layer in model.layers:
        lines.append(f"    {_dense(layer, layer.units, training, layer.batch_norm)},")
        if layer.batch_norm:
            lines.append(f"    BatchNormalization({'' if layer.trainable else 'trainable=False'}),")
            lines += [f"    Activation({activation})," for activation in (_activation(layer),) if activation]
        if layer.dropout:
            lines.append(f"    Dropout({layer.dropout!r}),")
    lines += [f"    {_dense(model.output, model.output.units, training)},", "])"]
    lines += _compile(training, model.output.units)
    return imports, lines


def _regularizer(l1: float, l2: float) -> str:
    """Return a regularizer; empty without penalties."""
    penalties = [f"{name}={value!r}" for name, value in (("l1", l1), ("l2", l2)) if value]
    return f"keras.regularizers.L1L2({', '.join(penalties)})" if penalties else ""


def _initializer(name: str, scale: float) -> str:
    """Return an initializer with its variance times ``scale``; Keras's initializers of these names have one of 1."""
    if scale == 1.0:
        return f'"{name}"'
    family, shape = name.split("_")
    size = 0.05 * math.sqrt(scale)
    if family == "random":
        arguments = f"minval={-size!r}, maxval={size!r}" if shape == "uniform" else f"stddev={size!r}"
        return f"keras.initializers.Random{shape.capitalize()}({arguments})"
    mode, distribution = ("fan_avg" if family == "glorot" else "fan_in"), shape.replace("normal", "truncated_normal")
    scale *= 2.0 if family == "he" else 1.0
    return f'keras.initializers.VarianceScaling({scale!r}, mode="{mode}", distribution="{distribution}")'


def _activation(layer: LayerConfig | OutputConfig) -> str:
    """Return an activation; empty for the linear one."""
    name = str(layer.activation)
    return "" if name in ("linear", "identity") else ACTIVATIONS.get(name, f'"{name}"')


def _dense(
    layer: LayerConfig | OutputConfig, units: int, training: TrainingConfig, activates_later: bool = False
) -> str:
    """Return one layer; Keras's defaults are left out."""
    arguments = [f"units={units}"]
    if (activation := _activation(layer)) and not activates_later:
        arguments.append(f"activation={activation}")
    if not layer.use_bias:
        arguments.append("use_bias=False")
    if layer.initializer != DEFAULT_INITIALIZER or layer.initializer_scale != 1.0:
        arguments.append(f"kernel_initializer={_initializer(layer.initializer, layer.initializer_scale)}")
    factors = training.penalties(layer)
    if any(factors):
        is_shared = factors == (training.l1, training.l2)
        arguments.append(f"kernel_regularizer={'penalty' if is_shared else _regularizer(*factors)}")
    if not layer.trainable:
        arguments.append("trainable=False")
    return f"Dense({', '.join(arguments)})"


def _compile(training: TrainingConfig, outputs: int) -> list[str]:
    loss = str(training.loss)
    lines = ["model.compile("]
    code = LOSSES.get(loss, f'"{loss}"')
    if outputs > 1 and loss in ("mean_squared_error", "mean_absolute_error", "huber", "binary_crossentropy"):
        lines.append(f"    # Keras divides this loss by the {outputs} outputs, too, which is undone.")
        code = f"lambda y, p: {outputs} * keras.losses.{loss}(y, p)"
    lines.append(f"    loss={code},")
    if training.clip_norm is not None:
        clip = f", global_clipnorm={training.clip_norm!r}"
    else:
        clip = "" if training.clip_value is None else f", clipvalue={training.clip_value!r}"
    if training.optimizer.name == "lbfgs":
        lines.append("    # Keras has no L-BFGS: to train on, Adam stands here at its own rate.")
    optimizer = _optimizer(training.optimizer, training.learning_rate)
    lines += [f"    optimizer={optimizer.removesuffix(')')}{clip}),", ")"]
    return lines


def _optimizer(config: OptimizerConfig, rate: float) -> str:
    arguments = [f"learning_rate={rate!r}"]
    if config.name == "sgd":
        if config.momentum:
            arguments += [f"momentum={config.momentum!r}", *(["nesterov=True"] if config.nesterov else [])]
        return f"keras.optimizers.SGD({', '.join(arguments)})"
    if config.name == "lbfgs":
        return "keras.optimizers.Adam()"
    if config.name == "rmsprop":
        arguments.append(f"rho={config.rho!r}")
    elif config.name == "adagrad":
        arguments.append("initial_accumulator_value=0.0")
    else:
        arguments += [f"beta_1={config.beta_1!r}", f"beta_2={config.beta_2!r}"]
    if config.name == "adamw":
        arguments.append(f"weight_decay={config.weight_decay!r}")
    name = {"rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam"}[config.name]
    return f"keras.optimizers.{name}({', '.join([*arguments, f'epsilon={config.epsilon!r}'])})"


def keras_program(trained: TrainedModel) -> str:
    """Return the program; it contains no text of the user."""
    resolved, inputs = trained.resolved, len(trained.inputs.features)
    imports, model = keras_lines(resolved, inputs)
    all_imports = [imports[0], "import numpy as np", *imports[1:], "from safetensors.numpy import load_file", ""]
    sizes = {"inputs": inputs, "outputs": resolved.model.output.units, "dtype": resolved.model.dtype}
    predicted, target = "model.predict(standardize(x), verbose=0)", ""
    if not trained.target_scale.is_none:
        predicted, target = f'{predicted}.astype("float64") * target_scale + target_mean', TARGET.format(**sizes)
    load = LOAD.format(**sizes, predicted=predicted, target=target)
    return HEAD + "\n".join([*all_imports, *model]) + "\n" + load
