"""Checks that a model will fit into this machine's memory before it is built."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import NamedTuple

from tui_trainer.datasets.csv.columns import free_bytes
from tui_trainer.datasets.split import Split
from tui_trainer.engine.activations import get_activation
from tui_trainer.engine.model import PREDICTION_ROWS
from tui_trainer.errors import UserError
from tui_trainer.experiment.resolve import count_parameters
from tui_trainer.experiment.schema import Experiment
from tui_trainer.formats import format_memory

from .builder import build_optimizer
from .series import Array

# Vectors of the length of all parameters: weights, gradients, the weights before an update, the optimizer's scratch,
# three of the penalty, the best epoch's weights. A snapshot has weights and best weights as copies, then as bytes.
VECTORS, SNAPSHOTS = 8, 2
LAYER_BUFFERS = 3  # of a layer's outputs: the outputs, their gradient and the slope; some activations have more
COPIES = 7  # of the data, most in double precision
SMALL = 10_000_000  # bytes that any machine has
ERF_BUFFERS = 10  # that gelu allocates in each pass, in double precision


class Needs(NamedTuple):
    """The peak memory of training in bytes: for the parameters and all copies, and for layer outputs and data."""

    parameters: int
    weights: int
    outputs: int

    @property
    def total(self) -> int:
        """The sum of both."""
        return self.weights + self.outputs


def check_memory(experiment: Experiment, features: int, parts: Split) -> None:
    """Raise UserError if training a resolved ``experiment`` takes more memory than is free."""
    needs, free = estimate(experiment, features, parts), available_bytes()
    if free is None or needs.total <= free:
        return
    optimizer = experiment.training.optimizer.name
    reason = (
        f"{needs.parameters:,} parameters take {format_memory(needs.weights)} in training with {optimizer}, "
        f"the data and the outputs of the layers {format_memory(needs.outputs)}: "
        f"{format_memory(needs.total)} in all, but {format_memory(free)} are free; {_remedy(needs)}"
    )
    raise UserError("model", reason)


def estimate(experiment: Experiment, features: int, parts: Split) -> Needs:
    """Return the memory that training a resolved ``experiment`` takes on these data."""
    model = experiment.model
    size = 4 if model.dtype == "float32" else 8
    slots = len(build_optimizer(experiment.training).slots)
    parameters = count_parameters(model, features)
    vectors = VECTORS + slots + SNAPSHOTS * (2 + slots)
    outputs = size * _values_a_sample(experiment) * sum(_passes(experiment, parts))
    outputs += size * COPIES * sum(x.size + y.size for x, y in _arrays(parts))
    return Needs(parameters, size * vectors * parameters, outputs)


def available_bytes() -> int | None:
    """Return the bytes that this process can allocate; None if the system does not say."""
    limits = [free for free in (free_bytes(), _left_of_limit()) if free is not None]
    return min(limits, default=None)


def _arrays(parts: Split) -> list[tuple[Array, Array]]:
    """Return x and y of the training part, and of the validation part if there is one."""
    validation = [] if parts.x_val is None or parts.y_val is None else [(parts.x_val, parts.y_val)]
    return [(parts.x_train, parts.y_train), *validation]


def _passes(experiment: Experiment, parts: Split) -> list[int]:
    """Return the sizes of all passes with buffers: mini-batches, the last one of an epoch, and evaluations."""
    rows = len(parts.x_train)
    batch = experiment.training.samples_a_step(rows)
    passes = [batch, rows % batch]
    evaluated = [] if parts.x_val is None else [len(parts.x_val)]
    evaluated += [rows] if experiment.training.metrics else []
    for samples in evaluated:
        passes += [min(samples, PREDICTION_ROWS), samples % PREDICTION_ROWS if samples > PREDICTION_ROWS else 0]
    return passes


def _values_a_sample(experiment: Experiment) -> int:
    """Return how many numbers a pass stores for each sample."""
    model = experiment.model
    layers = [(layer.units, layer.activation, bool(layer.dropout)) for layer in model.layers]
    layers.append((model.output.units or 1, model.output.activation or "linear", False))
    total = 0
    for units, name, has_dropout in layers:
        activation = get_activation(name)
        buffers = activation.keeps_z + activation.buffers + ERF_BUFFERS * (name == "gelu")
        total += units * (LAYER_BUFFERS + buffers + 2 * has_dropout)
    return total


def _left_of_limit() -> int | None:
    """Return what is left of this process's limit of address space; None if there is no limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return limit
    return max(0, limit - pages * resource.getpagesize())


def _remedy(needs: Needs) -> str:
    """Return what helps: a small network is not at fault."""
    if needs.total < SMALL:
        return "end other programs, or raise the limit of this one"
    return "use fewer units or a smaller batch" if needs.outputs > needs.weights else "use fewer units"
