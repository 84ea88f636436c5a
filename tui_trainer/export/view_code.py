"""Short programs that do what a view shows, in plain Python: what a data file holds, and gradient descent on its rows.

They run as they are, for the files that come with this package: of any other file, more would have to be said of how
it is read. They need NumPy, pandas and plotext, which this package needs as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui_trainer.datasets.catalog import CATALOG, ShippedFile
from tui_trainer.experiment.schema import Experiment

READ = """\
import numpy as np
import pandas as pd
from plotext import figure

from tui_trainer.datasets.catalog import data_folder

table = pd.read_csv(data_folder() / {file!r})[[{feature!r}, {target!r}]]
x, y = table[{feature!r}].to_numpy(), table[{target!r}].to_numpy()
"""
DATA = """
print(table)

figure.draw(figure.signal(x.tolist(), y.tolist()))
figure.title({title!r})
figure.show()
"""
LOSS = """\

def predict(w):
    return {prediction}


def loss(w):
    return np.{mean}((predict(w) - y) ** 2)


def gradient(w):
    slope = 2 * (predict(w) - y)
    return {gradient}


rate = {rate!r}
path = [{start}]
for step in range({steps}):
    path.append(path[-1] - rate * gradient(path[-1]))
for step, w in enumerate(path):
    print(step, w, loss(w))
"""
CURVE = """
candidates = np.linspace({low:g}, {high:g}, 100).tolist()
figure.draw(figure.signal(candidates, [float(loss(w)) for w in candidates]).lines())
figure.draw(figure.signal(path, [float(loss(w)) for w in path], marker="o"))
figure.title("the loss as a function of w, and the steps")
figure.show()
"""
LOSSES = """
figure.draw(figure.signal(list(range(len(path))), [float(loss(w)) for w in path]).lines())
figure.title("the loss after each step")
figure.show()
"""
MAX_STEPS = 1000  # whose path is printed
FIRST_WEIGHTS = {"zeros": 0.0, "ones": 1.0}  # by initializer; others draw random numbers


def data_code(experiment: Experiment, x: str, y: str) -> str:
    """Return a program that prints two columns of the data and draws them; empty for data that don't come with us."""
    file = _file_of(experiment)
    return "" if file is None else _read(file, x, y) + DATA.format(title=f"{x}, {y}")


def descent_code(experiment: Experiment, features: Sequence[str], target: str, limits: tuple[float, float]) -> str:
    """Return the gradient descent of a resolved ``experiment``: the loss, its gradient and the loop.

    If there is one weight, the loss is drawn between ``limits``. Empty for all but a single neuron without activation
    over one feature, trained on the full batch of a file that comes with this package.
    """
    file = _file_of(experiment)
    if file is None or not _is_line(experiment, features):
        return ""
    return _read(file, features[0], target) + _descent(experiment, limits)


def _file_of(experiment: Experiment) -> str | None:
    """Return the name of the file of the rows; None where they are made, or somebody's own."""
    config = experiment.dataset
    entry = None if config.path is not None else CATALOG.get(config.name)
    return entry.file if isinstance(entry, ShippedFile) else None


def _read(file: str, feature: str, target: str) -> str:
    return READ.format(file=file, feature=feature, target=target)


def _is_line(experiment: Experiment, features: Sequence[str]) -> bool:
    """Return whether the experiment is gradient descent on all rows for a straight line over one feature."""
    dataset, model, training = experiment.dataset, experiment.model, experiment.training
    output = model.output
    whole = not (dataset.has_validation or dataset.test_split or dataset.test_path or dataset.weight_column)
    penalties = (training.l1, training.l2, output.l1, output.l2)
    is_clipped = training.clip_norm is not None or training.clip_value is not None
    plain = not (dataset.standardize_target or any(penalties) or is_clipped or model.input_dropout)
    is_descent = training.optimizer.name == "sgd" and not training.optimizer.momentum and training.schedule.is_constant
    return (
        whole
        and plain
        and is_descent
        and dataset.path is None
        and not model.layers
        and len(features) == 1
        and (bool(model.weights) or output.initializer in FIRST_WEIGHTS)
        and output.activation in ("linear", "identity")
        and training.batch_size == "full"
        and training.loss in ("mean_squared_error", "sum_squared_error")
    )


def _descent(experiment: Experiment, limits: tuple[float, float]) -> str:
    model, training = experiment.model, experiment.training
    has_bias = model.output.use_bias
    first = model.weights or (FIRST_WEIGHTS[model.output.initializer], 0.0)
    mean = "sum" if training.loss == "sum_squared_error" else "mean"
    slope = f"np.{mean}(slope * x)"
    program = LOSS.format(
        prediction="w[0] * x + w[1]" if has_bias else "w * x",
        mean=mean,
        gradient=f"np.array([{slope}, np.{mean}(slope)])" if has_bias else slope,
        rate=training.learning_rate,
        start=f"np.array([{first[0]!r}, {first[1]!r}])" if has_bias else repr(first[0]),
        steps=min(training.epochs, MAX_STEPS),
    )
    scaled = "x = (x - x.mean()) / x.std(ddof=0)\n" if experiment.dataset.standardize else ""
    return scaled + program + (LOSSES if has_bias else CURVE.format(low=limits[0], high=limits[1]))
