"""Whether a model will fit this machine's memory, asked before it is made."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import NamedTuple

from tui_trainer.datasets.memory import free_bytes
from tui_trainer.datasets.split import Split
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.model import PREDICTION_ROWS
from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import count_parameters
from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_memory

from .builder import build_optimizer
from .series import Array

# Vectors as long as all parameters: weights, gradients, the weights before an update, the optimizer's scratch, three
# of the penalty, the best epoch's weights. A snapshot has weights and best weights as copies, then as bytes.
VECTORS, SNAPSHOTS = 8, 2
LAYER_BUFFERS = 3  # of one layer's outputs: themselves, their gradient and the slope; some activations have more
COPIES = 7  # of the data, most in double precision
ERF_BUFFERS = 10  # which gelu makes anew each time, in double precision


class Needs(NamedTuple):
    """Bytes that training takes at its height: for each parameter, and for the outputs of all layers and the data."""

    parameters: int
    weights: int
    outputs: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.outputs


def check_memory(experiment: Experiment, features: int, parts: Split) -> None:
    """Raise ExperimentError where training a resolved ``experiment`` takes more memory than is free."""
    needs, free = needed(experiment, features, parts), available()
    if free is None or needs.total <= free:
        return
    optimizer = experiment.training.optimizer.name
    reason = (
        f"{needs.parameters:,} parameters take {format_memory(needs.weights)} in training with {optimizer}, "
        f"the data and the outputs of the layers {format_memory(needs.outputs)}: "
        f"{format_memory(needs.total)} in all, but {format_memory(free)} are free; use fewer units{_smaller(needs)}"
    )
    raise UserError("model", reason)


def needed(experiment: Experiment, features: int, parts: Split) -> Needs:
    """What training a resolved ``experiment`` takes on these data."""
    model = experiment.model
    size = 4 if model.dtype == "float32" else 8
    slots = len(build_optimizer(experiment.training).slots)
    parameters = count_parameters(model, features)
    vectors = VECTORS + slots + SNAPSHOTS * (2 + slots)
    outputs = size * _values_a_sample(experiment) * sum(_passes(experiment, parts))
    outputs += size * COPIES * sum(x.size + y.size for x, y in _held(parts))
    return Needs(parameters, size * vectors * parameters, outputs)


def available() -> int | None:
    """Bytes that this process can have; None where the system does not say."""
    known = [free for free in (free_bytes(), _below_limit()) if free is not None]
    return min(known, default=None)


def _held(parts: Split) -> list[tuple[Array, Array]]:
    """x and y of the training part, and of the validation part where there is one."""
    validation = [] if parts.x_val is None or parts.y_val is None else [(parts.x_val, parts.y_val)]
    return [(parts.x_train, parts.y_train), *validation]


def _passes(experiment: Experiment, parts: Split) -> list[int]:
    """Samples of each pass whose buffers are kept: mini-batches, the last one of an epoch, and evaluations."""
    rows = len(parts.x_train)
    batch = experiment.training.samples_a_step(rows)
    passes = [batch, rows % batch]
    evaluated = [] if parts.x_val is None else [len(parts.x_val)]
    evaluated += [rows] if experiment.training.metrics else []
    for samples in evaluated:
        passes += [min(samples, PREDICTION_ROWS), samples % PREDICTION_ROWS if samples > PREDICTION_ROWS else 0]
    return passes


def _values_a_sample(experiment: Experiment) -> int:
    """Numbers that a pass keeps of one sample."""
    model = experiment.model
    layers = [(layer.units, layer.activation, bool(layer.dropout)) for layer in model.layers]
    layers.append((model.output.units or 1, model.output.activation or "linear", False))
    total = 0
    for units, name, has_dropout in layers:
        activation = get_activation(name)
        own = activation.keeps_z + activation.buffers + ERF_BUFFERS * (name == "gelu")
        total += units * (LAYER_BUFFERS + own + 2 * has_dropout)
    return total


def _below_limit() -> int | None:
    """What the limit of this process's address space leaves of it."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return limit
    return max(0, limit - pages * resource.getpagesize())


def _smaller(needs: Needs) -> str:
    return " or a smaller batch" if needs.outputs > needs.weights else ""
