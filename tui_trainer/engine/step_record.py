"""One step of training, recorded: all that the forward and the backward pass and the update compute on their way.

The engine's own passes, penalty, clipping and optimizer are run, in the order in which ``Trainer.step`` runs them, and
what they would overwrite is kept. One row is a unit and one column a sample, as in ``propagation``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from .layers import HeldParameters, Parameters
from .losses import Array
from .objective import Batch, Clipping, Objective, Penalty, loss_and_gradient
from .optimizers import LBFGS, Optimizer


class DescentRules(NamedTuple):
    """What makes an update of a gradient: penalty, clipping, the parameters that are held, and the optimizer.

    ``trials`` evaluates the loss where a line search looks, for an optimizer that has one.
    """

    penalty: Penalty
    clipping: Clipping
    held: HeldParameters
    optimizer: Optimizer
    trials: Objective | None = None


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """One dense layer in a recorded step of n samples.

    ``x`` (inputs, n) is what came in, after dropout, which multiplied it by ``mask`` (inputs, n), if there is any.
    ``weighted`` (units, n) is kernel.T x + bias, ``normed`` (units, n) what batch normalization makes of it before
    gamma and beta, if there is any; ``o`` (units, n) is what the activation gets, and ``a`` (units, n) its value.
    ``of_a``, ``of_o`` and ``of_weighted`` (units, n) are the gradients of the loss of the batch with respect to these;
    in a mean over n samples, each has its share of 1/n. ``slope`` (units, n) is da/do. A softmax has none, and where a
    loss is computed from o together with its activation, there is no ``of_a`` either.
    """

    x: Array
    mask: Array | None
    weighted: Array
    normed: Array | None
    o: Array
    a: Array
    of_a: Array | None
    slope: Array | None
    of_o: Array
    of_weighted: Array


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """The update of a recorded step; all vectors are (size,), as long as the parameters.

    The loss has ``gradient``; ``l2`` and ``l1`` are what the penalties add, if there are any. Both are 0 for parameters
    that are not trained. ``length`` is that of the sum of all before it was clipped, None without a limit. The
    ``optimizer``, a copy after its update, got ``direction``; it had the state ``before``, and made ``new`` of the
    parameters, in which batch normalization has moved its averages, too.
    """

    gradient: Array
    l2: Array | None
    l1: Array | None
    length: float | None
    direction: Array
    before: dict[str, Array]
    optimizer: Optimizer
    new: Array


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that was not taken: its passes and its update, which is None if the loss is not finite.

    ``samples`` (n,) are the numbers of the samples among those of the training, ``targets`` (outputs, n) theirs, and
    ``losses`` (n,) what each adds to the sum of which ``scale`` makes ``data_loss``: 1/n for a mean. ``weights`` (n,)
    are their weights, if they have any. ``loss`` is the data loss and the ``penalty``, as ``Trainer.step`` returns it.
    ``parameters`` (size,) are those before the step.
    """

    samples: Array
    weights: Array | None
    targets: Array
    losses: Array
    scale: float
    data_loss: float
    penalty: float
    loss: float
    layers: tuple[LayerRecord, ...]
    parameters: Array
    update: UpdateRecord | None


def record_step(
    objective: Objective, batch: Batch, parameters: Parameters, rules: DescentRules, samples: Array
) -> StepRecord:
    """Record a step from ``parameters`` on ``batch``, whose ``samples`` (n,) are numbers of the training's.

    The passes of ``objective`` keep everything, and are this record's own; so is the optimizer of ``rules``, with the
    rate of the step. ``parameters`` are not changed.
    """
    data_loss = objective.value(batch.x, batch.y, parameters, batch.weights)
    penalty = rules.penalty.value(parameters.flat)
    loss: float = data_loss + penalty
    losses = objective.sample_losses(batch.y, batch.weights)
    gradients = parameters.zeros_like()
    objective.gradients(parameters, gradients)
    return StepRecord(
        samples=samples,
        weights=None if batch.weights is None else batch.weights[0],
        targets=batch.y,
        losses=losses,
        scale=objective.scale,
        data_loss=data_loss,
        penalty=penalty,
        loss=loss,
        layers=_layer_records(objective, parameters),
        parameters=parameters.flat.copy(),
        update=_update(objective, batch, loss, parameters, gradients, rules) if math.isfinite(loss) else None,
    )


def _layer_records(objective: Objective, parameters: Parameters) -> tuple[LayerRecord, ...]:
    propagation, records = objective.propagation, []
    for stage in propagation.stages:
        has_slope = stage.activation.name != "softmax"
        is_whole = stage is not propagation.last or not objective.is_fused
        records.append(
            LayerRecord(
                x=stage.x[: len(parameters.kernels[stage.index])],
                mask=propagation.mask_before(stage.index),
                weighted=stage.z if stage.norm is None else stage.norm.x,
                normed=None if stage.norm is None else stage.norm.normed,
                o=stage.z,
                a=stage.a,
                of_a=stage.of_a if is_whole else None,
                slope=stage.slope if is_whole and has_slope else None,
                of_o=stage.delta if stage.norm is None or stage.of_z is None else stage.of_z,
                of_weighted=stage.delta,
            )
        )
    return tuple(records)


def _update(
    objective: Objective, batch: Batch, loss: float, parameters: Parameters, gradients: Parameters, rules: DescentRules
) -> UpdateRecord:
    """The update with ``gradients``, which are those of the loss alone, and are turned into the optimizer's."""
    penalty, clipping, held, optimizer, trials = rules
    if not held.is_empty:
        held.clear(gradients.flat)  # no penalty is on these
    gradient = gradients.flat.copy()
    l2 = penalty.l2_gradient().copy() if penalty.has_l2 else None
    l1 = penalty.l1_gradient().copy() if penalty.has_l1 else None
    penalty.add_gradient(gradients.flat)
    length = None if clipping.clip_norm is None else clipping.length(gradients.flat)
    if not clipping.is_off:
        clipping.apply(gradients.flat)
    before = {name: values.copy() for name, values in optimizer.state.items()}
    new = parameters.zeros_like()
    if isinstance(optimizer, LBFGS):
        assert trials is not None
        at_trial = parameters.zeros_like()

        def evaluate() -> tuple[float, Array]:
            return loss_and_gradient(trials, batch, penalty, held, new, at_trial), at_trial.flat

        optimizer.search(parameters.flat, gradients.flat, new.flat, loss, evaluate)
    else:
        optimizer.update(parameters.flat, gradients.flat, new.flat)
    if not held.is_empty:
        held.keep(parameters.flat, new.flat)
        objective.propagation.move_statistics(new)
    return UpdateRecord(gradient, l2, l1, length, gradients.flat, before, optimizer, new.flat)
