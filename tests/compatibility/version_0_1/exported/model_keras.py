"""A network from tui-trainer, for Keras 3. Its weights and the scales of its features are in the files beside it.

predict(x) takes the features as they are in the data, in the order of "features" in model.json.
model is the Keras model itself: it takes them standardized, as standardize(x) gives them.
"""

import json
from pathlib import Path

import keras
import numpy as np
from keras.layers import Dense, Dropout, InputLayer
from keras.models import Sequential
from safetensors.numpy import load_file

keras.config.set_floatx("float64")

penalty = keras.regularizers.L1L2(l2=0.001)

model = Sequential(
    [
        InputLayer(shape=(2,)),
        Dense(
            units=6,
            activation=keras.layers.LeakyReLU(negative_slope=0.01),
            kernel_initializer="he_uniform",
            kernel_regularizer=penalty,
        ),
        Dropout(0.1),
        Dense(units=4, activation="tanh", use_bias=False, kernel_regularizer=penalty),
        Dense(units=3, activation="softmax", kernel_regularizer=penalty),
    ]
)
model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.999, epsilon=1e-08),
)

folder = Path(__file__).resolve().parent
about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
mean, scale = np.array(about["mean"]), np.array(about["scale"])
tensors = load_file(folder / "weights.safetensors")
# Named as in PyTorch, "0.weight" before "0.bias"; Keras's kernels are (inputs, units).
names = sorted(tensors, key=lambda name: (int(name.split(".")[0]), name.endswith("bias")))
model.set_weights([tensors[name].T for name in names])


def standardize(x):
    """Features x (n, 2) as the network was trained on them; the division is done in double precision."""
    return ((np.asarray(x, "float64") - mean) / scale).astype("float64")


def predict(x):
    """Outputs (n, 3) for features x (n, 2) as they are in the data."""
    return model.predict(standardize(x), verbose=0)


if __name__ == "__main__":
    model.summary()
