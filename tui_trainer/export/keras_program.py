"""``model_keras.py``: the network in Keras 3 with its weights, ready to predict and to train on."""

from __future__ import annotations

from .keras import keras_lines
from .trained import Trained

HEAD = '''\
"""A network from tui-trainer, for Keras 3. Its weights and the scales of its features are in the files beside it.

predict(x) takes the features as they are in the data, in the order of "features" in model.json.
model is the Keras model itself: it takes them standardized, as standardize(x) gives them.
"""

import json
from pathlib import Path

'''
LOAD = '''\

folder = Path(__file__).resolve().parent
about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
mean, scale = np.array(about["mean"]), np.array(about["scale"])
tensors = load_file(folder / "weights.safetensors")
# Named as in PyTorch, "0.weight" before "0.bias"; Keras's kernels are (inputs, units).
names = sorted(tensors, key=lambda name: (int(name.split(".")[0]), name.endswith("bias")))
model.set_weights([tensors[name].T for name in names])


def standardize(x):
    """Features x (n, {inputs}) as the network was trained on them; the division is done in double precision."""
    return ((np.asarray(x, "float64") - mean) / scale).astype("{dtype}")


def predict(x):
    """Outputs (n, {outputs}) for features x (n, {inputs}) as they are in the data."""
    return model.predict(standardize(x), verbose=0)


if __name__ == "__main__":
    model.summary()
'''


def keras_program(trained: Trained) -> str:
    """The program; no text of the user goes into it."""
    resolved, inputs = trained.resolved, len(trained.inputs.features)
    imports, model = keras_lines(resolved, inputs)
    third = [imports[0], "import numpy as np", *imports[1:], "from safetensors.numpy import load_file", ""]
    load = LOAD.format(inputs=inputs, outputs=resolved.model.output.units, dtype=resolved.model.dtype)
    return HEAD + "\n".join([*third, *model]) + "\n" + load
