"""``model.json``: what predictions need besides weights, for programs and people to read. And back from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from tui_trainer import __version__
from tui_trainer.console import finite
from tui_trainer.errors import ExperimentError, quoted
from tui_trainer.experiment.resolve import Target
from tui_trainer.files import read_plain

from .inputs import Feature, Inputs
from .trained import Trained

MAX_BYTES = 50_000_000


class _Feature(Struct, frozen=True):
    name: str
    column: str
    category: str | None = None


class About(Struct, frozen=True):
    """What is read back; the file holds more, for people."""

    features: Annotated[list[_Feature], Meta(min_length=1)]
    mean: list[float]
    scale: list[Annotated[float, Meta(gt=0)]]
    target: str
    task: Literal["regression", "binary", "multiclass"]
    outputs: Annotated[int, Meta(ge=1)]
    classes: list[str]
    target_range: tuple[float, float]
    epoch: int
    steps: int
    state: str
    best: bool

    def inputs(self) -> Inputs:
        """The features, with the numbers that standardize them."""
        features = tuple(Feature(one.name, one.column, one.category) for one in self.features)
        return Inputs(features, np.array(self.mean), np.array(self.scale))

    def target_info(self) -> Target:
        """What the output layer follows from."""
        return Target(self.task, self.outputs, tuple(self.classes), *self.target_range)


def metadata_text(trained: Trained) -> str:
    """The content of ``model.json``, plain ASCII."""
    target, resolved, inputs = trained.target, trained.resolved, trained.inputs
    model = resolved.model
    layers: list[dict[str, Any]] = [
        {"units": one.units, "activation": one.activation, "use_bias": one.use_bias, "dropout": one.dropout}
        for one in model.layers
    ]
    output = model.output
    layers.append({"units": output.units, "activation": output.activation, "use_bias": output.use_bias})
    about = {
        "made_by": f"tui-trainer {__version__}",
        "name": trained.experiment.name,
        "features": [msgspec.to_builtins(_Feature(f.name, f.column, f.category)) for f in inputs.features],
        "mean": inputs.mean.tolist(),
        "scale": inputs.scale.tolist(),
        "target": trained.target_name,
        "task": target.task,
        "outputs": target.outputs,
        "classes": list(target.classes),
        "target_range": [target.minimum, target.maximum],
        "layers": layers,
        "dtype": model.dtype,
        "loss": resolved.training.loss,
        "epoch": trained.epoch,
        "steps": trained.steps,
        "state": trained.state,
        "best": trained.best,
        "values": {
            name: finite(float(values[trained.epoch - 1])) for name, values in trained.history.items() if len(values)
        },
    }
    return "{\n" + ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()) + "\n}\n"


def read_metadata(path: Path) -> About:
    """What a ``model.json`` says; ExperimentError where it is none."""
    shown = quoted(str(path), 200)
    try:
        content = read_plain(path, MAX_BYTES)
        if len(content) > MAX_BYTES:
            raise ExperimentError("", f"{shown} is larger than {MAX_BYTES // 1_000_000} MB; is it of an export?")
        about = msgspec.json.decode(content, type=About)
    except OSError as error:
        raise ExperimentError("", f"{shown} can't be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ExperimentError("", f"{shown} is not the model.json of an export: {error}") from error
    if not len(about.features) == len(about.mean) == len(about.scale):
        raise ExperimentError("", f"{shown} has not one mean and one scale for each feature")
    return about
